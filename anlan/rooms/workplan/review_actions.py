"""Writes of the review: a doubt is settled, a row is edited; each edit is a version of the row.

Flows in: what a person accepted or typed, with the version that the screen showed. Flows out: the
row as it is now, a `PlanChange` that says what became what, a journal line. A unit that was matched
becomes a dated alias of the county, so that the next plan knows it.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from anlan.county import unit_actions
from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.scope import Scope
from anlan.rooms.workplan import review, review_queries, tie_actions
from anlan.rooms.workplan.models import (
    ROW_ASKED,
    UNIT_ASKED,
    PlanChange,
    PlanDoubt,
    PlanRow,
    PlanVersion,
)
from anlan.rooms.workplan.review_queries import day_of

EDITED = ("name", "units", "quantities", "deadline")
WHY_CHARS_MAX = 200
NAME_CHARS_MAX = 300
OUTCOME_CHARS_MAX = 300


def _entered(plan_id: int) -> PlanVersion:
    """The version, which waits for its review: share-locked, so that no confirmation passes by."""
    plan = PlanVersion.objects.select_for_update(of=("self",)).filter(id=plan_id).first()
    if plan is None:
        raise NotFound("plan-unknown", _("没有这一版"), str(plan_id), _("请返回列表重新选择"))
    if plan.state != "entered":
        raise Conflict(
            "plan-closed", _("这一版已经确认或撤销，不能再改"), plan.title,
            _("要改正，请导入改正后的文件，由另一人确认"),
        )  # fmt: skip
    return plan


def _seen(row: PlanRow | PlanDoubt, version: int, name: str) -> None:
    if row.version != version:
        raise Conflict(
            "changed-meanwhile", _("这一条已被别人修改"), name, _("请刷新后在新内容上修改")
        )


# doubts


@action("plan.enter", journal="plan.doubt.accept")
def accept(
    scope: Scope, plan_id: int, doubt_id: int, version: int, *, unit: str = "", why: str = ""
) -> PlanDoubt:
    """What is proposed is taken. unit: of a doubt that asks, a candidate's id, `new` or `none`."""
    doubt = _doubt(plan_id, doubt_id, version)
    row = _row_of(doubt)
    if doubt.code == UNIT_ASKED:
        outcome = _match(scope, doubt, unit)
    elif doubt.code == ROW_ASKED:
        outcome = _tie(scope, doubt, unit, why or _proposal_accepted())
    else:
        fields = doubt.proposal["fields"]
        if row is not None and fields:
            _change(scope, row, fields, why or _proposal_accepted(), doubt)
        if row is not None and doubt.proposal["what"] == "lead":
            _lead_is_settled(row)
        outcome = doubt.proposal["what"]
    return _settled(scope, doubt, "accepted", outcome, why or _proposal_accepted())


def _proposal_accepted() -> str:
    return _("照提议")


@action("plan.enter", journal="plan.doubt.edit")
def settle_otherwise(
    scope: Scope, plan_id: int, doubt_id: int, version: int, row_version: int,
    values: dict[str, str], why: str,
) -> PlanDoubt:  # fmt: skip
    """The doubt is settled by what a person typed for its row; the reason is needed."""
    doubt = _doubt(plan_id, doubt_id, version)
    row = _row_of(doubt)
    if row is None:
        raise Refusal(
            "doubt-no-row", _("这一处存疑不在某一条上，没有可改的"), doubt.message,
            _("看过原文后照提议定下即可"),
        )  # fmt: skip
    _seen(row, row_version, row.name)
    changed = _change(scope, row, _typed(row, values), _needed(why), doubt)
    return _settled(scope, doubt, "edited", "、".join(changed), why)


def _of(shown: int, own: int) -> None:
    """What is changed belongs to the version that the page showed, else the page is refused."""
    if shown != own:
        raise Conflict(
            "plan-other", _("这一处不属于页面上的这一版"), str(shown),
            _("页面可能是旧的：请回到“导入和各版”，打开要改的那一版"),
        )  # fmt: skip


def _doubt(plan_id: int, doubt_id: int, version: int) -> PlanDoubt:
    found = PlanDoubt.objects.filter(id=doubt_id).values_list("plan_id", flat=True).first()
    if found is None:
        raise NotFound("doubt-unknown", _("没有这一处存疑"), str(doubt_id), _("请返回这一版"))
    _of(plan_id, found)
    _entered(found)
    doubt = PlanDoubt.objects.select_for_update(of=("self",)).get(id=doubt_id)
    if doubt.settled_at is not None:
        raise Conflict(
            "doubt-settled", _("这一处存疑已经定了"), doubt.settled_by, _("要改，请改那一条")
        )
    _seen(doubt, version, doubt.message)
    return doubt


def _row_of(doubt: PlanDoubt) -> PlanRow | None:
    if doubt.row is None or doubt.asks:
        return None
    rows = PlanRow.objects.select_for_update(of=("self",))
    return rows.filter(plan_id=doubt.plan_id, table=doubt.table, row=doubt.row).first()


def _settled(scope: Scope, doubt: PlanDoubt, choice: str, outcome: str, why: str) -> PlanDoubt:
    doubt.choice, doubt.outcome = choice, outcome[:OUTCOME_CHARS_MAX]
    doubt.why = journal.clean(why, WHY_CHARS_MAX)
    doubt.settled_by, doubt.settled_person = scope.actor.label, scope.actor.person_id
    doubt.settled_at = clock.now(scope.world)
    doubt.version += 1
    doubt.save(update_fields=["choice", "outcome", "why", "settled_by", "settled_person",
                              "settled_at", "version"])  # fmt: skip
    journal.line(
        scope, f"plan.doubt.{'accept' if choice == 'accepted' else 'edit'}", doubt,
        why=f"{doubt.code}：{outcome}：{why}",
    )  # fmt: skip
    tell(scope, "plan", doubt.division, plan=doubt.plan_id)
    return doubt


def _match(scope: Scope, doubt: PlanDoubt, unit: str) -> str:
    """The unit that is meant gets the written name as an alias from the plan's first day on."""
    name, on = doubt.subject, day_of(doubt.plan.document)
    meant = {str(own["id"]): own["name"] for own in doubt.proposal["candidates"]}
    choice = unit or next(iter(meant), "new")
    if choice == "none":
        return "none"
    if choice == "new":
        unit_actions.add_unit(scope, doubt.division, name, doubt.proposal["kind"])
        return "new"
    if choice not in meant:
        raise Refusal("unit-choice", _("这个单位不在提议里"), choice[:20], _("请从列出的单位里选"))
    known = review_queries.known_units(scope, on)
    if not any(name in own.aliases and own.id == int(choice) for own in known):
        unit_actions.add_alias(scope, int(choice), name, on.replace(month=1, day=1), None)
    return f"= {meant[choice]}"


def _tie(scope: Scope, doubt: PlanDoubt, row: str, why: str) -> str:
    """The indicator answers the row that is meant; returns its number, or `none`."""
    meant = {str(own["id"]): own["name"].split()[0] for own in doubt.proposal["candidates"]}
    choice = row or next(iter(meant))
    if choice != "none" and choice not in meant:
        raise Refusal("tie-row", _("这一条不在提议里"), choice[:20], _("请从列出的条目里选"))
    tie_actions.decide(scope, doubt.plan_id, doubt.subject, doubt.proposal["promise"], choice, why)
    return meant.get(choice, choice)


# rows


@action("plan.enter", journal="plan.row.edit", may_change_nothing=True)
def edit_row(
    scope: Scope, plan_id: int, row_id: int, version: int, values: dict[str, str], why: str
) -> PlanRow:
    """Name, units, lead, quantities or deadline of a row; nothing where nothing is different."""
    found = PlanRow.objects.filter(id=row_id).values_list("plan_id", flat=True).first()
    if found is None:
        raise NotFound("row-unknown", _("没有这一条"), str(row_id), _("请返回这一版"))
    _of(plan_id, found)
    _entered(found)
    row = PlanRow.objects.select_for_update(of=("self",)).get(id=row_id)
    _seen(row, version, row.name)
    _change(scope, row, _typed(row, values), _needed(why), None)
    return row


def _needed(why: str) -> str:
    if not why.strip():
        raise Refusal("why-empty", _("请写明原因"), "", _("写一句为什么这样改"))
    return why.strip()


def _typed(row: PlanRow, values: dict[str, str]) -> dict[str, Any]:
    name = values["name"].strip()
    if not name or len(name) > NAME_CHARS_MAX:
        raise Refusal("name-form", _("名称不能为空，最多 300 字"), "", _("请改正名称"))
    try:
        return {
            "name": name,
            "units": review.units_typed(values["units"], values["lead"], row.units),
            "quantities": review.quantities_typed(values["quantities"], row.quantities),
            "deadline": review.day_typed(values["deadline"]),
        }
    except review.Unreadable as fault:
        raise Refusal(fault.code, _unreadable(fault.code), fault.line, _mend(fault.code)) from None


def _unreadable(code: str) -> str:
    words = {
        "lead-unknown": _("牵头单位不在单位里"), "lead-collective": _("集合不能牵头"),
        "quantity-form": _("这一行数量没有读懂"), "quantity-long": _("主语或单位太长"),
        "quantity-range": _("范围的上限小于下限"), "lines-many": _("数量最多 60 行"),
        "day-form": _("时限不是一个日子"),
    }  # fmt: skip
    return words[code]


def _mend(code: str) -> str:
    if code.startswith("lead"):
        return _("请照单位栏里的写法填牵头单位")
    if code == "day-form":
        return _("写成 2025-12-31 的样子")
    return _("每行一个：主语 ≥ 数 单位；范围写 1 ~ 2 公里；没有数的写 ? 原话")


def _change(
    scope: Scope, row: PlanRow, fields: dict[str, Any], why: str, doubt: PlanDoubt | None
) -> list[str]:
    """Only what differs is written; returns the names of the fields that changed."""
    different = {name: [getattr(row, name), value] for name, value in fields.items()
                 if name in EDITED and getattr(row, name) != value}  # fmt: skip
    if not different:
        return []
    old_leads = [own["name"] for own in row.units if own["lead"]]
    for name, (_old, new) in different.items():
        setattr(row, name, new)
    if [own["name"] for own in row.units if own["lead"]] != old_leads:
        row.lead_state = "settled"
    row.version += 1
    row.save(update_fields=[*different, "lead_state", "version"])
    PlanChange.objects.create(
        division=row.division, world=row.world, plan_id=row.plan_id, row=row, doubt=doubt,
        to_version=row.version, fields=different, why=journal.clean(why, WHY_CHARS_MAX),
        changed_by=scope.actor.label, changed_person=scope.actor.person_id,
    )  # fmt: skip
    journal.line(
        scope, "plan.row.edit", row, why=f"{'、'.join(different)}：{why}",
        before={name: pair[0] for name, pair in different.items()},
        after={name: pair[1] for name, pair in different.items()},
    )  # fmt: skip
    tell(scope, "plan", row.division, plan=row.plan_id)
    return list(different)


def _lead_is_settled(row: PlanRow) -> None:
    if row.lead_state != "settled":
        row.lead_state = "settled"
        row.save(update_fields=["lead_state"])
