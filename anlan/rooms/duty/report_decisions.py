"""When a report is due, to whom it goes, what changed: pure, clock and rules are passed in.

The laws read: 自然灾害救助条例 art. 16 and 17, 突发事件应对法 art. 61, 国务院令第493号
(生产安全事故报告和调查处理条例) art. 3 and 9 to 13.
Where a law writes minutes they are its own; where it writes
at once (立即) or in time (及时), the minutes are the county's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Class:
    """A class of accidents by art. 3, and up to where it is reported by art. 10."""

    label: str
    up_to: str
    reason: str


def class_of(figures: Mapping[str, Decimal], classes: Sequence[Mapping[str, object]]) -> Class:
    """The gravest class that deaths (with the missing, art. 12), injuries or loss reach."""
    dead = figures.get("dead", Decimal(0)) + figures.get("missing", Decimal(0))
    said = {"dead": dead, "injured": figures.get("injured", Decimal(0)),
            "loss_yuan": figures.get("loss_yuan", Decimal(0))}  # fmt: skip
    for entry in classes:
        for name, value in said.items():
            limit = Decimal(str(entry[name]))
            if limit and value >= limit:
                return Class(str(entry["label"]), str(entry["up_to"]), name)
    last = classes[-1]
    return Class(str(last["label"]), str(last["up_to"]), "")


def follows(
    family_follow: bool, casualty: bool, changed: bool, happened_at: datetime, now: datetime,
    days: int | None,
) -> bool:  # fmt: skip
    """Whether a new version of a figure asks for a follow-up report.

    days: for accidents only changed casualties count, within so many days of the accident (art.
    13); None: any changed figure of a disaster that is not over. family_follow: reported daily.
    """
    if not changed:
        return False
    if days is None:
        return True
    return casualty and now - happened_at <= timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Carried:
    """A figure as a report carried it. number: its version."""

    name: str
    label: str
    unit: str
    value: Decimal
    number: int
    source: str
    happened_at: str


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a figure since the last report. before: None where it is new."""

    name: str
    label: str
    unit: str
    before: Decimal | None
    after: Decimal | None
    versions: int


def changes(before: Sequence[Carried], now: Sequence[Carried]) -> list[Change]:
    """New, changed and gone figures, in the order of the report; those that stand are left out.

    versions: how many versions were given since, so that a figure that went up and came back shows.
    """
    known = {one.name: one for one in before}
    found = []
    for one in now:
        old = known.pop(one.name, None)
        if old is None:
            found.append(Change(one.name, one.label, one.unit, None, one.value, one.number))
        elif old.number != one.number:
            passed = one.number - old.number
            found.append(Change(one.name, one.label, one.unit, old.value, one.value, passed))
    found += [Change(old.name, old.label, old.unit, old.value, None, 0) for old in known.values()]
    return found


@dataclass(frozen=True, slots=True)
class Clock:
    """How a report stands with its clock. state: running, late, sent-in-time, sent-late.

    over_limit: past the law's own outer limit. runs: False where the minutes are 待核: then nobody
    is held to them, and the screen says so.
    """

    state: str
    left_s: float
    over_limit: bool
    runs: bool


def clock_of(
    due_at: datetime, limit_at: datetime | None, sent_at: datetime | None, now: datetime, runs: bool
) -> Clock:
    """left_s: until it is due, negative once it is over; of a sent one as it was sent."""
    at = sent_at or now
    left_s = (due_at - at).total_seconds()
    late = left_s < 0
    state = ("sent-late", "late") if late else ("sent-in-time", "running")
    return Clock(state[sent_at is None], left_s, limit_at is not None and at > limit_at, runs)


def unit_minutes(happened_at: datetime, received_at: datetime, limit_min: int | None) -> int | None:
    """Minutes from the accident to the county's desk, where they exceed art. 9's hour; else None.

    Art. 9 counts from when the unit's head heard of it, which nobody here knows: a question, not a
    finding.
    """
    if limit_min is None:
        return None
    passed = int((received_at - happened_at).total_seconds() // 60)
    return passed if passed > limit_min else None
