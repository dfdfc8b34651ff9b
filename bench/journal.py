"""How fast the journal is sealed and verified at a million lines, and whom a bulk load delays.

The lines are written by SQL as the application's role would, on a throw-away durable PostgreSQL.

    python -m bench.journal [--lines 1000000]
"""

from __future__ import annotations

import statistics
import threading
import time

from bench.county import throw_away_county
from bench.sizes import measured

BULK_LINES = 100_000
WRITER_COMMITS = 200

FILL = (
    "INSERT INTO ground_journal (world, division, actor_kind, actor_id, actor, address, action,"
    " object_kind, object_id, why, result, request_id)"
    " SELECT 0, 500231101000 + n %% 26000, 'account', n %% 97, '值班员', '127.0.0.1',"
    " 'callout.answer', 'callout.call', n, '', 'done', md5(n::text)"
    " FROM generate_series(1, %s) n"
)


def fill(lines: int) -> None:
    from django.db import connection

    from anlan.ground.scope import Scope

    with Scope.for_round("bench").open(), connection.cursor() as cursor:
        cursor.execute(FILL, [lines])


def delay_of_others_ms() -> tuple[float, float]:
    """(median, worst) commit of one line by another writer while 100,000 lines are loaded."""
    from django.db import connections

    from anlan.ground import journal
    from anlan.ground.scope import Scope

    bulk = threading.Thread(target=lambda: (fill(BULK_LINES), connections.close_all()))
    spent = []
    scope = Scope.for_round("bench")
    bulk.start()
    while bulk.is_alive() and len(spent) < WRITER_COMMITS:
        started = time.perf_counter()
        with scope.open():
            journal.line(scope, "bench.write", None)
        spent.append((time.perf_counter() - started) * 1000)
    bulk.join()
    return statistics.median(spent), max(spent)


def main() -> None:
    with measured(__doc__, lines=(1_000_000, 300_000)) as options:
        lines = options.lines
        with throw_away_county():
            from anlan.ground import journal
            from anlan.ground.scope import Scope

            scope = Scope.for_round("bench")
            median, worst = delay_of_others_ms()
            print(f"another writer during a load of {BULK_LINES}: median {median:.1f} ms,", end=" ")
            print(f"worst {worst:.1f} ms (promise: 100 ms)")
            fill(max(0, lines - BULK_LINES))
            started = time.perf_counter()
            while journal.seal(scope):
                pass
            sealed_s = time.perf_counter() - started
            started = time.perf_counter()
            verdict = journal.verify(scope)
            verified_s = time.perf_counter() - started
            print(f"{verdict.lines} lines in {verdict.seals} seals, whole: {verdict.whole}")
            print(f"sealed in {sealed_s:.1f} s, verified in {verified_s:.1f} s (promise: 60 s)")


if __name__ == "__main__":
    main()
