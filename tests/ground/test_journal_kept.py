"""The journal stays for 184 days: nobody changes it or deletes of it, whoever they are (R59)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import ProgrammingError, connection

from anlan.faces.cli.main import COMMANDS
from anlan.ground import journal
from anlan.ground.actions import REGISTRY
from anlan.ground.scope import Scope

ROUND = Scope.for_round("test")
ACTS = ("DELETE FROM ground_journal", "UPDATE ground_journal SET why = ''",
        "TRUNCATE ground_journal")  # fmt: skip


def write() -> None:
    with ROUND.open():
        journal.line(ROUND, "test.write", ("test.thing", 1), why="因为")


def count(owner_sql: Callable[..., Any]) -> int:
    return int(owner_sql("SELECT count(*) FROM ground_journal")[0][0])


@pytest.mark.parametrize("sql", ACTS)
@pytest.mark.parametrize("role", ["app", "public", "watchdog"])
def test_no_role_of_a_process_may(
    empty_db: str, as_role: Callable[[str], None], owner_sql: Any, sql: str, role: str
) -> None:
    write()
    as_role(role)
    with pytest.raises(ProgrammingError, match="permission denied"):
        with connection.cursor() as cursor:
            cursor.execute(sql)
    assert count(owner_sql) == 1


@pytest.mark.parametrize("sql", ACTS)
def test_the_owner_of_the_tables_may_not(
    empty_db: str, as_role: Callable[[str], None], owner_sql: Any, sql: str
) -> None:
    write()
    as_role("owner")
    scope = Scope.for_command("test")
    with contextlib.suppress(ProgrammingError), scope.open(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert owner_sql("SELECT why FROM ground_journal") == [("因为",)]


@pytest.mark.parametrize("sql", ACTS)
def test_a_superuser_is_refused_and_told_until_when(
    empty_db: str, owner_sql: Any, sql: str
) -> None:
    write()
    with pytest.raises(psycopg.Error, match=r"kept until|never changed"):
        owner_sql(sql)
    assert count(owner_sql) == 1


def test_a_line_of_184_days_is_kept_and_one_older_may_go(empty_db: str, owner_sql: Any) -> None:
    for days in (183, 185):
        write()
        owner_sql("ALTER TABLE ground_journal DISABLE TRIGGER kept")
        owner_sql(
            "UPDATE ground_journal SET at = clock_timestamp() - make_interval(days => %s)"
            " WHERE id = (SELECT max(id) FROM ground_journal)",
            (days,),
        )
        owner_sql("ALTER TABLE ground_journal ENABLE TRIGGER kept")
    ids = [row[0] for row in owner_sql("SELECT id FROM ground_journal ORDER BY id")]
    with pytest.raises(psycopg.Error, match="kept until"):
        owner_sql("DELETE FROM ground_journal WHERE id = %s", (ids[0],))
    owner_sql("DELETE FROM ground_journal WHERE id = %s", (ids[1],))
    assert count(owner_sql) == 1


def test_no_action_and_no_command_deletes_of_it() -> None:
    import anlan.faces.http.urls  # noqa: F401

    own = [name for name in REGISTRY if "journal" in name.rpartition(".")[2]]
    assert own == ["anlan.faces.console.administration.verify_journal"], "it only reads"
    assert [one.words for one in COMMANDS if one.words.startswith("journal")] == ["journal verify"]
