"""Lines of a plan table become rows: numbers, what is inherited, units, quantities, deadlines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from anlan.rooms.workplan.reader.blocks import Cell
from anlan.rooms.workplan.reader.deadlines import deadline, in_text
from anlan.rooms.workplan.reader.numerals import ordinal
from anlan.rooms.workplan.reader.quantities import DOING, Quantity, quantities
from anlan.rooms.workplan.reader.tables import Line, Table
from anlan.rooms.workplan.reader.units import SAME, Unit, is_empty, units, units_apart

MESSAGES = {
    "no-lead": "没有能牵头的单位：第一个是集合，或牵头栏为空",
    "unit-twice": "同一个单位写了两次",
    "units-missing": "没有责任单位，上面也没有可沿用的",
    "units-inherited": "责任单位栏为空，沿用上一行",
    "name-missing": "名称栏为空，上面也没有可沿用的",
    "deadline-season": "时限写的是时节，暂按常年日期列出，请核对",
    "deadline-open": "时限没有写到日，按年底列出",
    "deadline-several": "时限写了几个日子，按最后一个列出",
    "deadline-unread": "时限没有读懂，按年底列出",
    "deadline-in-text": "时限栏没有日期，按正文里写的列出",
    "hedged": "写的是“基本”，不等于做完",
    "op-assumed": "只有数字，没有写“不超过”还是“不少于”；按越少越好列出",
    "rate-bare": "比率没有单位，像是百分比丢了百分号",
    "number-order": "序号不连续或重复",
    "row-joined": "这一行被分在两页，已接上",
}


@dataclass(slots=True)
class Doubts:
    """What the reader is not sure of, in the order in which it met it."""

    found: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self, code: str, table: int | None, row: int | None, message: str = "",
        point: int | None = None,
    ) -> None:  # fmt: skip
        self.found.append({"code": code, "table": table, "row": row, "point": point,
                           "message": message or MESSAGES[code]})  # fmt: skip


@dataclass(slots=True)
class _Row:
    """A row being built: text by role, and which of them were taken from above."""

    number: int | None
    texts: dict[str, str]
    inherited: set[str] = field(default_factory=set)
    joined: bool = False
    lines: list[Line] = field(default_factory=list)


Origins = dict[tuple[int, int], list[Line]]


def rows_of(
    table: Table, number: int, year: int | None, doubts: Doubts, origins: Origins | None = None
) -> list[dict[str, Any]]:
    """The rows of a table, with doubts added; origins: filled with the lines that a row came from."""
    built = _inherit(_join(table, [_read(table, line) for line in table.lines]))
    numbers = _numbers(built, "number" in table.roles)
    rows = []
    for own, row_number in zip(built, numbers, strict=True):
        if own.joined:
            doubts.add("row-joined", number, row_number)
        rows.append(_row(table, own, number, row_number, year, doubts))
        if origins is not None:
            origins[number, row_number] = own.lines
    if "number" in table.roles and not _in_order(built):
        doubts.add("number-order", number, None)
    return rows


# from cells to text by role


def _read(table: Table, line: Line) -> _Row:
    texts: dict[str, str] = {}
    inherited: set[str] = set()
    for role, cells in line.cells.items():
        texts[role] = _text(role, cells)
        if all(cell.row < line.at for cell in cells) and texts[role]:
            inherited.add(role)
    if line.over:
        texts["units"] = line.over
    number = ordinal(texts.get("number", ""))
    if "name" not in table.roles:
        _same(texts, inherited, "name", "text")
    elif is_empty(texts.get("name", "")) and "group" not in inherited:
        texts["name"] = texts.get("group", "").rpartition("\n")[2]
    if "text" not in table.roles:
        _same(texts, inherited, "text", "name")
    return _Row(number, texts, inherited, lines=[line])


def _text(role: str, cells: list[Cell]) -> str:
    kept = [cell.text.strip() for cell in cells if cell.text.strip()]
    if role in ("units", "lead", "support"):
        kept = [text for text in kept if not is_empty(text)]
        return "、".join(dict.fromkeys(kept))
    return "\n".join(dict.fromkeys(kept))


def _same(texts: dict[str, str], inherited: set[str], role: str, other: str) -> None:
    """A table with one column of tasks: the task is the name and the text."""
    texts[role] = texts.get(other, "")
    if other in inherited:
        inherited.add(role)


def _join(table: Table, rows: list[_Row]) -> list[_Row]:
    """A row that a page cut in two: no number of its own where every other row has one."""
    kept: list[_Row] = []
    for line, row in zip(table.lines, rows, strict=True):
        first = line.grid.joined and line.at == min(
            own.at for own in table.lines if own.grid is line.grid
        )
        if kept and first and _is_rest(row, kept):
            _append(kept[-1], row)
        elif (
            kept
            and {"name", "text"} <= row.inherited
            and "number" not in row.texts.keys() - row.inherited
        ):
            _more_units(kept[-1], row)
        else:
            kept.append(row)
    return kept


def _is_rest(row: _Row, kept: list[_Row]) -> bool:
    last = kept[-1]
    numbered = sum(own.number is not None for own in kept) >= 0.8 * len(kept)
    if numbered:
        return row.number is None and not row.texts.get("number", "").strip()
    cut = last.texts.get("text", "")
    open_end = bool(cut) and not re.search(r"[。；;！.）]$", cut)
    bare = not row.texts.get("name", "").strip() and not row.texts.get("units", "").strip()
    return open_end and bare and not row.texts.get("lead", "").strip()


def _more_units(last: _Row, row: _Row) -> None:
    """Name and text reach down over this line: only who answers is new, and joins the row above."""
    for role in ("units", "lead", "support"):
        text = row.texts.get(role, "")
        if not is_empty(text) and role not in row.inherited:
            last.texts[role] = "、".join(part for part in (last.texts.get(role, ""), text) if part)
    last.lines += row.lines


def _append(last: _Row, row: _Row) -> None:
    for role, text in row.texts.items():
        if text and role not in row.inherited:
            last.texts[role] = last.texts.get(role, "") + text
    last.joined = True
    last.lines += row.lines


# what is empty takes what stands above


def _inherit(rows: list[_Row]) -> list[_Row]:
    above: _Row | None = None
    for row in rows:
        for role in ("name", "units", "lead", "support"):
            if row.texts.get(role, "").strip() in SAME:
                row.texts[role] = ""
        if above is not None:
            _take(row, above, ("name",))
            if not any(
                not is_empty(row.texts.get(role, "")) for role in ("units", "lead", "support")
            ):
                _take(row, above, ("units", "lead", "support"))
        above = row
    return rows


def _take(row: _Row, above: _Row, roles: tuple[str, ...]) -> None:
    for role in roles:
        if (
            role in above.texts
            and is_empty(row.texts.get(role, ""))
            and not is_empty(above.texts[role])
        ):
            row.texts[role] = above.texts[role]
            row.inherited.add(role)


def _numbers(rows: list[_Row], has_column: bool) -> list[int]:
    """As written where every row has a number of its own; else in order of standing."""
    own = [row.number for row in rows]
    whole = [number for number in own if number is not None]
    if has_column and len(whole) == len(rows) and len(set(whole)) == len(whole):
        return whole
    return list(range(1, len(rows) + 1))


def _in_order(rows: list[_Row]) -> bool:
    fresh = [row.number for row in rows if row.number is not None and "number" not in row.inherited]
    return fresh == list(range(1, len(fresh) + 1))


# one row


def _row(
    table: Table, own: _Row, number: int, row_number: int, year: int | None, doubts: Doubts
) -> dict[str, Any]:
    texts = own.texts
    people, units_text = _people(table, own, number, row_number, doubts)
    name = re.sub(r"\s*\n\s*", "", texts.get("name", "")).strip()
    if not name:
        doubts.add("name-missing", number, row_number)
    text = texts.get("text", "").strip()
    promised = _quantities(table, texts, name, year)
    for found in promised:
        if found.assumed:
            doubts.add("op-assumed", number, row_number)
        if not found.unit and found.subject.endswith("率") and 0 < (found.value or 0) <= 1:
            doubts.add("rate-bare", number, row_number)
    if re.search(r"基本(?:实现|完成|达到|建成|消除)", text) and promised:
        doubts.add("hedged", number, row_number)
    return {
        "row": row_number, "name": name, "name_inherited": "name" in own.inherited, "text": text,
        "units_text": units_text, "units_inherited": bool({"units", "lead"} & own.inherited),
        "units": [unit.as_dict() for unit in people],
        "quantities": [found.as_dict() for found in promised],
        "deadline": _deadline(table, texts, year, number, row_number, doubts),
        "note": "" if is_empty(texts.get("note", "")) else texts.get("note", "").strip(),
    }  # fmt: skip


def _people(
    table: Table, own: _Row, number: int, row_number: int, doubts: Doubts
) -> tuple[list[Unit], str]:
    """Units by their columns; who is named in a lead column leads, as written."""
    lead, support, plain = (
        "" if is_empty(own.texts.get(role, "")) else own.texts[role]
        for role in ("lead", "support", "units")
    )
    apart = "lead" in table.roles
    if apart:
        people, codes = units_apart(lead, "；".join(part for part in (support, plain) if part))
        written = _apart_text(lead, "；".join(part for part in (plain, support) if part))
    else:
        people, codes = units(plain)
        helpers = units_apart("", support)[0]
        people, written = people + helpers, "；".join(part for part in (plain, support) if part)
        codes = ["no-lead"] if not people else codes
    if not people:
        codes = ["units-missing"]
    elif {"units", "lead"} & own.inherited:
        codes = ["units-inherited", *codes]
    for code in codes:
        doubts.add(code, number, row_number)
    return people, written


def _apart_text(lead: str, support: str) -> str:
    if lead and support:
        return f"牵头：{lead}；配合：{support}"
    return f"牵头：{lead}" if lead else (f"配合：{support}" if support else "")


def _quantities(table: Table, texts: dict[str, str], name: str, year: int | None) -> list[Quantity]:
    """Each text cell by itself, so that a bare figure in a column of targets is seen as one."""
    measure = texts.get("measure", "").strip()
    if is_empty(measure):
        measure = ""
    measure = measure or _header_measure(table)
    found: list[Quantity] = []
    for part in _parts(texts.get("text", "")):
        found += quantities(part, name, year, measure)
    if "name" in table.roles and not found and re.match(rf"^(?:{DOING})", name):
        found = quantities(name, "", year)
    elif "name" in table.roles and texts.get("text", "") and not re.search(r"率$", name):
        own = [q for q in quantities(name, "", year) if q.op != "judged"]
        said = {(q.op, q.value, q.unit) for q in found}
        found += [
            q
            for q in own
            if (q.op, q.value, q.unit) not in said and re.match(rf"^(?:{DOING})", name)
        ]
    return found


def _parts(text: str) -> list[str]:
    """Cells of several columns and lines of one cell, each a promise of its own."""
    return [part for part in text.split("\n") if part.strip()]


def _header_measure(table: Table) -> str:
    for role, path in zip(table.roles, table.headers, strict=True):
        match = re.search(
            r"[（(]\s*(?:单位[:：])?([%‰％]|[^（）()\d]{1,3})[）)]$", path[-1] if path else ""
        )
        if role == "text" and match and not re.search("内容|任务|措施|要求", match.group(1)):
            return match.group(1).replace("％", "%")
    return ""


def _deadline(
    table: Table, texts: dict[str, str], year: int | None, number: int, row_number: int,
    doubts: Doubts,
) -> str:  # fmt: skip
    written = texts.get("deadline", "").strip()
    if not is_empty(written):
        day, code = deadline(written, year)
        if code:
            doubts.add(code, number, row_number, f"{MESSAGES[code]}：{written}")
        return day
    own = in_text(texts.get("text", ""), year)
    if own and own != (f"{year}-12-31" if year else ""):
        doubts.add("deadline-in-text", number, row_number)
        return own
    return f"{year}-12-31" if year else ""
