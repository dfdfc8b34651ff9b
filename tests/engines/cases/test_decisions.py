"""Deadlines against a slow reference, moves against a table written out by hand: pure."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.engines.cases import decisions
from anlan.engines.cases.decisions import Clock, Extends, Stop, Who
from anlan.engines.cases.kinds import Rule
from anlan.engines.cases.situations import working

FIRST = date(2024, 12, 1)
ONE = timedelta(days=1)
DAYS = st.integers(0, 500).map(lambda n: FIRST + timedelta(days=n))


@st.composite
def stops(draw: st.DrawFn) -> tuple[Stop, ...]:
    """Stops that may touch, overlap, be of no length, or still stand."""
    found = []
    for _turn in range(draw(st.integers(0, 4))):
        since = draw(DAYS)
        long = draw(st.integers(0, 60) | st.none())
        found.append(Stop(since, None if long is None else since + timedelta(days=long)))
    return tuple(found)


def slow_due(start: date, days: int, by_work: bool, own: tuple[Stop, ...]) -> date | None:
    """Day after day: a day counts that is worked (or any), and on which no stop holds."""
    if days == 0:
        return start
    day, left = start, days
    for _turn in range(2000):
        day += ONE
        holding = [s for s in own if s.since <= day and (s.until is None or day < s.until)]
        if any(s.until is None for s in holding):
            return None
        if not holding and (not by_work or working(day)):
            left -= 1
        if left == 0:
            return day
    raise AssertionError("endless")


@given(DAYS, st.integers(0, 120), st.booleans(), stops())
def test_a_deadline_is_what_counting_day_by_day_gives(
    start: date, days: int, by_work: bool, own: tuple[Stop, ...]
) -> None:
    fast = decisions.due_on(Clock("k", start, days, by_work, own), working)
    slow = slow_due(start, days, by_work, own)
    assert fast == slow


@given(DAYS, st.integers(1, 60), st.integers(1, 40), stops())
def test_after_an_extension_the_day_that_was_granted_is_the_day(
    start: date, days: int, more: int, own: tuple[Stop, ...]
) -> None:
    clock = Clock("k", start, days, True, tuple(s for s in own if s.until), 0)
    due = decisions.due_on(clock, working)
    assert due is not None
    to_on = due + timedelta(days=more)
    moved = decisions.extended(clock, to_on, due)
    assert decisions.due_on(moved, working) == to_on and moved.extended == 1
    later = decisions.resumed(decisions.stopped(moved, due + ONE), due + 6 * ONE)
    wanted = to_on + 5 * ONE
    assert decisions.due_on(later, working) == wanted


def test_a_stop_of_today_that_ends_today_costs_nothing() -> None:
    clock = Clock("k", FIRST, 10)
    day = FIRST + 3 * ONE
    same = decisions.resumed(decisions.stopped(clock, day), day)
    assert decisions.due_on(same, working) == FIRST + 10 * ONE


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        # 2025: the notice gives 1 to 5 May and works Sunday 27 April; 28 January to 4 February.
        (date(2025, 4, 30), 1, date(2025, 5, 6)), (date(2025, 4, 25), 1, date(2025, 4, 27)),
        (date(2025, 1, 27), 1, date(2025, 2, 5)), (date(2025, 9, 30), 5, date(2025, 10, 14)),
        (date(2024, 12, 31), 1, date(2025, 1, 2)),
    ],
)  # fmt: skip
def test_working_days_follow_the_notice(start: date, days: int, due: date) -> None:
    assert decisions.due_on(Clock("k", start, days, True), working) == due


RULE = Rule("k", "整改", ("order",), ("pass",), extend_times=1, extend_days=30)


@pytest.mark.parametrize(
    ("today", "to_on", "times", "wanted"),
    [
        (10, 11, 0, Extends.MAY), (10, 40, 0, Extends.MAY), (10, 41, 0, Extends.DAYS),
        (10, 10, 0, Extends.DAYS), (11, 20, 0, Extends.LATE), (5, 20, 1, Extends.TIMES),
    ],
)  # fmt: skip
def test_an_extension_is_asked_for_on_the_last_day_at_the_latest(
    today: int, to_on: int, times: int, wanted: Extends
) -> None:
    clock = Clock("k", FIRST, 10, extended=times)
    found = decisions.may_extend(
        RULE, clock, FIRST + timedelta(days=to_on), FIRST + timedelta(days=today), working
    )
    assert found is wanted


def test_nobody_grants_what_they_asked_for_and_a_nobody_grants_nothing() -> None:
    clock, to_on = Clock("k", FIRST, 10), FIRST + timedelta(days=20)
    for asked, person, wanted in ((1, 1, Extends.SAME_PERSON), (1, None, Extends.SAME_PERSON),
                                  (1, 2, Extends.MAY)):  # fmt: skip
        who = Who(person, frozenset({"cases.approve"}))
        assert decisions.may_grant(RULE, clock, to_on, FIRST, working, asked, who) is wanted


def test_an_extension_while_the_clock_stands_or_has_ended_is_none() -> None:
    clock = Clock("k", FIRST, 10)
    to_on = FIRST + timedelta(days=20)
    for own, wanted in ((decisions.stopped(clock, FIRST + ONE), Extends.STANDS),
                        (Clock("k", FIRST, 10, ended_on=FIRST), Extends.OVER), (None, Extends.NONE)):  # fmt: skip
        assert decisions.may_extend(RULE, own, to_on, FIRST + 2 * ONE, working) is wanted


@given(st.floats(29, 31), st.floats(106, 108), st.floats(-0.01, 0.01), st.floats(-0.01, 0.01))
def test_metres_agree_with_another_formula(lat: float, lon: float, dy: float, dx: float) -> None:
    """Within 0.5 % of the flat formula at this latitude, for points a kilometre apart."""
    from math import cos, hypot, radians

    flat = hypot(dy * 111_195, dx * 111_195 * cos(radians(lat + dy / 2)))
    assert decisions.metres(lat, lon, lat + dy, lon + dx) == pytest.approx(flat, rel=5e-3, abs=0.5)
