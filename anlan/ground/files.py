"""Files kept by their content: the same bytes once, under their digest, typed by what they are.

Flows in: an upload, at most `FILE_BYTES_MAX`. Flows out: a `KeptFile` row; the bytes lie in the
folder that `ANLAN_FILES` names and are served as a download only. A name tells nothing about type.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from pathlib import Path

from django.utils.translation import gettext as _

from anlan.ground import journal
from anlan.ground.containers import Container, Unfit
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.models import KeptFile
from anlan.ground.scope import Scope

FILE_BYTES_MAX = 20 * 1024 * 1024

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"%PDF-", "pdf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
)
OFFICE_FOLDERS = {"xl/": "xlsx", "word/": "docx"}


def kind_of(content: bytes) -> str:
    """png, jpeg, pdf, ole (old .doc and .xls), xlsx, docx, zip, text or unknown, by content."""
    for mark, kind in SIGNATURES:
        if content.startswith(mark):
            return kind
    if content.startswith(b"PK\x03\x04"):
        return _zip_kind(content)
    if b"\0" in content:
        return "unknown"
    for encoding in ("utf-8", "gb18030"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return "text"
    return "unknown"


def _zip_kind(content: bytes) -> str:
    try:
        names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return "unknown"
    for folder, kind in OFFICE_FOLDERS.items():
        if any(name.startswith(folder) for name in names):
            return kind
    return "zip"


def check(content: bytes, name: str, kinds: frozenset[str]) -> str:
    """The kind of an upload that is small enough, of a wanted kind and no bomb; else Refusal."""
    if not content:
        raise Refusal("file-empty", _("文件是空的"), name, _("请重新选择文件"))
    if len(content) > FILE_BYTES_MAX:
        raise Refusal(
            "file-too-large",
            _("文件超过 %(mb)d MB") % {"mb": FILE_BYTES_MAX // 1024 // 1024},
            name,
            _("请拆分后再上传"),
            status=413,
        )
    kind = kind_of(content)
    if kind not in kinds:
        raise Refusal(
            "file-kind",
            _("文件内容是 %(kind)s，这里需要 %(kinds)s")
            % {"kind": kind, "kinds": "、".join(sorted(kinds))},
            name,
            _("请另存为所需格式后再上传"),
        )
    if kind in ("zip", "xlsx", "docx"):
        check_zip(content, name)
    return kind


def check_zip(content: bytes, name: str) -> None:
    """Refuse an archive that would unpack too large, by its list and by really counting."""
    try:
        Container(content).count()
    except Unfit as unfit:
        raise refused(unfit, name) from None


BOMBS = frozenset({"entries", "unpacked", "ratio", "outside", "xml"})


def refused(unfit: Unfit, name: str) -> Refusal:
    """What `containers` found, in words for a person."""
    place = f"{name} / {unfit.part}" if unfit.part else name
    again = _("请用办公软件打开后另存，再上传")
    if unfit.code in BOMBS:
        return Refusal("file-bomb", _("压缩文件展开后过大或条目过多"), place, again, status=413)
    if unfit.code == "doctype":
        return Refusal("file-doctype", _("文件里有文档类型声明，不读取"), place, again, 413)
    if unfit.code == "deep":
        return Refusal("file-deep", _("文件里的内容嵌套过深"), place, again, 413)
    if unfit.code in ("damaged", "malformed"):
        return Refusal(
            "file-broken", _("文件已损坏或加密"), f"{place} {unfit.figure}".strip(), again
        )
    return Refusal("file-broken", _("文件结构不正常，不读取"), place, again)


def keep(scope: Scope, content: bytes, name: str, kinds: frozenset[str]) -> KeptFile:
    """Store the bytes durably, then the row, with a journal line. Joins the open transaction."""
    kind = check(content, name, kinds)
    key = hashlib.sha256(content).hexdigest()
    _write(content, key)
    with scope.open():
        kept, new = KeptFile.objects.get_or_create(
            sha256=key,
            defaults={"size_bytes": len(content), "kind": kind, "name": journal.clean(name, 200)},
        )
        if new:
            journal.line(scope, "file.keep", kept)
    return kept


def deposit(scope: Scope, content: bytes, name: str, kinds: frozenset[str]) -> str:
    """As `keep`, for a role that may add files and not look at them; returns the digest."""
    kind = check(content, name, kinds)
    key = hashlib.sha256(content).hexdigest()
    _write(content, key)
    row = KeptFile(
        sha256=key, size_bytes=len(content), kind=kind, name=journal.clean(name, 200)
    )  # fmt: skip
    with scope.open():
        KeptFile.objects.bulk_create([row], ignore_conflicts=True)
        journal.line(scope, "file.keep", row)
    return key


def read(sha256: str) -> bytes:
    """The bytes of a kept file; NotFound where the folder does not hold them."""
    path = _path(sha256)
    if not path.is_file():
        raise NotFound("file-missing", _("文件不在存储中"), sha256[:12], _("请从备份恢复"))
    return path.read_bytes()


def forget(sha256: str) -> None:
    """Delete the bytes; nothing happens where they are gone already."""
    _path(sha256).unlink(missing_ok=True)


def _path(key: str) -> Path:
    return Path(os.environ["ANLAN_FILES"]) / key[:2] / key


def _write(content: bytes, key: str) -> None:
    path = _path(key)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(f".{os.getpid()}.new")
    with fresh.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    fresh.rename(path)
