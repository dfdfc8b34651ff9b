"""The round that looks at this machine's clock: shouted and journalled, and nothing stops (R15)."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.db import connection

from anlan.ground import journal
from anlan.ground.machine import alarms, clockcheck, site
from anlan.ground.scope import Scope

LINES_LOOKED_AT = 1000
NEWEST = (
    "SELECT clock_timestamp(), (SELECT max(at) FROM"
    " (SELECT at FROM ground_journal ORDER BY id DESC LIMIT %s) newest)"
)


class ClockLook:
    """Keeps how the wall clock stood against the counter, to see that it was set."""

    def __init__(self) -> None:
        self.offset_s = time.time() - time.monotonic()
        self.stepped_s, self.stepped_at = 0.0, 0.0

    def __call__(self, scope: Scope) -> int:
        """One look; a journal line when a fault begins and when it ends. Returns 0."""
        with scope.open(), connection.cursor() as cursor:
            cursor.execute(NEWEST, [LINES_LOOKED_AT])
            database, newest = cursor.fetchone()
            found = clockcheck.faults(datetime.now(UTC), database, newest, self._step_s())
            new, ended = alarms.put(site().home, "clock", {f.source: f.text() for f in found})
            for alarm in new:
                journal.line(scope, "clock.off", None, why=alarm.text, result="alarm")
            for alarm in ended:
                journal.line(scope, "clock.right", None, why=alarm.name)
        return 0

    def _step_s(self) -> float:
        """How far the clock was set within the last hour, seconds; 0 where it was not."""
        offset_s, counter = time.time() - time.monotonic(), time.monotonic()
        if abs(offset_s - self.offset_s) > clockcheck.OFF_S:
            self.stepped_s, self.stepped_at = offset_s - self.offset_s, counter
        self.offset_s = offset_s
        return self.stepped_s if counter - self.stepped_at < clockcheck.STEP_SHOWN_S else 0.0
