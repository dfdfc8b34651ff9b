"""Writes of the board: a person confirms who leads a row or a target, or ends that."""

from __future__ import annotations

from django.utils.translation import gettext as _

from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.scope import Scope
from anlan.rooms.workplan import board_queries, queries
from anlan.rooms.workplan.board_models import Lead

WORDS_CHARS_MAX = 200


@action("plan.confirm", journal="plan.lead.confirm")
def confirm_lead(
    scope: Scope, table: int, row: int, unit_id: int, document: str, target: str = ""
) -> Lead:
    """The unit leads the row, or one target of it, by a document; an earlier lead ends.

    Refused for a collective, a unit that the county does not have, and a target of another row.
    """
    found = board_queries.board(scope)
    line = board_queries.line_of(found, table, row)
    if found.plan is None or found.plan.state != "confirmed":
        raise Refusal("plan-unconfirmed", _("这一版要点还没有确认"), "", _("请先由另一人确认要点"))
    unit = next((one for one in found.units.values() if one.id == unit_id), None)
    if unit is None:
        raise NotFound("unit-unknown", _("没有这个单位"), str(unit_id), _("请先在县情里添加"))
    if unit.kind != "unit":
        raise Refusal("lead-collective", _("集合不能牵头"), unit.name, _("请选一个单位"))
    if not document.strip():
        raise Refusal(
            "lead-document", _("请写明依据"), line.number, _("例如：分工文件名称或会议纪要")
        )
    if target and target not in queries.indicators_of(scope, line.row):
        raise NotFound("target-unknown", _("这一条没有这个目标"), target[:100])
    year, moment = found.plan.year or 0, clock.now()
    before = Lead.objects.select_for_update(of=("self",)).filter(
        year=year, row_key=line.key, target=target, ended_at=None
    ).first()  # fmt: skip
    if before is not None and before.unit_id == unit_id:
        raise Conflict("lead-known", _("已经确认由这个单位牵头"), unit.name)
    if before is not None:
        _end(before, scope, _("改由%(unit)s牵头") % {"unit": unit.name})
    made = Lead.objects.create(
        division=found.plan.division, world=scope.world, year=year, row_key=line.key, target=target,
        unit_id=unit_id, document=document.strip()[:WORDS_CHARS_MAX],
        confirmed_by=scope.actor.label, confirmed_person=scope.actor.person_id, confirmed_at=moment,
    )  # fmt: skip
    journal.line(
        scope, "plan.lead.confirm", made, why=f"{line.number} {document}",
        before=before.unit_id if before else line.answers.name, after=unit.name,
    )  # fmt: skip
    tell(scope, "plan", made.division, row=line.number)
    return made


@action("plan.confirm", journal="plan.lead.end")
def end_lead(scope: Scope, lead_id: int, why: str) -> Lead:
    """The confirmation is taken back; the row's lead is proposed again, and the record stays."""
    made = Lead.objects.select_for_update(of=("self",)).filter(id=lead_id, ended_at=None).first()
    if made is None:
        raise NotFound("lead-unknown", _("没有这个确认"), str(lead_id))
    if not why.strip():
        raise Refusal("why-empty", _("请写明原因"))
    _end(made, scope, why.strip())
    journal.line(scope, "plan.lead.end", made, why=why)
    tell(scope, "plan", made.division)
    return made


def _end(lead: Lead, scope: Scope, why: str) -> None:
    lead.ended_at, lead.ended_by = clock.now(), scope.actor.label
    lead.ended_why, lead.version = why[:WORDS_CHARS_MAX], lead.version + 1
    lead.save(update_fields=["ended_at", "ended_by", "ended_why", "version"])
