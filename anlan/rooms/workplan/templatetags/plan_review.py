"""Small words of the review: doubts, what is proposed, what differs, what a cell was taken for."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext as _

from anlan.rooms.workplan import review
from anlan.rooms.workplan.models import PlanDoubt

register = template.Library()


@register.filter
def doubt_title(doubt: PlanDoubt) -> str:
    """What the reader is not sure of, in a few words."""
    words = {
        "no-lead": _("没有能牵头的单位"), "unit-twice": _("同一个单位写了两次"),
        "units-missing": _("没有责任单位"), "units-inherited": _("责任单位沿用上一行"),
        "name-missing": _("没有名称"), "deadline-season": _("时限写的是时节"),
        "deadline-open": _("时限没有写到日"), "deadline-several": _("时限有几个日子"),
        "deadline-unread": _("时限没有读懂"), "deadline-in-text": _("时限只在正文里写了"),
        "hedged": _("写的是“基本”"), "op-assumed": _("没有写不超过还是不少于"),
        "rate-bare": _("比率像是丢了百分号"), "number-order": _("序号不连续或重复"),
        "row-joined": _("一行被分在两页"), "column-unused": _("有列没有用到"),
        "table-note": _("表下有注"), "no-table": _("只有正文，没有表"),
        "rows-from-text": _("没有表，条目由正文读出"),
        "named-otherwise": _("正文和表里的名称不同"), "text-box": _("有文本框"),
        "picture": _("有图片"), "nested-table": _("表里套着表"), "embedded": _("嵌了别的文件"),
        "hidden-sheet": _("有隐藏的工作表"), "unit-unknown": _("县里还没有这个单位"),
        "indicator-row": _("这个指标回答哪一条，还要人定"),
    }  # fmt: skip
    return words.get(doubt.code, doubt.code)


@register.filter
def doubt_place(doubt: PlanDoubt) -> str:
    """表 4 第 6 条."""
    if doubt.row:
        return _("表 %(t)d 第 %(r)d 条") % {"t": doubt.table, "r": doubt.row}
    return _("表 %(t)d") % {"t": doubt.table} if doubt.table else _("全文")


@register.filter
def proposed(doubt: PlanDoubt) -> str:
    """What happens when the proposal is accepted."""
    detail = doubt.proposal.get("detail", "")
    words = {
        "keep": _("照读出的保留"), "seen": _("看过原文，不用改"),
        "no-lead": _("不设牵头，由集合里各单位分别承担"),
        "lead": _("由 %(u)s 牵头") % {"u": detail}, "one-of-two": _("只留一个"),
        "percent": _("补上百分号，按百分数列出"),
        "unit": _("就是 %(u)s，记为它的别名") % {"u": detail},
        "unit-new": _("新增单位 %(u)s") % {"u": detail},
        "row": _("由它回答 %(r)s 条") % {"r": detail},
    }  # fmt: skip
    return words.get(doubt.proposal["what"], doubt.proposal["what"])


@register.filter
def came_of(doubt: PlanDoubt) -> str:
    """What was settled, in words."""
    if doubt.code == "unit-unknown":
        words = {"none": _("不对应，照原文列出"), "new": _("新增了这个单位")}
        return words.get(doubt.outcome, doubt.outcome)
    if doubt.code == "indicator-row":
        number = doubt.outcome
        return _("没有这一条") if number == "none" else _("由它回答 %(r)s 条") % {"r": number}
    if doubt.choice == "accepted":
        return proposed(doubt)
    return _("改了%(f)s") % {"f": "、".join(field_word(f) for f in doubt.outcome.split("、") if f)}


@register.filter
def meant(candidate: dict[str, Any]) -> str:
    """Why a unit of the county may be the one that is meant."""
    words = {
        "alias": _("括注的名称相同"), "written": _("只是写法不同"), "place": _("只差县名"),
        "short": _("一个是另一个的简称"), "collective": _("同一个集合"),
        "near": _("差 %(n)d 个字") % {"n": candidate["distance"]},
        "alike": _("名称或原话相近"), "address": _("名称或原话相近，条号也相同"),
    }  # fmt: skip
    return words.get(candidate["reason"], "")


@register.filter
def field_word(name: str) -> str:
    """The officer's word for a field of a row."""
    words = {
        "name": _("名称"), "text": _("目标内容"), "units": _("单位"), "lead": _("牵头单位"),
        "quantities": _("数量"), "deadline": _("时限"),
    }  # fmt: skip
    return words.get(name, name)


@register.filter
def how_word(how: str) -> str:
    """How a row differs."""
    words = {"new": _("新增"), "gone": _("没有了"), "changed": _("有改动"), "moved": _("换了位置"),
             "same": _("相同")}  # fmt: skip
    return words.get(how, how)


@register.filter
def role_word(role: str) -> str:
    """What a cell of the original was taken for."""
    words = {
        "number": _("序号"), "name": _("名称"), "text": _("目标"), "task": _("任务"),
        "units": _("单位"), "lead": _("牵头"), "support": _("配合"), "deadline": _("时限"),
        "note": _("备注"), "measure": _("计量"), "group": _("分组"), "unused": _("未用"),
    }  # fmt: skip
    return words.get(role, role)


@register.filter
def version_state(state: str) -> str:
    """The word of a version's state."""
    words = {"entered": _("待确认"), "confirmed": _("在用"), "replaced": _("已被新版替换"),
             "undone": _("已撤销")}  # fmt: skip
    return words.get(state, state)


@register.filter
def promised(quantities: list[dict[str, Any]]) -> list[str]:
    """Quantities as they are read."""
    return [review.quantity_text(own) for own in quantities]


@register.filter
def edited(pair: list[Any], field: str) -> list[str]:
    """[before, after] of an edit as a person reads it."""
    return [_shown(value, field) for value in pair]


def _shown(value: Any, field: str) -> str:
    if field == "units":
        leads = [own["name"] for own in value if own["lead"]]
        text = review.units_text(value)
        return text + (_("（牵头：%(u)s）") % {"u": "、".join(leads)} if leads else "")
    if field == "quantities":
        return review.quantities_text(value).replace("\n", "；")
    return str(value)


@register.filter
def is_here(cell: dict[str, Any], at: list[int]) -> bool:
    """Whether the cell went into the row that the page is about."""
    return bool(at) and list(at) in [list(own) for own in cell.get("of", ())]
