"""Many rows of one table at once: copied aside, then put in by one statement.

COPY itself is not to be had into a table under row-level security; so the rows go by COPY into a
table of this transaction alone, and from there by one INSERT … SELECT, on which the policies hold.
Sealed and hashed columns are made here in one pass, with keys that are read once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, models
from psycopg import sql

from anlan.ground import secrets

ASIDE = sql.Identifier("anlan_sent")
Rows = Sequence[Sequence[Any]]


def insert(model: type[models.Model], names: Sequence[str], rows: Rows) -> list[int]:
    """Put in the rows; returns their keys in the order of the rows.

    names: columns; what the model has beside them gets its default. Sealed fields come in clear.
    A row that the policies do not let in stops everything.
    """
    if not rows:
        return []
    table = model._meta.db_table
    fixed = _defaults(model, names)
    columns = sql.SQL(", ").join(map(sql.Identifier, [*names, *fixed]))
    sealers = _sealers(model, names)
    rest = tuple(fixed.values())

    def said(text: str) -> str:
        named = {"aside": ASIDE, "table": sql.Identifier(table), "columns": columns,
                 "key": sql.Identifier(_key(model))}  # fmt: skip
        return sql.SQL(text).format(**named).as_string(connection.connection)

    with connection.cursor() as cursor:
        cursor.execute(said("CREATE TEMPORARY TABLE {aside} ON COMMIT DROP AS"
                            " SELECT {columns} FROM {table} WITH NO DATA"))  # fmt: skip
        cursor.execute(said("ALTER TABLE {aside} ADD COLUMN nth serial"))
        with cursor.copy(said("COPY {aside} ({columns}) FROM STDIN")) as copy:
            for row in rows:
                line = list(row)
                for at, seal in sealers:
                    line[at] = None if line[at] is None else seal(line[at])
                copy.write_row((*line, *rest))
        # Keys are given in the order of the rows: they are drawn after the sort.
        cursor.execute(said("INSERT INTO {table} ({columns}) SELECT {columns} FROM {aside}"
                            " ORDER BY nth RETURNING {key}"))  # fmt: skip
        keys = [int(row[0]) for row in cursor.fetchall()]
        cursor.execute(said("DROP TABLE {aside}"))
    return keys


def _key(model: type[models.Model]) -> str:
    pk = model._meta.pk
    assert pk is not None and pk.column
    return str(pk.column)


def _defaults(model: type[models.Model], names: Sequence[str]) -> dict[str, Any]:
    """Column → default of every other column that the database does not fill by itself."""
    return {
        str(field.column): field.get_default()
        for field in model._meta.concrete_fields
        if field.column not in names and not field.primary_key and not field.has_db_default()
    }


def _sealers(model: type[models.Model], names: Sequence[str]) -> list[tuple[int, Any]]:
    fields = {str(field.column): field for field in model._meta.concrete_fields}
    return [
        (at, secrets.sealer(fields[name].purpose))  # type: ignore[attr-defined]
        for at, name in enumerate(names)
        if isinstance(fields[name], secrets.SealedField)
    ]
