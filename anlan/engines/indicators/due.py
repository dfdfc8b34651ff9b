"""Which frozen months a change touches: named as soon as its mark is taken.

Flows in: marks of facts, written in the transaction of each change, and what posts sign and
authorities count. Flows out: `CorrectionDue`, a row a month, which the round takes away in the
transaction that computes the month again; so nothing is forgotten, whoever dies in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from anlan.engines.indicators import declare
from anlan.engines.indicators.decisions import month_before
from anlan.engines.indicators.models import CorrectionDue, FrozenFigure
from anlan.ground.models import CountyFact, FactMark
from anlan.ground.places import TOWNSHIP_STEP
from anlan.ground.scope import Scope

CORRECT_MONTHS = 13
Marks = Mapping[str, Sequence[tuple[int | None, date | None]]]


def oldest(today: date) -> date:
    """Months after this one are corrected."""
    found = month_before(today)
    for _step in range(CORRECT_MONTHS):
        found = month_before(found)
    return found


def mark(scope: Scope, name: str, division: int, day: date | None) -> None:
    """What a post signed or an authority counted changes the figures of a day as a record does."""
    if scope.world == 0:
        fact = str(declare.entry_of(name)["fact"])
        town = division - division % TOWNSHIP_STEP
        FactMark.objects.create(fact=fact, division=town, day=day)


def note(scope: Scope, taken: Marks, today: date) -> int:
    """In the transaction that took the marks: each frozen month that one of them touches is due."""
    whole = CountyFact.objects.values_list("code", flat=True).first() or 0
    names = [
        name for name, entry in declare.declared().items()
        if entry["fact"] in taken and not declare.stands(entry)
    ]  # fmt: skip
    frozen = FrozenFigure.objects.filter(
        indicator__in=names, division=whole, month__gt=oldest(today), starts_on__isnull=False
    ).values_list("indicator", "month", "starts_on", "ends_on")
    entries = declare.declared()
    found = [
        CorrectionDue(division=whole, world=scope.world, indicator=name, month=month)
        for name, month, first, last in frozen
        if any(day is None or first <= day <= last for _at, day in taken[entries[name]["fact"]])
    ]
    CorrectionDue.objects.bulk_create(found, ignore_conflicts=True)
    return len(found)
