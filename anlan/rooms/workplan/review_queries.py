"""Reads of the review: a version with its doubts, differences, edits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from anlan.county import queries as county
from anlan.ground import clock
from anlan.ground.errors import NotFound
from anlan.ground.scope import Scope
from anlan.rooms.workplan import review, versions
from anlan.rooms.workplan.board_decisions import due_before
from anlan.rooms.workplan.matching import Known
from anlan.rooms.workplan.models import RUNS_FIRST, PlanChange, PlanDoubt, PlanRow, PlanVersion

LISTED_MAX = 100
EDITS_SHOWN_MAX = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """A version in the list, with how many rows it has and how many doubts are open."""

    plan: PlanVersion
    rows: int
    open: int
    doubts: int


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What the page of a version shows: one doubt or one row, and the table that it stands in."""

    plan: PlanVersion
    doubts: list[PlanDoubt]
    doubt: PlanDoubt | None
    row: PlanRow | None
    rows: list[PlanRow]
    tables: list[tuple[int, str]]
    table: int
    before: PlanDoubt | None
    after: PlanDoubt | None
    every: list[PlanRow]

    @property
    def units(self) -> list[str]:
        """Units that rows of the version name, those of most rows first."""
        named = Counter(str(unit["name"]) for row in self.every for unit in row.units
                        if unit["kind"] == "unit")  # fmt: skip
        return [name for name, _count in named.most_common()]

    def owed(self, unit: str, before: date | None) -> list[PlanRow]:
        """Rows of every table that name the unit (empty: all) and fall due before the day."""
        return [
            row for row in self.every
            if (not unit or any(unit in (own["name"], own["alias"]) for own in row.units))
            and (before is None or due_before(row.deadline, before))
        ]  # fmt: skip

    @property
    def open(self) -> int:
        return sum(1 for doubt in self.doubts if doubt.settled_at is None)


def known_units(scope: Scope, on: date) -> list[Known]:
    """Units and collectives of the county with their aliases of the day."""
    return [Known(*own) for own in county.unit_names(scope, on)]


def one_version(scope: Scope, version_id: int) -> PlanVersion:
    """The version; NotFound where there is none."""
    with scope.open():
        found = PlanVersion.objects.filter(id=version_id).first()
    if found is None:
        raise NotFound("plan-unknown", _("没有这一版"), str(version_id), _("请返回列表重新选择"))
    return found


def listed(scope: Scope) -> list[Listed]:
    """Versions, newest first, at most `LISTED_MAX`."""
    from django.db.models import Count, Q

    with scope.open():
        found = PlanVersion.objects.defer("document", "points", "doubts").annotate(
            row_count=Count("rows", distinct=True), doubt_count=Count("doubt_rows", distinct=True),
            open_count=Count("doubt_rows", filter=Q(doubt_rows__settled_at=None), distinct=True),
        ).order_by("-id")[:LISTED_MAX]  # fmt: skip
        return [Listed(own, own.row_count, own.open_count, own.doubt_count) for own in found]


def reviewed(
    scope: Scope, version_id: int, *, doubt: int | None = None, row: int | None = None,
    table: int | None = None,
) -> Reviewed:  # fmt: skip
    """The doubt that is asked for, else the first open one; the table that it stands in."""
    with scope.open():
        plan = one_version(scope, version_id)
        doubts = list(plan.doubt_rows.all())
        rows = list(plan.rows.all())
        shown = next((own for own in doubts if own.id == doubt), None)
        if doubt is not None and shown is None:
            raise NotFound("doubt-unknown", _("没有这一处存疑"), str(doubt), _("请返回这一版"))
        if shown is None and row is None and table is None:
            shown = next((own for own in doubts if own.settled_at is None), None)
        own_row = _row(rows, row, shown)
        tables = list({own.table: own.table_title for own in rows}.items())
        at = table or (own_row.table if own_row else shown.table if shown else None)
        number = at or (tables[0][0] if tables else 0)
        place = doubts.index(shown) if shown else -1
        return Reviewed(
            plan, doubts, shown, own_row, [own for own in rows if own.table == number], tables,
            number, doubts[place - 1] if place > 0 else None,
            doubts[place + 1] if 0 <= place < len(doubts) - 1 else None, rows,
        )  # fmt: skip


def _row(rows: list[PlanRow], row: int | None, doubt: PlanDoubt | None) -> PlanRow | None:
    if row is not None:
        found = next((own for own in rows if own.id == row), None)
        if found is None:
            raise NotFound("row-unknown", _("没有这一条"), str(row), _("请返回这一版"))
        return found
    if doubt is None or doubt.row is None:
        return None
    return next((own for own in rows if (own.table, own.row) == (doubt.table, doubt.row)), None)


def next_open(scope: Scope, doubt: PlanDoubt) -> int | None:
    """The next open doubt after this one, else the first; None where none is left."""
    with scope.open():
        left = PlanDoubt.objects.filter(plan_id=doubt.plan_id, settled_at=None).order_by("number")
        numbers = list(left.values_list("number", "id"))
    after = [own for number, own in numbers if number > doubt.number]
    return after[0] if after else numbers[0][1] if numbers else None


# differences


def facts_of(
    rows: Iterable[PlanRow], names: dict[str, str] | None = None
) -> list[versions.RowFacts]:
    """Rows as they are compared. names: a unit as written → the county's name of it."""
    told = names or {}
    return [
        versions.RowFacts(
            row.id, row.table, row.table_title, row.row, row.name, row.text,
            tuple((told.get(own["name"], own["name"]), own["lead"]) for own in row.units
                  if own["kind"] != "open"),
            tuple(review.quantity_text(own) for own in row.quantities), row.deadline,
        )
        for row in rows
    ]  # fmt: skip


def compared_with(scope: Scope, plan: PlanVersion) -> PlanVersion | None:
    """What a version is held against: what it replaced, else what runs now, else the one before."""
    with scope.open():
        if plan.replaces is not None:
            return plan.replaces
        others = PlanVersion.objects.exclude(id=plan.id).exclude(state="undone")
        runs = others.filter(state="confirmed").order_by(*RUNS_FIRST).first()
        return runs or others.filter(id__lt=plan.id).order_by("-id").first()


def differences(scope: Scope, before: PlanVersion, after: PlanVersion) -> list[versions.Pair]:
    """Pairs of rows; a unit under its alias is the same unit."""
    with scope.open():
        names: dict[str, str] = {}
        for plan in (before, after):
            for unit in known_units(scope, day_of(plan.document)):
                names |= dict.fromkeys((unit.name, *unit.aliases), unit.name)
        return versions.pairs(facts_of(before.rows.all(), names), facts_of(after.rows.all(), names))


def counted(scope: Scope, plan: PlanVersion) -> dict[str, int]:
    """Rows and doubts of a version, and how many rows are new, changed, gone, moved, the same."""
    with scope.open():
        before = compared_with(scope, plan)
        found = differences(scope, before, plan) if before else []
        counts = {how: sum(1 for own in found if own.how == how)
                  for how in ("new", "changed", "gone", "moved", "same")}  # fmt: skip
        return {"rows": plan.rows.count(), "doubts": plan.doubt_rows.count()} | counts


def edits(scope: Scope, plan: PlanVersion, row: PlanRow | None = None) -> list[PlanChange]:
    """Edits of a version, or of one of its rows, newest first."""
    with scope.open():
        found = PlanChange.objects.filter(plan=plan).select_related("row", "doubt")
        if row is not None:
            found = found.filter(row=row)
        return list(found.order_by("-id")[:EDITS_SHOWN_MAX])


def day_of(document: dict[str, Any]) -> date:
    """The plan's own day, else the first of its year, else today."""
    if document["date"]:
        return date.fromisoformat(document["date"])
    return date(document["year"], 1, 1) if document["year"] else clock.local(clock.now()).date()
