"""The loop (巡检): rounds ask the database which rows are due, act on them, and say that they ran.

There is no second scheduler. Any number of workers may run the same list, for every claim is
`FOR UPDATE SKIP LOCKED`. Rounds of one lane run one after another; lanes run side by side, so
that a slow gateway delays no deadline. A commit that is told on the live wire wakes the rounds that
wait for it (`wakes`). When the database goes away each lane waits and goes on
by itself.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, connection, connections

from anlan.ground.scope import Scope
from anlan.ground.wakes import Bell, listen

log = logging.getLogger("anlan.rounds")

IDLE_S = 0.2
WOKEN_S_MIN = 0.05  # between two passes, however often a round is woken
BACKOFF_S_MAX = 5.0
ERROR_CHARS_MAX = 500


@dataclass(frozen=True, slots=True)
class Round:
    """A pass of the loop. run handles what is due under the scope and returns how many rows.

    every_s: pause between two passes that found nothing; a pass that found rows runs again at
    once. each_world: run for every open world that no command drives, else for the real one only.
    """

    name: str
    every_s: float
    run: Callable[[Scope], int]
    lane: str = "main"
    each_world: bool = True


def run_once(entry: Round) -> int:
    """One pass over every open world; the count of rows handled. Errors go up."""
    handled = 0
    for world in _open_worlds() if entry.each_world else [0]:
        handled += entry.run(Scope.for_round(entry.name, world))
    return handled


def run_forever(
    rounds: Sequence[Round], stop: threading.Event, wakes: Mapping[str, Iterable[str]] | None = None
) -> None:
    """Run every lane in a thread of its own until `stop` is set.

    wakes: topics of the live wire, each with the names of the rounds that it makes due at once.
    """
    lanes: dict[str, list[Round]] = {}
    for entry in rounds:
        lanes.setdefault(entry.lane, []).append(entry)
    bells = {lane: Bell(entry.name for entry in own) for lane, own in lanes.items()}
    threads = [
        threading.Thread(
            target=_lane, args=(own, stop, bells[lane]), name=f"lane-{lane}", daemon=True
        )
        for lane, own in lanes.items()
    ]
    if wakes:
        threads.append(
            threading.Thread(
                target=listen, args=(wakes, bells.values(), stop), name="wakes", daemon=True
            )
        )
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.5)


def _lane(rounds: list[Round], stop: threading.Event, bell: Bell) -> None:
    due = {entry.name: 0.0 for entry in rounds}
    last = dict(due)
    backoff_s = IDLE_S
    while not stop.is_set():
        try:
            for name in bell.taken():
                due[name] = min(due[name], last[name] + WOKEN_S_MIN)
            for entry in rounds:
                if time.monotonic() >= due[entry.name] and not stop.is_set():
                    handled = _observed(entry)
                    last[entry.name] = time.monotonic()
                    due[entry.name] = last[entry.name] + (0 if handled else entry.every_s)
            backoff_s = IDLE_S
            bell.wait(max(0.0, min(min(due.values()) - time.monotonic(), IDLE_S)))
        except (OperationalError, InterfaceError) as error:
            log.warning("database away, next try in %.1f s: %s", backoff_s, error)
            connections.close_all()
            stop.wait(backoff_s)
            backoff_s = min(backoff_s * 2, BACKOFF_S_MAX)
    connections.close_all()


def _observed(entry: Round) -> int:
    """A pass with its line in ground_round; an error of the round stops only this pass."""
    started = time.monotonic()
    try:
        handled = run_once(entry)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("round %s failed", entry.name)
        _record(entry, started, 0, f"{type(error).__name__}: {error}"[:ERROR_CHARS_MAX])
        return 0
    _record(entry, started, handled, "")
    return handled


_last_record: dict[str, float] = {}
RECORD_EVERY_S = 1.0


def _record(entry: Round, started: float, handled: int, error: str) -> None:
    """When the round ran. The last error stays, with its time, until another one comes."""
    quiet = not handled and not error
    if quiet and started - _last_record.get(entry.name, 0.0) < RECORD_EVERY_S:
        return
    _last_record[entry.name] = started
    elapsed_ms = int((time.monotonic() - started) * 1000)
    with Scope.for_round("rounds").open(), connection.cursor() as cursor:
        cursor.execute(
            RECORD,
            {"name": entry.name, "error": error, "ms": elapsed_ms, "n": handled,
             "every": entry.every_s},
        )  # fmt: skip


RECORD = """
INSERT INTO ground_round AS r
  (name, last_at, last_ok_at, last_error, failed_at, last_ms, handled, runs, every_s)
VALUES (%(name)s, clock_timestamp(),
  CASE WHEN %(error)s = '' THEN clock_timestamp() END, %(error)s,
  CASE WHEN %(error)s <> '' THEN clock_timestamp() END, %(ms)s, %(n)s, 1, %(every)s)
ON CONFLICT (name) DO UPDATE SET last_at = EXCLUDED.last_at,
  last_ok_at = coalesce(EXCLUDED.last_ok_at, r.last_ok_at),
  last_error = CASE WHEN EXCLUDED.failed_at IS NULL THEN r.last_error
    ELSE EXCLUDED.last_error END,
  failed_at = coalesce(EXCLUDED.failed_at, r.failed_at),
  last_ms = EXCLUDED.last_ms, every_s = EXCLUDED.every_s,
  handled = r.handled + EXCLUDED.handled, runs = r.runs + 1
"""


def _open_worlds() -> list[int]:
    with Scope.for_round("worlds").open(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM ground_world WHERE ended_at IS NULL AND NOT driven ORDER BY id"
        )
        return [row[0] for row in cursor.fetchall()]
