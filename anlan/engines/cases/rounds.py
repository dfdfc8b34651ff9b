"""What falls due, what then happens, and what comes round: rows that a round finds.

Flows in: deadlines whose last day is over by `anlan_now(world)`, kinds that open by the period.
Flows out: deadlines marked as fallen, in time or not; calls and raised cases; new cases.
"""

from __future__ import annotations

from anlan.engines.cases import clock_actions, door, queries
from anlan.engines.cases.actions import Given, Start, open_by_round
from anlan.engines.cases.models import Deadline
from anlan.engines.cases.types import all_kinds
from anlan.ground import clock
from anlan.ground.scope import Scope

BATCH_MAX = 200


def fall_due(scope: Scope) -> int:
    """Deadlines whose last day is over: each is marked once, closed by then or not."""
    with scope.open():
        rows = Deadline.objects.filter(due_at__lte=clock.now(), fell_at=None)
        ids = list(rows.order_by("due_at").values_list("id", flat=True)[:BATCH_MAX])
    return sum(clock_actions.fall(scope, ident) for ident in ids)


def press(scope: Scope) -> int:
    """What a pack says shall happen so many days after a deadline passed."""
    with scope.open():
        rows = Deadline.objects.filter(next_at__lte=clock.now(), ended_on=None)
        ids = list(rows.order_by("next_at").values_list("id", flat=True)[:BATCH_MAX])
    return sum(clock_actions.press(scope, ident) for ident in ids)


def take_door(scope: Scope) -> int:
    """Each report of the public page becomes a case, in a transaction of its own."""
    waiting = door.waiting(scope)
    for row in waiting:
        start = Start(row.division, place=str(row.place), door_id=row.id)
        given = Given({"what": str(row.text)}, happened_at=row.received_at)
        open_by_round(scope, row.type, row.opening, start, given)
    return len(waiting)


def come_round(scope: Scope) -> int:
    """Cases that every object has once a period: one for each, from the period's first day."""
    with scope.open():
        today = clock.local(clock.now()).date()
        due = [
            (kind, opening, row)
            for kind in all_kinds().values() for opening in kind.openings.values()
            if opening.by == "every"
            for row in queries.without_case(kind, opening, today, BATCH_MAX)
        ]  # fmt: skip
    made = 0
    for kind, opening, row in due:
        key = queries.period_key(opening, row.id, today)
        start = Start(row.division, f"{opening.label}：{row.name}", row.id, period_key=key)
        made += open_by_round(scope, kind.name, opening.key, start, Given()) is not None
    return made
