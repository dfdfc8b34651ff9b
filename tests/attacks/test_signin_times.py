"""What a refused sign-in tells by how long it takes: nothing (R44).

The work of each refusal is counted in every run: one password hash, as many durable commits. That
the times themselves cannot be told apart is held by statistics in the drill.
"""

from __future__ import annotations

import os
import statistics
import time
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory

from anlan.county import accounts, doors, sittings
from anlan.ground.scope import Scope

COMMAND = Scope.for_command("test")
WORD = "Grünes Licht um 6 Uhr"
TRIES = int(os.environ.get("ANLAN_TRIES", "1000"))
APART_MS_MAX = 5.0
BUDGET_S, TURNS_MIN = 150.0, 300  # a slow machine makes fewer turns, and too few tell nothing
REASONS = ("wrong.word", "unknown.one", "locked.one", "disabled.one", "unbound.one", "new.one")


@pytest.fixture
def reasons(county_db: str, move_clock: Any) -> tuple[str, ...]:
    """A name for each reason to refuse; whoever knew the password would be refused alike."""
    for name in ("unbound.one", "wrong.word", "locked.one", "disabled.one"):
        made = accounts.make_account(COMMAND, name, "王")
        token = accounts.make_link(COMMAND, "first", made)
        accounts.open_account(Scope.nobody(), token, WORD)
        if name == "unbound.one":
            move_clock(sittings.BIND_S + 1)
    accounts.make_account(COMMAND, "new.one", "王")
    accounts.disable_account(COMMAND, "disabled.one")
    for _n in range(doors.PASSWORD.tries + 2):
        ask("locked.one", "no")
    return REASONS


def ask(name: str, word: str = WORD) -> None:
    """One refusal, with the right word but where the word is what is wrong."""
    doors.forget(doors.ADDRESS, "10.2.2.2")
    if name != "locked.one":
        doors.forget(doors.PASSWORD, f"{name}/")
    request = RequestFactory().post("/", REMOTE_ADDR="10.2.2.2")
    assert doors.check_password(request, name, "no" if name == "wrong.word" else word) is None


def work_of(name: str) -> tuple[int, int]:
    """(statements that write, all statements) of one refusal, beside what the test itself does."""
    said: list[str] = []

    def hear(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        said.append(sql.strip().split(" ")[0])
        return execute(sql, params, many, context)

    doors.forget(doors.ADDRESS, "10.2.2.2")
    if name != "locked.one":
        doors.forget(doors.PASSWORD, f"{name}/")
    request = RequestFactory().post("/", REMOTE_ADDR="10.2.2.2")
    with connection.execute_wrapper(hear):
        doors.check_password(request, name, "no")
    return sum(word in ("INSERT", "UPDATE", "DELETE") for word in said), len(said)


def test_each_refusal_commits_as_often_as_any_other(reasons: tuple[str, ...]) -> None:
    found = {name: work_of(name)[0] for name in reasons}
    assert set(found.values()) == {3}, found


def test_mutant_that_writes_nothing_for_a_locked_name_is_caught(
    reasons: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = doors._say_refused

    def lazy(request: Any, account: Any, what: str, tried: int, limit: Any, key: str) -> None:
        if tried <= limit.tries + 1:
            whole(request, account, what, tried, limit, key)

    monkeypatch.setattr(doors, "_say_refused", lazy)
    assert work_of("locked.one")[0] < work_of("wrong.word")[0]


def test_all_reasons_have_one_answer(reasons: tuple[str, ...]) -> None:
    def said(name: str) -> tuple[int, str]:
        doors.forget(doors.ADDRESS, "127.0.0.1")
        answer = Client().post("/accounts/login/", {"login": name, "password": "no"})
        page = answer.content.decode().replace(name, "?")
        return answer.status_code, page.partition("<main")[2]

    answers = {name: said(name) for name in reasons}
    first = answers["unknown.one"]
    assert first[0] == 200 and "账号或口令不对，或暂时不能登录" in first[1]
    for name, answer in answers.items():
        assert strip(answer[1]) == strip(first[1]), name
        assert answer[0] == first[0]


def strip(page: str) -> str:
    """Without what differs with every page: the form's token."""
    import re

    return re.sub(r'value="[A-Za-z0-9]{32,}"', "", page)


@pytest.mark.drill
def test_no_reason_is_told_by_the_clock(reasons: tuple[str, ...]) -> None:
    """Each reason has its go in every turn, so that what else the machine does falls on all."""
    taken: dict[str, list[float]] = {name: [] for name in reasons}
    end = time.monotonic() + BUDGET_S
    for turn in range(TRIES):
        if time.monotonic() > end:
            break
        for step in range(len(reasons)):
            name = reasons[(turn + step) % len(reasons)]
            began = time.perf_counter()
            ask(name)
            taken[name].append((time.perf_counter() - began) * 1000)
    medians = {name: statistics.median(values) for name, values in taken.items()}
    turns, apart = len(taken[reasons[0]]), max(medians.values()) - min(medians.values())
    print(f"medians over {turns} turns, {apart:.2f} ms apart: {medians}")
    assert turns >= min(TRIES, TURNS_MIN), f"{turns} turns in {BUDGET_S:.0f} s tell nothing"
    assert apart <= APART_MS_MAX, medians
