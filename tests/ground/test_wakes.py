"""A commit that is told on the wire makes its rounds due at once, and nothing hangs on it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from anlan.ground import live, rounds, wakes
from anlan.ground.scope import Scope
from anlan.ground.wakes import Bell

NEVER_S = 3600.0
WAIT_S_MAX = 30.0
ROUND = Scope.for_round("test")


class Counted:
    """A round that finds nothing, and says when it has run so many times."""

    def __init__(self, name: str):
        self.entry = rounds.Round(name, NEVER_S, self.run, lane=name)
        self.ran = threading.Semaphore(0)

    def run(self, scope: Scope) -> int:
        self.ran.release()
        return 0

    def runs(self) -> bool:
        """Whether it runs once more, as soon as it does."""
        return self.ran.acquire(timeout=WAIT_S_MAX)


@pytest.fixture
def woken(county_db: str) -> Iterator[tuple[Counted, Counted]]:
    """Two rounds that are due once an hour; the first is woken by the topic `callout`."""
    first, second, stop = Counted("first"), Counted("second"), threading.Event()
    loop = threading.Thread(
        target=rounds.run_forever,
        args=([first.entry, second.entry], stop, {"callout": ("first",)}),
    )
    loop.start()
    assert first.runs() and second.runs(), "everything runs once at the start"
    try:
        yield first, second
    finally:
        stop.set()
        loop.join(WAIT_S_MAX)
    assert not loop.is_alive()


def listening(owner_sql: Any) -> list[int]:
    """The server's processes that listen; waited for, since threads start when they like."""
    done = threading.Event()
    for _try in range(int(WAIT_S_MAX * 10)):
        found = owner_sql(
            "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'"
            " AND datname = current_database() AND state = 'idle'"
        )
        if found:
            return [row[0] for row in found]
        done.wait(0.1)
    raise AssertionError("nobody listens")


def tell(topic: str) -> None:
    with ROUND.open():
        live.tell(ROUND, topic, 0)


def test_a_round_runs_at_once_when_its_topic_is_told(
    woken: tuple[Counted, Counted], owner_sql: Any
) -> None:
    first, second = woken
    listening(owner_sql)
    for _again in range(3):
        tell("callout")
        assert first.runs()
    assert not second.ran.acquire(blocking=False), "the other is not woken"


def test_what_is_no_message_of_ours_wakes_nobody_and_breaks_nothing(
    woken: tuple[Counted, Counted], owner_sql: Any
) -> None:
    first, _second = woken
    listening(owner_sql)
    for payload in ("", "nonsense", "[1]", '"x"', '{"topic": 5}', '{"topic": "journal"}'):
        owner_sql("SELECT pg_notify(%s, %s)", (live.CHANNEL, payload))
    tell("callout")
    assert first.runs()
    assert not first.ran.acquire(blocking=False), "once, for the one that was ours"


def test_a_wire_that_was_cut_is_mended_by_itself(
    woken: tuple[Counted, Counted], owner_sql: Any
) -> None:
    first, _second = woken
    cut = listening(owner_sql)
    for pid in cut:
        owner_sql("SELECT pg_terminate_backend(%s)", (pid,))
    while set(listening(owner_sql)) & set(cut):
        pass
    tell("callout")
    assert first.runs()


def test_a_bell_rings_for_its_own_lane_and_tells_it_once() -> None:
    bell = Bell(["a", "b"])
    bell.ring(["c"])
    assert bell.taken() == set()
    bell.ring(["a", "c"])
    bell.ring(["a"])
    bell.wait(WAIT_S_MAX)
    assert bell.taken() == {"a"} and bell.taken() == set()


def test_every_topic_and_round_that_is_named_to_be_woken_exists() -> None:
    from anlan.faces import worker

    names = {entry.name for entry in worker.rounds(object())}  # type: ignore[attr-defined]
    assert set(worker.WAKES) <= set(live.TOPICS)
    assert {name for woken in worker.WAKES.values() for name in woken} <= names
    assert wakes.LISTEN_S > 0
