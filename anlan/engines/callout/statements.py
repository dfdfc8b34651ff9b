"""Statements of a round that travel together: one way to the server and back for all of them.

A round moves hundreds of rows in a handful of statements; at that size the way to the server and
the planning of a statement cost more than the rows. These run in the transaction and under the
scope that is open, on psycopg's own cursor: prepared once, and in its pipeline.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection


@contextmanager
def together() -> Iterator[psycopg.Connection[Any]]:
    """The open connection in pipeline mode; results are read inside or after the block."""
    connection.ensure_connection()
    own: psycopg.Connection[Any] = connection.connection
    with connection.wrap_database_errors, own.pipeline():
        yield own


def run(own: psycopg.Connection[Any], sql: str, values: Sequence[Any]) -> psycopg.Cursor[Any]:
    """Send a prepared statement; its rows are awaited only when they are fetched."""
    cursor = psycopg.Cursor(own)
    return cursor.execute(sql, values, prepare=True)  # type: ignore[arg-type]
