"""Flattened text: what a page gives when it is copied or saved as text.

A table arrives as cells one a line (behind a tab or not), as a line a row with tabs, commas or
bars, or as columns set apart by spaces. The header tells which, and how many columns there are.
"""

from __future__ import annotations

import csv
import re

from anlan.rooms.workplan.reader.blocks import Document, Grid, Paragraph, grid_of
from anlan.rooms.workplan.reader.formats.cell_lines import cell_lines
from anlan.rooms.workplan.reader.formats.header import END, NOTE, is_header
from anlan.rooms.workplan.reader.formats.spaced import spaced
from anlan.rooms.workplan.reader.limits import LINE_CHARS_MAX, LINES_MAX, PlanRefused

ENCODINGS = ("utf-8-sig", "gb18030", "utf-16")


def read(content: bytes, name: str) -> Document:
    """The document of a text in UTF-8, GBK or UTF-16."""
    text = decode(content, name)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > LINES_MAX:
        raise PlanRefused("too-long", f"超过 {LINES_MAX} 行", name, "请只保留工作要点正文和附表")
    longest = max(range(len(lines)), key=lambda at: len(lines[at]))
    if len(lines[longest]) > LINE_CHARS_MAX:
        raise PlanRefused("line-too-long", f"一行超过 {LINE_CHARS_MAX} 字", f"{name}，第 {longest + 1} 行",
                          "请重新导出，保留换行")  # fmt: skip
    return of_lines(lines)


def decode(content: bytes, name: str) -> str:
    """The text; PlanRefused where it is none."""
    marks = (b"\xff\xfe", b"\xfe\xff")
    if content.startswith(marks) and len(content) % 2 == 0:
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError:
            pass
    if b"\0" in content:
        at = content.index(b"\0")
        raise PlanRefused("binary", "文件里有空字符，不是文本", f"{name}，第 {at + 1} 个字节",
                          "请打开原文件，另存为 DOCX 或 UTF-8 文本")  # fmt: skip
    for encoding in ENCODINGS[:2]:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise PlanRefused("encoding", "既不是 UTF-8 也不是 GBK", name, "请另存为 UTF-8 文本")


def of_lines(lines: list[str], place: str = "第 {} 行") -> Document:
    """Blocks of lines; where a header begins, its table is read to its end."""
    document = Document()
    at = 0
    while at < len(lines):
        taken = _table(lines, at, place)
        if taken is None:
            text = lines[at].strip()
            if text:
                document.blocks.append(Paragraph(text, 0, place.format(at + 1)))
            at += 1
        else:
            grid, at = taken
            document.blocks.append(grid)
    return document


def _table(lines: list[str], at: int, place: str) -> tuple[Grid, int] | None:
    for reader in (_separated, cell_lines, spaced):
        taken = reader(lines, at)
        if taken is not None:
            rows, end = taken
            return grid_of(rows, place.format(at + 1)), end
    return None


# a line a row: tabs, commas, bars


def _separated(lines: list[str], at: int) -> tuple[list[list[str]], int] | None:
    line = lines[at]
    for mark in ("\t", "|", ",", "，", "｜"):
        if line.strip().count(mark) >= 2 and is_header(_pieces(line, mark)):
            return _separated_rows(lines, at, mark)
    return None


def _separated_rows(lines: list[str], at: int, mark: str) -> tuple[list[list[str]], int]:
    """Rows up to a line that has no mark and is no rest of a quoted cell."""
    header = _pieces(lines[at], mark)
    width = len(header)
    rows = [header]
    at += 1
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            if _blank_ends(lines, at, mark):
                break
            at += 1
            continue
        joined, taken = _quoted(lines, at)
        cells = _pieces(joined, mark)
        if mark not in line:
            if END.match(line) or NOTE.match(line) or len(rows) == 1:
                break
            rows[-1][_widest(rows[-1])] += "\n" + line.strip()
            at += 1
            continue
        at += taken
        if mark in "|｜" and all(re.fullmatch(r":?-{2,}:?|", cell) for cell in cells):
            continue
        rows.append((cells + [""] * width)[: max(width, len(cells))])
    return rows, at


def _pieces(line: str, mark: str) -> list[str]:
    if mark in "|｜":
        return [piece.strip() for piece in line.strip().strip(mark).split(mark)]
    return [piece.strip() for piece in next(csv.reader([line], delimiter=mark), [])]


def _blank_ends(lines: list[str], at: int, mark: str) -> bool:
    """A blank line ends a table unless the next line with text is a row again."""
    following = next((line for line in lines[at + 1 : at + 4] if line.strip()), "")
    return mark not in following.strip() or is_header(_pieces(following, mark))


def _quoted(lines: list[str], at: int) -> tuple[str, int]:
    """A cell that holds line ends stands between quotation marks over several lines."""
    joined, taken = lines[at], 1
    while joined.count('"') % 2 and at + taken < len(lines) and taken < 40:
        joined += "\n" + lines[at + taken]
        taken += 1
    return (joined, taken) if joined.count('"') % 2 == 0 else (lines[at].replace('"', ""), 1)


def _widest(cells: list[str]) -> int:
    return max(range(len(cells)), key=lambda x: len(cells[x]))
