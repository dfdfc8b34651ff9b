"""A thousand random mutations of sealed lines and of seals, made as the superuser: all are found.

Each is made in a transaction that is rolled back afterwards, so that the next one starts whole.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from anlan.ground import journal
from anlan.ground.scope import Scope

ROUND = Scope.for_round("test")


@pytest.fixture(autouse=True)
def _switched_off(empty_db: str, owner_sql: Any) -> None:
    """Whoever owns the server can switch a trigger off; the chain finds what they did then."""
    owner_sql("ALTER TABLE ground_journal DISABLE TRIGGER USER")


MUTATIONS = 1000
LINE_COLUMNS = {
    "at": "at + interval '1 microsecond' * %(n)s", "world": "world + %(n)s",
    "division": "division + %(n)s", "actor_kind": "'link'",
    "actor_id": "coalesce(actor_id, 0) + %(n)s", "actor": "actor || '甲'",
    "post_id": "coalesce(post_id, 0) + %(n)s", "address": "'10.0.0.' || %(n)s",
    "action": "action || '.x'", "object_kind": "'another.kind'",
    "object_id": "object_id || %(n)s", "why": "why || ' '", "before": "'\\x01'",
    "after": "NULL", "result": "'denied'", "request_id": "request_id || 'f'",
}  # fmt: skip
SEAL_COLUMNS = {
    "at": "at - interval '1 second' * %(n)s", "first_line": "first_line - %(n)s",
    "last_line": "last_line + %(n)s", "lines": "lines || '[[%(n)s,%(n)s]]'::jsonb",
    "count": "count + %(n)s", "line_digests": "set_byte(line_digests, %(n)s %% 8, 7 + %(n)s)",
    "previous": "sha256(previous)", "digest": "sha256(digest)", "id": "id + 1000 + %(n)s",
}  # fmt: skip
COPIED = ", ".join(c for c in LINE_COLUMNS)
SWAP = "UPDATE {t} SET id = CASE id WHEN %(a)s THEN -%(b)s WHEN %(b)s THEN -%(a)s END WHERE id IN (%(a)s, %(b)s); UPDATE {t} SET id = -id WHERE id < 0"


def change_line(run: Any, pick: random.Random, lines: list[int], seals: list[int]) -> None:
    column, value = pick.choice(list(LINE_COLUMNS.items()))
    run(f"UPDATE ground_journal SET {column} = {value} WHERE id = %(id)s", id=pick.choice(lines))


def delete_lines(run: Any, pick: random.Random, lines: list[int], seals: list[int]) -> None:
    for victim in pick.sample(lines, pick.randint(1, 3)):
        run("DELETE FROM ground_journal WHERE id = %(id)s", id=victim)


def insert_line(run: Any, pick: random.Random, lines: list[int], seals: list[int]) -> None:
    taken = set(lines)
    free = [n for n in range(-3, max(lines)) if n not in taken]
    run(
        f"INSERT INTO ground_journal (id, {COPIED}) OVERRIDING SYSTEM VALUE"
        f" SELECT %(to)s, {COPIED} FROM ground_journal WHERE id = %(of)s",
        to=pick.choice(free), of=pick.choice(lines),
    )  # fmt: skip


def reorder_lines(run: Any, pick: random.Random, lines: list[int], seals: list[int]) -> None:
    a, b = pick.sample(lines, 2)
    run(SWAP.format(t="ground_journal"), a=a, b=b)


def change_seal(run: Any, pick: random.Random, lines: list[int], seals: list[int]) -> None:
    column, value = pick.choice(list(SEAL_COLUMNS.items()))
    run(f"UPDATE ground_seal SET {column} = {value} WHERE id = %(id)s", id=pick.choice(seals))


def delete_seals(run: Any, pick: random.Random, lines: list[int], seals: list[int]) -> None:
    for victim in pick.sample(seals, pick.randint(1, 2)):
        run("DELETE FROM ground_seal WHERE id = %(id)s", id=victim)


def cut_tail(run: Any, pick: random.Random, lines: list[int], seals: list[int]) -> None:
    """Seals and their lines from one on: without an anchor nothing would show."""
    first = pick.choice(seals)
    run("DELETE FROM ground_journal WHERE id >= (SELECT first_line FROM ground_seal"
        " WHERE id = %(id)s)", id=first)  # fmt: skip
    run("DELETE FROM ground_seal WHERE id >= %(id)s", id=first)


def insert_seal(run: Any, pick: random.Random, lines: list[int], seals: list[int]) -> None:
    """A seal of one's own, without the key: copied to the end over the last one's lines."""
    run("INSERT INTO ground_seal (id, at, first_line, last_line, lines, count, line_digests,"
        " previous, digest) OVERRIDING SYSTEM VALUE SELECT max(id) OVER () + 1, at, first_line,"
        " last_line, lines, count, line_digests, digest, sha256(digest) FROM ground_seal"
        " ORDER BY id DESC LIMIT 1")  # fmt: skip


def reorder_seals(run: Any, pick: random.Random, lines: list[int], seals: list[int]) -> None:
    a, b = pick.sample(seals, 2)
    run(SWAP.format(t="ground_seal"), a=a, b=b)


KINDS = (change_line, delete_lines, insert_line, reorder_lines, change_seal, delete_seals,
         cut_tail, insert_seal, reorder_seals)  # fmt: skip


@pytest.fixture
def sealed(
    empty_db: str, as_role: Callable[[str], None], owner_sql: Any, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[Path, list[int], list[int]]]:  # fmt: skip
    """Twelve seals over lines with gaps between their ids, and an anchor of the newest seal."""
    monkeypatch.setattr(journal, "SETTLE_S", 0)
    pick = random.Random(71124)
    for part in range(12):
        with ROUND.open():
            for number in range(pick.randint(3, 9)):
                journal.line(
                    ROUND, "test.write", ("test.thing", number), why=f"因为 {part}", after=[number]
                )
        owner_sql("SELECT nextval(pg_get_serial_sequence('ground_journal', 'id'))")
        journal.seal(ROUND)
    anchors = tmp_path / "anchors"
    journal.anchor(ROUND, anchors)
    as_role("superuser")
    ids = [row[0] for row in owner_sql("SELECT id FROM ground_journal ORDER BY id")]
    seals = [row[0] for row in owner_sql("SELECT id FROM ground_seal ORDER BY id")]
    yield anchors, ids, seals
    as_role("app")


def found_all(sealed: tuple[Path, list[int], list[int]], count: int) -> Counter[str]:
    """Which kinds were missed; empty where every mutation was found."""
    anchors, lines, seals = sealed
    pick, missed = random.Random(20240711), Counter[str]()
    for turn in range(count):
        mutate = KINDS[turn % len(KINDS)]
        with transaction.atomic():
            with connection.cursor() as cursor:
                mutate(
                    lambda sql, c=cursor, **values: c.execute(
                        sql, {"n": pick.randint(1, 9), **values}
                    ),
                    pick, lines, seals,
                )  # fmt: skip
            if journal.verify(ROUND, anchors).whole:
                missed[mutate.__name__] += 1
            transaction.set_rollback(True)
    return missed


def test_a_thousand_of_a_thousand_mutations_are_found(sealed: Any) -> None:
    assert journal.verify(ROUND, sealed[0]).whole
    assert found_all(sealed, MUTATIONS) == Counter()
    assert journal.verify(ROUND, sealed[0]).whole


def test_mutant_a_chain_that_forgets_the_fields_of_its_seal_is_caught(
    sealed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test of the test: a digest over the lines alone misses a changed seal."""
    monkeypatch.setattr(journal, "_chain", lambda seal, previous: seal.digest)
    missed = found_all(sealed, 90)
    assert missed["change_seal"] > 0
