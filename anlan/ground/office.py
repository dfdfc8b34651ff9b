"""The door for office files (.xlsx, .docx): nothing is read before it has passed here.

Flows in: an upload. Flows out: the same bytes, known to be small when unpacked, without document
type, external parts or overlapping entries, with the cells that hold formulas named. Readers of
tables and of plans both come through `guard`.

Limits: 20 MB as sent; 200 MB, 2,000 entries and a ratio of 100 unpacked (`files.check_zip`, by
the table and by really counting); XML parts 64 MB together, 256 elements deep, no DTD.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from django.utils.translation import gettext as _

from anlan.ground import files
from anlan.ground.errors import Refusal

XML_BYTES_MAX = 64 * 1024 * 1024
XML_DEPTH_MAX = 256
CHUNK_BYTES = 65_536
FORMULAS_KEPT_MAX = 1_000
LOCAL_HEADER_BYTES = 30
LINK_MODE = 0o120000
OFFICE_KINDS = frozenset({"xlsx", "docx"})
XML_ENDINGS = (".xml", ".rels", ".vml")
CELL = re.compile(r"^([A-Z]{1,3})([0-9]{1,7})$")
COLUMN = re.compile(r"^[A-Z]{1,3}$")
LETTERS = 26
DIGITS = "0123456789"
SHEETS = "xl/worksheets/"
PLAIN_MARKS = frozenset({"v", "t", "is"})


@dataclass(slots=True)
class Seen:
    """What the guard saw. formulas: name of the sheet → cells such as B7, at most
    FORMULAS_KEPT_MAX in all; rows, columns: the furthest cell of each sheet.
    """

    kind: str
    formulas: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)


def guard(content: bytes, name: str, kinds: frozenset[str] = OFFICE_KINDS) -> Seen:
    """What is in the office file; Refusal where it is broken, a bomb, or of another kind."""
    kind = files.check(content, name, kinds)
    archive = zipfile.ZipFile(io.BytesIO(content))
    _whole_entries(archive, len(content), name)
    seen = Seen(kind)
    parts = _Parts()
    left = XML_BYTES_MAX
    for entry in archive.infolist():
        if entry.filename.lower().endswith(XML_ENDINGS):
            left -= _read_xml(archive, entry, left, parts, name)
    parts.into(seen)
    return seen


def column_number(letters: str) -> int:
    """A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * LETTERS + ord(letter) - ord("A") + 1
    return number


def column_letters(number: int) -> str:
    """1 is A, 27 is AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, LETTERS)
        letters = chr(ord("A") + rest) + letters
    return letters


def _whole_entries(archive: zipfile.ZipFile, size: int, name: str) -> None:
    """Refuse links, encrypted and doubled entries, and entries that share bytes of the file."""
    broken = Refusal(
        "file-broken", _("文件结构不正常，不读取"), name, _("请用办公软件打开后另存，再上传")
    )
    entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
    if len({entry.filename for entry in entries}) < len(entries):
        raise broken
    ends = [entry.header_offset for entry in entries[1:]] + [size]
    for entry, end in zip(entries, ends, strict=True):
        link = (entry.external_attr >> 16) & 0o170000 == LINK_MODE
        if link or entry.flag_bits & 0x1:
            raise broken
        if entry.header_offset + LOCAL_HEADER_BYTES + entry.compress_size > end:
            raise broken


class _Parts:
    """Collects cells, formulas and names of sheets while the XML parts stream by."""

    def __init__(self) -> None:
        self.part = ""
        self.cell = ""
        self.row = 0
        self.sheets: dict[str, str] = {}
        self.targets: dict[str, str] = {}
        self.formulas: dict[str, list[str]] = {}
        self.rows: dict[str, int] = {}
        self.columns: dict[str, int] = {}
        self.kept = 0
        self.letters: dict[str, int] = {}
        self.row_said = ""
        self.far = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(":")[2]
        if self.part == "xl/workbook.xml" and local == "sheet":
            key = next((v for k, v in attributes.items() if k.endswith(":id")), "")
            self.sheets[key] = attributes.get("name", "")
        elif self.part == "xl/_rels/workbook.xml.rels" and local == "Relationship":
            self.targets[attributes.get("Id", "")] = attributes.get("Target", "")

    def in_sheet(self, tag: str, attributes: dict[str, str]) -> None:
        """A mark of a sheet: how far it reaches, and which of its cells are computed."""
        local = tag.rpartition(":")[2] if ":" in tag else tag
        if local == "c":
            self.cell = cell = attributes.get("r", "")
            letters = cell.rstrip(DIGITS)
            far = self.letters.get(letters)
            if far is None:
                far = 0
                if COLUMN.match(letters):
                    far = self.letters[letters] = column_number(letters)
            if far > self.far:
                self.far = far
                self._reach(0, far)
            # A cell is of its row, which has been reached; one that says otherwise counts too.
            number = cell[len(letters) :]
            if number != self.row_said and CELL.match(cell):
                self._reach(int(number), far)
        elif local == "row":
            given = attributes.get("r", "")
            self.row = int(given) if given.isdigit() else self.row + 1
            self.row_said = given
            self._reach(self.row, 0)
        elif local == "f" and self.kept < FORMULAS_KEPT_MAX:
            self.kept += 1
            self.formulas.setdefault(self.part, []).append(self.cell)

    def _reach(self, row: int, column: int) -> None:
        self.rows[self.part] = max(self.rows.get(self.part, 0), row)
        self.columns[self.part] = max(self.columns.get(self.part, 0), column)

    def into(self, seen: Seen) -> None:
        """Hand over by the sheets' names; a sheet without one keeps the name of its part."""
        names = {
            posixpath.normpath(posixpath.join("xl", target)).lstrip("/")
            if not target.startswith("/") else target.lstrip("/"): self.sheets[key]
            for key, target in self.targets.items() if key in self.sheets
        }  # fmt: skip
        seen.formulas = {names.get(part, part): found for part, found in self.formulas.items()}
        seen.rows = {names.get(part, part): far for part, far in self.rows.items()}
        seen.columns = {names.get(part, part): far for part, far in self.columns.items()}


def _read_xml(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int, parts: _Parts, name: str
) -> int:
    """Stream one XML part through the parser; returns its bytes."""
    place = f"{name} / {entry.filename}"
    parser = expat.ParserCreate()
    parser.buffer_text = True
    depth = 0
    parts.part, parts.row, parts.cell = entry.filename, 0, ""
    parts.row_said, parts.far = "", 0

    def refuse(code: str, message: str) -> Callable[..., None]:
        def raise_it(*_arguments: object) -> None:
            raise Refusal(code, message, place, _("请用办公软件打开后另存，再上传"), 413)

        return raise_it

    of_sheet = entry.filename.startswith(SHEETS)
    take = parts.in_sheet if of_sheet else parts.start

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > XML_DEPTH_MAX:
            refuse("file-deep", _("文件里的内容嵌套过深"))()
        # Of the marks in a sheet most are values, of which nothing is asked: no call for them.
        if not (of_sheet and tag in PLAIN_MARKS):
            take(tag, attributes)

    def end(_tag: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = refuse("file-doctype", _("文件里有文档类型声明，不读取"))
    counted = 0
    try:
        with archive.open(entry) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                counted += len(chunk)
                if counted > left:
                    refuse("file-bomb", _("文件展开后过大"))()
                parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise Refusal(
            "file-broken", _("文件已损坏"), f"{place} {error}", _("请用办公软件打开后另存，再上传")
        ) from None
    return counted
