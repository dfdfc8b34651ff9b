"""What is different between two versions of the plan: by row, by field, by unit. Pure.

Flows in: the rows of both. Flows out: pairs of rows (same, changed, moved, new, gone), each change
with before and after, and what changed for whom.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LEAST_LIKENESS = 0.5
ELSEWHERE = 0.8
COMPARED_MAX = 250_000
Grams = tuple[set[str], set[str]]


@dataclass(frozen=True, slots=True)
class RowFacts:
    """A row as it is compared. units: (name, leads) in the order written."""

    id: int
    table: int
    table_title: str
    row: int
    name: str
    text: str
    units: tuple[tuple[str, bool], ...]
    quantities: tuple[str, ...]
    deadline: str

    @property
    def of_table(self) -> str:
        return self.table_title or str(self.table)


@dataclass(frozen=True, slots=True)
class Pair:
    """One row in both versions, or in one of them. changes: (field, before, after)."""

    before: RowFacts | None
    after: RowFacts | None
    changes: tuple[tuple[str, str, str], ...] = ()

    @property
    def how(self) -> str:
        """new, gone, changed, moved (only its number) or same."""
        if self.before is None:
            return "new"
        if self.after is None:
            return "gone"
        if self.changes:
            return "changed"
        here, there = self.after, self.before
        return "same" if (here.of_table, here.row) == (there.of_table, there.row) else "moved"

    @property
    def row(self) -> RowFacts:
        found = self.after or self.before
        assert found is not None
        return found


@dataclass(slots=True)
class ForUnit:
    """What a version changes for one unit."""

    name: str
    gained: list[Pair] = field(default_factory=list)
    lost: list[Pair] = field(default_factory=list)
    leads: list[Pair] = field(default_factory=list)
    led: list[Pair] = field(default_factory=list)
    changed: list[Pair] = field(default_factory=list)


def pairs(before: Sequence[RowFacts], after: Sequence[RowFacts]) -> list[Pair]:
    """Every row of both, in the order of the newer version, what is gone at the end."""
    partner = _partners(before, after)
    found = [Pair(old, new, _changes(old, new)) if (old := partner.get(new.id)) else Pair(None, new)
             for new in after]  # fmt: skip
    kept = {old.id for old in partner.values()}
    return found + [Pair(old, None) for old in before if old.id not in kept]


def _partners(before: Sequence[RowFacts], after: Sequence[RowFacts]) -> dict[int, RowFacts]:
    """Id of the newer row → the older one: exact first, then by place, then by likeness."""
    found: dict[int, RowFacts] = {}
    left_old, left_new = list(before), list(after)
    keys: tuple[Callable[[RowFacts], tuple[Any, ...]], ...] = (
        lambda r: (r.of_table, r.row, r.name, r.text),
        lambda r: (r.of_table, r.name, r.text),
        lambda r: (r.name, r.text),
        lambda r: (r.of_table, r.row, r.name),
    )
    for key in keys:
        by_key: dict[tuple[Any, ...], list[RowFacts]] = defaultdict(list)
        for old in left_old:
            by_key[key(old)].append(old)
        for new in left_new:
            if by_key[key(new)]:
                found[new.id] = by_key[key(new)].pop(0)
        left_old, left_new = _left(left_old, left_new, found)
    if len(left_old) * len(left_new) <= COMPARED_MAX:
        found |= _alike(left_old, left_new)
    return found


def _left(
    old: list[RowFacts], new: list[RowFacts], found: Mapping[int, RowFacts]
) -> tuple[list[RowFacts], list[RowFacts]]:
    taken = {row.id for row in found.values()}
    return [row for row in old if row.id not in taken], [row for row in new if row.id not in found]


def _alike(before: list[RowFacts], after: list[RowFacts]) -> dict[int, RowFacts]:
    """The likest pairs first; a row is used once."""
    grams = {row.id: _grams(row) for row in before} | {-row.id: _grams(row) for row in after}
    scored = sorted(
        ((score, -abs(old.row - new.row), new, old) for old in before for new in after
         if (score := likeness(old, new, grams[old.id], grams[-new.id])) >= LEAST_LIKENESS),
        key=lambda own: (own[0], own[1]), reverse=True,
    )  # fmt: skip
    found: dict[int, RowFacts] = {}
    used: set[int] = set()
    for _score, _near, new, old in scored:
        if new.id not in found and old.id not in used:
            found[new.id] = old
            used.add(old.id)
    return found


def likeness(
    old: RowFacts, new: RowFacts, grams_old: Grams | None = None, grams_new: Grams | None = None
) -> float:
    """0 to 1: half for the name, half for the text; less where the table is another one."""
    one, two = grams_old or _grams(old), grams_new or _grams(new)
    own = sum(_shared(a, b) for a, b in zip(one, two, strict=True)) / 2
    return own * (1.0 if old.of_table == new.of_table else ELSEWHERE)


def _shared(one: set[str], two: set[str]) -> float:
    """Pairs of characters in both, of all: 0 to 1 (Dice)."""
    return 2 * len(one & two) / ((len(one) + len(two)) or 1)


def _grams(row: RowFacts) -> Grams:
    """Pairs of characters of the name and of the text."""
    name, text = row.name or row.text, row.text or row.name
    return {name[at : at + 2] for at in range(len(name))}, {
        text[at : at + 2] for at in range(len(text))
    }


def _changes(old: RowFacts, new: RowFacts) -> tuple[tuple[str, str, str], ...]:
    told = (
        ("name", old.name, new.name),
        ("text", old.text, new.text),
        ("units", "、".join(sorted(n for n, _lead in old.units)),
         "、".join(sorted(n for n, _lead in new.units))),
        ("lead", _leads(old), _leads(new)),
        ("quantities", "；".join(old.quantities), "；".join(new.quantities)),
        ("deadline", old.deadline, new.deadline),
    )  # fmt: skip
    return tuple(own for own in told if own[1] != own[2])


def _leads(row: RowFacts) -> str:
    return "、".join(name for name, lead in row.units if lead)


def by_unit(found: Sequence[Pair]) -> list[ForUnit]:
    """What changed for whom, most first; units for which nothing changed are left out."""
    told: dict[str, ForUnit] = {}

    def of(name: str) -> ForUnit:
        return told.setdefault(name, ForUnit(name))

    for pair in found:
        if pair.how in ("same", "moved"):
            continue
        old = dict(pair.before.units) if pair.before else {}
        new = dict(pair.after.units) if pair.after else {}
        for name in new.keys() - old.keys():
            of(name).gained.append(pair)
        for name in old.keys() - new.keys():
            of(name).lost.append(pair)
        for name in new.keys() & old.keys():
            _both(of, name, old[name], new[name], pair)
    order = sorted(told.values(), key=lambda own: (-_weight(own), own.name))
    return [own for own in order if _weight(own)]


def _both(of: Callable[[str], ForUnit], name: str, led: bool, leads: bool, pair: Pair) -> None:
    if leads and not led:
        of(name).leads.append(pair)
    if led and not leads:
        of(name).led.append(pair)
    if any(field in ("name", "text", "quantities", "deadline") for field, _b, _a in pair.changes):
        of(name).changed.append(pair)


def _weight(own: ForUnit) -> int:
    return sum(len(part) for part in (own.gained, own.lost, own.leads, own.led, own.changed))
