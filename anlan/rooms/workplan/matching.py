"""Which unit of the county a document means: candidates with their reason. Pure.

Flows in: a name as a document writes it and the units that the county has. Flows out: at most
`CANDIDATES_MAX` proposals, best first. Nothing is matched by itself: a person settles it once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

CANDIDATES_MAX = 5
LEAST_SCORE = 0.6
NAME_CHARS_MAX = 60
LONG_ENDS = (("委员会", "委"), ("办公室", "办"), ("管理局", "局"))
PLACE = re.compile(r"^[^县区市州旗]{1,6}(?=[县区市州旗])")
TOWNSHIPS = re.compile(
    r"^(?:全[县区市])?各?(?:乡镇|镇乡|镇街|街镇|乡|镇)(?:街道|街|乡镇)*(?:办事处|政府)?$"
)
MARKS = re.compile(r"[\s（）()、,，/·及和与]")


@dataclass(frozen=True, slots=True)
class Known:
    """A unit or collective of the county with the names that it bears on the plan's day."""

    id: int
    name: str
    kind: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that may be meant. reason: alias, written, short, place, near or collective."""

    id: int
    name: str
    score: float
    reason: str
    distance: int = 0

    def as_dict(self) -> dict[str, object]:
        return {"id": self.id, "name": self.name, "reason": self.reason, "distance": self.distance}


def exact(written: str, known: Iterable[Known]) -> int | None:
    """The unit that bears exactly this name or alias; a name comes before an alias."""
    own = list(known)
    for unit in own:
        if unit.name == written:
            return unit.id
    return next((unit.id for unit in own if written in unit.aliases), None)


def candidates(written: str, alias: str, kind: str, known: Iterable[Known]) -> list[Candidate]:
    """Units of the same kind that may be meant; alias: what stands in brackets after the name."""
    found: list[Candidate] = []
    for unit in known:
        if unit.kind != kind:
            continue
        names = (unit.name, *unit.aliases)
        scored = [_scored(written, name) for name in names]
        if alias:
            scored += [(0.95, "alias", 0) for name in names if name == alias]
        score, reason, distance = max(scored, default=(0.0, "", 0))
        if score >= LEAST_SCORE:
            found.append(Candidate(unit.id, unit.name, score, reason, distance))
    return sorted(found, key=lambda own: (-own.score, own.id))[:CANDIDATES_MAX]


def _scored(written: str, name: str) -> tuple[float, str, int]:
    """(0 to 1, reason, edits) of two names."""
    one, two = plain(written), plain(name)
    if not one or not two:
        return 0.0, "", 0
    if TOWNSHIPS.match(one) and TOWNSHIPS.match(two):
        return 0.98, "collective", 0
    if one == two:
        return 0.97, "written", 0
    bare_one, bare_two = PLACE.sub("", one), PLACE.sub("", two)
    if bare_one == bare_two:
        return 0.96, "place", 0
    short, long = sorted((bare_one, bare_two), key=len)
    if _shortens(short, long):
        return 0.8 + 0.15 * len(short) / len(long), "short", 0
    edits = distance(bare_one, bare_two)
    return 0.85 * (1 - edits / len(long)), "near", edits


def plain(name: str) -> str:
    """The name without width, marks and the long forms of its ending."""
    text = MARKS.sub("", unicodedata.normalize("NFKC", name))[:NAME_CHARS_MAX]
    text = text.replace("各成员单位", "成员单位")
    for long, short in LONG_ENDS:
        if text.endswith(long) and len(text) > len(long) + 2:
            text = text[: -len(long)] + short
    return text


def _shortens(short: str, long: str) -> bool:
    """县发改委 of 县发展改革委: same beginning and end, its characters in the same order."""
    if len(short) < 3 or short[0] != long[0] or short[-1] != long[-1]:
        return False
    rest = iter(long)
    return all(char in rest for char in short)


def distance(one: str, two: str) -> int:
    """Edits (Levenshtein) between two names of at most `NAME_CHARS_MAX` characters."""
    above = list(range(len(two) + 1))
    for y, left in enumerate(one, start=1):
        row = [y]
        for x, right in enumerate(two, start=1):
            row.append(min(above[x] + 1, row[-1] + 1, above[x - 1] + (left != right)))
        above = row
    return above[-1]
