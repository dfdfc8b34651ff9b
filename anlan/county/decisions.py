"""Pure judgements of the county: spans that meet, hours without anybody, days of a month.

Moments are aware; a span is half open, its end belongs to the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

BACKDATE_MAX = timedelta(days=31)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From start to end (exclusive), and whose it is."""

    start: datetime
    end: datetime
    who: str = ""


def meeting(own: Span, taken: Sequence[Span]) -> Span | None:
    """The first of the spans that shares a moment with the own one; None where it is free."""
    met = [other for other in taken if other.start < own.end and own.start < other.end]
    return min(met) if met else None


def gaps(spans: Sequence[Span], start: datetime, end: datetime) -> list[Span]:
    """What of start..end no span covers, in order."""
    found: list[Span] = []
    covered = start
    for span in sorted(spans):
        if span.end <= covered:
            continue
        if span.start >= end:
            break
        if span.start > covered:
            found.append(Span(covered, min(span.start, end)))
        covered = max(covered, span.end)
    if covered < end:
        found.append(Span(covered, end))
    return found


def overlaps(spans: Sequence[Span]) -> list[tuple[Span, Span]]:
    """Pairs of neighbouring spans that share a moment, in order."""
    found: list[tuple[Span, Span]] = []
    ordered = sorted(spans)
    for index, span in enumerate(ordered):
        for other in ordered[index + 1 :]:
            if other.start >= span.end:
                break
            found.append((span, other))
    return found


def clipped(spans: Sequence[Span], start: datetime, end: datetime) -> list[Span]:
    """The parts of the spans that lie within start..end, in order."""
    return sorted(
        Span(max(span.start, start), min(span.end, end), span.who)
        for span in spans
        if span.start < end and span.end > start
    )


def days_of(year: int, month: int, zone: tzinfo) -> list[tuple[date, datetime, datetime]]:
    """The days of a month, each with its first moment and the next day's."""
    first = date(year, month, 1)
    found: list[tuple[date, datetime, datetime]] = []
    day = first
    while day.month == month:
        following = day + timedelta(days=1)
        found.append((day, _midnight(day, zone), _midnight(following, zone)))
        day = following
    return found


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def month_after(year: int, month: int, months: int) -> tuple[int, int]:
    """The month so many months later (or earlier, if negative)."""
    index = year * 12 + month - 1 + months
    return index // 12, index % 12 + 1
