"""Tables of a PDF without upright lines: columns that only stand apart.

Flows in: text lines of a page from the top down. Flows out: the header, and cells by where their
characters stand: between two header words runs a white lane that no character crosses.
"""

from __future__ import annotations

import re
from itertools import pairwise

from anlan.rooms.workplan.reader.formats.header import NOTE, is_header
from anlan.rooms.workplan.reader.formats.lines import Char, TextLine
from anlan.rooms.workplan.reader.headwords import role_of

GAP_EM = 1.0
LANE_STEP = 1.0


def table_at(lines: list[TextLine], at: int) -> tuple[list[list[str]], int] | None:
    """(rows with their header, the line after the table) where a header of columns begins."""
    words = pieces(lines[at])
    if not is_header([text for text, _left, _right in words]):
        return None
    end = _end(lines, at + 1)
    body = lines[at + 1 : end]
    if not body:
        return None
    lanes = _lanes(words, [char for line in lines[at:end] for char in line.chars])
    header = [text for text, _left, _right in words]
    cut = [_cells(line, lanes, len(words)) for line in body]
    return [header, *_rows(body, cut, header)], end


def pieces(line: TextLine) -> list[tuple[str, float, float]]:
    """(text, left, right) of what stands together."""
    groups: list[list[Char]] = [[line.chars[0]]]
    for left, right in pairwise(line.chars):
        if right.left - left.right > GAP_EM * line.em:
            groups.append([])
        groups[-1].append(right)
    return [("".join(c.text for c in own), own[0].left, own[-1].right) for own in groups]


def _end(lines: list[TextLine], at: int) -> int:
    """Up to a heading, a note, or the next header."""
    while at < len(lines):
        text = lines[at].text()
        alone = len(pieces(lines[at])) == 1
        heading = re.match(
            r"[一二三四五六七八九十]+、|附\s*[件表]|[（(][一二三四五六七八九十]+[）)]", text
        )
        if (
            NOTE.match(text)
            or (alone and heading)
            or is_header([own[0] for own in pieces(lines[at])])
        ):
            break
        at += 1
    return at


def _lanes(words: list[tuple[str, float, float]], chars: list[Char]) -> list[float]:
    """The middle of the widest white lane between each pair of header words."""
    lanes = []
    for (_a, left, _r), (_b, _left, right) in pairwise(words):
        best, run, x = (0.0, (left + right) / 2), 0.0, left
        while x < right:
            free = not any(char.left - 0.2 < x < char.right + 0.2 for char in chars)
            run = run + LANE_STEP if free else 0.0
            if run > best[0]:
                best = (run, x - run / 2)
            x += LANE_STEP
        lanes.append(best[1])
    return lanes


def _cells(line: TextLine, lanes: list[float], width: int) -> list[str]:
    cells = [""] * width
    for char in line.chars:
        cells[sum(char.middle[0] > lane for lane in lanes)] += char.text
    return cells


def _rows(body: list[TextLine], cut: list[list[str]], header: list[str]) -> list[list[str]]:
    """Lines fall to the rows whose number is above them, or nearest where numbers stand in the middle."""
    roles = [role_of(word) for word in header]
    column = roles.index("number") if "number" in roles else None
    if column is not None and any(re.fullmatch(r"\d{1,3}", own[column]) for own in cut):
        marks = [at for at, own in enumerate(cut) if own[column].strip()]
        owner = _owners(body, marks)
    else:
        owner = _by_gaps(body)
    rows: dict[int, list[str]] = {}
    for at, own in enumerate(cut):
        row = rows.setdefault(owner[at], [""] * len(header))
        for x, text in enumerate(own):
            row[x] += text
    return [rows[key] for key in sorted(rows)]


def _owners(body: list[TextLine], marks: list[int]) -> list[int]:
    top = marks[0] == 0
    owners = []
    for at, line in enumerate(body):
        if top:
            owners.append(max((own for own in range(len(marks)) if marks[own] <= at), default=0))
        else:
            owners.append(min(range(len(marks)), key=lambda own: abs(body[marks[own]].y - line.y)))
    return owners


def _by_gaps(body: list[TextLine]) -> list[int]:
    """A wider gap begins a row; where all gaps are alike, every line is one."""
    gaps = [above.y - below.y for above, below in pairwise(body)]
    narrow, wide = min(gaps, default=0.0), max(gaps, default=0.0)
    owners, row = [0], 0
    for gap in gaps:
        row += gap > (narrow + wide) / 2 or wide < 1.2 * narrow
        owners.append(row)
    return owners[: len(body)]
