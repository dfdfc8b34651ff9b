"""Writes of the plan's versions: a document comes in, another person confirms, one act undoes it.

Rows and doubts of a version that was entered are changed by `review_actions`.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from anlan.ground import clock, files, journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.models import CountyFact
from anlan.ground.scope import Scope
from anlan.rooms.workplan import review, review_queries, tie_queries
from anlan.rooms.workplan.matching import candidates, exact
from anlan.rooms.workplan.models import (
    ROW_ASKED,
    UNIT_ASKED,
    BoardState,
    PlanChange,
    PlanDoubt,
    PlanOriginal,
    PlanRow,
    PlanVersion,
)
from anlan.rooms.workplan.reader import PlanRefused, read_whole

KINDS = frozenset({"docx", "xlsx", "pdf", "ole", "text", "unknown"})
NAME_CHARS_MAX = 200
CHAIN_MAX = 100
LEAD_WORDS = ("牵头", "主办", "主责")


@action("plan.enter", journal="plan.import")
def import_plan(scope: Scope, content: bytes, name: str, demo: bool = False) -> PlanVersion:
    """Read the document whole or refuse it whole; the same bytes again are a conflict."""
    digest = hashlib.sha256(content).hexdigest()
    if PlanVersion.objects.filter(digest=digest).exclude(state="undone").exists():
        raise _known(name)
    try:
        found = read_whole(content, name)
    except PlanRefused as refused:
        raise Refusal(refused.code, refused.message, refused.place, refused.mend) from refused
    plan, original = found["plan"], found["original"]
    files.keep(scope, content, name, KINDS)
    version = _version(scope, plan, digest, name, demo)
    PlanOriginal.objects.create(
        division=version.division, world=scope.world, plan=version, **original
    )
    PlanRow.objects.bulk_create(_rows(version, plan))
    PlanDoubt.objects.bulk_create(_doubts(scope, version, plan))
    journal.line(scope, "plan.import", version, why=name, after=digest)
    tell(scope, "plan", version.division, plan=version.id)
    return version


def _known(name: str) -> Conflict:
    return Conflict("plan-known", _("这份文件已经导入"), name, _("如需重来，请先撤销那一版"))


def _version(scope: Scope, plan: dict[str, Any], digest: str, name: str, demo: bool) -> PlanVersion:
    county = CountyFact.objects.values_list("code", flat=True).first() or 0
    try:
        with transaction.atomic():
            return PlanVersion.objects.create(
                division=county, world=scope.world,
                title=plan["document"]["title"][:NAME_CHARS_MAX], year=plan["document"]["year"],
                document=plan["document"], points=plan["points"],
                doubts=plan["doubts"], digest=digest, entered_by=scope.actor.label,
                file_name=journal.clean(name, NAME_CHARS_MAX),
                entered_person=scope.actor.person_id, demo=demo,
            )  # fmt: skip
    except IntegrityError:
        raise _known(name) from None


def _rows(version: PlanVersion, plan: dict[str, Any]) -> list[PlanRow]:
    return [
        PlanRow(
            division=version.division, world=version.world, plan=version, table=table["number"],
            table_title=table["title"], row=row["row"], name=row["name"], text=row["text"],
            units=row["units"], quantities=row["quantities"], deadline=row["deadline"],
            units_text=row["units_text"], note=row["note"], lead_state=_lead_state(row),
        )
        for table in plan["tables"]
        for row in table["rows"]
    ]  # fmt: skip


def _lead_state(row: dict[str, Any]) -> str:
    written = any(word in row["units_text"] for word in LEAD_WORDS)
    return "written" if written and any(own["lead"] for own in row["units"]) else "proposed"


def _doubts(scope: Scope, version: PlanVersion, plan: dict[str, Any]) -> list[PlanDoubt]:
    """The reader's doubts with a proposal each, then each unit that the county does not know."""
    rows = {(t["number"], row["row"]): row for t in plan["tables"] for row in t["rows"]}
    found = [
        PlanDoubt(
            code=own["code"], table=own["table"], row=own["row"], point=own["point"],
            message=own["message"],
            proposal=review.propose(own["code"], rows.get((own["table"], own["row"]))).as_dict(),
        )
        for own in plan["doubts"]
    ] + _strangers(scope, version, plan) + _homeless(scope, version)  # fmt: skip
    for number, doubt in enumerate(found, start=1):
        doubt.division, doubt.world, doubt.plan, doubt.number = (
            version.division, version.world, version, number,
        )  # fmt: skip
    return found


def _strangers(scope: Scope, version: PlanVersion, plan: dict[str, Any]) -> list[PlanDoubt]:
    """One doubt for each name that no unit bears on the plan's day, with who may be meant."""
    known = review_queries.known_units(scope, review_queries.day_of(plan["document"]))
    found: dict[str, PlanDoubt] = {}
    for table in plan["tables"]:
        for row in table["rows"]:
            for own in row["units"]:
                name = own["name"][:100]
                if own["kind"] == "open" or name in found or exact(name, known) is not None:
                    continue
                meant = candidates(name, own["alias"], own["kind"], known)
                found[name] = PlanDoubt(
                    code=UNIT_ASKED, table=table["number"], row=row["row"], subject=name,
                    message=name,
                    proposal={
                        "what": "unit" if meant else "unit-new", "kind": own["kind"],
                        "candidates": [one.as_dict() for one in meant],
                        "fields": {}, "detail": meant[0].name if meant else name,
                    },
                )  # fmt: skip
    return list(found.values())


def _homeless(scope: Scope, version: PlanVersion) -> list[PlanDoubt]:
    """One doubt for each indicator whose row is only alike: which row it answers, if any."""
    return [
        PlanDoubt(
            code=ROW_ASKED, table=own.candidates[0].row.table, row=own.candidates[0].row.row,
            subject=own.promise.indicator, message=f"{own.promise.label}：{own.promise.says}",
            proposal={
                "what": "row", "fields": {}, "promise": own.promise.key,
                "detail": own.candidates[0].row.number,
                "candidates": [
                    {"id": one.row.id, "name": f"{one.row.number} {one.row.name}：{one.row.text}",
                     "reason": "address" if one.at_address else "alike", "distance": 0}
                    for one in own.candidates
                ],
            },
        )
        for own in tie_queries.tied(scope, version).waiting()
    ]  # fmt: skip


# confirmation and undoing


@action("plan.confirm", journal="plan.confirm")
def confirm(scope: Scope, version_id: int, version: int | None = None) -> PlanVersion:
    """A second person confirms; the confirmed version of the year is replaced, not lost."""
    row = _locked(version_id, "entered", version, _("没有待确认的这一版"))
    _second_person(scope, row)
    open_ = row.doubt_rows.filter(settled_at=None).count()
    if open_ and not row.demo:
        raise Refusal(
            "doubts-open", _("还有 %(n)d 处存疑没有定") % {"n": open_}, row.title,
            _("请录入人逐条定完后再确认"), 409,
        )  # fmt: skip
    before = PlanVersion.objects.select_for_update(of=("self",)).filter(
        state="confirmed", year=row.year, world=scope.world
    ).first()  # fmt: skip
    if before is not None:
        before.state = "replaced"
        before.save(update_fields=["state"])
    row.state, row.confirmed_by, row.replaces = "confirmed", scope.actor.label, before
    row.confirmed_person, row.confirmed_at = scope.actor.person_id, clock.now(scope.world)
    row.version += 1
    row.save(update_fields=["state", "confirmed_by", "confirmed_person", "confirmed_at", "replaces",
                            "version"])  # fmt: skip
    BoardState.objects.all().delete()  # what the round kept was of the rows before
    journal.line(scope, "plan.confirm", row)
    tell(scope, "plan", row.division, plan=row.id)
    return row


def _locked(version_id: int, state: str, version: int | None, message: str) -> PlanVersion:
    row = PlanVersion.objects.select_for_update(of=("self",)).filter(id=version_id).first()
    if row is None or row.state != state:
        raise NotFound("plan-unknown", message, str(version_id), _("请返回列表重新选择"))
    if version is not None and version != row.version:
        raise Conflict(
            "changed-meanwhile", _("这一版已被别人修改"), row.title, _("请刷新后再看一遍")
        )
    return row


def _second_person(scope: Scope, row: PlanVersion) -> None:
    """Who entered, settled or edited does not confirm; a command confirms 演示 only."""
    person = scope.actor.person_id
    mend = _("请由另一人确认")
    if _same(scope, row):
        raise Denied("second-person", _("录入人不能确认"), scope.actor.label, mend)
    if person is None and not row.demo:
        raise Denied("second-person", _("确认要由人来做"), scope.actor.label, mend)
    if person is None:
        return
    touched = (
        PlanChange.objects.filter(plan=row, changed_person=person).exists()
        or PlanDoubt.objects.filter(plan=row, settled_person=person).exists()
    )
    if touched:
        raise Denied("second-person", _("改过条目或定过存疑的人不能确认"), scope.actor.label, mend)


def _same(scope: Scope, row: PlanVersion) -> bool:
    """Whether it is the person, or the account, that entered the version.

    An account of a post that was still vacant had no person then: it is known by its label.
    """
    actor = scope.actor
    person = actor.person_id is not None and actor.person_id == row.entered_person
    return person or (actor.kind == "account" and actor.label == row.entered_by)


@action("plan.enter", journal="plan.undo")
def undo(scope: Scope, version_id: int, why: str, version: int | None = None) -> None:
    """An entered version is taken back; it stays readable."""
    row = _locked(version_id, "entered", version, _("没有可撤销的这一版"))
    _take_back(scope, row, why)
    journal.line(scope, "plan.undo", row, why=why)


@action("plan.confirm", journal="plan.withdraw")
def withdraw(scope: Scope, version_id: int, why: str, version: int | None = None) -> None:
    """A confirmed version is taken back in one act; the version before it runs again."""
    row = _locked(version_id, "confirmed", version, _("没有可撤回的这一版"))
    before = _still_standing(row)
    _take_back(scope, row, why)
    if before is not None:
        before.state = "confirmed"
        before.save(update_fields=["state"])
    BoardState.objects.all().delete()
    journal.line(
        scope, "plan.withdraw", row, why=why, before={"runs": row.id},
        after={"runs": before.id if before else None},
    )  # fmt: skip
    tell(scope, "plan", row.division, plan=row.id)


def _still_standing(row: PlanVersion) -> PlanVersion | None:
    """The version that this one replaced; where that was withdrawn too, the one before it."""
    found = row.replaces
    for _step in range(CHAIN_MAX):
        if found is None or found.state == "replaced":
            return found
        found = found.replaces
    return None


def _take_back(scope: Scope, row: PlanVersion, why: str) -> None:
    if not why.strip():
        raise Refusal("why-empty", _("请写明原因"), row.title, _("写一句为什么撤销"))
    row.state, row.withdrawn_by = "undone", scope.actor.label
    row.withdrawn_at, row.withdrawn_why = clock.now(scope.world), journal.clean(why, NAME_CHARS_MAX)
    row.version += 1
    row.save(update_fields=["state", "withdrawn_by", "withdrawn_at", "withdrawn_why", "version"])
