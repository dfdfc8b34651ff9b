"""A red warning behind a backlog of blue (R12): real workers, SMS centre and PostgreSQL.

The backlog is a township's many posts called about a blue warning, again and again; while its
messages go out, a red warning of all the other townships is opened by a process of its own. Red
goes first: from the first of its messages to the last of them no more blue goes out than the
workers held in their hands.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import quantiles

import pytest

from tests.drills.county import Drill, drill_county

WORKERS = 2
BATCH = 100
FIRST_S_MAX = 10.0
WAIT_S_MAX = 300.0
BEGUN = 200
WHOLE = 100_000
BACKLOG = """
import django; django.setup()
from anlan.county import demo
from anlan.county.actions import number_fields
from anlan.county.models import Division, Holding, Person, Post
from anlan.engines.callout import actions
from anlan.engines.callout.launch import Launch
from anlan.ground import clock
from anlan.ground.places import level
from anlan.ground.policy import values
from anlan.ground.scope import Scope
scope = Scope.for_command("drill")
demo.make(scope)
for grade in ("blue", "red"):
    values.save(scope, f"callout.wait_{grade}", 0, "drill: every level at once")
with scope.open():
    now, more, times = clock.now(), POSTS, TIMES
    village = min(row.code for row in Division.objects.all() if level(row.code) == "village")
    people = Person.objects.bulk_create(
        Person(division=village, name=f"甲{n}", **number_fields(f"101{n:08d}"), demo=True)
        for n in range(more))
    posts = Post.objects.bulk_create(
        Post(division=village, kind="village_head", title=f"{n}组负责人") for n in range(more))
    Holding.objects.bulk_create(
        Holding(division=village, post=post, person=person, valid_from=now)
        for post, person in zip(posts, people))
for n in range(times):
    actions.open_callout(scope, Launch("drill", n, "warning/night", "blue", "大风蓝色预警",
        "【垫江】大风蓝色预警，注意防范。", (village // 1000 * 1000,), f"blue-{n}",
        drafted_by=1, approved_by=2))
"""
RED = """
import django; django.setup()
from anlan.county import queries as county
from anlan.engines.callout import actions
from anlan.engines.callout.launch import Launch
from anlan.ground.scope import Scope
scope = Scope.for_command("drill")
towns = sorted(place.code for place in county.places(scope, "township"))[1:]
actions.open_callout(scope, Launch("drill", 1000, "warning/night", "red", "暴雨红色预警",
    "【垫江】暴雨红色预警，请立即行动。", tuple(towns), "red", drafted_by=1, approved_by=2))
"""
OF_GRADE = (
    " FROM callout_attempt a JOIN callout_call c ON c.id = a.call_id"
    " JOIN callout_callout o ON o.id = c.callout_id WHERE o.grade = '{}'"
)
RED_ATTEMPTS, BLUE_ATTEMPTS = OF_GRADE.format("red"), OF_GRADE.format("blue")
UNREACHED = (
    "SELECT count(*) FROM callout_call c JOIN callout_callout o ON o.id = c.callout_id"
    " WHERE o.grade = 'red' AND NOT EXISTS (SELECT 1 FROM callout_attempt a"
    " WHERE a.call_id = c.id AND a.state = 'submitted')"
)
SECONDS = (
    "SELECT extract(epoch FROM min(a.submitted_at) - min(o.opened_at))::float8"
    + RED_ATTEMPTS + " GROUP BY c.id"
)  # fmt: skip
BETWEEN = (
    "SELECT count(*)" + BLUE_ATTEMPTS + " AND a.submitted_at >"
    " (SELECT min(a.submitted_at)" + RED_ATTEMPTS + ") AND a.submitted_at <"
    " (SELECT max(a.submitted_at)" + RED_ATTEMPTS + " AND a.try_no = 1)"
)
BEHIND = (
    "SELECT count(*) FROM callout_call c JOIN callout_callout o ON o.id = c.callout_id"
    " WHERE o.grade = 'blue' AND NOT EXISTS (SELECT 1 FROM callout_attempt b"
    " WHERE b.call_id = c.id AND b.submitted_at <"
    " (SELECT max(a.submitted_at)" + RED_ATTEMPTS + " AND a.try_no = 1))"
)


@pytest.mark.parametrize(
    ("posts", "times"),
    [(500, 8), pytest.param(10_000, 10, marks=pytest.mark.drill)],
    ids=["4000", "100000"],
)
def test_red_goes_out_before_the_backlog_of_blue(posts: int, times: int) -> None:
    fill = BACKLOG.replace("POSTS", str(posts)).replace("TIMES", str(times))
    small = posts * times < WHOLE
    with drill_county(posts, workers=WORKERS, fill=fill) as drill:
        drill.no_answer = 1.0
        drill.start()
        waited(drill, f"SELECT {BEGUN} - count(*) {BLUE_ATTEMPTS} AND a.submits > 0")
        with standing_still(drill, small):
            drill.program(RED)
        waited(drill, UNREACHED)
        told = figures(drill)
        print(told)
        assert told["calls"] > 300 and told["behind"] > posts * times // 20, "a backlog still stood"
        assert told["between"] <= 2 * WORKERS * BATCH, told
        assert drill.ask("SELECT max(submits) FROM callout_attempt")[0][0] <= 2
        if not small:
            assert told["p99_s"] <= FIRST_S_MAX, told


@contextmanager
def standing_still(drill: Drill, small: bool) -> Iterator[None]:
    """A small backlog would be gone before a process has started: its workers wait meanwhile."""
    workers = [worker.pid for worker in drill.workers] if small else []
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)


def waited(drill: Drill, left: str) -> None:
    """Until the query says that nothing is left."""
    deadline = time.monotonic() + WAIT_S_MAX
    while int(drill.ask(left)[0][0]) > 0:
        assert time.monotonic() < deadline, (left, drill.ask(left))
        time.sleep(0.02)


def figures(drill: Drill) -> dict[str, float]:
    """Seconds from the opening to the first message of each red call; blue that went out between
    them, and blue that was still behind them."""
    seconds = [row[0] for row in drill.ask(SECONDS)]
    cuts = quantiles(seconds, n=100)
    return {
        "calls": len(seconds), "p50_s": round(cuts[49], 2), "p99_s": round(cuts[98], 2),
        "worst_s": round(max(seconds), 2), "between": drill.ask(BETWEEN)[0][0],
        "behind": drill.ask(BEHIND)[0][0], "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip
