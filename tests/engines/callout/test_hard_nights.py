"""What must hold when things happen at the wrong moment: stopping, failing, changing shifts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from anlan.engines.callout import actions, rounds
from anlan.engines.callout.decisions import Next, decide
from anlan.engines.callout.models import Attempt, Call, Callout
from anlan.engines.callout.rounds import calls, sending
from anlan.ground.errors import Denied
from anlan.ground.scope import Scope
from tests.engines.callout.test_night import (
    MINUTES,
    Box,
    code_of,
    launch,
    number_of,
    sms,
    turn,
)

ROUND = Scope.for_round("test")
COUNTY = 500231000000
NOW = datetime(2024, 7, 10, 22, 15, tzinfo=UTC)


@pytest.fixture
def opened(county_db: str, scope_of: Callable[..., Any]) -> Callout:
    return actions.open_callout(scope_of("duty_officer"), launch())


class Refusing(Box):
    """A centre that refuses everything."""

    def submit(self, batch: Sequence[rounds.Outgoing]) -> list[rounds.Outcome]:
        self.sent += batch
        return [rounds.Outcome(out.attempt_id, out.lease, "", "smpp-0x58") for out in batch]


def test_stopping_while_a_round_plans_sends_nothing_afterwards(
    opened: Callout, scope_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The round holds its calls and has not committed when the stop begins."""
    from django.db import connections

    officer, planned, go_on = scope_of("duty_officer"), threading.Event(), threading.Event()
    real = calls._keep

    def slow(due: list[Call]) -> None:
        real(due)
        planned.set()
        go_on.wait(5)

    monkeypatch.setattr(calls, "_keep", slow)

    def plan() -> None:
        rounds.advance(ROUND)
        connections.close_all()

    def stop() -> None:
        actions.stop_callout(officer, opened.id, "发错范围")
        connections.close_all()

    first = threading.Thread(target=plan)
    first.start()
    assert planned.wait(5)
    second = threading.Thread(target=stop)
    second.start()
    second.join(1.0)
    go_on.set()
    first.join()
    second.join()
    box = Box()
    while rounds.sender(box)(ROUND):
        pass
    assert box.sent == []


def test_a_refused_message_is_not_tried_again_after_the_stop(
    opened: Callout, scope_of: Callable[..., Any], move_clock: Callable[..., None]
) -> None:
    rounds.advance(ROUND)
    batch = rounds.claim(ROUND)
    actions.stop_callout(scope_of("duty_officer"), opened.id, "发错范围")
    rounds.mark(ROUND, [rounds.Outcome(o.attempt_id, o.lease, "", "smpp-0x58") for o in batch])
    move_clock(sending.RETRY_S + 1)
    assert rounds.claim(ROUND) == []


def test_an_expired_lease_is_not_taken_up_again_after_the_stop(
    opened: Callout, scope_of: Callable[..., Any], move_clock: Callable[..., None]
) -> None:
    rounds.advance(ROUND)
    assert rounds.claim(ROUND)
    actions.stop_callout(scope_of("duty_officer"), opened.id, "发错范围")
    move_clock(sending.LEASE_S + 1)
    assert rounds.claim(ROUND) == []


def test_no_attempt_is_handed_over_more_than_twice_even_when_the_centre_refuses(
    opened: Callout, move_clock: Callable[..., None]
) -> None:
    own = Refusing()
    for _try in range(8):
        turn(own)
        move_clock(sending.RETRY_S + 1)
    times = [[out.attempt_id for out in own.sent].count(o.attempt_id) for o in own.sent]
    assert max(times) <= 2


def test_one_more_message_to_a_ringing_person_does_not_stop_the_county(
    opened: Callout, box: Box, move_clock: Callable[..., None]
) -> None:
    turn(box)
    with ROUND.open():
        first = Attempt.objects.order_by("id").first()
        assert first is not None
    actions.send_more(ROUND, first.call_id, first.person_id, "转移登记")
    turn(box)
    move_clock(MINUTES * 60 + 1)
    assert len(turn(box)) >= 2


def test_wrong_person_twice_does_not_burn_through_the_chain(opened: Callout, box: Box) -> None:
    turn(box)
    number, code = number_of("unit_duty", COUNTY), code_of("unit_duty", COUNTY)
    for ident in ("a", "b", "c", "d"):
        sms(number, code + " 9", ident)
        turn(box)
    with ROUND.open():
        assert Call.objects.get(post_title="县水利局值班室").rings <= 2


def test_whoever_comes_on_duty_in_the_night_is_rung() -> None:
    """1 was rung twice; then 2 takes over the shift."""
    step = decide(2, [2, 1], [], None, NOW, NOW, 10, [1, 1])
    assert (step.next, step.person_id) == (Next.RING, 2)


def test_red_is_planned_before_an_older_backlog_of_blue(
    county_db: str, scope_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = scope_of("duty_officer")
    monkeypatch.setattr(calls, "ADVANCE_BATCH", 1)
    actions.open_callout(officer, launch(grade="blue", key="blue"))
    red = actions.open_callout(officer, launch(grade="red", key="red"))
    rounds.advance(ROUND)
    with ROUND.open():
        assert Call.objects.get(state="ringing").callout_id == red.id


def test_an_approver_without_a_drafter_is_no_second_person(
    county_db: str, scope_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions.values, "running", lambda *_a: 1)
    with pytest.raises(Denied):
        actions.open_callout(scope_of("duty_officer"), launch(approved_by=5))


def test_an_odd_reference_of_the_centre_does_not_wedge_the_sender(
    opened: Callout, box: Box
) -> None:
    class Odd(Box):
        def submit(self, batch: Sequence[rounds.Outgoing]) -> list[rounds.Outcome]:
            self.sent += batch
            return [rounds.Outcome(o.attempt_id, o.lease, "x\0" * 60) for o in batch]

    rounds.advance(ROUND)
    rounds.sender(Odd())(ROUND)
    with ROUND.open():
        assert set(Attempt.objects.values_list("state", flat=True)) == {"submitted"}


@pytest.fixture
def box() -> Box:
    return Box()


def test_a_centre_that_swallows_responses_does_not_fill_the_window(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from anlan.engines.callout import gateway as smpp

    monkeypatch.setattr(smpp, "RESPONSE_S_MAX", 0.05)
    own = smpp.SmppGateway(smpp.Centre("127.0.0.1", 1, "a", "b"), lambda *_a: None, True)
    mute = smpp._Client("127.0.0.1", 1, own._heard)
    heard: list[object] = []
    monkeypatch.setattr(mute, "send_pdu", heard.append)
    own.client = mute
    own.bound.set()
    batch = [rounds.Outgoing(n, 1, f"101{n:08d}", "短") for n in range(smpp.WINDOW)]
    assert own.submit(batch) == []
    assert own.submit(batch[:10]) == [] and len(heard) == smpp.WINDOW + 10


def test_what_never_left_this_machine_is_said_to_have_failed() -> None:
    from anlan.engines.callout import gateway as smpp

    own = smpp.SmppGateway(smpp.Centre("127.0.0.1", 1, "a", "b"), lambda *_a: None, True)
    assert own.submit([rounds.Outgoing(1, 1, "10100000001", "短")]) == [
        rounds.Outcome(1, 1, "", "not-sent")
    ]
