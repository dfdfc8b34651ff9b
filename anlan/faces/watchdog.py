"""The watchdog: looks from outside whether the supervisor lives and the rounds run.

It uses no Django and reads one table. A dead supervisor is started again; rounds that stopped are
written to the county's alarm file and to the log (the second channel comes with the duty desk).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import psycopg

from anlan.ground.machine import Site, site
from anlan.ground.machine.processes import start_detached, supervisor_pid

LOOK_EVERY_S = 2.0
SILENT_S = 60
CONNECT_S_MAX = 5


def silent_rounds(own: Site) -> list[str]:
    """Rounds that last ran longer than SILENT_S ago; `database` where it does not answer."""
    try:
        with psycopg.connect(own.dsn("watchdog"), connect_timeout=CONNECT_S_MAX) as connection:
            rows = connection.execute(
                "SELECT name FROM ground_round WHERE last_at < clock_timestamp()"
                " - make_interval(secs => %s) AND name NOT IN ('journal.anchor', 'callout.close',"
                " 'account.rest', 'account.forget')",
                [SILENT_S],
            )
            return [row[0] for row in rows.fetchall()]
    except psycopg.Error as error:
        return [f"database: {type(error).__name__}"]


def main() -> None:
    own = site()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_unused: stop.set())
    parent = os.getppid()
    since: dict[str, float] = {}
    while not stop.wait(LOOK_EVERY_S):
        if os.getppid() != parent:
            if supervisor_pid(own) is None:
                print("the supervisor is gone: starting it again", file=sys.stderr, flush=True)
                start_detached(own)
            return
        silent = silent_rounds(own)
        for name in silent:
            if since.setdefault(name, time.monotonic()) + SILENT_S < time.monotonic():
                print(f"ALARM {name} is silent", file=sys.stderr, flush=True)
                since[name] = time.monotonic()
        since = {name: at for name, at in since.items() if name in silent}


if __name__ == "__main__":
    main()
