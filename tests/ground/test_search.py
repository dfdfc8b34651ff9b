"""Search under a scope: found by an index, the same rows as a plain look, and none of a neighbour."""

from __future__ import annotations

import random
from typing import Any

import pytest
from django.db import connection

from anlan.ground import rls
from anlan.ground.scope import Actor, Scope
from tests.conftest import TOWNSHIPS

NAMES = "王李张刘陈杨赵黄周吴"
GIVEN = "伟芳娜秀英敏静丽强磊"
ROWS = 3000


@pytest.fixture
def things(empty_db: str, cluster: Any) -> list[tuple[int, int, str]]:
    """Named things of two townships, with a search function over pieces of their names."""
    import psycopg

    pick = random.Random(3)
    rows = [
        (n, pick.choice(TOWNSHIPS) + pick.randint(1, 9),
         pick.choice(NAMES) + "".join(pick.choice(GIVEN) for _n in range(pick.randint(1, 2))))
        for n in range(ROWS)
    ]  # fmt: skip
    body = (
        f"SELECT id FROM thing WHERE {rls.FOUND_IN_SPAN}"
        " AND anlan_grams(name) @> anlan_sought(sought) AND position(sought IN name) > 0"
    )
    name = connection.settings_dict["NAME"]
    with psycopg.connect(cluster.dsn("owner", name), autocommit=True) as owner:
        owner.execute(
            "CREATE TABLE thing (id bigint PRIMARY KEY, division bigint NOT NULL,"
            " world int NOT NULL DEFAULT 0, name text NOT NULL)"
        )
        with owner.cursor() as cursor:
            cursor.executemany("INSERT INTO thing (id, division, name) VALUES (%s, %s, %s)", rows)
        owner.execute("CREATE INDEX thing_name ON thing USING gin (anlan_grams(name))")
        owner.execute("ANALYZE thing")
        owner.execute(str(rls.operational("thing").sql))
        owner.execute(str(rls.definer("thing_found(sought text)", "bigint", body).sql))
    return rows


def found(town: int, sought: str) -> set[int]:
    scope = Scope("post", town, town + 999, 0, Actor("account", 1, "甲"))
    with scope.open(), connection.cursor() as cursor:
        cursor.execute("SELECT thing_found(%s)", [sought])
        return {row[0] for row in cursor.fetchall()}


@pytest.mark.parametrize(
    "sought", ["王", "秀英", "王秀", "王秀英", "伟", "龙", "%", "_", "王%", "'"]
)
def test_a_search_finds_what_a_plain_look_finds_and_nothing_of_a_neighbour(
    things: list[tuple[int, int, str]], sought: str
) -> None:
    for town in TOWNSHIPS:
        plain = {n for n, place, name in things if place // 1000 == town // 1000 and sought in name}
        assert found(town, sought) == plain


def test_the_index_serves_the_search(things: Any, owner_sql: Any) -> None:
    owner_sql("SET enable_seqscan = on")
    plan = owner_sql(
        "EXPLAIN SELECT id FROM thing WHERE anlan_grams(name) @> anlan_sought('王秀英')"
    )
    assert any("thing_name" in row[0] for row in plan)


def test_without_a_scope_a_search_finds_nothing(things: Any) -> None:
    from django.db import transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT thing_found('王')")
        assert cursor.fetchall() == []
