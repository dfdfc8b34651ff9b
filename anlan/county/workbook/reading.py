"""A file becomes rows: sheet by sheet, each cell with its place; nothing is interpreted yet.

Flows in: bytes of an .xlsx that passed `ground.office`, or of a CSV (UTF-8 with or without mark,
or GBK) that holds one sheet. Flows out: rows by sheet, and faults of form: unknown sheets and
heads, doubled heads, formulas.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from anlan.county.workbook.sheets import (
    BY_NAME,
    COLUMNS_MAX,
    GUIDE,
    OTHER_HEADS,
    ROWS_MAX,
    SHEETS,
    Sheet,
)
from anlan.ground import files, office
from anlan.ground.errors import Refusal

KINDS = frozenset({"xlsx", "text"})
SHOWN_CHARS = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong where: sheet, row (as the sheet counts), column (letter), value, mend."""

    sheet: str
    row: int
    column: str
    what: str
    value: str
    mend: str

    def __str__(self) -> str:
        place = f"{self.sheet} 第 {self.row} 行 {self.column} 列"
        return f"{place}：{self.what}（{self.value}）{self.mend}"


@dataclass(frozen=True, slots=True)
class Row:
    """One filled row. cells: field → cell, only of the columns that the sheet has."""

    number: int
    cells: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet as it was read. letters: field → the letter of its column."""

    sheet: Sheet
    letters: dict[str, str]
    rows: list[Row]


def read(content: bytes, name: str, known: bool = False) -> tuple[list[Table], list[Fault]]:
    """The known sheets of the file in the order of `SHEETS`, and what is wrong with its form.

    known: the very same bytes have been through the door and had no fault of form.
    """
    kind = files.check(content, name, KINDS)
    found = _xlsx(content, name, known) if kind == "xlsx" else _csv(content, name)
    tables: list[Table] = []
    faults: list[Fault] = []
    for title, lines, formulas in found:
        sheet = BY_NAME.get(title)
        if sheet is None:
            faults.append(Fault(title, 1, "A", _("没有这种工作表"), title[:SHOWN_CHARS],
                                _("应为：%(s)s") % {"s": "、".join(BY_NAME)}))  # fmt: skip
            continue
        table, own = _table(sheet, lines)
        faults += own + [_formula(title, cell) for cell in formulas]
        if table is not None:
            tables.append(table)
    if not tables and not faults:
        raise Refusal(
            "workbook-empty", _("文件里没有要导入的工作表"), name, _("请下载空白模板填写")
        )
    order = {sheet.name: index for index, sheet in enumerate(SHEETS)}
    tables.sort(key=lambda table: order[table.sheet.name])
    return tables, faults


def _formula(title: str, cell: str) -> Fault:
    letters = cell.rstrip("0123456789")
    number = cell[len(letters) :]
    return Fault(title, int(number or 0), letters or "?", _("这一格是公式"), "=…",
                 _("请复制后“选择性粘贴为数值”"))  # fmt: skip


Lines = list[list[Any]]


def _xlsx(
    content: bytes, name: str, known: bool
) -> Iterator[tuple[str, Lines, Sequence[str]]]:  # fmt: skip
    seen = office.Seen("xlsx") if known else office.guard(content, name, frozenset({"xlsx"}))
    for title in seen.rows:
        if title in BY_NAME and (
            seen.rows[title] > ROWS_MAX + 1 or seen.columns.get(title, 0) > COLUMNS_MAX
        ):
            raise Refusal(
                "workbook-large", _("工作表超过 %(r)d 行或 %(c)d 列")
                % {"r": ROWS_MAX, "c": COLUMNS_MAX}, f"{name} {title}",
                _("请删去多余的行列，或分几次导入"), 413,
            )  # fmt: skip
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for title in book.sheet_names:
            if title == GUIDE:
                continue
            lines: Lines = []
            if title in BY_NAME:
                lines = book.get_sheet_by_name(title).to_python(skip_empty_area=False)
            yield title, lines, seen.formulas.get(title, ())
    except (CalamineError, ValueError, OSError) as error:
        raise Refusal(
            "file-broken", _("表格读不出来"), f"{name} {error}"[:200],
            _("请用办公软件打开后另存为 .xlsx，再上传"),
        ) from None  # fmt: skip


def _csv(content: bytes, name: str) -> Iterator[tuple[str, Lines, Sequence[str]]]:
    """One sheet; which one, its heads say."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="strict")
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        lines: Lines = [list(line) for line in reader]
    except csv.Error as error:
        raise Refusal(
            "csv-form", _("CSV 的引号或分隔不对"), f"{name} {error}", _("请另存为 .xlsx 后再上传")
        ) from None
    heads = {_head(cell) for cell in lines[0]} if lines else set()
    fits = [
        sheet for sheet in SHEETS
        if heads and heads <= {column.head for column in sheet.columns}
        and {column.head for column in sheet.columns if column.needed} <= heads
    ]  # fmt: skip
    if len(fits) != 1:
        raise Refusal(
            "csv-heads", _("看不出这张 CSV 是哪一种表"), "、".join(sorted(heads))[:200] or name,
            _("第一行要用空白模板里的列名"),
        )  # fmt: skip
    formulas = [
        f"{office.column_letters(c)}{r}" for r, line in enumerate(lines, 1)
        for c, cell in enumerate(line, 1) if str(cell).startswith("=")
    ]  # fmt: skip
    yield fits[0].name, lines, formulas


def _head(cell: Any) -> str:
    found = str(cell or "").strip().lstrip("\ufeff").rstrip("*＊")
    return OTHER_HEADS.get(found, found)


def _table(sheet: Sheet, lines: Lines) -> tuple[Table | None, list[Fault]]:
    if not lines:
        return None, []
    if len(lines) > ROWS_MAX + 1:
        raise Refusal("workbook-large", _("工作表超过 %(r)d 行") % {"r": ROWS_MAX}, sheet.name,
                      _("请分几次导入"), 413)  # fmt: skip
    fields = {column.head: column.field for column in sheet.columns}
    places: dict[str, int] = {}
    faults: list[Fault] = []
    for index, cell in enumerate(lines[0]):
        head = _head(cell)
        letter = office.column_letters(index + 1)
        if not head:
            continue
        if head not in fields or fields[head] in places:
            what = _("列名重复") if head in fields else _("没有这一列")
            faults.append(Fault(sheet.name, 1, letter, what, head[:SHOWN_CHARS],
                                _("请按空白模板的列名")))  # fmt: skip
            continue
        places[fields[head]] = index
    missing = [c.head for c in sheet.columns if c.needed and c.field not in places]
    if missing:
        faults.append(Fault(sheet.name, 1, "A", _("缺少列"), "、".join(missing),
                            _("请按空白模板补上")))  # fmt: skip
        return None, faults
    rows = [
        Row(number, cells)
        for number, line in enumerate(lines[1:], start=2)
        if (cells := _cells(line, places)) is not None
    ]
    letters = {field: office.column_letters(index + 1) for field, index in places.items()}
    return Table(sheet, letters, rows), faults


def _cells(line: Sequence[Any], places: dict[str, int]) -> dict[str, Any] | None:
    """The cells by field; None for an empty row."""
    found = {field: line[i] if i < len(line) else "" for field, i in places.items()}
    return found if any(str(cell if cell is not None else "").strip() for cell in found.values()) \
        else None  # fmt: skip
