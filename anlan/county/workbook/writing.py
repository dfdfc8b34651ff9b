"""The county as a workbook file: what is in use, with the keys by which an edited file comes back.

Flows in: items under the reader's scope. Flows out: bytes of an .xlsx. Text that a sheet would
compute is escaped; numbers and codes are text, so that no zero is lost; numbers are masked unless
whole ones were asked for by somebody who may see them.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from anlan.county.names import pinyin_of
from anlan.county.workbook.cells import escaped
from anlan.county.workbook.items import Item, Snapshot
from anlan.county.workbook.sheets import GUIDE, SHEETS, Column, Sheet
from anlan.ground import clock, secrets

WIDTH_MIN, WIDTH_MAX = 10, 40
TEXT_FORMAT = "@"


def template() -> bytes:
    """A blank workbook: heads, and a sheet that says what goes where."""
    return _book({sheet.kind: [] for sheet in SHEETS}, {}, False)


def workbook(snapshot: Snapshot, post_kinds: Mapping[str, str], whole_numbers: bool) -> bytes:
    """What is in use now: ended rows and terms that are over stay on their pages."""
    now = clock.now()
    shown = {kind: [item for item in items if _in_use(item, now)]
             for kind, items in snapshot.items()}  # fmt: skip
    return _book(shown, post_kinds, whole_numbers)


def _in_use(item: Item, now: datetime) -> bool:
    if item.kind == "county.holding":
        return item.after["valid_to"] is None or bool(item.after["valid_to"] > now)
    return item.kind in ("county.unitalias", "county.unitmember") or item.living


def _book(shown: Snapshot, post_kinds: Mapping[str, str], whole_numbers: bool) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    _guide(book)
    for sheet in SHEETS:
        rows = (_cells(sheet, item, post_kinds, whole_numbers) for item in shown[sheet.kind])
        _sheet(book, sheet.name, [_head(column) for column in sheet.columns], rows)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _head(column: Column) -> str:
    return column.head + ("*" if column.needed else "")


def _guide(book: Any) -> None:
    lines = [
        [escaped(sheet.name), column.head, _("必填") if column.needed else "", column.help]
        for sheet in SHEETS for column in sheet.columns
    ]  # fmt: skip
    notes = [[sheet.name, "", "", sheet.note] for sheet in SHEETS]
    said = (
        _("只写有改动的行也可以；没有出现的行不变，不会被删除。"),
        _("时间写成 2026-07-10 08:30；号码和编号用文本格式；不要用公式。"),
    )
    intro = [["", "", "", text] for text in said]
    _sheet(book, GUIDE, [_("工作表"), _("列"), "", _("说明")], [*intro, *notes, *lines])


def _sheet(book: Any, title: str, heads: list[str], rows: Iterable[list[Any]]) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    own = book.create_sheet(title)
    own.freeze_panes = "A2"
    for index, head in enumerate(heads, start=1):
        own.column_dimensions[get_column_letter(index)].width = min(
            max(WIDTH_MIN, 2 * len(head) + 2), WIDTH_MAX
        )
    bold = Font(bold=True)
    top = []
    for head in heads:
        cell = WriteOnlyCell(own, value=head)
        cell.font = bold
        top.append(cell)
    own.append(top)
    for row in rows:
        own.append([_text_cell(own, value) for value in row])


def _text_cell(own: Any, value: Any) -> Any:
    """Digits as a cell of text, so that an office program leaves them as they are."""
    from openpyxl.cell import WriteOnlyCell

    if not isinstance(value, str) or not value.isdigit():
        return value
    cell = WriteOnlyCell(own, value=value)
    cell.number_format = TEXT_FORMAT
    return cell


def _cells(
    sheet: Sheet, item: Item, post_kinds: Mapping[str, str], whole_numbers: bool
) -> list[Any]:
    values = dict(_values(item, post_kinds, whole_numbers))
    return [_written(values.get(column.field)) for column in sheet.columns]


def _written(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return clock.local(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, int | float) else escaped(str(value))


def _values(
    item: Item, post_kinds: Mapping[str, str], whole_numbers: bool
) -> Iterator[tuple[str, Any]]:
    """Every column of the item's sheet, by field."""
    yield "key", str(item.id or "")
    for name, value in item.after.items():
        if name == "division":
            yield name, str(value)
        elif isinstance(value, Item) or name.endswith("_id"):
            yield from _reference(name.removesuffix("_id"), value)
        else:
            yield name, value
    if item.kind == "county.division":
        from anlan.ground.places import parent

        yield "code", str(item.id)
        yield "parent", str(parent(item.id or 0) or "")
    elif item.kind == "county.unit":
        yield "kind", {"unit": "单位", "collective": "集合"}[item.after["kind"]]
    elif item.kind == "county.post":
        yield "kind", post_kinds.get(item.after["kind"], item.after["kind"])
    elif item.kind == "county.person":
        number = item.after["phone"] or ""
        yield "phone", number if whole_numbers else secrets.mask_phone(number) if number else ""
        read = item.after["pinyin"]
        yield "pinyin", "" if read == pinyin_of(item.after["name"])[0] else read


def _reference(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The columns that point at another record: its key, its place, its name."""
    if value is None:
        return
    if not isinstance(value, Item):
        yield f"{name}_key", str(value)
        return
    yield f"{name}_key", str(value.id or "")
    yield f"{name}_division", str(value.after.get("division", ""))
    shown = value.after.get("title") or value.after.get("name") or ""
    yield f"{name}_title", shown
    yield f"{name}_name", shown
    yield name, shown
