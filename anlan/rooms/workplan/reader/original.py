"""The document as it was read: every paragraph and every cell with its place and what it was taken for.

Flows in: the one document of `blocks`, and the lines that each row came from. Flows out: plain data
for a page that shows the original beside the rows, so that a person sees what the reader saw.
"""

from __future__ import annotations

from typing import Any

from anlan.rooms.workplan.reader.blocks import Cell, Document, Grid, Paragraph
from anlan.rooms.workplan.reader.rows import Origins

CELLS_MAX = 60_000
PARAGRAPHS_MAX = 5_000
PARAGRAPH_CHARS_MAX = 5_000
Mark = tuple[str, int, int]


def original(document: Document, origins: Origins) -> dict[str, Any]:
    """{"blocks": [{"place", "text"} or {"place", "lines"}], "cut": what the limits left out}."""
    marks = _marks(origins)
    blocks: list[dict[str, Any]] = []
    cells = paragraphs = cut = 0
    for block in document.blocks:
        if isinstance(block, Paragraph):
            paragraphs += 1
            if paragraphs > PARAGRAPHS_MAX:
                cut += 1
                continue
            blocks.append({"place": block.place, "text": block.text[:PARAGRAPH_CHARS_MAX]})
            continue
        cells += sum(len(row) for row in block.cells)
        if cells > CELLS_MAX:
            cut += 1
            continue
        blocks.append({"place": block.place, "lines": _lines(block, marks)})
    return {"blocks": blocks, "cut": cut}


def _marks(origins: Origins) -> dict[int, list[Mark]]:
    """Which rows a cell went into, and as what: a cell that spans lines serves several."""
    found: dict[int, list[Mark]] = {}
    for (table, row), lines in origins.items():
        for line in lines:
            for role, cells in line.cells.items():
                for cell in (own for one in cells for own in one.sources or (one,)):
                    found.setdefault(id(cell), []).append((role, table, row))
    return found


def _lines(grid: Grid, marks: dict[int, list[Mark]]) -> list[list[dict[str, Any]]]:
    """Each cell once, in the line where it begins."""
    return [
        [_cell(cell, marks.get(id(cell), [])) for x, cell in enumerate(line)
         if cell.row == y and cell.column == x]
        for y, line in enumerate(grid.cells)
    ]  # fmt: skip


def _cell(cell: Cell, marks: list[Mark]) -> dict[str, Any]:
    """text, line and column (from 1), spans, what it was taken for, the rows that it went into."""
    found: dict[str, Any] = {"text": cell.text, "line": cell.row + 1, "column": cell.column + 1}
    if cell.rows > 1 or cell.columns > 1:
        found |= {"rows": cell.rows, "columns": cell.columns}
    if marks:
        found |= {"role": marks[0][0], "of": sorted({(table, row) for _role, table, row in marks})}
    return found
