"""Whether a database server may carry a county: old enough, and it keeps what it said yes to.

Asked as each of our roles, for a setting can be switched off for one role or one database alone.
A county does not start on a server that answers before the disk has it (R15).
"""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from anlan.ground.errors import NotRunning, Refusal

VERSION_MIN = 160000
CONNECT_S_MAX = 5
SAFE = {
    "fsync": ("on",),
    "synchronous_commit": ("on", "remote_write", "remote_apply", "local"),
    "full_page_writes": ("on",),
}
ASK = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"


def version_refusal(version: int) -> Refusal | None:
    """Why a server of this version number (150004 for 15.4) is not taken; None where it is."""
    if version >= VERSION_MIN:
        return None
    has, needs = version // 10000, VERSION_MIN // 10000
    return Refusal(
        "database-too-old", f"数据库是 PostgreSQL {has}，需要 {needs} 以上", "DATABASE_URL",
        "请升级那台数据库，或去掉 DATABASE_URL 用自带的",
    )  # fmt: skip


def durability_refusal(settings: dict[str, str], role: str) -> Refusal | None:
    """Why a server with these settings is not taken; None where it keeps what it answered."""
    off = sorted(name for name, good in SAFE.items() if settings.get(name) not in good)
    if not off:
        return None
    names = "、".join(off)
    alter = "; ".join(f"ALTER SYSTEM SET {name} = on" for name in off)
    return Refusal(
        "database-not-durable", f"数据库关掉了 {names}，断电会丢掉已答应的记录，不能启动",
        f"账号 {role}",
        f"在数据库里运行：{alter}; SELECT pg_reload_conf();"
        " 若是给账号或库单独设的：ALTER ROLE … RESET ALL 或 ALTER DATABASE … RESET ALL",
    )  # fmt: skip


def check(dsns: Iterable[str]) -> None:
    """Refusal where the server may not carry a county; NotRunning where it does not answer."""
    for dsn in dsns:
        role = str(psycopg.conninfo.conninfo_to_dict(dsn).get("user", ""))
        try:
            with psycopg.connect(dsn, connect_timeout=CONNECT_S_MAX, autocommit=True) as own:
                settings: dict[str, str] = dict(own.execute(ASK, [list(SAFE)]).fetchall())
                version = own.info.server_version
        except psycopg.OperationalError as error:
            raise unreachable(error, role) from error
        refusal = version_refusal(version) or durability_refusal(settings, role)
        if refusal is not None:
            raise refusal


def unreachable(error: psycopg.OperationalError, place: str) -> Refusal:
    """What a failed connection means in words, with its mend."""
    text = str(error).strip().splitlines()[-1][-300:]
    if "password authentication failed" in text or "no password supplied" in text:
        return Refusal(
            "database-password", "数据库不认这个口令", place, "请核对 DATABASE_URL 里的账号和口令"
        )
    if "does not exist" in text and "database" in text:
        return Refusal(
            "database-missing", "数据库服务器上没有这个库", place,
            "请先建库，例如 createdb -O 账号 库名，再运行 make up",
        )  # fmt: skip
    if "starting up" in text or "shutting down" in text:
        return NotRunning("database-away", "数据库正在启动或停止", place, "稍等再试")
    return NotRunning(
        "database-away",
        "连不上数据库",
        f"{place} {text}".strip(),
        "请核对地址、端口和数据库是否在运行",
    )
