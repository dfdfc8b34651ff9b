"""What is due in exercises: give what was put in, yield to the real thing, record what came of it.

Each is safe to repeat. A player is told of its exercises by a file: it is another program.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from django.db.models import Q

from anlan.engines.callout import actions as callout
from anlan.engines.callout import played
from anlan.engines.callout import rounds as calling
from anlan.engines.callout.models import Callout
from anlan.ground.machine.site import write_whole
from anlan.ground.models import World
from anlan.ground.scope import Scope
from anlan.rooms.review import actions, nights, queries
from anlan.rooms.review.models import Exercise, Inject

CONTROL = "演练控制"
GATEWAY = "inject"
YIELDED = "让位于真实叫应"


def give_injects(scope: Scope) -> int:
    """What has come due arrives on the exercise's desk, from the post that is said to send it."""
    if scope.world == 0:
        return 0
    filled = _fill(scope)
    due = queries.injects_due(scope)
    for row in due:
        inbound = None if row.kind == "silent" else _arrives(scope, row)
        actions.mark_given(scope, row.id, inbound)
    return filled + len(due)


def _arrives(scope: Scope, row: Inject) -> int | None:
    """Taken in as any message from outside is, once for each inject."""
    number = queries.number_of_post(scope, row.post_id) if row.post_id else ""
    outside = Scope.for_gateway("inject", scope.world)
    key = f"{scope.world}-{row.id}"
    found = callout.receive_message(outside, GATEWAY, key, number or CONTROL, row.text)
    return found.id if found else None


def _fill(scope: Scope) -> int:
    """The events of the recorded night that the exercise was started from, put in once."""
    with scope.open():
        own = Exercise.objects.filter(space=scope.world, replay=False).first()
        if own is None or not own.source or Inject.objects.filter(~Q(source="")).exists():
            return 0
        night = nights.shipped().get(own.source)
        if night is None:
            return 0
        made = 0
        for kind, text, at, title, source in actions.night_injects(night):
            post = queries.post_by_title(scope, title) if title else None
            if kind == "silent" and (post is None or own.kind == "live"):
                continue
            actions.add_inject(scope, kind, text, due_at=at, post_id=post, source=source)
            made += 1
        return made


def give_way(scope: Scope) -> int:
    """A real call-out has started: every 实叫 ends, and what it had not sent is stopped.

    The sender of each batch looks too, so that nothing goes out between two passes of this one.
    """
    with scope.open():
        lives = list(World.objects.filter(kind="live", ended_at=None, id__gt=0))
        begun = [world.id for world in lives if calling.real_since(world.started_at)]
    for world in begun:
        actions.give_way(scope, world)
        _stop_calls(Scope.for_round("exercise.yield", world))
    return len(begun)


def _stop_calls(scope: Scope) -> None:
    with scope.open():
        for ident in Callout.objects.filter(state="open").values_list("id", flat=True):
            callout.stop_callout(scope, ident, YIELDED, yielded=True)


def record(scope: Scope) -> int:
    """Exercises that ended and have no record yet: read in their world, written in the real one."""
    with scope.open():
        spaces = list(
            Exercise.objects.filter(ended_at__isnull=False, recorded_at=None).values_list(
                "space", flat=True
            )
        )
    for space in spaces:
        found = queries.outcome(Scope.for_round("exercise.record", space))
        actions.record(scope, space, found)
    return len(spaces)


def hand_to_player(folder: Path, url: str) -> Callable[[Scope], int]:
    """The round that keeps one file for each open 推演 with a player: address, token, seed.

    The player looks into the folder; a file that goes tells it to stop.
    """

    def keep(scope: Scope) -> int:
        with scope.open():
            spaces = World.objects.filter(ended_at=None, driven=False).values("id")
            rows = list(Exercise.objects.filter(player=True, ended_at=None, space__in=spaces))
        wanted = {f"{row.space}.json": _for_player(row, url) for row in rows}
        if not wanted and not folder.exists():
            return 0
        folder.mkdir(mode=0o700, exist_ok=True)
        there = {path.name for path in folder.glob("*.json")}
        for name in there - set(wanted):
            (folder / name).unlink(missing_ok=True)
        for name in set(wanted) - there:
            write_whole(folder / name, wanted[name])
        return len(there ^ set(wanted))

    return keep


def _for_player(row: Exercise, url: str) -> str:
    return json.dumps(
        {"url": url, "token": played.token(row.space), "seed": row.seed, "silent": row.silent,
         "delay_s": [row.delay_low_s, row.delay_high_s]}
    )  # fmt: skip
