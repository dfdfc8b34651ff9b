"""Writes of the plan: a document becomes a version; another person confirms it."""

from __future__ import annotations

import hashlib
from typing import Any

from django.utils.translation import gettext as _

from anlan.ground import journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.models import CountyFact
from anlan.ground.scope import Scope
from anlan.rooms.workplan.models import PlanRow, PlanVersion
from anlan.rooms.workplan.reader import PlanRefused, read_plan


@action("plan.enter", journal="plan.import")
def import_plan(scope: Scope, content: bytes, name: str, demo: bool = False) -> PlanVersion:
    """Read the document whole or refuse it whole; the same bytes again are a conflict."""
    try:
        plan = read_plan(content, name)
    except PlanRefused as refused:
        raise Refusal(refused.code, refused.message, refused.place, refused.mend) from refused
    digest = hashlib.sha256(content).hexdigest()
    if PlanVersion.objects.filter(digest=digest).exclude(state="undone").exists():
        raise Conflict("plan-known", _("这份文件已经导入"), name, _("如需重来，请先撤销那一版"))
    county = CountyFact.objects.values_list("code", flat=True).first() or 0
    version = PlanVersion.objects.create(
        division=county, world=scope.world, title=plan["document"]["title"],
        year=plan["document"]["year"], document=plan["document"], points=plan["points"],
        doubts=plan["doubts"], digest=digest, entered_by=scope.actor.label,
        entered_person=scope.actor.person_id, demo=demo,
    )  # fmt: skip
    PlanRow.objects.bulk_create(_rows(version, plan))
    journal.line(scope, "plan.import", version, why=name, after=digest)
    tell(scope, "plan", county, plan=version.id)
    return version


def _rows(version: PlanVersion, plan: dict[str, Any]) -> list[PlanRow]:
    return [
        PlanRow(
            division=version.division, world=version.world, plan=version, table=table["number"],
            table_title=table["title"], row=row["row"], name=row["name"], text=row["text"],
            units=row["units"], quantities=row["quantities"], deadline=row["deadline"],
        )
        for table in plan["tables"]
        for row in table["rows"]
    ]  # fmt: skip


@action("plan.confirm", journal="plan.confirm")
def confirm(scope: Scope, version_id: int) -> PlanVersion:
    """A second person confirms; older confirmed versions of the year are replaced, not lost."""
    row = PlanVersion.objects.select_for_update(of=("self",)).filter(id=version_id).first()
    if row is None or row.state != "entered":
        raise NotFound("plan-unknown", _("没有待确认的这一版"), str(version_id))
    if _same(scope, row):
        raise Denied("second-person", _("录入人不能确认"), scope.actor.label, _("请由另一人确认"))
    PlanVersion.objects.filter(state="confirmed", year=row.year).update(state="replaced")
    row.state, row.confirmed_by = "confirmed", scope.actor.label
    row.save(update_fields=["state", "confirmed_by"])
    journal.line(scope, "plan.confirm", row)
    tell(scope, "plan", row.division, plan=row.id)
    return row


def _same(scope: Scope, row: PlanVersion) -> bool:
    """Whether it is the person, or the account, that entered the version.

    An account of a post that was still vacant had no person then: it is known by its label.
    """
    actor = scope.actor
    person = actor.person_id is not None and actor.person_id == row.entered_person
    return person or (actor.kind == "account" and actor.label == row.entered_by)


@action("plan.enter", journal="plan.undo")
def undo(scope: Scope, version_id: int, why: str) -> None:
    """An entered version is taken back; it stays readable."""
    if not why.strip():
        raise Refusal("why-empty", _("请写明原因"))
    changed = PlanVersion.objects.filter(id=version_id, state="entered").update(state="undone")
    if not changed:
        raise NotFound("plan-unknown", _("没有可撤销的这一版"), str(version_id))
    journal.line(scope, "plan.undo", ("workplan.planversion", version_id), why=why)
