"""Two counties and a wire that is cut, doubles and reorders (R69): 0 lost, 0 twice, state equal.

Each county is a database, keys and a process of its own; between them stands a proxy of ours. In
the hour that the wire is cut both processes are killed and started again. The clock moves: no hour
is waited for.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.drills.county import free_port
from tests.faults.link_county import RECIPE

SEED = 71124
TURN_S = 1801
WAIT_S_MAX = 90.0
HELD_MAX = 6
NEIGHBOUR = 500233000000
OURS = 500231000000


@dataclass
class Wire:
    """A proxy that passes whole questions on, loses, doubles or keeps them back, by a seed."""

    target: int
    seed: int
    mode: str = "calm"
    did: dict[str, int] = field(default_factory=dict)
    held: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.made = random.Random(self.seed)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                own, _who = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(own,), daemon=True).start()

    def _one(self, own: socket.socket) -> None:
        own.settimeout(10)
        with own:
            try:
                asked = whole(own)
                answer = self._treated(asked)
                if answer:
                    own.sendall(answer)
            except OSError:
                self._note("broken")

    def _treated(self, asked: bytes) -> bytes:
        """What comes back for a question; nothing where the wire swallows it."""
        how = {"calm": "pass", "cut": "lost", "deaf": "answer-lost"}.get(
            self.mode
        ) or self.made.choice(["pass", "pass", "lost", "answer-lost", "doubled", "kept-back"])
        self._note(how)
        if how == "lost":
            return b""
        if how == "kept-back" and len(self.held) < HELD_MAX:
            self.held.append(asked)
            return b""
        answers = [self._pass(asked) for _turn in range(2 if how == "doubled" else 1)]
        if self.held and self.made.random() < 0.5:
            self.made.shuffle(self.held)
            self._pass(self.held.pop())
            self._note("late")
        return b"" if how == "answer-lost" else answers[0]

    def _pass(self, asked: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.target), timeout=10) as there:
            there.sendall(asked)
            return whole(there)

    def _note(self, what: str) -> None:
        self.did[what] = self.did.get(what, 0) + 1


def whole(own: socket.socket) -> bytes:
    """One message with its body, by its Content-Length."""
    found = b""
    while b"\r\n\r\n" not in found:
        piece = own.recv(65536)
        if not piece:
            raise OSError("the other side left")
        found += piece
    head, gap, body = found.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n")
         if line.lower().startswith(b"content-length")), 0,
    )  # fmt: skip
    while len(body) < length:
        piece = own.recv(65536)
        if not piece:
            raise OSError("the other side left")
        body += piece
    return head + gap + body


@dataclass
class County:
    """A county with its process. recipe: what `link_county` is told."""

    home: Path
    dsn: Callable[[str, str], str]
    recipe: dict[str, Any]
    process: subprocess.Popen[bytes] | None = None

    def environment(self) -> dict[str, str]:
        return dict(os.environ) | {
            "ANLAN_HOME": str(self.home), "ANLAN_KEYS": str(self.home / "keys"),
            "ANLAN_FILES": str(self.home / "files"), "ANLAN_ROLE": "console", "ANLAN_TEST": "1",
            RECIPE: json.dumps(self.recipe),
        }  # fmt: skip

    def program(self, word: str) -> list[str]:
        return [sys.executable, "-m", "tests.faults.link_county", word]

    def start(self) -> None:
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.program("run"), env=self.environment(), stdout=log, stderr=log
            )
        until(self.listens)

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.recipe["port"])) == 0

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(
            self.dsn("superuser", self.recipe["database"]["NAME"]), autocommit=True
        ) as own:
            cursor = own.execute(sql, values or None)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def move_clock(self, seconds: float) -> None:
        self.ask('UPDATE ground_world SET "offset" = "offset" + make_interval(secs => %s)'
                 " WHERE id = 0", seconds)  # fmt: skip

    def sent(self) -> dict[int, str]:
        """Number → the words of the letter."""
        return dict(self.ask("SELECT number, letter FROM link_outgoing"))

    def unreceipted(self) -> int:
        return int(self.ask("SELECT count(*) FROM link_outgoing WHERE receipt_at IS NULL")[0][0])


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S_MAX
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@dataclass
class Two:
    """Both counties and both wires."""

    here: County
    there: County
    wires: tuple[Wire, Wire]

    @property
    def both(self) -> tuple[County, County]:
        return self.here, self.there

    def mode(self, mode: str) -> None:
        for wire in self.wires:
            wire.mode = mode

    def turn(self) -> None:
        """Half an hour later: each county has made one letter more."""
        made = [len(county.sent()) for county in self.both]
        for county in self.both:
            county.move_clock(TURN_S)
        until(lambda: all(
            len(county.sent()) > before for county, before in zip(self.both, made, strict=True)
        ))  # fmt: skip

    def settle(self) -> None:
        """The clock goes on by seconds until nothing waits for its receipt."""
        deadline = time.monotonic() + WAIT_S_MAX
        while any(county.unreceipted() for county in self.both):
            assert time.monotonic() < deadline, [county.sent().keys() for county in self.both]
            for county in self.both:
                county.move_clock(20)
            time.sleep(0.1)

    def close(self) -> None:
        """Everybody is home: one more letter says so, and then there is nothing to tell."""
        for county in self.both:
            county.ask("UPDATE evacuation_opening SET state = 'closed'")
        until(lambda: all(
            '"open":false' in max(county.sent().items())[1] for county in self.both
        ))  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What the checker found: letters lost, letters taken twice, and whether the state is equal."""

    lost: int
    twice: int
    equal: bool


def check(sender: County, receiver: County) -> Verdict:
    """Hold every letter that was given a number against what the other side has."""
    sent = {number: json.loads(text) for number, text in sender.sent().items()}
    came = receiver.ask("SELECT number, body, as_of FROM link_incoming ORDER BY id")
    told = [(row[1], row[2].isoformat()) for row in came]
    wanted = [(one["body"], as_utc(one["as_of"])) for one in sent.values()]
    lost = sum(one not in told for one in wanted)
    twice = sum(told.count(one) > 1 for one in wanted)
    newest = receiver.ask("SELECT body FROM link_incoming ORDER BY number DESC LIMIT 1")
    last = sent[max(sent)]["body"]
    numbers = sorted(row[0] for row in came)
    equal = bool(newest) and newest[0][0] == last and numbers == sorted(sent)
    return Verdict(lost, twice, equal)


def as_utc(text: str) -> str:
    from datetime import UTC, datetime

    return datetime.fromisoformat(text).astimezone(UTC).isoformat()


@pytest.fixture(scope="module")
def made(
    cluster: Any, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[County, County]]:
    """Two counties whole, never started: every test has copies of them."""
    from anlan.faces.link.proof import new_key
    from anlan.ground.secrets import make_keys

    key, found = new_key(), []
    for code, peer, name in ((OURS, NEIGHBOUR, "忠县"), (NEIGHBOUR, OURS, "垫江县")):
        place = tmp_path_factory.mktemp(f"{code}-")
        make_keys(place / "keys")
        database = f"anlan_link_{code // 10**6}"
        cluster.create_database(database, template=template)
        recipe = {"code": code, "peer": peer, "peer_name": name, "key": key, "mutant": "",
                  "url": "http://localhost:1/in/link", "sheltered": 3 if code == OURS else 1}  # fmt: skip
        found.append(at_database(County(place, cluster.dsn, recipe), database))
    makers = [subprocess.Popen(own.program("make"), env=own.environment()) for own in found]
    assert [maker.wait(WAIT_S_MAX) for maker in makers] == [0, 0]
    yield found[0], found[1]
    for own in found:
        cluster.drop_database(own.recipe["database"]["NAME"])
        shutil.rmtree(own.home, ignore_errors=True)


def at_database(own: County, database: str) -> County:
    parts = psycopg.conninfo.conninfo_to_dict(own.dsn("app", database))
    named = {"NAME": database, "USER": parts["user"], "PASSWORD": parts.get("password", ""),
             "HOST": parts["host"], "PORT": str(parts["port"])}  # fmt: skip
    return replace(own, recipe=own.recipe | {"database": named})


@pytest.fixture
def two(cluster: Any, made: tuple[County, County]) -> Iterator[Callable[..., Two]]:
    """Copies of both counties with their processes; `mutant` breaks both."""
    started: list[County] = []
    wires: list[Wire] = []

    def start(mutant: str = "", seed: int = SEED) -> Two:
        ports = (free_port(), free_port())
        wires[:] = [Wire(ports[1], seed), Wire(ports[0], seed + 1)]
        for whole, port, wire in zip(made, ports, wires, strict=True):
            name = str(whole.recipe["database"]["NAME"])
            cluster.create_database(f"{name}_copy", template=name)
            own = at_database(whole, f"{name}_copy")
            own.recipe |= {"port": port, "mutant": mutant}
            started.append(own)
            url = f"http://localhost:{wire.port}/in/link"
            own.ask("UPDATE link_peer SET url = %s", url)
        for own in started:
            own.start()
        return Two(started[0], started[1], (wires[0], wires[1]))

    yield start
    for own in started:
        own.kill()
        cluster.drop_database(own.recipe["database"]["NAME"])
    for wire in wires:
        wire.listener.close()


def drill(two: Two, hours: int) -> None:
    """A calm start, an hour without a wire, both ends restarted in it, then a wire that errs."""
    two.turn()
    two.mode("cut")
    for _half_hour in range(2 * hours):
        two.turn()
    for county in two.both:
        county.kill()
        county.start()
    assert all(county.unreceipted() >= 2 * hours for county in two.both), "nothing came through"
    two.mode("errs")
    for number in range(4):
        two.turn()
        if number == 1:
            for county in two.both:
                county.kill()
                county.start()
    two.close()


def test_a_wire_cut_for_an_hour_loses_nothing_and_tells_nothing_twice(
    two: Callable[..., Two],
) -> None:
    own = two()
    drill(own, hours=1)
    own.settle()
    own.mode("calm")
    for sender, receiver in (own.both, own.both[::-1]):
        assert check(sender, receiver) == Verdict(0, 0, True)
        assert len(sender.sent()) >= 8
    did = {name: sum(wire.did.get(name, 0) for wire in own.wires) for name in own.wires[0].did}
    print("the wire", did)
    assert min(did.get(name, 0) for name in ("lost", "answer-lost", "doubled", "kept-back")) > 0


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(5))
def test_a_wire_cut_for_a_day_loses_nothing_whatever_the_seed(
    two: Callable[..., Two], seed: int
) -> None:
    own = two(seed=SEED + 10 * seed)
    drill(own, hours=24)
    own.settle()
    for sender, receiver in (own.both, own.both[::-1]):
        assert check(sender, receiver) == Verdict(0, 0, True)


def test_mutant_that_does_not_look_at_the_number_is_caught(two: Callable[..., Two]) -> None:
    own = two("number")
    own.mode("deaf")
    for _half_hour in range(2):
        own.turn()
    own.mode("calm")
    own.settle()
    verdicts = [check(*pair) for pair in (own.both, own.both[::-1])]
    assert any(verdict.twice for verdict in verdicts), "its letters stand twice"


def test_mutant_that_waits_for_no_receipt_is_caught(two: Callable[..., Two]) -> None:
    own = two("receipt")
    own.mode("cut")
    for _half_hour in range(2):
        own.turn()
    until(lambda: not any(county.unreceipted() for county in own.both))
    own.mode("calm")
    own.turn()
    verdicts = [check(*pair) for pair in (own.both, own.both[::-1])]
    assert any(verdict.lost for verdict in verdicts), "what the cut wire swallowed is gone"
