"""Reads about kept figures: frozen months with their corrections, zero reports, base counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from anlan.engines.indicators.compute import whole_county
from anlan.engines.indicators.models import (
    BaseCount,
    Correction,
    FigureCheck,
    FrozenFigure,
    FrozenMember,
    ZeroReport,
)
from anlan.ground.places import level
from anlan.ground.scope import Scope

MONTHS_MAX = 36
MEMBERS_MAX = 500


@dataclass(frozen=True, slots=True)
class Month:
    """A frozen month of a place: the figure as it stood, and every correction beside it."""

    figure: FrozenFigure
    corrections: list[Correction]


def place_of(scope: Scope) -> int:
    """Under which place the reader's own frozen figures stand: a township, or the whole county."""
    own_township = scope.kind == "post" and level(scope.lo) == "township"
    return scope.lo if own_township else whole_county()


def place_sql(scope: Scope) -> str:
    """The same as `place_of`, as an expression of a larger question."""
    own_township = scope.kind == "post" and level(scope.lo) == "township"
    return str(int(scope.lo)) if own_township else "(SELECT min(code) FROM ground_county)"


def months(scope: Scope, name: str) -> list[Month]:
    """Frozen months of the reader's place, newest first."""
    with scope.open():
        rows = list(
            FrozenFigure.objects.filter(indicator=name, division=place_of(scope)).order_by(
                "-month"
            )[:MONTHS_MAX]
        )
        beside: dict[int, list[Correction]] = {row.id: [] for row in rows}
        for made in Correction.objects.filter(figure__in=rows).order_by("number"):
            beside[made.figure_id].append(made)
    return [Month(row, beside[row.id]) for row in rows]


def members(scope: Scope, name: str, month: date) -> list[FrozenMember]:
    """The records behind a frozen month, within the reader's places."""
    with scope.open():
        rows = FrozenMember.objects.filter(indicator=name, month=month)
        return list(rows.order_by("counted", "division", "id")[:MEMBERS_MAX])


def zero_reports(scope: Scope, name: str) -> list[ZeroReport]:
    """Zero reports of the reader's places, newest first, withdrawn ones too."""
    with scope.open():
        return list(ZeroReport.objects.filter(indicator=name).order_by("-id")[:MEMBERS_MAX])


def bases(scope: Scope, name: str) -> list[BaseCount]:
    """Base counts of the reader's places, the newest day first."""
    with scope.open():
        rows = BaseCount.objects.filter(indicator=name).order_by("-counted_on", "-id")
        return list(rows[:MEMBERS_MAX])


def checks(scope: Scope, name: str) -> list[FigureCheck]:
    """Who checked which figure of the reader's own place, newest first."""
    with scope.open():
        rows = FigureCheck.objects.filter(indicator=name, division=scope.lo)
        return list(rows.order_by("-id")[:MONTHS_MAX])
