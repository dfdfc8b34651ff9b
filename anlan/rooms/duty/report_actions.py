"""Figures with their versions, and reports upwards: due, drafted, signed and sent, or not needed.

What is due follows in the same transaction as what makes it due; a round only says what is late.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import override

from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.inputs import IN_CHINESE
from anlan.ground.live import tell
from anlan.ground.policy import values
from anlan.ground.scope import Scope
from anlan.rooms.duty import pack, report_words
from anlan.rooms.duty.log import note
from anlan.rooms.duty.models import Event, Figure, Report, Source
from anlan.rooms.duty.report_decisions import class_of, follows
from anlan.rooms.duty.rows import changed, own_event, title

VALUE_MAX = Decimal(10) ** 14
SOURCE_CHARS_MAX, WHY_CHARS_MAX, VIA_CHARS_MAX = 200, 200, 60
TEXT_CHARS_MAX = 8_000
OPEN = ("due", "drafted")
UNITS = {"min": "minutes", "h": "hours", "天": "days"}


@action("duty.take", journal="duty.figure")
@override(IN_CHINESE)
def give_figure(
    scope: Scope, event_id: int, name: str, value: Decimal, source: str,
    happened_at: datetime | None = None, why: str = "",
) -> Figure:  # fmt: skip
    """A new version of a figure, with who said so and as of when; the old ones stay.

    why: needed where a count of people goes down. happened_at: None: now.
    """
    event = own_event(event_id)
    now = clock.now()
    if not source.strip():
        raise Refusal("figure-source", _("请写明这个数是谁报的"), "", _("例如：澄溪镇值班室电话"))
    if (happened_at or now) > now:
        raise Refusal("figure-time", _("截至时间不能晚于现在"))
    last = _last(event, name)
    if last is not None and value < last.value and not why.strip():
        raise Refusal("figure-down", _("数比上一次少，请写明原因"), f"{last.value} → {value}",
                      _("例如：重复统计，已核减"))  # fmt: skip
    made = keep_figure(scope, event, name, value, source=source, happened_at=happened_at or now,
                       why=why)  # fmt: skip
    journal.line(scope, "duty.figure", made, why=f"{name} v{made.number} {why}".strip(),
                 before=str(last.value) if last else None, after=str(value))  # fmt: skip
    return made


def keep_figure(
    scope: Scope, event: Event, name: str, value: Decimal | int, *, source: str,
    happened_at: datetime, source_row: Source | None = None, why: str = "",
) -> Figure:  # fmt: skip
    """Part of the action that heard it: the version, and the report that it makes due."""
    entry = pack.figure(name)
    amount = Decimal(value)
    if not (amount.is_finite() and 0 <= amount < VALUE_MAX):
        raise Refusal("figure-form", _("这个数不对"), str(value), _("填 0 或以上的数"))
    whole = entry["unit"] in ("人", "间")
    if whole and amount != amount.to_integral_value():
        raise Refusal("figure-whole", _("这个数应为整数"), str(value))
    last = _last(event, name)
    made = Figure.objects.create(
        division=event.division, world=event.world, event=event, name=name,
        number=(last.number if last else 0) + 1, value=amount,
        source=source.strip()[:SOURCE_CHARS_MAX], source_row=source_row, happened_at=happened_at,
        keyed_at=clock.now(), keyed_by=scope.actor.label, why=why.strip()[:WHY_CHARS_MAX],
    )  # fmt: skip
    was = f"{_shown(last.value)} → " if last else ""
    said = f"{entry['label']} {was}{_shown(amount)} {entry['unit']}（{made.source}）"
    note(scope, f"{title(event)}：{said}", event, event.division)
    _make_due(scope, event, name, last is None or last.value != amount, amount)
    tell(scope, "duty", event.division, event=event.id)
    return made


def _shown(value: Decimal) -> str:
    return report_words.number(value)


def _last(event: Event, name: str) -> Figure | None:
    return Figure.objects.filter(event=event, name=name).order_by("-number").first()


def _make_due(scope: Scope, event: Event, name: str, is_new: bool, value: Decimal) -> None:
    """People hurt: it has to be reported. Reported already and changed: a follow-up is due."""
    casualty = bool(pack.figure(name)["casualty"])
    if event.reporting_at is None:
        if casualty and value > 0:
            make_first_due(scope, event, "casualty")
        return
    family, now = pack.family(event.kind), clock.now()
    if not Report.objects.filter(event=event, state="sent").exists():
        return
    days = _days(scope, event)
    if not follows("follow" in family, casualty, is_new, event.happened_at, now, days):
        return
    due_at, runs = _after(scope, family["change"]["value"], now)
    waiting = Report.objects.filter(event=event, state__in=OPEN).first()
    if waiting is None:
        _due(scope, event, "follow", "figures", family["change"], due_at, runs)
    elif due_at < waiting.due_at and waiting.kind == "follow":
        waiting.due_at, waiting.due_runs, waiting.reason = due_at, runs, "figures"
        waiting.due_value, waiting.law = family["change"]["value"], family["change"]["law"]
        waiting.save(update_fields=["due_at", "due_runs", "due_value", "reason", "law"])


def _days(scope: Scope, event: Event) -> int | None:
    """Within how many days changed casualties of an accident are reported; None for disasters."""
    family, kind = pack.family(event.kind), pack.kind(event.kind)
    name = kind.get("change_days") or family.get("change_days")
    return int(values.value(scope, name).value) if name else None


def _after(scope: Scope, name: str, start: datetime) -> tuple[datetime, bool]:
    """(when the clock of the value ends, whether the value may be acted on)."""
    found = values.value(scope, name)
    return start + timedelta(**{UNITS[found.unit]: float(found.value)}), found.runs


@action("duty.report", journal="duty.begin")
@override(IN_CHINESE)
def begin(scope: Scope, event_id: int) -> Report:
    """It has to be reported upwards: the first report's clock runs from when the county heard."""
    event = own_event(event_id)
    if event.reporting_at is not None:
        raise Conflict("report-begun", _("这件事已经在报送"), title(event))
    made = make_first_due(scope, event, "asked")
    journal.line(scope, "duty.begin", made, why=title(event))
    return made


def make_first_due(scope: Scope, event: Event, reason: str) -> Report:
    """Part of the action that makes it a matter for a report: the first one's clock runs."""
    family = pack.family(event.kind)
    event.reporting_at = clock.now()
    event.save(update_fields=["reporting_at"])
    due_at, runs = _after(scope, family["first"]["value"], event.received_at)
    limit = family.get("limit")
    limit_at = _after(scope, limit["value"], event.received_at)[0] if limit else None
    rule = dict(family["first"])
    if limit:
        rule["law"] = f"{rule['law']}；{limit['law']}"
    return _due(scope, event, "first", reason, rule, due_at, runs, limit_at)


def _due(
    scope: Scope, event: Event, kind: str, reason: str, rule: dict[str, Any], due_at: datetime,
    runs: bool, limit_at: datetime | None = None,
) -> Report:  # fmt: skip
    last = Report.objects.filter(event=event).aggregate(n=Max("number"))["n"] or 0
    made = Report.objects.create(
        division=event.division, world=event.world, event=event, kind=kind, number=last + 1,
        reason=reason, law=rule["law"], due_at=due_at, due_value=rule["value"], due_runs=runs,
        limit_at=limit_at, to=list(pack.family(event.kind)["to"]),
    )  # fmt: skip
    at = clock.local(due_at).strftime("%m-%d %H:%M")
    said = _("%(what)s：%(kind)s应在 %(at)s 前报出") % {
        "what": title(event), "kind": made.get_kind_display(), "at": at,
    }  # fmt: skip
    note(scope, said, made, event.division)
    return made


@action("duty.report", journal="duty.draft")
@override(IN_CHINESE)
def draft(scope: Scope, report_id: int, version: int, text: str = "") -> Report:
    """The report as it would go out: every figure's newest version, and what changed since.

    text: as the officer wrote it; empty: as the program drafts it.
    """
    row = _own(report_id, version, *OPEN)
    if len(text) > TEXT_CHARS_MAX:
        raise Refusal("report-long", _("正文太长"), str(len(text)), _("最多 8000 字"))
    event = own_event(row.event_id)
    now = clock.now()
    carried = report_words.carried(event)
    row.figures = [report_words.as_row(one) for one in carried]
    row.changes = report_words.changes_of(event, row, carried)
    row.as_of, row.drafted_at, row.drafted_by = now, now, scope.actor.label
    row.title = report_words.title_of(event, row, title(event))
    row.level, row.level_law = _level(event, carried)
    row.text = text.strip().replace("\r\n", "\n") or report_words.text_of(event, row, carried, now)
    row.state = "drafted"
    return _changed(scope, row, "duty.draft", why=row.title, after=row.text)


def _level(event: Event, carried: list[Any]) -> tuple[str, str]:
    """Up to where it goes, by law: an accident by its class, a disaster by its family."""
    family = pack.family(event.kind)
    if "limit" in family:
        own = class_of({one.name: one.value for one in carried}, pack.classes())
        return f"{own.label}：{own.up_to}", _("第493号令第三条、第十条")
    higher = family.get("higher")
    return (higher["to"], higher["law"]) if higher else ("", "")


@action("duty.sign", journal="duty.sign")
@override(IN_CHINESE)
def sign(scope: Scope, report_id: int, version: int, to: list[str], via: str) -> Report:
    """Signed and sent (签发): from now on it stands as it is; what follows it becomes due."""
    row = _own(report_id, version, "drafted")
    event = own_event(row.event_id)
    if report_words.stale(event, row):
        raise Conflict("figures-changed", _("起草以后有数字变了"), row.title,
                       _("请重新起草，再签发"))  # fmt: skip
    if not to or not via.strip():
        raise Refusal("report-to", _("请写明报给谁、怎样报的"), "", _("例如：市应急管理局，传真"))
    now = clock.now()
    row.to = [one.strip()[:SOURCE_CHARS_MAX] for one in to if one.strip()][:20]
    row.state, row.sent_at, row.sent_by = "sent", now, scope.actor.label
    row.sent_person, row.sent_via = scope.actor.person_id, via.strip()[:VIA_CHARS_MAX]
    late = now > row.due_at
    words = _("%(title)s已报%(late)s") % {"title": row.title, "late": _("，迟报") if late else ""}
    note(scope, words, row, event.division)
    _changed(scope, row, "duty.sign", why=f"{row.title} {row.sent_via}", after=row.to)
    family = pack.family(event.kind)
    if "follow" in family and event.stable_at is None and row.kind != "final":
        due_at, runs = _after(scope, family["follow"]["value"], now)
        _due(scope, event, "follow", "daily", family["follow"], due_at, runs)
    return row


@action("duty.report", journal="duty.stable")
@override(IN_CHINESE)
def stabilise(scope: Scope, event_id: int, version: int, why: str) -> Report:
    """The disaster is stable, or the accident is dealt with: the final report is due."""
    event = own_event(event_id, version)
    if not why.strip():
        raise Refusal("why-empty", _("请写明依据"), "", _("例如：雨停、水退，各镇已核清"))
    if event.reporting_at is None or not event.reports.filter(state="sent").exists():
        raise Refusal("report-first", _("首报还没有报出"), title(event), _("先报首报"))
    if event.stable_at is not None:
        raise Conflict("event-stable", _("已经记为稳定"), title(event))
    event.stable_at, event.state = clock.now(), "stable"
    said = _("已稳定：%(why)s") % {"why": why.strip()[:WHY_CHARS_MAX]}
    event.reports.filter(state__in=OPEN).update(state="dropped", dropped_why=said)
    family = pack.family(event.kind)
    due_at, runs = _after(scope, family["final"]["value"], event.stable_at)
    note(scope, f"{title(event)}：{said}", event, event.division)
    changed(scope, event, "duty.stable", why=why)
    return _due(scope, event, "final", "stable", family["final"], due_at, runs)


@action("duty.sign", journal="duty.drop")
@override(IN_CHINESE)
def drop(scope: Scope, report_id: int, version: int, why: str) -> Report:
    """It does not have to be reported after all, with the reason."""
    row = _own(report_id, version, *OPEN)
    if not why.strip():
        raise Refusal("why-empty", _("请写明原因"), "", _("例如：误报，已到现场核实"))
    row.state, row.dropped_why = "dropped", why.strip()[:WHY_CHARS_MAX]
    if row.kind == "first":
        Event.objects.filter(id=row.event_id).update(reporting_at=None)
    said = _("%(kind)s不报：%(why)s") % {"kind": row.get_kind_display(), "why": row.dropped_why}
    note(scope, said, row, row.division)
    return _changed(scope, row, "duty.drop", why=why)


@action(None, open_to="the round that finds what is late", journal="duty.late",
        may_change_nothing=True)  # fmt: skip
@override(IN_CHINESE)
def tell_late(scope: Scope, report_id: int) -> bool:
    """Say once that a report is late: in the shift's log and to the screens."""
    row = Report.objects.select_for_update(of=("self",)).select_related("event").get(id=report_id)
    now = clock.now()
    if row.told_late_at is not None or row.state not in OPEN or row.due_at > now:
        return False
    row.told_late_at = now
    said = _("%(what)s：%(kind)s到时没有报出") % {
        "what": title(row.event), "kind": row.get_kind_display(),
    }  # fmt: skip
    if not row.due_runs:
        said += _("（时限待核）")
    note(scope, said, row, row.division)
    _changed(scope, row, "duty.late", why=said)
    return True


def _own(report_id: int, version: int, *states: str) -> Report:
    row = Report.objects.select_for_update(of=("self",)).filter(id=report_id).first()
    if row is None:
        raise NotFound("report-unknown", _("没有这份报告"), str(report_id))
    if row.state not in states:
        raise Conflict("report-state", _("这份报告已不在这一步"), row.get_state_display(),
                       _("请看它现在的状态"))  # fmt: skip
    if row.version != version:
        raise Conflict("changed-meanwhile", _("这份报告刚被别人改过"), f"v{row.version}",
                       _("请看新内容后再办"))  # fmt: skip
    return row


def _changed(scope: Scope, row: Report, name: str, **line: Any) -> Report:
    row.version += 1
    row.save()
    journal.line(scope, name, row, **line)
    tell(scope, "duty", row.division, report=row.id)
    return row
