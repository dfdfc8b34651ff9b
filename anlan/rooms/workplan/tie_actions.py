"""Writes of ties: a person says which row of the plan an indicator answers, or that none does."""

from __future__ import annotations

from django.utils.translation import gettext as _

from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.scope import Scope
from anlan.rooms.workplan import tie_queries, ties
from anlan.rooms.workplan.models import BoardState, PlanRow, PlanVersion
from anlan.rooms.workplan.tie_models import Tie

WORDS_CHARS_MAX = 200
SAID_CHARS_MAX = 400
NONE = "none"


@action("plan.enter", journal="plan.tie")
def decide(scope: Scope, plan_id: int, indicator: str, promise: str, row: str, why: str) -> Tie:
    """row: the id of a row of this very plan, or `none`. Any row may be said, not only proposed."""
    plan = PlanVersion.objects.filter(id=plan_id).exclude(state="undone").first()
    if plan is None:
        raise NotFound("plan-unknown", _("没有这一版"), str(plan_id), _("请返回列表重新选择"))
    found = tie_queries.match_of(scope, plan, indicator, promise)
    if not why.strip():
        raise Refusal("why-empty", _("请写明原因"), found.promise.label, _("写一句为什么这样定"))
    rows = list(plan.rows.all())
    meant = _meant(rows, row)
    key = "" if meant is None else ties.keys(tie_queries.said(rows))[rows.index(meant)]
    made = Tie.objects.create(
        division=plan.division, world=scope.world, year=plan.year, indicator=indicator,
        promise_key=promise, row_key=key,
        row_said="" if meant is None else f"{meant.name}：{meant.text}"[:SAID_CHARS_MAX],
        why=journal.clean(why, WORDS_CHARS_MAX), decided_by=scope.actor.label,
        decided_person=scope.actor.person_id, decided_at=clock.now(scope.world),
    )  # fmt: skip
    BoardState.objects.all().delete()  # what the round kept was computed under other ties
    journal.line(
        scope, "plan.tie", made, why=why, before=found.row.number if found.row else found.how,
        after=f"{meant.table}/{meant.row}" if meant else NONE,
    )  # fmt: skip
    tell(scope, "plan", plan.division, plan=plan.id)
    return made


def _meant(rows: list[PlanRow], row: str) -> PlanRow | None:
    if row == NONE:
        return None
    found = next((one for one in rows if str(one.id) == row), None)
    if found is None:
        raise Refusal("tie-row", _("这一条不在这一版里"), row[:20], _("请从列出的条目里选"))
    return found
