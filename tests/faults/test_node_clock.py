"""A worker whose own clock is ten minutes wrong decides nothing by it (R23): the database's does.

The worker runs under libfaketime, its clock wrong by the minutes that a ring waits and more; every
step still comes at its minute of the database's clock, not before and not late.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drills.county import Drill, drill_county

PEOPLE = 340
WAIT_S_MAX = 90.0
WATCHED_S = 4.0
CYCLE_S = 10.0
LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)

pytestmark = pytest.mark.skipif(LIBRARY is None, reason="NOT RUN: apt-get install faketime")

FIRST = "SELECT count(*) FROM callout_call WHERE rings >= 1"
SECOND = "SELECT count(*) FROM callout_attempt WHERE try_no = 2 AND role = 'first'"
OUT = "SELECT count(*) FROM callout_attempt WHERE state = 'submitted'"
WRONG = (
    "SELECT count(*) FROM callout_attempt WHERE submitted_at > anlan_now() + interval '1 minute'"
    " OR submitted_at < created_at OR created_at > anlan_now() + interval '1 minute'"
)
NEXT_S = "SELECT extract(epoch FROM min(due_at) - anlan_now())::float8 FROM callout_call"
MOVE = 'UPDATE ground_world SET "offset" = "offset" + make_interval(secs => {}) WHERE id = 0'


def until(drill: Drill, sql: str, wanted: int, seconds: float = WAIT_S_MAX) -> float:
    """Seconds until the count is reached."""
    began = time.monotonic()
    while int(drill.ask(sql)[0][0]) < wanted:
        assert time.monotonic() - began < seconds, (sql, drill.ask(sql))
        time.sleep(0.05)
    return time.monotonic() - began


@pytest.fixture(params=["+600s", "-600s"])
def drill(request: pytest.FixtureRequest) -> Iterator[Drill]:
    with drill_county(PEOPLE, workers=0) as own:
        own.no_answer = 1.0
        own.start()
        own.start_worker(
            {"LD_PRELOAD": str(LIBRARY), "FAKETIME": request.param,
             "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        )  # fmt: skip
        yield own


def test_a_worker_with_a_wrong_clock_takes_each_step_at_its_minute(drill: Drill) -> None:
    until(drill, FIRST, 1)
    rung = int(drill.ask(FIRST)[0][0])
    until(drill, OUT, rung)
    time.sleep(WATCHED_S)
    assert drill.ask(SECOND)[0][0] == 0, "nobody is rung again before their minutes are over"
    assert drill.ask(WRONG)[0][0] == 0, "times are the database's"
    left_s = float(drill.ask(NEXT_S)[0][0])
    assert left_s > 30
    drill.ask(MOVE.format(left_s - 5))
    assert drill.ask(SECOND)[0][0] == 0
    assert until(drill, SECOND, 1, 5 + CYCLE_S) > 1, "not before, and within ten seconds"
    assert drill.ask(WRONG)[0][0] == 0
