"""What is due at the desk: web reports to be taken in, reports and tasks that are late."""

from __future__ import annotations

from anlan.ground.scope import Scope
from anlan.rooms.duty import actions, hall_actions, queries, report_actions


def take_web_reports(scope: Scope) -> int:
    """Each report of the public page becomes an event of the desk, in a transaction of its own."""
    rows = list(queries.waiting_web_reports(scope))
    for row in rows:
        actions.take_web_report(scope, row)
    return len(rows)


def tell_late(scope: Scope) -> int:
    """What was not reported or answered in its time is said once, in the log and on the screens."""
    told = sum(report_actions.tell_late(scope, ident) for ident in queries.late_reports(scope))
    return told + sum(hall_actions.tell_late(scope, ident) for ident in queries.late_tasks(scope))
