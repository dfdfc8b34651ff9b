"""The county's clock jumps (R24): no timer runs twice and none never, at any hour of the calendar."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.engines.callout import actions as callout
from anlan.engines.callout import rounds
from anlan.engines.callout.launch import Launch
from anlan.engines.callout.models import Attempt, Call, Callout, Fallback
from anlan.engines.callout.rounds import calls
from anlan.ground import clock
from anlan.ground.scope import Scope
from tests.conftest import TOWNSHIPS

ROUND = Scope.for_round("test")
HOUR_S = 3600
STARTS = [
    datetime(2025, 3, 10, 3, 0, tzinfo=UTC),
    datetime(2024, 7, 10, 15, 55, tzinfo=UTC),  # five minutes to midnight in Shanghai
    datetime(2024, 2, 28, 15, 50, tzinfo=UTC),  # … to 29 February
    datetime(2024, 2, 29, 15, 50, tzinfo=UTC),
    datetime(2025, 12, 31, 15, 50, tzinfo=UTC),  # … to the new year
    datetime(2025, 12, 31, 23, 50, tzinfo=UTC),  # … in UTC
]
JUMPS = st.lists(
    st.one_of(
        st.sampled_from([-HOUR_S, HOUR_S, -60, 60, 86_400, -86_400]),
        st.integers(1, 900),
    ),
    min_size=1,
    max_size=12,
)
END_S = 100_000
STEPS_MAX = 30  # more than a call's steps and twelve days of jumps back together


@pytest.fixture
def set_clock(owner_sql: Any) -> Any:
    def to(moment: datetime) -> None:
        owner_sql(
            'UPDATE ground_world SET "offset" = %s - clock_timestamp() WHERE id = 0', (moment,)
        )

    return to


def launch(scope: Any, key: str) -> Callout:
    return callout.open_callout(
        scope,
        Launch("warning.warning", 1, "warning/night", "orange", "暴雨橙色预警", "请注意防范。",
               (TOWNSHIPS[0],), key),
    )  # fmt: skip


def run_all() -> None:
    while rounds.advance(ROUND):
        pass


def rung(opened: Callout) -> dict[int, list[tuple[str, int]]]:
    """For each call: (role, person) of every ring and of its fallback, in order."""
    with ROUND.open():
        found: dict[int, list[tuple[str, int]]] = {}
        for row in Attempt.objects.filter(call__callout=opened).order_by("id"):
            found.setdefault(row.call_id, []).append((row.role, row.person_id))
    return found


def checked(opened: Callout) -> None:
    """At no moment more rings than the row counts, and never one attempt twice."""
    with ROUND.open():
        for call in Call.objects.filter(callout=opened):
            given = Attempt.objects.filter(call=call, role__in=calls.RINGS).count()
            assert given == call.rings
            assert Fallback.objects.filter(call=call).count() <= 1


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(STARTS), JUMPS)
def test_whatever_the_clock_does_each_step_is_taken_once_and_the_last_one_too(
    county_db: str, scope_of: Any, owner_sql: Any, move_clock: Any, set_clock: Any,
    start: datetime, jumps: list[int],
) -> None:  # fmt: skip
    set_clock(start)
    owner_sql("UPDATE county_holding SET valid_from = '2000-01-01'")
    opened = launch(scope_of("duty_officer"), uuid.uuid4().hex)
    run_all()
    for seconds in jumps:
        before = rung(opened)
        move_clock(seconds)
        run_all()
        checked(opened)
        if seconds < 0:
            assert rung(opened) == before, "a clock that goes back makes nothing due"
    with ROUND.open():
        open_calls = Call.objects.filter(callout=opened, due_at__isnull=False)
    still = True
    for _turn in range(STEPS_MAX):
        move_clock(END_S)
        run_all()
        with ROUND.open():
            still = open_calls.exists()
        if not still:
            break
    assert not still, "a step was never taken"
    calm = expected(opened)
    assert {call: sorted(steps) for call, steps in rung(opened).items()} == calm
    with ROUND.open():
        states = set(Call.objects.filter(callout=opened).values_list("state", flat=True))
    assert states == {"nobody"}, states


def expected(opened: Callout) -> dict[int, list[tuple[str, int]]]:
    """What a clock that only walks gives: from the posts, without the engine's rounds."""
    from anlan.county import queries as county
    from anlan.county.models import Post
    from anlan.engines.callout.decisions import rings

    found = {}
    with ROUND.open():
        now = clock.now()
        for call in Call.objects.filter(callout=opened):
            wanted = [call.post_id, *([call.superior_post_id] if call.superior_post_id else [])]
            people = {post: [c.person_id for c in own]
                      for post, own in county.contacts(ROUND, wanted, now).items()}  # fmt: skip
            steps = [(c.role, c.person_id) for c in rings(
                people.get(call.post_id, []), people.get(call.superior_post_id or 0, []))]  # fmt: skip
            helper = Post.objects.filter(
                kind=call.fallback_kind, division=call.division, ended_at=None
            ).first()
            if helper is not None:
                person = county.contacts(ROUND, [helper.id], now)[helper.id][0].person_id
                steps.append(("fallback", person))
            found[call.id] = sorted(steps)
    return found


def test_a_clock_an_hour_back_delays_and_an_hour_forth_hastens_once(
    county_db: str, scope_of: Any, move_clock: Any
) -> None:
    opened = launch(scope_of("duty_officer"), "k")
    run_all()
    first = sum(len(steps) for steps in rung(opened).values())
    move_clock(-HOUR_S)
    run_all()
    assert sum(len(steps) for steps in rung(opened).values()) == first
    move_clock(HOUR_S + 16 * 60)
    run_all()
    second = sum(len(steps) for steps in rung(opened).values())
    assert second > first
    run_all()
    assert sum(len(steps) for steps in rung(opened).values()) == second


def test_a_day_that_does_not_exist_every_year_is_a_day(set_clock: Any, empty_db: str) -> None:
    set_clock(datetime(2024, 2, 29, 4, 0, tzinfo=UTC))
    assert clock.local(clock.now(0)).date().isoformat() == "2024-02-29"
    set_clock(datetime(2025, 12, 31, 17, 0, tzinfo=UTC))
    local = clock.local(clock.now(0))
    assert (local.year, local.month, local.day, local.hour) == (2026, 1, 1, 1)
    assert abs(clock.now(0) - datetime(2025, 12, 31, 17, 0, tzinfo=UTC)) < timedelta(minutes=1)


def test_mutant_a_step_that_keeps_its_due_time_rings_twice(
    county_db: str, scope_of: Any, move_clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test of the test: without the new due time in the row a pass repeats its step."""
    opened = launch(scope_of("duty_officer"), "k")
    monkeypatch.setattr(calls, "KEEP", calls.KEEP.replace("due_at = m.due_at", "due_at = c.due_at"))
    rounds.advance(ROUND)
    before = sum(len(steps) for steps in rung(opened).values())
    move_clock(-60)
    try:
        move_clock(61)
        rounds.advance(ROUND)
    except psycopg.Error:
        return
    assert sum(len(steps) for steps in rung(opened).values()) > before
