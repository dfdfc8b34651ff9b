"""A trial of the gateway: step by step, to nobody who did not ask for it, against a real centre."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from anlan.engines.callout import trial
from anlan.engines.callout.actions import receive_message
from anlan.engines.callout.gateway import Centre
from anlan.ground.errors import Denied, Refusal
from anlan.ground.scope import Actor, Scope
from tests.engines.callout.test_smpp_peer import Peer, node, peer

__all__ = ["node", "peer"]
NUMBER = "13900007777"
SCOPE = Scope.for_command("gateway-test", frozenset({"system.manage"}))


def centre_of(own: Peer, password: str = "anlan") -> Centre:
    return Centre("127.0.0.1", own.port, "anlan", password, "12379")


def refusal(centre: Centre, number: str = NUMBER) -> Refusal:
    with pytest.raises(Refusal) as caught:
        trial.refuse_unconfirmed(SCOPE, centre, number)
    return caught.value


def sent(number: str, text: str) -> None:
    receive_message(Scope.for_gateway("smpp"), "smpp", f"{number} {text}", number, text)


def asked_for(centre: Centre, number: str = NUMBER) -> str:
    """What the refusal tells the owner to send."""
    said = refusal(centre, number)
    assert said.code == "number-unconfirmed" and "12379" in said.mend
    return said.mend.split("发短信 ")[1].split(" ")[0]


def test_a_number_is_written_to_only_after_its_owner_sent_todays_code(
    county_db: str, move_clock: Callable[[float], None]
) -> None:
    centre = Centre("127.0.0.1", 1, "a", "b", "12379")
    word = asked_for(centre)
    sent(NUMBER, "测试000000" if word != "测试000000" else "测试000001")
    sent("13900008888", word)
    assert asked_for(centre) == word, "another code, another telephone: not confirmed"
    assert asked_for(centre, "13900008888") != word, "each number has its own code"
    sent(NUMBER, word[:2] + " " + word[2:])
    trial.refuse_unconfirmed(SCOPE, centre, NUMBER)
    move_clock(trial.CONFIRMED_S + 60)
    assert refusal(centre).code == "number-unconfirmed", "good for a day"


@pytest.mark.parametrize(
    "number", ["", "abc", "+8613900007777", "1390000", "１３９００００７７７７", "9" * 21]
)
def test_what_is_no_number_is_refused(county_db: str, number: str) -> None:
    found = refusal(Centre("127.0.0.1", 1, "a", "b"), number)
    assert found.code in ("number", "number-unconfirmed")
    assert found.code == "number" or number.isdigit()


def test_a_demonstration_county_reaches_this_machine_only() -> None:
    outside = Centre("192.0.2.1", 2775, "a", "b")
    with pytest.raises(Refusal) as caught:
        trial.refuse_outside(outside, demo=True)
    assert caught.value.code == "demo-outside"
    trial.refuse_outside(outside, demo=False)
    trial.refuse_outside(Centre("127.0.0.1", 2775, "a", "b"), demo=True)


def test_the_message_arrives_and_each_step_is_told(peer: Peer) -> None:
    steps = trial.send(centre_of(peer), NUMBER, "【安澜】测试短信 08:00，收到不用回复。")
    assert [(s.name, s.good) for s in steps] == [
        ("configured", True), ("connected", True), ("bound", True), ("answered", True),
    ]  # fmt: skip
    heard = peer.expect("submit")
    assert NUMBER in str(heard) and "测试短信" in str(heard)
    assert "anlan，" in steps[0].said and "编号" in steps[-1].said


def test_a_centre_that_refuses_is_told_at_its_step(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = trial.send(centre_of(peer, "wrong"), NUMBER, "x")
    assert [(s.name, s.good) for s in steps][-1] == ("bound", False)
    assert "ANLAN_SMPP_PASSWORD" in steps[-1].said
    peer.order(do="refuse", count=1)
    steps = trial.send(centre_of(peer), NUMBER, "x")
    assert [(s.name, s.good) for s in steps][-1] == ("answered", False) and "0x58" in steps[-1].said


def test_a_centre_that_says_nothing_is_not_waited_for_for_ever(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "RESPONSE_S_MAX", 0.5)
    monkeypatch.setattr(trial, "READ_S", 0.2)
    peer.order(do="silent", on=True)
    steps = trial.send(centre_of(peer), NUMBER, "x")
    assert [(s.name, s.good) for s in steps][-1] == ("answered", False)


def test_nobody_there_is_said_at_that_step() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    steps = trial.send(Centre("127.0.0.1", port, "a", "b"), NUMBER, "x")
    assert [(s.name, s.good) for s in steps] == [("configured", True), ("connected", False)]
    assert "ANLAN_SMPP" in steps[-1].said


def test_the_trial_is_in_the_journal_with_a_masked_number(county_db: str) -> None:
    from anlan.ground.models import JournalLine

    trial.record(SCOPE, NUMBER, [trial.Step("connected", False, "连不上")])
    with SCOPE.open():
        line = JournalLine.objects.get(action="gateway.tested")
    assert (line.object_id, line.result) == ("139****7777", "failed") and NUMBER not in line.why
    other: Any = Scope("admin", 1, 0, 0, Actor("account", 1, "甲"), frozenset({"account.manage"}))
    with pytest.raises(Denied):
        trial.record(other, NUMBER, [trial.Step("connected", True, "")])
