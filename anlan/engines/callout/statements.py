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

from anlan.ground.scope import prepared

# A batch is found by the index, row by row, and the queue is walked along its own until the batch
# is full. Left alone the planner, which cannot know how full a queue is at this moment, reads all
# of it and sorts it again for every batch. Holds until the transaction ends.
SETTINGS = (
    "set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true),"
    " set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),"
    " set_config('enable_mergejoin', 'off', true),"
    " set_config('plan_cache_mode', 'force_generic_plan', true)"
)
BY_INDEX = f"SELECT {SETTINGS}"
ALSO_BY_INDEX = f", {SETTINGS}"  # for `Scope.in_one_trip`


@contextmanager
def together() -> Iterator[psycopg.Connection[Any]]:
    """The open connection in pipeline mode; results are read inside or after the block."""
    connection.ensure_connection()
    own: psycopg.Connection[Any] = connection.connection
    with connection.wrap_database_errors, own.pipeline():
        run(own, BY_INDEX, [])
        yield own


def run(own: psycopg.Connection[Any], sql: str, values: Sequence[Any]) -> psycopg.Cursor[Any]:
    """Send a prepared statement; its rows are awaited only when they are fetched."""
    return prepared(own, sql, values, binary=True)
