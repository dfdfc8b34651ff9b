"""What packs declare: indicators by name, compiled to queries with bound parameters.

Flows in: `packs/*/indicators.yaml` and the catalogue's fact views. Flows out: SQL whose fields are
columns of a published view and whose values are bound. The grammar is closed; what it does not
know, a column that is not there, a value of another type, a view that does not run with its
reader's rights: each is refused with the pack's key.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from psycopg import sql

from anlan.engines.indicators.decisions import PERIODS, Period, Promise
from anlan.ground import calendar
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.policy import packs
from anlan.ground.policy.packs import PackFault

FACT_MARK = "_fact_"
ALWAYS = frozenset({"id", "division", "world", "happened_at", "label", "object_kind"})
TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,), "bigint": (int,), "integer": (int,), "smallint": (int,),
    "numeric": (int, float), "double precision": (int, float), "text": (str,),
    "character varying": (str,),
}  # fmt: skip
COMPARISONS = {"is": "=", "not": "IS DISTINCT FROM", "at_least": ">=", "at_most": "<="}
CONDITION_KEYS = frozenset({*COMPARISONS, "in", "empty", "within"})
MOMENT, MOMENTS = "timestamp with time zone", "timestamp with time zone[]"
Entry = dict[str, Any]


def declared() -> dict[str, Entry]:
    """Every indicator of every pack that can be read, by `pack.name`."""
    found: dict[str, Entry] = {}
    for folder in packs.folders():
        try:
            own = packs.section(folder.name, "indicators")
        except PackFault:
            continue  # the pack is off, and the page of rule values says why
        found |= {f"{folder.name}.{name}": entry for name, entry in own.items()}
    return found


def entry_of(name: str) -> Entry:
    """What is declared under the name; NotFound for an unknown one."""
    found = declared().get(name)
    if found is None:
        raise NotFound("indicator-unknown", _("没有这个指标"), name)
    return found


def digest(entry: Entry) -> str:
    """What was declared, in 64 characters, so that a frozen figure says under which words."""
    content = json.dumps(entry, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def promise_of(entry: Entry, today: date) -> Promise:
    """The promise as decisions take it. due: MM-DD of the current year."""
    due = None
    if entry.get("due"):
        month, day = str(entry["due"]).split("-")
        due = date(today.year, int(month), int(day))
    return Promise(
        entry["measure"], entry.get("op", "judged"), _decimal(entry.get("target")),
        _decimal(entry.get("high")), due, entry.get("by") == "city", "base" in entry,
        entry.get("group") == "township" and bool(entry.get("every")),
    )  # fmt: skip


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def period_kind(entry: Entry) -> str:
    """none, year, quarter, month or week."""
    kind = str(entry.get("period", "none"))
    if kind not in PERIODS:
        raise Refusal("indicator-period", _("指标的周期不对"), kind, _("请核对规则包"))
    return kind


def stands(entry: Entry) -> bool:
    """Whether it counts what stands, so that it has no past to be computed again."""
    return bool(entry.get("stands")) or period_kind(entry) == "none"


def columns(fact: str) -> dict[str, str]:
    """Columns and types of a published fact view that runs with its reader's rights; else empty."""
    if FACT_MARK not in fact:
        return {}
    return _columns(connection.settings_dict["NAME"], fact)


@lru_cache(maxsize=256)
def _columns(database: str, fact: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.attname, format_type(a.atttypid, NULL) FROM pg_attribute a"
            " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relname = %s AND c.relkind = 'v' AND a.attnum > 0"
            " AND 'security_invoker=true' = ANY(coalesce(c.reloptions, '{}'))",
            [fact],
        )
        return dict(cursor.fetchall())


class Compiled:
    """An indicator in a period as SQL pieces, which name only columns of its fact view."""

    def __init__(self, name: str, entry: Entry, period: Period):
        self.name, self.entry, self.period = name, entry, period
        self.known = columns(str(entry.get("fact", "")))
        lacking = ALWAYS - set(self.known)
        if lacking:
            raise self._fault("fact", entry.get("fact"))
        self.fact = sql.Identifier(entry["fact"])
        self.where = self._all(entry.get("where", []), " AND ")
        self.numerator = self._numerator()
        self.needs = self._all(entry.get("needs", []), " AND ")
        self.weight = self._weight()
        evidence = entry.get("evidence", "declared")
        self.evidenced: sql.Composable = sql.Literal(evidence == "evidenced")
        if isinstance(evidence, dict):
            self.evidenced = sql.SQL("coalesce({}, false)").format(
                self._column(evidence.get("column"), "boolean")
            )

    def _fault(self, key: str, value: object) -> Refusal:
        return Refusal(
            "indicator-field", _("指标用了没有的字段"), f"{self.name} {key}: {value}",
            _("请核对规则包"),
        )  # fmt: skip

    def _numerator(self) -> sql.Composable:
        wanted = self.entry.get("numerator")
        if self.entry["measure"] != "ratio" or wanted is None:
            return sql.SQL("true")
        if set(wanted) == {"all"}:
            return self._all(wanted["all"], " AND ")
        if set(wanted) == {"any"}:
            return self._all(wanted["any"], " OR ")
        raise self._fault("numerator", sorted(wanted))

    def _weight(self) -> sql.Composable:
        if "value" not in self.entry:
            return sql.SQL("1::numeric")
        column = self._column(self.entry["value"], "bigint", "integer", "smallint", "numeric",
                              "double precision")  # fmt: skip
        return sql.SQL("coalesce({}, 0)::numeric").format(column)

    def _column(self, name: object, *kinds: str) -> sql.Composable:
        if not isinstance(name, str) or self.known.get(name) not in kinds:
            raise self._fault("column", name)
        return sql.Identifier(name)

    def _all(self, entries: list[Entry], joint: str) -> sql.Composable:
        parts = [self._one(entry) for entry in entries]
        return sql.SQL("({})").format(sql.SQL(joint).join(parts)) if parts else sql.SQL("true")

    def _one(self, entry: Entry) -> sql.Composable:
        field, said = entry.get("field"), set(entry) - {"field"}
        if not isinstance(field, str) or field not in self.known or len(said) != 1:
            raise self._fault("condition", entry)
        key = said.pop()
        if key not in CONDITION_KEYS:
            raise self._fault("condition", entry)
        column, value = sql.Identifier(field), entry[key]
        if key == "within":
            return self._within(field)
        if key == "empty":
            if not isinstance(value, bool):
                raise self._fault(field, value)
            return sql.SQL("{} IS NULL" if value else "{} IS NOT NULL").format(column)
        values = value if key == "in" else [value]
        if not isinstance(values, list) or not values:
            raise self._fault(field, value)
        for one in values:
            self._typed(field, one)
        if key == "in":
            return sql.SQL("{} IN ({})").format(
                column, sql.SQL(", ").join(sql.Literal(one) for one in values)
            )
        return sql.SQL("{} {} {}").format(column, sql.SQL(COMPARISONS[key]), sql.Literal(value))

    def _within(self, field: str) -> sql.Composable:
        """The moment, or one of the moments, lies in the period."""
        if self.known[field] not in (MOMENT, MOMENTS):
            raise self._fault("within", field)
        column = sql.Identifier(field)
        if self.known[field] == MOMENTS:
            return sql.SQL("EXISTS (SELECT FROM unnest({}) AS moment WHERE {})").format(
                column, self.in_period(sql.Identifier("moment"))
            )
        return sql.SQL("coalesce({}, false)").format(self.in_period(column))

    def in_period(self, moment: sql.Composable) -> sql.Composable:
        """A moment from the period's first day to its last, by the county's wall clock."""
        last = sql.Literal(calendar.end_of_day(self.period.ends_on))
        if self.period.starts_on is None:
            return sql.SQL("{} < {}").format(moment, last)
        first = sql.Literal(calendar.start_of_day(self.period.starts_on))
        return sql.SQL("({} >= {} AND {} < {})").format(moment, first, moment, last)

    def in_view(self) -> sql.Composable:
        """Which rows count: what happened in the period; of what stands, all until its end."""
        last = sql.Literal(calendar.end_of_day(self.period.ends_on))
        until = sql.SQL("(happened_at IS NULL OR happened_at < {})").format(last)
        if stands(self.entry) or self.period.starts_on is None:
            return until
        return self.in_period(sql.Identifier("happened_at"))

    def _typed(self, field: str, value: object) -> None:
        """A value of the column's own type: no operator of another type is ever asked for."""
        kinds = TYPES.get(self.known[field], ())
        if (isinstance(value, bool) and bool not in kinds) or not isinstance(value, kinds):
            raise self._fault(field, value)
