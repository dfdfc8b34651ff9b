"""A thousand people, five kills: workers and the database, real SMS centre, real PostgreSQL.

Three in ten never answer. Nobody is lost, no attempt goes out more than twice, and calls resume by
themselves within a minute of the database's return.
"""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest

from tests.drills.county import SEED, Drill, drill_county

KILLS = ("worker", "database", "worker", "database", "worker")
RESUME_S_MAX = 60.0
DRILL_S_MAX = 150.0
ANSWERS_S_MAX = 600.0  # how fast they are read is a matter of the machine, and no part of this


@pytest.mark.parametrize(
    ("people", "kills"), [(400, 3), pytest.param(1000, 5, marks=pytest.mark.drill)]
)
def test_people_are_reached_though_workers_and_the_database_are_killed(
    people: int, kills: int
) -> None:
    with drill_county(people) as drill:
        run(drill, people, list(KILLS[:kills]))


def run(drill: Drill, people: int, kills: list[str]) -> None:
    made, every = random.Random(SEED), len(kills) + 1
    print(f"seed {SEED}")
    drill.start()
    resumed: list[float] = []
    deadline = time.monotonic() + DRILL_S_MAX
    back_at, sent_then = None, 0
    while time.monotonic() < deadline:
        time.sleep(0.3)
        total = drill.sent()
        if back_at is not None and total > sent_then:
            resumed.append(time.monotonic() - back_at)
            back_at = None
        if kills and total > people * (every - len(kills)) * 0.6 / every and back_at is None:
            back_at = drill.kill(kills.pop(0), made)
            sent_then = drill.sent()
        quiet = drill.ask(
            "SELECT count(*) FROM callout_call c WHERE state = 'waiting' OR NOT EXISTS (SELECT 1"
            " FROM callout_attempt a WHERE a.call_id = c.id AND a.state NOT IN ('due', 'claimed'))"
        )[0][0]
        if quiet == 0:
            back_at = None  # everything went out before the kill: nothing is left to resume
        if not kills and quiet == 0:
            break
    calls = drill.ask("SELECT count(*) FROM callout_call")[0][0]
    assert calls >= people
    assert kills == []
    heard = Counter(m["phone"] for m in drill.messages() if m["direction"] == "in")
    numbers = drill.ask(
        "SELECT count(DISTINCT a.person_id) FROM callout_attempt a WHERE a.submits > 0"
    )[0][0]
    assert len(heard) >= numbers
    lost = drill.ask(
        "SELECT count(*) FROM callout_call c WHERE NOT EXISTS (SELECT 1 FROM callout_attempt a"
        " WHERE a.call_id = c.id AND a.state = 'submitted')"
    )[0][0]
    states = drill.ask("SELECT state, submits, count(*) FROM callout_attempt GROUP BY 1, 2")
    assert lost == 0, states
    assert drill.ask("SELECT max(submits) FROM callout_attempt")[0][0] <= 2
    assert all(seconds <= RESUME_S_MAX for seconds in resumed)
    double = sum(1 for count in heard.values() if count > 1)
    answered = drill.answered_within(ANSWERS_S_MAX, int(people * 0.6))
    print(
        f"{calls} calls, {len(heard)} telephones rang, {double} more than once, {answered}"
        f" answered, resumed after {[round(s, 1) for s in resumed]} s"
    )
    assert answered >= people * 0.6, "three in ten never answer; everybody else is heard"
