"""The desk at which one file is worked through: records, how a row finds its own, what is wrong.

Flows in: rows as they were read, the county's records, the reader's span, the time. Flows out: a
`Plan` with every item that is new, changed, ended or unchanged, or with every fault by sheet, row
and column. Nothing here touches the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any

from django.utils.translation import gettext as _

from anlan.county.workbook import cells
from anlan.county.workbook.items import ORDER, UNCHANGED, Item, Snapshot
from anlan.county.workbook.reading import Fault, Row, Table
from anlan.county.workbook.sheets import BY_KIND, Column
from anlan.ground.places import parse

VALUE_CHARS = 40
NAMED_BY = ("key", "code", "name", "title")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who sends the file: the span of the scope, whether it is a county's, the time, the words."""

    lo: int
    hi: int
    wide: bool
    county: int
    now: datetime
    zone: tzinfo
    file: str
    post_kinds: Mapping[str, str]

    def covers(self, code: int) -> bool:
        return self.lo <= code <= self.hi


@dataclass(slots=True)
class Plan:
    """now: the moment that an empty beginning means. items: all that the file names, and what it
    moves along; faults: why it is refused; notes: what a person should look at.
    """

    now: datetime
    items: list[Item] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)

    def counts(self) -> dict[str, dict[str, int]]:
        """{sheet: {new, changed, ended, unchanged}} of the sheets that the file names."""
        found: dict[str, dict[str, int]] = {}
        for item in self.items:
            own = found.setdefault(
                BY_KIND[item.kind].name, {"new": 0, "changed": 0, "ended": 0, "unchanged": 0}
            )
            own[item.op] += 1
        return {BY_KIND[kind].name: found[BY_KIND[kind].name] for kind in ORDER
                if BY_KIND[kind].name in found}  # fmt: skip

    def moved(self) -> list[Item]:
        """What is to be written, in the order in which it can be."""
        moved = [item for item in self.items if item.op != UNCHANGED]
        return sorted(moved, key=lambda item: ORDER.index(item.kind))

    def writes(self) -> int:
        """How many records would be written."""
        return sum(1 for item in self.items if item.op != UNCHANGED)


class Desk:
    """Where one file is worked through: the records, how to find them, what was found so far."""

    def __init__(self, snapshot: Snapshot, reader: Reader):
        self.reader = reader
        self.records = snapshot
        self.plan = Plan(reader.now)
        self.typed = self._typed()
        self.table: Table | None = None
        self.letters: dict[str, dict[str, str]] = {}
        self.by_id = {kind: {item.id: item for item in items} for kind, items in snapshot.items()}
        self.local: dict[str, dict[str, Item]] = {kind: {} for kind in ORDER}
        self.indexes: dict[tuple[str, tuple[str, ...]], dict[Any, list[Item]]] = {}
        # What a refused row would have been called, by kind: its faults are named once, and what
        # other rows wanted of it is no fault of theirs. A kind in `unread` had no rows read at all.
        self.lost: dict[str, set[str]] = {kind: set() for kind in ORDER}
        self.unread: frozenset[str] = frozenset()
        self.divisions: dict[int, Item] = {
            item.id: item for item in snapshot["county.division"] if item.id is not None
        }

    def fitting(self, kind: str, **wanted: Any) -> list[Item]:
        """The records with these values. Asked only once their own sheet has been worked through:
        the index is made at the first question and kept.
        """
        names = tuple(sorted(wanted))
        index = self.indexes.get((kind, names))
        if index is None:
            index = self.indexes[kind, names] = {}
            for item in self.records[kind]:
                index.setdefault(tuple(item.after.get(name) for name in names), []).append(item)
        return index.get(tuple(wanted[name] for name in names), [])

    def lose(self, table: Table) -> None:
        """Remember the rows of the sheet that became no record."""
        kind = table.sheet.kind
        items = self.divisions.values() if kind == "county.division" else self.plan.items
        became = {item.row for item in items if item.kind == kind}
        for row in table.rows:
            if row.number not in became:
                names = (row.cells.get(name) for name in NAMED_BY)
                self.lost[kind] |= {cells.plain(name) for name in names} - {""}

    def follows(self, kind: str, name: str) -> bool:
        """Whether what is looked for stood in a row that was refused."""
        return name in self.lost[kind] or kind in self.unread

    # faults

    def letter(self, kind: str, name: str) -> str:
        return self.letters.get(kind, {}).get(name, "A")

    def fault(self, kind: str, row: int, name: str, what: str, value: Any, mend: str) -> None:
        """Write down a fault of a cell of the sheet of that kind."""
        self.plan.faults.append(
            Fault(BY_KIND[kind].name, row, self.letter(kind, name), what,
                  cells.plain(value)[:VALUE_CHARS], mend)
        )  # fmt: skip

    # cells

    def values(self, table: Table, row: Row) -> dict[str, Any] | None:
        """The typed values of a row; None where a cell cannot be read (its fault is written)."""
        found: dict[str, Any] = {}
        good = True
        for column in table.sheet.columns:
            if column.field not in row.cells:
                continue
            cell = row.cells[column.field]
            try:
                found[column.field] = self._value(column, cell)
            except cells.CellFault as fault:
                self.fault(table.sheet.kind, row.number, column.field, fault.what, cell, fault.mend)
                good = False
        return found if good else None

    def _value(self, column: Column, cell: Any) -> Any:
        return self.typed[column.kind](column, cell)

    def _typed(self) -> dict[str, Callable[[Column, Any], Any]]:
        """How a cell of each kind of column is read; made once a file."""
        units, posts = {"unit": "单位", "collective": "集合"}, self.reader.post_kinds
        zone = self.reader.zone
        return {
            "key": lambda _column, cell: cells.text(cell, 40),
            "code": lambda _column, cell: _code(cell),
            "text": lambda column, cell: cells.text(cell, column.chars),
            "int": lambda _column, cell: cells.whole(cell),
            "float": lambda _column, cell: cells.decimal(cell),
            "day": lambda _column, cell: cells.day(cell),
            "moment": lambda _column, cell: cells.moment(cell, zone),
            "phone": lambda _column, cell: cells.phone(cell),
            "yes": lambda _column, cell: cells.yes(cell),
            "unit_kind": lambda _column, cell: cells.choice(cell, units),
            "post_kind": lambda _column, cell: cells.choice(cell, posts),
        }

    # rows

    def match(
        self, kind: str, row: Row, values: dict[str, Any], natural: Callable[[], Item | None]
    ) -> Item | None:
        """The record that the row means, or a new one; None where that is a fault."""
        key = values.get("key", "")
        if key.isascii() and key.isdigit():
            item = self.by_id[kind].get(int(key))
            if item is None:
                self.fault(kind, row.number, "key", _("没有这个编号，或不在您的范围内"), key,
                           _("新增的行请把编号留空"))  # fmt: skip
                return None
        else:
            item = natural() or self.fresh(kind)
            if key and self.local[kind].setdefault(key, item) is not item:
                self.fault(kind, row.number, "key", _("编号与别的行重复"), key, _("请换一个"))
                return None
        if item.row:
            self.fault(kind, row.number, "key", _("与第 %(n)d 行是同一条") % {"n": item.row},
                       key or _("（未填）"), _("请删去重复的一行"))  # fmt: skip
            return None
        item.row = row.number
        self.plan.items.append(item)
        return item

    def fresh(self, kind: str) -> Item:
        """A new record of the kind; it counts once it has been matched to its row."""
        item = Item(kind, None, {})
        self.records[kind].append(item)
        return item

    def missing(self, table: Table, row: Row, values: dict[str, Any]) -> bool:
        """Whether a needed cell is empty (each is a fault)."""
        empty = [
            column for column in table.sheet.columns
            if column.needed and values.get(column.field) in (None, "")
        ]  # fmt: skip
        for column in empty:
            what = _("“%(c)s”没有填") % {"c": column.head}
            mend = column.help or _("请填写")
            self.fault(table.sheet.kind, row.number, column.field, what, "", mend)
        return bool(empty)

    def place(self, kind: str, row: int, name: str, code: int) -> bool:
        """Whether the division is there and within the span; else a fault."""
        if code not in self.divisions:
            if any(self.follows("county.division", text) for text in written(code)):
                return False
            self.fault(kind, row, name, _("没有这个区划代码"), code, _("请先在“区划”表里添加"))
            return False
        if not self.reader.covers(code):
            self.fault(kind, row, name, _("这个区划不在您的范围内"), code, _("请上级办理"))
            return False
        return True

    # references

    def refer(
        self, kind: str, target: str, row: int, name: str, key: str,
        fits: Iterable[Item], shown: str,
    ) -> Item | None:  # fmt: skip
        """The one record that a reference means: by its key, else the only one that fits."""
        if key:
            found = self.by_id[target].get(int(key)) if key.isascii() and key.isdigit() \
                else self.local[target].get(key)  # fmt: skip
            if found is None and not self.follows(target, key):
                self.fault(kind, row, name, _("没有这个编号，或不在您的范围内"), key,
                           _("请核对编号，新增的要写在前面的表里"))  # fmt: skip
            return found
        some = list(fits)
        if len(some) == 1:
            return some[0]
        if not some and self.follows(target, shown):
            return None
        what = _("有 %(n)d 个同名的") % {"n": len(some)} if some else _("找不到")
        self.fault(kind, row, name, what, shown, _("请填编号") if some else
                   _("请核对写法，或先在前面的表里添加"))  # fmt: skip
        return None


def written(code: int) -> tuple[str, ...]:
    """The ways in which a sheet may write a division's code: 12, 9 or 6 digits."""
    text = str(code)
    return tuple(text[:size] for size in (12, 9, 6) if not text[size:].strip("0"))


def _code(cell: Any) -> int | None:
    found = cells.plain(cell)
    if not found:
        return None
    try:
        return parse(found)
    except ValueError:
        raise cells.CellFault("不是区划代码", "应为 6、9 或 12 位数字，例如 500231109001") from None


def same_minute(old: datetime | None, new: datetime | None) -> bool:
    """Whether a cell says what the record says: cells know minutes, records know more."""
    if old is None or new is None:
        return old is new
    return old.replace(second=0, microsecond=0) == new.replace(second=0, microsecond=0)
