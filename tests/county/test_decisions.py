"""Hours of a roster: what is covered, what is not, and what is covered twice."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from anlan.county.decisions import Span, clipped, days_of, gaps, meeting, month_after, overlaps

ZONE = timezone(timedelta(hours=8))
START = datetime(2026, 7, 1, tzinfo=ZONE)
END = datetime(2026, 7, 2, tzinfo=ZONE)


def hour(n: int) -> datetime:
    return START + timedelta(hours=n)


SPANS = st.lists(
    st.tuples(st.integers(-5, 30), st.integers(1, 12)).map(
        lambda pair: Span(hour(pair[0]), hour(pair[0] + pair[1]))
    ),
    max_size=8,
)


def covered(spans: list[Span], n: int) -> int:
    return sum(1 for span in spans if span.start <= hour(n) < span.end)


@given(SPANS)
def test_an_hour_is_in_a_gap_exactly_when_no_span_covers_it(spans: list[Span]) -> None:
    open_hours = gaps(spans, START, END)
    for n in range(24):
        assert (covered(open_hours, n) == 1) == (covered(spans, n) == 0), n


@given(SPANS)
def test_spans_overlap_exactly_when_an_hour_is_covered_twice(spans: list[Span]) -> None:
    twice = any(covered(spans, n) > 1 for n in range(-6, 44))
    assert bool(overlaps(spans)) == twice


@given(SPANS, st.integers(-5, 30), st.integers(1, 12))
def test_a_span_meets_another_exactly_when_they_share_an_hour(
    spans: list[Span], start: int, hours: int
) -> None:
    own = Span(hour(start), hour(start + hours))
    shares = any(covered(spans, n) for n in range(start, start + hours))
    assert (meeting(own, spans) is not None) == shares


def test_shifts_that_touch_do_not_meet() -> None:
    assert meeting(Span(hour(8), hour(20)), [Span(hour(20), hour(32))]) is None


def test_a_shift_over_midnight_is_cut_at_the_day() -> None:
    assert clipped([Span(hour(-4), hour(8))], START, END) == [Span(START, hour(8))]


def test_a_month_has_its_days_and_the_year_turns() -> None:
    assert len(days_of(2028, 2, ZONE)) == 29
    days = days_of(2026, 12, ZONE)
    assert days[-1][2] == datetime(2027, 1, 1, tzinfo=ZONE)
    assert month_after(2026, 12, 1) == (2027, 1)
    assert month_after(2026, 1, -1) == (2025, 12)
