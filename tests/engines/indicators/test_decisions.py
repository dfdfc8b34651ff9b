"""States and periods, as pure functions: nothing is green for want of records."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.engines.indicators.decisions import (
    WORST_FIRST,
    Promise,
    Reported,
    Tally,
    judge,
    month_before,
    months_after,
    period_of,
    rounded,
    until_month_end,
    worst,
)

TODAY = date(2024, 7, 31)


def promise(**changes: object) -> Promise:
    base = {"measure": "ratio", "op": ">=", "target": Decimal(90), "high": None, "due": None,
            "by_city": False, "wants_base": False, "wants_every": False}  # fmt: skip
    return Promise(**(base | changes))  # type: ignore[arg-type]


def tally(part: int, whole: int, **changes: int) -> Tally:
    return Tally(rows=changes.get("rows", whole), part=Decimal(part), whole=Decimal(whole),
                 present=changes.get("present", whole))  # fmt: skip


@pytest.mark.parametrize(
    ("own", "counts", "said", "state", "value"),
    [
        (promise(), tally(9, 10), Reported(), "met", 90),
        (promise(), tally(8, 10), Reported(), "missed", 80),
        (promise(), Tally(), Reported(), "not_reported", None),
        (promise(), tally(9, 10, present=0), Reported(), "not_reported", None),
        (promise(), Tally(), Reported(zero=True), "no_objects", None),
        (promise(due=date(2024, 12, 31)), tally(8, 10), Reported(), "not_due", 80),
        (promise(due=date(2024, 7, 30)), tally(8, 10), Reported(), "missed", 80),
        (promise(by_city=True), Tally(), Reported(), "awaiting_city", None),
        (promise(target=None), tally(8, 10), Reported(), "judged", 80),
        (promise(op="judged", target=None), tally(8, 10), Reported(), "judged", 80),
        (promise(wants_base=True), tally(9, 10), Reported(), "no_base", 90),
        (promise(wants_base=True), tally(9, 10), Reported(base=Decimal(20)), "missed", 45),
        (promise(wants_base=True), tally(9, 10), Reported(base=Decimal(10)), "met", 90),
        (promise(measure="count", op="<=", target=Decimal(3)), tally(2, 2), Reported(), "met", 2),
        (promise(measure="count", op="<=", target=Decimal(3)), tally(4, 4), Reported(), "missed", 4),
        (promise(measure="count", op="<", target=Decimal(3), due=date(2024, 12, 31)),
         tally(2, 2), Reported(), "not_due", 2),
        (promise(measure="count", op="<=", target=Decimal(3), due=date(2024, 12, 31)),
         tally(4, 4), Reported(), "missed", 4),
        (promise(measure="count", op="<=", target=Decimal(0)), Tally(), Reported(), "not_reported",
         None),
        (promise(measure="count", op="<=", target=Decimal(0)), Tally(), Reported(zero=True), "met",
         0),
        (promise(measure="count", op=">=", target=Decimal(1)), Tally(), Reported(zero=True),
         "missed", 0),
        (promise(measure="sum", op="range", target=Decimal(2), high=Decimal(4)), tally(3, 3),
         Reported(), "met", 3),
        (promise(measure="sum", op="range", target=Decimal(2), high=Decimal(4)), tally(5, 5),
         Reported(), "missed", 5),
        (promise(measure="count", op="<=", target=Decimal(9), wants_every=True), tally(2, 2),
         Reported(expected=26, heard=25), "not_reported", 2),
        (promise(measure="count", op="<=", target=Decimal(1), wants_every=True), tally(2, 2),
         Reported(expected=26, heard=25), "missed", 2),
        (promise(measure="count", op="<=", target=Decimal(9), wants_every=True), tally(2, 2),
         Reported(expected=26, heard=26), "met", 2),
    ],
)  # fmt: skip
def test_a_figure_has_its_state(
    own: Promise, counts: Tally, said: Reported, state: str, value: int | None
) -> None:
    found = judge(own, counts, said, TODAY)
    assert (found.state, found.value) == (state, value)
    assert found.reason


@given(
    st.sampled_from(["count", "sum", "ratio"]), st.sampled_from([">=", ">", "<=", "<", "=", "range"]),
    st.decimals(0, 100, places=1), st.booleans(), st.booleans(), st.none() | st.dates(),
    st.integers(0, 26), st.none() | st.decimals(1, 100, places=0),
)  # fmt: skip
def test_without_records_and_without_a_zero_report_nothing_is_green(
    measure: str, op: str, target: Decimal, base: bool, every: bool, due: date | None,
    heard: int, counted: Decimal | None,
) -> None:  # fmt: skip
    own = promise(measure=measure, op=op, target=target, high=target, wants_base=base,
                  wants_every=every, due=due)  # fmt: skip
    found = judge(own, Tally(), Reported(False, counted, 26, heard), TODAY)
    assert (found.state, found.value) == ("not_reported", None)


def test_a_row_is_as_good_as_its_worst_target() -> None:
    assert worst([]) == "no_indicator"
    assert worst(["no_objects", "no_objects"]) == "no_objects"
    for at, state in enumerate(WORST_FIRST):
        for better in WORST_FIRST[at:]:
            assert worst([better, state]) == state
    assert worst(["no_objects", "met"]) == "met"


def test_no_rounding_says_what_is_not_so() -> None:
    own = promise(target=Decimal(100))
    assert rounded(Decimal("99.96"), own) == Decimal("99.96")
    assert rounded(Decimal("99.999"), own) == Decimal("99.999")
    assert rounded(Decimal("87.654"), own) == Decimal("87.7")
    limit = promise(op="<=", target=Decimal("0.5"))
    assert rounded(Decimal("0.5004"), limit) == Decimal("0.5004")


@given(
    st.dates(date(2000, 1, 1), date(2100, 12, 31)),
    st.sampled_from(["year", "quarter", "month", "week"]),
)
def test_periods_cover_every_day_once(on: date, kind: str) -> None:
    own = period_of(kind, on)
    assert own.starts_on is not None and own.starts_on <= on <= own.ends_on
    after = period_of(kind, own.ends_on + timedelta(days=1))
    assert after.starts_on == own.ends_on + timedelta(days=1)


def test_months_over_the_new_year_and_29_february() -> None:
    assert month_before(date(2025, 1, 31)) == date(2024, 12, 1)
    assert months_after(date(2024, 11, 1), date(2025, 2, 1)) == [
        date(2024, 12, 1), date(2025, 1, 1), date(2025, 2, 1)]  # fmt: skip
    assert until_month_end("year", date(2024, 2, 1)).ends_on == date(2024, 2, 29)
    assert until_month_end("year", date(2024, 2, 1)).starts_on == date(2024, 1, 1)
    assert until_month_end("none", date(2024, 2, 1)).starts_on is None
