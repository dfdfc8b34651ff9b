"""Retention (保存期限): personal fields go when their label's days are over, and a line proves it.

Flows in: the rules of all rooms, each with the label of its field, the moment from which the days
count, and what still needs it. Flows out: emptied fields, deleted attachments, a journal line a
batch (how many, and a keyed digest of what went), and a row a rule that says what is due. The rows
themselves stay, so that counts, evidence and references hold.

`anlan_blank` does the emptying, a function of the owner that can put nothing but an empty value:
what came from outside is not the program's to change (ADR 0004).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection, models

from anlan.ground import files, journal
from anlan.ground.models import RetentionState
from anlan.ground.scope import Scope
from anlan.ground.secrets import Label

ROWS_MAX = 500  # rows a pass and rule
FILES_MAX = 100
GONE = "（已按期清除）"  # nobody writes it so: what starts with it is gone already
SOON_DAYS = 30
FILE_REST_DAYS = 1  # an upload may be named by its row a moment after it was kept


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to the personal fields of a model, `t` in its SQL.

    model: app.model. fields: a labelled field → what it leaves, "" or GONE (columns of text only).
    since: the moment from which the days count; NULL: not yet. held: true while something open
    needs it. beside: further columns that would tell the same, each with what it leaves.
    """

    model: str
    fields: Mapping[str, str]
    since: str
    held: str = "false"
    beside: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The fields of a rule that have the same days."""

    rule: Rule
    days: int
    label: Label
    columns: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"{self.rule.model} {self.days}"

    @property
    def model(self) -> type[models.Model]:
        return apps.get_model(self.rule.model)

    @property
    def table(self) -> str:
        return str(self.model._meta.db_table)


def batches(rules: Iterable[Rule]) -> Iterator[Batch]:
    """Each rule, once for each number of days among its labels; what stands beside goes first."""
    for rule in rules:
        labels: dict[str, Label] = apps.get_model(rule.model).personal  # type: ignore[attr-defined]
        days = sorted({labels[name].retention_days for name in rule.fields})
        for count in days:
            own = {n: left for n, left in rule.fields.items() if labels[n].retention_days == count}
            beside = dict(rule.beside or {}) if count == days[0] else {}
            yield Batch(rule, count, labels[next(iter(own))], own | beside)


def purge(scope: Scope, rules: Sequence[Rule], file_columns: Sequence[tuple[str, str]]) -> int:
    """The round: what is due goes, in every world, ROWS_MAX rows a rule; how many went."""
    done = 0
    for one in batches(rules):
        gone = sum(_purge(scope.in_world(world), one) for world in _worlds(scope))
        _note(scope, one, gone)
        done += gone
    return done + _forget_files(scope, file_columns)


def _purge(scope: Scope, one: Batch) -> int:
    with scope.open(), connection.cursor() as cursor:
        names = list(one.columns)
        shown = ", ".join(f"t.{name}::text" for name in names)
        cursor.execute(
            f"SELECT t.id, {shown} FROM {one.table} t WHERE {_due(one)} AND NOT ({one.rule.held})"  # noqa: S608
            f" {_of_world(one)} ORDER BY t.id LIMIT %s",
            [one.days, *_world_of(one, scope.world), ROWS_MAX],
        )
        rows = cursor.fetchall()
        if not rows:
            return 0
        ids = [row[0] for row in rows]
        for name, left in one.columns.items():
            cursor.execute("SELECT anlan_blank(%s, %s, %s, %s)", [one.table, name, ids, left])
        why = f"{', '.join(names)}: {len(ids)}, {one.days} days"
        ends = (one.rule.model, f"{ids[0]}-{ids[-1]}")
        journal.line(scope, "retention.purge", ends, why=why, before=rows, division=0)
    return len(rows)


def _due(one: Batch) -> str:
    """SQL: its days are over by the real clock, and there is something left.

    Of an exercise the days count from its end at the earliest; one parameter, the days.
    """
    since = one.rule.since
    if _has_world(one):
        since = (
            f"CASE WHEN t.world = 0 THEN {since} ELSE (SELECT greatest(w.ended_at, {since})"  # noqa: S608
            " FROM ground_world w WHERE w.id = t.world AND w.ended_at IS NOT NULL) END"
        )
    return f"({since}) < anlan_now(0) - make_interval(days => %s) AND ({_left(one)})"


def _left(one: Batch) -> str:
    return " OR ".join(_is_left(one.model, name) for name in one.columns)


def _is_left(model: type[models.Model], name: str) -> str:
    field = next(f for f in model._meta.concrete_fields if f.column == name)
    if isinstance(field, models.BinaryField):
        return f"coalesce(length(t.{name}), 0) > 0"
    if isinstance(field, models.JSONField):
        return f"t.{name}::text NOT IN ('{{}}', '[]')"
    return f"(t.{name} <> '' AND NOT starts_with(t.{name}, '{GONE}'))"


def _has_world(one: Batch) -> bool:
    return any(f.column == "world" for f in one.model._meta.concrete_fields)


def _of_world(one: Batch) -> str:
    return "AND t.world = %s" if _has_world(one) else "AND %s = 0"


def _world_of(one: Batch, world: int) -> list[int]:
    return [world]


def _worlds(scope: Scope) -> list[int]:
    with scope.open(), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM ground_world ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


# what the page shows

STATE = """
SELECT count(*) FILTER (WHERE {left}),
  count(*) FILTER (WHERE {due} AND NOT ({held})), count(*) FILTER (WHERE {due} AND ({held})),
  count(*) FILTER (WHERE ({left}) AND ({since}) < anlan_now(0) - make_interval(days => %s)
    + make_interval(days => {soon}))
FROM {table} t WHERE true {world}
"""


def _note(scope: Scope, one: Batch, gone: int) -> None:
    """What stands and what is due of the real county, for whoever answers for it; no row of it."""
    sql = STATE.format(
        left=_left(one), due=_due(one), held=one.rule.held, since=one.rule.since, soon=SOON_DAYS,
        table=one.table, world=_of_world(one),
    )  # fmt: skip
    with scope.open(), connection.cursor() as cursor:
        cursor.execute(sql, [one.days, one.days, one.days, 0])
        kept, due, held, soon = cursor.fetchone()
        row, _new = RetentionState.objects.get_or_create(name=one.name)
        row.fields, row.days = ", ".join(one.columns), one.days
        row.purpose, row.basis = one.label.purpose, one.label.basis
        row.kept, row.due, row.held, row.soon = kept, due, held, soon - due - held
        row.purged += gone
        cursor.execute("SELECT anlan_now(0)")
        row.looked_at = cursor.fetchone()[0]
        row.purged_at = row.looked_at if gone else row.purged_at
        row.save()


# attachments

UNNAMED = """
SELECT sha256 FROM ground_file f WHERE kind IN ('jpeg', 'png')
  AND kept_at < anlan_now(0) - make_interval(days => %s) AND NOT ({named})
ORDER BY sha256 LIMIT %s
"""


def _forget_files(scope: Scope, columns: Sequence[tuple[str, str]]) -> int:
    """Photographs that no row of any world names any more: first the bytes, then their row."""
    found = _unnamed(scope.in_world(0), columns)
    for world in _worlds(scope)[1:]:
        found &= _unnamed(scope.in_world(world), columns)
    for key in sorted(found)[:FILES_MAX]:
        files.forget(key)
        with scope.open(), connection.cursor() as cursor:
            cursor.execute("SELECT anlan_forget_file(%s)", [key])
            journal.line(scope, "retention.file", ("ground.keptfile", key), division=0)
    return min(len(found), FILES_MAX)


def _unnamed(scope: Scope, columns: Sequence[tuple[str, str]]) -> set[str]:
    named = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} r WHERE r.{column} = f.sha256)"  # noqa: S608
        for table, column in columns
    )
    with scope.open(), connection.cursor() as cursor:
        cursor.execute(UNNAMED.format(named=named), [FILE_REST_DAYS, 100_000])
        return {row[0] for row in cursor.fetchall()}


def states() -> list[Any]:
    """What the page shows: what is due first."""
    return list(RetentionState.objects.order_by("-due", "-held", "name"))
