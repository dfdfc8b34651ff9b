"""Who answers for a row: names, aliases in brackets, collectives, and an open end (等)."""

from __future__ import annotations

from dataclasses import asdict, dataclass

STOPS = "、，,；;"
COLLECTIVE_MARKS = (
    "各乡镇",
    "各镇",
    "各街道",
    "成员单位",
    "各部门",
    "各有关",
    "有关部门",
    "行业部门",
    "各级",
    "各单位",
    "有关单位",
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as written. kind: unit, collective or open."""

    name: str
    alias: str
    kind: str
    lead: bool

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def units(text: str) -> tuple[list[Unit], list[str]]:
    """(units, doubt codes). The first is proposed as the lead unless it is a collective."""
    names = _split(text.strip().rstrip("。"))
    found: list[Unit] = []
    doubts: list[str] = []
    for name, alias, open_end in names:
        collective = any(mark in name for mark in COLLECTIVE_MARKS)
        if name:
            if any(own.name == name for own in found):
                doubts.append("unit-twice")
            kind = "collective" if collective else "unit"
            found.append(Unit(name, alias, kind, not found and not collective))
        if open_end:
            found.append(Unit("等", "", "open", False))
    if found and not found[0].lead:
        doubts.append("no-lead")
    return found, doubts


def _split(text: str) -> list[tuple[str, str, bool]]:
    """(name, alias, whether 等 follows), cut at stops outside brackets."""
    parts, depth, current = [], 0, ""
    for char in text:
        depth += (char in "（(") - (char in "）)")
        if char in STOPS and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += char
    return [_one(part.strip()) for part in [*parts, current] if part.strip()]


def _one(part: str) -> tuple[str, str, bool]:
    open_end = part.endswith("等") and len(part) > 1
    name = part[:-1] if open_end else part
    if name.startswith("各"):
        return name, "", open_end
    for opening, closing in (("（", "）"), ("(", ")")):
        if name.endswith(closing) and opening in name:
            bare, _open, alias = name[:-1].partition(opening)
            return bare, alias, open_end
    return name, "", open_end
