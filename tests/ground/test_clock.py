"""The county's time comes from the database, per world, and moves as an exercise asks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from anlan.ground import clock, rounds
from anlan.ground.scope import Scope

EXERCISE = (
    'INSERT INTO ground_world (id, kind, name, anchored_at, "offset", rate, started_at)'
    " VALUES (7, 'tabletop', '推演', clock_timestamp(), interval '-100 days', 60, clock_timestamp())"
)


def test_a_moved_clock_moves_the_county(empty_db: str, move_clock: Callable[..., None]) -> None:
    before = clock.now(0)
    move_clock(3600)
    assert timedelta(minutes=59) < clock.now(0) - before < timedelta(minutes=61)


def test_an_exercise_has_its_own_clock(empty_db: str, owner_sql: Any) -> None:
    owner_sql(EXERCISE)
    with Scope.for_round("t", 7).open():
        there = clock.now()
    assert timedelta(days=99) < clock.now(0) - there < timedelta(days=101)


def test_times_are_aware_and_shown_in_shanghai(empty_db: str) -> None:
    now = clock.now(0)
    assert now.utcoffset() == timedelta(0)
    assert clock.local(now).utcoffset() == timedelta(hours=8)


def test_the_application_cannot_move_the_real_clock(empty_db: str, owner_sql: Any) -> None:
    from django.db import connection

    with Scope.for_command("t").open(), connection.cursor() as cursor:
        cursor.execute("UPDATE ground_world SET \"offset\" = interval '1 day' WHERE id = 0")
        assert cursor.rowcount == 0


def test_a_round_runs_in_every_open_world_and_says_so(empty_db: str, owner_sql: Any) -> None:
    owner_sql(EXERCISE)
    seen: list[int] = []

    def run(scope: Scope) -> int:
        seen.append(scope.world)
        return 1

    assert rounds.run_once(rounds.Round("t", 1, run)) == 2
    assert seen == [0, 7]


def test_a_failing_round_is_recorded_and_does_not_stop_the_others(
    empty_db: str, owner_sql: Any
) -> None:
    stop = threading.Event()

    def broken(scope: Scope) -> int:
        raise ValueError("坏了")

    def good(scope: Scope) -> int:
        stop.set()
        return 1

    rounds.run_forever([rounds.Round("broken", 0, broken), rounds.Round("good", 0, good)], stop)
    recorded = dict(owner_sql("SELECT name, last_error FROM ground_round"))
    assert recorded == {"broken": "ValueError: 坏了", "good": ""}
