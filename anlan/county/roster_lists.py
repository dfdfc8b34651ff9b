"""A month of a post as a calendar shows it: shifts, hours without anybody, people in two places.

Under the reader's scope; numbers are masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from anlan.county import decisions
from anlan.county.lists import one
from anlan.county.models import (
    Post,
    RosterShift,
)
from anlan.ground import clock
from anlan.ground.scope import Scope


@dataclass(frozen=True, slots=True)
class RosterDay:
    """A day of a roster: who is on duty when, and the hours without anybody."""

    day: date
    shifts: list[tuple[RosterShift, datetime, datetime]]
    gaps: list[decisions.Span]
    today: bool


@dataclass(frozen=True, slots=True)
class RosterMonth:
    """A month of a post. doubled: shifts of people who stand elsewhere at the same time."""

    post: Post
    first: date
    days: list[RosterDay]
    gap_hours: int
    doubled: list[tuple[RosterShift, RosterShift]]
    before: tuple[int, int]
    after: tuple[int, int]


def roster(scope: Scope, post_id: int, year: int, month: int) -> RosterMonth:
    """The month as the calendar shows it; gaps count from the first shift the post ever had."""
    with scope.open():
        row, moment = one(Post, post_id), clock.now()
        days = decisions.days_of(year, month, clock.COUNTY_ZONE)
        start, end = days[0][1], days[-1][2]
        shifts = list(RosterShift.objects.filter(
            post_id=post_id, cancelled_at=None, starts_at__lt=end, ends_at__gt=start
        ).select_related("person").order_by("starts_at"))  # fmt: skip
        spans = [decisions.Span(s.starts_at, s.ends_at, s.person.name) for s in shifts]
        shown = [_day(day, a, b, shifts, spans, moment) for day, a, b in days]
        hours = sum((gap.end - gap.start for d in shown for gap in d.gaps), timedelta())
        return RosterMonth(
            row, days[0][0], shown, round(hours.total_seconds() / 3600),
            _doubled(shifts), decisions.month_after(year, month, -1),
            decisions.month_after(year, month, 1),
        )  # fmt: skip


def _day(
    day: date, start: datetime, end: datetime, shifts: Sequence[RosterShift],
    spans: Sequence[decisions.Span], moment: datetime,
) -> RosterDay:  # fmt: skip
    own = [
        (s, max(s.starts_at, start), min(s.ends_at, end))
        for s in shifts
        if s.starts_at < end and s.ends_at > start
    ]
    open_hours = decisions.gaps(decisions.clipped(spans, start, end), start, end) if spans else []
    return RosterDay(day, own, open_hours, start <= moment < end)


def _doubled(shifts: Sequence[RosterShift]) -> list[tuple[RosterShift, RosterShift]]:
    """Shifts whose person is on duty at another post in the same hours."""
    if not shifts:
        return []
    others = list(
        RosterShift.objects.filter(
            person_id__in={s.person_id for s in shifts}, cancelled_at=None,
            starts_at__lt=max(s.ends_at for s in shifts),
            ends_at__gt=min(s.starts_at for s in shifts),
        ).exclude(post_id=shifts[0].post_id).select_related("post")
    )  # fmt: skip
    return [
        (own, other)
        for own in shifts
        for other in others
        if other.person_id == own.person_id
        and other.starts_at < own.ends_at
        and own.starts_at < other.ends_at
    ]
