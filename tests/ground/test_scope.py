"""Scope: a transaction without one sees nothing; one with a scope sees its span and its world."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from anlan.ground import journal
from anlan.ground.errors import Denied
from anlan.ground.models import JournalLine
from anlan.ground.scope import Actor, Scope
from tests.conftest import TOWNSHIPS

HERE, THERE = TOWNSHIPS


def township(code: int, world: int = 0, rights: frozenset[str] = frozenset()) -> Scope:
    return Scope("post", code, code + 999, world, Actor("account", 1, "甲"), rights)


def write_line(scope: Scope, division: int) -> None:
    with scope.open():
        journal.line(scope, "test.write", None, division=division)


def test_without_a_scope_no_row_is_seen(empty_db: str) -> None:
    write_line(township(HERE), HERE)
    with transaction.atomic():
        assert JournalLine.objects.count() == 0


def test_without_a_scope_no_row_is_written(empty_db: str) -> None:
    from django.db.utils import ProgrammingError

    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO ground_round (name) VALUES ('x')")


def test_a_township_does_not_see_its_neighbour(empty_db: str) -> None:
    write_line(township(HERE), HERE)
    with township(THERE).open():
        assert JournalLine.objects.count() == 0
    with township(HERE).open():
        assert JournalLine.objects.count() == 1


def test_another_world_does_not_show(empty_db: str) -> None:
    write_line(township(HERE), HERE)
    with township(HERE, world=3).open():
        assert JournalLine.objects.count() == 0


def test_the_scope_ends_with_its_transaction(empty_db: str) -> None:
    write_line(township(HERE), HERE)
    with township(HERE).open():
        pass
    with transaction.atomic():
        assert JournalLine.objects.count() == 0


def test_a_second_scope_inside_the_first_is_an_error_of_ours(empty_db: str) -> None:
    with township(HERE).open(), pytest.raises(RuntimeError, match="needs its own"):
        with township(THERE).open():
            pass


def test_the_same_scope_joins(empty_db: str) -> None:
    with township(HERE).open(), township(HERE).open():
        assert connection.in_atomic_block


def test_narrowing_never_widens() -> None:
    narrow = township(HERE).narrowed(0, 10**12)
    assert (narrow.lo, narrow.hi) == (HERE, HERE + 999)


def test_a_right_that_is_not_held_is_refused_with_a_mend() -> None:
    with pytest.raises(Denied) as refusal:
        township(HERE).need("warning.approve")
    assert "warning.approve" in refusal.value.message and refusal.value.mend
