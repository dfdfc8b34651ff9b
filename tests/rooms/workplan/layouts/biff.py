"""A workbook as Excel 97 wrote it: a compound file with one stream of BIFF8 records, by hand.

Only what a plan needs: sheets with labels, numbers, a percentage and merged cells. It is made from
the published formats ([MS-CFB], [MS-XLS]), so that the reader is tried on a file that is not made
by the library it reads with.
"""

from __future__ import annotations

import struct

SECTOR = 512
FREE, END, FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
BOOK, SHEET = 0x0005, 0x0010
GENERAL, PERCENT = 0, 9

Merge = tuple[int, int, int, int]
Cell = str | float | tuple[float, str] | None


def _record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _bof(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))


def _text(words: str) -> bytes:
    return struct.pack("<HB", len(words), 1) + words.encode("utf-16-le")


def _format(number: int) -> bytes:
    return _record(0x00E0, struct.pack("<HHHBBBBIIH", 0, number, 1, 0x20, 0, 0, 0, 0, 0, 0x20C0))


def _sheet(rows: list[list[Cell]], merges: list[Merge]) -> bytes:
    width = max(map(len, rows))
    out = _bof(SHEET) + _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            if isinstance(cell, str):
                out += _record(0x0204, struct.pack("<HHH", y, x, GENERAL) + _text(cell))
            elif cell is not None:
                value, shown = cell if isinstance(cell, tuple) else (cell, "")
                style = 1 if shown == "%" else 0
                out += _record(0x0203, struct.pack("<HHHd", y, x, style, value))
    areas = b"".join(struct.pack("<HHHH", y0, y1, x0, x1) for y0, x0, y1, x1 in merges)
    out += _record(0x00E5, struct.pack("<H", len(merges)) + areas) if merges else b""
    return out + _record(0x000A)


def workbook(sheets: dict[str, tuple[list[list[Cell]], list[Merge]]]) -> bytes:
    """merges as (top, left, bottom, right); a cell is text, a number, or (0.95, "%")."""
    bodies = [_sheet(rows, merges) for rows, merges in sheets.values()]
    head = _bof(BOOK) + _record(0x0042, struct.pack("<H", 1200)) + _format(GENERAL)
    head += _format(PERCENT)
    names = [name.encode("utf-16-le") for name in sheets]
    bounds = sum(4 + 8 + len(name) for name in names)
    at, listed = len(head) + bounds + 4, b""
    for name, body in zip(names, bodies, strict=True):
        content = struct.pack("<IBBBB", at, 0, 0, len(name) // 2, 1) + name
        listed += _record(0x0085, content)
        at += len(body)
    return _compound(head + listed + _record(0x000A) + b"".join(bodies))


def _compound(stream: bytes) -> bytes:
    """One stream `Workbook`, long enough not to be a mini stream."""
    stream = stream.ljust(max(4096, -(-len(stream) // SECTOR) * SECTOR), b"\0")
    count = len(stream) // SECTOR
    sectors = 2 + count  # the table of sectors, the directory, the stream
    assert sectors <= SECTOR // 4, "one sector of the table is enough for a test"
    table = [FAT_SECTOR, END, *range(3, 2 + count), END]
    table += [FREE] * (SECTOR // 4 - len(table))
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\0" * 16, 0x3E, 3, 0xFFFE,
        9, 6, b"\0" * 6, 0, 1, 1, 0, 4096, END, 0, END, 0,
    ) + struct.pack("<109I", 0, *[FREE] * 108)  # fmt: skip
    entries = _entry("Root Entry", 5, 1, END, 0) + _entry("Workbook", 2, FREE, 2, len(stream))
    directory = entries + _entry("", 0, FREE, 0, 0) * 2
    return header + struct.pack("<128I", *table) + directory + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    wide = (name + "\0").encode("utf-16-le") if name else b""
    return struct.pack(
        "<64sHBBIII16sIQQIQ", wide, len(wide), kind, 1, FREE, FREE, child, b"\0" * 16, 0, 0, 0,
        start, size,
    )  # fmt: skip
