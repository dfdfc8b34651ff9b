"""What an administrator does to keep a county for years, with its journal lines: backup, keys.

Flows in: what was done to the machine (`ground/machine`). Flows out: journal lines, and sealed
fields under the newest key: a round seals the old ones again, some rows at a time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.db import connection
from django.utils.translation import gettext as _

from anlan.ground import clock, journal, secrets
from anlan.ground.actions import action
from anlan.ground.errors import NotRunning, Refusal
from anlan.ground.machine import alarms, backup, backup_days, site
from anlan.ground.machine.manifest import Manifest
from anlan.ground.scope import Scope

RESEAL_ROWS_MAX = 500
OTHER_ROWS_MAX = 2_000
FAILED = "backup failed"
Reseal = Callable[[Scope, int], int]


@action("system.manage", journal="backup.made")
def record_backup(scope: Scope, folder: str, made: Manifest) -> None:
    """A line for a backup that stands."""
    told = {"made_at": made.made_at, "mark": made.mark, "rows": sum(made.counts.values())}
    journal.line(scope, "backup.made", ("backup", made.made_at), after=told, why=folder)


@action("system.manage", journal="backup.restored")
def record_restore(scope: Scope, made_at: str, mark: str) -> None:
    """The first line of a restored county: since when nothing is known."""
    journal.line(scope, "backup.restored", ("backup", made_at), after={"mark": mark}, why=made_at)


def daily(scope: Scope) -> int:
    """The round: a backup where the county set a folder and the last one is a day old."""
    own = site()
    with scope.open():
        now = clock.now(0)
    if not backup_days.due(own, now):
        return 0
    began = time.monotonic()
    try:
        folder, made = backup.make_daily(own, now)
    except (Refusal, OSError) as error:
        alarms.put(own.home, "backup", {FAILED: _("每天的备份没有做成：%(why)s") % {"why": error}})
        raise
    alarms.put(own.home, "backup", {})
    backup_days.note(own, folder, made, time.monotonic() - began)
    record_backup(scope, str(folder), made)
    return 1


# keys


@action("system.manage", journal="keys.rotated")
def rotate_keys(scope: Scope) -> secrets.Keys:
    """One more key, which seals from now on; the old ones still open. Returns all of them."""
    folder = Path(os.environ["ANLAN_KEYS"])
    newer = secrets.load(folder).rotated()
    journal.line(scope, "keys.rotated", ("key", newer.current))
    secrets.write_keys(folder, newer)
    return newer


@action("system.manage", journal="keys.escrowed")
def record_escrow(scope: Scope, kind: str, numbers: list[int]) -> None:
    """A line for keys that were put in escrow."""
    journal.line(scope, "keys.escrowed", ("key", max(numbers)), why=kind)


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values."""

    table: str
    key: str
    column: str
    purpose: str


def sealed_columns() -> list[SealedColumn]:
    """Every sealed column of every model of the county."""
    return [
        SealedColumn(model._meta.db_table, model._meta.pk.column, field.column, field.purpose)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, secrets.SealedField)
    ]


def under_old_keys(scope: Scope) -> int:
    """How many sealed values are still under a key that is not the newest, in every world."""
    total = 0
    for world in _worlds(scope):
        with scope.in_world(world).open(), connection.cursor() as cursor:
            for one in sealed_columns():
                cursor.execute(
                    f"SELECT count(*) FROM {one.table}"  # noqa: S608
                    f" WHERE {_old(one)} {_of_world(one)}",
                    [secrets.keys().current, *_world_of(one, world)],
                )
                total += cursor.fetchone()[0]
    return total


def reseal(scope: Scope, others: tuple[Reseal, ...] = ()) -> int:
    """The round: seal what is under an old key again, in every world, at most so many rows a pass.

    What came from outside is not the program's to change (ADR 0004), so `anlan_reseal` does it: a
    function that puts as many bytes under a newer key where the bytes that were read still stand.
    """
    current, done = secrets.keys().current, 0
    if under_old_keys(scope):
        for world in _worlds(scope):
            for one in sealed_columns():
                if done >= RESEAL_ROWS_MAX:
                    return done
                rows_max = RESEAL_ROWS_MAX - done
                done += _reseal_column(scope.in_world(world), one, current, rows_max)
    for other in others:
        done += other(scope, OTHER_ROWS_MAX)
    return done


def _reseal_column(scope: Scope, one: SealedColumn, current: int, rows_max: int) -> int:
    """One transaction, with its journal line; how many rows came over."""
    with scope.open(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {one.key}, {one.column} FROM {one.table} WHERE {_old(one)} {_of_world(one)}"  # noqa: S608
            f" ORDER BY {one.key} LIMIT %s",
            [current, *_world_of(one, scope.world), rows_max],
        )
        rows = [(row[0], bytes(row[1])) for row in cursor.fetchall()]
        if not rows:
            return 0
        opened = secrets.opener(one.purpose)
        newer = [secrets.seal(opened(sealed), one.purpose) for _key, sealed in rows]
        cursor.execute(
            "SELECT anlan_reseal(%s, %s, %s, %s, %s)",
            [one.table, one.column, [key for key, _sealed in rows],
             [sealed for _key, sealed in rows], newer],
        )  # fmt: skip
        done = int(cursor.fetchone()[0])
        why = f"{one.table}.{one.column}: {done}"
        journal.line(scope, "keys.resealed", ("key", current), why=why)
    return done


def check_sealed(scope: Scope) -> int:
    """Open every sealed value of every world; how many. NotRunning names the first that does not.

    The check of a restore: every number can be called.
    """
    total = 0
    for world in _worlds(scope):
        with scope.in_world(world).open():
            for one in sealed_columns():
                opened = secrets.opener(one.purpose)
                for key, sealed in _values(one, world):
                    try:
                        opened(sealed)
                    except ValueError as error:
                        raise NotRunning(
                            "sealed-closed", _("有内容解不开：密钥或数据不对"),
                            f"{one.table}.{one.column} {key}", _("换一份备份或密钥"),
                        ) from error  # fmt: skip
                    total += 1
    return total


VALUES_STEP = 5_000


def _values(one: SealedColumn, world: int) -> Iterator[tuple[object, bytes]]:
    with connection.cursor() as cursor:
        last: object = None
        while True:
            after = f"AND {one.key} > %s" if last is not None else ""
            cursor.execute(
                f"SELECT {one.key}, {one.column} FROM {one.table} WHERE length({one.column}) > 0"  # noqa: S608
                f" {_of_world(one)} {after} ORDER BY {one.key} LIMIT {VALUES_STEP}",
                [*_world_of(one, world), *([last] if last is not None else [])],
            )
            rows = cursor.fetchall()
            if not rows:
                return
            for row in rows:
                last = row[0]
                yield row[0], bytes(row[1])


def _old(one: SealedColumn) -> str:
    """The number of its key stands in the first two bytes of a sealed value."""
    number = f"get_byte({one.column}, 0) * 256 + get_byte({one.column}, 1)"
    return f"CASE WHEN length({one.column}) > 1 THEN {number} <> %s ELSE false END"


def _has_world(one: SealedColumn) -> bool:
    model = next(m for m in apps.get_models() if m._meta.db_table == one.table)
    return any(f.column == "world" for f in model._meta.concrete_fields)


def _of_world(one: SealedColumn) -> str:
    return "AND world = %s" if _has_world(one) else ""


def _world_of(one: SealedColumn, world: int) -> list[int]:
    return [world] if _has_world(one) else []


def _worlds(scope: Scope) -> list[int]:
    with scope.open(), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM ground_world ORDER BY id")
        return [row[0] for row in cursor.fetchall()]
