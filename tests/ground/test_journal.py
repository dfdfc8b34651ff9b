"""The journal: sealed within a second, and every change of a sealed line is found and named."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import ProgrammingError

from anlan.ground import journal
from anlan.ground.scope import Scope

ROUND = Scope.for_round("test")


@pytest.fixture(autouse=True)
def _switched_off(empty_db: str, owner_sql: Any) -> None:
    """Whoever owns the server can switch a trigger off; the chain finds what they did then."""
    owner_sql("ALTER TABLE ground_journal DISABLE TRIGGER USER")


LINES = 60


def write(count: int) -> None:
    with ROUND.open():
        for number in range(count):
            journal.line(ROUND, "test.write", ("test.thing", number), why=f"因为 {number}")


def write_and_seal(parts: int = 3) -> None:
    for _part in range(parts):
        write(LINES // parts)
        assert journal.seal(ROUND) == LINES // parts


def test_an_untouched_journal_is_whole(empty_db: str) -> None:
    write_and_seal()
    verdict = journal.verify(ROUND)
    assert verdict.whole and verdict.lines == LINES and verdict.seals == 3
    assert verdict.unsealed == 0


def test_lines_not_yet_sealed_are_counted_and_not_called_broken(empty_db: str) -> None:
    write_and_seal()
    write(2)
    assert journal.verify(ROUND).unsealed == 2 and journal.verify(ROUND).whole


def test_a_line_that_commits_late_goes_into_a_later_seal(empty_db: str, owner_sql: Any) -> None:
    write(1)
    owner_sql("SELECT setval(pg_get_serial_sequence('ground_journal', 'id'), 100)")
    write(1)
    journal.seal(ROUND)
    owner_sql("SELECT setval(pg_get_serial_sequence('ground_journal', 'id'), 49)")
    write(1)
    assert journal.seal(ROUND) == 1
    assert journal.verify(ROUND).whole


MUTATIONS: dict[str, str] = {
    "change": "UPDATE ground_journal SET why = why || '。' WHERE id = %s",
    "backdate": "UPDATE ground_journal SET at = at - interval '1 hour' WHERE id = %s",
    "result": "UPDATE ground_journal SET result = 'denied' WHERE id = %s",
    "delete": "DELETE FROM ground_journal WHERE id = %s",
    "renumber": "UPDATE ground_journal SET id = id + 100000 WHERE id = %s",
}


@pytest.mark.parametrize("kind", MUTATIONS)
def test_every_touched_line_is_named(empty_db: str, owner_sql: Any, kind: str) -> None:
    write_and_seal()
    ids = [row[0] for row in owner_sql("SELECT id FROM ground_journal ORDER BY id")]
    for victim in random.Random(kind).sample(ids, 8):
        owner_sql("CREATE TABLE kept AS SELECT * FROM ground_journal")
        owner_sql(MUTATIONS[kind], (victim,))
        verdict = journal.verify(ROUND)
        assert not verdict.whole and verdict.broken_line == victim
        owner_sql("TRUNCATE ground_journal; ")
        owner_sql("INSERT INTO ground_journal OVERRIDING SYSTEM VALUE SELECT * FROM kept")
        owner_sql("DROP TABLE kept")
        assert journal.verify(ROUND).whole


def test_two_lines_that_change_places_are_found(empty_db: str, owner_sql: Any) -> None:
    write_and_seal()
    low, high = owner_sql("SELECT min(id), max(id) FROM ground_journal")[0]
    owner_sql("UPDATE ground_journal SET id = -1 WHERE id = %s", (low,))
    owner_sql("UPDATE ground_journal SET id = %s WHERE id = %s", (low, high))
    owner_sql("UPDATE ground_journal SET id = %s WHERE id = -1", (high,))
    assert journal.verify(ROUND).broken_line == low


def test_a_line_put_in_afterwards_is_found(
    empty_db: str, owner_sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_and_seal()
    monkeypatch.setattr(journal, "SETTLE_S", 0)
    owner_sql(
        "INSERT INTO ground_journal OVERRIDING SYSTEM VALUE SELECT -7, at, world, division,"
        " actor_kind, actor_id, actor, post_id, address, action, object_kind, object_id, why,"
        " before, after, result, request_id FROM ground_journal ORDER BY id LIMIT 1"
    )
    assert journal.verify(ROUND).broken_line == -7


def test_a_seal_taken_out_is_found(empty_db: str, owner_sql: Any) -> None:
    write_and_seal()
    owner_sql("DELETE FROM ground_seal WHERE id = (SELECT min(id) + 1 FROM ground_seal)")
    assert not journal.verify(ROUND).whole


def test_a_seal_made_again_without_the_key_is_found(empty_db: str, owner_sql: Any) -> None:
    write_and_seal()
    owner_sql(
        "UPDATE ground_seal SET digest = sha256(digest) WHERE id = (SELECT max(id) FROM ground_seal)"
    )
    assert journal.verify(ROUND).reason == "the seal was changed"


def test_a_cut_tail_is_found_by_the_anchor(empty_db: str, owner_sql: Any, tmp_path: Path) -> None:
    anchors = tmp_path / "anchors"
    write_and_seal()
    journal.anchor(ROUND, anchors)
    last = owner_sql("SELECT max(id) FROM ground_seal")[0][0]
    owner_sql(
        "DELETE FROM ground_journal WHERE id >= (SELECT first_line FROM ground_seal WHERE id = %s)",
        (last,),
    )
    owner_sql("DELETE FROM ground_seal WHERE id = %s", (last,))
    assert journal.verify(ROUND).whole, "without its anchor a cut tail cannot show"
    assert journal.verify(ROUND, anchors).broken_seal == last


def test_mutant_a_chain_without_the_previous_digest_misses_a_missing_seal(
    empty_db: str, owner_sql: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test of the test: with the link between seals gone, a seal taken out is not found."""
    whole = journal._chain
    monkeypatch.setattr(
        journal, "_chain", lambda seal, _previous: whole(replace(seal, id=0, previous=b""), b"")
    )
    write_and_seal()
    owner_sql(
        "DELETE FROM ground_journal WHERE id IN (SELECT generate_series(first_line, last_line)"
        " FROM ground_seal WHERE id = (SELECT max(id) - 1 FROM ground_seal))"
    )
    owner_sql(
        "UPDATE ground_seal SET previous = (SELECT previous FROM ground_seal WHERE id ="
        " (SELECT max(id) - 1 FROM ground_seal)) WHERE id = (SELECT max(id) FROM ground_seal)"
    )
    owner_sql("DELETE FROM ground_seal WHERE id = (SELECT max(id) - 1 FROM ground_seal)")
    owner_sql("UPDATE ground_seal SET id = id - 1 WHERE id = (SELECT max(id) FROM ground_seal)")
    assert journal.verify(ROUND).whole
    monkeypatch.setattr(journal, "_chain", whole)
    assert not journal.verify(ROUND).whole


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ground_journal SET why = ''",
        "DELETE FROM ground_journal",
        "TRUNCATE ground_journal",
        "UPDATE ground_seal SET count = 0",
        "DELETE FROM ground_seal",
        "TRUNCATE ground_seal",
    ],
)
def test_the_application_may_only_add(empty_db: str, sql: str) -> None:
    from django.db import connection

    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(sql)


def test_no_input_forges_a_line(empty_db: str, owner_sql: Callable[..., Any]) -> None:
    with ROUND.open():
        journal.line(ROUND, "test.write", None, why="甲\r\n2026 登录成功\x1b[31m\u202e乙\u2028丙")
    why = owner_sql("SELECT why FROM ground_journal")[0][0]
    assert why.isprintable() and "登录成功" in why
