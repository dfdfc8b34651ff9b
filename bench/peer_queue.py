"""PgQueuer at the same work: jobs with a text, a worker that does nothing with them.

Another program with a connection and a queue of its own in the same server; run by `bench.callout`.

    python -m bench.peer_queue DSN JOBS BATCH     prints the seconds from the first claim to the end
"""

from __future__ import annotations

import asyncio
import sys
import time


async def drain(dsn: str, jobs: int, batch: int) -> float:
    """Seconds to work off `jobs` jobs in batches of `batch`."""
    import asyncpg
    from pgqueuer import PgQueuer
    from pgqueuer.types import QueueExecutionMode

    from bench.callout import TEXT

    connection = await asyncpg.connect(dsn)
    queue = PgQueuer.from_asyncpg_connection(connection)
    if not await queue.qm.queries.schema_is_installed():
        await queue.qm.queries.install()
    done = 0

    @queue.entrypoint("send")
    async def send(job: object) -> None:
        nonlocal done
        done += 1

    body = TEXT.encode()
    await queue.qm.queries.enqueue(["send"] * jobs, [body] * jobs, [0] * jobs)
    started = time.perf_counter()
    await queue.run(batch_size=batch, mode=QueueExecutionMode.drain)
    seconds = time.perf_counter() - started
    await connection.close()
    if done != jobs:
        raise SystemExit(f"{done} of {jobs} jobs were done")
    return seconds


if __name__ == "__main__":
    print(asyncio.run(drain(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
