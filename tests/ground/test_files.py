"""Kept files: typed by content, bounded, and refused with a mend."""

from __future__ import annotations

import io
import zipfile

import pytest

from anlan.ground import files
from anlan.ground.errors import Refusal
from anlan.ground.models import KeptFile
from anlan.ground.scope import Scope

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def zipped(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "png"),
        (b"%PDF-1.7", "pdf"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        ("工作要点".encode("gbk"), "text"),
        (b"a\0b", "unknown"),
        (b"PK\x03\x04rubbish", "unknown"),
        (zipped({"xl/workbook.xml": b"<a/>"}), "xlsx"),
        (zipped({"word/document.xml": b"<a/>"}), "docx"),
    ],
)
def test_the_kind_is_read_from_the_content(content: bytes, kind: str) -> None:
    assert files.kind_of(content) == kind


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file-empty"),
        (b"x" * (files.FILE_BYTES_MAX + 1), "file-too-large"),
        (PNG, "file-kind"),
        (zipped({"xl/a": b"\0" * 150_000_000}), "file-bomb"),
        (zipped({"xl/../../a": b"1"}), "file-bomb"),
        (zipped({f"xl/{n}": b"" for n in range(2_001)}), "file-bomb"),
    ],
)
def test_what_is_not_wanted_is_refused_with_place_and_mend(content: bytes, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        files.check(content, "名册.xlsx", frozenset({"xlsx"}))
    assert refusal.value.code == code
    assert refusal.value.place.startswith("名册.xlsx") and refusal.value.mend


def test_the_same_bytes_are_kept_once(empty_db: str) -> None:
    scope = Scope.for_round("test")
    first = files.keep(scope, PNG, "a.png", frozenset({"png"}))
    second = files.keep(scope, PNG, "b.png", frozenset({"png"}))
    assert first.sha256 == second.sha256 and files.read(first.sha256) == PNG
    with scope.open():
        assert KeptFile.objects.count() == 1
