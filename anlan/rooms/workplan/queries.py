"""The plan as it stands: rows with their targets and figures (`anlan.status/1`)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q

from anlan.engines.indicators import compute, declare
from anlan.engines.indicators.compute import Figure
from anlan.engines.indicators.decisions import Period, period_of, worst
from anlan.ground import clock
from anlan.ground.errors import NotFound
from anlan.ground.policy import values
from anlan.ground.scope import Scope
from anlan.rooms.workplan import board_decisions, tie_queries
from anlan.rooms.workplan.models import RUNS_FIRST, PlanRow, PlanVersion

SCHEMA = "anlan.status/1"
SHOWN = (
    "indicator",
    "state",
    "value",
    "op",
    "target",
    "unit",
    "numerator",
    "denominator",
    "completeness",
    "reason",
)


@dataclass(frozen=True, slots=True)
class RowShown:
    """A row with the figures that answer it. A row is as good as its worst target."""

    row: PlanRow
    state: str
    figures: list[Figure]


def current(scope: Scope) -> PlanVersion | None:
    """The confirmed plan that runs, else the newest entered one.

    Next year's plan waits for its year while this year has one, and demonstration data gives way.
    """
    with scope.open():
        rows = PlanVersion.objects.exclude(state__in=["undone", "replaced"])
        confirmed = rows.filter(state="confirmed").order_by("demo", *RUNS_FIRST)
        begun = Q(year=None) | Q(year__lte=compute.today(scope).year)
        found = confirmed.filter(begun).first() or confirmed.first()
        return found or rows.order_by("-id").first()


def asked(
    scope: Scope, plan: PlanVersion | None, name: str, today: date | None = None
) -> Period:  # fmt: skip
    """The period for which the plan asks an indicator: its own year's, running or the last."""
    day = board_decisions.asked_on(
        plan.year if plan else None, today or compute.today(scope), scope.world != 0
    )
    return period_of(declare.period_kind(declare.entry_of(name)), day)


@dataclass(frozen=True, slots=True)
class Season:
    """When the flood season of the plan's year begins: what is due before is due 汛前.

    said: its source; runs: whether the value is checked or the county's own, else 待核.
    """

    first: date
    said: str
    runs: bool

    @property
    def last_before(self) -> date:
        return self.first - timedelta(days=1)


def flood_season(scope: Scope, year: int | None) -> Season:
    """By the dated value that the law gives or the county saved."""
    with scope.open():
        known = values.value(scope, "season.flood_starts")
        own = year or compute.today(scope).year
    return Season(date.fromisoformat(f"{own}-{known.value}"), known.source, known.runs)


def rows_of(scope: Scope, plan: PlanVersion) -> list[PlanRow]:
    """Every row of a version, in its order."""
    with scope.open():
        return list(plan.rows.all())


def waiting(scope: Scope) -> list[PlanVersion]:
    """Versions that wait for a second person, newest first, without their documents."""
    with scope.open():
        rows = PlanVersion.objects.filter(state="entered").order_by("-id")
        return list(rows.defer("document", "points", "doubts"))


def rows(scope: Scope) -> list[RowShown]:
    """The rows of the current plan with their figures."""
    with scope.open():
        plan = current(scope)
        found = list(plan.rows.all()) if plan else []
        answering = tie_queries.tied(scope, plan, found).by_row if plan else {}
        today = compute.today(scope)
        names = {name for listed in answering.values() for name in listed}
        figures = {
            name: compute.figure(scope, name, asked(scope, plan, name, today))
            for name in sorted(names)
        }
    return [_shown(row, answering, figures) for row in found]


def _shown(
    row: PlanRow, answering: dict[str, tuple[str, ...]], figures: dict[str, Figure]
) -> RowShown:
    own = [figures[name] for name in answering.get(f"{row.table}/{row.row}", ())]
    state = worst(figure.state for figure in own)
    return RowShown(row, state, own)


def indicators_of(scope: Scope, row: PlanRow) -> tuple[str, ...]:
    """The indicators that answer the row, by what it says (`ties`)."""
    return tie_queries.tied(scope, row.plan).by_row.get(f"{row.table}/{row.row}", ())


def one(scope: Scope, table: int, row: int) -> RowShown:
    """One row; NotFound where the plan has none."""
    found = next((r for r in rows(scope) if (r.row.table, r.row.row) == (table, row)), None)
    if found is None:
        raise NotFound("row-unknown", "没有这一条", f"{table}/{row}", "请返回列表")
    return found


def status(scope: Scope) -> dict[str, Any]:
    """The plan's state as other programs read it."""
    return {
        "schema": SCHEMA,
        "as_of": clock.now(scope.world).isoformat(),
        "rows": [
            {"table": r.row.table, "row": r.row.row, "state": r.state, "targets": _targets(r)}
            for r in rows(scope)
        ],
    }


def _targets(shown: RowShown) -> list[dict[str, Any]]:
    return [{name: asdict(figure)[name] for name in SHOWN} for figure in shown.figures]
