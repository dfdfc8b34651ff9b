"""The original beside the rows, whole, a page of lines at a time, open where the row came from.

Flows in: a version's document as it was read, the table or the point that the page is about, the
row whose cells are wanted, or the number of a page. Flows out: pieces of that page: paragraphs and
lines of tables with their own numbers. A cell that spans lines over a page's edge stands again on
the next page, marked as going on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from anlan.ground.scope import Scope
from anlan.rooms.workplan.models import PlanOriginal, PlanVersion

PAGE_LINES = 200
Line = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Piece:
    """A paragraph, or lines of one table from line `first` (from 1)."""

    place: str
    text: str
    lines: list[tuple[int, Line]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Original:
    """A page of the original. first, last: lines shown, of `total`; cut: blocks that the reader
    did not keep."""

    pieces: list[Piece]
    page: int = 1
    pages: int = 1
    first: int = 0
    last: int = 0
    total: int = 0
    cut: int = 0

    @property
    def before(self) -> int:
        return self.page - 1 if self.page > 1 else 0

    @property
    def after(self) -> int:
        return self.page + 1 if self.page < self.pages else 0


@dataclass(frozen=True, slots=True)
class _Unit:
    """One line of what is shown: a paragraph (line 0) or a line of a table."""

    block: dict[str, Any]
    line: int


def original_of(
    scope: Scope, plan: PlanVersion, table: int, point: int | None = None,
    at: Sequence[int] = (), page: int | None = None,
) -> Original:  # fmt: skip
    """The page asked for, else the one with the cells of `at` (table, row), else with the point."""
    with scope.open():
        own = PlanOriginal.objects.filter(plan=plan).first()
    if own is None:
        return Original([])
    units = _units(own.blocks, table, point is not None)
    if not units:
        return Original([], cut=own.cut)
    pages = -(-len(units) // PAGE_LINES)
    wanted = _line_of(units, list(at), _heading(plan, point)) // PAGE_LINES + 1
    shown = min(max(page or wanted, 1), pages)
    first = (shown - 1) * PAGE_LINES
    part = units[first : first + PAGE_LINES]
    return Original(_pieces(part), shown, pages, first + 1, first + len(part), len(units), own.cut)


def _units(blocks: list[dict[str, Any]], table: int, with_text: bool) -> list[_Unit]:
    """The table's grids line by line; the paragraphs too where it is about the text or has none."""
    grids = [block for block in blocks if "lines" in block and _serves(block, table)]
    lines = [_Unit(block, n) for block in grids for n in range(len(block["lines"]))]
    if not with_text and lines:
        return lines
    return [_Unit(block, 0) for block in blocks if "text" in block] + lines


def _serves(block: dict[str, Any], table: int) -> bool:
    return any(
        number == table
        for line in block["lines"]
        for cell in line
        for number, _row in cell.get("of", ())
    )


def _heading(plan: PlanVersion, point: int | None) -> str:
    own = next((one for one in plan.points if one["number"] == point), None)
    return str(own["heading"]) if own else ""


def _line_of(units: list[_Unit], at: list[int], heading: str) -> int:
    """Where the row's own cells are: of cells that serve several rows, the least shared counts."""
    found: tuple[int, int] | None = None
    for n, unit in enumerate(units):
        if "text" in unit.block:
            if heading and heading in unit.block["text"]:
                return n
            continue
        for cell in unit.block["lines"][unit.line] if at else ():
            own = [list(one) for one in cell.get("of", ())]
            if at in own and (found is None or len(own) < found[0]):
                found = (len(own), n)
    return found[1] if found else 0


def _pieces(units: list[_Unit]) -> list[Piece]:
    pieces: list[Piece] = []
    shown: list[tuple[dict[str, Any], Piece]] = []
    for unit in units:
        if "text" in unit.block:
            pieces.append(Piece(unit.block["place"], unit.block["text"]))
            continue
        if not shown or shown[-1][0] is not unit.block:
            piece = Piece(unit.block["place"], "")
            pieces.append(piece)
            shown.append((unit.block, piece))
        line = list(unit.block["lines"][unit.line])
        if not shown[-1][1].lines and unit.line:
            line = _with_spanning(unit.block["lines"], unit.line, line)
        shown[-1][1].lines.append((unit.line + 1, line))
    return pieces


def _with_spanning(lines: list[Line], at: int, line: Line) -> Line:
    """The first line of a page with the cells that began on the page before and still go on."""
    going_on = [
        cell | {"rows": cell["line"] - 1 + cell["rows"] - at, "again": True}
        for above in lines[:at]
        for cell in above
        if cell.get("rows", 1) > 1 and cell["line"] - 1 + cell["rows"] > at
    ]
    return sorted([*going_on, *line], key=lambda cell: cell["column"])
