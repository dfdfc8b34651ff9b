"""Reads of ties: which indicators answer which row of a plan, and which still look for their row.

Flows in: what packs declare, the plan's rows, what persons decided. Flows out: indicators by row
number (`4/40`); promises that a person must settle. The match itself is `ties`, pure; it is kept
in memory under all that it depends on, as the same words give the same answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from anlan.engines.indicators import compute
from anlan.ground.errors import NotFound
from anlan.ground.scope import Scope
from anlan.rooms.workplan import ties
from anlan.rooms.workplan.models import PlanRow, PlanVersion
from anlan.rooms.workplan.tie_models import Tie
from anlan.rooms.workplan.ties import Decided, Match, Promise, RowSaid

DECISIONS_MAX = 5_000
KEPT_MAX = 16
_known: dict[str, Tied] = {}


@dataclass(frozen=True, slots=True)
class Tied:
    """Every promise with its match; by_row: the names of indicators by row number."""

    matches: tuple[Match, ...]
    by_row: dict[str, tuple[str, ...]]

    def of(self, indicator: str) -> list[Match]:
        return [one for one in self.matches if one.promise.indicator == indicator]

    def waiting(self) -> list[Match]:
        """Those for which a person is asked."""
        return [one for one in self.matches if one.how == "proposed"]


def promises() -> list[Promise]:
    """What packs say of rows of the plan, in the order of indicators."""
    return [
        Promise(name, str(entry["label"]), said["row"], said["name"], said["says"])
        for name, entry in sorted(compute.declared().items())
        for said in entry.get("plan_rows", [])
    ]


def said(rows: Sequence[PlanRow]) -> list[RowSaid]:
    """Rows as they are matched."""
    return [RowSaid(row.id, row.table, row.row, row.name, row.text) for row in rows]


def tied(scope: Scope, plan: PlanVersion, rows: Sequence[PlanRow] | None = None) -> Tied:
    """How the plan's rows and the indicators belong together today."""
    with scope.open():
        own = said(list(plan.rows.all()) if rows is None else rows)
        decided = [
            Decided(*row) for row in Tie.objects.order_by("id")
            .values_list("indicator", "promise_key", "year", "row_key")[:DECISIONS_MAX]
        ]  # fmt: skip
    wanted = promises()
    key = hashlib.sha256(repr((wanted, own, decided, plan.year)).encode()).hexdigest()
    if key not in _known:
        if len(_known) >= KEPT_MAX:
            _known.clear()
        _known[key] = _tied(ties.matches(wanted, own, decided, plan.year))
    return _known[key]


def _tied(found: list[Match]) -> Tied:
    by_row: dict[str, list[str]] = {}
    for one in found:
        names = by_row.setdefault(one.row.number, []) if one.row else []
        if one.promise.indicator not in names:
            names.append(one.promise.indicator)
    return Tied(tuple(found), {number: tuple(names) for number, names in by_row.items()})


def match_of(scope: Scope, plan: PlanVersion, indicator: str, promise: str) -> Match:
    """One promise with its match; NotFound where no pack says it any more."""
    found = [one for one in tied(scope, plan).of(indicator) if one.promise.key == promise]
    if not found:
        raise NotFound("promise-unknown", "没有这个指标的这一条承诺", indicator[:100], "请刷新页面")
    return found[0]
