"""The county as it would stand: what no single row shows, two holders, a circle, an ended unit.

A new holder takes over from the one before at the moment of the new row; every other overlap is a
fault of the row that brings it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from anlan.county.decisions import BACKDATE_MAX
from anlan.county.workbook.desk import Desk
from anlan.county.workbook.items import Item

SUPERIORS_MAX = 20
SHIFT_HOURS_MAX = 72


def check_whole(desk: Desk) -> None:
    """Write down every fault of the county as the file would leave it."""
    _take_over(desk)
    _apart(desk, "county.holding", _holding_key, _moments, _("这个岗位这段时间已有人任职"))
    _apart(desk, "county.rostershift", _shift_key, _shift_span, _("这段时间已有人值班"))
    _apart(desk, "county.unitalias", _alias_key, _day_span, _("这个别名这段时间已属于别的单位"))
    _apart(desk, "county.unitmember", _member_key, _day_span, _("这个单位这段时间已是成员"))
    _superiors(desk)
    _shift_lengths(desk)
    _ended(desk)


def _take_over(desk: Desk) -> None:
    """Whoever holds the post when a new holder begins ends at that moment."""
    now = desk.reader.now
    known: dict[Any, list[Item]] = {}
    for item in desk.records["county.holding"]:
        if item.id is not None:
            known.setdefault(_holding_key(item), []).append(item)
    for item in list(desk.plan.items):
        if item.kind != "county.holding" or item.id is not None:
            continue
        begin = item.after["valid_from"]
        for other in known.get(_holding_key(item), ()):
            running = other.after["valid_to"] is None and other.after["valid_from"] < begin
            if running and begin >= now - BACKDATE_MAX:
                other.after["valid_to"] = begin
                if not other.row:
                    other.row = item.row
                    desk.plan.items.append(other)


def _holding_key(item: Item) -> Any:
    return (id(item.after["post_id"]), item.after["rank"])


def _shift_key(item: Item) -> Any:
    return id(item.after["post_id"]) if item.after["cancelled_at"] is None else None


def _alias_key(item: Item) -> Any:
    return item.after["name"]


def _member_key(item: Item) -> Any:
    return (id(item.after["collective_id"]), id(item.after["member_id"]))


def _moments(item: Item) -> tuple[Any, Any]:
    return item.after["valid_from"].timestamp(), _stamp(item.after["valid_to"])


def _shift_span(item: Item) -> tuple[Any, Any]:
    return item.after["starts_at"].timestamp(), item.after["ends_at"].timestamp()


def _stamp(moment: datetime | None) -> float:
    return moment.timestamp() if moment else float("inf")


def _day_span(item: Item) -> tuple[Any, Any]:
    """Days, the last one included."""
    first: date = item.after["valid_from"] or date.min
    last: date | None = item.after["valid_to"]
    return first.toordinal(), last.toordinal() + 1 if last else float("inf")


def _apart(
    desk: Desk, kind: str, key: Callable[[Item], Any], span: Callable[[Item], tuple[Any, Any]],
    what: str,
) -> None:  # fmt: skip
    """Records of one key never share a moment."""
    groups: dict[Any, list[Item]] = {}
    for item in desk.records[kind]:
        if item.after and key(item) is not None:
            groups.setdefault(key(item), []).append(item)
    for items in groups.values():
        ordered = sorted(items, key=lambda item: (span(item), item.row))
        for first, second in pairwise(ordered):
            begin, end = span(second)
            if begin < span(first)[1] and begin < end:
                _name(desk, kind, second if second.row else first, what, first, second)


def _name(desk: Desk, kind: str, item: Item, what: str, first: Item, second: Item) -> None:
    if not item.row:
        return
    other = first if item is second else second
    where = _("第 %(n)d 行") % {"n": other.row} if other.row else _("已有的记录")
    column = {"county.rostershift": "starts_at"}.get(kind, "valid_from")
    desk.fault(kind, item.row, column, what, where, _("请改时间，或先结束另一条"))


def _superiors(desk: Desk) -> None:
    """No post stands above itself, and every superior is in use."""
    for item in desk.plan.items:
        if item.kind != "county.post":
            continue
        above, steps = item.after.get("superior_id"), 0
        if isinstance(above, Item) and not above.living and item.living:
            desk.fault(item.kind, item.row, "superior_title", _("上级岗位已停用"),
                       above.after.get("title", ""), _("请换一个上级岗位"))  # fmt: skip
        while isinstance(above, Item) and steps <= SUPERIORS_MAX:
            if above is item:
                desk.fault(item.kind, item.row, "superior_title", _("上级岗位绕成了圈"),
                           item.after.get("title", ""), _("请核对上级岗位"))  # fmt: skip
                break
            above, steps = above.after.get("superior_id"), steps + 1


def _shift_lengths(desk: Desk) -> None:
    most = timedelta(hours=SHIFT_HOURS_MAX)
    for item in desk.plan.items:
        if item.kind != "county.rostershift" or item.op not in ("new", "changed"):
            continue
        if item.after["ends_at"] - item.after["starts_at"] > most:
            desk.fault(item.kind, item.row, "ends_at", _("一班超过 72 小时"), "", _("请拆成几班"))


def _ended(desk: Desk) -> None:
    """Nothing that is used ends, and nothing that has ended is used."""
    now = desk.reader.now
    for item in desk.records["county.holding"]:
        if item.after and _stamp(item.after["valid_to"]) > now.timestamp():
            _used(desk, item, "post_id", _("停用的岗位还有人任职"))
            _used(desk, item, "person_id", _("离开的人还在任职"))
    for item in desk.records["county.rostershift"]:
        if item.after and item.after["cancelled_at"] is None and item.after["ends_at"] > now:
            _used(desk, item, "post_id", _("停用的岗位还有排班"))
            _used(desk, item, "person_id", _("离开的人还有排班"))
    for item in desk.records["county.post"]:
        if item.after and item.living:
            _used(desk, item, "unit_id", _("停用的单位还有岗位"))
            _used(desk, item, "superior_id", _("停用的岗位还有下级"))


def _used(desk: Desk, item: Item, name: str, what: str) -> None:
    target = item.after.get(name)
    if not isinstance(target, Item) or target.living or not (target.row or item.row):
        return
    if target.row and target.changed:
        shown = item.after.get("title") or target.after.get("name") or target.after.get("title")
        column = "ended_on" if target.kind == "county.unit" else "ended_at"
        desk.fault(target.kind, target.row, column, what, shown, _("请先交接、改派或取消"))
    elif item.row and item.changed:
        desk.fault(item.kind, item.row, "key", what, "", _("请换一个在用的"))
