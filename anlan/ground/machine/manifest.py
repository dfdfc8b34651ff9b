"""What a backup says of itself (`anlan.backup/1`): whose, when, how much, and digests.

Flows in: a backup's folder. Flows out: its manifest, read strictly and held against its parts. The
manifest carries a mark under the county's own key, so that a backup that somebody put together anew
is told from one that this county made.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from anlan.ground.errors import Refusal

SCHEMA = "anlan.backup/1"
NAME = "manifest.json"
DUMP, ANCHORS, SPOOL, FACTS, FILES = "database.dump", "anchors", "spool", "county.json", "files"
MANIFEST_BYTES_MAX = 512 * 1024 * 1024
CHUNK_BYTES = 1 << 20
SHOWN_MAX = 5


@dataclass(frozen=True, slots=True)
class Manifest:
    """county: six digits. made_at: the database's clock, UTC. disk_bytes: the database on its disk.

    parts: path → [bytes, sha256] of everything beside `files/`. files: digest → bytes, each lies
    under `files/`. key_marks: number → what a key of that number makes of a fixed word. mark: the
    county's mark over all the rest.
    """

    county: str
    name: str
    demo: bool
    made_at: str
    versions: dict[str, str]
    disk_bytes: int
    counts: dict[str, int]
    migrations: list[list[str]]
    journal: dict[str, Any]
    parts: dict[str, list[Any]]
    files: dict[str, int]
    escrow: str
    key_marks: dict[str, str]
    schema: str = SCHEMA
    mark: str = field(default="")

    def content(self) -> bytes:
        """All but the mark, the same bytes for the same manifest."""
        told = asdict(self)
        told.pop("mark")
        return json.dumps(told, sort_keys=True, ensure_ascii=False).encode()

    def marked(self, root: bytes) -> str:
        """The mark that the county's root key makes."""
        key = hmac.digest(root, b"anlan/backup", hashlib.sha256)
        return hmac.digest(key, self.content(), hashlib.sha256).hex()

    @property
    def all_bytes(self) -> int:
        """What it takes on a disk, bytes."""
        return sum(int(p[0]) for p in self.parts.values()) + sum(self.files.values())


def key_mark(key: bytes) -> str:
    """What a key makes of a fixed word: tells whether it is the one, and nothing else."""
    return hmac.digest(key, b"anlan/which key", hashlib.sha256).hex()[:32]


def write(folder: Path, manifest: Manifest) -> None:
    from anlan.ground.machine.site import write_whole

    write_whole(folder / NAME, json.dumps(asdict(manifest), ensure_ascii=False))
    (folder / NAME).chmod(0o600)


def read(folder: Path) -> Manifest:
    """The manifest of a backup; Refusal where the folder holds none that this program reads."""
    path = folder / NAME
    if not path.is_file():
        raise Refusal(
            "backup-none", "这里没有备份", str(path), "写备份的目录，里面有 manifest.json"
        )
    try:
        if path.stat().st_size > MANIFEST_BYTES_MAX:
            raise ValueError("too large")
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["schema"] != SCHEMA:
            raise Refusal(
                "backup-version", "这份备份不是本程序认得的版本", str(found["schema"]),
                "用做这份备份的那一版程序，或更新的一版",
            )  # fmt: skip
        made = Manifest(**found)
        _checked_names(made)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refusal("backup-broken", "备份清单读不懂", str(path), "换一份备份") from error
    return made


def _checked_names(made: Manifest) -> None:
    """No name leads out of the folder."""
    if not (made.county.isascii() and made.county.isdigit() and len(made.county) == 6):
        raise ValueError("county")
    if any(".." in Path(name).parts or Path(name).is_absolute() for name in made.parts):
        raise ValueError("parts")
    if any(len(key) != 64 or not set(key) <= set("0123456789abcdef") for key in made.files):
        raise ValueError("files")
    if any(len(entry) != 2 for entry in made.parts.values()) or DUMP not in made.parts:
        raise ValueError("parts")


def verify(folder: Path, made: Manifest) -> None:
    """Read every part again; Refusal that names the first parts that are not as they were."""
    wrong = list(_wrong(folder, made))
    if wrong:
        shown = "、".join(wrong[:SHOWN_MAX])
        more = f" 等 {len(wrong)} 处" if len(wrong) > SHOWN_MAX else ""
        raise Refusal(
            "backup-broken", "备份不完整或被改过，什么都没有动", shown + more, "换一份备份"
        )


def _wrong(folder: Path, made: Manifest) -> Iterator[str]:
    wanted = [(name, int(p[0]), str(p[1])) for name, p in made.parts.items()]
    wanted += [(file_part(key), size, key) for key, size in made.files.items()]
    for name, size, digest in wanted:
        path = folder / name
        if not path.is_file() or path.stat().st_size != size or sha256_of(path) != digest:
            yield name


def file_part(key: str) -> str:
    """Where a kept file lies in a backup, and in the county's folder of files."""
    return f"{FILES}/{key[:2]}/{key}"


def sha256_of(path: Path) -> str:
    """Digest of a file, hexadecimal."""
    made = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(CHUNK_BYTES):
            made.update(chunk)
    return made.hexdigest()
