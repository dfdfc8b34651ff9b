"""The database as one file and back, by PostgreSQL's own `pg_dump` and `pg_restore`.

Flows in: a connection string that may read every row. Flows out: a file in the custom format, taken
under a snapshot that the caller holds, so that what he counted is what is in it. It goes back as
our own owner role, on our server and on a site's alike, in three sections: tables, rows, and then
indexes and policies, so that rows can be counted before a policy hides them.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from anlan.ground.errors import NotRunning, Refusal
from anlan.ground.machine import soundness
from anlan.ground.machine.postgres import SEARCH_ROLE, WHEEL

CONNECT_S_MAX = 10
DUMP_S_MAX = 6 * 3600
SAID_CHARS_MAX = 600
SHOWN_MAX = 5
MAY_READ = "SELECT rolsuper OR rolbypassrls, rolname FROM pg_roles WHERE rolname = current_user"
TABLES = (
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') ORDER BY c.relname"
)
HEAD = "SELECT id, encode(digest, 'hex') FROM ground_seal ORDER BY id DESC LIMIT 1"
# Its functions are given to it before the dump's own grants are read.
OPEN_SCHEMA = f"GRANT CREATE, USAGE ON SCHEMA public TO {SEARCH_ROLE}"
Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the database holds at one moment, and the name under which others see the same.

    made_at: the database's clock, UTC. disk_bytes: of the whole database. files: digest → bytes.
    """

    name: str
    made_at: str
    disk_bytes: int
    counts: dict[str, int]
    migrations: list[tuple[str, str]]
    journal: dict[str, object]
    files: dict[str, int]


def program(name: str) -> str:
    """Where the wheel's program lies; it runs as whoever calls, unlike the server."""
    spec = importlib.util.find_spec(WHEEL)
    path = Path(spec.origin).parent / "pginstall" / "bin" / name if spec and spec.origin else None
    if path is None or not path.exists():
        raise NotRunning("no-server", "没有装 PostgreSQL 程序", name, "make setup")
    return str(path)


@contextmanager
def snapshot(dsn: str) -> Iterator[Snapshot]:
    """Hold one moment of the database; Refusal where the account does not see every row."""
    try:
        connection = psycopg.connect(dsn, connect_timeout=CONNECT_S_MAX)
    except psycopg.OperationalError as error:
        place = str(psycopg.conninfo.conninfo_to_dict(dsn).get("user", ""))
        raise soundness.unreachable(error, place) from error
    with connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        may_read(connection)
        yield _seen(connection)


def may_read(connection: Connection) -> None:
    """Refusal where the account of this connection does not see every row."""
    row = connection.execute(MAY_READ).fetchone()
    if not row or not row[0]:
        raise Refusal(
            "backup-right", "这个账号看不到全部记录，备份会缺", str(row[1] if row else ""),
            "请数据库管理员运行：CREATE ROLE anlan_backup LOGIN BYPASSRLS PASSWORD '口令'; "
            "GRANT pg_read_all_data TO anlan_backup; 再运行 "
            "DATABASE_URL='postgresql://anlan_backup:口令@主机:端口/库名' anlan backup 目录",
        )  # fmt: skip


def _seen(connection: Connection) -> Snapshot:
    def one(statement: str) -> tuple[object, ...]:
        return connection.execute(statement).fetchone() or ()  # type: ignore[call-overload,no-any-return]

    name = str(one("SELECT pg_export_snapshot()")[0])
    made_at = str(one("SELECT to_char(transaction_timestamp() AT TIME ZONE 'UTC',"
                      " 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")[0])  # fmt: skip
    size = int(str(one("SELECT pg_database_size(current_database())")[0]))
    migrations = connection.execute("SELECT app, name FROM django_migrations ORDER BY 1, 2")
    head = connection.execute(HEAD).fetchone() or (0, "")
    counts = count(connection)
    files = connection.execute("SELECT sha256, size_bytes FROM ground_file ORDER BY sha256")
    return Snapshot(
        name, made_at, size, counts, [(str(a), str(n)) for a, n in migrations],
        {"lines": counts["ground_journal"], "seals": counts["ground_seal"],
         "head_seal": head[0], "head_digest": head[1]},
        {str(key): int(str(size_bytes)) for key, size_bytes in files},
    )  # fmt: skip


def count(connection: Connection) -> dict[str, int]:
    """Rows of every table, as this connection sees them."""
    found = {}
    for row in connection.execute(TABLES).fetchall():
        statement = sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(str(row[0])))
        answer = connection.execute(statement).fetchone()
        found[str(row[0])] = int(str(answer[0])) if answer else 0
    return found


def dump(dsn: str, path: Path, seen: Snapshot) -> None:
    """Write the database as it was at the snapshot; the file is on the disk when this returns."""
    _run(
        [program("pg_dump"), "--format=custom", "--compress=gzip:1",
         f"--snapshot={seen.name}", f"--file={path}", "--no-password"],
        dsn, "backup-dump", "数据库没有导出来",
    )  # fmt: skip
    path.chmod(0o600)
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


def restore(dsn: str, path: Path, expected: dict[str, int]) -> None:
    """Fill an empty database of the owner, count it, and only then finish it.

    Refusal where a table has not as many rows as `expected` says.
    """
    with tempfile.NamedTemporaryFile("w", prefix="anlan-restore-", suffix=".list") as chosen:
        chosen.write(_list_of(path))
        chosen.flush()
        with psycopg.connect(dsn, connect_timeout=CONNECT_S_MAX) as connection:
            connection.execute(OPEN_SCHEMA)
        for section in ("pre-data", "data"):
            _restore_section(dsn, path, section, chosen.name)
        with psycopg.connect(dsn, connect_timeout=CONNECT_S_MAX) as connection:
            found = count(connection)
        wrong = sorted(t for t in found.keys() | expected.keys() if found.get(t) != expected.get(t))
        if wrong:
            told = "、".join(f"{t} {found.get(t)}/{expected.get(t)}" for t in wrong[:SHOWN_MAX])
            raise Refusal(
                "restore-counts", "恢复出来的行数和备份清单不符", told, "换一份备份再恢复"
            )
        _restore_section(dsn, path, "post-data", chosen.name)


def _restore_section(dsn: str, path: Path, section: str, chosen: str) -> None:
    _run(
        [program("pg_restore"), f"--section={section}", "--exit-on-error", "--no-password",
         "--no-comments", f"--use-list={chosen}", str(path)],
        dsn, "restore-database", "数据库没有恢复起来",
    )  # fmt: skip


def _list_of(path: Path) -> str:
    """What is in the dump, less the schema `public` itself: that is the server's own."""
    done = subprocess.run(
        [program("pg_restore"), "--list", str(path)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Refusal("backup-broken", "备份里的数据库文件读不出来", str(path), "换一份备份")
    return "\n".join(x for x in done.stdout.splitlines() if " SCHEMA - public " not in x) + "\n"


def _run(command: list[str], dsn: str, code: str, said: str) -> None:
    """The password goes by the environment: a command line is everybody's to read."""
    parts = {k: str(v) for k, v in psycopg.conninfo.conninfo_to_dict(dsn).items()}
    own = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
    own |= {"ANLAN_HOME": os.environ["ANLAN_HOME"], "ANLAN_CHILD": "backup"} if (
        "ANLAN_HOME" in os.environ and "ANLAN_CHILD" in os.environ) else {}  # fmt: skip
    if "password" in parts:
        own["PGPASSWORD"] = parts.pop("password")
    place = psycopg.conninfo.make_conninfo("", **parts)
    done = subprocess.run(
        [*command[:1], f"--dbname={place}", *command[1:]], capture_output=True, text=True,
        env=own, check=False, timeout=DUMP_S_MAX,
    )  # fmt: skip
    if done.returncode:
        words = done.stderr.strip()[-SAID_CHARS_MAX:]
        if "No space left" in words:
            raise NotRunning("disk-full", "磁盘满了，" + said, words, "腾出空间再来一次")
        raise NotRunning(code, said, words, "改正后再来一次；已有的备份没有动")
