"""Working days: the State Council's notice, weekdays beyond it, and the county's own above both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.ground import calendar
from anlan.ground.calendar import Calendar, Day
from anlan.ground.errors import Denied, Refusal

PLAIN = Calendar()
DAYS = st.dates(date(2004, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize(
    ("on", "working", "status"),
    [
        (date(2025, 10, 1), False, "published"),
        (date(2025, 9, 28), True, "published"),  # a Sunday worked for the National Day
        (date(2025, 1, 26), True, "published"),  # a Sunday worked for the Spring Festival
        (date(2025, 1, 28), False, "published"),
        (date(2025, 11, 8), False, "published"),
        (date(2024, 2, 29), True, "published"),
        (date(2035, 10, 1), True, "unverified"),  # nobody has published that year yet
        (date(2035, 10, 6), False, "unverified"),
    ],
)
def test_a_day_is_what_the_notice_says_and_else_its_weekday(
    on: date, working: bool, status: str
) -> None:
    found = PLAIN.day(on)
    assert (found.working, found.status) == (working, status)
    assert found.source


def test_working_days_are_counted_over_a_holiday_week() -> None:
    # 2025-09-30 is the last working day before eight free days; 10-09 the first after.
    assert PLAIN.add_working_days(date(2025, 9, 30), 1).on == date(2025, 10, 9)
    assert PLAIN.add_working_days(date(2025, 9, 30), 3).on == date(2025, 10, 11)
    assert PLAIN.add_working_days(date(2025, 10, 9), -1).on == date(2025, 9, 30)
    assert PLAIN.next_working_day(date(2025, 10, 3)).on == date(2025, 10, 9)
    assert PLAIN.working_days_between(date(2025, 9, 30), date(2025, 10, 11)) == 3
    assert PLAIN.working_days_between(date(2025, 10, 11), date(2025, 9, 30)) == -3


def test_the_countys_own_notice_stands_above() -> None:
    on = date(2025, 10, 9)
    own = Calendar({on: Day(on, False, "本县停工", "垫江府发〔2025〕9号", "own")})
    assert own.add_working_days(date(2025, 9, 30), 1).on == date(2025, 10, 10)


def test_a_count_over_unpublished_days_says_so() -> None:
    assert PLAIN.add_working_days(date(2025, 3, 3), 5).sure
    found = PLAIN.add_working_days(date(2035, 3, 5), 2)
    assert not found.sure and found.unverified == (date(2035, 3, 6), date(2035, 3, 7))


def test_a_deadline_ends_with_the_day_on_the_countys_clock() -> None:
    late = datetime(2025, 9, 29, 16, 30, tzinfo=UTC)  # already the 30th in Shanghai
    assert PLAIN.deadline(late, 1) == datetime(2025, 10, 9, 16, tzinfo=UTC)


@given(DAYS, st.integers(1, 60))
def test_forth_and_back_is_where_one_began(start: date, count: int) -> None:
    begun = PLAIN.next_working_day(start).on
    there = PLAIN.add_working_days(begun, count).on
    assert PLAIN.day(there).working
    assert PLAIN.working_days_between(begun, there) == count
    assert PLAIN.add_working_days(there, -count).on == begun


def test_an_endless_holiday_is_an_error_and_no_endless_loop() -> None:
    days = (date(2025, 1, 1) + timedelta(days=n) for n in range(calendar.SPAN_DAYS_MAX + 10))
    closed = Calendar({on: Day(on, False, "", "", "own") for on in days})
    with pytest.raises(ValueError, match="working days"):
        closed.add_working_days(date(2025, 1, 1), 1)


def test_the_county_enters_its_notice_and_the_newest_counts(
    county_db: str, scope_of: Callable[..., Any], owner_sql: Any
) -> None:
    clerk, on = scope_of("plan_clerk"), date(2035, 10, 1)
    calendar.save_day(clerk, on, False, "国庆节", "国办发明电〔2034〕1号")
    found = calendar.of_county(clerk).day(on)
    assert (found.working, found.status, found.source) == (False, "own", "国办发明电〔2034〕1号")
    calendar.save_day(clerk, on, True, "国庆节值守", "垫江府发〔2035〕2号")
    assert calendar.of_county(scope_of("township_duty", 500231109000)).day(on).working
    assert (
        owner_sql("SELECT count(*) FROM ground_journal WHERE action = 'calendar.save'")[0][0] == 2
    )


def test_only_who_may_and_only_with_a_document(
    county_db: str, scope_of: Callable[..., Any]
) -> None:
    on = date(2035, 10, 1)
    with pytest.raises(Denied):
        calendar.save_day(scope_of("duty_officer"), on, False, "国庆节", "文")
    with pytest.raises(Refusal, match="依据"):
        calendar.save_day(scope_of("plan_clerk"), on, False, "国庆节", " ")
