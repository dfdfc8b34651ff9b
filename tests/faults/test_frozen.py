"""A worker that stands still for longer than its lease and then goes on (R13): results as with one.

SIGSTOP in mid call-out, another worker takes over when the lease has run out, SIGCONT. What the
first one then writes carries an old lease and changes nothing. The lease is short here by its
setting, so that the test waits seconds.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter

from tests.drills.county import Drill, drill_county

PEOPLE = 340
LEASE_S = 2.0
WAIT_S_MAX = 60.0
BATCH = 100


def wait_until(drill: Drill, sql: str, wanted: int, seconds: float = WAIT_S_MAX) -> None:
    deadline = time.monotonic() + seconds
    while int(drill.ask(sql)[0][0]) < wanted:
        assert time.monotonic() < deadline, sql
        time.sleep(0.02)


DONE = "SELECT count(*) FROM callout_attempt WHERE NOT open"
HELD = "SELECT count(*) FROM callout_attempt WHERE state = 'claimed'"
FENCED = (
    "SELECT count(*) FROM callout_attempt WHERE state NOT IN ('submitted', 'unknown', 'cancelled')"
)


def test_a_worker_that_was_frozen_past_its_lease_changes_nothing_when_it_goes_on() -> None:
    with drill_county(PEOPLE, workers=1, lease_s=LEASE_S) as drill:
        drill.no_answer = 1.0
        drill.start()
        frozen = drill.workers[0].pid
        wait_until(drill, HELD, 1)
        os.kill(frozen, signal.SIGSTOP)
        held = {row[0] for row in drill.ask("SELECT id FROM callout_attempt WHERE state='claimed'")}
        drill.start_worker()
        wait_until(drill, DONE, PEOPLE * 9 // 10)
        leases = dict(drill.ask("SELECT id, lease FROM callout_attempt"))
        os.kill(frozen, signal.SIGCONT)
        wait_until(drill, DONE, len(leases))
        time.sleep(LEASE_S)
        assert dict(drill.ask("SELECT id, lease FROM callout_attempt")) == leases, "fenced off"
        assert drill.ask(FENCED)[0][0] == 0
        assert drill.ask("SELECT max(submits) FROM callout_attempt")[0][0] <= 2
        heard = Counter(m["text"] for m in drill.messages() if m["direction"] == "in")
        texts = {row[0] for row in drill.ask("SELECT text FROM callout_attempt")}
        assert texts <= set(heard), "nobody is lost"
        doubled = [text for text, count in heard.items() if count > 1]
        assert len(doubled) <= min(BATCH, max(len(held), 1)) and max(heard.values()) <= 2
        print(f"{len(held)} were in the frozen worker's hand, {len(doubled)} rang twice")
