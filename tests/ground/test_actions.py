"""Actions: a right, a transaction, a line; what is refused is journalled too."""

from __future__ import annotations

from typing import Any

import pytest

from anlan.ground import journal
from anlan.ground.actions import action
from anlan.ground.errors import Denied
from anlan.ground.scope import Actor, Scope
from tests.conftest import COUNTY

CLERK = Scope("post", COUNTY, COUNTY + 999_999, 0, Actor("account", 1, "甲"), frozenset({"a.do"}))
STRANGER = Scope("post", COUNTY, COUNTY + 999_999, 0, Actor("account", 2, "乙"), frozenset())


@action("a.do")
def write(scope: Scope) -> int:
    journal.line(scope, "a.do", None)
    return 7


@action("a.do")
def forgetful(scope: Scope) -> None:
    return None


@action("a.do")
def inner_denied(scope: Scope) -> None:
    journal.line(scope, "a.do", None)
    scope.need("a.more")


def results(owner_sql: Any) -> list[str]:
    return [row[0] for row in owner_sql("SELECT result FROM ground_journal ORDER BY id")]


def test_a_write_leaves_a_line(empty_db: str, owner_sql: Any) -> None:
    assert write(CLERK) == 7
    assert results(owner_sql) == ["done"]


def test_a_body_without_a_line_is_an_error_of_ours(empty_db: str) -> None:
    with pytest.raises(RuntimeError, match="no journal line"):
        forgetful(CLERK)


def test_a_denial_is_journalled_once(empty_db: str, owner_sql: Any) -> None:
    with pytest.raises(Denied):
        write(STRANGER)
    assert results(owner_sql) == ["denied"]


def test_a_denial_inside_rolls_the_change_back_and_is_journalled(
    empty_db: str, owner_sql: Any
) -> None:
    with pytest.raises(Denied):
        inner_denied(CLERK)
    assert results(owner_sql) == ["denied"]


def test_an_action_without_a_right_must_say_why() -> None:
    with pytest.raises(TypeError):
        action(None)
