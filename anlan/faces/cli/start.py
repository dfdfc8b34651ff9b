"""`anlan up` and `anlan down`: the current county, started and stopped.

One of them at a time: the starter holds a lock in the county's folder, a second one waits, and
`down` interrupts it. Each step of the first start may be repeated; the marker `ready` is written
last, and the one-time links are made once the county answers, so that an interruption loses none.
"""

from __future__ import annotations

import argparse
import errno
import fcntl
import os
import shutil
import signal
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from anlan.faces.cli.answers import Answer, Steps
from anlan.faces.cli.prepare import StepFailed, run_step, schema_mark
from anlan.faces.cli.upgrades import bring_up_to_date
from anlan.ground.errors import NotRunning, Refusal
from anlan.ground.machine import alarms, clockcheck, own_server, pids, ports, site
from anlan.ground.machine.postgres import Cluster, ClusterFailed
from anlan.ground.machine.processes import (
    PORT_TAKEN,
    end_leftovers,
    start_detached,
    stop,
    supervisor_pid,
    trouble,
)
from anlan.ground.machine.restore import unfinished
from anlan.ground.machine.site import (
    BOX,
    DATABASE,
    DEFAULT_PORTS,
    DEMO_CODE,
    LOOPBACK,
    MARK_HEADER,
    Site,
    other_users,
    root_folder,
    write_facts,
)

READY_S_MAX = 90.0
TROUBLE_S_MAX = 15.0
OTHER_START_S_MAX = 300.0
INTERRUPT_S_MAX = 60.0
PORT_CHOICES_MAX = 8
POLL_S = 0.1
CONNECT_S_MAX = 5
DISK_BYTES_FIRST = 500_000_000
DISK_BYTES_AGAIN = 30_000_000
DEMO = {"code": DEMO_CODE, "name": "垫江县", "demo": True}
# Who answers is told by the county's mark; the name in the certificate is not this address.
TRUSTING = ssl._create_unverified_context()  # noqa: S323
PARTS = ("console", "public", "live")


def up(_options: argparse.Namespace) -> Answer:
    """Start the current county; make the demonstration county first where there is none."""
    own = site()
    _no_debug(own)
    half = unfinished(own.home)
    if half is not None:
        raise half
    signal.signal(signal.SIGTERM, _interrupt)
    with refusing(own), starting(own):
        return _up(site(own.home))


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _up(own: Site) -> Answer:
    started, steps = time.monotonic(), Steps()
    if supervisor_pid(own) is not None:
        _wait_ready(own)
        return _started(own, "已经在运行")
    end_leftovers(own.home)
    first = not (own.home / "ready").exists()
    enough_disk(own.home, DISK_BYTES_FIRST if first else DISK_BYTES_AGAIN)
    facts = dict(own.facts) or _new_facts(own)
    write_facts(own.home, facts)
    make(site(own.home), steps) if first else _still_whole(own, steps)
    steps.next("启动各进程")
    own = _run_on_own_ports(own.home, facts)
    steps.end()
    return _started(own, f"已启动，用时 {time.monotonic() - started:.1f} 秒")


def _run_on_own_ports(home: Path, facts: dict[str, Any]) -> Site:
    """Choose free ports and start; choose again where another county was quicker to hold them."""
    for choice in range(1, PORT_CHOICES_MAX + 1):
        own = settle_ports(home, facts)
        process = start_detached(own)
        try:
            _wait_ready(own, process.poll)
            return own
        except NotRunning as refusal:
            if refusal.code != PORT_TAKEN or choice == PORT_CHOICES_MAX:
                raise
            process.terminate()
            process.wait(INTERRUPT_S_MAX)
    raise AssertionError("unreachable")


def _started(own: Site, how: str) -> Answer:
    """The answer, with the one-time links where nobody has seen them yet."""
    answer, text = addresses(own), f"{how}\n{address_text(own)}"
    warnings = _warnings(own)
    if warnings:
        answer["warnings"] = warnings
        text += "".join(f"\n  ！{line}" for line in warnings)
    due = own.home / "links.due"
    if due.exists():
        answer["links"] = first_links(own)
        text += link_text(answer["links"])
        due.unlink()
    return 0, answer, text


def first_links(own: Site) -> dict[str, str]:
    """New one-time links, good for an hour; the county's database must run."""
    import json

    made: dict[str, str] = json.loads(run_step(own, "links"))
    return {name: own.address("console", path) for name, path in made.items() if path}


def link_text(made: dict[str, str]) -> str:
    duty = f"\n  值班员（演示）  {made['duty']}" if made.get("duty") else ""
    return (
        f"\n\n一次性链接，一小时内有效：{duty}\n  初始设置        {made['setup']}"
        "\n  过期了再要一个：.venv/bin/python -m anlan user link setup"
    )


# one starter at a time


@contextmanager
def starting(own: Site, interrupt: bool = False) -> Iterator[None]:
    """Hold the right to start or stop this county. interrupt: end whoever is starting it."""
    if own.home.exists() and own.home.stat().st_uid != os.geteuid():
        raise other_users(own.home)
    folder = own.home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "starting.lock").open("a+") as lock:
        deadline = time.monotonic() + (INTERRUPT_S_MAX if interrupt else OTHER_START_S_MAX)
        while not _locked(lock):
            if interrupt:
                _end_starter(folder / "starting.lock")
            if time.monotonic() > deadline:
                raise NotRunning(
                    "still-starting", "另一个 make up 还没有结束", str(folder), "make down 会停下它"
                )
            time.sleep(POLL_S)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _locked(lock: Any) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _end_starter(path: Path) -> None:
    text = path.read_text()
    if text.isdigit() and pids.alive(int(text)) and pids.was_typed(int(text), "anlan"):
        os.kill(int(text), signal.SIGTERM)


@contextmanager
def refusing(own: Site) -> Iterator[None]:
    """What the system or the database says no to, in words, with what to type."""
    try:
        yield
    except OSError as error:
        raise _os_refusal(own, error) from error
    except ClusterFailed as error:
        raise error.refusal(own.home / "postgres" / "log") from error
    except StepFailed as error:
        raise error.refusal(own.home) from error
    except psycopg.Error as error:
        raise NotRunning(
            "database",
            "数据库没有答应",
            str(error).strip()[-500:],
            "改正后再运行 make up，会从中断处继续",
        ) from error
    except KeyboardInterrupt as error:
        raise NotRunning(
            "interrupted",
            "启动被中断，什么都没有丢",
            str(own.home),
            "再运行 make up，会从中断处继续",
        ) from error


def _os_refusal(own: Site, error: OSError) -> Refusal:
    place = str(error.filename or own.home)
    if error.errno == errno.ENOSPC:
        return disk_full(own.home, 0)
    if error.errno in (errno.EACCES, errno.EPERM) and _others(Path(place)):
        return other_users(Path(place))
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Refusal(
            "no-write", "这个目录不能写", place, "换一个能写的目录：ANLAN_ROOT=/目录 make up"
        )
    return NotRunning(
        "system", error.strerror or str(error), place, "改正后再运行 make up，会从中断处继续"
    )


def _others(path: Path) -> bool:
    """Whether an existing county's folder stands there that is another user's."""
    home = next((p for p in (path, *path.parents) if (p / "county.json").exists()), None)
    return home is not None and home.stat().st_uid != os.geteuid()


def _no_debug(own: Site) -> None:
    if os.environ.get("ANLAN_DEBUG") == "1" and own.facts and not own.demo:
        raise Refusal(
            "debug-on", "正式的县不能开调试", "ANLAN_DEBUG=1", "unset ANLAN_DEBUG，再运行 make up"
        )


# the first start, and every later one


def make(own: Site, steps: Steps) -> None:
    """The first start, each step safe to repeat; the marker is written last."""
    steps.total = 5 if own.demo else 4
    steps.next("准备目录和密钥")
    from anlan.ground.secrets import make_keys

    passable(own.home)
    own.files.mkdir(exist_ok=True, mode=0o700)
    make_keys(own.keys)
    steps.next("建立数据库")
    cluster = None if own.database_url else Cluster(own.home / "postgres")
    try:
        _make_database(own, cluster)
        steps.next("建表")
        _migrate(own)
        if own.demo:
            steps.next("生成演示县：26 个乡镇街道、301 个村社区")
            run_step(own, "demo")
        (own.home / "links.due").write_text("")
        (own.home / "ready").write_text("")
    except BaseException:
        if cluster is not None:
            cluster.stop()
        raise


def _make_database(own: Site, cluster: Cluster | None) -> None:
    if cluster is None:
        own_server.prepare(own.database_url, own.home)
        return
    cluster.init()
    if not cluster.running():
        cluster.start()
    if not cluster.has_database(DATABASE):
        cluster.create_database(DATABASE)


def _migrate(own: Site) -> None:
    run_step(own, "migrate")
    (own.home / "schema").write_text(schema_mark())


def _still_whole(own: Site, steps: Steps) -> None:
    """Keys and database of a county that was made before, and its tables as this version wants."""
    if not (own.keys / "fields.json").exists():
        raise NotRunning(
            "keys-missing", "密钥不见了，电话号码读不出来，没有启动", str(own.keys),
            "从备份放回 keys/fields.json，再运行 make up；不要新建",
        )  # fmt: skip
    url = os.environ.get("DATABASE_URL", "")
    if url:
        _same_server(own, url)
    passable(own.home)
    mark = own.home / "schema"
    if mark.exists() and mark.read_text() == schema_mark():
        return
    cluster = None if own.database_url else Cluster(own.home / "postgres")
    if cluster is not None and not cluster.running():
        cluster.start()
    try:
        bring_up_to_date(own, steps)
    except BaseException:
        if cluster is not None:
            cluster.stop()
        raise


def start_again(own: Site) -> Site:
    """Start a county that an upgrade has just stopped."""
    end_leftovers(own.home)
    return _run_on_own_ports(own.home, dict(own.facts))


def _same_server(own: Site, url: str) -> None:
    if (own.home / "postgres" / "whole").exists():
        raise Refusal(
            "database-moved", "这个县的数据在自带的数据库里，DATABASE_URL 指向别处",
            str(own.home / "postgres"), "unset DATABASE_URL 再运行 make up；搬库先备份再恢复",
        )  # fmt: skip
    if own_server.address(url) == own_server_now(own):
        return
    if not own_server.holds_county(url):
        raise Refusal(
            "database-empty", "DATABASE_URL 指向的库里没有这个县", own_server.address(url),
            "请核对 DATABASE_URL；搬库先把数据恢复过去",
        )  # fmt: skip
    own_server.prepare(url, own.home)


def own_server_now(own: Site) -> str:
    from anlan.ground.machine.own_server_file import read_address

    return read_address(own.home)


def passable(home: Path) -> None:
    """As root the server runs under another uid, which must be able to walk to its folder."""
    if os.geteuid() == 0:
        for folder in (home, home.parent, home.parent.parent):
            if folder.stat().st_uid == 0 and str(folder) not in ("/", "/root"):
                folder.chmod(folder.stat().st_mode | 0o011)


def _new_facts(own: Site) -> dict[str, Any]:
    """The demonstration county, but never in the place of a county whose folder has gone."""
    if own.home.parent == root_folder() / "counties" and own.home.name != DEMO_CODE:
        raise Refusal(
            "county-unknown", "当前县的目录不见了", str(own.home),
            "放回目录，或 anlan county list 看本机有哪些、anlan county use 代码 换一个",
        )  # fmt: skip
    return dict(DEMO)


def enough_disk(home: Path, needed: int) -> None:
    """Refusal where fewer bytes are free than `needed`."""
    folder = home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise disk_full(folder, free)


def disk_full(folder: Path, free: int) -> Refusal:
    return NotRunning(
        "disk-full", f"磁盘只剩 {free // 1_000_000} MB", str(folder),
        f"请腾出 {DISK_BYTES_FIRST // 1_000_000} MB，或换位置：ANLAN_ROOT=/目录 make up",
    )  # fmt: skip


# ports


def settle_ports(home: Path, facts: dict[str, Any]) -> Site:
    """Keep the ports that are free; take another one for a port that somebody else holds.

    A real county starts no telephone box: where it finds its SMS centre stays as it is written.
    """
    own = site(home)
    taken = _ports_of_others(home)
    chosen = dict(own.ports)
    for name in (*PARTS, *(BOX if facts.get("demo") else ())):
        if not ports.free(chosen[name]) or chosen[name] in taken:
            others = taken | set(chosen.values())
            other = ports.next_free(chosen[name], others)
            Steps.note(f"端口 {chosen[name]} 已被占用，{name} 改用 {other}")
            chosen[name] = other
    facts["ports"] = {name: port for name, port in chosen.items() if port != DEFAULT_PORTS[name]}
    write_facts(home, facts)
    return site(home)


def _ports_of_others(home: Path) -> set[int]:
    """What the other counties of this folder have been given, running or not."""
    found: set[int] = set()
    if home.parent.name != "counties":
        return found
    for other in home.parent.iterdir():
        if other != home and (other / "county.json").exists():
            try:
                found |= {port for port in site(other).ports.values() if port}
            except Refusal:
                continue
    return found


# waiting and telling


def _wait_ready(own: Site, ended: Callable[[], int | None] = lambda: None) -> None:
    deadline, waiting, hurt = time.monotonic() + READY_S_MAX, list(PARTS), 0.0
    while waiting and time.monotonic() < deadline:
        waiting = [part for part in waiting if not _answers(own, part)]
        refusal, final = trouble(own)
        hurt = hurt or time.monotonic() if refusal else 0.0
        waited = time.monotonic() - hurt > TROUBLE_S_MAX
        if refusal and (final or waited or refusal.code == PORT_TAKEN):
            raise refusal
        if ended() is not None and refusal is None:
            break
        time.sleep(POLL_S)
    if waiting:
        names, log = "、".join(waiting), own.home / "log"
        raise NotRunning("not-ready", f"没有启动起来：{names}", str(log), f"请看 {log} 里的日志")


def _answers(own: Site, part: str) -> bool:
    """Whether the part answers, and no other county in its place."""
    scheme, trusting = ("https", TRUSTING) if own.https_host else ("http", None)
    host = LOOPBACK if own.bind in ("0.0.0.0", LOOPBACK) else own.bind  # noqa: S104
    url = f"{scheme}://{host}:{own.ports[part]}/health"
    try:
        with urllib.request.urlopen(url, timeout=2, context=trusting) as answer:  # noqa: S310
            return bool(answer.status == 200 and answer.headers[MARK_HEADER] == own.mark)
    except (OSError, urllib.error.URLError):
        return False


def _warnings(own: Site) -> list[str]:
    found = [alarm.text for alarm in alarms.current(own.home)]
    try:
        with psycopg.connect(own.dsn("watchdog"), connect_timeout=CONNECT_S_MAX) as connection:
            row = connection.execute("SELECT clock_timestamp()").fetchone()
    except psycopg.Error:
        return found
    if row is not None:
        found += [f.text() for f in clockcheck.faults(datetime.now(UTC), row[0], None)]
    return list(dict.fromkeys(found))


def addresses(own: Site) -> dict[str, Any]:
    """What the county is, and where its parts answer."""
    found = {"county": own.code, "name": own.facts.get("name"), "demo": own.demo,
             "console": own.address("console"), "public": own.address("public")}  # fmt: skip
    if own.demo:
        found["phonebox"] = own.address("phonebox")
    return found


def address_text(own: Site) -> str:
    how = "" if own.https_host else "（只限本机，未加密）"
    lines = [f"  控制台  {own.address('console')}{how}"]
    if own.demo:
        lines.append(f"  电话箱  {own.address('phonebox')}（演示：全县的电话都在这里）")
    return "\n".join(lines)


def down(_options: argparse.Namespace) -> Answer:
    """Stop what runs, or what is just starting; keep everything."""
    own = site()
    if not (own.home / "run").exists():
        return 0, {"stopped": False}, "本来就没有运行"
    with refusing(own), starting(own, interrupt=True):
        ran = stop(own)
    return 0, {"stopped": ran}, "已停止，数据都在" if ran else "本来就没有运行"
