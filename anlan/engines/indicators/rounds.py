"""What is due of figures: at a month's end they are frozen with their members; later, corrected.

A frozen figure is never touched. What a later fact makes of it stands beside it as a correction
(更正) with its date and with the records that came, went or changed.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from psycopg import sql

from anlan.engines.indicators import compute, declare, due
from anlan.engines.indicators.counts import rows_sql, tally
from anlan.engines.indicators.decisions import (
    Judgement,
    Period,
    Tally,
    judge,
    month_before,
    months_after,
    until_month_end,
)
from anlan.engines.indicators.declare import Compiled
from anlan.engines.indicators.models import Correction, CorrectionDue, FrozenFigure
from anlan.ground import clock, journal
from anlan.ground.errors import Refusal
from anlan.ground.live import tell
from anlan.ground.places import level, township_of
from anlan.ground.scope import Scope

CATCH_UP_MONTHS = 12
CHANGES_MAX = 200
DUE_MAX = 200  # months in one pass

MEMBERS = """
INSERT INTO indicators_frozenmember (division, world, version, indicator, month, object_kind,
  object_id, label, counted, weight)
SELECT division, anlan_world(), 1, {name}, {month}, object_kind, id, left(label, 200), counted,
  weight FROM ({rows}) r
"""
CHANGED = """
WITH fresh AS ({rows}), kept AS (SELECT * FROM indicators_frozenmember
  WHERE indicator = {name} AND month = {month})
SELECT coalesce(fresh.object_kind, kept.object_kind), coalesce(fresh.id, kept.object_id),
  coalesce(fresh.division, kept.division), coalesce(fresh.label, kept.label),
  CASE WHEN kept.id IS NULL THEN 'came' WHEN fresh.id IS NULL THEN 'went' ELSE 'changed' END
FROM fresh FULL JOIN kept
  ON fresh.object_kind = kept.object_kind AND fresh.id = kept.object_id
WHERE kept.id IS NULL OR fresh.id IS NULL OR fresh.counted <> kept.counted
  OR fresh.weight <> kept.weight
ORDER BY 1, 2 LIMIT {limit}
"""


def freeze(scope: Scope) -> int:
    """Freeze every month that has ended and is not frozen; returns how many figures."""
    with scope.open():
        last = month_before(compute.today(scope))
        known: dict[str, date] = {}
        for name, month in FrozenFigure.objects.filter(division=compute.whole_county()).values_list(
            "indicator", "month"
        ):
            known[name] = max(month, known.get(name, month))
    made = 0
    for name in declare.declared():
        after = known.get(name)
        due = [last] if after is None else months_after(after, last)[-CATCH_UP_MONTHS:]
        for month in due:
            made += _freeze_one(scope, name, month)
    return made


def _freeze_one(scope: Scope, name: str, month: date) -> int:
    """One month of one indicator in one transaction: the county, its townships, its members."""
    entry = declare.entry_of(name)
    period = until_month_end(declare.period_kind(entry), month)
    with scope.open(), connection.cursor() as cursor:
        _alone(cursor, f"freeze/{scope.world}/{name}/{month}")
        if FrozenFigure.objects.filter(indicator=name, month=month).exists():
            return 0
        try:
            own = Compiled(name, entry, period)
        except Refusal:
            return 0
        judged = _judgements(scope, name, entry, own)
        moment = clock.now()
        FrozenFigure.objects.bulk_create(
            FrozenFigure(
                division=place or compute.whole_county(), world=scope.world, indicator=name,
                declared_digest=declare.digest(entry), label=entry["label"], month=month,
                starts_on=period.starts_on, ends_on=period.ends_on, unit=entry.get("unit", ""),
                reason=compute.reason_text(found)[:300], frozen_at=moment, **_numbers(found),
            )
            for place, found in judged.items()
        )  # fmt: skip
        cursor.execute(_filled(MEMBERS, own, month).as_string(cursor.connection))
        members = cursor.rowcount
        journal.line(
            scope, "indicator.freeze", ("indicators.frozenfigure", name), division=0,
            why=f"{name} {month:%Y-%m}: {len(judged)} figures, {members} members",
        )  # fmt: skip
        tell(scope, "indicator", 0, indicator=name)
    return len(judged)


def _alone(cursor: Any, key: str) -> None:
    """Any number of workers may run the round; one at a time has this month in hand."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def _filled(text: str, own: Compiled, month: date) -> sql.Composed:
    return sql.SQL(text).format(  # type: ignore[arg-type]
        name=sql.Literal(own.name), month=sql.Literal(month), rows=rows_sql(own),
        limit=sql.Literal(CHANGES_MAX),
    )  # fmt: skip


def _judgements(
    scope: Scope, name: str, entry: dict[str, Any], own: Compiled
) -> dict[int | None, Judgement]:
    """The state of the county (None) and of each township, judged at the month's last day."""
    period, tallies = own.period, tally(own)
    towns = compute.towns(scope)
    said = compute.reported(scope, name, period, towns, tallies)
    promise = declare.promise_of(entry, period.ends_on)
    return {
        place: judge(promise, tallies.get(place, Tally()), said[place], period.ends_on)
        for place in (None, *towns)
    }


def _numbers(found: Judgement) -> dict[str, Any]:
    return {
        "state": found.state, "value": _kept(found.value), "numerator": _kept(found.numerator),
        "denominator": _kept(found.denominator),
    }  # fmt: skip


def _kept(value: Decimal | None) -> Decimal | None:
    return None if value is None else round(value, 4)


def correct(scope: Scope) -> int:
    """Compute the frozen months that changes touched; where one is another now, correct it."""
    with scope.open():
        found = CorrectionDue.objects.order_by("indicator", "month")
        marked = list(found.values_list("indicator", "month")[:DUE_MAX])
    return sum(_correct_one(scope, name, month) for name, month in marked)


def sweep(scope: Scope) -> int:
    """Compute all frozen months again, marked or not: facts of which a table leaves no marks.

    Indicators of what stands have no past to compute again: theirs stay as frozen.
    """
    with scope.open():
        oldest = due.oldest(compute.today(scope))
        found = list(
            FrozenFigure.objects.filter(month__gt=oldest, starts_on__isnull=False)
            .order_by("indicator", "month").values_list("indicator", "month").distinct()
        )  # fmt: skip
    return sum(_correct_one(scope, name, month) for name, month in found)


def _correct_one(scope: Scope, name: str, month: date) -> int:
    entry = declare.declared().get(name)
    with scope.open(), connection.cursor() as cursor:
        _alone(cursor, f"correct/{scope.world}/{name}/{month}")
        # Taken before anything is computed: a change that comes later makes it due again.
        CorrectionDue.objects.filter(indicator=name, month=month).delete()
        if entry is None or declare.stands(entry):
            return 0
        frozen = list(FrozenFigure.objects.filter(indicator=name, month=month).order_by("id"))
        if not frozen or frozen[0].declared_digest != declare.digest(entry):
            return 0  # frozen under other words: those of today say nothing about it
        period = Period(declare.period_kind(entry), frozen[0].starts_on, frozen[0].ends_on)
        try:
            own = Compiled(name, entry, period)
        except Refusal:
            return 0
        judged = _judgements(scope, name, entry, own)
        whole = compute.whole_county()
        moved = [
            (row, found) for row in frozen
            if _differs(row, found := judged[None if row.division == whole else row.division])
        ]  # fmt: skip
        if not moved:
            return 0
        cursor.execute(_filled(CHANGED, own, month).as_string(cursor.connection))
        changes = [
            {"kind": kind, "id": ident, "division": place, "label": label, "how": how}
            for kind, ident, place, label, how in cursor.fetchall()
        ]
        for row, found in moved:
            _write(scope, row, found, changes)
    return len(moved)


def _last(row: FrozenFigure) -> FrozenFigure | Correction:
    return row.corrections.order_by("-number").first() or row


def _differs(row: FrozenFigure, found: Judgement) -> bool:
    known, fresh = _last(row), _numbers(found)
    return any(getattr(known, field) != value for field, value in fresh.items())


def _write(
    scope: Scope, row: FrozenFigure, found: Judgement, changes: list[dict[str, Any]]
) -> None:
    own = [
        change for change in changes
        if level(row.division) == "county" or township_of(change["division"]) == row.division
    ]  # fmt: skip
    made = Correction.objects.create(
        division=row.division, world=row.world, figure=row, number=row.corrections.count() + 1,
        changes=own, corrected_at=clock.now(), **_numbers(found),
    )  # fmt: skip
    journal.line(
        scope, "indicator.correct", made, before=[row.state, str(row.value)],
        after=[made.state, str(made.value)], why=f"{row.indicator} {row.month:%Y-%m}",
    )  # fmt: skip
    tell(scope, "indicator", row.division, indicator=row.indicator)
