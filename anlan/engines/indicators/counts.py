"""Counts from the records themselves: an indicator in a period, whole and by township.

Flows in: what a pack declares, compiled (`declare`). Flows out: SQL of the rows behind, and tallies
under the reader's scope. What is kept of them is `kept`.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from psycopg import sql

from anlan.engines.indicators.decisions import Tally
from anlan.engines.indicators.declare import Compiled
from anlan.ground.places import TOWNSHIP_STEP


def rows_sql(own: Compiled) -> sql.Composed:
    """The rows of an indicator in its period, by the county's wall clock."""
    return sql.SQL(
        "SELECT object_kind, id, division, label, happened_at, {n} AS counted,"
        " {w} AS weight, {needs} AS present, {e} AS evidenced FROM {fact}"
        " WHERE {where} AND {view}"
    ).format(
        n=own.numerator, w=own.weight, needs=own.needs, e=own.evidenced, fact=own.fact,
        where=own.where, view=own.in_view(),
    )  # fmt: skip


def tally(own: Compiled, only: Sequence[int] | None = None) -> dict[int | None, Tally]:
    """Counts of all that the reader sees (None) and of each township, from the records, in one
    query. only: these townships, or the county itself, and nothing else.
    """
    query = sql.SQL(
        "SELECT CASE WHEN GROUPING(town) = 1 THEN NULL ELSE town END, count(*),"
        " coalesce(sum(weight) FILTER (WHERE counted), 0), coalesce(sum(weight), 0),"
        " count(*) FILTER (WHERE present), count(*) FILTER (WHERE evidenced)"
        " FROM (SELECT *, division - mod(division, {step}) AS town FROM ({rows}) r WHERE {only}) t"
        " GROUP BY GROUPING SETS ((), (town))"
    ).format(step=sql.Literal(TOWNSHIP_STEP), rows=rows_sql(own), only=_within(only))
    with connection.cursor() as cursor:
        cursor.execute(query.as_string(cursor.connection))
        found = cursor.fetchall()
    return {row[0]: Tally(*row[1:]) for row in found}


def _within(towns: Sequence[int] | None) -> sql.Composable:
    if towns is None:
        return sql.SQL("true")
    spans = [
        sql.SQL("division BETWEEN {} AND {}").format(
            sql.Literal(town), sql.Literal(town + TOWNSHIP_STEP - 1)
        )
        for town in towns
    ]
    return sql.SQL(" OR ").join(spans) if spans else sql.SQL("false")
