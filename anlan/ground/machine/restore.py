"""A backup made into a county of this machine (恢复): verified first, then built, marked last.

Flows in: a backup's folder and what opens its keys. Flows out: a county's folder that `make up`
starts. Everything that can be refused is refused before anything is written; a county that stands
there already is never touched. While it is being built the folder holds the marker `restoring`, and
nothing starts such a county; the same restore, run again, begins anew.
"""

from __future__ import annotations

import hmac
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from anlan.ground import secrets
from anlan.ground.errors import NotRunning, Refusal
from anlan.ground.machine import dumping, escrow, manifest, own_server
from anlan.ground.machine.manifest import Manifest
from anlan.ground.machine.postgres import Cluster
from anlan.ground.machine.site import DATABASE, Site, checkout, site, write_facts

ROOM_BYTES = 100_000_000
RESTORING = "restoring"
Tell = Callable[[str], None]
Open = Callable[[escrow.Envelope], bytes]


@dataclass(frozen=True, slots=True)
class Checked:
    """A backup that was read whole, with the keys that open it."""

    folder: Path
    manifest: Manifest
    keys: secrets.Keys


def check(folder: Path, keys: bytes | None, open_envelope: Open | None, tell: Tell) -> Checked:
    """Read everything and open the keys; Refusal where a part, a key or this program does not fit.

    keys: content of a key file that was kept apart. open_envelope: opens the escrow of the backup.
    """
    made = manifest.read(folder)
    _known(made)
    tell(f"核对备份：{len(made.files)} 个附件，{made.all_bytes // 1_000_000} MB")
    manifest.verify(folder, made)
    opened = _opened(folder, made, keys, open_envelope)
    if not hmac.compare_digest(made.marked(opened.root), made.mark):
        raise Refusal(
            "backup-forged", "备份清单上的印记不是这个县的密钥盖的", str(folder / manifest.NAME),
            "清单被改过：换一份备份",
        )  # fmt: skip
    return Checked(folder, made, opened)


def _known(made: Manifest) -> None:
    """This program must know every migration that made the tables of the backup."""
    known = known_migrations()
    newer = [f"{app}.{name}" for app, name in made.migrations if app in known
             and name not in known[app]]  # fmt: skip
    newer += [f"{app}.{name}" for app, name in made.migrations
              if app not in known and app in ours_before(made)]  # fmt: skip
    if newer:
        raise program_older(newer)


def program_older(newer: list[str]) -> Refusal:
    """The refusal of a program that does not know what made the tables."""
    return Refusal(
        "program-older", "程序比数据旧，没有动数据", "、".join(newer[:5]),
        "换成做这份数据的那一版程序或更新的一版，再来一次",
    )  # fmt: skip


def ours_before(made: Manifest) -> set[str]:
    """Labels of the apps of ours in a backup, those too that this program has not."""
    others = {"account", "admin", "auth", "contenttypes", "mfa", "sessions", "socialaccount"}
    return {app for app, _name in made.migrations} - others


def known_migrations() -> dict[str, set[str]]:
    """The migrations that this program brings: label of the app → names."""
    found: dict[str, set[str]] = {}
    for path in (checkout() / "anlan").rglob("migrations/[0-9]*.py"):
        found.setdefault(path.parent.parent.name, set()).add(path.stem)
    return found


def _opened(
    folder: Path, made: Manifest, keys: bytes | None, open_envelope: Open | None
) -> secrets.Keys:
    content = keys
    envelope = escrow.read(folder / escrow.ENVELOPE)
    if content is None and envelope is not None and open_envelope is not None:
        content = open_envelope(envelope)
    if content is None:
        how = (
            "备份里有托管的密钥，用口令或离线私钥打开：--passphrase-file 文件 或 --offline-key 文件"
            if envelope is not None
            else "备份里没有托管的密钥：--keys 另外保存的 fields.json"
        )
        raise Refusal("keys-needed", "没有密钥，电话号码读不出来，什么都没有动", str(folder), how)
    try:
        found = secrets.parse_keys(content)
    except ValueError as error:
        raise Refusal("keys-broken", "密钥文件读不懂", "", "换一份 fields.json") from error
    marks = {str(n): manifest.key_mark(key) for n, key in found.by_number.items()}
    wrong = [n for n, mark in made.key_marks.items() if marks.get(n) != mark]
    if wrong:
        raise Refusal(
            "keys-wrong", "这不是做备份时的密钥，什么都没有动", "第 " + "、".join(wrong) + " 把",
            "找出这个县的 fields.json 或托管文件",
        )  # fmt: skip
    return found


def build(checked: Checked, home: Path, tell: Tell, url: str = "") -> Site:
    """Make the county's folder and database; the caller finishes it and takes the marker away."""
    _free_home(home, checked.manifest)
    home.mkdir(parents=True, exist_ok=True)
    (home / RESTORING).write_text(str(checked.folder))
    facts = json.loads((checked.folder / manifest.FACTS).read_text())
    _files(checked, home, tell)
    secrets.write_keys(home / "keys", checked.keys)
    _aside(checked.folder / escrow.ENVELOPE, home / "keys" / escrow.ENVELOPE)
    _aside(checked.folder / manifest.ANCHORS, home / "anchors" / "journal")
    # A spooled line names a transaction of the other server: a person looks at it, no round does.
    _aside(checked.folder / manifest.SPOOL, home / "spool" / "journal.of-backup")
    write_facts(home, facts)
    tell(f"恢复数据库：{sum(checked.manifest.counts.values())} 行")
    own = site(home)
    _database(checked, own, url)
    return own


def _free_home(home: Path, made: Manifest) -> None:
    """Nobody's county stands there, or only half of an earlier restore, which goes."""
    if (home / RESTORING).exists() and not (home / "ready").exists():
        Cluster(home / "postgres").stop()
        shutil.rmtree(home)
    if home.exists() and any(p.name != "run" for p in home.iterdir()):
        raise Refusal(
            "county-exists", "这个县已在本机，不覆盖", str(home),
            "先 make down，把这个目录改名留着，再恢复；或 ANLAN_ROOT=/别处 anlan restore …",
        )  # fmt: skip
    place = home
    while not place.exists():
        place = place.parent
    needed = made.disk_bytes * 2 + sum(made.files.values()) + ROOM_BYTES
    free = shutil.disk_usage(place).free
    if free < needed:
        raise NotRunning(
            "restore-no-room", f"恢复要 {needed // 1_000_000} MB，只剩 {free // 1_000_000} MB",
            str(place), "腾出空间，或 ANLAN_ROOT=/别处 anlan restore …",
        )  # fmt: skip


def _files(checked: Checked, home: Path, tell: Tell) -> None:
    tell(f"放回附件：{len(checked.manifest.files)} 个")
    (home / manifest.FILES).mkdir(mode=0o700, exist_ok=True)
    for key in checked.manifest.files:
        target = home / manifest.file_part(key)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(checked.folder / manifest.file_part(key), target)


def _aside(source: Path, target: Path) -> None:
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(source, target)
        target.chmod(0o600)


def _database(checked: Checked, own: Site, url: str) -> None:
    if url:
        own_server.prepare(url, own.home)
    else:
        cluster = Cluster(own.home / "postgres")
        cluster.init()
        cluster.start()
        if not cluster.has_database(DATABASE):
            cluster.create_database(DATABASE)
    dumping.restore(own.dsn("owner"), checked.folder / manifest.DUMP, checked.manifest.counts)


def finish(own: Site) -> None:
    """The county is whole: it may be started."""
    (own.home / "ready").write_text("")
    (own.home / RESTORING).unlink(missing_ok=True)


def unfinished(home: Path) -> Refusal | None:
    """Why a county that is half restored is not started; None for every other."""
    if not (home / RESTORING).exists() or (home / "ready").exists():
        return None
    return Refusal(
        "restore-unfinished", "这个县的恢复没有做完，不能启动", str(home),
        "再运行一次同样的 anlan restore，会从头再来",
    )  # fmt: skip
