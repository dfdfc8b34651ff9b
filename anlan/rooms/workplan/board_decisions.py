"""Decisions of the board, pure: who answers for a row, to which point it belongs, what is late.

A row is as good as its worst target (the order stands in `engines/indicators/decisions`). A lead
that only stands in the document is proposed (拟); nothing is escalated to it.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

LATE_STATES = frozenset({"missed", "not_reported"})
# A clause of a point counts as kept by a row when so many of its pairs of characters stand there.
KEPT_SHARE = 0.5
CLAUSE_CHARS_MIN = 6
CLAUSE = re.compile(r"[^。；;！？\n]+")
PUNCTUATION = re.compile(r"[\s，。、；：:;,.“”‘’\"'（）()《》〈〉—\-～~·]+")
DUE_BUCKETS = ("past", "month", "quarter", "later", "none")
QUARTER_DAYS, MONTH_DAYS = 92, 31
HEADINGS_KEPT = 2_000  # a row's name is held against each of the plan's headings


@dataclass(frozen=True, slots=True)
class Answers:
    """Who answers for a row or a target. how: confirmed, proposed (拟) or nobody.

    unit_id: None where the county has no such unit yet.
    """

    name: str
    how: str
    unit_id: int | None = None
    lead_id: int | None = None

    @property
    def confirmed(self) -> bool:
        return self.how == "confirmed"


def who_answers(
    units: Sequence[Mapping[str, Any]], confirmed: Answers | None, ids: Mapping[str, int]
) -> Answers:
    """The confirmed lead, else the one that the document proposes, else nobody."""
    if confirmed is not None:
        return confirmed
    for unit in units:
        if unit.get("lead") and unit.get("kind", "unit") == "unit":
            name = str(unit["name"])
            return Answers(name, "proposed", unit_of(unit, ids))
    return Answers("", "nobody")


def unit_of(unit: Mapping[str, Any], ids: Mapping[str, int]) -> int | None:
    """The county's unit that the document means, by its name or by the alias in brackets."""
    return ids.get(str(unit.get("name", ""))) or ids.get(str(unit.get("alias") or ""))


def row_keys(rows: Iterable[tuple[str, str, Sequence[Mapping[str, Any]]]]) -> list[str]:
    """A key for each row (name, text, units) that survives a new number but not a new meaning.

    Rows that say the very same are told apart by their order among one another.
    """
    seen: Counter[str] = Counter()
    keys = []
    for name, text, units in rows:
        named = "、".join(f"{unit['name']}{'*' if unit.get('lead') else ''}" for unit in units)
        digest = hashlib.sha256(f"{name}\n{text}\n{named}".encode()).hexdigest()[:48]
        seen[digest] += 1
        keys.append(f"{digest}-{seen[digest]}")
    return keys


@lru_cache(maxsize=HEADINGS_KEPT)
def bare(text: str) -> str:
    """Without spaces and punctuation, so that two prints of one heading are the same."""
    return PUNCTUATION.sub("", text)


def point_of(name: str, points: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The point of which the row is a part: the one whose heading is the row's name."""
    wanted = bare(name)
    return next((point for point in points if bare(str(point["heading"])) == wanted), None)


@dataclass(frozen=True, slots=True)
class Beyond:
    """A clause of a point that no row of the tables keeps. why: figure or words."""

    point: int
    heading: str
    text: str
    why: str


def beyond_rows(
    points: Sequence[Mapping[str, Any]],
    rows: Sequence[tuple[str, str, Sequence[Mapping[str, Any]]]],
) -> list[Beyond]:
    """What the points promise and no row holds. rows: (name, text, quantities).

    A clause with a figure counts as kept where a row says the same figure in the same unit about
    like words; one without, where a row holds most of its words. A hint for a person, no ruling.
    """
    said = [
        (_pairs(name + text), [(_figure(q), _pairs(f"{name}{q.get('text', '')}")) for q in own])
        for name, text, own in rows
    ]
    found = []
    for point in points:
        figures = point.get("quantities") or []
        for clause in clauses(str(point.get("text", ""))):
            own = [q for q in figures if str(q.get("text", "")) and str(q["text"]) in clause]
            why = _beyond(clause, own, said)
            if why:
                found.append(Beyond(int(point["number"]), str(point["heading"]), clause, why))
    return found


def clauses(text: str) -> list[str]:
    """Clauses long enough to promise something."""
    parts = (part.strip("，、：: 　") for part in CLAUSE.findall(text))
    return [part for part in parts if len(bare(part)) >= CLAUSE_CHARS_MIN]


Said = tuple[set[str], list[tuple[Any, set[str]]]]


def _beyond(clause: str, own: Sequence[Mapping[str, Any]], said: Sequence[Said]) -> str:
    if own:
        return "" if all(_kept(quantity, said) for quantity in own) else "figure"
    pairs = _pairs(clause)
    return "" if any(_share(pairs, words) >= KEPT_SHARE for words, _own in said) else "words"


def _kept(quantity: Mapping[str, Any], said: Sequence[Said]) -> bool:
    wanted, words = _figure(quantity), _pairs(str(quantity["text"]))
    return any(
        figure == wanted and _share(words, near) >= KEPT_SHARE
        for _words, own in said for figure, near in own
    )  # fmt: skip


def _figure(quantity: Mapping[str, Any]) -> tuple[Any, ...]:
    return (quantity.get("op"), quantity.get("value"), quantity.get("high"), quantity.get("unit"))


def _pairs(text: str) -> set[str]:
    plain = bare(text)
    return {plain[n : n + 2] for n in range(len(plain) - 1)}


def _share(part: set[str], whole: set[str]) -> float:
    return len(part & whole) / len(part) if part else 0.0


# time


def asked_on(year: int | None, today: date, practised: bool) -> date:
    """The day whose periods a plan is asked for: today in its own year, else that year's nearest.

    A plan keeps its own year's figures once the year is over, and has none before it begins.
    practised: in an exercise, whose clock may stand in any year, the plan is asked for that day.
    """
    if year is None or practised:
        return today
    return min(max(today, date(year, 1, 1)), date(year, 12, 31))


# late


@dataclass(frozen=True, slots=True)
class Late:
    """Whether a target is late, why, and since when. reason: a code.

    missed, not_reported: late. not_past: its day is not over. fine: its state is no worse.
    no_indicator: nothing is computed, so nothing can be said. days: calendar days past the day.
    """

    late: bool
    reason: str
    day: date | None = None
    days: int = 0


def is_late(state: str, day: date | None, today: date) -> Late:
    """A target is late when its day is over and it is missed or not reported.

    day: the last day on which it could still be in time; today: the county's day.
    """
    if state == "no_indicator":
        return Late(False, "no_indicator", day)
    if day is None or today <= day:
        return Late(False, "not_past", day)
    if state not in LATE_STATES:
        return Late(False, "fine", day)
    return Late(True, state, day, (today - day).days)


def day_of(deadline: str, due: date | None, period_end: date | None) -> date | None:
    """A target's last day: the earliest of deadline, own due day and period's end."""
    days = [day for day in (_iso(deadline), due, period_end) if day is not None]
    return min(days, default=None)


def _iso(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def due_before(deadline: str, day: date) -> bool:
    """Whether a row is due before the day; one without a day is not."""
    own = _iso(deadline)
    return own is not None and own < day


def due_bucket(deadline: str, today: date) -> str:
    """When a row is due, for the filter: past, month, quarter, later, none."""
    day = _iso(deadline)
    if day is None:
        return "none"
    left = (day - today).days
    if left < 0:
        return "past"
    if left <= MONTH_DAYS:
        return "month"
    return "quarter" if left <= QUARTER_DAYS else "later"
