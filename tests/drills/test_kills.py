"""A thousand people, five kills: workers and the database, real SMS centre, real PostgreSQL.

The telephone box is the centre and the crowd: another program that answers over SMPP by a seed,
three in ten never. Nobody is lost, no attempt goes out more than twice, and calls resume by
themselves within a minute of the database's return.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

PEOPLE = 1000
SEED = 71124
KILLS = ("worker", "database", "worker", "database", "worker")
RESUME_S_MAX = 60.0
DRILL_S_MAX = 150.0
ANSWERS_S_MAX = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Drill:
    """A county of its own with its processes; everything it started it ends."""

    def __init__(self, home: Path):
        from anlan.ground.machine.postgres import Cluster

        self.home = home
        self.ports = {"smpp": free_port(), "phonebox": free_port()}
        (home / "county.json").write_text(
            json.dumps({"code": "500231", "demo": True, "ports": self.ports})
        )
        self.cluster = Cluster(home / "postgres")
        self.box: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    def environment(self, role: str) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if name != "ANLAN_TEST"}
        return own | {
            "ANLAN_HOME": str(self.home),
            "ANLAN_KEYS": os.environ["ANLAN_KEYS"],
            "ANLAN_ROLE": role,
        }

    def make(self) -> None:
        self.cluster.init()
        self.cluster.start()
        self.cluster.create_database("anlan")
        for step, role in ((MIGRATE, "owner"), (FILL, "worker")):
            subprocess.run(
                [sys.executable, "-c", step], env=self.environment(role), check=True, timeout=120
            )

    def start(self) -> None:
        self.box = subprocess.Popen(
            [sys.executable, "-m", "phonebox", "--smpp-port", str(self.ports["smpp"]),
             "--http-port", str(self.ports["phonebox"]), "--store", str(self.home / "box.db"),
             "--auto", "--seed", str(SEED), "--no-answer", "0.3", "--delay-s", "0.2", "6"]
        )  # fmt: skip
        for _number in range(2):
            self.start_worker()

    def start_worker(self) -> None:
        log = (self.home / "worker.log").open("ab")
        self.workers.append(
            subprocess.Popen(
                [sys.executable, "-m", "anlan.faces.worker"],
                env=self.environment("worker"), stdout=log, stderr=log,
            )
        )  # fmt: skip

    def kill(self, what: str, made: random.Random) -> float | None:
        """kill -9; returns when the database was back, for what resumes must be measured."""
        if what == "worker":
            victim = self.workers.pop(made.randrange(len(self.workers)))
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            self.start_worker()
            return None
        pid = self.cluster.server_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while True:
            try:
                self.cluster.start()
                return time.monotonic()
            except Exception:
                assert time.monotonic() < deadline, self.cluster.log_tail()
                time.sleep(0.2)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.cluster.dsn("superuser", "anlan"), autocommit=True) as own:
            return own.execute(sql).fetchall()

    def sent(self) -> int:
        return int(self.ask("SELECT coalesce(sum(submits), 0) FROM callout_attempt")[0][0])

    def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            last = found[-1]["id"] if found else 0
            url = f"http://127.0.0.1:{self.ports['phonebox']}/api/messages?since={last}"
            with urllib.request.urlopen(url, timeout=10) as answer:
                page = json.load(answer)
            if not page:
                return found
            found += page

    def answered_within(self, seconds: float, enough: int) -> int:
        """How many calls are answered, as soon as that is enough or the time is over."""
        deadline = time.monotonic() + seconds
        while True:
            sql = "SELECT count(*) FROM callout_call WHERE state = 'answered'"
            found = int(self.ask(sql)[0][0])
            if found >= enough or time.monotonic() > deadline:
                return found
            time.sleep(0.5)

    def end(self) -> None:
        for process in [*self.workers, *([self.box] if self.box else [])]:
            process.terminate()
        for process in [*self.workers, *([self.box] if self.box else [])]:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
        self.cluster.stop()


MIGRATE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0, interactive=False)
"""
FILL = f"""
import django; django.setup()
from anlan.county import demo
from anlan.county.models import Holding, Person, Post
from anlan.county.actions import number_fields, pinyin_of
from anlan.engines.callout import actions
from anlan.engines.callout.launch import Launch
from anlan.ground import clock
from anlan.ground.policy import values
from anlan.ground.scope import Scope
scope = Scope.for_command("drill")
demo.make(scope)
values.save(scope, "callout.wait_red", 0, "drill: every level at once")
with scope.open():
    now, more = clock.now(), {PEOPLE} - 335
    people = Person.objects.bulk_create(
        Person(division=demo.CODE, name=f"甲{{n}}", **number_fields(f"101{{n:08d}}"), demo=True)
        for n in range(more))
    posts = Post.objects.bulk_create(
        Post(division=demo.CODE, kind="unit_duty", title=f"单位{{n}}值班室") for n in range(more))
    Holding.objects.bulk_create(
        Holding(division=demo.CODE, post=post, person=person, valid_from=now)
        for post, person in zip(posts, people))
actions.open_callout(scope, Launch("drill", 1, "warning/night", "red", "暴雨红色预警",
    "【垫江】暴雨红色预警，请立即行动。", (demo.CODE,), "drill", drafted_by=1, approved_by=2))
"""


@pytest.fixture
def drill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    import shutil
    import tempfile

    home = Path(tempfile.mkdtemp(prefix="anlan-drill-"))
    home.chmod(0o755)
    own = Drill(home)
    try:
        own.make()
        yield own
    finally:
        own.end()
        shutil.rmtree(home, ignore_errors=True)


def test_a_thousand_people_and_five_kills(drill: Drill) -> None:
    made = random.Random(SEED)
    print(f"seed {SEED}")
    drill.start()
    resumed: list[float] = []
    kills = list(KILLS)
    deadline = time.monotonic() + DRILL_S_MAX
    back_at, sent_then = None, 0
    while time.monotonic() < deadline:
        time.sleep(0.3)
        total = drill.sent()
        if back_at is not None and total > sent_then:
            resumed.append(time.monotonic() - back_at)
            back_at = None
        if kills and total > PEOPLE * (len(KILLS) - len(kills) + 1) * 0.12 and back_at is None:
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
    assert calls >= PEOPLE
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
    answered = drill.answered_within(ANSWERS_S_MAX, int(PEOPLE * 0.6))
    print(
        f"{calls} calls, {len(heard)} telephones rang, {double} more than once, {answered}"
        f" answered, resumed after {[round(s, 1) for s in resumed]} s"
    )
    assert answered >= PEOPLE * 0.6, "three in ten never answer; everybody else is heard"
