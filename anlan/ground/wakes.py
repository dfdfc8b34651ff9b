"""What is told on the live wire makes a round due at once, so that nobody waits for its next turn.

Flows in: notifications of commits (`ground/live.tell`). Flows out: bells that lanes wait on. It is
a hint and nothing more: deadlines stand in rows, every round runs at its own pace as well, and what
is missed while the wire is down is found at the next turn.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable, Mapping

import psycopg
from django.db import DatabaseError, InterfaceError, connection, connections

from anlan.ground.live import CHANNEL

log = logging.getLogger("anlan.wakes")

LISTEN_S = 1.0
RETRY_S = 1.0


class Bell:
    """Rings for a lane and its rounds only; what it rang for is asked once."""

    def __init__(self, rounds: Iterable[str]) -> None:
        self._own = frozenset(rounds)
        self._lock = threading.Lock()
        self._rung = threading.Event()
        self._names: set[str] = set()

    def ring(self, names: Iterable[str]) -> None:
        """Rounds of these names are due now, where they are of this lane."""
        wanted = self._own.intersection(names)
        if wanted:
            with self._lock:
                self._names |= wanted
                self._rung.set()

    def wait(self, seconds: float) -> None:
        """Until it rings, for so many seconds at most."""
        self._rung.wait(seconds)

    def taken(self) -> set[str]:
        """The names it rang for since this was asked last."""
        with self._lock:
            names, self._names = self._names, set()
            self._rung.clear()
        return names


def listen(
    wakes: Mapping[str, Iterable[str]], bells: Iterable[Bell], stop: threading.Event
) -> None:
    """Ring the bells until `stop` is set. wakes: topic of the wire → names of rounds."""
    listed = list(bells)
    while not stop.is_set():
        try:
            connection.ensure_connection()
            own: psycopg.Connection[tuple[object, ...]] = connection.connection
            own.execute(f"LISTEN {CHANNEL}")
            while not stop.is_set():
                for notice in own.notifies(timeout=LISTEN_S):
                    _ring(wakes, listed, notice.payload)
                    if stop.is_set():
                        break
        except (psycopg.Error, DatabaseError, InterfaceError) as error:
            log.info("the wire is down, next try in %.1f s: %s", RETRY_S, error)
            connections.close_all()
            stop.wait(RETRY_S)
    connections.close_all()


def _ring(wakes: Mapping[str, Iterable[str]], bells: Iterable[Bell], payload: str) -> None:
    try:
        topic = json.loads(payload).get("topic")
    except (ValueError, AttributeError):
        return
    names = wakes.get(topic, ())
    if names:
        for bell in bells:
            bell.ring(names)
