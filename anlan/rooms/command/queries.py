"""What is shown of consultations, and the minutes of one as a paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from anlan.ground import clock
from anlan.ground.errors import NotFound
from anlan.ground.inputs import IN_CHINESE
from anlan.ground.models import CountyFact
from anlan.ground.papers import Heading, Paper, Table
from anlan.ground.scope import Scope
from anlan.rooms.command.models import Consultation, Opinion
from anlan.rooms.duty import queries as duty
from anlan.rooms.duty.models import Task

ROWS_MAX = 100
ORIGIN = "command.consultation"


@dataclass(frozen=True, slots=True)
class Shown:
    """A consultation with its opinions and the orders that came of it."""

    row: Consultation
    opinions: list[Opinion]
    orders: list[Task]


def consultations(scope: Scope) -> list[Consultation]:
    """Those that go on first, then the newest."""
    with scope.open():
        rows = list(Consultation.objects.order_by("-id")[:ROWS_MAX])
    return sorted(rows, key=lambda row: (row.state not in ("open", "frozen"), -row.id))


def consultation(scope: Scope, consultation_id: int) -> Shown:
    """One consultation; NotFound out of scope."""
    with scope.open():
        row = Consultation.objects.filter(id=consultation_id).first()
        if row is None:
            raise NotFound("consult-unknown", _("没有这次会商"), str(consultation_id),
                           _("请返回列表"))  # fmt: skip
        opinions = list(row.opinions.order_by("id"))
        return Shown(row, opinions, duty.tasks_of(scope, ORIGIN, row.id))


@override(IN_CHINESE)
def minutes(shown: Shown, now: datetime) -> Paper:
    """The minutes (会商纪要): who met, on what, what each said, what was decided, what followed."""
    row = shown.row
    at = clock.local(row.frozen_at or row.called_at).strftime("%Y-%m-%d %H:%M")
    parts: list[str | Heading | Table] = [
        _("时间：%(at)s　主持：%(chair)s") % {"at": at, "chair": row.chair},
        _("参加：%(who)s") % {"who": row.attendees or _("未记录")},
        Heading(_("一、会商依据")),
    ]
    used = tuple(
        (one["label"], one["words"], _when(one["at"]),
         f"{one['kind']} {one['id']} v{one['version']}")
        for one in row.inputs
    )  # fmt: skip
    heads = (_("依据"), _("当时的情况"), _("截至"), _("记录"))
    parts.append(Table(heads, used, (2, 4, 1.4, 2)) if used else _("没有。"))
    parts.append(Heading(_("二、各方意见")))
    parts += [f"{one.who}：{one.text}" for one in shown.opinions] or [_("没有。")]
    parts.append(Heading(_("三、决定")))
    parts.append(row.decision or _("尚未决定。"))
    parts.append(Heading(_("四、下达的指令")))
    parts += [_order(task) for task in shown.orders] or [_("没有。")]
    fact = CountyFact.objects.first()
    signed = _("%(who)s（决定）") % {"who": row.decided_by} if row.decided_by else ""
    return Paper(
        _("会商纪要：%(title)s") % {"title": row.title}, parts, now, _("安澜·会商"),
        signed_by=signed,
        signed_on=clock.local(row.decided_at).date() if row.decided_at else None,
        demo=bool(fact and fact.demo),
    )  # fmt: skip


def _when(text: str) -> str:
    return clock.local(datetime.fromisoformat(text)).strftime("%m-%d %H:%M")


def _order(task: Task) -> str:
    at = clock.local(task.due_at).strftime("%m-%d %H:%M")
    said = _("%(to)s：%(text)s（%(at)s 前答复）") % {
        "to": task.to_title, "text": task.text, "at": at,
    }  # fmt: skip
    return said + (_("答复：%(a)s") % {"a": task.answer} if task.answer else "")
