"""Over HTTP both sides prove themselves, and nothing that was recorded is worth anything again."""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from anlan.faces.link import letters, peer_actions, proof, rounds
from anlan.faces.link.adapters import http
from anlan.faces.link.adapters.http import ANSWER, FROM, MARK, NONCE, TIME, TO, question
from anlan.faces.link.adapters.http.door import PER_MINUTE_MAX, WINDOW, forget_old
from anlan.faces.link.letters import Letter
from anlan.faces.link.models import Nonce
from anlan.ground.errors import Refusal
from anlan.ground.outside import Allowed
from tests.conftest import COUNTY
from tests.faces.link.sides import COMMAND, ROUND, THERE, Side, fresh, inbox, outbox
from tests.ground.test_outside import Server

DOOR = "/in/link"


def asked(side: Side, letter: Letter, **headers: str) -> tuple[bytes, dict[str, str]]:
    content = letter.text().encode()
    with ROUND.open():
        return content, question(side.key, THERE, COUNTY, content) | headers


def post(content: bytes, headers: dict[str, str], address: str = "10.9.8.7") -> Any:
    return Client(REMOTE_ADDR=address).post(
        DOOR, content, content_type="application/json", headers=headers
    )


def told(answer: Any) -> Any:
    return json.loads(answer.content)


def test_a_signed_letter_is_taken_and_the_receipt_is_signed(side: Side) -> None:
    content, headers = asked(side, side.letter(1))
    answer = post(content, headers)
    assert answer.status_code == 200 and [row.number for row in inbox()] == [1]
    receipt = letters.read_receipt(answer.content, "x")
    assert (receipt.state, receipt.highest, receipt.missing) == ("taken", 1, ())
    assert proof.holds(side.key, answer[MARK], ANSWER, headers[NONCE], "200", answer.content)
    assert fresh(side.peer).heard_at is not None


@pytest.mark.parametrize("part", [FROM, TO, TIME, NONCE, MARK, "content", "none", "key"])
def test_whatever_is_changed_the_mark_does_not_hold(side: Side, part: str) -> None:
    content, headers = asked(side, side.letter(1))
    if part == "content":
        content = side.letter(2).text().encode()
    elif part == "none":
        headers = {}
    elif part == "key":
        stranger = Side(side.peer, proof.new_key())
        content, headers = asked(stranger, side.letter(1))
    else:
        first = headers[part][0]
        headers[part] = ("2" if first != "2" else "3") + headers[part][1:]
    answer = post(content, headers)
    assert answer.status_code == 403 and told(answer)["error"]["code"] == "link-mark"
    assert MARK not in answer and inbox() == []


def test_a_question_is_answered_once(side: Side) -> None:
    content, headers = asked(side, side.letter(1))
    assert post(content, headers).status_code == 200
    again = post(content, headers)
    assert again.status_code == 409 and told(again)["error"]["code"] == "link-replayed"
    assert [row.times for row in inbox()] == [1]


def test_a_recorded_question_is_too_old_when_its_nonce_is_forgotten(
    side: Side, move_clock: Callable[..., None]
) -> None:
    content, headers = asked(side, side.letter(1))
    move_clock(WINDOW.total_seconds() + 2)
    late = post(content, headers)
    assert late.status_code == 403 and told(late)["error"]["code"] == "link-clock"
    assert proof.holds(side.key, late[MARK], ANSWER, headers[NONCE], "403", late.content)
    assert inbox() == []
    content, headers = asked(side, side.letter(1))
    post(content, headers)
    move_clock(3 * WINDOW.total_seconds() + 2)
    assert forget_old(ROUND) == 1
    assert told(post(content, headers))["error"]["code"] == "link-clock"


def test_a_paused_peer_and_one_without_a_key_are_nobody(side: Side) -> None:
    content, headers = asked(side, side.letter(1))
    peer_actions.pause_peer(COMMAND, side.peer.pk, side.peer.version, True)
    assert post(content, headers).status_code == 403
    assert inbox() == []


def test_who_has_no_mark_is_counted_by_address(side: Side) -> None:
    codes = [post(b"{}", {}).status_code for _turn in range(25)]
    assert set(codes[:20]) == {403} and set(codes[20:]) == {429}
    content, headers = asked(side, side.letter(1))
    assert post(content, headers).status_code == 200, "a proved peer is not held up by it"


def test_a_peer_may_ask_so_often_and_no_more(side: Side) -> None:
    from anlan.ground import clock

    with ROUND.open():
        Nonce.objects.bulk_create(
            Nonce(peer=side.peer, nonce=f"{n:032x}", at=clock.now()) for n in range(PER_MINUTE_MAX)
        )
    content, headers = asked(side, side.letter(1))
    answer = post(content, headers)
    assert answer.status_code == 429 and told(answer)["error"]["code"] == "link-often"


def test_what_does_not_hold_is_refused_in_a_signed_receipt(side: Side) -> None:
    content, headers = asked(side, side.letter(1, {"open": True}))
    answer = post(content, headers)
    receipt = letters.read_receipt(answer.content, "x")
    assert (receipt.state, receipt.error["code"]) == ("refused", "letter-schema")
    assert proof.holds(side.key, answer[MARK], ANSWER, headers[NONCE], "200", answer.content)


def test_signed_bytes_that_are_no_letter_are_refused_and_signed(side: Side) -> None:
    content = b"[" * 300
    with ROUND.open():
        headers = question(side.key, THERE, COUNTY, content)
    answer = post(content, headers)
    assert answer.status_code == 422 and told(answer)["error"]["code"] == "letter-deep"
    assert proof.holds(side.key, answer[MARK], ANSWER, headers[NONCE], "422", answer.content)


def test_what_is_too_large_is_refused_before_it_is_read(side: Side) -> None:
    content, headers = asked(side, side.letter(1))
    answer = post(content + b" " * letters.LETTER_BYTES_MAX, headers)
    assert answer.status_code == 413


def test_the_door_takes_nothing_but_a_post(county_db: str) -> None:
    for method in ("get", "put", "delete", "patch"):
        assert getattr(Client(), method)(DOOR).status_code == 405


# the way out


class There:
    """The other county's door, played: it signs as it is told and keeps what came."""

    def __init__(self, side: Side) -> None:
        self.side, self.status, self.sign = side, 200, True
        self.answer: Callable[[Letter], bytes] = lambda one: (
            side.receipt(one.number).text().encode()
        )
        self.head = b""
        self.came: list[Letter] = []
        self.server = Server("127.0.0.1", self._serve)

    def _serve(self, own: socket.socket, asked: bytes) -> None:
        head, _gap, content = asked.partition(b"\r\n\r\n")
        said = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if ": " in line)
        length = int(said["Content-Length"])
        while len(content) < length:
            content += own.recv(65536)
        letter = letters.read_letter(content, "x")
        self.came.append(letter)
        body = self.answer(letter)
        mark = proof.mark(self.side.key, ANSWER, said[NONCE], str(self.status), body)
        lines = f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(body)}\r\n"
        lines += f"{MARK}: {mark}\r\n" if self.sign else ""
        own.sendall(lines.encode() + self.head + b"\r\n" + body)

    @property
    def allowed(self) -> Allowed:
        return Allowed(
            frozenset({f"zhong.example:{self.server.port}"}),
            (ipaddress.ip_network("127.0.0.1/32"),), lambda _host, _port: ["127.0.0.1"],
        )  # fmt: skip


@pytest.fixture
def there(side: Side) -> Iterator[There]:
    own = There(side)
    side.peer.url = f"http://zhong.example:{own.server.port}/in/link"
    yield own
    own.server.socket.close()


def sent(there: There) -> Any:
    with ROUND.open():
        letter = there.side.letter(4, sender=COUNTY, receiver=THERE)
        return http.send(there.side.peer, letter, there.allowed)


def test_a_receipt_comes_back(there: There) -> None:
    assert sent(there).highest == 4 and there.came[0].number == 4


@pytest.mark.parametrize("how", ["unsigned", "status", "words", "page"])
def test_an_answer_that_is_not_the_peers_own_counts_for_nothing(there: There, how: str) -> None:
    if how == "unsigned":
        there.sign = False
    elif how == "status":
        there.head = f"{MARK}: {'0' * 64}\r\n".encode()
        there.sign = False
    elif how == "words":
        there.side = Side(there.side.peer, proof.new_key())
    else:
        there.sign, there.answer = False, lambda _one: b"<html>login</html>"
    with pytest.raises(Refusal) as refused:
        sent(there)
    assert refused.value.code == "link-unproven" and refused.value.mend


def test_a_signed_refusal_is_told_as_the_peer_said_it(there: There) -> None:
    error = {"code": "link-clock", "message": "双方时钟相差 900 秒", "place": "", "mend": "校准"}
    there.status, there.answer = 403, lambda _one: json.dumps({"error": error}).encode()
    with pytest.raises(Refusal) as refused:
        sent(there)
    assert (refused.value.code, refused.value.mend) == ("link-clock", "校准")


def test_a_redirect_is_not_followed_with_a_letter(there: There) -> None:
    there.status, there.head = 307, b"Location: http://127.0.0.1:1/\r\n"
    with pytest.raises(Refusal) as refused:
        sent(there)
    assert refused.value.code == "out-redirects" and len(there.came) == 1


def test_the_row_alone_never_leads_to_this_machine(there: There) -> None:
    """R38: what the round is allowed by the row itself; there is no test's resolver in it."""
    there.side.peer.url = f"http://127.0.0.1:{there.server.port}/in/link"
    letter = there.side.letter(4, sender=COUNTY, receiver=THERE)
    with ROUND.open(), pytest.raises(Refusal) as refused:
        http.send(there.side.peer, letter, rounds.allowed_of(there.side.peer))
    assert refused.value.code == "out-address" and there.came == []


def test_a_pass_sends_what_waits_then_a_sign_of_life_and_a_failure_rests(
    there: There, subscribed: Any, scope_of: Callable[..., Any], move_clock: Callable[..., None]
) -> None:
    from anlan.faces.link import queries
    from tests.faces.link.sides import open_zones

    open_zones(scope_of)
    rounds.compose(ROUND)
    peer = there.side.peer
    assert [one.pk for one in queries.to_carry(ROUND)] == [peer.pk]
    assert rounds.carry(ROUND, peer, there.allowed) == 2
    assert [(one.kind, one.number, one.last) for one in there.came] == [
        ("headcount", 1, 1), ("state", 0, 1),
    ]  # fmt: skip
    assert outbox()[0].receipt_at is not None and fresh(peer).heard_at is not None
    assert queries.to_carry(ROUND) == []
    move_clock(301)
    there.sign = False
    rounds.carry(ROUND, peer, there.allowed)
    row = fresh(peer)
    assert row.failures == 1 and "签名" in row.error
    assert queries.to_carry(ROUND) == [], "left alone for a while"
    move_clock(301)
    there.sign = True
    assert [one.pk for one in queries.to_carry(ROUND)] == [peer.pk]
    rounds.carry(ROUND, peer, there.allowed)
    assert fresh(peer).failures == 0


def test_a_greeting_says_what_the_other_side_has_and_why_it_does_not_answer(there: There) -> None:
    side = there.side
    there.answer = lambda _one: side.receipt(0, state="known", highest=0).text().encode()
    assert rounds.greet(side.peer, there.allowed) == (True, "对方收到第 0 号，没有缺号")
    there.sign = False
    good, said = rounds.greet(side.peer, there.allowed)
    assert not good and "签名" in said
    assert len(there.came) == 2, "each time at once"


def test_letters_of_a_pass_that_failed_go_out_as_soon_as_the_peer_is_tried_again(
    there: There, subscribed: Any, scope_of: Callable[..., Any], move_clock: Callable[..., None]
) -> None:
    from anlan.faces.link import queries
    from tests.faces.link.sides import open_zones

    open_zones(scope_of)
    rounds.compose(ROUND)
    there.sign = False
    assert rounds.carry(ROUND, there.side.peer, there.allowed) == 0
    assert queries.to_carry(ROUND) == []
    move_clock(6)
    there.sign = True
    assert [one.pk for one in queries.to_carry(ROUND)] == [there.side.peer.pk]
    assert rounds.carry(ROUND, there.side.peer, there.allowed) == 2
