"""A call-out of 10,000 people through the engine, beside the bare claim–send–mark loop.

Same durable PostgreSQL, same text, same batch, one process each, the same gateway that says yes at
once. Engine and loop take turns of a few batches each, many times, so that what else the machine
does falls on both; the figures are medians over the turns. Beside them PgQueuer (its jobs do
nothing; `pip install -e .[bench]`), and both kinds of sending against a real SMS centre (the
telephone box) beside raw smpplib.

    python -m bench.callout [--people 10000]
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.county import throw_away_county
from bench.sizes import measured

BATCHES = (100, 10)
TURN_BATCHES = {100: 10, 10: 50}
SMPP_TURN = 500
PEER_ROUNDS = 3
PEER_JOBS = {100: 3000, 10: 1500}
TEXT = (
    "【垫江】请立即行动。收到请回4821，需支援回4821 2，打错回4821 9。或点 http://localhost:8002/a/"
    + "x" * 48
)
BARE_TABLE = """
CREATE TABLE bare (id bigint PRIMARY KEY, text text NOT NULL, state smallint NOT NULL DEFAULT 0,
  lease bigint, sent_at timestamptz);
CREATE INDEX ON bare (id) WHERE state = 0;
GRANT SELECT, UPDATE ON bare TO anlan_app;
"""
BARE_CLAIM = (
    "UPDATE bare SET state = 1, lease = %s WHERE id IN (SELECT id FROM bare WHERE state = 0"
    " ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING id, text"
)
BARE_MARK = "UPDATE bare SET state = 2, sent_at = now() WHERE id = ANY(%s) AND lease = %s"


class Yes:
    """A gateway without delay. turn: how many batches it takes before it wants a pause."""

    def __init__(self, turn: int = 0) -> None:
        self.turn = turn
        self.taken = 0

    def ready(self) -> bool:
        return not self.turn or self.taken < self.turn

    def submit(self, batch: Sequence[Any]) -> list[Any]:
        from anlan.engines.callout.rounds import Outcome

        self.taken += 1
        return [Outcome(out.attempt_id, out.lease, "ref") for out in batch]


def fill(people: int) -> None:
    """The demonstration county with enough posts at the county's level, all called at once."""
    from anlan.county import demo
    from anlan.county.actions import number_fields
    from anlan.county.models import Holding, Person, Post
    from anlan.ground import clock
    from anlan.ground.policy import values
    from anlan.ground.scope import Scope

    scope = Scope.for_command("bench")
    demo.make(scope)
    values.save(scope, "callout.wait_red", 0, "bench")
    with scope.open():
        now = clock.now()
        made = Person.objects.bulk_create(
            (
                Person(division=demo.CODE, name="甲", demo=True, **number_fields(f"101{n:08d}"))
                for n in range(people)
            ),
            batch_size=2000,
        )
        posts = Post.objects.bulk_create(
            (Post(division=demo.CODE, kind="unit_duty", title=f"单位{n}") for n in range(people)),
            batch_size=2000,
        )
        Holding.objects.bulk_create(
            (
                Holding(division=demo.CODE, post=post, person=person, valid_from=now)
                for post, person in zip(posts, made, strict=True)
            ),
            batch_size=2000,
        )


def launch(key: str) -> None:
    from anlan.county.demo import CODE
    from anlan.engines.callout import actions
    from anlan.engines.callout.launch import Launch
    from anlan.ground.scope import Scope

    actions.open_callout(
        Scope.for_command("bench"),
        Launch(
            "bench",
            1,
            "warning/night",
            "red",
            "暴雨红色预警",
            "【垫江】请立即行动。",
            (CODE,),
            key,
            drafted_by=1,
            approved_by=2,
        ),
    )


def plan() -> tuple[float, float, int]:
    """(seconds to open, seconds to plan the first rings, messages that they gave)."""
    from anlan.engines.callout import rounds
    from anlan.engines.callout.models import Attempt
    from anlan.ground.scope import Scope

    scope = Scope.for_round("bench")
    started = time.perf_counter()
    launch(f"bench-{started}")
    opened = time.perf_counter()
    while rounds.advance(scope):
        pass
    planned = time.perf_counter()
    with scope.open():
        return opened - started, planned - opened, Attempt.objects.filter(open=True).count()


class Bare:
    """The bare loop over a table of its own with as many rows and the same text."""

    def __init__(self, cluster: Any, rows: int):
        import psycopg

        with psycopg.connect(cluster.dsn("owner", "bench"), autocommit=True) as owner:
            owner.execute("DROP TABLE IF EXISTS bare")
            owner.execute(BARE_TABLE)
            owner.execute(
                "INSERT INTO bare (id, text) SELECT n, %s FROM generate_series(1, %s) n",
                [TEXT, rows],
            )
        self.own = psycopg.connect(cluster.dsn("app", "bench"), autocommit=True)
        self.lease = 0

    def run(self, gateway: Yes, batch: int) -> int:
        """Claim, send and mark while the gateway is ready; the messages sent."""
        from anlan.engines.callout.rounds import Outgoing

        count = 0
        while gateway.ready():
            self.lease += 1
            rows = self.own.execute(BARE_CLAIM, [self.lease, batch]).fetchall()
            if not rows:
                break
            gateway.submit([Outgoing(row[0], self.lease, "1", row[1]) for row in rows])
            self.own.execute(BARE_MARK, [[row[0] for row in rows], self.lease])
            count += len(rows)
        return count


def turns(cluster: Any, rows: int, batch: int) -> list[tuple[float, float]]:
    """(messages/s of the engine, of the bare loop) for each turn, in alternating order."""
    from anlan.engines.callout import rounds
    from anlan.ground.scope import Scope

    scope = Scope.for_round("bench")
    loop, gateway = Bare(cluster, rows), Yes(TURN_BATCHES[batch])
    send = rounds.sender(gateway, batch)
    found: list[tuple[float, float]] = []

    def ours() -> float:
        gateway.taken, count, started = 0, 0, time.perf_counter()
        while gateway.ready() and (handled := send(scope)):
            count += handled
        return count / (time.perf_counter() - started)

    def theirs() -> float:
        started = time.perf_counter()
        count = loop.run(Yes(TURN_BATCHES[batch]), batch)
        return count / (time.perf_counter() - started)

    each = TURN_BATCHES[batch] * batch
    for number in range(rows // each):
        if number % 2:
            rate = theirs()
            found.append((ours(), rate))
        else:
            rate = ours()
            found.append((rate, theirs()))
    while send(scope):
        gateway.taken = 0
    loop.own.close()
    return found


def _url(cluster: Any, name: str) -> str:
    """The connection as an address, which is what asyncpg reads."""
    import psycopg

    parts = psycopg.conninfo.conninfo_to_dict(cluster.dsn("superuser", name))
    return "postgresql://{user}:{password}@{host}:{port}/{dbname}".format(**parts)


def peer(cluster: Any, batch: int) -> float | None:
    """Messages/s of PgQueuer at the batch, the median of its rounds; None where it is missing."""
    if importlib.util.find_spec("pgqueuer") is None:
        return None
    rates = []
    for number in range(PEER_ROUNDS):
        name = f"peer_{batch}_{number}"
        cluster.create_database(name)
        command = [sys.executable, "-m", "bench.peer_queue", _url(cluster, name),
                   str(PEER_JOBS[batch]), str(batch)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode:
            print(done.stderr[-500:])
            return None
        rates.append(PEER_JOBS[batch] / float(done.stdout.split()[-1]))
    return median(rates)


def _ours(gateway: Any, at: int) -> float:
    """Messages/s of our gateway."""
    from anlan.engines.callout.rounds import Outgoing
    from anlan.engines.callout.rounds.sending import BATCH

    started = time.perf_counter()
    for first in range(at, at + SMPP_TURN, BATCH):
        numbers = range(first, first + BATCH)
        gateway.submit([Outgoing(n, 1, f"101{n:08d}", "短" * 60) for n in numbers])
    return SMPP_TURN / (time.perf_counter() - started)


def _raw(client: Any, at: int) -> float:
    """Messages/s of raw smpplib: as many under way as ours, then their responses."""
    from anlan.engines.callout.rounds.sending import BATCH

    body = ("短" * 60).encode("utf-16-be")
    started = time.perf_counter()
    for first in range(at, at + SMPP_TURN, BATCH):
        for n in range(first, first + BATCH):
            client.send_message(
                source_addr="1", destination_addr=f"101{n:08d}", data_coding=8, short_message=body
            )
        for _n in range(BATCH):
            client.read_once()
    return SMPP_TURN / (time.perf_counter() - started)


def by_smpp(folder: Path, people: int) -> list[tuple[float, float]]:
    """(messages/s of our gateway, of raw smpplib) for each turn, into the telephone box."""
    import smpplib.client

    from anlan.engines.callout.gateway import Centre, SmppGateway

    box = subprocess.Popen(
        [sys.executable, "-m", "phonebox", "--smpp-port", "28775", "--http-port", "28003",
         "--store", str(folder / "box.db")], stdout=subprocess.PIPE,
    )  # fmt: skip
    assert box.stdout is not None
    box.stdout.readline()
    try:
        gateway = SmppGateway(
            Centre("127.0.0.1", 28775, "anlan", "anlan"), lambda *_unused: None, True
        ).start()
        raw = smpplib.client.Client("127.0.0.1", 28775)
        raw.set_message_sent_handler(lambda **_unused: None)
        raw.connect()
        raw.bind_transceiver(system_id="anlan", password="anlan")
        while not gateway.ready():
            time.sleep(0.01)
        found = []
        for number in range(people // SMPP_TURN):
            at = number * SMPP_TURN
            found.append((_ours(gateway, at), _raw(raw, at)))
        gateway.stop()
        raw.unbind()
        raw.disconnect()
        return found
    finally:
        box.terminate()
        box.wait(10)


def main() -> None:
    with measured(__doc__, people=(10_000, 4_000)) as options:
        people = options.people
        with throw_away_county() as cluster:
            fill(people)
            for batch in BATCHES:
                opened, planned, count = plan()
                print(f"{count} messages: open {opened:.2f} s, plan {count / planned:.0f}/s")
                found = turns(cluster, count, batch)
                ours, theirs = median(r[0] for r in found), median(r[1] for r in found)
                ratio = median(a / b for a, b in found)
                print(
                    f"batch {batch}, {len(found)} turns: engine {ours:.0f}/s,"
                    f" bare loop {theirs:.0f}/s, ratio {ratio:.2f} (promise 0.50)"
                )
                queue = peer(cluster, batch)
                told = "NOT RUN: pip install -e .[bench]" if queue is None else f"{queue:.0f}/s"
                print(f"batch {batch}: PgQueuer {told}")
            sent = by_smpp(Path(cluster.folder).parent, min(people, 5_000))
            ours, raw = median(r[0] for r in sent), median(r[1] for r in sent)
            ratio = median(a / b for a, b in sent)
            print(
                f"SMPP, {len(sent)} turns: gateway {ours:.0f}/s, raw smpplib {raw:.0f}/s,"
                f" ratio {ratio:.2f} (promise 0.70)"
            )


if __name__ == "__main__":
    main()
