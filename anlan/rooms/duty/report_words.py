"""A report in words: its title, its draft, its figures with what changed, and its paper."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from anlan.ground import clock
from anlan.ground.inputs import IN_CHINESE
from anlan.ground.models import CountyFact
from anlan.ground.papers import Heading, Paper, Table
from anlan.rooms.duty import pack
from anlan.rooms.duty.models import Event, Figure, Report, Task
from anlan.rooms.duty.report_decisions import Carried, Change, changes

HEADING_MARKS = tuple(f"{sign}、" for sign in "一二三四五六七八九十")
TASKS_SHOWN_MAX = 20


def number(value: Decimal) -> str:
    """43,000 or 12.5: with separators, without idle zeros."""
    if value == value.to_integral_value():
        return f"{int(value):,}"
    return f"{value.normalize():,f}"


def wall(moment: datetime) -> str:
    """7月11日2时40分."""
    at = clock.local(moment)
    return f"{at.month}月{at.day}日{at.hour}时{at.minute:02d}分"


def newest(event: Event) -> list[Figure]:
    """The newest version of each figure, in the pack's order."""
    order = list(pack.section("figures"))
    rows: dict[str, Figure] = {}
    for row in Figure.objects.filter(event=event).order_by("number"):
        rows[row.name] = row
    return sorted(rows.values(), key=lambda row: order.index(row.name) if row.name in order else 99)


def carried(event: Event) -> list[Carried]:
    """What a report would carry now."""
    found = []
    for row in newest(event):
        entry = pack.section("figures").get(row.name, {"label": row.name, "unit": ""})
        found.append(Carried(row.name, entry["label"], entry["unit"], row.value, row.number,
                             row.source, row.happened_at.isoformat()))  # fmt: skip
    return found


def as_row(one: Carried | Change) -> dict[str, Any]:
    """JSON-able: Decimal as text."""
    return {k: str(v) if isinstance(v, Decimal) else v for k, v in asdict(one).items()}


def of_row(row: dict[str, Any]) -> Carried:
    return Carried(**{**row, "value": Decimal(row["value"])})


def before(event: Event, row: Report) -> Report | None:
    """The last report that went out before this one."""
    sent = event.reports.filter(state="sent", number__lt=row.number)
    return sent.order_by("-number").first()


def changes_of(event: Event, row: Report, now: list[Carried]) -> list[dict[str, Any]]:
    last = before(event, row)
    old = [of_row(one) for one in last.figures] if last else []
    return [as_row(one) for one in changes(old, now)] if last else []


def stale(event: Event, row: Report) -> bool:
    """Whether a figure has a newer version than the draft carries."""
    return [(one.name, one.number) for one in carried(event)] != [
        (one["name"], one["number"]) for one in row.figures
    ]


def title_of(event: Event, row: Report, what: str) -> str:
    """关于澄溪镇通集村地质灾害的报告（首报）, 续报 with its number."""
    kind = str(row.get_kind_display())
    if row.kind == "follow":
        nth = event.reports.filter(kind="follow", state="sent", number__lt=row.number).count() + 1
        kind = _("%(kind)s第 %(n)d 期") % {"kind": kind, "n": nth}
    return _("关于%(what)s的报告（%(kind)s）") % {"what": what, "kind": kind}


def change_text(change: dict[str, Any]) -> str:
    """受灾人口由 6,985 人变为 43,000 人; its versions in between where there were several."""
    names = {"label": change["label"], "unit": change["unit"]}
    if change["before"] is None:
        after = number(Decimal(change["after"]))
        return _("%(label)s %(after)s %(unit)s，上次未报") % (names | {"after": after})
    old = number(Decimal(change["before"]))
    if change["after"] is None:
        return _("%(label)s不再列入（上次 %(before)s %(unit)s）") % (names | {"before": old})
    new = number(Decimal(change["after"]))
    if old == new:
        return _("%(label)s仍为 %(after)s %(unit)s，已重新核实") % (names | {"after": new})
    return _("%(label)s由 %(before)s %(unit)s变为 %(after)s %(unit)s") % (
        names | {"before": old, "after": new}
    )


def _figures_text(figures: list[Carried]) -> str:
    if not figures:
        return _("人员伤亡和财产损失正在核实。")
    return "，".join(f"{one.label}{number(one.value)}{one.unit}" for one in figures) + "。"


def text_of(event: Event, row: Report, figures: list[Carried], now: datetime) -> str:
    """The draft: what, where, when; casualties; what changed; what was done; what is still open."""
    accident = "limit" in pack.family(event.kind)
    lines = []
    if row.changes:
        lines += [_("一、与上次报告相比"), "；".join(change_text(c) for c in row.changes) + "。"]
    elif row.kind != "first":
        lines += [_("一、与上次报告相比"), _("各项数字没有变化。")]
    lines.append(_mark(lines) + _("基本情况"))
    lines.append(
        _("%(at)s，%(place)s发生%(kind)s。%(got)s接报。%(what)s") % {
            "at": wall(event.happened_at),
            "place": event.place_label or event.place or _("地点不明"),
            "kind": pack.kind(event.kind)["label"], "got": wall(event.received_at),
            "what": _stop(event.what),
        }
    )  # fmt: skip
    if accident:
        lines += [_mark(lines) + _("事故发生单位概况和简要经过"), _("（待补）")]
    lines.append(_mark(lines) + _("人员伤亡和损失"))
    lines.append(_("截至%(at)s，") % {"at": wall(now)} + _figures_text(figures))
    lines.append(_mark(lines) + _("已经采取的措施"))
    lines += _measures(event) or [_("（待补）")]
    if row.kind != "final":
        lines += [_mark(lines) + _("下一步"), _("继续核实情况，有变化及时续报。")]
    return "\n".join(lines)


def _stop(text: str) -> str:
    return text if text.endswith(("。", "！", "？")) else text + "。"


def _mark(lines: list[str]) -> str:
    """The next number of a heading: 二、."""
    used = sum(1 for line in lines if line.startswith(HEADING_MARKS))
    return HEADING_MARKS[used]


def _measures(event: Event) -> list[str]:
    """What posts were told to do and answered, the earliest first."""
    tasks = Task.objects.filter(origin_kind="duty.event", origin_id=event.id).order_by("id")
    found = []
    for task in tasks[:TASKS_SHOWN_MAX]:
        line = _("%(at)s交办%(to)s：%(text)s") % {
            "at": wall(task.said_at), "to": task.to_title, "text": _stop(task.text),
        }  # fmt: skip
        if task.answer:
            line += _("答复：%(a)s") % {"a": _stop(task.answer)}
        found.append(line)
    return found


@override(IN_CHINESE)
def paper(event: Event, row: Report, now: datetime) -> Paper:
    """The report as an official paper; what was not sent says so."""
    parts: list[str | Heading | Table] = []
    for line in row.text.split("\n"):
        parts.append(Heading(line) if line.startswith(HEADING_MARKS) else line)
    if row.figures:
        parts.append(_("附：各项数字的来源和时间"))
        parts.append(_table(row))
    if row.level:
        levels = {"level": row.level, "law": row.level_law}
        parts.append(_("报送层级：%(level)s（%(law)s）") % levels)
    parts.append(_("报送依据：%(law)s") % {"law": row.law})
    fact = CountyFact.objects.first()
    name = fact.name if fact else ""
    unsent = "" if row.sent_at else _("（草稿，未报）")
    return Paper(
        row.title + unsent, parts, now, _("安澜·值班"),
        number=_("事件 %(e)d 号 第 %(n)d 报") % {"e": event.id, "n": row.number},
        to="、".join(row.to), signed_by=_("%(county)s值班室（签发：%(who)s）") % {
            "county": name, "who": row.sent_by or _("未签发"),
        },
        signed_on=clock.local(row.sent_at).date() if row.sent_at else None,
        demo=bool(fact and fact.demo),
    )  # fmt: skip


def _table(row: Report) -> Table:
    known = {change["name"]: change for change in row.changes}
    rows = []
    for one in row.figures:
        old = known.get(one["name"], {}).get("before")
        change = number(Decimal(old)) if old is not None else "—"
        at = clock.local(datetime.fromisoformat(one["happened_at"])).strftime("%m-%d %H:%M")
        rows.append((one["label"], f"{number(Decimal(one['value']))} {one['unit']}", change, at,
                     one["source"], str(one["number"])))  # fmt: skip
    heads = (_("指标"), _("数"), _("上次"), _("截至"), _("来源"), _("版本"))
    return Table(heads, tuple(rows), (2.2, 2.2, 1.6, 1.8, 3.4, 0.9))
