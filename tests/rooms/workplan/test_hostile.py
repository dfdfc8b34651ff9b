"""Files that nobody should open: each is refused with code, place and mend, and hurts nobody."""

from __future__ import annotations

import io
import socket
import struct
import threading
import time
import zipfile
from pathlib import Path

import pytest

from anlan.rooms.workplan.reader import PlanRefused, child, limits, read_here, read_plan
from tests.rooms.workplan.layouts import made

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BODY = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{}</w:body></w:document>'
PLAIN = BODY.format("<w:p><w:r><w:t>今天天气好</w:t></w:r></w:p>")


def archive(parts: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as whole:
        whole.writestr("[Content_Types].xml", "<Types/>")
        for name, content in parts.items():
            whole.writestr(name, content)
    return out.getvalue()


def office(document: str | bytes = PLAIN, **more: bytes) -> bytes:
    return archive({"word/document.xml": document, **more})


def lying_header() -> bytes:
    """A part that says 100 bytes and unpacks to 80 MB."""
    whole = bytearray(office(b"<a>" + b" " * (80 * 1024 * 1024) + b"</a>"))
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = -1
        while (at := whole.find(mark, at + 1)) >= 0:
            whole[at + offset : at + offset + 4] = struct.pack("<I", 100)
    return bytes(whole)


def overlapping() -> bytes:
    """Two names for the same bytes."""
    whole = bytearray(archive({"word/document.xml": PLAIN, "word/other.xml": PLAIN}))
    places = []
    at = -1
    while (at := whole.find(b"PK\x01\x02", at + 1)) >= 0:
        places.append(at)
    whole[places[2] + 42 : places[2] + 46] = whole[places[1] + 42 : places[1] + 46]
    return bytes(whole)


def linked() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as whole:
        whole.writestr("word/document.xml", PLAIN)
        info = zipfile.ZipInfo("word/media/x")
        info.external_attr = 0o120777 << 16
        whole.writestr(info, "/etc/passwd")
    return out.getvalue()


def encrypted_zip() -> bytes:
    whole = bytearray(office())
    at = -1
    while (at := whole.find(b"PK\x01\x02", at + 1)) >= 0:
        whole[at + 8] |= 1
    return bytes(whole)


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;">]>'
    + BODY.format("<w:p><w:r><w:t>&y;</w:t></w:r></w:p>")
)
GOOD = made.xlsx([["序号", "任务", "内容", "责任单位"], [1, "道路", "治理3处", "县交通局"]])

HOSTILE: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "a.docx", "empty"),
    "only zeros": (b"\0" * 5000, "a.txt", "empty"),
    "nul-laden": ("序号\0名称\0责任单位".encode(), "a.txt", "binary"),
    "neither UTF-8 nor GBK": (b"\xff\xfe\xfd\xfc\x81", "a.txt", "encoding"),
    "over 20 MB": (b"x" * (limits.BYTES_MAX + 1), "a.txt", "too-large"),
    "truncated DOCX": (office()[:-60], "a.docx", "damaged"),
    "half an XLSX": (GOOD[: len(GOOD) // 2], "a.xlsx", "damaged"),
    "truncated PDF": (b"%PDF-1.7\n1 0 obj\n<< /Type /Cat", "a.pdf", "damaged"),
    "PDF named docx": (b"%PDF-1.7\n", "a.docx", "mislabelled"),
    "text named xlsx": ("今天天气好".encode(), "a.xlsx", "mislabelled"),
    "DOCX named xlsx": (office(), "a.xlsx", "mislabelled"),
    "picture named docx": (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "a.docx", "mislabelled"),
    "picture": (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "a.png", "format-image"),
    "zip of anything": (archive({"a.txt": "x"}), "a.zip", "format-archive"),
    "old Word": (OLE + b"\0" * 600 + "WordDocument".encode("utf-16-le"), "a.doc", "format-doc"),
    "old WPS": (OLE + b"\0" * 600 + "WordDocument".encode("utf-16-le"), "a.wps", "format-doc"),
    "OFD": (archive({"OFD.xml": "<OFD/>"}), "a.ofd", "format-ofd"),
    "RTF": (b"{\\rtf1 x}", "a.rtf", "format-rtf"),
    "MHT": (b"MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n", "a.mht", "format-mht"),
    "locked office file": (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "a.docx", "encrypted"),
    "locked container": (encrypted_zip(), "a.docx", "encrypted"),
    "zip bomb": (office(b"<a>" + b" " * (30 * 1024 * 1024) + b"</a>"), "a.docx", "zip-bomb"),
    "zip bomb by other part": (office(PLAIN, **{"word/x.bin": b"\0" * 250_000_000}), "a.docx", "zip-bomb"),
    "lying sizes": (lying_header(), "a.docx", "damaged"),
    "overlapping parts": (overlapping(), "a.docx", "zip-bomb"),
    "too many parts": (archive({f"word/{n}": "" for n in range(2100)}), "a.docx", "zip-bomb"),
    "link in the container": (linked(), "a.docx", "unsafe-part"),
    "way out of the container": (office(PLAIN, **{"../../x": b""}), "a.docx", "unsafe-part"),
    "entity bomb": (office(BOMB), "a.docx", "entities"),
    "entity bomb in UTF-16": (office(BOMB.replace("?>", ' encoding="UTF-16"?>', 1).encode("utf-16")), "a.docx", "entities"),
    "entity bomb in a sheet": (archive({"xl/workbook.xml": BOMB}), "a.xlsx", "entities"),
    "deep nesting": (office(BODY.format("<w:p>" * 300 + "</w:p>" * 300)), "a.docx", "damaged"),
    "macro": (office(PLAIN, **{"word/vbaProject.bin": b"x"}), "a.docm", "macro"),
    "macro in a sheet": (archive({"xl/workbook.xml": "<a/>", "xl/vbaProject.bin": "x"}), "a.xlsm", "macro"),
    "macro in an old sheet": (OLE + b"\0" * 600 + "Workbook".encode("utf-16-le") + "_VBA_PROJECT".encode("utf-16-le"), "a.xls", "macro"),
    "damaged old sheet": (OLE + b"\0" * 600 + "Workbook".encode("utf-16-le"), "a.xls", "damaged"),
    "no plan": ("今天天气好。\n没有表格。".encode(), "a.txt", "not-a-plan"),
    "DOCX without a plan": (office(), "a.docx", "not-a-plan"),
    "XML": (b"<?xml version='1.0'?><a/>", "a.xml", "format-xml"),
    "a million columns": (b"<table>" + b"<tr><td colspan=999999>x</td><td colspan=100>y</td></tr>" + b"</table>", "a.html", "table-too-large"),
    "one endless line": ("啊".encode() * 300_000, "a.txt", "line-too-long"),
    "too many lines": (b"a\n" * 300_000, "a.txt", "too-long"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_with_code_place_and_mend(case: str) -> None:
    content, name, code = HOSTILE[case]
    with pytest.raises(PlanRefused) as refusal:
        read_here(content, name) if len(content) <= limits.BYTES_MAX else read_plan(content, name)
    assert refusal.value.code == code
    assert refusal.value.place
    assert refusal.value.mend


def test_a_locked_pdf_is_refused(tmp_path: Path) -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    page = Canvas(out, encrypt=StandardEncryption("user", "owner"))
    page.drawString(10, 10, "x")
    page.save()
    with pytest.raises(PlanRefused) as refusal:
        read_here(out.getvalue(), "a.pdf")
    assert refusal.value.code == "encrypted"


def test_a_pdf_of_pictures_is_refused() -> None:
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    page = Canvas(out)
    page.rect(10, 10, 100, 100, fill=1)
    page.save()
    with pytest.raises(PlanRefused) as refusal:
        read_here(out.getvalue(), "a.pdf")
    assert refusal.value.code == "no-text"


@pytest.fixture
def canary() -> tuple[int, list[int]]:
    """A listener on loopback that counts who calls."""
    calls: list[int] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            calls.append(1)
            connection.close()

    threading.Thread(target=listen, daemon=True).start()
    yield listener.getsockname()[1], calls
    listener.close()


def test_nothing_outside_the_file_is_opened(canary: tuple[int, list[int]], tmp_path: Path) -> None:
    port, calls = canary
    secret = tmp_path / "secret.txt"
    secret.write_text("秘密", encoding="utf-8")
    for target in (f"http://127.0.0.1:{port}/x", secret.as_uri()):
        outside = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY % p SYSTEM "{target}"> %p; <!ENTITY x SYSTEM "{target}">]>'
        for content, name in (
            (office(outside + BODY.format("<w:p><w:r><w:t>&x;</w:t></w:r></w:p>")), "a.docx"),
            (f'<!DOCTYPE html [<!ENTITY x SYSTEM "{target}">]><html><link rel=stylesheet href="{target}"><img src="{target}"><p>&x;</p></html>'.encode(), "a.html"),
            (office(BODY.format(f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{target}"/>')), "a.docx"),
        ):  # fmt: skip
            with pytest.raises(PlanRefused) as refusal:
                read_plan(content, name)
            assert "秘密" not in str(refusal.value.as_dict())
    assert calls == []
    with socket.create_connection(("127.0.0.1", port)):
        pass
    deadline = time.monotonic() + 5
    while not calls and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert calls == [1], "the canary itself must be able to sing"


def test_a_reader_that_does_not_end_is_stopped_and_says_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(child, "WALL_S", 0.01)
    monkeypatch.setattr(child, "BUSY_CPU_S", 0.0)
    with pytest.raises(PlanRefused) as refusal:
        read_plan(GOOD, "a.xlsx")
    assert refusal.value.code == "limit-time"
    assert "0.01 秒" in refusal.value.message


def test_a_busy_machine_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "WALL_S", 0.01)
    assert read_plan(GOOD, "a.xlsx")["tables"]


def test_a_reader_that_takes_too_much_memory_is_stopped_and_says_the_limit() -> None:
    with pytest.raises(PlanRefused) as refusal:
        child._answer(b"", -6, "a.docx")
    assert refusal.value.code == "reader-died"
    script = "import sys; from anlan.rooms.workplan.reader import child; import anlan.rooms.workplan.reader as r\n" \
             "r.read_here = lambda *a: bytearray(3 << 30)\nsys.exit(child.main('大.docx'))"  # fmt: skip
    import json
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-c", script], input=b"x", capture_output=True, cwd=child.ROOT, check=True
    )
    assert json.loads(done.stdout)["error"]["code"] == "limit-memory"


def test_the_child_knows_nothing_of_the_parents_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    seen = {}
    real = child.subprocess.Popen

    def watch(command: list[str], **more: object) -> object:
        seen.update(more["env"])  # type: ignore[call-overload]
        return real(command, **more)

    monkeypatch.setattr(child.subprocess, "Popen", watch)
    assert read_plan(GOOD, "a.xlsx")["tables"]
    assert "DATABASE_URL" not in seen
    assert set(seen) <= {
        "PYTHONPATH",
        "LANG",
        "PYTHONUTF8",
        "PYTHONDONTWRITEBYTECODE",
        "OMP_NUM_THREADS",
    }


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    for path, code in ((tmp_path, "folder"), (tmp_path / "x.docx", "file-missing")):
        with pytest.raises(PlanRefused) as refusal:
            read_plan(path)
        assert refusal.value.code == code
        assert refusal.value.mend
