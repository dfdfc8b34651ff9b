"""The plan as it stands: rows with their targets and figures (`anlan.status/1`)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from anlan.engines.indicators import compute
from anlan.engines.indicators.compute import Figure
from anlan.engines.indicators.decisions import worst
from anlan.ground import clock
from anlan.ground.errors import NotFound
from anlan.ground.scope import Scope
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
    """The confirmed plan, else the newest entered one."""
    with scope.open():
        rows = PlanVersion.objects.exclude(state__in=["undone", "replaced"])
        confirmed = rows.filter(state="confirmed").order_by(*RUNS_FIRST).first()
        return confirmed or rows.order_by("-id").first()


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
        figures = {name: compute.figure(scope, name) for name in compute.declared()}
    return [_shown(row, figures) for row in found]


def _shown(row: PlanRow, figures: dict[str, Figure]) -> RowShown:
    own = [figures[name] for name in indicators_of(row)]
    state = worst(figure.state for figure in own)
    return RowShown(row, state, own)


def indicators_of(row: PlanRow) -> list[str]:
    """By the address under which indicators know the row, whatever its number is now."""
    if row.known_table is None or row.known_row is None:
        return []
    return compute.for_row(row.known_table, row.known_row)


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
