"""One type of objects as a table: out, edited in an office program, held against what stands, in.

Flows in: an .xlsx that passed `ground.office`. Flows out: a plan (what is new, what changes from
what to what) or faults by row and column; a file with one fault writes nothing. A row is known by
its 编号; its 版次 tells whether somebody else changed it since the file was made.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from anlan.county.models import Division, Unit
from anlan.county.workbook.cells import CellFault, decimal, escaped, plain
from anlan.engines.ledger import actions, queries
from anlan.engines.ledger.actions import Entry
from anlan.engines.ledger.kinds import Field, ObjectType
from anlan.engines.ledger.models import RegulatedObject
from anlan.engines.ledger.types import type_of
from anlan.ground import files, journal, office
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.scope import Scope

ROWS_MAX = 20_000
COLUMNS_MAX = 100
FAULTS_MAX = 200
ID, VERSION, NAME, PLACE = "编号", "版次", "名称", "区划代码"
LAT, LON, SOURCE, SIDES = "纬度", "经度", "来源", "行业侧面"
REFERENCE = "#"
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong where, and the mend. row counts as the sheet does; column by its letter."""

    row: int
    column: str
    what: str
    mend: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row that would write: a new object, or one that changes."""

    row: int
    object_id: int | None
    version: int
    entry: Entry
    told: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file would do."""

    lines: list[Line]
    unchanged: int
    faults: list[Fault]

    @property
    def digest(self) -> str:
        """Of what would be written: the confirmation carries it back."""
        content = [[one.object_id, one.version, repr(one.entry)] for one in self.lines]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def heads(kind: ObjectType) -> list[str]:
    """The columns of a type's table."""
    sides = [SIDES] if kind.facets else []
    return [ID, VERSION, NAME, kind.code_label, PLACE, LAT, LON, SOURCE, *sides,
            *(_head(kind, field) for field in kind.fields)]  # fmt: skip


def _head(kind: ObjectType, field: Field) -> str:
    side = f"{kind.facets[field.facet]}·" if field.facet else ""
    return side + field.head


def workbook(scope: Scope, kind: ObjectType, wanted: queries.Wanted) -> bytes:
    """The objects of a list as an .xlsx; text that a sheet would compute is escaped."""
    from openpyxl import Workbook

    rows, names = queries.table(scope, kind, wanted, ROWS_MAX)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(kind.label)
    sheet.freeze_panes = "A2"
    sheet.append(heads(kind))
    for row in rows:
        sheet.append([_cell(value) for value in _line(kind, row, names)])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _line(
    kind: ObjectType, row: RegulatedObject, names: Mapping[tuple[str, int], str]
) -> list[Any]:
    sides = ["、".join(kind.facets.get(one, one) for one in row.facets)] if kind.facets else []
    return [
        row.id, row.version, row.name, row.code, str(row.division), row.lat, row.lon, row.source,
        *sides, *(_told(field, row.fields.get(field.key), names) for field in kind.fields),
    ]  # fmt: skip


def _told(field: Field, value: Any, names: Mapping[tuple[str, int], str]) -> Any:
    """A reference as 名称 #编号, so that it is read by people and found again by us."""
    if value is not None and field.kind in ("unit", "object"):
        return f"{names.get((field.kind, int(value)), '')} {REFERENCE}{value}".strip()
    return queries.text_of(field, value)


def _cell(value: Any) -> Any:
    return escaped(value) if isinstance(value, str) else value


# in again


def read(content: bytes, name: str) -> list[list[Any]]:
    """The lines of the first sheet; a Refusal for what is no table, too large, or has formulas."""
    files.check(content, name, frozenset({"xlsx"}))
    seen = office.guard(content, name, frozenset({"xlsx"}))
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        title = book.sheet_names[0]
        if seen.rows.get(title, 0) > ROWS_MAX + 1 or seen.columns.get(title, 0) > COLUMNS_MAX:
            raise Refusal("table-large", _("表格超过 %(r)d 行") % {"r": ROWS_MAX}, name,
                          _("请分几次导入"), 413)  # fmt: skip
        formulas = seen.formulas.get(title, ())
        if formulas:
            raise Refusal("table-formula", _("有的格子是公式"), f"{title} {formulas[0]}",
                          _("请复制后“选择性粘贴为数值”"))  # fmt: skip
        return list(book.get_sheet_by_name(title).to_python(skip_empty_area=False))
    except (CalamineError, ValueError, OSError, IndexError) as error:
        raise Refusal("file-broken", _("表格读不出来"), f"{name} {error}"[:200],
                      _("请用办公软件打开后另存为 .xlsx，再上传")) from None  # fmt: skip


def plan(scope: Scope, kind: ObjectType, lines: Sequence[Sequence[Any]]) -> Plan:
    """What the lines would write, as the ledger stands now."""
    with scope.open():
        return _Planner(scope, kind).plan(lines)


class _Planner:
    """Holds what rows point at, so that a thousand rows ask once."""

    def __init__(self, scope: Scope, kind: ObjectType):
        self.scope, self.kind = scope, kind
        self.places = set(
            Division.objects.filter(ended_on=None, code__range=(scope.lo, scope.hi))
            .values_list("code", flat=True)
        )  # fmt: skip
        self.names: dict[tuple[str, str], dict[str, list[int]]] = {}
        self.faults: list[Fault] = []

    def plan(self, lines: Sequence[Sequence[Any]]) -> Plan:
        if not lines:
            return Plan([], 0, [Fault(1, "A", _("表格是空的"), _("请先导出再修改"))])
        columns = self._columns(lines[0])
        if self.faults:
            return Plan([], 0, self.faults)
        rows = [
            (number, {head: line[at] if at < len(line) else None for head, at in columns.items()})
            for number, line in enumerate(lines[1:], start=2)
            if any(plain(cell) for cell in line)
        ]
        standing = self._standing(rows)
        seen: dict[str, int] = {}
        found, unchanged = [], 0
        for number, cells in rows:
            made = self._row(number, cells, columns, standing, seen)
            if made is None:
                continue
            unchanged += not made.told
            found += [made] if made.told else []
        faults = sorted(self.faults, key=lambda fault: fault.row)[:FAULTS_MAX]
        return Plan([] if faults else found, unchanged, faults)

    def _columns(self, first: Sequence[Any]) -> dict[str, int]:
        known, found = heads(self.kind), {}
        for at, cell in enumerate(first):
            head = plain(cell).rstrip("*")
            if not head:
                continue
            if head not in known or head in found:
                what = _("列名重复：%(h)s") if head in found else _("没有这一列：%(h)s")
                self._fault(1, at, what % {"h": head[:40]}, _("请按导出的表头"))
            found[head] = at
        for head in (NAME, PLACE):
            if head not in found:
                self._fault(1, 0, _("缺少列：%(h)s") % {"h": head}, _("请按导出的表头补上"))
        return found

    def _standing(self, rows: Sequence[tuple[int, dict[str, Any]]]) -> dict[int, RegulatedObject]:
        keys = {int(plain(cells.get(ID))) for _n, cells in rows if plain(cells.get(ID)).isdigit()}
        found = RegulatedObject.objects.filter(pk__in=keys, type=self.kind.name, ended_at=None)
        return {row.id: row for row in found}

    def _row(
        self, number: int, cells: dict[str, Any], columns: dict[str, int],
        standing: dict[int, RegulatedObject], seen: dict[str, int],
    ) -> Line | None:  # fmt: skip
        before = len(self.faults)
        key, row = plain(cells.get(ID)), None
        if key:
            row = standing.get(int(key)) if key.isdigit() else None
            if row is None:
                what = _("没有编号 %(k)s，或不在您的范围内") % {"k": key[:20]}
                self._fault(number, columns[ID], what, _("新增的把编号留空"))
                return None
            self._same_version(number, cells, columns, row)
        entry = self._entry(number, cells, columns, row)
        if entry is None or len(self.faults) > before:
            return None
        try:
            values = actions.checked(self.kind, entry)
        except Refusal as refusal:
            for told in refusal.place.split("；"):
                self._fault(number, self._place_of(told, columns), told, _("请改正后重新上传"))
            return None
        if values["code"] and seen.setdefault(values["code"], number) != number:
            self._fault(number, columns.get(self.kind.code_label, 0),
                        _("和第 %(n)d 行编号相同") % {"n": seen[values["code"]]},
                        _("请删去一行"))  # fmt: skip
        told = _("新增") if row is None else self._changes(row, entry.division, values)
        return Line(number, row.id if row else None, row.version if row else 0, entry, told)

    def _same_version(
        self, number: int, cells: dict[str, Any], columns: dict[str, int], row: RegulatedObject
    ) -> None:
        said = plain(cells.get(VERSION))
        if said != str(row.version):
            what = _("导出以后有人改过：现在是第 %(v)d 版，名称“%(n)s”")
            self._fault(
                number, columns.get(VERSION, columns[ID]),
                what % {"v": row.version, "n": row.name}, _("请重新导出，在新内容上修改"),
            )  # fmt: skip

    def _entry(
        self, number: int, cells: dict[str, Any], columns: dict[str, int],
        row: RegulatedObject | None,
    ) -> Entry | None:  # fmt: skip
        """A column that the file does not have keeps what stands."""
        place = plain(cells.get(PLACE))
        if not place.isdigit() or int(place) not in self.places:
            what = _("没有这个区划，或不在您的范围内：%(p)s") % {"p": place[:20]}
            self._fault(number, columns[PLACE], what, _("请填 12 位区划代码"))
            return None
        point = [self._number(number, columns, cells, head, row) for head in (LAT, LON)]
        facets = self._facets(number, cells, columns, row)
        kept = dict(row.fields) if row else {}
        values = {
            field.key: self._value(number, columns, cells, field)
            if _head(self.kind, field) in columns else kept.get(field.key)
            for field in self.kind.own_fields(facets)
        }  # fmt: skip
        return Entry(
            int(place), plain(cells.get(NAME)),
            self._text(cells, columns, self.kind.code_label, row.code if row else ""),
            {k: v for k, v in values.items() if v not in (None, "")}, facets, point[0], point[1],
            self._text(cells, columns, SOURCE, row.source if row else ""),
        )  # fmt: skip

    @staticmethod
    def _text(cells: dict[str, Any], columns: dict[str, int], head: str, kept: str) -> str:
        return plain(cells.get(head)) if head in columns else kept

    def _number(
        self, number: int, columns: dict[str, int], cells: dict[str, Any], head: str,
        row: RegulatedObject | None,
    ) -> float | None:  # fmt: skip
        if head not in columns:
            return getattr(row, "lat" if head == LAT else "lon", None)
        try:
            return decimal(cells.get(head))
        except CellFault as fault:
            self._fault(number, columns[head], fault.what, fault.mend)
            return None

    def _facets(
        self, number: int, cells: dict[str, Any], columns: dict[str, int],
        row: RegulatedObject | None,
    ) -> tuple[str, ...]:  # fmt: skip
        if SIDES not in columns:
            return tuple(row.facets) if row else ()
        words = {word: name for name, word in self.kind.facets.items()}
        found = []
        for word in filter(None, plain(cells.get(SIDES)).replace(",", "、").split("、")):
            if word not in words:
                self._fault(number, columns[SIDES], _("没有这一面：%(w)s") % {"w": word[:20]},
                            _("应为：%(l)s") % {"l": "、".join(words)})  # fmt: skip
            else:
                found.append(words[word])
        return tuple(sorted(found))

    def _value(
        self, number: int, columns: dict[str, int], cells: dict[str, Any], field: Field
    ) -> Any:
        """The raw value; a reference by its #编号, or by a name that only one has."""
        raw = cells.get(_head(self.kind, field))
        text = plain(raw)
        if field.kind == "date" and not isinstance(raw, str):
            return raw
        if field.kind not in ("unit", "object") or not text:
            return text
        name, _mark, key = text.rpartition(REFERENCE)
        if key.isdigit() and REFERENCE in text:
            return key
        found = self._by_name(field).get(name or text, [])
        if len(found) != 1:
            what = _("有 %(n)d 个同名的：%(t)s") if found else _("没有找到：%(t)s")
            self._fault(number, columns[_head(self.kind, field)],
                        what % {"n": len(found), "t": text[:30]},
                        _("请写成“名称 #编号”"))  # fmt: skip
            return None
        return str(found[0])

    def _by_name(self, field: Field) -> dict[str, list[int]]:
        at = (field.kind, field.of)
        if at not in self.names:
            rows = (
                Unit.objects.filter(ended_on=None).values_list("id", "name")
                if field.kind == "unit"
                else RegulatedObject.objects.filter(type=field.of, ended_at=None)
                .values_list("id", "name")
            )  # fmt: skip
            own: dict[str, list[int]] = {}
            for key, name in rows:
                own.setdefault(name, []).append(key)
            self.names[at] = own
        return self.names[at]

    def _changes(self, row: RegulatedObject, division: int, values: dict[str, Any]) -> str:
        """甲→乙 of what would change; empty where nothing does."""
        told = [] if row.division == division else [f"{PLACE} {row.division}→{division}"]
        for name, word in (("name", NAME), ("code", self.kind.code_label), ("lat", LAT),
                           ("lon", LON), ("source", SOURCE), ("facets", SIDES)):  # fmt: skip
            if getattr(row, name) != values[name]:
                told.append(f"{word} {getattr(row, name) or '（空）'}→{values[name] or '（空）'}")
        for field in self.kind.fields:
            old, new = row.fields.get(field.key), values["fields"].get(field.key)
            if old != new:
                told.append(f"{field.label} {queries.text_of(field, old) or '（空）'}"
                            f"→{queries.text_of(field, new) or '（空）'}")  # fmt: skip
        return "，".join(told)

    def _place_of(self, told: str, columns: dict[str, int]) -> int:
        label = told.partition("：")[0]
        for head, at in columns.items():
            if head == label or head.startswith(label + "（") or head.endswith("·" + label):
                return at
        return columns[NAME]

    def _fault(self, row: int, column: int, what: str, mend: str) -> None:
        self.faults.append(Fault(row, office.column_letters(column + 1), what, mend))


@action("ledger.edit", journal="ledger.table.receive", may_change_nothing=True)
def receive(scope: Scope, type_name: str, content: bytes, name: str) -> tuple[Plan, str]:
    """The preview of a file, and the digest under which a good one waits; a bad one is not kept."""
    found = plan(scope, type_of(type_name), read(content, name))
    if found.faults or not found.lines:
        return found, ""
    kept = files.keep(scope, content, name, frozenset({"xlsx"}))
    return found, str(kept.sha256)


@action("ledger.edit", journal="ledger.table.write")
def write(scope: Scope, type_name: str, file: str, name: str, digest: str) -> Plan:
    """Write what the preview showed, all or nothing; refused where the ledger moved meanwhile."""
    if not DIGEST.fullmatch(file):
        raise NotFound("file-missing", _("没有这个文件"), file[:12], _("请重新上传"))
    kind, content = type_of(type_name), files.read(file)
    found = plan(scope, kind, read(content, name))
    if found.faults or found.digest != digest:
        raise Conflict("table-moved", _("预览以后台账有变，没有写入"), name,
                       _("请重新上传，看新的预览"))  # fmt: skip
    if not found.lines:
        raise Refusal("table-empty", _("没有要写入的行"), name, _("改好再上传"))
    for line in found.lines:
        if line.object_id is None:
            actions.add_object(scope, kind.name, line.entry)
        else:
            actions.edit_object(scope, line.object_id, line.version, line.entry)
    journal.line(scope, "ledger.table.write", None, division=scope.lo,
                 after={"type": kind.name, "rows": len(found.lines), "plan": digest})  # fmt: skip
    return found
