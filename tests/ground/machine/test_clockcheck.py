"""The clock's three other sources, and what a look at it leaves behind (R15)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from anlan.ground.machine import alarms, soundness
from anlan.ground.machine.clockcheck import OFF_S, faults

NOON = datetime(2026, 7, 10, 12, tzinfo=UTC)
NEAR, FAR = timedelta(seconds=OFF_S - 0.5), timedelta(seconds=OFF_S + 0.5)


@pytest.mark.parametrize("gap", [NEAR, -NEAR, timedelta(0)])
def test_within_five_seconds_nothing_is_said(gap: timedelta) -> None:
    assert faults(NOON + gap, NOON, NOON + abs(gap), gap.total_seconds()) == []


@pytest.mark.parametrize(("gap", "word"), [(FAR, "快"), (-FAR, "慢")])
def test_beyond_five_seconds_of_the_database_both_ways(gap: timedelta, word: str) -> None:
    found = faults(NOON + gap, NOON, None)
    assert [f.source for f in found] == ["database"] and word in found[0].text()


def test_a_journal_of_the_future_shows_a_clock_that_was_set_back() -> None:
    found = faults(NOON, NOON, NOON + timedelta(days=400))
    assert [f.source for f in found] == ["journal"] and "慢 34560000 秒" in found[0].text()
    assert faults(NOON, NOON, NOON - timedelta(days=400)) == [], "a county that rested for a year"


def test_a_clock_that_was_set_while_it_ran() -> None:
    assert [f.source for f in faults(NOON, NOON, None, -3600.0)] == ["counter"]


def test_a_step_is_journalled_once_shown_on_every_page_and_ends(
    county_db: str, client_of: Any, home: Path
) -> None:
    from anlan.ground.clockwatch import ClockLook
    from anlan.ground.machine import clockcheck
    from anlan.ground.models import JournalLine
    from anlan.ground.scope import Scope

    scope, look = Scope.for_round("clock.look"), ClockLook()

    def lines(action: str) -> int:
        with scope.open():
            return int(JournalLine.objects.filter(action=action).count())

    look(scope)
    assert lines("clock.off") == 0
    look.offset_s -= 90  # as if the clock had been put forward by 90 s since the last look
    try:
        look(scope)
        look(scope)
        assert lines("clock.off") == 1
        page = client_of("duty_officer").get("/").content.decode()
        assert "比开机计时快 90 秒" in page
    finally:
        look.stepped_at -= clockcheck.STEP_SHOWN_S
        look(scope)
    assert lines("clock.right") == 1 and alarms.current(home) == []
    assert "比开机计时" not in client_of("duty_officer").get("/").content.decode()


@pytest.mark.parametrize("name", ["fsync", "synchronous_commit", "full_page_writes"])
def test_each_promise_of_a_server_counts(name: str) -> None:
    good = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
    assert soundness.durability_refusal(good, "x") is None
    refusal = soundness.durability_refusal(good | {name: "off"}, "x")
    assert refusal is not None and name in refusal.message
    assert soundness.durability_refusal({k: v for k, v in good.items() if k != name}, "x")


def test_the_throw_away_cluster_of_tests_would_be_refused(cluster: Any) -> None:
    """A mutant that is always at hand: a server without fsync."""
    with pytest.raises(Exception, match="fsync"):
        soundness.check([cluster.dsn("app")])


def test_a_server_of_fifteen_is_too_old_and_sixteen_is_not() -> None:
    assert soundness.version_refusal(150017) is not None
    assert soundness.version_refusal(160000) is None
