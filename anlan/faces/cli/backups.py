"""`anlan backup`, `anlan restore`: a copy of the county elsewhere, and a county out of it."""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

from anlan.faces.cli import asking
from anlan.faces.cli.answers import Answer, Steps
from anlan.faces.cli.looking import running_county
from anlan.faces.cli.prepare import run_step, schema_mark
from anlan.faces.cli.start import passable, refusing, starting
from anlan.ground.errors import NotRunning, Refusal
from anlan.ground.machine import Site, backup, backup_days, escrow, own_server_file, restore, site
from anlan.ground.machine.manifest import Manifest
from anlan.ground.machine.postgres import Cluster
from anlan.ground.machine.processes import supervisor_pid
from anlan.ground.machine.site import root_folder, write_whole

SCHEMA = "anlan.backup/1"
OFF = "off"


def backup_county(options: argparse.Namespace) -> Answer:
    """Write a backup; with --daily that folder gets one every day from now on."""
    own = running_county()
    if options.daily and options.folder == OFF:
        backup_days.choose(own, None)
        return 0, {"schema": SCHEMA, "daily": None}, "不再每天备份；已有的备份都在"
    folder, began, steps = Path(options.folder).absolute(), time.monotonic(), Steps()
    with refusing(own):
        made, folder = _daily(own, folder, steps) if options.daily else (
            backup.make(own, folder, steps.next), folder)  # fmt: skip
    steps.end()
    seconds = time.monotonic() - began
    backup_days.note(own, folder, made, seconds)
    _record(str(folder), made)
    return (
        0,
        _told(folder, made, seconds) | {"daily": bool(options.daily)},
        _text(folder, made, seconds),
    )


def _daily(own: Site, folder: Path, steps: Steps) -> tuple[Manifest, Path]:
    """The folder of daily backups is kept only where the first one could be made in it."""
    from anlan.ground import clock
    from anlan.ground.scope import Scope

    if folder.exists() and not folder.is_dir():
        raise Refusal("backup-there", "这不是目录", str(folder), "换一个目录")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Refusal("no-write", "这个目录不能写", str(error), "换一个能写的目录") from error
    before = backup_days.folder(own)
    with Scope.for_command("backup", frozenset({"system.manage"})).open():
        now = clock.now(0)
    backup_days.choose(own, folder)
    try:
        made_in, made = backup.make_daily(own, now, steps.next)
        _keep_account(own)
    except BaseException:
        backup_days.choose(own, before)
        raise
    return made, made_in


def _keep_account(own: Site) -> None:
    """On a site's server the round needs the account that this backup was made with."""
    url = os.environ.get("DATABASE_URL", "")
    if own.database_url and url:
        path = own.home / own_server_file.OWN_SERVER
        told = json.loads(path.read_text()) | {"backup_url": url}
        write_whole(path, json.dumps(told))
        path.chmod(0o600)


def _record(folder: str, made: Manifest) -> None:
    from anlan.ground import upkeep
    from anlan.ground.scope import Scope

    upkeep.record_backup(
        Scope.for_command("backup", frozenset({"system.manage"})), folder, made
    )  # fmt: skip


def _told(folder: Path, made: Manifest, seconds: float) -> dict[str, Any]:
    return {
        "schema": SCHEMA, "folder": str(folder), "county": made.county, "made_at": made.made_at,
        "rows": sum(made.counts.values()), "tables": len(made.counts), "files": len(made.files),
        "bytes": made.all_bytes, "journal": made.journal, "escrow": made.escrow or None,
        "seconds": round(seconds, 1),
    }  # fmt: skip


def _text(folder: Path, made: Manifest, seconds: float) -> str:
    kinds = {"passphrase": "托管，用口令打开", "offline": "托管，用离线私钥打开"}
    keys = kinds.get(made.escrow, "不在里面：请另外保存 keys/fields.json，或先 anlan keys escrow")
    return (
        f"已备份到 {folder}，用时 {seconds:.1f} 秒\n"
        f"  {made.made_at} 时的全部内容：{sum(made.counts.values())} 行、{len(made.files)} 个附件，"
        f"{made.all_bytes / 1e6:.1f} MB\n  日志到封印 {made.journal['head_seal']}\n  密钥：{keys}"
    )


def restore_county(options: argparse.Namespace) -> Answer:
    """Verify a backup, then make its county on this machine."""
    folder, began, steps = Path(options.folder).absolute(), time.monotonic(), Steps()
    keys = _file(options.keys) if options.keys else None
    checked = restore.check(folder, keys, _opener(options), steps.next)
    made = checked.manifest
    answer: dict[str, Any] = {
        "schema": "anlan.restore/1", "county": made.county, "name": made.name,
        "made_at": made.made_at, "rows": sum(made.counts.values()), "files": len(made.files),
    }  # fmt: skip
    if options.check:
        steps.end()
        text = f"备份完整，密钥打得开：{made.name} {made.made_at}，{answer['rows']} 行"
        return 0, answer | {"restored": False}, text
    home = _home(made)
    with refusing(site(home)), starting(site(home)):
        done = _build(checked, home, steps)
    if not (root_folder() / "current").exists() and "ANLAN_HOME" not in os.environ:
        write_whole(root_folder() / "current", made.county)
    seconds = round(time.monotonic() - began, 1)
    text = (
        f"已恢复 {made.name}（{made.made_at} 时的样子），用时 {seconds} 秒\n"
        f"  {answer['rows']} 行、{answer['files']} 个附件，日志 {done['lines']} 行核验完整，"
        f"{done['opened']} 个加密内容都解得开\n"
        f"  目录 {home}\n  运行 make up 启动；正在进行的叫应会接着走，演练恢复时先断开短信中心"
    )
    return 0, answer | done | {"restored": True, "home": str(home), "seconds": seconds}, text


def _build(checked: restore.Checked, home: Path, steps: Steps) -> dict[str, Any]:
    if supervisor_pid(site(home)) is not None:
        raise NotRunning("running", "这个县正在运行", str(home), "先 make down")
    passable(home)
    try:
        own = restore.build(checked, home, steps.next, os.environ.get("DATABASE_URL", ""))
        steps.next("更新表结构")
        run_step(own, "migrate")
        (own.home / "schema").write_text(schema_mark())
        steps.next("核验日志，试开每个加密内容")
        made = checked.manifest
        (own.home / restore.RESTORING).write_text(f"{made.made_at} {made.mark}")
        done: dict[str, Any] = json.loads(run_step(own, "restored"))
        restore.finish(own)
        steps.end()
        return done
    finally:
        Cluster(home / "postgres").stop()


def _home(made: Manifest) -> Path:
    if "ANLAN_HOME" in os.environ:
        return Path(os.environ["ANLAN_HOME"]).absolute()
    return root_folder() / "counties" / made.county


def _opener(options: argparse.Namespace) -> restore.Open:
    def open_one(envelope: escrow.Envelope) -> bytes:
        if envelope.get("kind") == "offline":
            if not options.offline_key:
                raise Refusal(
                    "keys-needed", "密钥托管给了离线私钥，没有它读不出电话号码，什么都没有动",
                    options.folder, "加上 --offline-key 文件",
                )  # fmt: skip
            return escrow.open_with_offline(envelope, _file(options.offline_key))
        word = asking.passphrase(options.passphrase_file, "托管密钥的口令：")
        if not word:
            raise Refusal(
                "keys-needed", "密钥用口令托管，没有口令读不出电话号码，什么都没有动",
                options.folder, "加上 --passphrase-file 文件，或在终端里输入",
            )  # fmt: skip
        return escrow.open_with_passphrase(envelope, word)

    return open_one


def _file(name: str) -> bytes:
    path = Path(name)
    if not path.is_file() or path.stat().st_size > escrow.ENVELOPE_BYTES_MAX:
        raise Refusal("file-missing", "没有这个文件，或不是密钥文件", name, "请核对路径")
    return path.read_bytes()
