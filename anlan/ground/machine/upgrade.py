"""Whether this program may bring a county's tables up to date, asked before anything is changed.

Flows in: the migrations that the database has had, those that this program brings, and how many
rows would go with a table or column that a migration takes away. Flows out: nothing, or a refusal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import psycopg
from psycopg import sql

from anlan.ground.errors import Refusal
from anlan.ground.machine.restore import known_migrations, program_older

CONNECT_S_MAX = 10
SHOWN_MAX = 5
THIRD_PARTY = frozenset(
    {"account", "admin", "auth", "contenttypes", "mfa", "sessions", "socialaccount", "messages"}
)
BODY = re.compile(r"(\$\w*\$).*?\1", re.S)
TAKES = re.compile(
    r"\b(DROP\s+TABLE|DROP\s+COLUMN|TRUNCATE|DELETE\s+FROM)\s+(?:IF\s+EXISTS\s+)?\"?(\w+)", re.I
)
DROPS_COLUMN = re.compile(
    r"ALTER\s+TABLE\s+(?:ONLY\s+)?\"?(\w+)\"?[^;]*?DROP\s+COLUMN\s+\"?(\w+)", re.I
)


@dataclass(frozen=True, slots=True)
class Loss:
    """What a migration takes away: a table, or a column of one where column is not empty."""

    migration: str
    table: str
    column: str = ""


def newer_than_program(dsn: str) -> None:
    """Refusal where the database has had a migration that this program does not know."""
    with psycopg.connect(dsn, connect_timeout=CONNECT_S_MAX) as connection:
        if not _has_table(connection, "django_migrations"):
            return
        rows = connection.execute("SELECT app, name FROM django_migrations ORDER BY 1, 2")
        had = rows.fetchall()
    known = known_migrations()
    newer = [f"{app}.{name}" for app, name in had
             if app not in THIRD_PARTY and name not in known.get(app, set())]  # fmt: skip
    if newer:
        raise program_older(newer)


def losses_in_sql(migration: str, statement: str) -> list[Loss]:
    """Tables and columns that a statement of a migration takes away, not what a function would."""
    statement = BODY.sub("", statement)
    found = [Loss(migration, t, c) for t, c in DROPS_COLUMN.findall(statement)]
    found += [Loss(migration, t) for verb, t in TAKES.findall(statement)
              if verb.split()[-1].upper() != "COLUMN"]  # fmt: skip
    return found


def refuse_losses(connection: psycopg.Connection[tuple[object, ...]], losses: list[Loss]) -> None:
    """Refusal that names what holds something and would go; what is empty may go."""
    full = []
    for loss in losses:
        held = _held(connection, loss)
        if held:
            place = f"{loss.table}.{loss.column}" if loss.column else loss.table
            full.append(f"{place} {held} 行（{loss.migration}）")
    if full:
        raise Refusal(
            "upgrade-loses", "升级会丢掉有内容的表或列，没有动数据", "、".join(full[:SHOWN_MAX]),
            "先导出这些内容；确认不要：anlan upgrade --lose 原因（会先备份）",
        )  # fmt: skip


def _held(connection: psycopg.Connection[tuple[object, ...]], loss: Loss) -> int:
    """Rows that hold something there; 0 where table or column is not there."""
    if not _has_table(connection, loss.table):
        return 0
    where: sql.Composable = sql.SQL("")
    if loss.column:
        there = connection.execute(
            "SELECT 1 FROM information_schema.columns WHERE table_schema = 'public'"
            " AND table_name = %s AND column_name = %s", [loss.table, loss.column],
        ).fetchone()  # fmt: skip
        if there is None:
            return 0
        where = sql.SQL(" WHERE {} IS NOT NULL").format(sql.Identifier(loss.column))
    statement = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(loss.table)) + where
    row = connection.execute(statement).fetchone()
    return int(str(row[0])) if row else 0


def _has_table(connection: psycopg.Connection[tuple[object, ...]], name: str) -> bool:
    row = connection.execute("SELECT to_regclass(%s)", [f"public.{name}"]).fetchone()
    return bool(row and row[0])
