"""A real county for the faults of a start: its own folder, its own processes, ended afterwards.

Everything goes through the command line as a person would type it; what the tests break, they
break from outside (files, signals, ports, settings of the server).
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anlan.ground.machine import pids, ports, site
from anlan.ground.machine.postgres import Cluster
from anlan.ground.machine.processes import end_leftovers, supervisor_pid
from anlan.ground.machine.site import Site, write_facts

COMMAND_S_MAX = 400
WAIT_S_MAX = 180.0
CODE = "500231"


@dataclass
class Said:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str
    answer: dict[str, Any] = field(default_factory=dict)

    @property
    def error(self) -> dict[str, str]:
        return dict(self.answer.get("error", {}))


@dataclass
class RealCounty:
    """The counties of one folder; `home` is the demonstration county's."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    prefix: list[str] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.root / "counties" / CODE

    @property
    def site(self) -> Site:
        return site(self.home)

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.home / "postgres")

    def own_environment(self) -> dict[str, str]:
        drop = ("ANLAN_", "DATABASE_URL", "DJANGO_SETTINGS_MODULE", "XDG_DATA_HOME")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(drop)}
        return kept | {"ANLAN_ROOT": str(self.root)} | self.environment

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        """A command that runs on while the test does something to it."""
        return subprocess.Popen(
            [*self.prefix, sys.executable, "-m", "anlan", *words, "--json"], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.own_environment() | more,
        )  # fmt: skip

    def run(self, *words: str, **more: str) -> Said:
        return heard(self.start(*words, **more))

    def up(self, **more: str) -> dict[str, Any]:
        said = self.run("up", **more)
        assert said.code == 0, (said.answer, said.err, self.logs())
        return said.answer

    def down(self) -> Said:
        return self.run("down")

    def logs(self) -> str:
        found = sorted((self.home / "log").glob("*.log"))
        return "\n".join(f"{path.name}: {path.read_text()[-500:]}" for path in found)

    def processes(self) -> dict[str, int]:
        """Name → pid of what the supervisor started itself, not what that started in turn."""
        found = pids.of_county(self.home).items()
        return {name: pid for pid, name in found if name == "prepare" or leads_a_group(pid)}

    def supervisor(self) -> int:
        pid = supervisor_pid(self.site)
        assert pid, "no supervisor runs"
        return pid

    def move_ports(self) -> None:
        """To ports that no other county of this machine asks for, so that tests may insist."""
        facts = json.loads((self.home / "county.json").read_text())
        names = ("console", "live", "public", "phonebox", "smpp")
        base = random.SystemRandom().randrange(21000, 31000)
        chosen = (port for port in range(base, base + 200) if ports.free(port))
        facts["ports"] = dict(zip(names, chosen, strict=False))
        write_facts(self.home, facts)

    def kill_all(self) -> None:
        """Every process of the county at once, the database too: as when the power fails."""
        victims = [*pids.of_county(self.home)]
        server = self.cluster.server_pid()
        for pid in victims:
            os.kill(pid, signal.SIGSTOP)
        for pid in [*victims, *([server] if server else [])]:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not pids.of_county(self.home) and not self.cluster.running())

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """As the superuser of the county's own server."""
        import psycopg

        with psycopg.connect(self.cluster.dsn("superuser", "anlan"), autocommit=True) as own:
            cursor = own.execute(sql, values or None)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def end(self) -> None:
        for home in (self.root / "counties").glob("*"):
            pid = supervisor_pid(Site(home, {}, {}))
            if pid:
                os.kill(pid, signal.SIGTERM)
                until(lambda own=home: supervisor_pid(Site(own, {}, {})) is None)  # type: ignore[misc]
            end_leftovers(home)
            Cluster(home / "postgres").stop()
        shutil.rmtree(self.root, ignore_errors=True)


def leads_a_group(pid: int) -> bool:
    """Whether it was started in a session of its own; not one that has ended since it was seen."""
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False


def heard(process: subprocess.Popen[str]) -> Said:
    """Wait for a command; its JSON where it printed one."""
    try:
        out, err = process.communicate(timeout=COMMAND_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    try:
        answer = json.loads(out)
    except ValueError:
        answer = {}
    return Said(process.returncode, out, err, answer)


def until(true: Callable[[], bool], seconds: float = WAIT_S_MAX) -> None:
    """Wait for another process to get there, at most so long."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@contextmanager
def real_county(prefix: str = "anlan 安澜 ") -> Iterator[RealCounty]:
    """A folder with spaces and Chinese in its name; everything started in it ends with it."""
    root = Path(tempfile.mkdtemp(prefix=prefix))
    root.chmod(0o755)
    own = RealCounty(root)
    try:
        yield own
    finally:
        own.end()
