"""Rooms name each other's things by kind and id; this round lists what is not there any more.

Flows in: references that rooms declare (`Reference`, listed in `faces/references.py`). Flows out:
rows of `ground_dangling`, each with when it was found and when it was mended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, models
from psycopg import sql

from anlan.ground import clock, journal
from anlan.ground.models import DanglingReference
from anlan.ground.scope import Scope

FOUND_MAX = 1000


@dataclass(frozen=True, slots=True)
class Reference:
    """A column of a model that names a row elsewhere.

    owner, kind: labels as `callout.call`; kind empty: `kind_field` names it row by row.
    """

    owner: str
    field: str
    kind: str = ""
    kind_field: str = ""


def round_of(references: Iterable[Reference]) -> Callable[[Scope], int]:
    """The round over all declared references; returns how many were found or mended."""
    listed = list(references)

    def run(scope: Scope) -> int:
        with scope.open():
            found = {row for reference in listed for row in _dangling(reference)}
            return _keep(scope, found)

    return run


Row = tuple[str, str, int, str, int]


def _dangling(reference: Reference) -> list[Row]:
    """(owner, field, row, kind, target) of every row whose target is not there."""
    owner = apps.get_model(reference.owner)
    kinds = [reference.kind] if reference.kind else _kinds(owner, reference.kind_field)
    found: list[Row] = []
    for kind in kinds:
        try:
            target = apps.get_model(kind)
        except (LookupError, ValueError):
            found += [
                (reference.owner, reference.field, ident, kind, target_id)
                for ident, target_id in _rows(owner, reference, kind, None)
            ]
            continue
        found += [
            (reference.owner, reference.field, ident, kind, target_id)
            for ident, target_id in _rows(owner, reference, kind, target)
        ]
    return found


def _kinds(owner: type[models.Model], field: str) -> list[str]:
    return list(owner._base_manager.order_by().values_list(field, flat=True).distinct())


def _rows(
    owner: type[models.Model], reference: Reference, kind: str, target: type[models.Model] | None
) -> list[tuple[int, int]]:
    query = sql.SQL("SELECT o.id, o.{field} FROM {owner} o WHERE o.{field} IS NOT NULL").format(
        field=sql.Identifier(reference.field), owner=sql.Identifier(owner._meta.db_table)
    )
    if reference.kind_field:
        query += sql.SQL(" AND o.{} = {}").format(
            sql.Identifier(reference.kind_field), sql.Literal(kind)
        )
    if target is not None:
        key = target._meta.pk.column if target._meta.pk else "id"
        query += sql.SQL(" AND NOT EXISTS (SELECT 1 FROM {t} t WHERE t.{k} = o.{f})").format(
            t=sql.Identifier(target._meta.db_table), k=sql.Identifier(key),
            f=sql.Identifier(reference.field),
        )  # fmt: skip
    query += sql.SQL(" ORDER BY o.id LIMIT {}").format(sql.Literal(FOUND_MAX))
    with connection.cursor() as cursor:
        cursor.execute(query.as_string(cursor.connection))
        return list(cursor.fetchall())


def _keep(scope: Scope, found: set[Row]) -> int:
    """New ones are written down, gone ones marked."""
    open_rows = {
        (row.owner, row.field, row.row_id, row.kind, row.target_id): row
        for row in DanglingReference.objects.filter(world=scope.world, gone_at=None)
    }
    fresh = found - set(open_rows)
    gone = [row.id for key, row in open_rows.items() if key not in found]
    DanglingReference.objects.filter(id__in=gone).update(gone_at=clock.now())
    DanglingReference.objects.bulk_create(
        DanglingReference(world=scope.world, owner=owner, field=field, row_id=ident, kind=kind,
                          target_id=target)
        for owner, field, ident, kind, target in sorted(fresh)
    )  # fmt: skip
    if fresh or gone:
        journal.line(scope, "references.dangling", None, why=f"+{len(fresh)} -{len(gone)}",
                     division=0)  # fmt: skip
    return len(fresh) + len(gone)


def dangling(scope: Scope) -> list[DanglingReference]:
    """What dangles now, the oldest first."""
    with scope.open():
        rows = DanglingReference.objects.filter(world=scope.world, gone_at=None)
        return list(rows.order_by("found_at", "id")[:FOUND_MAX])
