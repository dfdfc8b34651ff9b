"""How each row stands at each place: computed by a round and kept, so that the board is one read.

Flows in: figures of `engines/indicators`. Flows out: `BoardState`, a row for the county and one for
each township. Where nothing was kept yet the board computes what the reader sees, and says so by
its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from anlan.engines.indicators import compute
from anlan.engines.indicators import queries as figures
from anlan.engines.indicators.compute import Figure
from anlan.engines.indicators.decisions import worst
from anlan.ground import clock, journal
from anlan.ground.live import tell
from anlan.ground.scope import Scope
from anlan.rooms.workplan import queries, tie_queries
from anlan.rooms.workplan.board_models import BoardState
from anlan.rooms.workplan.models import PlanVersion

States = dict[str, str]


@dataclass(frozen=True, slots=True)
class Standing:
    """own: the reader's rows as `4/40` → state; figures: row → figures in short; towns: by code.

    A row that no indicator answers is in none of them.
    """

    own: States
    figures: dict[str, list[dict[str, Any]]]
    towns: dict[int, States]
    computed_at: datetime


def kept_at_sql(scope: Scope) -> str:
    """When the states of the reader's own place were last computed, as an expression of a larger
    question; NULL where none are kept."""
    return (
        "(SELECT computed_at FROM workplan_boardstate"  # noqa: S608
        f" WHERE division = {figures.place_sql(scope)} AND world = anlan_world())"
    )


def standing(scope: Scope) -> Standing:
    """How the rows stand for this reader: as kept, else computed now."""
    place = figures.place_of(scope)
    with scope.open():
        kept = list(BoardState.objects.values_list("division", "states", "figures", "computed_at"))
        own = next((row for row in kept if row[0] == place), None)
        if own is None:
            return fresh(scope)
        whole = compute.whole_county()
    towns = {row[0]: row[1] for row in kept if row[0] != whole}
    return Standing(own[1], own[2], towns, own[3])


def fresh(scope: Scope) -> Standing:
    """The same, computed now from the records that the reader sees."""
    own: dict[str, list[Figure]] = {}
    towns: dict[int, dict[str, list[str]]] = {}
    with scope.open():
        plan = queries.current(scope)
        for name, numbers in _answering(scope, plan).items():
            period = queries.asked(scope, plan, name)
            for place, figure in compute.everywhere(scope, name, period).items():
                for row in numbers:
                    if place is None:
                        own.setdefault(row, []).append(figure)
                    else:
                        towns.setdefault(place, {}).setdefault(row, []).append(figure.state)
        seen = compute.towns(scope)
        moment = clock.now(scope.world)
    return Standing(
        {row: worst(one.state for one in listed) for row, listed in own.items()},
        {row: [_short(one) for one in listed] for row, listed in own.items()},
        {town: {row: worst(states) for row, states in towns.get(town, {}).items()}
         for town in seen},
        moment,
    )  # fmt: skip


def _answering(scope: Scope, plan: PlanVersion | None) -> dict[str, list[str]]:
    """Indicators that answer a row of the plan, with the numbers of their rows."""
    found: dict[str, list[str]] = {}
    for number, names in (tie_queries.tied(scope, plan).by_row if plan else {}).items():
        for name in names:
            found.setdefault(name, []).append(number)
    return found


def _short(figure: Figure) -> dict[str, Any]:
    return {
        "indicator": figure.indicator, "label": figure.label, "state": figure.state,
        "value": figure.value, "unit": figure.unit, "period": figure.period,
    }  # fmt: skip


def keep(scope: Scope) -> int:
    """The round: compute again and keep; returns how many places changed."""
    found = fresh(scope)
    whole = compute.whole_county()
    if not whole:
        return 0
    wanted = {whole: (found.own, found.figures)}
    wanted |= {town: (states, {}) for town, states in found.towns.items()}
    with scope.open(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
                       [f"board/{scope.world}"])  # fmt: skip
        known = {row.division: row for row in BoardState.objects.all()}
        changed = [place for place, (states, numbers) in wanted.items()
                   if place not in known or (known[place].states, known[place].figures)
                   != (states, numbers)]  # fmt: skip
        BoardState.objects.filter(division__in=set(known) - set(wanted)).delete()
        BoardState.objects.filter(division__in=set(known) & set(wanted)).update(
            computed_at=found.computed_at
        )
        for place in changed:
            states, numbers = wanted[place]
            BoardState.objects.update_or_create(
                world=scope.world, division=place,
                defaults={"states": states, "figures": numbers, "computed_at": found.computed_at},
            )  # fmt: skip
        if changed:
            journal.line(scope, "plan.board", None, division=0, why=f"{len(changed)} places")
            tell(scope, "plan", whole)
    return 0 if not changed else len(changed)
