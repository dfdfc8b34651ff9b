"""Letters as files: for two counties between which only files are carried.

Flows in: a letter for a peer; files that the site's own copying laid into the peer's `in`. Flows
out: files in the peer's `out`, each put there whole under its final name; receipts the same way.
A file that does not hold is refused whole: it goes to `refused` with a note of place and mend, and
nothing of it is taken.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from pathlib import Path

from anlan.faces.link import letters, proof, receiving
from anlan.faces.link.letters import STATE, Letter, Receipt, refused
from anlan.faces.link.models import Peer
from anlan.ground import journal
from anlan.ground.errors import Refusal
from anlan.ground.inputs import shown
from anlan.ground.machine import site
from anlan.ground.outside import Allowed
from anlan.ground.scope import Scope

SCHEMA = "anlan.file/1"
FILES_MAX = 200
REFUSED_MAX = 500
FILE_BYTES_MAX = 2 * letters.LETTER_BYTES_MAX + 4096
USE = "file"
NAME = re.compile(r"[a-z0-9-]{1,80}\.json\Z")
LETTER, RECEIPT = "letter", "receipt"


def folder(peer: Peer) -> Path:
    """Where the files of a peer lie: `link/<its code>` in the county's folder."""
    return site().home / "link" / str(peer.code)


def send(peer: Peer, letter: Letter, _allowed: Allowed) -> None:
    """Drop the letter; its receipt comes as a file, later."""
    number = "state" if letter.kind == STATE else f"{letter.number:016d}"
    _drop(peer, f"letter-{letter.stream}-{number}.json", LETTER, letter.sender, letter.text())


def _drop(peer: Peer, name: str, what: str, own: int, content: str) -> None:
    """Write it beside, flush it to the disk, and give it its name: whole or not at all."""
    target = folder(peer) / "out"
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    mark = proof.mark(peer.key, USE, what, str(own), str(peer.code), content)
    told = {"schema": SCHEMA, "what": what, "from": str(own), "to": str(peer.code),
            "content": content, "mark": mark}  # fmt: skip
    fresh = target / f".{name}.{os.getpid()}.new"
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
            handle.write(json.dumps(told, ensure_ascii=False).encode())
            handle.flush()
            os.fsync(handle.fileno())
        fresh.rename(target / name)
        _flush(target)
    except OSError as error:
        raise Refusal("file-drop", f"文件写不进去：{error.strerror}", str(target),
                      "请核对目录、权限和磁盘", 503) from None  # fmt: skip


def _flush(target: Path) -> None:
    """The name too is on the disk before anything counts as sent."""
    place = os.open(target, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def collect(peer: Peer) -> int:
    """Take what lies in the peer's `in`, at most FILES_MAX a pass; returns how many files."""
    place = folder(peer) / "in"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    names = sorted(entry.name for entry in os.scandir(place) if not entry.name.startswith("."))
    for name in names[:FILES_MAX]:
        try:
            _take(peer, place / name)
        except Refusal as refusal:
            _set_aside(peer, place / name, refusal)
        else:
            (place / name).unlink(missing_ok=True)
    return len(names[:FILES_MAX])


def _take(peer: Peer, path: Path) -> None:
    place = shown(path.name, 80)
    told = letters.read_json(_read(path, place), place, FILE_BYTES_MAX)
    letters.hold(told, "file_drop", place)
    content = told["content"].encode()
    # The mark is made by the other side, for us.
    if int(told["from"]) != peer.code or not proof.holds(
        peer.key or "", told["mark"], USE, told["what"], told["from"], told["to"], content
    ):
        raise refused("file-mark", "签名不对，不是这条联通的文件", f"{place} mark", 403,
                      "请双方系统管理员核对联通密钥")  # fmt: skip
    if told["what"] == RECEIPT:
        receiving.receipt_in(peer, letters.read_receipt(content, place))
        return
    answer = receiving.letter_in(peer, content, place)
    _drop(peer, _receipt_name(answer), RECEIPT, answer.sender, answer.text())


def _receipt_name(answer: Receipt) -> str:
    """One file a stream for what is known; a refusal has its own and is not written over."""
    if answer.state == "refused":
        return f"receipt-{answer.stream}-refused-{answer.number:016d}.json"
    return f"receipt-{answer.stream}-known.json"


def _read(path: Path, place: str) -> bytes:
    """The bytes of a regular file of a name that we give; no link is followed."""
    if not NAME.match(path.name):
        raise refused("file-name", "文件名不对", place, mend="请只放对方 out 目录里的文件")
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise refused("file-kind", f"不是普通文件：{error.strerror}", place) from None
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise refused("file-kind", "不是普通文件", place)
    with open(opened, "rb") as handle:
        content = handle.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise refused("letter-large", f"超过 {FILE_BYTES_MAX // 1024} KB", place, 413)
    return content


def _set_aside(peer: Peer, path: Path, refusal: Refusal) -> None:
    """Out of the way, whatever it is, with why beside it; the journal has its line."""
    aside = folder(peer) / "refused"
    aside.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = aside / journal.clean(path.name, 80)
    if len(os.listdir(aside)) < 2 * REFUSED_MAX:
        path.rename(kept)
        note = f"{refusal.code}\n{refusal.message}\n{refusal.place}\n{refusal.mend}\n"
        kept.with_name(kept.name + ".why.txt").write_text(note, encoding="utf-8")
    elif path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
    journal.denied(Scope.for_gateway("link"), "link.take", f"{peer.name} {refusal}")
