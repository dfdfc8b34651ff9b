"""XLSX and XLS: each sheet a grid, merged cells as they reach, percentages as they are shown."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from anlan.rooms.workplan.reader.blocks import Cell, Document, Grid, Paragraph, spread
from anlan.rooms.workplan.reader.container import Container
from anlan.rooms.workplan.reader.limits import GRID_COLUMNS_MAX, GRID_ROWS_MAX, PlanRefused
from anlan.rooms.workplan.reader.tables import lead_lines

S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
PLAIN_SHEET = re.compile(r"^(?:sheet|工作表|表)\s*\d*$", re.I)


def read(content: bytes, name: str, kind: str) -> Document:
    """The sheets in order; PlanRefused for what is locked, damaged or too large."""
    percent: dict[str, dict[tuple[int, int], str]] = {}
    if kind == "xlsx":
        container = Container(content, name)
        container.check_all()
        percent = _formats(container)
    elif "_VBA_PROJECT".encode("utf-16-le") in content:
        raise PlanRefused("macro", "文件带宏", name, "请另存为不带宏的 XLSX 后再导入")
    book = _open(content, name)
    document = Document()
    for at, sheet_name in enumerate(book.sheet_names):
        if "Visible" not in str(book.sheets_metadata[at].visible):
            document.unread.append(("hidden-sheet", f"工作表“{sheet_name}”是隐藏的，没有读"))
            continue
        if "WorkSheet" not in str(book.sheets_metadata[at].typ):
            continue
        _sheet(book, sheet_name, name, percent.get(sheet_name, {}), document)
    return document


@contextmanager
def _without_panic() -> Iterator[None]:
    """A file that was cut makes calamine panic, which is no Exception: it becomes a ValueError."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError("the table is cut or damaged") from error


def _open(content: bytes, name: str) -> Any:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        with _without_panic():
            return CalamineWorkbook.from_filelike(io.BytesIO(content))
    except PasswordError as error:
        raise PlanRefused(
            "encrypted", "文件有打开密码", name, "请用密码打开，去掉密码后另存再导入"
        ) from error
    except (CalamineError, ValueError, OSError, KeyError) as error:
        raise PlanRefused(
            "damaged",
            "表格文件不完整，打不开",
            name,
            "请用 Excel 或 WPS 打开，另存为 XLSX 后再导入",
        ) from error


def _sheet(
    book: Any, sheet_name: str, name: str, percent: dict[tuple[int, int], str], document: Document
) -> None:
    from python_calamine import CalamineError

    try:
        with _without_panic():
            sheet = book.get_sheet_by_name(sheet_name)
        height, width = sheet.total_height, sheet.total_width
        if height > GRID_ROWS_MAX or width > GRID_COLUMNS_MAX * 4:
            raise PlanRefused("table-too-large", f"表有 {height} 行 {width} 列，超过 {GRID_ROWS_MAX} 行或 {GRID_COLUMNS_MAX * 4} 列",
                              f"{name}，工作表“{sheet_name}”", "请删去表外的空行空列后另存")  # fmt: skip
        with _without_panic():
            rows = sheet.to_python(skip_empty_area=False)
            merged = sheet.merged_cell_ranges or []
    except (CalamineError, ValueError) as error:
        raise PlanRefused("damaged", "工作表读不出来", f"{name}，工作表“{sheet_name}”",
                          "请用 Excel 或 WPS 打开，另存为 XLSX 后再导入") from error  # fmt: skip
    grid = _grid(rows, merged, percent, f"工作表“{sheet_name}”")
    if grid is None:
        return
    if not PLAIN_SHEET.match(sheet_name) and grid.width > 1 and not lead_lines(grid):
        document.blocks.append(Paragraph(sheet_name, 0, f"工作表“{sheet_name}”"))
    if grid.width == 1:
        lines = [row[0].text for row in grid.cells if row[0].text]
        document.blocks += [Paragraph(line, 0, grid.place) for line in lines]
        return
    document.blocks.append(grid)


def _grid(
    rows: list[list[Any]], merged: Any, percent: dict[tuple[int, int], str], place: str
) -> Grid | None:
    texts = [
        [_shown(value, percent.get((y, x), "")) for x, value in enumerate(row)]
        for y, row in enumerate(rows)
    ]
    width = max((x + 1 for row in texts for x, text in enumerate(row) if text), default=0)
    height = max((y + 1 for y, row in enumerate(texts) if any(row)), default=0)
    if not width or width > GRID_COLUMNS_MAX:
        return None
    covered: set[tuple[int, int]] = set()
    placed: list[Cell] = []
    for (top, left), (bottom, right) in merged:
        if top >= height or left >= width or (top, left) in covered:
            continue
        bottom, right = min(bottom, height - 1), min(right, width - 1)
        text = texts[top][left] if left < len(texts[top]) else ""
        placed.append(Cell(text, top, left, bottom - top + 1, right - left + 1))
        covered |= {(y, x) for y in range(top, bottom + 1) for x in range(left, right + 1)}
    for y, row in enumerate(texts[:height]):
        placed += [Cell(text, y, x) for x, text in enumerate(row[:width]) if (y, x) not in covered]
    return Grid(spread(placed, height, width), place)


def _shown(value: Any, kind: str) -> str:
    """A value as the sheet shows it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime.datetime | datetime.date):
        return _day(value, kind)
    if isinstance(value, int | float):
        number = value * 100 if kind in ("%", "‰") else value
        text = f"{round(number, 6):g}" if abs(number) < 1e6 else f"{number:.0f}"
        return text + (kind if kind in ("%", "‰") else "")
    return str(value).replace("_x000D_", "").replace("\r", "").strip() if value is not None else ""


def _day(value: datetime.date, kind: str) -> str:
    if kind == "month":
        return f"{value.year}年{value.month}月"
    return f"{value.year}年{value.month}月{value.day}日"


def _formats(container: Container) -> dict[str, dict[tuple[int, int], str]]:
    """Where numbers are shown as percentages or months: by sheet, row and column from 0."""
    shapes = _shapes(container.xml("xl/styles.xml"))
    if not shapes:
        return {}
    links = container.xml("xl/_rels/workbook.xml.rels")
    book = container.xml("xl/workbook.xml")
    if links is None or book is None:
        return {}
    targets = {own.get("Id"): own.get("Target", "") for own in links}
    found = {}
    for sheet in book.iter(f"{S}sheet"):
        target = targets.get(sheet.get(RELATION), "").lstrip("/")
        part = target if target.startswith("xl/") else f"xl/{target}"
        found[sheet.get("name", "")] = _shaped(container.xml(part), shapes)
    return found


def _shapes(styles: Any) -> dict[str, str]:
    """Number of a cell format → "%" or "month", for those that are one."""
    if styles is None:
        return {}
    codes = {own.get("numFmtId"): own.get("formatCode", "") for own in styles.iter(f"{S}numFmt")}
    own_formats = styles.find(f"{S}cellXfs")
    found = {}
    for at, own in enumerate(own_formats if own_formats is not None else ()):
        number = own.get("numFmtId", "")
        code = codes.get(number, "0%" if number in ("9", "10") else "")
        if "%" in code:
            found[str(at)] = "%"
        elif "月" in code and "日" not in code and "d" not in code.lower():
            found[str(at)] = "month"
    return found


def _shaped(sheet: Any, shapes: dict[str, str]) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    for cell in sheet.iter(f"{S}c") if sheet is not None else ():
        shape = shapes.get(cell.get("s", ""))
        place = PLACE.fullmatch(cell.get("r", "")) if shape else None
        if shape and place:
            column = 0
            for char in place.group(1):
                column = column * 26 + ord(char) - 64
            found[int(place.group(2)) - 1, column - 1] = shape
    return found
