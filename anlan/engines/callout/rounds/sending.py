"""Attempts go out: claimed and counted, handed to the gateway, marked with what it said.

An attempt is counted before it is sent and marked after, so that a worker that dies in between
leaves a lease that runs out, and the attempt goes out at most twice in all. Marking a batch and
claiming the next one are one transaction: a call-out of 10,000 waits for half as many commits.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db import DatabaseError, connection
from django.db.models import Q

from anlan.engines.callout import messages
from anlan.engines.callout.models import Attempt, Callout
from anlan.engines.callout.statements import ALSO_BY_INDEX, BY_INDEX, run
from anlan.ground import clock, journal, secrets
from anlan.ground.models import World
from anlan.ground.scope import Scope

BATCH = 100
PASS_S_MAX = 2.0
LEASE_S = float(os.environ.get("ANLAN_LEASE_S", "60"))
RETRY_S = 15
RETRIES_MAX = 3
REF_CHARS_MAX = 70
ERROR_CHARS_MAX = 100
NUMBER_PURPOSE = "county_person.phone"

CLAIM = """
WITH picked AS (
  UPDATE callout_attempt a SET state = 'claimed', submits = submits + 1,
    lease_until = (SELECT anlan_now()) + make_interval(secs => %s), lease = %s
  WHERE id = ANY (ARRAY(SELECT id FROM callout_attempt
    WHERE open AND world = anlan_world() AND submits < 2
      AND ((state = 'due' AND not_before <= (SELECT anlan_now()))
        OR (state = 'claimed' AND lease_until < (SELECT anlan_now())
          AND (SELECT c.state <> 'stopped' FROM callout_call c WHERE c.id = call_id)))
    ORDER BY priority, id LIMIT %s FOR UPDATE SKIP LOCKED))
  RETURNING id, person_id, text, priority)
SELECT p.id, n.phone, p.text FROM picked p LEFT JOIN county_person n ON n.id = p.person_id
ORDER BY p.priority, p.id
"""

MARK = """
UPDATE callout_attempt a SET state = CASE WHEN m.error = '' THEN 'submitted' ELSE 'failed' END,
  submitted_at = (SELECT anlan_now()), gateway_ref = m.ref, error = m.error, lease_until = NULL
FROM json_to_recordset(%s) AS m(id bigint, lease bigint, ref text, error text)
WHERE a.id = m.id AND a.lease = m.lease AND a.state = 'claimed'
"""

RETRY = """
INSERT INTO callout_attempt (division, world, version, call_id, person_id, role, channel, try_no,
  priority, text, state, not_before, submits, retries, lease, gateway_ref, error, created_at)
SELECT a.division, a.world, 1, a.call_id, a.person_id, a.role, a.channel, a.try_no + 1000,
  a.priority, a.text, 'due', (SELECT anlan_now()) + make_interval(secs => %s), 0, a.retries + 1,
  0, '', '', (SELECT anlan_now())
FROM callout_attempt a JOIN callout_call c ON c.id = a.call_id
WHERE a.id = ANY(%s) AND a.state = 'failed' AND a.retries < %s
  AND (c.state IN ('waiting', 'ringing', 'fallback', 'nobody')
    OR (a.role = 'more' AND c.state <> 'stopped'))
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as the gateway gets it."""

    attempt_id: int
    lease: int
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the gateway said of a message. error empty: taken, under `ref`."""

    attempt_id: int
    lease: int
    ref: str
    error: str = ""


class Gateway(Protocol):
    """A way out of the county, and in again."""

    def ready(self) -> bool: ...

    def submit(self, batch: Sequence[Outgoing]) -> list[Outcome]: ...


def sender(gateway: Gateway, size: int = BATCH) -> Callable[[Scope], int]:
    """The round that sends through the gateway; nothing is claimed while it is not ready.

    Only the real world and an open 实叫 send; a 推演 never, and a 实叫 no more as soon as a real
    call-out has started.

    A pass sends batch after batch for PASS_S_MAX at most and marks the last one before it returns.
    Outcomes that could not be written down because the database went away are written first
    when it is back, so that what was sent is not sent again.
    """
    unwritten: list[Outcome] = []

    def exchange(scope: Scope, more: bool) -> list[Outgoing]:
        batch = _exchange(scope, unwritten, size if more else 0)
        unwritten.clear()
        return batch

    def send(scope: Scope) -> int:
        if not worlds_that_send(scope.world):
            return 0
        count, until = 0, time.monotonic() + PASS_S_MAX
        batch = exchange(scope, gateway.ready())
        while batch:
            unwritten.extend(gateway.submit(batch))
            count += len(batch)
            more = len(batch) == size and time.monotonic() < until and gateway.ready()
            more = more and worlds_that_send(scope.world)
            batch = exchange(scope, more)
        return count

    return send


def worlds_that_send(world: int) -> bool:
    """Whether rows of the world may reach a telephone now. Asked again before every batch."""
    if world == 0:
        return True
    with Scope.for_round("callout.send").open():
        own = World.objects.filter(id=world, kind="live", ended_at=None).first()
        return own is not None and not real_since(own.started_at)


def real_since(moment: datetime) -> bool:
    """Whether a real call-out was opened since and is still open; in a scope of the real world."""
    return Callout.objects.filter(world=0, state="open", opened_at__gte=moment).exists()


def claim(scope: Scope, size: int = BATCH) -> list[Outgoing]:
    """Count and lease a batch before anything is sent; committed when this returns."""
    return _exchange(scope, [], size)


def mark(scope: Scope, outcomes: Sequence[Outcome]) -> None:
    """Write down what the gateway said. A failure is tried again RETRY_S later, three times, as
    an attempt of its own (try_no + 1000): no attempt is ever submitted more than twice.
    """
    _exchange(scope, outcomes, 0)


def _exchange(scope: Scope, outcomes: Sequence[Outcome], size: int) -> list[Outgoing]:
    """One transaction: what became of the last batch, and the next batch counted and leased."""
    if not outcomes and not size:
        return []
    lease = random.SystemRandom().getrandbits(62)
    try:
        with scope.in_one_trip(ALSO_BY_INDEX + journal.WAITS_NO_LONGER) as own:
            claimed = _do(scope, own, outcomes, lease, size)
    except DatabaseError:
        if not _standing():
            raise
        # The journal cannot take its line, say: in steps, each can go its own way.
        with scope.open():
            run(connection.connection, BY_INDEX, [])
            claimed = _do(scope, connection.connection, outcomes, lease, size)
    rows = claimed.fetchall() if claimed else []
    numbers = secrets.opener(NUMBER_PURPOSE)
    return [
        Outgoing(ident, lease, numbers(sealed) if sealed else "",
                 messages.in_world(text, scope.world))
        for ident, sealed, text in rows
    ]  # fmt: skip


def _do(scope: Scope, own: Any, outcomes: Sequence[Outcome], lease: int, size: int) -> Any:
    if outcomes:
        _mark(scope, own, outcomes)
    return run(own, CLAIM, [LEASE_S, lease, size]) if size else None


def _standing() -> bool:
    own = connection.connection
    return own is not None and not own.closed


def _mark(scope: Scope, own: Any, outcomes: Sequence[Outcome]) -> None:
    said = [
        {"id": o.attempt_id, "lease": o.lease, "error": o.error[:ERROR_CHARS_MAX],
         "ref": o.ref.replace("\0", "")[:REF_CHARS_MAX]}
        for o in outcomes
    ]  # fmt: skip
    run(own, MARK, [json.dumps(said)])
    failed = [o.attempt_id for o in outcomes if o.error]
    if failed:
        run(own, RETRY, [RETRY_S, failed, RETRIES_MAX])
    journal.line(
        scope, "callout.sent", None, why=f"{len(outcomes) - len(failed)}/{len(outcomes)}",
        division=0,
    )  # fmt: skip


def expire(scope: Scope) -> int:
    """Never marked, and twice claimed or stopped meanwhile: unknown; escalation goes on."""
    with scope.open():
        changed = (
            Attempt.objects.filter(open=True, state="claimed", lease_until__lt=clock.now())
            .filter(Q(submits__gte=2) | Q(call__state="stopped"))
            .update(state="unknown", lease_until=None)
        )
        if changed:
            journal.line(scope, "callout.unknown", None, why=str(changed), division=0)
    return changed
