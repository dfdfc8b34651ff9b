"""PDF with text: characters by their boxes become lines, ruling becomes cells.

Cells are the regions that ruling encloses: small places of the grid of all lines, joined wherever
no line stands between them, so that merged cells come out as one. A table that goes on over a
page is marked as joined. Points are PDF points (1/72 inch), y upward.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from anlan.rooms.workplan.reader.blocks import (
    Block,
    Cell,
    Document,
    Grid,
    Paragraph,
    grid_of,
    spread,
)
from anlan.rooms.workplan.reader.formats import columns, ruling
from anlan.rooms.workplan.reader.formats.lines import Char, TextLine
from anlan.rooms.workplan.reader.limits import PAGES_MAX, PlanRefused

PAGE_NUMBER = re.compile(
    r"^\s*(?:[—\-–~·•\s]*\d{1,3}[—\-–~·•\s]*|第\s*\d+\s*页.*|\d+\s*/\s*\d+|[—\-–]+)\s*$"
)
HEADING = re.compile(
    r"^(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[）)]|附\s*[件表]|表\s*\d)"
)
SAME_LINE = 0.55


@dataclass(slots=True)
class _Page:
    number: int
    width: float
    height: float
    lines: list[TextLine]
    tables: list[ruling.Region] = field(default_factory=list)
    chars: list[Char] = field(default_factory=list)


def read(content: bytes, name: str) -> Document:
    """The document; PlanRefused for what is locked, damaged, too long, or only pictures."""
    import pypdfium2 as pdfium

    try:
        pdf = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        raise _unopened(str(error), name) from error
    if len(pdf) > PAGES_MAX:
        raise PlanRefused(
            "too-long", f"PDF 有 {len(pdf)} 页，超过 {PAGES_MAX} 页", name, "请只保留工作要点和附表"
        )
    pages = []
    for number in range(len(pdf)):
        try:
            pages.append(_page(pdf[number], number + 1))
        except pdfium.PdfiumError as error:
            raise PlanRefused(
                "damaged", f"第 {number + 1} 页读不出来", name, "请重新导出 PDF"
            ) from error
    if not any(page.chars for page in pages):
        raise PlanRefused("no-text", f"PDF 的 {len(pages)} 页里没有文字，像是扫描件", name,
                          "请找带文字的电子版；扫描件先用识别软件转成 DOCX")  # fmt: skip
    document = _document(pages)
    blank = [str(page.number) for page in pages if not page.chars]
    if blank:
        document.unread.append(
            ("picture", f"第 {'、'.join(blank[:10])} 页没有文字，可能是图片，没有读")
        )
    return document


def _unopened(message: str, name: str) -> PlanRefused:
    if "password" in message.lower() or "security" in message.lower():
        return PlanRefused(
            "encrypted", "PDF 有打开密码", name, "请用密码打开，另存为不加密的 PDF 后再导入"
        )
    return PlanRefused("damaged", "PDF 不完整，打不开", name, "请重新下载或重新导出 PDF")


def _page(page: Any, number: int) -> _Page:
    width, height = page.get_size()
    chars = _chars(page)
    found = _Page(number, width, height, [], ruling.regions(page, width, height), chars)
    outside = [
        char for char in chars if not any(region.holds(*char.middle) for region in found.tables)
    ]
    found.lines = lines_of(outside)
    return found


def _chars(page: Any) -> list[Char]:
    import ctypes

    import pypdfium2.raw as raw

    textpage = page.get_textpage()
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    found = []
    for at in range(textpage.count_chars()):
        code = raw.FPDFText_GetUnicode(textpage.raw, at)
        if (
            code in (0, 9, 10, 13, 32, 0x2002, 0x3000, 0xA0, 0xFFFE, 0xFFFF)
            or raw.FPDFText_IsGenerated(textpage.raw, at) == 1
        ):
            continue
        raw.FPDFText_GetCharBox(textpage.raw, at, left, right, bottom, top)
        if right.value > left.value or top.value > bottom.value:
            found.append(Char(chr(code), left.value, bottom.value, right.value, top.value))
    return found


def lines_of(chars: list[Char]) -> list[TextLine]:
    """Characters in lines from the top down; marks such as commas sit low and still belong."""
    if not chars:
        return []
    em = statistics.median(char.size for char in chars)
    lines: list[list[Char]] = []
    levels: list[float] = []
    for char in sorted(chars, key=lambda own: -own.middle[1]):
        y = char.middle[1]
        if lines and abs(levels[-1] - y) <= SAME_LINE * em:
            lines[-1].append(char)
            big = [own.middle[1] for own in lines[-1] if own.top - own.bottom > 0.5 * em]
            levels[-1] = statistics.fmean(big) if big else levels[-1]
        else:
            lines.append([char])
            levels.append(y)
    return [TextLine(sorted(own, key=lambda char: char.left)) for own in lines]


# pages in order


def _document(pages: list[_Page]) -> Document:
    furniture = _furniture(pages)
    document = Document()
    last_grid: Grid | None = None
    for page in pages:
        blocks = _blocks(page, furniture)
        if (
            blocks
            and last_grid is not None
            and isinstance(blocks[0], Grid)
            and document.blocks
            and document.blocks[-1] is last_grid
        ):
            blocks[0].joined = blocks[0].width == last_grid.width
        document.blocks += blocks
        if blocks:
            last_grid = blocks[-1] if isinstance(blocks[-1], Grid) else None
    return document


def _furniture(pages: list[_Page]) -> set[str]:
    """Running heads and feet: the same words at the edge of most pages."""
    edge: Counter[str] = Counter()
    for page in pages:
        own = {
            _bare(line)
            for line in page.lines
            if line.y > 0.92 * page.height or line.y < 0.08 * page.height
        }
        edge.update(own)
    return {text for text, count in edge.items() if len(pages) > 1 and count > 0.6 * len(pages)}


def _bare(line: TextLine) -> str:
    return re.sub(r"[\d\s]", "", line.text())


def _blocks(page: _Page, furniture: set[str]) -> list[Block]:
    """Grids and paragraphs of a page from the top down."""
    kept = []
    for line in page.lines:
        edge = line.y > 0.9 * page.height or line.y < 0.1 * page.height
        if edge and (PAGE_NUMBER.match(line.text()) or (_bare(line) in furniture and _bare(line))):
            continue
        kept.append(line)
    items: list[tuple[float, TextLine | ruling.Region]] = [(line.y, line) for line in kept]
    items += [(region.top, region) for region in page.tables]
    items.sort(key=lambda pair: -pair[0])
    blocks: list[Block] = []
    run: list[TextLine] = []
    for _y, item in items:
        if isinstance(item, TextLine):
            run.append(item)
            continue
        blocks += _running(run, page)
        run = []
        grid = _grid(item, page)
        if grid is not None:
            blocks.append(grid)
    return blocks + _running(run, page)


def _running(lines: list[TextLine], page: _Page) -> list[Block]:
    """Lines outside ruling: paragraphs, or a table whose columns only stand apart."""
    if not lines:
        return []
    for at in range(len(lines)):
        taken = columns.table_at(lines, at)
        if taken is not None:
            rows, end = taken
            grid = grid_of(rows, f"第 {page.number} 页")
            return [*_running(lines[:at], page), grid, *_running(lines[end:], page)]
    left = min([line.left for line in page.lines] + [region.xs[0] for region in page.tables])
    right = max([line.right for line in page.lines] + [region.xs[-1] for region in page.tables])
    right = max(right, page.width - left - 1.5 * lines[0].em)
    paragraphs: list[Block] = []
    text, previous = "", None
    for line in lines:
        if previous is not None and not _goes_on(previous, line, left, right):
            paragraphs.append(Paragraph(text, 0, f"第 {page.number} 页"))
            text = ""
        text = _joined(text, line.text())
        previous = line
    paragraphs.append(Paragraph(text, 0, f"第 {page.number} 页"))
    return paragraphs


def _goes_on(previous: TextLine, line: TextLine, left: float, right: float) -> bool:
    """A full line before, and no indent here: the same paragraph."""
    em = previous.em
    full = previous.right > right - 2.2 * em
    indented = line.left > left + 1.2 * em
    if HEADING.match(line.text()):
        return False
    far = previous.y - line.y > 3.2 * max(em, line.em)
    return full and not indented and not far and abs(em - line.em) < 0.25 * em


def _joined(left: str, right: str) -> str:
    space = (
        bool(left)
        and left[-1].isascii()
        and left[-1].isalpha()
        and right[:1].isascii()
        and right[:1].isalpha()
    )
    return left + (" " if space else "") + right


# one table


def _grid(region: ruling.Region, page: _Page) -> Grid | None:
    inside: dict[int, list[Char]] = {}
    for char in page.chars:
        at = region.cell_at(*char.middle)
        if at is not None:
            inside.setdefault(at, []).append(char)
    if not inside:
        return None
    placed = [
        Cell(
            _cell_text(inside.get(at, []), own.right - own.left),
            own.row,
            own.column,
            own.rows,
            own.columns,
        )
        for at, own in enumerate(region.cells)
    ]
    return Grid(spread(placed, region.height, region.width), f"第 {page.number} 页", printed=True)


def _cell_text(chars: list[Char], room: float) -> str:
    """Lines of a cell joined; a line that ends well before the edge ends there for a reason."""
    lines = lines_of(chars)
    if not lines:
        return ""
    text = lines[0].text()
    fullest = max(line.right - line.left for line in lines)
    for previous, line in pairwise(lines):
        em = previous.em
        wide = max(fullest, room - 1.5 * em)
        short = previous.right - previous.left < wide - 2.1 * em
        starts = bool(re.match(r"[（(]?\d+[）).．、]|[①-⑳]", line.text()))
        text = (
            text + "\n" + line.text()
            if short or (starts and text[-1:] in "。；;")
            else _joined(text, line.text())
        )
    return text
