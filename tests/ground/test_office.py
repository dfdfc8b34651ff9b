"""The door for office files: bombs, lies and document types stay outside, quickly and in little memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from openpyxl import Workbook

from anlan.ground import office
from anlan.ground.errors import Refusal


def sheet(change: Callable[[Workbook], None] = lambda own: None) -> bytes:
    own = Workbook()
    own.active.title = "人员"
    own.active.append(["姓名", "号码"])
    own.active.append(["甲", "10100000001"])
    change(own)
    target = io.BytesIO()
    own.save(target)
    return target.getvalue()


def rebuilt(parts: dict[str, bytes], base: bytes | None = None) -> bytes:
    """A workbook with some parts put in or exchanged."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(base or sheet())) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            if entry.filename not in parts:
                new.writestr(entry, old.read(entry))
        for name, content in parts.items():
            new.writestr(name, content)
    return target.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def test_a_plain_workbook_passes_with_its_extent() -> None:
    seen = office.guard(sheet(), "a.xlsx")
    assert seen.kind == "xlsx"
    assert (seen.rows["人员"], seen.columns["人员"]) == (2, 2)
    assert seen.formulas == {}


def test_formulas_are_named_by_sheet_and_cell() -> None:
    def change(own: Workbook) -> None:
        own.active["B7"] = "=1+1"
        own.create_sheet("别的")["C3"] = '=HYPERLINK("http://x")'

    assert office.guard(sheet(change), "a.xlsx").formulas == {"人员": ["B7"], "别的": ["C3"]}


def test_a_far_cell_is_seen_before_anything_is_laid_out() -> None:
    def change(own: Workbook) -> None:
        own.active["XFD1048576"] = "x"

    seen = office.guard(sheet(change), "a.xlsx")
    assert (seen.rows["人员"], seen.columns["人员"]) == (1_048_576, 16_384)


DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
LAUGHS = b"<!DOCTYPE a [" + b"".join(
    b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10 if n else b"ha") for n in range(9)
) + b"]><a>&e8;</a>"  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({SHEET: DOCTYPE}, "file-doctype"),
        ({"customXml/item1.xml": LAUGHS}, "file-doctype"),
        ({SHEET: b"<a>" * 300 + b"</a>" * 300}, "file-deep"),
        ({SHEET: b"<a>" * 300_000}, "file-deep"),
        ({SHEET: b"<a><b></a>"}, "file-broken"),
        ({SHEET: b""}, "file-broken"),
        ({"xl/media/x.bin": bytes(250 * 1024 * 1024)}, "file-bomb"),
        ({"../evil.xml": b"<a/>"}, "file-bomb"),
        ({f"xl/x{n}.bin": b"" for n in range(2001)}, "file-bomb"),
    ],
    ids=["external entity", "laughs", "deep", "very deep", "unclosed", "empty", "large", "path out",
         "many"],
)  # fmt: skip
def test_what_is_more_than_an_office_file_is_refused(parts: dict[str, bytes], code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        office.guard(rebuilt(parts), "a.xlsx")
    assert refusal.value.code == code
    assert refusal.value.mend


def test_xml_beyond_its_limit_is_refused_while_it_streams() -> None:
    import os

    noise = b"".join(b"<!--" + os.urandom(24).hex().encode() + b"-->" for _n in range(20_000))
    chunk = b"<a>" + noise + b"</a>"
    parts = {f"xl/worksheets/sheet{n}.xml": chunk for n in range(2, 8)}
    limit = office.XML_BYTES_MAX
    try:
        office.XML_BYTES_MAX = 3 * len(chunk)
        with pytest.raises(Refusal) as refusal:
            office.guard(rebuilt(parts), "a.xlsx")
    finally:
        office.XML_BYTES_MAX = limit
    assert refusal.value.code == "file-bomb"


def test_a_link_inside_is_refused() -> None:
    target = io.BytesIO(sheet())
    with zipfile.ZipFile(target, "a") as own:
        link = zipfile.ZipInfo("xl/link")
        link.external_attr = (0o120777) << 16
        own.writestr(link, "/etc/passwd")
    with pytest.raises(Refusal) as refusal:
        office.guard(target.getvalue(), "a.xlsx")
    assert refusal.value.code == "file-broken"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_doubled_entry_is_refused() -> None:
    target = io.BytesIO(sheet())
    with zipfile.ZipFile(target, "a") as own:
        own.writestr(SHEET, "<a/>")
    with pytest.raises(Refusal) as refusal:
        office.guard(target.getvalue(), "a.xlsx")
    assert refusal.value.code == "file-broken"


def test_entries_that_share_bytes_are_refused() -> None:
    """Two entries of the table that point at one body, as a bomb of overlapping entries does."""
    content = bytearray(sheet())
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as own:
        first, second = sorted(own.infolist(), key=lambda e: e.header_offset)[:2]
        start = own.start_dir
    at = content.index(second.filename.encode(), start) - 46
    content[at + 42 : at + 46] = first.header_offset.to_bytes(4, "little")
    with pytest.raises(Refusal):
        office.guard(bytes(content), "a.xlsx")


def test_columns_are_named_as_a_sheet_names_them() -> None:
    for number in (1, 26, 27, 52, 53, 702, 703, 16_384):
        assert office.column_number(office.column_letters(number)) == number
    assert office.column_letters(28) == "AB"
