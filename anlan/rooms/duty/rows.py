"""An event as an action holds it: locked, in the version that the person saw, then changed once."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from anlan.ground import journal
from anlan.ground.errors import Conflict, NotFound
from anlan.ground.live import tell
from anlan.ground.models import CountyFact
from anlan.ground.scope import Scope
from anlan.rooms.duty import pack
from anlan.rooms.duty.models import Event


def county_division() -> int:
    """The county's division, where something has no narrower place."""
    found = CountyFact.objects.values_list("code", flat=True).first()
    if found is None:
        raise NotFound("no-county", _("还没有建立县"))
    return int(found)


def title(event: Event) -> str:
    """澄溪镇通集村地质灾害: where and what, as a log says it."""
    return f"{event.place_label or event.place or _('地点不明')}{pack.kind(event.kind)['label']}"


def own_event(event_id: int, version: int | None = None, joined: bool = False) -> Event:
    """The event, locked; Conflict where it was changed meanwhile, or has gone into another."""
    row = Event.objects.select_for_update(of=("self",)).filter(id=event_id).first()
    if row is None:
        raise NotFound("event-unknown", _("没有这件事"), str(event_id))
    if version is not None and row.version != version:
        raise Conflict("changed-meanwhile", _("这件事刚被别人改过"), f"v{row.version}",
                       _("请看新内容后再办"))  # fmt: skip
    if row.state == "joined" and not joined:
        raise Conflict("event-joined", _("这件事已并入 %(n)d 号") % {"n": row.joined_id or 0}, "",
                       _("请在那一件上办"))  # fmt: skip
    return row


def changed(scope: Scope, event: Event, name: str, **line: Any) -> Event:
    """One more version, one line, one word to the screens."""
    event.version += 1
    event.save()
    journal.line(scope, name, event, **line)
    tell(scope, "duty", event.division, event=event.id)
    return event
