"""A county of its own with its processes, for drills: real SMS centre, real PostgreSQL.

The telephone box is the centre and the crowd: another program that answers over SMPP by a seed.
Everything that a drill started it ends.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

SEED = 71124
DEMO_POSTS = 335
PROGRAM_S_MAX = 1200


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Drill:
    """A county of its own with its processes; everything it started it ends."""

    def __init__(
        self, home: Path, people: int, workers: int = 2, lease_s: float = 60, fill: str = ""
    ):
        from anlan.ground.machine.postgres import Cluster

        self.fill = fill or FILL.replace("MORE", str(max(0, people - DEMO_POSTS)))
        self.people, self.worker_count, self.lease_s = people, workers, lease_s
        self.no_answer, self.delay_s = 0.3, (0.2, 6.0)
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
            "ANLAN_LEASE_S": str(self.lease_s),
        }

    def make(self) -> None:
        self.cluster.init()
        self.cluster.start()
        self.cluster.create_database("anlan")
        for step, role in ((MIGRATE, "owner"), (self.fill, "worker")):
            self.program(step, role)

    def program(self, text: str, role: str = "worker") -> None:
        """Run a program in the county, as an officer's page would act in a process of its own."""
        subprocess.run(
            [sys.executable, "-c", text], env=self.environment(role), check=True,
            timeout=PROGRAM_S_MAX,
        )  # fmt: skip

    def start(self) -> None:
        self.box = subprocess.Popen(
            [sys.executable, "-m", "phonebox", "--smpp-port", str(self.ports["smpp"]),
             "--http-port", str(self.ports["phonebox"]), "--store", str(self.home / "box.db"),
             "--auto", "--seed", str(SEED), "--no-answer", str(self.no_answer),
             "--delay-s", *map(str, self.delay_s)]
        )  # fmt: skip
        for _number in range(self.worker_count):
            self.start_worker()

    def start_worker(self, more: Mapping[str, str] | None = None) -> None:
        """A worker more. more: what its environment has besides."""
        log = (self.home / "worker.log").open("ab")
        self.workers.append(
            subprocess.Popen(
                [sys.executable, "-m", "anlan.faces.worker"],
                env=self.environment("worker") | dict(more or {}), stdout=log, stderr=log,
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
            cursor = own.execute(sql)
            return cursor.fetchall() if cursor.description else []

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
FILL = """
import django; django.setup()
from anlan.county import demo
from anlan.county.models import Holding, Person, Post
from anlan.county.actions import number_fields
from anlan.county.names import pinyin_of
from anlan.engines.callout import actions
from anlan.engines.callout.launch import Launch
from anlan.ground import clock
from anlan.ground.policy import values
from anlan.ground.scope import Scope
scope = Scope.for_command("drill")
demo.make(scope)
values.save(scope, "callout.wait_red", 0, "drill: every level at once")
with scope.open():
    now, more = clock.now(), MORE
    people = Person.objects.bulk_create(
        Person(division=demo.CODE, name=f"甲{n}", **number_fields(f"101{n:08d}"), demo=True)
        for n in range(more))
    posts = Post.objects.bulk_create(
        Post(division=demo.CODE, kind="unit_duty", title=f"单位{n}值班室") for n in range(more))
    Holding.objects.bulk_create(
        Holding(division=demo.CODE, post=post, person=person, valid_from=now)
        for post, person in zip(posts, people))
actions.open_callout(scope, Launch("drill", 1, "warning/night", "red", "暴雨红色预警",
    "【垫江】暴雨红色预警，请立即行动。", (demo.CODE,), "drill", drafted_by=1, approved_by=2))
"""


@contextmanager
def drill_county(people: int, **options: Any) -> Iterator[Drill]:
    """A filled county with its call-out opened; nothing is started yet."""
    home = Path(tempfile.mkdtemp(prefix="anlan-drill-"))
    home.chmod(0o755)
    own = Drill(home, people, **options)
    try:
        own.make()
        yield own
    finally:
        own.end()
        shutil.rmtree(home, ignore_errors=True)
