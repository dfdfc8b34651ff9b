"""Tables whose cells stand one a line, behind a tab or not.

Flows in: lines from a header word on. Flows out: rows with their header, and the line after them.
Groups between blank lines are rows where they are as long as the header; else rows begin at the
next number, and each cell falls to the column where it reads best.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from anlan.rooms.workplan.reader.deadlines import looks_like_deadline
from anlan.rooms.workplan.reader.formats.header import HEADER_TOKENS_MAX, NOTE, ends, is_header
from anlan.rooms.workplan.reader.headwords import CORE, role_of
from anlan.rooms.workplan.reader.numerals import ordinal
from anlan.rooms.workplan.reader.units import looks_like_units


@dataclass(slots=True)
class _Token:
    text: str
    line: int
    blank_before: bool
    tabbed: bool


def cell_lines(lines: list[str], at: int) -> tuple[list[list[str]], int] | None:
    """Header words one a line, then the cells of each row in the same order."""
    if not lines[at].strip() or role_of(lines[at]) not in CORE:
        return None
    header = _header_lines(lines, at)
    if header is None:
        return None
    tokens, end = _tokens(lines, at + len(header))
    rows = _by_groups(tokens, header) or _by_anchors(tokens, header)
    return ([header, *rows], end) if rows else None


def _header_lines(lines: list[str], at: int) -> list[str] | None:
    words: list[str] = []
    for line in lines[at : at + HEADER_TOKENS_MAX]:
        text = line.strip()
        if not text or len(text) > 20 or role_of(text) is None or ordinal(text) is not None:
            break
        if re.sub(r"\s", "", text) in words:
            break
        words.append(re.sub(r"\s", "", text))
    return words if is_header(words) else None


def _tokens(lines: list[str], at: int) -> tuple[list[_Token], int]:
    """Cells up to the next heading, header, or running text."""
    tabbed = any(line.startswith("\t") for line in lines[at : at + 12])
    tokens: list[_Token] = []
    blank = True
    while at < len(lines):
        line = lines[at]
        if tabbed and not line.startswith("\t") and line.strip():
            break
        if not line.strip() and not (tabbed and line.startswith("\t")):
            blank = True
            at += 1
            continue
        if not tabbed and (ends(line) or NOTE.match(line)):
            break
        if role_of(line) in CORE and _header_lines(lines, at) is not None:
            break
        tokens.append(_Token(line.strip(), at, blank, tabbed))
        blank = False
        at += 1
    return tokens, at


def _by_groups(tokens: list[_Token], header: list[str]) -> list[list[str]] | None:
    """Groups between blank lines, each as long as the header."""
    width = len(header)
    groups: list[list[str]] = []
    for token in tokens:
        if token.blank_before or not groups:
            groups.append([])
        groups[-1].append(token.text)
    if not groups:
        return None
    if all(len(group) == width for group in groups):
        return groups
    whole = [group[at : at + width] for group in groups for at in range(0, len(group), width)]
    if all(len(group) % width == 0 for group in groups) and all(row[0] for row in whole):
        return whole
    return None


def _by_anchors(tokens: list[_Token], header: list[str]) -> list[list[str]]:
    """Rows begin where the next number stands; the cells between fall to the columns they fit."""
    roles = [role_of(word) or "task" for word in header]
    if "number" not in roles:
        return _by_width(tokens, len(header))
    starts = _anchors([token.text for token in tokens])
    if not starts:
        return _by_width(tokens, len(header))
    rows = []
    for at, start in enumerate(starts):
        end = starts[at + 1] if at + 1 < len(starts) else len(tokens)
        rows.append(fit([token.text for token in tokens[start:end]], roles))
    return rows


def _by_width(tokens: list[_Token], width: int) -> list[list[str]]:
    texts = [token.text for token in tokens]
    return [texts[at : at + width] for at in range(0, len(texts), width)]


def _anchors(texts: list[str]) -> list[int]:
    """Places of 1, 2, 3 … in order; a figure that is not the next number is a cell."""
    places: list[int] = []
    expected = 1
    for at, text in enumerate(texts):
        if re.fullmatch(r"\d{1,3}[.、．]?", text) and ordinal(text) == expected:
            places.append(at)
            expected += 1
    return places


def fit(tokens: list[str], roles: list[str]) -> list[str]:
    """Tokens in order onto columns in order, each where it reads best; several may share one."""
    rows, width = len(tokens), len(roles)
    if rows == width:
        return tokens
    worst = float("-inf")
    best = [[worst] * (width + 1) for _ in range(rows + 1)]
    back = [[0] * (width + 1) for _ in range(rows + 1)]
    best[0] = [0.0] * (width + 1)
    for i in range(1, rows + 1):
        for j in range(1, width + 1):
            own = _suits(tokens[i - 1], roles[j - 1])
            fresh, more = best[i - 1][j - 1] + own, best[i - 1][j] + own - 0.6
            options = [(fresh, 1), (more, 2), (best[i][j - 1], 3)]
            best[i][j], back[i][j] = max(options)
    cells: list[list[str]] = [[] for _ in roles]
    i, j = rows, width
    while i > 0 and j > 0:
        step = back[i][j]
        if step == 3:
            j -= 1
            continue
        cells[j - 1].insert(0, tokens[i - 1])
        i, j = i - 1, j - (1 if step == 1 else 0)
    return ["\n".join(own) for own in cells]


def _suits(token: str, role: str) -> float:
    bare = token.strip()
    if not bare:
        return 0.1
    unit = looks_like_units(bare)
    if role == "number":
        return 3.0 if ordinal(bare) is not None else -4.0
    if role in ("units", "lead", "support"):
        return 3.0 * unit if unit else -1.5
    if role == "deadline":
        return 3.0 if looks_like_deadline(bare) else -1.5
    if role == "measure":
        return 1.5 if len(bare) <= 4 else -2.0
    if role in ("note", "unused"):
        return 0.3 if unit < 0.5 else -0.5
    size = len(bare)
    if role in ("text",):
        return (1.2 if size > 12 or re.search(r"[%。，；\d]", bare) else 0.8) - 2.0 * (
            unit >= 0.9 and size > 3
        )
    return (1.0 if size <= 24 else 0.4) - 2.0 * (unit >= 0.9 and size > 3)
