"""Computes what a pack's indicator declares: a fact view, filters, a ratio; names no sector.

The grammar is closed: fields are columns of a published view, conditions compare a field with a
value, and everything is bound as a parameter. The reader's scope holds, for fact views run with
the reader's rights. No record is 未报, never zero and never met.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from psycopg import sql

from anlan.ground.errors import Refusal
from anlan.ground.policy import packs
from anlan.ground.scope import Scope

ROWS_MAX = 500
FACT_MARK = "_fact_"


@dataclass(frozen=True, slots=True)
class Figure:
    """An indicator's figure now. state: as in anlan.status/1."""

    indicator: str
    label: str
    state: str
    value: float | None
    op: str
    target: float | None
    unit: str
    numerator: int | None
    denominator: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """A row behind a figure."""

    kind: str
    id: int
    division: int
    label: str
    counted: bool


def declared() -> dict[str, dict[str, Any]]:
    """Every indicator of every pack, by `pack.name`."""
    return {
        f"{folder.name}.{name}": entry
        for folder in packs.folders()
        for name, entry in packs.section(folder.name, "indicators").items()
    }


def for_row(table: int, row: int) -> list[str]:
    """The indicators that answer a row of the plan."""
    return [name for name, entry in declared().items() if f"{table}/{row}" in entry["plan_rows"]]


def columns(fact: str) -> set[str]:
    """The columns of a published fact view; empty where there is none of this name."""
    if FACT_MARK not in fact:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " WHERE c.relname = %s AND c.relkind = 'v' AND a.attnum > 0",
            [fact],
        )
        return {row[0] for row in cursor.fetchall()}


def _conditions(entries: list[dict[str, Any]], known: set[str], joint: str) -> sql.Composable:
    parts: list[sql.Composable] = []
    for entry in entries:
        if set(entry) != {"field", "is"} or entry["field"] not in known:
            raise Refusal("indicator-field", _("指标用了没有的字段"), str(entry), _("请核对规则包"))
        parts.append(
            sql.SQL("{} = {}").format(sql.Identifier(entry["field"]), sql.Literal(entry["is"]))
        )
    return sql.SQL(joint).join(parts) if parts else sql.SQL("true")


def _clauses(entry: dict[str, Any]) -> tuple[sql.Composable, sql.Composable, sql.Composable]:
    """(which rows count, which of them are in the numerator, which must exist)."""
    known = columns(entry["fact"])
    where = _conditions(entry.get("where", []), known, " AND ")
    wanted = entry["numerator"]
    joint, listed = (" AND ", wanted["all"]) if "all" in wanted else (" OR ", wanted["any"])
    needs = _conditions(entry.get("needs", []), known, " AND ")
    return where, _conditions(listed, known, joint), needs


def figure(scope: Scope, name: str) -> Figure:
    """The figure under the reader's scope, with the reason of its state."""
    entry = declared()[name]
    with scope.open(), connection.cursor() as cursor:
        where, numerator, needs = _clauses(entry)
        query = sql.SQL(
            "SELECT count(*), count(*) FILTER (WHERE {n}), count(*) FILTER (WHERE {needs})"
            " FROM {fact} WHERE {where}"
        ).format(n=numerator, needs=needs, fact=sql.Identifier(entry["fact"]), where=where)
        cursor.execute(query.as_string(cursor.connection))
        whole, part, present = cursor.fetchone()
    return _judged(name, entry, whole, part, present)


def _judged(name: str, entry: dict[str, Any], whole: int, part: int, present: int) -> Figure:
    """The state that the counts give: no records is 未报, no target is 列数待判."""
    target = entry.get("target")

    def shown(state: str, value: float | None, reason: str) -> Figure:
        reported = value is not None
        return Figure(
            name, entry["label"], state, value, entry["op"], target, entry["unit"],
            part if reported else None, whole if reported else None, reason,
        )  # fmt: skip

    if whole == 0 or present == 0:
        return shown("not_reported", None, _("没有记录"))
    value = round(100 * part / whole, 1)
    if target is None:
        return shown("judged", value, entry["why"])
    met = value >= target if entry["op"] == ">=" else value <= target
    return shown("met" if met else "missed", value, entry["why"])


def records(scope: Scope, name: str) -> list[Record]:
    """The rows behind the figure, those not counted first."""
    entry = declared()[name]
    with scope.open(), connection.cursor() as cursor:
        where, numerator, _needs = _clauses(entry)
        query = sql.SQL(
            "SELECT object_kind, id, division, label, {n} AS counted FROM {fact} WHERE {where}"
            " ORDER BY counted, division, id LIMIT {limit}"
        ).format(
            n=numerator,
            fact=sql.Identifier(entry["fact"]),
            where=where,
            limit=sql.Literal(ROWS_MAX),
        )
        cursor.execute(query.as_string(cursor.connection))
        return [Record(*row) for row in cursor.fetchall()]
