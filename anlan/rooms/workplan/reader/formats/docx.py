"""DOCX: paragraphs with their level and their automatic numbers, tables with merged cells.

Read from the parts themselves, so that what a paragraph only shows (a number made by a list, a
text box, a change that was not accepted) is seen. What cannot be read is named, never dropped.
"""

from __future__ import annotations

import re
from typing import Any

from anlan.rooms.workplan.reader.blocks import Cell, Document, Grid, Paragraph, spread
from anlan.rooms.workplan.reader.container import Container
from anlan.rooms.workplan.reader.formats.numbering import Numbering
from anlan.rooms.workplan.reader.limits import GRID_COLUMNS_MAX, GRID_ROWS_MAX, PlanRefused

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
SKIPPED = {f"{W}del", f"{W}moveFrom", f"{MC}Fallback", f"{W}instrText", f"{W}delText"}
THROUGH = {f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}moveTo", f"{W}customXml", f"{W}smartTag", f"{MC}AlternateContent",
           f"{MC}Choice"}  # fmt: skip
NESTED_MAX = 4


def read(content: bytes, name: str) -> Document:
    """The document; PlanRefused for what is damaged, locked, or no DOCX inside."""
    container = Container(content, name)
    root = container.xml("word/document.xml")
    if root is None:
        raise PlanRefused(
            "damaged", "DOCX 里没有正文", name, "请用 Office 或 WPS 打开，另存后再导入"
        )
    body = root.find(f"{W}body")
    if body is None:
        raise PlanRefused(
            "damaged", "DOCX 的正文是空的", name, "请用 Office 或 WPS 打开，另存后再导入"
        )
    reader = _Reader(
        Numbering(container.xml("word/numbering.xml"), container.xml("word/styles.xml"))
    )
    reader.walk(body, reader.document, 0)
    reader.finish(container)
    return reader.document


class _Reader:
    """Walks the body; counts paragraphs and tables so that places can be named."""

    def __init__(self, numbering: Numbering):
        self.document = Document()
        self.numbering = numbering
        self.paragraphs = 0
        self.tables = 0
        self.boxes = 0
        self.pictures = 0
        self.nested = 0

    def walk(self, parent: Any, into: Document, depth: int) -> None:
        for child in parent:
            tag = child.tag
            if tag == f"{W}p":
                self._paragraph(child, into)
            elif tag == f"{W}tbl":
                self._table(child, into, depth)
            elif tag in THROUGH and tag not in SKIPPED:
                self.walk(child, into, depth)

    def _paragraph(self, element: Any, into: Document) -> None:
        self.paragraphs += 1
        text = (self.numbering.mark(element) + self._text(element)).strip()
        place = f"第 {self.paragraphs} 段"
        if text:
            for part in text.split("\n"):
                into.blocks.append(Paragraph(part.strip(), self.numbering.level(element), place))
        for box in element.iter(f"{W}txbxContent"):
            if any(up.tag == f"{MC}Fallback" for up in box.iterancestors()):
                continue
            self.boxes += 1
            self.walk(box, into, NESTED_MAX)

    def _text(self, element: Any) -> str:
        """What a reader sees: without deleted runs, with tabs and line ends."""
        parts: list[str] = []
        stack = list(reversed(element))
        while stack:
            node = stack.pop()
            tag = node.tag
            if tag in SKIPPED or tag == f"{W}txbxContent":
                continue
            if tag == f"{W}t":
                parts.append(node.text or "")
            elif tag == f"{W}tab" and node.getparent().tag == f"{W}r":
                parts.append("\t")
            elif tag in (f"{W}br", f"{W}cr"):
                parts.append("\n")
            elif tag == f"{W}noBreakHyphen":
                parts.append("-")
            elif tag == f"{W}sym":
                parts.append("")
            elif tag in (f"{W}drawing", f"{W}pict", f"{W}object"):
                self.pictures += not any(True for _ in node.iter(f"{W}txbxContent"))
            else:
                stack.extend(reversed(node))
        return "".join(parts)

    # tables

    def _table(self, element: Any, into: Document, depth: int) -> None:
        self.tables += 1
        place = f"第 {self.tables} 张表"
        placed, height, width, inner = self._cells(element, place, depth)
        grid = Grid(spread(placed, height, width), place, _caption(element))
        if inner and not self._keeps(grid):
            for cell in element.iter(f"{W}tc"):
                if cell.getparent().getparent() is element:
                    self.walk(cell, into, depth + 1)
            return
        if height and width:
            into.blocks.append(grid)
        for nested in inner:
            self.nested += 1
            self._table(nested, into, depth + 1)

    def _keeps(self, grid: Grid) -> bool:
        from anlan.rooms.workplan.reader.tables import is_plan_grid

        return is_plan_grid(grid)

    def _cells(
        self, element: Any, place: str, depth: int
    ) -> tuple[list[Cell], int, int, list[Any]]:
        placed: list[Cell] = []
        above: dict[int, Cell] = {}
        inner: list[Any] = []
        y, width = 0, 0
        for row in _children(element, f"{W}tr"):
            x = _before(row)
            for cell in _children(row, f"{W}tc"):
                span = _span(cell)
                inner += [] if depth >= NESTED_MAX else list(_children(cell, f"{W}tbl"))
                own = above.get(x)
                if _merged_down(cell) and own is not None:
                    own.rows = y - own.row + 1
                else:
                    own = Cell(self._cell_text(cell), y, x, 1, span)
                    placed.append(own)
                    above[x] = own
                x += span
            width = max(width, x)
            y += 1
            if y > GRID_ROWS_MAX or width > GRID_COLUMNS_MAX:
                raise PlanRefused("table-too-large", f"表超过 {GRID_ROWS_MAX} 行或 {GRID_COLUMNS_MAX} 列", place,
                                  "请只保留工作要点的表")  # fmt: skip
        return placed, y, width, inner

    def _cell_text(self, cell: Any) -> str:
        lines = []
        for paragraph in _children(cell, f"{W}p"):
            lines.append((self.numbering.mark(paragraph) + self._text(paragraph)).strip())
            for box in paragraph.iter(f"{W}txbxContent"):
                self.boxes += 1
                lines += [self._text(own).strip() for own in box.iter(f"{W}p")]
        return "\n".join(line for line in lines if line)

    def finish(self, container: Container) -> None:
        """What was met and not read, named."""
        unread = self.document.unread
        if self.boxes:
            unread.append(("text-box", f"有 {self.boxes} 个文本框，文字已按位置读入，请核对"))
        if self.pictures:
            unread.append(("picture", f"有 {self.pictures} 张图片，里面的文字没有读"))
        if self.nested:
            unread.append(
                ("nested-table", f"有 {self.nested} 张表套在别的表里，已单独读入，请核对")
            )
        if any(name.startswith("word/embeddings/") for name in container.names()):
            unread.append(("embedded", "文件里嵌了别的文件，没有读"))


def _children(parent: Any, tag: str) -> list[Any]:
    """Children of a kind, through content controls and tracked insertions."""
    found = []
    for child in parent:
        if child.tag == tag:
            found.append(child)
        elif child.tag in THROUGH:
            found += _children(child, tag)
    return found


def _value(element: Any, path: str) -> str | None:
    own = element.find(path)
    return None if own is None else own.get(f"{W}val", "")


def _span(cell: Any) -> int:
    text = _value(cell, f"{W}tcPr/{W}gridSpan") or "1"
    return min(max(1, int(text)), GRID_COLUMNS_MAX) if re.fullmatch(r"\d{1,4}", text) else 1


def _before(row: Any) -> int:
    text = _value(row, f"{W}trPr/{W}gridBefore") or "0"
    return min(int(text), GRID_COLUMNS_MAX) if re.fullmatch(r"\d{1,4}", text) else 0


def _merged_down(cell: Any) -> bool:
    own = cell.find(f"{W}tcPr/{W}vMerge")
    return own is not None and own.get(f"{W}val", "continue") != "restart"


def _caption(element: Any) -> str:
    return _value(element, f"{W}tblPr/{W}tblCaption") or ""
