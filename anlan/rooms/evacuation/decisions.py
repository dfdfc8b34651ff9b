"""Headcounts that add up, and the SMS that carries one. Pure.

应转 to move = 已安置 at a shelter + 投亲 with relatives + 自行离开 gone elsewhere
+ 未转 still there;
未转 = refused + missing + not yet. 已转 moved = the first three.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import Enum

from anlan.rooms.warning.decisions import number

PEOPLE_MAX = 100_000
MOVED_WORDS = ("已转移", "转移", "已转", "转")
LEFT_WORDS = ("还剩余", "剩余", "还剩", "剩下", "未转移", "未转", "剩")
GRADES = ("red", "orange", "yellow", "blue")
FILLERS = " ,，。.;；、:：人名个已还\t\r\n"


@dataclass(frozen=True, slots=True)
class Figures:
    """People of one zone, a village, a township or the county."""

    to_move: int = 0
    sheltered: int = 0
    relatives: int = 0
    elsewhere: int = 0
    refused: int = 0
    missing: int = 0
    not_yet: int = 0

    @property
    def moved(self) -> int:
        return self.sheltered + self.relatives + self.elsewhere

    @property
    def still_there(self) -> int:
        return self.refused + self.missing + self.not_yet

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


def total(many: Iterable[Figures]) -> Figures:
    """The sum, which adds up where its parts do."""
    return sum(many, Figures())


def highest(grades: Iterable[str]) -> str:
    """The highest of the grades of warnings; "" where none of them is a grade."""
    known = [GRADES.index(grade) for grade in grades if grade in GRADES]
    return GRADES[min(known)] if known else ""


class Fault(Enum):
    """Why a headcount is not taken."""

    NEGATIVE = "negative"
    TOO_MANY = "too-many"
    DOES_NOT_ADD_UP = "does-not-add-up"


@dataclass(frozen=True, slots=True)
class Verdict:
    """None where the figures hold; else the fault and by how many people it is off."""

    fault: Fault | None
    off_by: int


def adds_up(figures: Figures) -> Verdict:
    """Whether every person to move stands exactly once."""
    own = [getattr(figures, f.name) for f in fields(figures)]
    if min(own) < 0:
        return Verdict(Fault.NEGATIVE, min(own))
    if max(own) > PEOPLE_MAX:
        return Verdict(Fault.TOO_MANY, max(own))
    off = figures.moved + figures.still_there - figures.to_move
    return Verdict(Fault.DOES_NOT_ADD_UP if off else None, off)


@dataclass(frozen=True, slots=True)
class ReadCount:
    """What an SMS says: moved and left; None for what it does not say."""

    moved: int | None
    left: int | None


def read_headcount(text: str) -> ReadCount | None:
    """`转移37 剩2`, in any order, spacing and width, in digits or characters; else None.

    A message that holds anything beside these words, twice the same word, or no number, is not
    read: it goes to the desk.
    """
    rest = unicodedata.normalize("NFKC", text).strip(FILLERS)
    found: dict[str, int] = {}
    while rest:
        word = next((w for w in (*LEFT_WORDS, *MOVED_WORDS) if rest.startswith(w)), None)
        if word is None:
            return None
        rest = rest[len(word) :].lstrip(FILLERS)
        digits = _leading_number(rest)
        value = number(digits) if digits else None
        name = "left" if word in LEFT_WORDS else "moved"
        if value is None or name in found or value > PEOPLE_MAX:
            return None
        found[name] = value
        rest = rest[len(digits) :].lstrip(FILLERS)
    return ReadCount(found.get("moved"), found.get("left")) if found else None


def _leading_number(text: str) -> str:
    length = 0
    while length < len(text) and (
        text[length].isdigit() or text[length] in "零一二两三四五六七八九十百千万〇"
    ):
        length += 1
    return text[:length]


def from_sms(said: ReadCount, before: Figures) -> Figures | None:
    """A zone's figures after an SMS; None where it contradicts how many are to move.

    An SMS does not say where people went: those beyond the places already known count as
    sheltered, those left as not yet, both to be told apart on the page.
    """
    moved = said.moved if said.moved is not None else before.to_move - (said.left or 0)
    left = said.left if said.left is not None else before.to_move - moved
    if moved + left != before.to_move or moved < 0 or left < 0:
        return None
    relatives = min(before.relatives, moved)
    elsewhere = min(before.elsewhere, moved - relatives)
    refused = min(before.refused, left)
    missing = min(before.missing, left - refused)
    return Figures(
        before.to_move, moved - relatives - elsewhere, relatives, elsewhere, refused, missing,
        left - refused - missing,
    )  # fmt: skip
