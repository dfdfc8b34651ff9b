"""Each sheet's rows against the records: what a row means, and what it would make of its record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from anlan.county.decisions import BACKDATE_MAX
from anlan.county.division_actions import KINDS, LAT_MAX, LAT_MIN, LON_MAX, LON_MIN
from anlan.county.names import pinyin_of
from anlan.county.workbook.desk import Desk, same_minute
from anlan.county.workbook.items import Item
from anlan.county.workbook.reading import Row, Table
from anlan.ground import secrets
from anlan.ground.places import county_of, level, parent

RANK_MAX = 9
ORDER_MAX = 9_999
SAME_DEG = 1e-9


def divisions(desk: Desk, table: Table) -> None:
    """Townships and villages, parents first; for whoever is narrower than the county, read only."""
    pairs = [(row, values) for row in table.rows if (values := desk.values(table, row)) is not None]
    for row, values in sorted(pairs, key=lambda pair: pair[1].get("code") or 0):
        code = values.get("code")
        if desk.missing(table, row, values) or code is None:
            continue
        item = desk.divisions.get(code)
        if item is None:
            item = desk.fresh("county.division")
            item.after = {"code": code, "population": None, "label_lat": None, "label_lon": None,
                          "source": "", "name": "", "kind": ""}  # fmt: skip
        elif item.row:
            what = _("与第 %(n)d 行是同一条") % {"n": item.row}
            desk.fault("county.division", row.number, "code", what, code, _("请删去一行"))
            continue
        item.row = row.number
        desk.plan.items.append(item)
        if _division_fits(desk, row, values, code):
            desk.divisions[code] = item
        _fill(item, values, ("name", "kind", "population", "label_lat", "label_lon"))
        own = item.after["source"] or (desk.reader.file if item.id is None else "")
        item.after["source"] = values.get("source") or own
        if not desk.reader.wide and item.op != "unchanged":
            desk.fault("county.division", row.number, "code", _("区划由县级维护，这里只读"), code,
                       _("请还原这一行，或联系县级经办人"))  # fmt: skip


def _division_fits(desk: Desk, row: Row, values: dict[str, Any], code: int) -> bool:
    kind = "county.division"
    before = len(desk.plan.faults)
    if county_of(code) != desk.reader.county:
        desk.fault(kind, row.number, "code", _("这个代码不属于本县"), code,
                   _("本县代码的前六位是 %(c)s") % {"c": str(desk.reader.county)[:6]})  # fmt: skip
    elif parent(code) is not None and parent(code) not in desk.divisions:
        desk.fault(kind, row.number, "code", _("还没有它的上级区划"), code,
                   _("请先添加 %(c)s") % {"c": parent(code)})  # fmt: skip
    given = values.get("parent")
    if given is not None and given != parent(code):
        desk.fault(kind, row.number, "parent", _("上级代码与代码不符"), given,
                   _("应为 %(c)s") % {"c": parent(code) or _("空")})  # fmt: skip
    if values["kind"] not in KINDS[level(code)]:
        desk.fault(kind, row.number, "kind", _("类型与代码的层级不符"), values["kind"],
                   _("应为：%(k)s") % {"k": "、".join(KINDS[level(code)])})  # fmt: skip
    lat, lon = values.get("label_lat"), values.get("label_lon")
    if (lat is None) != (lon is None):
        desk.fault(kind, row.number, "label_lat", _("纬度和经度要同时填写"), "", _("请补全"))
    elif (
        lat is not None
        and lon is not None
        and not (LAT_MIN <= lat <= LAT_MAX and LON_MIN <= lon <= LON_MAX)
    ):
        desk.fault(kind, row.number, "label_lat", _("标注点不在国内"), f"{lat}, {lon}",
                   _("请核对纬度、经度是否填反"))  # fmt: skip
    return len(desk.plan.faults) == before


def _fill(item: Item, values: dict[str, Any], names: tuple[str, ...]) -> None:
    """Take the values of the columns that the sheet has; a tenth of a millimetre is no change."""
    for name in names:
        if name not in values:
            continue
        old, new = item.after.get(name), values[name]
        if isinstance(old, float) and isinstance(new, float) and abs(old - new) < SAME_DEG:
            continue
        item.after[name] = new


def _moment(item: Item, name: str, values: dict[str, Any]) -> None:
    """Take a moment where the cell says another minute than the record."""
    if name in values and not same_minute(item.after.get(name), values[name]):
        item.after[name] = values[name]


def _order(desk: Desk, kind: str, row: Row, values: dict[str, Any], item: Item) -> None:
    order = values.get("order")
    if order is not None and abs(order) > ORDER_MAX:
        desk.fault(kind, row.number, "order", _("顺序过大"), order, _("应在 -9999 到 9999 之间"))
    elif order is not None:
        item.after["order"] = order


def units(desk: Desk, table: Table) -> None:
    """Units and collectives, by their name."""
    kind = "county.unit"
    names = {item.after["name"]: item for item in desk.records[kind]}
    for row in table.rows:
        values = desk.values(table, row)
        if values is None or desk.missing(table, row, values):
            continue
        if not desk.place(kind, row.number, "division", values["division"]):
            continue
        item = desk.match(kind, row, values, lambda: names.get(values["name"]))  # noqa: B023
        if item is None:
            continue
        given = values.get("kind") or ""
        if not item.after:
            item.after = {"kind": given or "unit", "order": 0, "ended_on": None}
        elif given and given != item.after["kind"]:
            desk.fault(kind, row.number, "kind", _("类别不能改"), given, _("请另建一个"))
        other = names.setdefault(values["name"], item)
        if other is not item and other.after.get("name") == values["name"]:
            desk.fault(kind, row.number, "name", _("已有同名的单位"), values["name"],
                       _("请换一个名称"))  # fmt: skip
        _fill(item, values, ("division", "name", "ended_on"))
        _order(desk, kind, row, values, item)


def _unit(desk: Desk, kind: str, row: Row, field: str, name: str, of: str = "") -> Item | None:
    fits = [
        item for item in desk.fitting("county.unit", name=name)
        if not of or item.after.get("kind") == of
    ]  # fmt: skip
    return desk.refer(kind, "county.unit", row.number, field, "", fits, name)


def aliases(desk: Desk, table: Table) -> None:
    """Other names of units, from a day to a day."""
    kind = "county.unitalias"
    for row in table.rows:
        values = desk.values(table, row)
        if values is None or desk.missing(table, row, values):
            continue
        unit = _unit(desk, kind, row, "unit", values["unit"])
        if unit is None:
            continue
        begin = values.get("valid_from")
        item = desk.match(kind, row, values, lambda: _dated(
            desk.records[kind], begin, unit_id=unit, name=values["name"]))  # noqa: B023  # fmt: skip
        if item is None:
            continue
        item.after = {"valid_from": None, "valid_to": None} | item.after | {"unit_id": unit}
        _fill(item, values, ("name", "valid_from", "valid_to"))
        _days(desk, kind, row, item)


def _dated(records: list[Item], begin: Any, **wanted: Any) -> Item | None:
    fits = [item for item in records
            if all(item.after.get(name) == value for name, value in wanted.items())]  # fmt: skip
    return next((item for item in fits if item.after.get("valid_from") == begin), None)


def _days(desk: Desk, kind: str, row: Row, item: Item) -> None:
    first, last = item.after.get("valid_from"), item.after.get("valid_to")
    if first and last and last < first:
        desk.fault(kind, row.number, "valid_to", _("“至”早于“自”"), last, _("请核对日期"))


def members(desk: Desk, table: Table) -> None:
    """Members of collectives, from a day to a day."""
    kind = "county.unitmember"
    for row in table.rows:
        values = desk.values(table, row)
        if values is None or desk.missing(table, row, values):
            continue
        whole = _unit(desk, kind, row, "collective", values["collective"], "collective")
        part = _unit(desk, kind, row, "member", values["member"], "unit")
        if whole is None or part is None:
            continue
        begin = values.get("valid_from")
        item = desk.match(kind, row, values, lambda: _dated(
            desk.records[kind], begin, collective_id=whole, member_id=part))  # noqa: B023  # fmt: skip
        if item is None:
            continue
        item.after = {"valid_from": None, "valid_to": None} | item.after | {
            "collective_id": whole, "member_id": part}  # fmt: skip
        _fill(item, values, ("valid_from", "valid_to"))
        _days(desk, kind, row, item)


def people(desk: Desk, table: Table) -> None:
    """People, by name and number; a masked or empty number of somebody known stays as it is."""
    kind = "county.person"
    known = {(i.after["name"], i.after["phone"]): i for i in desk.records[kind]}
    namesakes = {(i.after["division"], i.after["name"]) for i in desk.records[kind] if i.living}
    for row in table.rows:
        values = desk.values(table, row)
        if values is None:
            continue
        number = values.get("phone", "")
        key = values.get("key", "")
        by_id = key.isascii() and key.isdigit()
        masked = "*" in number
        if desk.missing(table, row, values | ({"phone": "1"} if by_id or masked else {})):
            continue
        if not desk.place(kind, row.number, "division", values["division"]):
            continue
        if masked and not by_id:
            desk.fault(kind, row.number, "phone", _("遮住的号码不能用来新增"), number,
                       _("请填完整号码，或填上编号表示不改"))  # fmt: skip
            continue
        item = desk.match(kind, row, values, lambda: known.get((values["name"], number)))  # noqa: B023
        if item is None:
            continue
        if not item.after and (values["division"], values["name"]) in namesakes:
            _note(desk, row, values["name"])
        if masked and number != secrets.mask_phone(item.after["phone"] or ""):
            desk.fault(kind, row.number, "phone", _("遮住的号码与现有的对不上"), number,
                       _("不改号码就还原这一格，要改就填完整号码"))  # fmt: skip
        _person(item, values, number if number and not masked else "")
        known[(item.after["name"], item.after["phone"])] = item


def _note(desk: Desk, row: Row, name: str) -> None:
    from anlan.county.workbook.reading import Fault

    desk.plan.notes.append(Fault(
        "人员", row.number, desk.letter("county.person", "name"),
        _("同一区划已有同名的人，号码不同，将作为另一个人新增"), name,
        _("如果是换号码，请填上这个人的编号"),
    ))  # fmt: skip


def _person(item: Item, values: dict[str, Any], number: str) -> None:
    old_name = item.after.get("name")
    item.after = {"pinyin": "", "phone": None, "ended_at": None} | item.after
    _fill(item, values, ("division", "name"))
    if number:
        item.after["phone"] = number
    read = values.get("pinyin", "")
    if read:
        item.after["pinyin"] = " ".join(read.lower().split())
    elif item.after["name"] != old_name or ("pinyin" in values and item.id is not None):
        item.after["pinyin"] = pinyin_of(item.after["name"])[0]
    _moment(item, "ended_at", values)


def posts(desk: Desk, table: Table) -> None:
    """Posts, by place and title; superiors may stand further down in the same sheet."""
    kind = "county.post"
    living = {(i.after["division"], i.after["title"]): i for i in desk.records[kind] if i.living}
    matched: list[tuple[Row, dict[str, Any], Item]] = []
    for row in table.rows:
        values = desk.values(table, row)
        if values is None or desk.missing(table, row, values):
            continue
        if not desk.place(kind, row.number, "division", values["division"]):
            continue
        natural = (values["division"], values["title"])
        item = desk.match(kind, row, values, lambda: living.get(natural))  # noqa: B023
        if item is None:
            continue
        other = living.setdefault(natural, item)
        if other is not item and (other.after["division"], other.after["title"]) == natural:
            desk.fault(kind, row.number, "title", _("这个区划已有同名的岗位"), values["title"],
                       _("请换一个名称"))  # fmt: skip
        if not item.after:
            item.after = {"unit_id": None, "superior_id": None, "order": 0, "ended_at": None}
        _fill(item, values, ("division", "kind", "title"))
        _order(desk, kind, row, values, item)
        _moment(item, "ended_at", values)
        matched.append((row, values, item))
    desk.lose(table)  # a superior may be a refused row of this very sheet
    for row, values, item in matched:
        _post_references(desk, row, values, item)


def _post_references(desk: Desk, row: Row, values: dict[str, Any], item: Item) -> None:
    kind = "county.post"
    if "unit" in values and not isinstance(item.before.get("unit_id"), int):
        name = values["unit"]
        item.after["unit_id"] = _unit(desk, kind, row, "unit", name, "unit") if name else None
    key, title = values.get("superior_key", ""), values.get("superior_title", "")
    named = key or title
    unseen = isinstance(item.before.get("superior_id"), int)
    if unseen and key == str(item.before["superior_id"]):
        return
    if named:
        item.after["superior_id"] = desk.refer(
            kind, kind, row.number, "superior_key" if key else "superior_title", key,
            _titled(desk, title, values.get("superior_division")), title,
        )  # fmt: skip
    elif not unseen and ("superior_title" in values or "superior_key" in values):
        item.after["superior_id"] = None


def _titled(desk: Desk, title: str, division: int | None) -> list[Item]:
    return [
        item for item in desk.fitting("county.post", title=title)
        if item.living and (division is None or item.after["division"] == division)
    ]  # fmt: skip


def _post(desk: Desk, kind: str, row: Row, values: dict[str, Any]) -> Item | None:
    key, title = values.get("post_key", ""), values.get("post_title", "")
    if not key and not title:
        desk.fault(kind, row.number, "post_title", _("岗位没有填"), "", _("请填岗位或岗位编号"))
        return None
    return desk.refer(kind, "county.post", row.number, "post_key" if key else "post_title", key,
                      _titled(desk, title, values.get("post_division")), title)  # fmt: skip


def _who(desk: Desk, kind: str, row: Row, values: dict[str, Any], post: Item) -> Item | None:
    key, name = values.get("person_key", ""), values.get("person_name", "")
    if not key and not name:
        desk.fault(kind, row.number, "person_name", _("人没有填"), "", _("请填姓名或人员编号"))
        return None
    fits = [item for item in desk.fitting("county.person", name=name) if item.living]
    nearer = [i for i in fits if i.after["division"] == post.after["division"]]
    chosen = nearer if len(fits) > 1 and len(nearer) == 1 else fits
    field = "person_key" if key else "person_name"
    return desk.refer(kind, "county.person", row.number, field, key, chosen, name)


def holdings(desk: Desk, table: Table) -> None:
    """Who holds which post: new rows take over from whoever held it, known rows may only end."""
    kind = "county.holding"
    for row in table.rows:
        values = desk.values(table, row)
        if values is None:
            continue
        post = _post(desk, kind, row, values)
        person = _who(desk, kind, row, values, post) if post is not None else None
        if post is None or person is None:
            continue
        rank = values.get("rank") or 0
        if not 0 <= rank <= RANK_MAX:
            desk.fault(kind, row.number, "rank", _("顺位应为 0 到 9"), rank, _("0 为任职"))
            continue
        begin = values.get("valid_from")
        wanted = {"post_id": post, "person_id": person, "rank": rank}
        item = desk.match(kind, row, values, lambda: _same_term(desk, wanted, begin))  # noqa: B023
        if item is None:
            continue
        if item.id is None:
            item.after = wanted | {"valid_from": begin or desk.reader.now, "valid_to": None}
        elif any(item.after[name] != value for name, value in wanted.items()) or not (
            begin is None or same_minute(item.after["valid_from"], begin)
        ):
            desk.fault(kind, row.number, "key", _("任职记录只能写上“至”，不能改人、岗位和开始"),
                       values.get("key", ""), _("换人请另加一行，编号留空"))  # fmt: skip
            continue
        _term_end(desk, row, values, item)


def _same_term(desk: Desk, wanted: dict[str, Any], begin: datetime | None) -> Item | None:
    """The running or coming term of that person, which a second reading of the file means."""
    for item in desk.fitting("county.holding", **wanted):
        over = item.after["valid_to"] is not None and item.after["valid_to"] <= desk.reader.now
        if same_minute(item.after["valid_from"], begin) or (begin is None and not over):
            return item
    return None


def _term_end(desk: Desk, row: Row, values: dict[str, Any], item: Item) -> None:
    old = item.after["valid_to"]
    _moment(item, "valid_to", values)
    new, now = item.after["valid_to"], desk.reader.now
    if new is not None and new <= item.after["valid_from"]:
        desk.fault("county.holding", row.number, "valid_to", _("“至”应在“自”之后"), new,
                   _("请核对时间"))  # fmt: skip
    elif item.id is not None and new != old:
        past = old is not None and old <= now
        if past or (new is not None and new < now - BACKDATE_MAX):
            desk.fault("county.holding", row.number, "valid_to", _("过去的任职是记录，不再改动"),
                       new or "", _("请还原这一行"))  # fmt: skip


def shifts(desk: Desk, table: Table) -> None:
    """Who is on duty at which post from when to when."""
    kind = "county.rostershift"
    for row in table.rows:
        values = desk.values(table, row)
        if values is None or desk.missing(table, row, values):
            continue
        post = _post(desk, kind, row, values)
        person = _who(desk, kind, row, values, post) if post is not None else None
        if post is None or person is None:
            continue
        begin = values["starts_at"]
        known = desk.fitting(kind, post_id=post, person_id=person)
        item = desk.match(kind, row, values, lambda: next(
            (i for i in known if same_minute(i.after["starts_at"], begin)), None))  # noqa: B023  # fmt: skip
        if item is None:
            continue
        if item.id is None and values.get("cancelled"):
            desk.fault(kind, row.number, "cancelled", _("新的一班不能同时取消"), "是", _("请删去"))
            continue
        item.after = {"cancelled_at": None} | item.after | {"post_id": post, "person_id": person}
        _moment(item, "starts_at", values)
        _moment(item, "ends_at", values)
        if values.get("cancelled"):
            item.after["cancelled_at"] = desk.reader.now
        if item.after["ends_at"] <= item.after["starts_at"]:
            desk.fault(kind, row.number, "ends_at", _("结束应在开始之后"), values["ends_at"],
                       _("请核对时间"))  # fmt: skip


READERS: dict[str, Callable[[Desk, Table], None]] = {
    "county.division": divisions, "county.unit": units, "county.unitalias": aliases,
    "county.unitmember": members, "county.person": people, "county.post": posts,
    "county.holding": holdings, "county.rostershift": shifts,
}  # fmt: skip
