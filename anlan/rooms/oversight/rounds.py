"""What is due in supervision: late targets get a draft; letters end when all is in order."""

from __future__ import annotations

from datetime import date, datetime

from anlan.ground import calendar, clock
from anlan.ground.scope import Scope
from anlan.rooms.oversight import actions, draft, queries
from anlan.rooms.oversight.decisions import OPEN_STATES, Known, next_letter, outcome_of
from anlan.rooms.oversight.models import Letter
from anlan.rooms.workplan import board_queries
from anlan.rooms.workplan.board_queries import TargetNow
from anlan.rooms.workplan.board_shapes import word

PROPOSED_MAX = 50
MET_WHY = "目标已不再过期：{}"
GONE_WHY = "牵头单位或条目已经变动"


def press(scope: Scope) -> int:
    """One pass: end what is in order, then draft what is due; at most PROPOSED_MAX drafts."""
    with scope.open():
        now = clock.now(scope.world)
        today = clock.local(now).date()
        targets = {(one.line.key, one.indicator): one for one in board_queries.targets(scope)}
        handled = _settle(scope, targets)
        own = calendar.of_county(scope)
        for key, target in targets.items():
            if handled >= PROPOSED_MAX:
                break
            if target.late.late and target.answers.confirmed:
                handled += _propose(scope, target, queries.about(scope, *key), own, now, today)
    return handled


def _settle(scope: Scope, targets: dict[tuple[str, str], TargetNow]) -> int:
    done = 0
    for row in Letter.objects.filter(state__in=OPEN_STATES).order_by("id"):
        target = targets.get((row.row_key, row.indicator))
        late = target is not None and target.late.late
        same = row.state != "proposed" if target is None else target.answers.unit_id == row.unit_id
        outcome = (
            outcome_of(row.state, late, same) if target else outcome_of(row.state, True, False)
        )
        if outcome:
            why = GONE_WHY if late or target is None else MET_WHY.format(word(target.figure.state))
            actions.settle(scope, row.id, outcome, why)
            done += 1
    return done


def _propose(
    scope: Scope, target: TargetNow, known: list[Letter], own: calendar.Calendar, now: datetime,
    today: date,
) -> int:  # fmt: skip
    unit = target.answers.unit_id
    same = [row for row in known if row.since == target.late.day and row.unit_id == unit]
    wanted = next_letter(
        target.late.late, target.answers.confirmed,
        [Known(row.step, row.state, row.due_at, row.promised_on) for row in same], now, today,
    )  # fmt: skip
    if not wanted.step or target.answers.unit_id is None or target.late.day is None:
        return 0
    before = same[-1] if same else None
    facts = draft.facts_of(target, today, own.working_days_between(target.late.day, today))
    articles = draft.articles_of(target)
    again = "" if before is None else draft.again_text(
        wanted.reason, before.number, queries.last_day(before), before.promised_on
    )  # fmt: skip
    actions.propose(scope, actions.Draft(
        division=target.plan.division, plan_id=target.plan.id, row_key=target.line.key,
        row_number=target.line.number, row_name=target.line.row.name,
        indicator=target.indicator, label=target.figure.label, step=wanted.step,
        before_id=before.id if before else None, unit_id=target.answers.unit_id,
        reason=wanted.reason, since=target.late.day, facts=facts, articles=articles,
        title=draft.title(facts, wanted.step),
        text=draft.text(facts, articles, target.answers.name, again, wanted.step),
        demo=target.plan.demo,
    ))  # fmt: skip
    return 1
