"""Periods, states and their order: pure, with the clock and the counts passed in.

A figure is as good as its worst part, and nothing is green for want of records: none is 未报, a
zero counts after a signed zero report, a denominator without an authority's count is 无基数.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

# From the worst to the best; `no_objects` counts as none unless all are.
WORST_FIRST = (
    "missed", "not_reported", "no_base", "no_indicator", "awaiting_city", "judged", "not_due",
    "met", "no_objects",
)  # fmt: skip
PERIODS = ("none", "year", "quarter", "month", "week")
COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    ">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt, "=": operator.eq,
}  # fmt: skip
LIMITS = frozenset({"<=", "<"})
DIGITS_MIN, DIGITS_MAX = 1, 4


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both within; starts_on None: whatever ever was."""

    kind: str
    starts_on: date | None
    ends_on: date

    def within(self, on: date) -> date:
        """The day of the period that lies nearest to the day."""
        return min(max(on, self.starts_on or date.min), self.ends_on)


def period_of(kind: str, on: date) -> Period:
    """The period of the kind in which the day lies; for `none`, up to the day."""
    if kind == "none":
        return Period(kind, None, on)
    if kind == "week":
        first = on - timedelta(days=on.weekday())
        return Period(kind, first, first + timedelta(days=6))
    months = {"year": 12, "quarter": 3, "month": 1}[kind]
    first = date(on.year, (on.month - 1) // months * months + 1, 1)
    return Period(kind, first, _plus_months(first, months) - timedelta(days=1))


def _plus_months(first: date, months: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


def month_before(on: date) -> date:
    """The first day of the month before the day's."""
    return _plus_months(on.replace(day=1), -1)


def months_after(last: date, until: date) -> list[date]:
    """First days of the months after `last` up to and with `until`."""
    found, at = [], _plus_months(last, 1)
    while at <= until:
        found.append(at)
        at = _plus_months(at, 1)
    return found


def until_month_end(kind: str, month: date) -> Period:
    """The period of the kind as far as the month's last day."""
    last = _plus_months(month, 1) - timedelta(days=1)
    return Period(kind, period_of(kind, last).starts_on, last)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of a place and a period. rows: records; part, whole: sums of their weights.

    present: records that show that the thing was done at all; evidenced: with evidence beside.
    """

    rows: int = 0
    part: Decimal = Decimal(0)
    whole: Decimal = Decimal(0)
    present: int = 0
    evidenced: int = 0


@dataclass(frozen=True, slots=True)
class Promise:
    """What an indicator says: how it is measured and what was promised."""

    measure: str
    op: str
    target: Decimal | None
    high: Decimal | None
    due: date | None
    by_city: bool
    wants_base: bool
    wants_every: bool


@dataclass(frozen=True, slots=True)
class Reported:
    """What posts and authorities said. expected, heard: places that must report, and that did."""

    zero: bool = False
    base: Decimal | None = None
    expected: int = 0
    heard: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """A state with its reason and the numbers that decided. completeness: 0 to 1, or None.

    reason: a code; missing, due: what its words need.
    """

    state: str
    reason: str
    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    completeness: Decimal | None = None
    missing: int = 0
    due: date | None = None


def judge(promise: Promise, tally: Tally, said: Reported, today: date) -> Judgement:
    """The state of a figure and why; numbers stand beside every state that has some."""
    if promise.by_city and not tally.rows:
        return Judgement("awaiting_city", "by-city")
    if not tally.rows or not tally.present:
        return _empty(promise, tally, said, today)
    figure = _value(promise, tally, said)
    complete = _completeness(promise, tally, said)
    shown = (figure.value, figure.numerator, figure.denominator, complete)
    if promise.wants_base and said.base is None:
        return Judgement("no_base", "no-base", *shown)
    if promise.wants_every and said.heard < said.expected and promise.op in LIMITS:
        missing = said.expected - said.heard
        over = _missed(promise, figure.value)
        if not over:
            return Judgement("not_reported", "some-silent", *shown, missing)
    state, reason = _against(promise, figure.value, today)
    return Judgement(state, reason, *shown, 0, promise.due)


def _empty(promise: Promise, tally: Tally, said: Reported, today: date) -> Judgement:
    if tally.rows:
        return Judgement("not_reported", "none-done")
    if not said.zero:
        missing = said.expected - said.heard
        if said.heard and missing:
            return Judgement("not_reported", "some-silent", missing=missing)
        return Judgement("not_reported", "no-records")
    if promise.measure == "ratio":
        return Judgement("no_objects", "zero-report", completeness=Decimal(1))
    state, _reason = _against(promise, Decimal(0), today)
    return Judgement(state, "zero-report", Decimal(0), Decimal(0), None, Decimal(1), 0, promise.due)


def _value(promise: Promise, tally: Tally, said: Reported) -> Judgement:
    if promise.measure != "ratio":
        return Judgement("", "", tally.part, tally.part, None)
    whole = said.base if promise.wants_base and said.base is not None else tally.whole
    value = 100 * tally.part / whole if whole else None
    return Judgement("", "", value, tally.part, whole)


def _completeness(promise: Promise, tally: Tally, said: Reported) -> Decimal | None:
    if promise.wants_base:
        return min(Decimal(1), tally.whole / said.base) if said.base else None
    if promise.wants_every and said.expected:
        return Decimal(said.heard) / said.expected
    return None


def _missed(promise: Promise, value: Decimal | None) -> bool:
    return value is not None and promise.target is not None and not _holds(promise, value)


def _holds(promise: Promise, value: Decimal) -> bool:
    assert promise.target is not None
    if promise.op == "range":
        return promise.target <= value <= (promise.high or promise.target)
    return COMPARE[promise.op](value, promise.target)


def _against(promise: Promise, value: Decimal | None, today: date) -> tuple[str, str]:
    """(state, reason) of a value against its target; a limit that holds is met at the due day."""
    if promise.op == "judged" or promise.target is None or value is None:
        return "judged", "judged"
    ahead = promise.due is not None and today <= promise.due
    if _holds(promise, value):
        if ahead and promise.op in LIMITS:
            return "not_due", "within-limit"
        return "met", "met"
    if ahead and promise.op not in LIMITS:
        return "not_due", "not-due"
    return "missed", "over-limit" if promise.op in LIMITS else "below-target"


def worst(states: Iterable[str]) -> str:
    """The state of a row: its worst target's; a row without any has no indicator."""
    return min(states, key=WORST_FIRST.index, default="no_indicator")


def rounded(value: Decimal, promise: Promise) -> Decimal:
    """As few digits as say the same as the whole number: 99.96 does not show as 100.0."""
    for digits in range(DIGITS_MIN, DIGITS_MAX + 1):
        short = round(value, digits)
        if promise.target is None or promise.op == "judged":
            return short
        if _holds(promise, short) == _holds(promise, value):
            return short
    return value


def evidence_of(tally: Tally, checked: bool) -> str:
    """declared, evidenced (every record has evidence beside it) or checked (by a person)."""
    if checked:
        return "checked"
    return "evidenced" if tally.rows and tally.evidenced == tally.rows else "declared"
