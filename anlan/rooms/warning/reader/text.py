"""A text as it is read: plain characters at the places of the original, and the doubts found. Pure.

What is not meant (advice, clauses about an earlier signal, another item of the same text) is
blanked by spaces of the same length, so that every place stays that of the original.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from anlan.rooms.warning.reader.words import DIGITS


class Act(Enum):
    """What the bulletin does with a signal."""

    ISSUE = "issue"
    CHANGE = "change"
    LIFT = "lift"


@dataclass(frozen=True, slots=True)
class Doubt:
    """What the reader is not sure of. start, end: its place in the text (equal: nowhere)."""

    code: str
    start: int
    end: int
    seen: str
    message: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a bulletin says. None or empty where it does not say it, or says it twice.

    what: signal, lift, briefing, risk, flood, correction, exercise or none. left_out: townships
    that the whole county is without. replaces: the grade that a change puts out of force.
    valid_hours, rain_expected_mm: [low, high], high None for 以上; valid_from: UTC.
    """

    act: Act | None
    kind: str
    kind_label: str
    grade: str
    issuer: str
    issued_at: datetime | None
    areas: tuple[int, ...]
    whole_county: bool
    forecast_hours: int | None
    observed: str
    doubts: tuple[Doubt, ...]
    what: str = ""
    left_out: tuple[int, ...] = ()
    replaces: str = ""
    valid_from: datetime | None = None
    valid_hours: tuple[float, float] | None = None
    rain_fallen_mm: float | None = None
    rain_expected_mm: tuple[float, float | None] | None = None


@dataclass(slots=True)
class Text:
    """The text with its doubts as they are found. plain has the length of the original."""

    original: str
    plain: str
    doubts: list[Doubt] = field(default_factory=list)

    def doubt(self, code: str, message: str, start: int = 0, end: int = 0) -> None:
        self.doubts.append(Doubt(code, start, end, self.original[start:end], message))


def normalise(text: str) -> str:
    """Full-width digits and letters as plain ones, character by character, so places stay."""
    return "".join(_one(char) for char in text)


def _one(char: str) -> str:
    if char == "\n":
        return char
    if unicodedata.category(char)[0] == "C":
        return " "
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 and char not in "：，。；ⅠⅡⅢⅣ" else char


def blanked(plain: str, start: int, end: int) -> str:
    """The text with a stretch turned into spaces, length for length."""
    return plain[:start] + " " * (end - start) + plain[end:]


def find_all(plain: str, names: Sequence[str]) -> list[tuple[int, str]]:
    """Where names stand, longest first at each place, without one inside another."""
    found, at = [], 0
    ordered = sorted(names, key=len, reverse=True)
    while at < len(plain):
        name = next((name for name in ordered if plain.startswith(name, at)), None)
        if name is None:
            at += 1
            continue
        found.append((at, name))
        at += len(name)
    return found


def number(text: str) -> int | None:
    """37, 三十七, 十二: a whole number under a hundred thousand in digits or characters."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain.isascii() and plain.isdigit():
        return int(plain) if len(plain) <= 6 else None
    total, current = 0, 0
    steps = {"十": 10, "百": 100, "千": 1000, "万": 10000}
    if not plain or any(char not in DIGITS and char not in steps for char in plain):
        return None
    for char in plain:
        if char in DIGITS:
            current = DIGITS[char]
            continue
        total = (total + current) * 10000 if char == "万" else total + (current or 1) * steps[char]
        current = 0
    return total + current
