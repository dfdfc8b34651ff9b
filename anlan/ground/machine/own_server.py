"""The site's own PostgreSQL, named by `DATABASE_URL`: its account makes our roles in its database.

The account needs CREATEROLE and its own database, no more. Our roles are made once with passwords
of their own, which lie in the county's folder. Roles belong to a whole server, so one server holds
one county; a second one is refused before anything is changed.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import psycopg
from psycopg import sql

from anlan.ground.errors import Refusal
from anlan.ground.machine import soundness
from anlan.ground.machine.own_server_file import OWN_SERVER
from anlan.ground.machine.postgres import LOGIN_ROLES, SEARCH_ROLE

CONNECT_S_MAX = 10
EXTENSIONS = ("btree_gist", "pg_trgm")
Connection = psycopg.Connection[tuple[object, ...]]
MAY = (
    "SELECT r.rolsuper OR r.rolcreaterole, r.rolsuper OR pg_has_role(d.datdba, 'USAGE'), r.rolname"
    " FROM pg_roles r, pg_database d WHERE r.rolname = current_user"
    " AND d.datname = current_database()"
)
OTHERS = (
    "SELECT DISTINCT b.datname FROM pg_shdepend d JOIN pg_database b ON b.oid = d.dbid"
    " WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o'"
    " AND d.refobjid = (SELECT oid FROM pg_roles WHERE rolname = 'anlan_owner')"
    " AND b.datname <> current_database()"
)


def _passwords(home: Path) -> Path:
    return home / OWN_SERVER


def prepare(url: str, home: Path) -> None:
    """Make or renew our roles on the site's server, and let the owner make its tables.

    Refusal where the server is too old, the account may not, or another county lives there.
    """
    with _connect(url) as connection:
        refusal = soundness.version_refusal(connection.info.server_version)
        if refusal is not None:
            raise refusal
        _may(connection)
        _alone(connection)
        if _holds_county(connection) and not _passwords(home).exists():
            raise Refusal(
                "database-taken", "这个库里已经有一个县", connection.info.dbname,
                "换一个空库；若是本县的库，先从备份放回县目录（密钥在里面）",
            )  # fmt: skip
        _extensions(connection)
        words = _words(home)
        try:
            with connection.transaction():
                _make_roles(connection, words)
        except psycopg.errors.InsufficientPrivilege as error:
            raise _right_missing(str(error).splitlines()[0]) from error
    _write(home, words | {"url": address(url)})


def holds_county(url: str) -> bool:
    """Whether the database of this address has a county in it."""
    with _connect(url) as connection:
        return _holds_county(connection)


def _holds_county(connection: Connection) -> bool:
    row = connection.execute("SELECT to_regclass('public.ground_county')").fetchone()
    return bool(row and row[0])


def address(url: str) -> str:
    """Without account and password: our roles have their own."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    return psycopg.conninfo.make_conninfo(
        "", **{k: str(v) for k, v in parts.items() if k not in ("user", "password")}
    )


def _words(home: Path) -> dict[str, str]:
    path = _passwords(home)
    if not path.exists():
        _write(home, {role: secrets.token_urlsafe(24) for role in LOGIN_ROLES})
    found: dict[str, str] = json.loads(path.read_text())
    return found


def _write(home: Path, words: dict[str, str]) -> None:
    path = _passwords(home)
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        json.dump(words, handle)
        handle.flush()
        os.fsync(handle.fileno())
    fresh.replace(path)


def _connect(url: str) -> Connection:
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_S_MAX)
    except psycopg.OperationalError as error:
        raise soundness.unreachable(error, "DATABASE_URL") from error
    except psycopg.ProgrammingError as error:
        raise Refusal(
            "database-url", "读不懂 DATABASE_URL", str(error).strip()[:200],
            "写成 postgresql://账号:口令@主机:端口/库名",
        ) from error  # fmt: skip


def _may(connection: Connection) -> None:
    row = connection.execute(MAY).fetchone()
    makes_roles, owns, name = row if row else (False, False, "")
    if not makes_roles:
        raise _right_missing(f"{name} 没有 CREATEROLE", f"ALTER ROLE {name} CREATEROLE")
    if not owns:
        base = connection.info.dbname
        raise _right_missing(
            f"{name} 不是库 {base} 的主人", f"ALTER DATABASE {base} OWNER TO {name}"
        )


def _right_missing(what: str, statement: str = "ALTER ROLE 账号 CREATEROLE") -> Refusal:
    return Refusal(
        "database-right", "DATABASE_URL 里的账号权限不够", what,
        f"请数据库管理员运行：{statement}；然后再运行 make up",
    )  # fmt: skip


def _alone(connection: Connection) -> None:
    others = [str(row[0]) for row in connection.execute(OTHERS)]
    if others:
        raise Refusal(
            "database-shared", "这台数据库服务器已经有一个县", "、".join(others),
            "一台服务器（一个 PostgreSQL 实例）放一个县：请换一台或另建一个实例",
        )  # fmt: skip


def _extensions(connection: Connection) -> None:
    found = {row[0] for row in connection.execute("SELECT name FROM pg_available_extensions")}
    missing = [name for name in EXTENSIONS if name not in found]
    if missing:
        raise Refusal(
            "database-extension", "数据库服务器缺少扩展", "、".join(missing),
            "请在数据库服务器上安装：apt-get install postgresql-contrib",
        )  # fmt: skip


def _make_roles(connection: Connection, words: dict[str, str]) -> None:
    known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
    for role in LOGIN_ROLES:
        verb = "ALTER" if f"anlan_{role}" in known else "CREATE"
        name = sql.Identifier(f"anlan_{role}")
        connection.execute(sql.SQL(verb + " ROLE {} LOGIN PASSWORD {}").format(name, words[role]))
    if SEARCH_ROLE not in known:
        connection.execute(f"CREATE ROLE {SEARCH_ROLE} NOLOGIN")
    connection.execute(f"GRANT {SEARCH_ROLE} TO anlan_owner")
    _give_database(connection)


def _give_database(connection: Connection) -> None:
    """What our owner needs to make tables and let `anlan_search` own its functions; no more.

    The database itself stays the site's.
    """
    database = sql.Identifier(connection.info.dbname)
    connection.execute(
        sql.SQL("GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {} TO anlan_owner").format(database)
    )
    connection.execute("GRANT CREATE, USAGE ON SCHEMA public TO anlan_owner WITH GRANT OPTION")
