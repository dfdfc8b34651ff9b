"""A call-out of 10,000 people through the engine, beside the bare claim–send–mark loop.

Same PostgreSQL, same batch, same gateway that says yes at once, one process; then both against a
real SMS centre (the telephone box) beside raw smpplib.

    python -m bench.callout [--people 10000]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.county import throw_away_county

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
    """A gateway without delay."""

    def __init__(self) -> None:
        self.count = 0

    def ready(self) -> bool:
        return True

    def submit(self, batch: Sequence[Any]) -> list[Any]:
        from anlan.engines.callout.rounds import Outcome

        self.count += len(batch)
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


def engine(gateway: Any) -> tuple[int, float, float, float]:
    """(messages, seconds to open, seconds to plan the rings, seconds to claim, send and mark)."""
    from anlan.engines.callout import rounds
    from anlan.ground.scope import Scope

    scope = Scope.for_round("bench")
    started = time.perf_counter()
    launch(f"bench-{started}")
    opened = time.perf_counter()
    while rounds.advance(scope):
        pass
    planned = time.perf_counter()
    send = rounds.sender(gateway)
    count = 0
    while handled := send(scope):
        count += handled
    return count, opened - started, planned - opened, time.perf_counter() - planned


def bare(cluster: Any, people: int, gateway: Any, batch: int = 100) -> float:
    """Seconds of the bare loop over as many rows, in the same batches."""
    import psycopg

    from anlan.engines.callout.rounds.sending import Outgoing

    with psycopg.connect(cluster.dsn("owner", "bench"), autocommit=True) as owner:
        owner.execute(BARE_TABLE)
        owner.execute(
            "INSERT INTO bare (id, text) SELECT n, repeat('短', 60) FROM generate_series(1, %s) n",
            [people],
        )
    with psycopg.connect(cluster.dsn("app", "bench"), autocommit=True) as own:
        started = time.perf_counter()
        lease = 0
        while True:
            lease += 1
            rows = own.execute(BARE_CLAIM, [lease, batch]).fetchall()
            if not rows:
                return time.perf_counter() - started
            gateway.submit([Outgoing(row[0], lease, "1", row[1]) for row in rows])
            own.execute(BARE_MARK, [[row[0] for row in rows], lease])


def by_smpp(folder: Path, people: int) -> tuple[float, float]:
    """(messages/s of our gateway, messages/s of raw smpplib) into the telephone box."""
    import smpplib.client

    from anlan.engines.callout.gateway import Centre, SmppGateway
    from anlan.engines.callout.rounds.sending import BATCH, Outgoing

    box = subprocess.Popen(
        [sys.executable, "-m", "phonebox", "--smpp-port", "28775", "--http-port", "28003",
         "--store", str(folder / "box.db")], stdout=subprocess.PIPE,
    )  # fmt: skip
    assert box.stdout is not None
    box.stdout.readline()
    try:
        centre = Centre("127.0.0.1", 28775, "anlan", "anlan")
        gateway = SmppGateway(centre, lambda *_unused: None, True).start()
        while not gateway.ready():
            time.sleep(0.01)
        started = time.perf_counter()
        for at in range(0, people, BATCH):
            gateway.submit(
                [Outgoing(n, 1, f"101{n:08d}", "短" * 60) for n in range(at, at + BATCH)]
            )
        ours = people / (time.perf_counter() - started)
        gateway.stop()
        raw = smpplib.client.Client("127.0.0.1", 28775)
        raw.connect()
        raw.bind_transceiver(system_id="anlan", password="anlan")
        body = ("短" * 60).encode("utf-16-be")
        started = time.perf_counter()
        for at in range(0, people, BATCH):
            for n in range(at, at + BATCH):
                raw.send_message(
                    source_addr="1", destination_addr=f"101{n:08d}", data_coding=8,
                    short_message=body,
                )  # fmt: skip
            for _n in range(BATCH):
                raw.read_once()
        rate = people / (time.perf_counter() - started)
        raw.unbind()
        raw.disconnect()
        return ours, rate
    finally:
        box.terminate()
        box.wait(10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=10_000)
    people = parser.parse_args().people
    with throw_away_county() as cluster:
        fill(people)
        count, opened, planned, sent = engine(Yes())
        loop = bare(cluster, count, Yes())
        print(f"{count} messages, batch 100, one process, a gateway without delay")
        print(f"open {opened:.2f} s, plan the rings {planned:.2f} s ({count / planned:.0f}/s)")
        print(f"claim-send-mark: engine {count / sent:.0f}/s, bare loop {count / loop:.0f}/s,")
        print(f"ratio {loop / sent:.2f} (promise: 0.50)")
        ours, raw = by_smpp(Path(cluster.folder).parent, min(people, 5_000))
        print(f"SMPP: gateway {ours:.0f}/s, raw smpplib {raw:.0f}/s, ratio {ours / raw:.2f}")


if __name__ == "__main__":
    main()
