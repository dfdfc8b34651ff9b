"""A call-out ends a day after it was opened; its links end with it."""

from __future__ import annotations

from datetime import timedelta

from anlan.engines.callout.models import Call, Callout
from anlan.ground import clock, journal
from anlan.ground.scope import Scope

CLOSE_AFTER = timedelta(hours=24)


def close(scope: Scope) -> int:
    """Close call-outs CLOSE_AFTER after opening; their links end with them."""
    with scope.open():
        now = clock.now()
        rows = list(
            Callout.objects.select_for_update(skip_locked=True, of=("self",)).filter(
                state="open", opened_at__lt=now - CLOSE_AFTER
            )
        )
        for callout in rows:
            callout.state, callout.ended_at = "closed", now
            callout.save(update_fields=["state", "ended_at"])
            Call.objects.filter(callout=callout).update(due_at=None)
            journal.line(scope, "callout.close", callout)
    return len(rows)
