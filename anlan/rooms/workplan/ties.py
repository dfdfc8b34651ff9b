"""Which row of a plan an indicator answers: by what both say, never by a number alone. Pure.

Flows in: what packs say of a row (address, name, a few words of its promise), the rows of a plan,
what persons decided before. Flows out: a match for each promise. Its rule:

- a row **agrees** when its name is the promise's name (`NAME_AGREES`, both without width, spaces
  and marks) and its words hold the promise's words (`WORDS_AGREE`);
- one row that agrees is taken; of several, the one at the pack's address; else none is;
- what is only alike (`LEAST_LIKENESS`) is proposed, and a person decides once;
- a decision holds for the plan's year, and in any year for a row that says the very same.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from anlan.rooms.workplan.board_decisions import bare, row_keys

NAME_AGREES = 0.85
WORDS_AGREE = 0.8
LEAST_LIKENESS = 0.5
CANDIDATES_MAX = 5


@dataclass(frozen=True, slots=True)
class Promise:
    """A row as a pack knows it. address: `4/40`; says: words of the row's own promise."""

    indicator: str
    label: str
    address: str
    name: str
    says: str

    @property
    def key(self) -> str:
        """The same as long as the pack says the same of the row, wherever it stands."""
        return hashlib.sha256(f"{self.name}\n{self.says}".encode()).hexdigest()[:48]


@dataclass(frozen=True, slots=True)
class RowSaid:
    """A row of a plan with its name and words."""

    id: int
    table: int
    row: int
    name: str
    text: str

    @property
    def number(self) -> str:
        """4/40."""
        return f"{self.table}/{self.row}"


@dataclass(frozen=True, slots=True)
class Decided:
    """What a person said of a promise: the row that says this, or none (empty) of that year."""

    indicator: str
    promise: str
    year: int | None
    row_key: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that may be meant. likeness: 0 to 1; at_address: it stands where the pack says."""

    row: RowSaid
    likeness: float
    at_address: bool


@dataclass(frozen=True, slots=True)
class Match:
    """how: agrees, decided, refused (a person said that no row is meant), proposed or nowhere."""

    promise: Promise
    how: str
    row: RowSaid | None = None
    candidates: tuple[Candidate, ...] = ()


def keys(rows: Sequence[RowSaid]) -> list[str]:
    """What each row says, in 64 characters at most: survives a new number, not a new meaning."""
    return row_keys((_even(row.name), _even(row.text), ()) for row in rows)


def matches(
    promises: Sequence[Promise], rows: Sequence[RowSaid], decided: Sequence[Decided],
    year: int | None,
) -> list[Match]:  # fmt: skip
    """One for each promise, in their order. decided: the oldest first."""
    by_key = dict(zip(keys(rows), rows, strict=True))
    said = [(row, _pairs(row.name), _pairs(row.name + row.text)) for row in rows]
    return [_match(promise, said, by_key, decided, year) for promise in promises]


Said = tuple[RowSaid, set[str], set[str]]


def _match(
    promise: Promise, said: Sequence[Said], by_key: dict[str, RowSaid],
    decided: Sequence[Decided], year: int | None,
) -> Match:  # fmt: skip
    for own in reversed(decided):
        if (own.indicator, own.promise) != (promise.indicator, promise.key):
            continue
        if own.row_key in by_key:
            return Match(promise, "decided", by_key[own.row_key])
        if not own.row_key and own.year == year:
            return Match(promise, "refused")
    name, words = _pairs(promise.name), _pairs(promise.says)
    scored = [(row, _dice(name, named), _share(words, all_words))
              for row, named, all_words in said]  # fmt: skip
    agreeing = [row for row, like, share in scored if like >= NAME_AGREES and share >= WORDS_AGREE]
    if len(agreeing) > 1:
        agreeing = [row for row in agreeing if row.number == promise.address]
    if agreeing:
        return Match(promise, "agrees", agreeing[0])
    alike = [
        Candidate(row, round((like + share) / 2, 3), row.number == promise.address)
        for row, like, share in scored if (like + share) / 2 >= LEAST_LIKENESS
    ]  # fmt: skip
    alike.sort(key=lambda one: (-one.likeness, not one.at_address, one.row.table, one.row.row))
    how = "proposed" if alike else "nowhere"
    return Match(promise, how, None, tuple(alike[:CANDIDATES_MAX]))


def _even(text: str) -> str:
    return bare(unicodedata.normalize("NFKC", text))


def _pairs(text: str) -> set[str]:
    plain = _even(text)
    return {plain[at : at + 2] for at in range(len(plain) - 1)} or set(plain)


def _dice(one: set[str], two: set[str]) -> float:
    return 2 * len(one & two) / ((len(one) + len(two)) or 1)


def _share(part: set[str], whole: set[str]) -> float:
    return len(part & whole) / len(part) if part else 0.0
