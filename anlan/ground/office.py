"""The door for office files (.xlsx, .docx): nothing is read before it has passed here.

Flows in: an upload. Flows out: the same bytes, known to be small when unpacked, without document
type, external parts or overlapping entries, with the cells that hold formulas named. The guard of
the container itself is `containers`, which the plan reader has too.

Limits: 20 MB as sent; those of `containers`; here the XML parts are 64 MB together.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from anlan.ground import files
from anlan.ground.containers import XML_BYTES_MAX, XML_ENDINGS, Container, Unfit

FORMULAS_KEPT_MAX = 1_000
OFFICE_KINDS = frozenset({"xlsx", "docx"})
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
    seen, parts, left = Seen(files.check(content, name, kinds)), _Parts(), XML_BYTES_MAX
    try:
        container = Container(content)
        for part in container.names():
            if part.lower().endswith(XML_ENDINGS):
                parts.begin(part)
                left -= container.stream_xml(part, left, parts.hear)
    except Unfit as unfit:
        raise files.refused(unfit, name) from None
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
        self.of_sheet = False

    def begin(self, part: str) -> None:
        """The elements that come now are of this part."""
        self.part, self.row, self.cell = part, 0, ""
        self.row_said, self.far, self.of_sheet = "", 0, part.startswith(SHEETS)

    def hear(self, tag: str, attributes: dict[str, str]) -> None:
        """An element. Most of a sheet are values, of which nothing is asked."""
        if not self.of_sheet:
            self.start(tag, attributes)
        elif tag not in PLAIN_MARKS:
            self.in_sheet(tag, attributes)

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
