"""The player: the same seed plays the same night; what is given again is answered once."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from player.door import Away, Door, Over
from player.play import Player
from player.script import Message, Script, households

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2024, 7, 10, 14, 15, tzinfo=UTC)
LINK = "http://localhost:1/a/" + "A" * 30


def message(ident: int = 1, person: int = 1, text: str = LINK, **more: Any) -> Message:
    return Message(
        ident, person, more.pop("role", "first"), more.pop("try_no", 1), text, NOW, **more
    )


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.floats(0, 1), st.integers(1, 4))
def test_the_same_seed_answers_the_same(seed: int, person: int, silent: float, n: int) -> None:
    script = Script(seed, silent, (20, 240))
    first = script.reply(message(1, person, try_no=n))
    assert first == script.reply(message(99, person, try_no=n)), "the message's number says nothing"
    if first is not None:
        assert timedelta(seconds=20) <= first.at - NOW <= timedelta(seconds=240)
        assert first.fields == script.reply(message(7, person, try_no=n)).fields  # type: ignore[union-attr]


def test_the_share_that_stays_silent_is_about_what_was_asked() -> None:
    script = Script(71124, 0.3, (5, 5))
    heard = sum(script.reply(message(n, n)) is not None for n in range(2000))
    assert 0.66 < heard / 2000 < 0.74
    assert sum(Script(1, 1.0, (5, 5)).reply(message(n, n)) is not None for n in range(200)) == 0
    assert all(Script(1, 0.0, (5, 5)).reply(message(n, n)) for n in range(200))


@pytest.mark.parametrize(
    "text", ["回4821", "", "http://localhost/a/short", "http://x/b/" + "A" * 30]
)
def test_a_message_without_a_link_has_no_answer(text: str) -> None:
    assert Script(1, 0.0, (5, 5)).reply(message(text=text)) is None


def test_whom_the_controller_silenced_never_answers() -> None:
    assert Script(1, 0.0, (5, 5)).reply(message(silent=True)) is None


def test_every_household_of_a_page_gets_a_place() -> None:
    page = "".join(f'<input name="where-{n}" value="x"><input name="where-{n}">' for n in range(50))
    found = households(page, "s")
    assert len(found) == 50 and found == households(page, "s") != households(page, "t")
    assert set(found.values()) <= {"sheltered", "relatives", "elsewhere", "refused", "not_yet"}


class Way:
    """A county that gives each message until it is said to be had."""

    def __init__(self, *messages: Message):
        self.now, self.left, self.pressed = NOW, list(messages), []

    def outbox(self, taken: list[int]) -> tuple[datetime, list[Message]]:
        self.left = [one for one in self.left if one.id not in taken]
        return self.now, list(self.left)

    def page(self, path: str) -> str | None:
        return (
            '<input name="where-5"><input type="hidden" name="request_key" value="'
            + "a" * 32
            + '">'
        )

    def press(self, path: str, fields: dict[str, str]) -> bool:
        self.pressed.append((path, fields))
        return True


def test_a_turn_answers_what_is_due_and_says_when_the_next_is() -> None:
    way = Way(message(1, 1), message(2, 2, LINK.replace("/a/", "/h/")))
    own = Player(way, Script(1, 0.0, (10, 10)))
    turn = own.turn()
    assert (turn.taken, turn.answered, turn.next_at) == (2, 0, NOW + timedelta(seconds=10))
    way.now += timedelta(seconds=10)
    turn = own.turn()
    assert (turn.taken, turn.answered, turn.next_at) == (0, 2, None)
    assert sorted(path[:3] for path, _fields in way.pressed) == ["/a/", "/h/"]
    counted = next(fields for path, fields in way.pressed if path.startswith("/h/"))
    assert set(counted) == {"where-5", "request_key"}


def test_what_is_given_again_is_answered_once() -> None:
    way = Way(message(1, 1))
    own = Player(way, Script(1, 0.0, (0, 0)))
    own.turn()
    way.left = [message(1, 1)]  # the county forgot that the player has it
    own.turn()
    assert len(way.pressed) == 1


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    status = 200
    seen: list[Any] = []

    def log_message(self, *_args: Any) -> None:
        return

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        type(self).seen.append((self.path, self.headers.get("Authorization"), parse_qs(body)))
        told = {"now": NOW.isoformat(), "messages": []}
        data = json.dumps(told).encode()
        self.send_response(type(self).status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def server() -> Iterator[tuple[str, type[Handler]]]:
    bound = type("Bound", (Handler,), {"seen": [], "status": 200})
    own = ThreadingHTTPServer(("127.0.0.1", 0), bound)
    own.daemon_threads = True
    threading.Thread(target=own.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{own.server_port}", bound
    own.shutdown()
    own.server_close()


def test_the_door_carries_the_token_and_what_it_has(server: tuple[str, type[Handler]]) -> None:
    url, bound = server
    door = Door(url, "T" * 20)
    assert door.outbox([3, 4]) == (NOW, [])
    assert bound.seen == [("/exercise/outbox", "Bearer " + "T" * 20, {"taken": ["3,4"]})]
    for status, error in ((410, Over), (403, Over), (503, Away), (500, Away)):
        bound.status = status
        with pytest.raises(error):
            door.outbox([])
    door.close()


def test_a_door_that_nobody_opens_is_away_and_not_a_crash() -> None:
    with pytest.raises(Away):
        Door("http://127.0.0.1:9", "x").outbox([])


def test_as_a_program_it_plays_a_turn_a_line_and_ends_with_its_input(
    server: tuple[str, type[Handler]],
) -> None:
    url, _bound = server
    told = json.dumps({"url": url, "token": "T", "seed": 1, "silent": 0.1, "delay_s": [1, 2]})
    done = subprocess.run(
        [sys.executable, "-m", "player", "--stepped"], input=f"{told}\n\n\n", text=True,
        capture_output=True, cwd=ROOT, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"taken": 0, "answered": 0, "next": None}
    ] * 2


def test_it_imports_nothing_of_anlan() -> None:
    seen = subprocess.run(
        [sys.executable, "-c", "import player.__main__, sys;"
         "print([m for m in sys.modules if m.split('.')[0] in ('anlan', 'django', 'psycopg')])"],
        capture_output=True, text=True, cwd=ROOT, timeout=60, check=True,
    )  # fmt: skip
    assert seen.stdout.strip() == "[]"
