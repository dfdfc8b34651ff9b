"""Writes beside a case's line: parts that units do in parallel, objections and their decision.

Flows in: people with the right. Flows out: tasks that a joint closing waits for, an objection that
holds the case until another person decided it.
"""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from anlan.county.models import Unit
from anlan.county.versions import alone, locked
from anlan.engines.cases import decisions, refusals, rows
from anlan.engines.cases.actions import step
from anlan.engines.cases.clock_actions import decided, today
from anlan.engines.cases.decisions import Objects
from anlan.engines.cases.models import Case, Request, Task
from anlan.ground import calendar, clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.inputs import shown
from anlan.ground.live import tell
from anlan.ground.scope import Scope

TASKS_MAX = 50
TEXT_CHARS_MAX = 500


@action("cases.judge", journal="cases.task")
def give_task(
    scope: Scope, case_id: int, version: int, unit_id: int, text: str, due_on: date
) -> Task:
    """A unit does a part of the case; the joint closing waits for it."""
    row = locked(scope, Case, case_id, version)
    kind = rows.kind_of_case(row)
    if not kind.states[row.state].tasks:
        raise Conflict("case-no-tasks", _("现在不能交办"), kind.states[row.state].label,
                       _("到能交办的一步再办"))  # fmt: skip
    unit = Unit.objects.filter(pk=unit_id, ended_on=None).first()
    if unit is None:
        raise NotFound("unit-unknown", _("没有这个单位，或已停用"), str(unit_id), _("请重新选择"))
    if not text.strip() or due_on < today():
        raise Refusal("case-task-form", _("请写明办什么，日期在今天以后"), due_on.isoformat(),
                      _("改正后再交办"))  # fmt: skip
    if row.tasks.count() >= TASKS_MAX:
        raise Refusal("case-task-many", _("交办超过 50 项"), row.title, _("请合并后再交办"))
    made = Task.objects.create(
        division=row.division, world=scope.world, case=row, unit=unit, unit_name=unit.name,
        text=shown(text.strip(), TEXT_CHARS_MAX), due_on=due_on, given_by=scope.actor.label[:200],
    )  # fmt: skip
    told = _("%(u)s 于 %(d)s 前：%(t)s") % {
        "u": unit.name, "d": due_on.isoformat(), "t": made.text}  # fmt: skip
    _told(scope, row, "task", "", told, "cases.task")
    return made


@action("cases.act", journal="cases.task.done")
def finish_task(scope: Scope, task_id: int, version: int, result: str) -> Task:
    """The part is done, with what came of it."""
    own = locked(scope, Task, task_id, version)
    if own.done_at is not None:
        raise Conflict("case-task-done", _("这一项已经办结"), own.text, _("请刷新页面"))
    if not result.strip():
        raise Refusal("case-task-result", _("请写明办得怎样"), own.text, _("写清结果"))
    own.result, own.done_at = shown(result.strip(), TEXT_CHARS_MAX), clock.now()
    own.done_by = scope.actor.label[:200]
    own.version += 1
    own.save()
    row = locked(scope, Case, own.case_id)
    _told(scope, row, "task_done", "", f"{own.unit_name}：{own.result}", "cases.task.done")
    return own


def _told(scope: Scope, row: Case, kind: str, key: str, words: str, name: str) -> None:
    row.version += 1
    row.save(update_fields=["version"])
    step(scope, row, kind, key, words=words)
    journal.line(scope, name, row, why=words)
    tell(scope, "case", row.division, case=row.id)


@action("cases.act", journal="cases.object")
def object_to(scope: Scope, case_id: int, version: int, key: str, why: str) -> Request:
    """An objection in the name of whom the step concerns; the case waits for its decision."""
    row = locked(scope, Case, case_id, version)
    kind = rows.kind_of_case(row)
    own = kind.objections.get(key)
    if own is None:
        raise NotFound("case-objection", _("没有这种异议"), kind.label, _("请刷新页面"))
    if not why.strip():
        raise Refusal("why-empty", _("请写明原因"), row.title, _("写清楚哪里不对"))
    found = rows.object_verdict(scope, row, kind, own)
    if found is not Objects.MAY:
        raise refusals.of_objection(found)
    made = alone(
        lambda: Request.objects.create(
            division=row.division, world=scope.world, case=row, kind="object", key=key,
            why=shown(why.strip(), TEXT_CHARS_MAX), asked_at=clock.now(),
            asked_by=scope.actor.label[:200], asked_person=scope.actor.person_id,
        ),
        Conflict("objection-twice", _("已经提过一次"), row.title, _("请看上一次的决定")),
    )  # fmt: skip
    _told(scope, row, "ask", key, f"{own.label}：{made.why}", "cases.object")
    return made


@action("cases.approve", journal="cases.object.decide")
def decide_objection(scope: Scope, request_id: int, version: int, right: bool, why: str) -> Request:
    """The objection is right, and the case goes back; or it is not. Never decided by whoever
    raised it or made the step; an appeal not by whoever decided before."""
    asked = locked(scope, Request, request_id, version)
    if asked.kind != "object" or asked.state != "asked":
        raise Conflict("objection-decided", _("已经决定过"), asked.why, _("请刷新页面"))
    row = locked(scope, Case, asked.case_id)
    kind, now = rows.kind_of_case(row), rows.standing_of(row)
    own = kind.objections[asked.key]
    barred = {asked.asked_person, *now.made.get(own.to, ())}
    earlier = Request.objects.filter(case=row, kind="object", key=own.after or "-").first()
    barred |= {earlier.decided_person} if earlier else set()
    if scope.actor.person_id is None or scope.actor.person_id in barred:
        raise Denied("case-same-person", _("异议要由另一个人决定"), own.label,
                     _("提出的、作出原决定的人不能决定"))  # fmt: skip
    if right:
        after = decisions.upheld(kind, now, own)
        rows.keep_clocks(scope, row, now.clocks, after.clocks, calendar.of_county(scope), kind)
        row.state, row.ended, row.outcome, row.ended_at = after.state, False, "", None
        row.version += 1
        row.save()
    return decided(scope, row, asked, "upheld" if right else "refused", why, "cases.object.decide")
