"""What falls due, what then happens, and what comes round: rows that a round finds.

Flows in: deadlines whose last day is over by `anlan_now(world)`, kinds that open by the period.
Flows out: deadlines marked as fallen, in time or not; calls and raised cases; new cases.
"""

from __future__ import annotations

from datetime import timedelta

from anlan.engines.cases import clock_actions
from anlan.engines.cases.models import Deadline
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


DAY = timedelta(days=1)
