"""The supervisor: keeps a county's processes alive, and stops what it started.

One supervisor a county, held by a lock on a file. A child that dies comes back with a pause that
doubles up to `PAUSE_S_MAX`. The watchdog starts the supervisor again when that itself was killed;
what still runs from before is ended first, found by the pids that were written down.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from anlan.ground.machine.postgres import Cluster, ClusterFailed
from anlan.ground.machine.site import Site, site

PAUSE_S_FIRST, PAUSE_S_MAX = 0.3, 10.0
CALM_S = 20.0
STOP_S_MAX = 10.0
POLL_S = 0.25
LOG_BYTES_MAX = 10_000_000


@dataclass(slots=True)
class Child:
    """A process that shall run."""

    name: str
    command: list[str]
    role: str
    process: subprocess.Popen[bytes] | None = None
    pause_s: float = PAUSE_S_FIRST
    next_start: float = 0.0
    started: float = 0.0


def granian(app: str, interface: str, port: int, threads: int = 1) -> list[str]:
    """The command of one granian server with one worker."""
    command = [
        sys.executable, "-m", "granian", "--interface", interface, "--host", "127.0.0.1",
        "--port", str(port), "--workers", "1", "--no-ws", "--log-level", "warning", app,
    ]  # fmt: skip
    return [*command, "--blocking-threads", str(threads)] if interface == "wsgi" else command


def children(own: Site) -> list[Child]:
    """What runs in a county, in the order in which it starts."""
    wsgi = "anlan.faces.http.wsgi:application"
    found = [
        Child("console", granian(wsgi, "wsgi", own.ports["console"], 4), "console"),
        Child("live", granian("anlan.faces.http.live:app", "asgi", own.ports["live"]), "live"),
        Child("public", granian(wsgi, "wsgi", own.ports["public"], 2), "public"),
        Child("worker", [sys.executable, "-m", "anlan.faces.worker"], "worker"),
        Child("watchdog", [sys.executable, "-m", "anlan.faces.watchdog"], "watchdog"),
    ]
    if own.demo:
        box = [
            sys.executable, "-m", "phonebox", "--smpp-port", str(own.ports["smpp"]),
            "--http-port", str(own.ports["phonebox"]), "--store", str(own.home / "phonebox.db"),
        ]  # fmt: skip
        found.append(Child("phonebox", box, "phonebox"))
    return found


@dataclass(slots=True)
class Supervisor:
    """Runs until it is told to stop."""

    own: Site
    run_folder: Path
    children: list[Child] = field(default_factory=list)
    stopping: bool = False

    def run(self) -> int:
        """0 after an ordered stop; 1 where another supervisor holds the county."""
        self.run_folder.mkdir(parents=True, exist_ok=True)
        lock = (self.run_folder / "supervisor.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 1
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        end_leftovers(self.run_folder)
        (self.run_folder / "supervisor.pid").write_text(str(os.getpid()))
        cluster = None if self.own.database_url else Cluster(self.own.home / "postgres")
        self.children = children(self.own)
        try:
            while not self.stopping:
                if cluster is not None:
                    self._keep_postgres(cluster)
                for child in self.children:
                    self._keep(child)
                time.sleep(POLL_S)
        finally:
            self._end_children()
            if cluster is not None:
                cluster.stop()
            (self.run_folder / "supervisor.pid").unlink(missing_ok=True)
        return 0

    def _stop(self, _number: int, _frame: object) -> None:
        self.stopping = True

    def _keep_postgres(self, cluster: Cluster) -> None:
        if cluster.running():
            return
        before = cluster.port if (cluster.folder / "port").exists() else 0
        try:
            cluster.start()
            if before and cluster.port != before:
                self._restart_children()
        except ClusterFailed as error:
            print(f"postgres: {error}", file=sys.stderr, flush=True)
            time.sleep(1)

    def _restart_children(self) -> None:
        """The database has another address now: whoever knew the old one starts again."""
        for child in self.children:
            if child.process is not None and child.process.poll() is None:
                _signal_group(child.process.pid, signal.SIGTERM)

    def _keep(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is not None and child.process.poll() is None:
            if now - child.started > CALM_S:
                child.pause_s = PAUSE_S_FIRST
            return
        if child.process is not None:
            print(
                f"{child.name} ended with {child.process.returncode}", file=sys.stderr, flush=True
            )
            child.process = None
            child.next_start = now + child.pause_s
            child.pause_s = min(child.pause_s * 2, PAUSE_S_MAX)
        if now >= child.next_start and not self.stopping:
            self._start(child, now)

    def _start(self, child: Child, now: float) -> None:
        log = self.own.home / "log"
        log.mkdir(exist_ok=True)
        path = log / f"{child.name}.log"
        if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as out:
            child.process = subprocess.Popen(
                child.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env=environment(self.own, child.role), start_new_session=True,
            )  # fmt: skip
        child.started = now
        pids = {c.name: c.process.pid for c in self.children if c.process is not None}
        (self.run_folder / "children.json").write_text(json.dumps(pids))

    def _end_children(self) -> None:
        running = [c.process for c in self.children if c.process and c.process.poll() is None]
        for process in running:
            _signal_group(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_S_MAX
        while time.monotonic() < deadline and any(p.poll() is None for p in running):
            time.sleep(0.05)
        for process in running:
            if process.poll() is None:
                _signal_group(process.pid, signal.SIGKILL)
        (self.run_folder / "children.json").unlink(missing_ok=True)


def environment(own: Site, role: str) -> dict[str, str]:
    """The environment of a process of the county."""
    return os.environ | {
        "ANLAN_HOME": str(own.home),
        "ANLAN_ROLE": role,
        "ANLAN_KEYS": str(own.keys),
        "ANLAN_FILES": str(own.files),
        "DJANGO_SETTINGS_MODULE": "anlan.faces.settings",
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",
    }


def end_leftovers(run_folder: Path) -> None:
    """End children of a supervisor that was killed: only pids that still are what they were.

    The watchdog that called is spared: it becomes nobody's child and ends by itself.
    """
    path = run_folder / "children.json"
    if not path.exists():
        return
    for name, pid in json.loads(path.read_text() or "{}").items():
        if pid != os.getppid() and _is_ours(pid):
            _signal_group(pid, signal.SIGKILL if name != "watchdog" else signal.SIGTERM)
    path.unlink(missing_ok=True)


def _is_ours(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"anlan" in command or b"phonebox" in command


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def supervisor_pid(own: Site) -> int | None:
    """The pid of the county's supervisor; None where none runs (a stale pid file counts not)."""
    path = own.home / "run" / "supervisor.lock"
    if not path.exists():
        return None
    with path.open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = own.home / "run" / "supervisor.pid"
            return int(pid.read_text()) if pid.exists() and pid.read_text() else 0
    return None


def start_detached(own: Site) -> None:
    """Start the supervisor in a session of its own."""
    log = own.home / "log"
    log.mkdir(parents=True, exist_ok=True)
    with (log / "supervisor.log").open("ab") as out:
        subprocess.Popen(
            [sys.executable, "-m", "anlan.ground.machine.processes"], stdin=subprocess.DEVNULL,
            stdout=out, stderr=out, env=environment(own, "supervisor"), start_new_session=True,
        )  # fmt: skip


def stop(own: Site, said: Callable[[str], None]) -> bool:
    """Stop the county; False where it did not run."""
    pid = supervisor_pid(own)
    if not pid:
        end_leftovers(own.home / "run")
        Cluster(own.home / "postgres").stop()
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_S_MAX * 3
    while time.monotonic() < deadline and supervisor_pid(own) is not None:
        time.sleep(0.1)
    said("已停止，数据都在")
    return True


if __name__ == "__main__":
    current = site()
    sys.exit(Supervisor(current, current.home / "run").run())
