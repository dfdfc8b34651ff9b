"""The one document that every format becomes: paragraphs and grids, in reading order.

A grid is a full rectangle: a cell that spans several places stands in each of them as the same
object, so that who reads a column sees what a person sees there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Paragraph:
    """A line of running text. level: 0 body, 1 and up a heading of that depth."""

    text: str
    level: int = 0
    place: str = ""


@dataclass(slots=True, eq=False)
class Cell:
    """One cell as written; row and column of its upper left corner, and how far it reaches.

    sources: the cells of the document that it was made of, where it does not stand there itself.
    """

    text: str
    row: int
    column: int
    rows: int = 1
    columns: int = 1
    sources: tuple[Cell, ...] = ()


@dataclass(slots=True)
class Grid:
    """A table as it stands on the page. joined: it goes on where the grid before it stopped."""

    cells: list[list[Cell]]
    place: str = ""
    caption: str = ""
    joined: bool = False
    printed: bool = False

    @property
    def width(self) -> int:
        return len(self.cells[0]) if self.cells else 0


Block = Paragraph | Grid


@dataclass(slots=True)
class Document:
    """Blocks in reading order, and what the format holds that could not be read (code, message)."""

    blocks: list[Block] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)

    def paragraphs(self) -> list[Paragraph]:
        return [block for block in self.blocks if isinstance(block, Paragraph)]

    def grids(self) -> list[Grid]:
        return [block for block in self.blocks if isinstance(block, Grid)]


def grid_of(rows: Iterable[Iterable[str]], place: str = "", caption: str = "") -> Grid:
    """A grid without spans; short rows are filled with empty cells."""
    texts = [list(row) for row in rows]
    width = max((len(row) for row in texts), default=0)
    cells = [
        [Cell(row[x] if x < len(row) else "", y, x) for x in range(width)]
        for y, row in enumerate(texts)
    ]
    return Grid(cells, place, caption)


def spread(placed: list[Cell], height: int, width: int) -> list[list[Cell]]:
    """The rectangle that spanning cells cover; holes become empty cells."""
    cells: list[list[Cell | None]] = [[None] * width for _ in range(height)]
    for cell in placed:
        for y in range(cell.row, min(cell.row + cell.rows, height)):
            for x in range(cell.column, min(cell.column + cell.columns, width)):
                cells[y][x] = cells[y][x] or cell
    return [
        [cell if cell is not None else Cell("", y, x) for x, cell in enumerate(row)]
        for y, row in enumerate(cells)
    ]
