"""Whether a late target is pressed, and how: pure, with the clock and the letters passed in.

A letter goes to a confirmed lead only. The second time it goes to the leader in charge: when the
first was not answered by its day, or when the day that the answer promised has passed in vain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

OPEN_STATES = ("proposed", "sent", "acknowledged", "answered")
TO_UNIT, TO_LEADER = 1, 2


@dataclass(frozen=True, slots=True)
class Known:
    """A letter that there is about the same target and the same day. due_at: its answer's end."""

    step: int
    state: str
    due_at: datetime | None = None
    promised_on: date | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """step 0: no letter now; 1 to the unit, 2 to the leader in charge. reason: a code."""

    step: int
    reason: str


def next_letter(
    late: bool, confirmed: bool, known: Sequence[Known], now: datetime, today: date
) -> Next:
    """Which letter a target needs now, and why."""
    if not late:
        return Next(0, "not-late")
    if not confirmed:
        return Next(0, "lead-proposed")
    if not known:
        return Next(TO_UNIT, "late")
    second = [letter for letter in known if letter.step == TO_LEADER]
    if second:
        return Next(0, "pressed-twice")
    return _after_first(known[-1], now, today)


def _after_first(first: Known, now: datetime, today: date) -> Next:
    if first.state == "proposed":
        return Next(0, "waits-to-be-sent")
    if first.state in ("sent", "acknowledged"):
        over = first.due_at is not None and now > first.due_at
        return Next(TO_LEADER, "no-answer") if over else Next(0, "within-answer")
    if first.state == "answered":
        broken = first.promised_on is not None and today > first.promised_on
        return Next(TO_LEADER, "promise-broken") if broken else Next(0, "promised")
    return Next(0, "settled-by-person")


def outcome_of(state: str, late: bool, same_lead: bool) -> str:
    """What comes of a letter by itself: met, moved, dropped, or nothing (empty).

    A draft falls away when its target is no longer late or has another lead; a sent letter ends
    when its target is no longer late, or when somebody else leads it now.
    """
    if state == "proposed":
        return "" if late and same_lead else "dropped"
    if state not in OPEN_STATES:
        return ""
    if not late:
        return "met"
    return "" if same_lead else "moved"


def clock_of(
    state: str, due_at: datetime | None, answered_at: datetime | None, now: datetime
) -> str:
    """in-time, late-answer, running, overdue or none."""
    if due_at is None:
        return "none"
    if answered_at is not None:
        return "in-time" if answered_at <= due_at else "late-answer"
    if state not in ("sent", "acknowledged"):
        return "none"
    return "overdue" if now > due_at else "running"
