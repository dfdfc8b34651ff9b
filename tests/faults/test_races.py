"""An answer that races with the next step of its call: a thousand interleavings, one outcome each.

Two connections walk through the same call, each statement of theirs held at a gate (an advisory
lock that the test holds) until a drawn schedule lets it go. Whatever the order, exactly one of two
outcomes stands, a repeat changes nothing, and what comes late is kept.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from anlan.engines.callout import actions, rounds
from anlan.engines.callout.decisions import Counts
from anlan.engines.callout.evidence import Evidence, by_message
from anlan.engines.callout.models import Answer, Attempt, Call
from anlan.ground.scope import Scope
from tests.engines.callout.test_night import (
    MINUTES,
    OUTSIDE,
    Box,
    launch,
    number_of,
    turn,
)

ROUND = Scope.for_round("test")
COUNTY = 500231000000
GATES = (71, 72)
SEED = 71124
WAIT_S_MAX = 20.0


class Gates:
    """Two barriers as advisory locks of a third connection: who waits there goes on when told."""

    def __init__(self, dsn: str):
        self.own = psycopg.connect(dsn, autocommit=True)

    def shut(self) -> None:
        for gate in GATES:
            self.own.execute("SELECT pg_advisory_lock(%s)", [gate])

    def open(self, gate: int) -> None:
        self.own.execute("SELECT pg_advisory_unlock(%s)", [gate])

    def waiting(self, gate: int) -> bool:
        """Whether somebody stands at the gate."""
        rows = self.own.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
            " AND NOT granted", [gate],
        ).fetchone()  # fmt: skip
        return rows is not None and rows[0] > 0

    def wait_for(self, *gates: int) -> None:
        for _look in range(20_000):
            if all(self.waiting(gate) for gate in gates):
                return
        raise AssertionError("nobody came to the gate")


def pass_gate(gate: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [gate])


@pytest.fixture
def ringing(county_db: str, scope_of: Callable[..., Any]) -> Call:
    actions.open_callout(scope_of("duty_officer"), launch())
    turn(Box())
    with ROUND.open():
        return Call.objects.get(post_title="县水利局值班室")


class Side:
    """One of the two: works through its jobs in a thread of its own with its own connection."""

    def __init__(self, gate: int):
        self.gate = gate
        self.job: Callable[[], None] | None = None
        self.start, self.done = threading.Semaphore(0), threading.Semaphore(0)
        self.failed: list[BaseException] = []
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        from django.db import connections

        while True:
            self.start.acquire()
            if self.job is None:
                break
            try:
                self.job()
            except BaseException as error:
                self.failed.append(error)
            self.done.release()
        connections.close_all()

    def go(self, job: Callable[[], None]) -> None:
        self.job = job
        self.start.release()

    def finish(self) -> None:
        assert self.done.acquire(timeout=WAIT_S_MAX)
        assert self.failed == []

    def end(self) -> None:
        self.job = None
        self.start.release()
        self.thread.join(WAIT_S_MAX)


@pytest.mark.parametrize("races", [60, pytest.param(1000, marks=pytest.mark.drill)])
def test_races_of_an_answer_with_the_next_step_have_one_outcome_each(
    races: int,
    ringing: Call,
    cluster: Any,
    owner_sql: Callable[..., list[tuple[Any, ...]]],
    move_clock: Callable[..., None],
) -> None:
    from django.db import connection

    made = random.Random(SEED)
    gates = Gates(cluster.dsn("superuser", connection.settings_dict["NAME"]))
    number = number_of("unit_duty", COUNTY)
    sides = {gate: Side(gate) for gate in GATES}
    seen: Counter[str] = Counter()
    move_clock(MINUTES * 60 + 1)
    for turn_number in range(races):
        # As when its first ring had gone unanswered; past the actions, by the superuser.
        owner_sql(RESET, (ringing.id,) * 3)
        row = actions.receive_message(OUTSIDE, "box", f"r{turn_number}", number, "4821")
        assert row is not None
        evidence, before = by_message(row), made.random() < 0.5
        weights: list[Counts] = []
        gates.shut()
        sides[GATES[0]].go(lambda: answering(ringing.id, evidence, before, weights))
        sides[GATES[1]].go(lambda: escalating(before))
        gates.wait_for(*GATES)
        for gate in made.sample(GATES, 2):
            gates.open(gate)
            if made.random() < 0.5:
                sides[gate].finish()
                sides[gate].done.release()
        for side in sides.values():
            side.finish()
        seen[outcome(ringing.id, weights)] += 1
    for side in sides.values():
        side.end()
    gates.own.close()
    assert sum(seen.values()) == races
    assert min(seen["answered first"], seen["rung again, then answered"]) > races / 20, seen


def answering(call_id: int, evidence: Evidence, inside: bool, weights: list[Counts]) -> None:
    """The answer; inside: its transaction is open and its scope set when it stands at the gate."""
    if inside:
        with ROUND.open():
            pass_gate(GATES[0])
            weights.append(actions.answer(ROUND, call_id, "received", evidence, role="first"))
        return
    with ROUND.open():
        pass_gate(GATES[0])
    weights.append(actions.answer(ROUND, call_id, "received", evidence, role="first"))


def escalating(inside: bool) -> None:
    with ROUND.open():
        pass_gate(GATES[1])
        if inside:
            rounds.advance(ROUND)
    if not inside:
        rounds.advance(ROUND)


def outcome(call_id: int, weights: list[Counts]) -> str:
    """What stands afterwards; fails where it is not one of the two that may."""
    with ROUND.open():
        call = Call.objects.get(id=call_id)
        assert weights == [Counts.DECIDES]
        assert (call.state, call.due_at, call.answered_role) == ("answered", None, "first")
        assert Answer.objects.filter(call=call, counts=True).count() == 1
        assert not Attempt.objects.filter(call=call, state="due").exists()
        return "rung again, then answered" if call.rings == 2 else "answered first"


RESET = """
WITH answers AS (DELETE FROM callout_answer WHERE call_id = %s),
  attempts AS (DELETE FROM callout_attempt WHERE call_id = %s AND try_no > 1)
UPDATE callout_call c SET state = 'ringing', rings = 1, reason = 'first-ring', answered_at = NULL,
  answered_by = NULL, answered_via = '', answered_role = '', due_at = o.opened_at
FROM callout_callout o WHERE o.id = c.callout_id AND c.id = %s
"""


def test_a_late_answer_is_kept_and_changes_nothing(
    ringing: Call, scope_of: Callable[..., Any]
) -> None:
    number = number_of("unit_duty", COUNTY)
    actions.stop_callout(scope_of("duty_officer"), ringing.callout_id, "发错范围")
    row = actions.receive_message(OUTSIDE, "box", "late", number, "4821")
    assert row is not None
    said = actions.answer(ROUND, ringing.id, "received", by_message(row), role="first")
    with ROUND.open():
        call = Call.objects.get(id=ringing.id)
        kept = Answer.objects.get(call=call)
    assert (said, call.state, kept.counts) == (Counts.LATE, "stopped", False)


@pytest.mark.parametrize("copies", [8])
def test_the_same_answer_from_many_sides_at_once_counts_once(ringing: Call, copies: int) -> None:
    from django.db import connections

    number = number_of("unit_duty", COUNTY)
    rows = [actions.receive_message(OUTSIDE, "box", f"m{n}", number, "4821") for n in range(copies)]
    said: list[Counts] = []
    barrier = threading.Barrier(copies)

    def say(evidence: Evidence) -> None:
        barrier.wait()
        said.append(actions.answer(ROUND, ringing.id, "received", evidence, role="first"))
        connections.close_all()

    threads = [threading.Thread(target=say, args=(by_message(row),)) for row in rows if row]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(said) == {Counts.DECIDES: 1, Counts.REPEATS: copies - 1}
    with ROUND.open():
        assert Answer.objects.filter(call=ringing).count() == 1
