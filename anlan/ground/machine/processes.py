"""The supervisor: keeps a county's processes alive, and stops what it started.

One supervisor a county, held by a lock on a file. A child that dies comes back with a pause that
doubles up to `PAUSE_S_MAX`. The watchdog starts the supervisor again when that itself was killed;
what still runs from before is ended first, found by the environment that it was given. Before any
child starts, the database must have shown that it keeps what it answers; what stands in the way
lies in `run/trouble.json`, for `anlan up` and `anlan status` to show.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from anlan.ground.errors import NotRunning, Refusal
from anlan.ground.logs import chosen
from anlan.ground.machine import pids, ports, soundness
from anlan.ground.machine.postgres import Cluster, ClusterFailed
from anlan.ground.machine.site import Site, checkout, site, tls_folder, write_whole

log = logging.getLogger("anlan.supervisor")
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"

PAUSE_S_FIRST, PAUSE_S_MAX = 0.3, 10.0
CALM_S = 20.0
STOP_S_MAX = 10.0
POLL_S = 0.25
LOG_BYTES_MAX = 10_000_000
LOG_LOOK_EVERY_S = 10.0
DATABASE_PAUSE_S = 1.0
REFUSED = 4
PORT_TAKEN = "port-taken"
WEB_LOG = Path(__file__).with_name("web_log.json")
COUNTS = "counts"
CHECKED_ROLES = ("owner", "console", "public")


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


CONTACTS = "phonebox.json"  # number → name and post, in a demonstration county


# One interpreter serves one page at a time: a second one for the console's readers where there is a
# second core. What each keeps it asks the database for (`ground/kept.py`), so they may differ.
CONSOLE_WORKERS = min(2, os.cpu_count() or 1)


def granian(
    own: Site, app: str, interface: str, part: str, threads: int = 1, workers: int = 1
) -> list[str]:
    """The command of one granian server: plain on localhost, else with TLS.

    threads: of each of its workers.
    """
    folder = tls_folder(own.home)
    secured = [
        "--ssl-certificate", str(folder / "server.pem"), "--ssl-keyfile",
        str(folder / "server.key"), "--ssl-protocol-min", "tls1.2",
    ] if own.https_host else []  # fmt: skip
    command = [
        sys.executable, "-m", "granian", "--interface", interface, "--host", own.bind, *secured,
        "--port", str(own.ports[part]), "--workers", str(workers), "--no-ws",
        "--log-level", "warning",
        "--log-config", str(WEB_LOG), app,
    ]  # fmt: skip
    return [*command, "--blocking-threads", str(threads)] if interface == "wsgi" else command


def children(own: Site) -> list[Child]:
    """What runs in a county, in the order in which it starts."""
    wsgi = "anlan.faces.http.wsgi:application"
    found = [
        Child("console", granian(own, wsgi, "wsgi", "console", 4, CONSOLE_WORKERS), "console"),
        Child("live", granian(own, "anlan.faces.http.live:app", "asgi", "live"), "live"),
        Child("public", granian(own, wsgi, "wsgi", "public", 2), "public"),
        Child("worker", [sys.executable, "-m", "anlan.faces.worker"], "worker"),
        Child("watchdog", [sys.executable, "-m", "anlan.faces.watchdog"], "watchdog"),
        Child(
            "player",
            [sys.executable, "-m", "player", "--folder", str(own.home / "player")],
            "player",
        ),
    ]
    if own.demo:
        box = [
            sys.executable, "-m", "phonebox", "--smpp-port", str(own.ports["smpp"]),
            "--http-port", str(own.ports["phonebox"]), "--store", str(own.home / "phonebox.db"),
            "--contacts", str(own.home / CONTACTS),
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
    sound: bool = False
    held: list[socket.socket] = field(default_factory=list)

    def run(self) -> int:
        """0 after an ordered stop; 1 where another supervisor holds the county; 4 refused."""
        self.run_folder.mkdir(parents=True, exist_ok=True)
        lock = (self.run_folder / "supervisor.lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 1
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._hold_ports()
        end_leftovers(self.own.home)
        shutil.rmtree(self.run_folder / COUNTS, ignore_errors=True)
        cluster = None if self.own.database_url else Cluster(self.own.home / "postgres")
        self.children = children(self.own)
        try:
            self._watch(cluster)
        except Refusal as refusal:
            self._trouble(refusal)
            return REFUSED
        finally:
            self._end_children()
            if cluster is not None:
                cluster.stop()
            ports.release(self.held)
        self._trouble(None)
        return 0

    def _hold_ports(self) -> None:
        """Its ports are this county's alone as long as it runs; waits for another to let go."""
        while not self.stopping:
            held = ports.hold(self.own.listening)
            if held is not None:
                self.held = held
                return
            self._wait(
                NotRunning(
                    PORT_TAKEN, "端口归另一个正在运行的县", str(self.own.home / "county.json"),
                    "make down，再运行 make up，会换一个端口",
                )
            )  # fmt: skip

    def _watch(self, cluster: Cluster | None) -> None:
        looked = 0.0
        while not self.stopping:
            if self._keep_database(cluster):
                for child in self.children:
                    self._keep(child)
            if time.monotonic() - looked > LOG_LOOK_EVERY_S:
                looked = time.monotonic()
                bound_logs(self.own.home)
            time.sleep(POLL_S)

    def _stop(self, _number: int, _frame: object) -> None:
        self.stopping = True

    def _keep_database(self, cluster: Cluster | None) -> bool:
        """Whether the children may run. Refusal where the server may not carry a county."""
        try:
            if cluster is not None:
                self._keep_postgres(cluster)
            if not self.sound:
                soundness.check([self.own.dsn(role) for role in CHECKED_ROLES])
                self.sound = True
                self._trouble(None)
        except ClusterFailed as error:
            self._wait(error.refusal(self.own.home / "postgres" / "log"))
        except NotRunning as error:
            self._wait(error)
        return self.sound

    def _wait(self, refusal: Refusal) -> None:
        """What may mend itself: said, written down, and tried again."""
        log.error("%s", refusal)
        self._trouble(refusal)
        time.sleep(DATABASE_PAUSE_S)

    def _trouble(self, refusal: Refusal | None) -> None:
        path = self.run_folder / "trouble.json"
        if refusal is None:
            path.unlink(missing_ok=True)
            return
        final = not isinstance(refusal, NotRunning)
        if final:
            log.error("refused to start: %s", refusal)
        try:
            write_whole(path, json.dumps(refusal.as_dict() | {"final": final}, ensure_ascii=False))
        except OSError as error:
            log.error("no room for %s: %s", path, error)

    def _keep_postgres(self, cluster: Cluster) -> None:
        if cluster.running():
            return
        before = cluster.port if (cluster.folder / "port").exists() else 0
        cluster.start()
        self.sound = False
        if before and cluster.port != before:
            self._restart_children()

    def _restart_children(self) -> None:
        """The database has another address now: whoever knew the old one starts again."""
        for child in self.children:
            if child.process is not None and child.process.poll() is None:
                pids.signal_group(child.process.pid, signal.SIGTERM)

    def _keep(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is not None and child.process.poll() is None:
            if now - child.started > CALM_S:
                child.pause_s = PAUSE_S_FIRST
            return
        if child.process is not None:
            log.warning("%s ended with %s", child.name, child.process.returncode)
            pids.signal_group(child.process.pid, signal.SIGKILL)  # what it had started itself
            child.process = None
            child.next_start = now + child.pause_s
            child.pause_s = min(child.pause_s * 2, PAUSE_S_MAX)
        if now >= child.next_start and not self.stopping:
            self._start(child, now)

    def _start(self, child: Child, now: float) -> None:
        folder = self.own.home / "log"
        folder.mkdir(exist_ok=True)
        with (folder / f"{child.name}.log").open("ab") as out:
            child.process = subprocess.Popen(
                child.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=checkout(),
                env=environment(self.own, child.role, child.name), start_new_session=True,
            )  # fmt: skip
        child.started = now

    def _end_children(self) -> None:
        started = [c.process for c in self.children if c.process is not None]
        for process in started:
            pids.signal_group(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_S_MAX
        while time.monotonic() < deadline and any(p.poll() is None for p in started):
            time.sleep(0.05)
        for process in started:
            pids.signal_group(process.pid, signal.SIGKILL)


def environment(own: Site, role: str, name: str = "") -> dict[str, str]:
    """The environment of a process of the county. name: marks it as one that we started.

    The site's account of `DATABASE_URL` goes no further: our roles have passwords of their own.
    """
    mark = {"ANLAN_CHILD": name} if name else {}
    given = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    return given | mark | {
        "ANLAN_HOME": str(own.home), "ANLAN_ROLE": role, "ANLAN_KEYS": str(own.keys),
        "ANLAN_FILES": str(own.files), "DJANGO_SETTINGS_MODULE": "anlan.faces.settings",
        "PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2",
    }  # fmt: skip


def bound_logs(home: Path, bytes_max: int = LOG_BYTES_MAX) -> None:
    """Keep every log and one before it under `bytes_max`. Its writer appends, and goes on at 0."""
    for path in [*(home / "log").glob("*.log"), home / "postgres" / "log"]:
        try:
            if path.stat().st_size > bytes_max:
                shutil.copy2(path, path.with_name(path.name + ".1"))
                os.truncate(path, 0)
        except FileNotFoundError:
            continue
        except OSError as error:
            log.warning("log %s is not kept short: %s", path, error)


def end_leftovers(home: Path) -> None:
    """End what a killed supervisor or an interrupted first start left running.

    The watchdog that called is spared: it becomes nobody's child and ends by itself. Returns when
    all of it is gone, for it holds ports; the database is left, the next supervisor takes it over.
    """
    spared = {os.getpid(), os.getppid()}
    for pid in set(pids.of_county(home)) - spared:
        pids.signal_group(pid, signal.SIGKILL)
        _kill(pid)
    deadline = time.monotonic() + STOP_S_MAX
    while set(pids.of_county(home)) - spared and time.monotonic() < deadline:
        time.sleep(0.05)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def supervisor_pid(own: Site) -> int | None:
    """The pid of the county's supervisor; None where none runs, 0 where it has not said yet."""
    path = own.home / "run" / "supervisor.lock"
    if not path.exists():
        return None
    with path.open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            text = lock.read().strip()
            pid = int(text) if text.isdigit() else 0
            return pid if pids.is_supervisor(pid) else 0
    return None


def trouble(own: Site) -> tuple[Refusal | None, bool]:
    """What keeps the county from running, and whether that is final."""
    try:
        said = json.loads((own.home / "run" / "trouble.json").read_text())
        final = bool(said.pop("final"))
        return (Refusal if final else NotRunning)(**said), final
    except (OSError, ValueError, TypeError, KeyError):
        return None, False


def start_detached(own: Site) -> subprocess.Popen[bytes]:
    """Start the supervisor in a session of its own."""
    folder = own.home / "log"
    folder.mkdir(parents=True, exist_ok=True)
    (own.home / "run" / "trouble.json").unlink(missing_ok=True)
    with (folder / "supervisor.log").open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "anlan.ground.machine.processes"], stdin=subprocess.DEVNULL,
            stdout=out, stderr=out, env=environment(own, "supervisor", "supervisor"),
            start_new_session=True, cwd=checkout(),
        )  # fmt: skip


def stop(own: Site) -> bool:
    """Stop the county; False where it did not run. Refusal where it does not end in time."""
    ran, deadline = False, time.monotonic() + STOP_S_MAX * 5
    while (pid := supervisor_pid(own)) is not None:
        if pid and not ran:
            os.kill(pid, signal.SIGTERM)
            ran = True
        if time.monotonic() > deadline:
            raise NotRunning(
                "not-stopping",
                "没有在时限内停下来",
                f"进程 {pid}",
                f"请看 {own.home / 'log'} 里的日志",
            )
        time.sleep(POLL_S)
    end_leftovers(own.home)
    if not own.database_url:
        Cluster(own.home / "postgres").stop()
    return ran


def speak() -> None:
    """Log to standard error in the county's one format; for processes without Django."""
    handler = logging.StreamHandler()
    handler.setFormatter(chosen(LOG_FORMAT))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


if __name__ == "__main__":
    speak()
    current = site()
    sys.exit(Supervisor(current, current.home / "run").run())
