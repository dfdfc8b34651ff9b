"""A line of the shift's log, as part of the action that did what it says."""

from __future__ import annotations

from django.db import models

from anlan.ground import clock
from anlan.ground.live import tell
from anlan.ground.scope import Scope
from anlan.rooms.duty.models import LogLine

LINE_CHARS_MAX = 500


def note(
    scope: Scope, text: str, about: models.Model | None, division: int, by_hand: bool = False
) -> LogLine:
    """One line, now, in the scope's world. about: what it is about, by kind and id."""
    made = LogLine.objects.create(
        division=division, world=scope.world, at=clock.now(), text=text[:LINE_CHARS_MAX],
        by_hand=by_hand, who=scope.actor.label,
        origin_kind=about._meta.label_lower if about is not None else "",
        origin_id=about.pk if about is not None else None,
    )  # fmt: skip
    tell(scope, "duty", division)
    return made
