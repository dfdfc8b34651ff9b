"""HTML: headings and paragraphs, tables with colspan and rowspan; layout tables are walked."""

from __future__ import annotations

import re
from typing import Any

from anlan.rooms.workplan.reader.blocks import Cell, Document, Grid, Paragraph, spread
from anlan.rooms.workplan.reader.formats.text import decode
from anlan.rooms.workplan.reader.limits import (
    GRID_COLUMNS_MAX,
    GRID_ROWS_MAX,
    SPAN_MAX,
    PlanRefused,
)

SKIPPED = {
    "script",
    "style",
    "noscript",
    "head",
    "template",
    "iframe",
    "object",
    "svg",
    "select",
    "button",
    "nav",
}
BLOCKS = {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "section", "article", "blockquote", "dd", "dt",
          "tr", "pre", "header", "footer", "main", "center", "form", "fieldset", "figure", "figcaption", "address", "body",
          "td", "th", "caption", "table", "tbody", "thead", "dl", "hr"}  # fmt: skip
CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{3,20})", re.I)


def read(content: bytes, name: str) -> Document:
    """The document; scripts and what is hidden are left out."""
    from lxml import etree
    from lxml import html as lxml_html

    text = _decoded(content, name)
    parser = lxml_html.HTMLParser(
        no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    text = re.sub(r"<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", "", text, count=1, flags=re.S | re.I)
    try:
        root = lxml_html.document_fromstring(text, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError) as error:
        raise PlanRefused(
            "damaged",
            "网页是空的或嵌套太深",
            name,
            "请在浏览器里打开，另存为“网页，仅 HTML”后再导入",
        ) from error
    reader = _Reader(name)
    reader.walk(root)
    return reader.document


def _decoded(content: bytes, name: str) -> str:
    found = CHARSET.search(content[:4096])
    if found and b"\0" not in content:
        label = found.group(1).decode("ascii").lower()
        label = "gb18030" if label in ("gb2312", "gbk", "gb18030", "gb_2312-80") else label
        if label in ("gb18030", "utf-8", "big5"):
            try:
                return content.decode(label if label != "utf-8" else "utf-8-sig")
            except UnicodeDecodeError:
                pass
    return decode(content, name)


LINKS_MIN = 2


def _only_links(node: Any) -> bool:
    """A block of links and what sets them apart: where one may go on the site, no text of it."""
    links = node.findall(".//a")
    if len(links) < LINKS_MIN or node.find(".//table") is not None:
        return False
    said = "".join("".join(link.itertext()) for link in links)
    rest = re.sub(r"[\s|｜>›»/·、\xa0]+", "", "".join(node.itertext()))
    return len(rest) == len(re.sub(r"[\s|｜>›»/·、\xa0]+", "", said))


class _Reader:
    """Walks the tree without recursion: a stack of what is still to be read."""

    def __init__(self, name: str):
        self.document = Document()
        self.name = name
        self.tables = 0
        self.line: list[str] = []

    def walk(self, root: Any) -> None:
        stack: list[tuple[str, Any]] = [("open", root)]
        while stack:
            step, node = stack.pop()
            if step == "close":
                self._close(node)
            elif step == "tail":
                self.line.append(node or "")
            elif isinstance(node.tag, str):
                self._open(node, stack)
        self._flush(0)

    def _open(self, node: Any, stack: list[tuple[str, Any]]) -> None:
        tag = node.tag.lower()
        if tag in SKIPPED or _hidden(node):
            return
        if tag == "table" and self._table(node):
            return
        if tag == "br":
            self._flush(0)
            return
        if tag in BLOCKS:
            self._flush(0)
            if _only_links(node):
                return
        stack.append(("close", node))
        for child in reversed(node):
            stack.append(("tail", child.tail))
            stack.append(("open", child))
        self.line.append(_list_mark(node) + (node.text or ""))

    def _close(self, node: Any) -> None:
        tag = node.tag.lower()
        if tag in BLOCKS:
            self._flush(int(tag[1]) if re.fullmatch(r"h[1-6]", tag) else 0)

    def _flush(self, level: int) -> None:
        text = re.sub(r"[ \t\r\n\xa0]+", " ", "".join(self.line)).strip()
        self.line = []
        if text:
            self.document.blocks.append(
                Paragraph(text, level, f"第 {len(self.document.blocks) + 1} 段")
            )

    def _table(self, node: Any) -> bool:
        """A table of data becomes a grid; a layout table is walked as running text."""
        from anlan.rooms.workplan.reader.tables import is_plan_grid

        grid = _grid(node, self.name)
        inner = next(node.iterdescendants("table"), None)
        if grid is None or (inner is not None and not is_plan_grid(grid)) or grid.width == 1:
            return False
        self._flush(0)
        self.tables += 1
        grid.place = f"第 {self.tables} 张表"
        self.document.blocks.append(grid)
        if inner is not None:
            self.document.unread.append(
                ("nested-table", f"第 {self.tables} 张表里套着别的表，里面的字并入了它所在的格")
            )
        return True


def _hidden(node: Any) -> bool:
    style = re.sub(r"\s", "", (node.get("style") or "").lower())
    return "display:none" in style or "visibility:hidden" in style or node.get("hidden") is not None


def _list_mark(node: Any) -> str:
    """The number that a list shows before its item."""
    if node.tag != "li" or node.getparent() is None or node.getparent().tag != "ol":
        return ""
    at = sum(1 for own in node.itersiblings("li", preceding=True)) + 1
    return f"{at}. "


def _grid(table: Any, name: str) -> Grid | None:
    placed: list[Cell] = []
    taken: dict[tuple[int, int], Cell] = {}
    caption = ""
    y = width = 0
    for row in _rows(table):
        if row.tag == "caption":
            caption = _text(row)
            continue
        x = 0
        for cell in row:
            if cell.tag not in ("td", "th"):
                continue
            while (y, x) in taken:
                x += 1
            rows, columns = _reach(cell, "rowspan"), _reach(cell, "colspan")
            own = Cell(_text(cell), y, x, rows, columns)
            placed.append(own)
            if x + columns > GRID_COLUMNS_MAX:
                raise PlanRefused(
                    "table-too-large", f"表超过 {GRID_COLUMNS_MAX} 列", name, "请只保留工作要点的表"
                )
            taken.update(
                {(y + k, x + i): own for k in range(min(rows, SPAN_MAX)) for i in range(columns)}
            )
            x += columns
        width = max(width, x)
        y += 1
        if y > GRID_ROWS_MAX or len(taken) > GRID_ROWS_MAX * 20:
            raise PlanRefused(
                "table-too-large", f"表超过 {GRID_ROWS_MAX} 行", name, "请只保留工作要点的表"
            )
    if not y or not width:
        return None
    return Grid(spread(placed, y, width), caption=caption)


def _rows(table: Any) -> list[Any]:
    """Rows and the caption of this table, not of tables inside it."""
    found = []
    for child in table:
        if child.tag in ("tr", "caption"):
            found.append(child)
        elif child.tag in ("thead", "tbody", "tfoot"):
            found += [own for own in child if own.tag == "tr"]
    return found


def _reach(cell: Any, name: str) -> int:
    text = (cell.get(name) or "1").strip()
    limit = SPAN_MAX if name == "rowspan" else GRID_COLUMNS_MAX
    return min(max(1, int(text)), limit) if re.fullmatch(r"\d{1,6}", text) else 1


def _text(cell: Any) -> str:
    """What a cell shows: line ends where its blocks end."""
    parts: list[str] = []
    stack: list[tuple[str, Any]] = [("open", cell)]
    while stack:
        step, node = stack.pop()
        if step == "text":
            parts.append(re.sub(r"[ \t\r\n\xa0]+", " ", node or ""))
            continue
        if step == "break":
            parts.append("\n")
            continue
        if not isinstance(node.tag, str) or node.tag in SKIPPED or _hidden(node):
            continue
        if node.tag == "br":
            parts.append("\n")
            continue
        if node.tag in BLOCKS and node is not cell:
            parts.append("\n")
            stack.append(("break", None))
        for child in reversed(node):
            stack.append(("text", child.tail))
            stack.append(("open", child))
        parts.append(_list_mark(node) + re.sub(r"[ \t\r\n\xa0]+", " ", node.text or ""))
    lines = [line.strip() for line in "".join(parts).split("\n")]
    return "\n".join(line for line in lines if line)
