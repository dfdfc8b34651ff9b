"""Working days and holidays (工作日、节假日): pure functions, and the county's own rows.

Flows in: the State Council's notices as the library `chinesecalendar` has them, and the days that
the county entered from its own notice. Flows out: whether a day is worked, from where that is
known, and dates counted in working days. Beyond the years of the library a weekday counts as
worked and the answer says that it is unverified (待核).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import Refusal
from anlan.ground.live import tell
from anlan.ground.models import CalendarDay
from anlan.ground.scope import Scope

SPAN_DAYS_MAX = 3660
NAME_CHARS_MAX = 60
DOCUMENT_CHARS_MAX = 200
NOTICE = "国务院办公厅节假日安排（chinesecalendar）"


@dataclass(frozen=True, slots=True)
class Day:
    """A day: worked or not, its name, from where that is known, and whether it is sure.

    status: published (the State Council's notice), own (the county's) or unverified (待核).
    """

    on: date
    working: bool
    name: str
    source: str
    status: str


@dataclass(frozen=True, slots=True)
class Counted:
    """A date that was counted; unverified where any day between was."""

    on: date
    unverified: tuple[date, ...]

    @property
    def sure(self) -> bool:
        return not self.unverified


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of a county. own: what it entered, above the State Council's notice."""

    own: Mapping[date, Day] = field(default_factory=dict)

    def day(self, on: date) -> Day:
        """What is known of a day."""
        return self.own.get(on) or published(on) or _weekday(on)

    def add_working_days(self, start: date, count: int) -> Counted:
        """The count-th working day after `start` (which itself does not count); back if negative.

        Zero: `start` itself where it is worked, else the next working day.
        """
        step = timedelta(days=-1 if count < 0 else 1)
        left, on, doubtful = abs(count), start, []
        if count == 0:
            on, left = start - step, 1
        for _turn in range(SPAN_DAYS_MAX):
            on += step
            found = self.day(on)
            if found.status == "unverified":
                doubtful.append(on)
            left -= found.working
            if left == 0:
                return Counted(on, tuple(doubtful))
        raise ValueError(f"{count} working days from {start} are more than {SPAN_DAYS_MAX} days")

    def working_days_between(self, first: date, last: date) -> int:
        """How many working days lie after `first` up to and with `last`; negative backwards."""
        if last < first:
            return -self.working_days_between(last, first)
        days = (last - first).days
        if days > SPAN_DAYS_MAX:
            raise ValueError(f"more than {SPAN_DAYS_MAX} days from {first} to {last}")
        return sum(self.day(first + timedelta(days=n)).working for n in range(1, days + 1))

    def next_working_day(self, on: date) -> Counted:
        """The day itself where it is worked, else the next one that is (顺延)."""
        return self.add_working_days(on, 0)

    def deadline(self, start: datetime, count: int) -> datetime:
        """The end (24:00 on the county's clock) of the count-th working day after `start`."""
        return end_of_day(self.add_working_days(clock.local(start).date(), count).on)


def published(on: date) -> Day | None:
    """The day as the State Council's notice has it; None beyond the library's years."""
    import chinese_calendar

    try:
        holiday, name = chinese_calendar.get_holiday_detail(on)
    except NotImplementedError:
        return None
    if name is not None:
        label = chinese_calendar.Holiday(name).chinese
    else:
        label = _("周末") if holiday else ""
    return Day(on, not holiday, label, NOTICE, "published")


def _weekday(on: date) -> Day:
    worked = on.weekday() < 5
    return Day(on, worked, "" if worked else _("周末"), _("按星期推定，待核"), "unverified")


def end_of_day(on: date) -> datetime:
    """24:00 of a day on the county's clock."""
    return datetime.combine(on + timedelta(days=1), datetime.min.time(), clock.COUNTY_ZONE)


def start_of_day(on: date) -> datetime:
    """0:00 of a day on the county's clock."""
    return datetime.combine(on, datetime.min.time(), clock.COUNTY_ZONE)


def of_county(scope: Scope) -> Calendar:
    """The calendar with the days that the county entered; the newest entry of a day counts."""
    with scope.open():
        rows = list(CalendarDay.objects.order_by("id"))
    return Calendar({
        row.day: Day(row.day, row.working, row.name, row.document, "own") for row in rows
    })  # fmt: skip


@action("policy.edit", journal="calendar.save")
def save_day(scope: Scope, on: date, working: bool, name: str, document: str) -> CalendarDay:
    """A day of the county's own notice: worked or free, with the document that says so."""
    if not name.strip() or not document.strip():
        raise Refusal(
            "day-document", _("请写明名称和依据文件"), on.isoformat(), _("例如：春节调休，文号")
        )
    before = of_county(scope).day(on)
    row = CalendarDay.objects.create(
        day=on, working=working, name=journal.clean(name.strip(), NAME_CHARS_MAX),
        document=journal.clean(document.strip(), DOCUMENT_CHARS_MAX), editor=scope.actor.label,
    )  # fmt: skip
    journal.line(
        scope, "calendar.save", row, before=[before.working, before.source],
        after=[working, document],
    )  # fmt: skip
    tell(scope, "policy", max(scope.lo, 0), day=on.isoformat())
    return row
