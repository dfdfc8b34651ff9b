"""A backup (备份) of the county of this machine: one moment of it, whole, or nothing.

Flows in: a running database, the folder of files, the journal's anchors and spool, and the keys
where they are in escrow. Flows out: a folder that holds them with a manifest; it appears under its
name when everything is on the disk. Files of an earlier backup beside it are linked, not copied
(they are kept by content and never change). See ADR 0020.
"""

from __future__ import annotations

import fcntl
import importlib.metadata
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from anlan.ground import secrets
from anlan.ground.errors import NotRunning, Refusal
from anlan.ground.machine import backup_days, dumping, escrow, manifest
from anlan.ground.machine.manifest import Manifest
from anlan.ground.machine.own_server_file import read_backup_account
from anlan.ground.machine.postgres import DISTRIBUTION, Cluster
from anlan.ground.machine.site import DATABASE, Site

ROOM_BYTES = 50_000_000
DAILY_KEPT = 14
OF_THIS_MACHINE = ("backup_folder", "https")
Tell = Callable[[str], None]


def reader_dsn(own: Site) -> str:
    """Who may read every row: our own server's superuser, or the account that the site gave."""
    if not own.database_url:
        return Cluster(own.home / "postgres").dsn("superuser", DATABASE)
    return os.environ.get("DATABASE_URL", "") or read_backup_account(own.home) or own.dsn("owner")


def quiet(_step: str) -> None:
    """Tells nobody."""


def make(own: Site, folder: Path, tell: Tell = quiet, beside: bool = False) -> Manifest:
    """Write a backup of the county to `folder`; returns its manifest.

    beside: link files of the backups that stand beside it. Refusal where the folder holds anything,
    lies in the county's own folder, or where there is no room.
    """
    _free_place(own, folder)
    working = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(working, ignore_errors=True)
    try:
        working.mkdir(parents=True, mode=0o700)
        made = _fill(own, working, tell, _earlier(folder) if beside else [])
        manifest.write(working, made)
        _on_disk(working)
        working.rename(folder)
        _synced(folder.parent)
    except OSError as error:
        raise NotRunning(
            "backup-write", "备份写不下去", f"{error.strerror}：{error.filename or folder}",
            "看磁盘余量和权限；已有的备份没有动",
        ) from error  # fmt: skip
    finally:
        shutil.rmtree(working, ignore_errors=True)
    return made


def _free_place(own: Site, folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refusal(
            "backup-there", "这个目录里已经有东西，不覆盖", str(folder), "换一个空的或新的目录名"
        )
    inside = own.home.resolve()
    if inside == folder.resolve() or inside in folder.resolve().parents:
        raise Refusal(
            "backup-inside", "不能备份到县目录里面：磁盘坏了会一起丢", str(folder),
            "换一个目录，最好在另一块盘上",
        )  # fmt: skip


def _fill(own: Site, folder: Path, tell: Tell, earlier: list[Path]) -> Manifest:
    parts: dict[str, Path] = {}
    # The anchors and the spool first: what they name is in a snapshot that is taken later.
    parts |= _copied(own.anchors, folder / manifest.ANCHORS, folder)
    parts |= _copied(own.home / "spool" / "journal", folder / manifest.SPOOL, folder)
    tell("记下这一刻")
    with dumping.snapshot(reader_dsn(own)) as seen:
        _enough_room(own, folder, seen, earlier)
        tell(f"导出数据库：{len(seen.counts)} 张表，{sum(seen.counts.values())} 行")
        dumping.dump(reader_dsn(own), folder / manifest.DUMP, seen)
    parts[manifest.DUMP] = folder / manifest.DUMP
    tell(f"复制附件：{len(seen.files)} 个")
    kept = {key: _keep(own, folder, key, earlier) for key in seen.files}
    parts |= _escrowed(own, folder) | _facts(own, folder)
    tell("算校验值")
    keys = secrets.load(own.keys)
    made = Manifest(
        own.code, str(own.facts.get("name", "")), own.demo, seen.made_at, _versions(),
        seen.disk_bytes, seen.counts, [list(row) for row in seen.migrations], seen.journal,
        {name: [path.stat().st_size, manifest.sha256_of(path)] for name, path in parts.items()},
        kept, str((escrow.read(own.keys / escrow.ENVELOPE) or {}).get("kind", "")),
        {str(n): manifest.key_mark(key) for n, key in keys.by_number.items()},
    )  # fmt: skip
    return replace(made, mark=made.marked(keys.root))


def _copied(source: Path, target: Path, folder: Path) -> dict[str, Path]:
    if not source.exists():
        return {}
    shutil.copyfile(source, target)
    target.chmod(0o600)
    return {str(target.relative_to(folder)): target}


def _keep(own: Site, folder: Path, key: str, earlier: list[Path]) -> int:
    """The file under its digest: linked from an earlier backup, else copied and read again."""
    part = manifest.file_part(key)
    target = folder / part
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for before in earlier:
        try:
            os.link(before / part, target)
            return target.stat().st_size
        except OSError:
            continue
    source = own.files / key[:2] / key
    if not source.is_file():
        raise Refusal(
            "backup-file-missing", "有附件不在县目录里，没有备份", str(source),
            "先找回这个附件；anlan doctor 会列出来",
        )  # fmt: skip
    shutil.copyfile(source, target)
    if manifest.sha256_of(target) != key:
        raise Refusal("backup-file-broken", "有附件的内容变了，没有备份", str(source), "查一查磁盘")
    return target.stat().st_size


def _escrowed(own: Site, folder: Path) -> dict[str, Path]:
    """The envelope where the keys are in escrow; Refusal where it lacks a key that is in use."""
    envelope = escrow.read(own.keys / escrow.ENVELOPE)
    if envelope is None:
        return {}
    behind = set(secrets.load(own.keys).by_number) - {int(n) for n in envelope["numbers"]}
    if behind:
        raise Refusal(
            "escrow-behind", "托管的密钥少了新的一把，用它恢复不出来",
            "、".join(map(str, sorted(behind))), "先运行 anlan keys escrow，再备份",
        )  # fmt: skip
    return _copied(own.keys / escrow.ENVELOPE, folder / escrow.ENVELOPE, folder)


def _facts(own: Site, folder: Path) -> dict[str, Path]:
    path = folder / manifest.FACTS
    kept = {k: v for k, v in own.facts.items() if k not in OF_THIS_MACHINE}
    path.write_text(json.dumps(kept, ensure_ascii=False))
    path.chmod(0o600)
    return {manifest.FACTS: path}


def _enough_room(own: Site, folder: Path, seen: dumping.Snapshot, earlier: list[Path]) -> None:
    new = sum(
        size for key, size in seen.files.items()
        if not any((before / manifest.file_part(key)).exists() for before in earlier)
    )  # fmt: skip
    needed, free = seen.disk_bytes + new + ROOM_BYTES, shutil.disk_usage(folder).free
    if free < needed:
        raise NotRunning(
            "backup-no-room", f"备份最多要 {needed // 1_000_000} MB，只剩 {free // 1_000_000} MB",
            str(folder.parent), "腾出空间，或换一块盘",
        )  # fmt: skip


def _versions() -> dict[str, str]:
    found = {"postgres": importlib.metadata.version(DISTRIBUTION)}
    try:
        found["anlan"] = importlib.metadata.version("anlan")
    except importlib.metadata.PackageNotFoundError:
        found["anlan"] = "?"
    return found


def _on_disk(folder: Path) -> None:
    """Every file and folder below is on the disk when this returns."""
    for parent, _folders, names in os.walk(folder):
        for path in (*(Path(parent) / name for name in names), Path(parent)):
            _synced(path)


def _synced(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# every day


def _earlier(folder: Path) -> list[Path]:
    """Whole backups beside this one, the newest first."""
    if not folder.parent.is_dir():
        return []
    found = [p.parent for p in folder.parent.glob(f"*/{manifest.NAME}") if p.parent != folder]
    return sorted((p for p in found if not p.name.startswith(".")), reverse=True)[:DAILY_KEPT]


def make_daily(own: Site, now: datetime, tell: Tell = quiet) -> tuple[Path, Manifest]:
    """Today's backup in the daily folder; afterwards only the newest DAILY_KEPT of ours stay."""
    parent = backup_days.folder(own)
    if parent is None:
        raise Refusal("backup-no-folder", "没有设每天备份的目录", "", "anlan backup 目录 --daily")
    if not parent.is_dir():
        raise Refusal(
            "backup-folder-gone", "每天备份的目录不见了", str(parent),
            "盘没有挂上就挂上；或换一个目录",
        )  # fmt: skip
    folder = parent / backup_days.name_at(own, now)
    with _alone(parent):
        made = make(own, folder, tell, beside=True)
        for old in backup_days.ours(own, parent)[:-DAILY_KEPT]:
            shutil.rmtree(old, ignore_errors=True)
    return folder, made


@contextmanager
def _alone(parent: Path) -> Iterator[None]:
    """One daily backup at a time: the round's and a person's."""
    with (parent / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
