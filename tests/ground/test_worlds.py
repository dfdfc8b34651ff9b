"""An exercise's clock: faster, slower, still, forward; what it showed is never told twice or lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from anlan.ground import clock, worlds
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.scope import Scope

NIGHT = datetime(2024, 7, 10, 14, 15, tzinfo=UTC)
COMMAND = Scope.for_command("test")
SECOND = timedelta(seconds=5)


def opened(kind: str = "tabletop", starts_at: datetime | None = NIGHT, rate: float = 1.0) -> int:
    with COMMAND.open():
        return worlds.open_world(kind, "推演", starts_at, rate)


def now(world: int) -> datetime:
    with COMMAND.in_world(world).open():
        return clock.now()


def test_a_world_begins_at_its_own_moment_and_the_real_clock_is_left(empty_db: str) -> None:
    before = clock.now(0)
    assert NIGHT <= now(opened()) < NIGHT + SECOND
    assert clock.now(0) - before < SECOND


def test_paused_it_stands_still_and_goes_on_where_it_stood(
    empty_db: str, owner_sql: Callable[..., Any]
) -> None:
    world = opened()
    with COMMAND.open():
        worlds.set_rate(world, 0)
    stood = now(world)
    assert now(world) == stood
    with COMMAND.open():
        worlds.set_rate(world, 1)
    assert stood <= now(world) < stood + SECOND


def test_a_rate_counts_from_when_it_was_set(empty_db: str, owner_sql: Callable[..., Any]) -> None:
    world = opened()
    with COMMAND.open():
        worlds.set_rate(world, 60)
    owner_sql("UPDATE ground_world SET anchored_at = anchored_at - interval '1 minute',"
              " \"offset\" = \"offset\" + interval '1 minute' WHERE id = %s", (world,))  # fmt: skip
    shown = now(world)
    assert NIGHT + timedelta(hours=1) <= shown < NIGHT + timedelta(hours=1, minutes=5)
    with COMMAND.open():
        worlds.set_rate(world, 1)
    assert shown <= now(world) < shown + timedelta(minutes=5)


def test_a_jump_goes_forward_only_and_not_too_far(empty_db: str) -> None:
    world = opened()
    with COMMAND.open():
        worlds.jump(world, timedelta(hours=3))
    assert NIGHT + timedelta(hours=3) <= now(world) < NIGHT + timedelta(hours=3) + SECOND
    for wrong in (timedelta(0), timedelta(minutes=-1), timedelta(hours=25)):
        with COMMAND.open(), pytest.raises(Refusal, match="只能向前拨"):
            worlds.jump(world, wrong)


def test_a_paused_clock_is_set_forward_exactly_and_never_back(empty_db: str) -> None:
    world = opened(rate=0)
    with COMMAND.open():
        worlds.set_time(world, NIGHT + timedelta(minutes=7))
    assert now(world) == NIGHT + timedelta(minutes=7)
    with COMMAND.open(), pytest.raises(Refusal):
        worlds.set_time(world, NIGHT)
    with COMMAND.open():
        worlds.set_rate(world, 2)
    with COMMAND.open(), pytest.raises(Refusal):
        worlds.set_time(world, NIGHT + timedelta(hours=1))


def test_an_ended_world_stands_still_and_cannot_be_moved(empty_db: str) -> None:
    world = opened(rate=60)
    with COMMAND.open():
        assert worlds.end(world)
    stood = now(world)
    assert now(world) == stood
    with COMMAND.open():
        assert not worlds.end(world)
        for move in (lambda: worlds.set_rate(world, 1), lambda: worlds.jump(world, SECOND)):
            with pytest.raises(Conflict, match="已经结束"):
                move()


@pytest.mark.parametrize("rate", [-1.0, 3601.0, float("nan")])
def test_a_rate_out_of_range_is_refused(empty_db: str, rate: float) -> None:
    with COMMAND.open(), pytest.raises(Refusal, match="快慢"):
        worlds.open_world("tabletop", "推演", None, rate)


def test_the_clock_of_a_live_one_is_everybodys(empty_db: str) -> None:
    with COMMAND.open():
        with pytest.raises(Refusal, match="实叫的时钟"):
            worlds.open_world("live", "实叫", NIGHT, 1)
        with pytest.raises(Refusal, match="实叫的时钟"):
            worlds.open_world("live", "实叫", None, 2)
        world = worlds.open_world("live", "实叫", None, 1)
        for move in (lambda: worlds.set_rate(world, 0), lambda: worlds.jump(world, SECOND)):
            with pytest.raises(Refusal, match="实叫的时钟"):
                move()


def test_only_so_many_at_once_and_one_live(empty_db: str) -> None:
    with COMMAND.open():
        worlds.open_world("live", "实叫", None, 1)
        with pytest.raises(Conflict, match="已有一场实叫"):
            worlds.open_world("live", "实叫", None, 1)
        for _number in range(worlds.OPEN_MAX - 1):
            worlds.open_world("tabletop", "推演", None, 1)
        with pytest.raises(Conflict, match="同时最多"):
            worlds.open_world("tabletop", "推演", None, 1)


def test_the_real_world_is_no_exercise(empty_db: str) -> None:
    with COMMAND.open():
        assert worlds.is_open(0)
        with pytest.raises(NotFound):
            worlds.set_rate(0, 2)
        with pytest.raises(NotFound):
            worlds.jump(0, SECOND)
        assert not worlds.end(0)


def test_a_world_that_a_command_drives_is_left_alone_by_workers(empty_db: str) -> None:
    from anlan.ground import rounds

    with COMMAND.open():
        driven = worlds.open_world("tabletop", "推演", NIGHT, 0, driven=True)
    free = opened()
    seen: list[int] = []
    rounds.run_once(rounds.Round("t", 1, lambda scope: seen.append(scope.world) or 0))
    assert free in seen and driven not in seen


def test_no_table_that_carries_a_world_is_read_past_it(empty_db: str, owner_sql: Any) -> None:
    """Whatever lets the application read rows names their world, or something above it does."""
    tables = [
        row[0] for row in owner_sql(
            "SELECT c.table_name FROM information_schema.columns c JOIN pg_class k"
            " ON k.relname = c.table_name WHERE c.table_schema = 'public' AND k.relkind = 'r'"
            " AND c.column_name = 'world' ORDER BY 1"
        )
    ]  # fmt: skip
    policies = owner_sql(
        "SELECT tablename, permissive, coalesce(qual, '') FROM pg_policies"
        " WHERE cmd IN ('ALL', 'SELECT') AND NOT roles && ARRAY['anlan_search'::name]"
    )
    open_ones = []
    for table in tables:
        own = [(kind, rule) for name, kind, rule in policies if name == table]
        named = [(kind, "world" in rule.replace("anlan_world()", "?") and "?" in
                  rule.replace("anlan_world()", "?")) for kind, rule in own]  # fmt: skip
        above = any(good for kind, good in named if kind == "RESTRICTIVE")
        if not above and not all(good for kind, good in named if kind == "PERMISSIVE"):
            open_ones.append(table)
    assert len(tables) > 30
    assert open_ones == []
