"""Numbers that Word makes itself (一、 （一） 1.): they stand in no run and must be counted."""

from __future__ import annotations

import re
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
CHINESE = {"chineseCounting", "chineseCountingThousand", "ideographTraditional", "taiwaneseCountingThousand",
           "japaneseCounting", "chineseLegalSimplified"}  # fmt: skip
DIGITS = "零一二三四五六七八九"
LEVELS_MAX = 9


class Numbering:
    """Counts the lists of a document in reading order."""

    def __init__(self, numbering: Any, styles: Any):
        self._levels: dict[str, dict[int, tuple[str, str, int]]] = {}
        self._styles: dict[str, tuple[str, int]] = {}
        self._outline: dict[str, int] = {}
        self._counts: dict[str, list[int]] = {}
        if numbering is not None:
            self._read_numbering(numbering)
        if styles is not None:
            self._read_styles(styles)

    def mark(self, paragraph: Any) -> str:
        """The number that stands before the paragraph on paper, or ""."""
        found = self._list_of(paragraph)
        if found is None or found[0] not in self._levels:
            return ""
        number_id, level = found
        kind, pattern, start = self._levels[number_id].get(level, ("", "", 1))
        if not pattern or kind in ("bullet", "none"):
            return ""
        counts = self._counts.setdefault(number_id, [0] * LEVELS_MAX)
        counts[level] = counts[level] + 1 if counts[level] else start
        counts[level + 1 :] = [0] * (LEVELS_MAX - level - 1)
        return re.sub(
            r"%([1-9])", lambda match: self._shown(number_id, int(match.group(1)) - 1), pattern
        )

    def level(self, paragraph: Any) -> int:
        """Depth of a heading; 0 for body text."""
        own = paragraph.find(f"{W}pPr/{W}outlineLvl")
        if own is not None and re.fullmatch(r"[0-8]", own.get(f"{W}val", "")):
            return int(own.get(f"{W}val")) + 1
        style = paragraph.find(f"{W}pPr/{W}pStyle")
        return self._outline.get(style.get(f"{W}val", ""), 0) if style is not None else 0

    def _shown(self, number_id: str, level: int) -> str:
        kind = self._levels[number_id].get(level, ("decimal", "", 1))[0]
        number = self._counts[number_id][level] or 1
        return chinese(number) if kind in CHINESE else str(number)

    def _list_of(self, paragraph: Any) -> tuple[str, int] | None:
        own = paragraph.find(f"{W}pPr/{W}numPr")
        if own is not None:
            number_id, level = own.find(f"{W}numId"), own.find(f"{W}ilvl")
            if number_id is not None:
                return number_id.get(f"{W}val", ""), _small(level)
        style = paragraph.find(f"{W}pPr/{W}pStyle")
        return self._styles.get(style.get(f"{W}val", "")) if style is not None else None

    def _read_numbering(self, root: Any) -> None:
        abstract = {
            own.get(f"{W}abstractNumId"): _levels(own) for own in root.findall(f"{W}abstractNum")
        }
        for own in root.findall(f"{W}num"):
            link = own.find(f"{W}abstractNumId")
            if link is not None:
                self._levels[own.get(f"{W}numId", "")] = abstract.get(link.get(f"{W}val"), {})

    def _read_styles(self, root: Any) -> None:
        for own in root.findall(f"{W}style"):
            name = own.get(f"{W}styleId", "")
            outline = own.find(f"{W}pPr/{W}outlineLvl")
            if outline is not None:
                self._outline[name] = _small(outline) + 1
            number_id = own.find(f"{W}pPr/{W}numPr/{W}numId")
            if number_id is not None:
                level = own.find(f"{W}pPr/{W}numPr/{W}ilvl")
                self._styles[name] = (number_id.get(f"{W}val", ""), _small(level))


def _levels(abstract: Any) -> dict[int, tuple[str, str, int]]:
    found = {}
    for own in abstract.findall(f"{W}lvl"):
        number = own.get(f"{W}ilvl", "")
        if re.fullmatch(r"[0-8]", number):
            kind, text, start = (own.find(f"{W}{tag}") for tag in ("numFmt", "lvlText", "start"))
            found[int(number)] = (
                kind.get(f"{W}val", "") if kind is not None else "decimal",
                text.get(f"{W}val", "") if text is not None else "",
                _small(start, 1, 9999),
            )
    return found


def _small(element: Any, otherwise: int = 0, limit: int = 8) -> int:
    text = element.get(f"{W}val", "") if element is not None else ""
    return min(int(text), limit) if re.fullmatch(r"\d{1,4}", text) else otherwise


def chinese(number: int) -> str:
    """24 → 二十四, up to 99; beyond that figures."""
    if number >= 100 or number < 0:
        return str(number)
    tens, ones = divmod(number, 10)
    if not tens:
        return DIGITS[ones]
    return ("" if tens == 1 else DIGITS[tens]) + "十" + (DIGITS[ones] if ones else "")
