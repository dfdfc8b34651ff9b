"""The test of the tests: two broken twins of the sender, and the checks that catch them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from anlan.engines.callout import actions, rounds
from anlan.engines.callout.models import Callout
from anlan.engines.callout.rounds import sending
from anlan.ground.scope import Scope
from tests.engines.callout.test_night import Box, launch

ROUND = Scope.for_round("test")
WAIT_S_MAX = 3.0


class Killed(Exception):
    """Stands for kill -9 between two statements."""


@pytest.fixture
def opened(county_db: str, scope_of: Callable[..., Any]) -> Callout:
    made = actions.open_callout(scope_of("duty_officer"), launch())
    rounds.advance(ROUND)
    return made


def claim_send_mark(box: Box, die_after: str = "") -> None:
    """As the worker does it: counted before sending, marked after."""
    batch = rounds.claim(ROUND)
    if die_after == "claim":
        raise Killed
    outcomes = box.submit(batch)
    if die_after == "send":
        raise Killed
    rounds.mark(ROUND, outcomes)


def mutant_mark_before_sending(box: Box, die_after: str = "") -> None:
    """The broken twin: marked first, so a death before the sending loses the message."""
    batch = rounds.claim(ROUND)
    rounds.mark(ROUND, [rounds.Outcome(out.attempt_id, out.lease, "ref") for out in batch])
    if die_after == "claim":
        raise Killed
    box.submit(batch)


def nobody_is_lost(
    sender: Callable[..., None], die_after: str, move_clock: Callable[..., None]
) -> bool:
    """Kill the sender once, let it come back, and see whether everyone got a message."""
    box = Box()
    with pytest.raises(Killed):
        sender(box, die_after)
    move_clock(sending.LEASE_S + 1)
    sender(box)
    return {out.attempt_id for out in box.sent} == set(attempts())


def attempts() -> list[int]:
    from anlan.engines.callout.models import Attempt

    with ROUND.open():
        return list(Attempt.objects.values_list("id", flat=True))


@pytest.mark.parametrize("die_after", ["claim", "send"])
def test_a_sender_that_dies_loses_nobody(
    opened: Callout, move_clock: Callable[..., None], die_after: str
) -> None:
    assert nobody_is_lost(claim_send_mark, die_after, move_clock)


def test_mutant_marked_before_sending_is_caught(
    opened: Callout, move_clock: Callable[..., None]
) -> None:
    assert not nobody_is_lost(mutant_mark_before_sending, "claim", move_clock)


def test_no_attempt_goes_out_more_than_twice_however_often_the_sender_dies(
    opened: Callout, move_clock: Callable[..., None]
) -> None:
    box = Box()
    for _death in range(5):
        with pytest.raises(Killed):
            claim_send_mark(box, "send")
        move_clock(sending.LEASE_S + 1)
        rounds.expire(ROUND)
    times = [[out.attempt_id for out in box.sent].count(ident) for ident in attempts()]
    assert max(times) == 2
    from anlan.engines.callout.models import Attempt

    with ROUND.open():
        assert set(Attempt.objects.values_list("state", flat=True)) == {"unknown"}


def claims_beside_a_frozen_worker(frozen_sql: str, owner_sql: Any) -> bool:
    """Whether a second worker gets rows while a first one holds the oldest row and is stopped."""
    from django.db import connection, connections

    holding, done = threading.Event(), threading.Event()

    def frozen() -> None:
        with ROUND.open(), connection.cursor() as cursor:
            cursor.execute("SELECT id FROM callout_attempt ORDER BY id LIMIT 1 FOR UPDATE")
            holding.set()
            done.wait(WAIT_S_MAX * 2)
        connections.close_all()

    got: list[int] = []

    def second() -> None:
        with ROUND.open(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{int(WAIT_S_MAX * 500)}ms'")
            try:
                cursor.execute(frozen_sql, [sending.LEASE_S, 7, 10])
                got.extend(row[0] for row in cursor.fetchall())
            except Exception:
                connection.set_rollback(True)
        connections.close_all()

    first = threading.Thread(target=frozen)
    first.start()
    holding.wait(WAIT_S_MAX)
    other = threading.Thread(target=second)
    other.start()
    other.join()
    done.set()
    first.join()
    return bool(got)


def test_a_frozen_worker_holds_nobody_else_up(opened: Callout, owner_sql: Any) -> None:
    assert claims_beside_a_frozen_worker(sending.CLAIM, owner_sql)


def test_mutant_without_skip_locked_is_caught(opened: Callout, owner_sql: Any) -> None:
    mutant = sending.CLAIM.replace(" SKIP LOCKED", "")
    assert mutant != sending.CLAIM
    assert not claims_beside_a_frozen_worker(mutant, owner_sql)
