"""A table whose units stand across, with a mark in each cell, becomes one with units in columns.

Flows in: a grid whose header names units one beside another, and whose cells below hold marks only.
Flows out: the same grid with a column of leads and a column of supports (or of units, where there
is one kind of mark and no legend tells it). What a mark means stands in the document's legend; else
a filled mark leads and a hollow one supports. New cells name those they were made of (`sources`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from anlan.rooms.workplan.reader.blocks import Cell, Document, Grid, Paragraph
from anlan.rooms.workplan.reader.headwords import HEADER_CHARS_MAX, role_of
from anlan.rooms.workplan.reader.units import looks_like_units

UNITS_MIN = 3
HEADER_LINES_MAX = 3
FILLED, HOLLOW, TICKS = "●■▲★◆⬤", "○□△☆◇◎", "√✓✔"
MARKS = frozenset(FILLED + HOLLOW + TICKS)
LEGEND = re.compile(rf"([{FILLED}{HOLLOW}{TICKS}])\s*(?:[”\"’]\s*)?(?:为|表示|代表|是|指|[:：])?\s*([^{FILLED}{HOLLOW}{TICKS}，,；;、。]{{1,16}})")  # fmt: skip
TITLES = {"lead": "牵头单位", "support": "配合单位", "units": "责任单位"}


def unfolded(document: Document) -> Document:
    """The document with every such matrix unfolded; it itself stays as it was read."""
    said = _legend(document)
    blocks = [_unfolded(own, said) if isinstance(own, Grid) else own for own in document.blocks]
    return Document(blocks, document.unread)


def _legend(document: Document) -> dict[str, str]:
    """Mark → lead, support or units, from lines that explain marks."""
    found: dict[str, str] = {}
    for text in _lines(document.blocks):
        for mark, words in LEGEND.findall(text):
            role = role_of(words.strip())
            if role in TITLES and mark not in found:
                found[mark] = str(role)
    return found


def _lines(blocks: Iterable[Paragraph | Grid]) -> Iterable[str]:
    for block in blocks:
        if isinstance(block, Paragraph):
            yield block.text
        else:
            yield from (cell.text for row in block.cells for cell in row)


def _unfolded(grid: Grid, said: dict[str, str]) -> Grid:
    for at in range(min(HEADER_LINES_MAX, len(grid.cells))):
        columns = _unit_columns(grid, at)
        if len(columns) >= UNITS_MIN and _only_marks(grid, at + 1, columns):
            return _rebuilt(grid, at, columns, said)
    return grid


def _unit_columns(grid: Grid, at: int) -> list[int]:
    """Columns of the line whose cell is the name of one unit."""
    return [
        x for x, cell in enumerate(grid.cells[at])
        if cell.row == at and cell.columns == 1 and 0 < len(cell.text.strip()) <= HEADER_CHARS_MAX
        and role_of(cell.text) is None and looks_like_units(cell.text) == 1
    ]  # fmt: skip


def _only_marks(grid: Grid, start: int, columns: Sequence[int]) -> bool:
    """Below stand marks or nothing, in lines of one cell a column; at least one mark in all."""
    cells = [grid.cells[y][x] for y in range(start, len(grid.cells)) for x in columns]
    own = [cell.text.strip() for cell in cells if cell.columns == 1]
    return any(own) and all(set(text) <= MARKS for text in own)


def _rebuilt(grid: Grid, at: int, columns: list[int], said: dict[str, str]) -> Grid:
    seen = {mark for row in grid.cells[at + 1 :] for x in columns for mark in row[x].text.strip()}
    means = {mark: _role(mark, seen, said) for mark in seen & MARKS}
    roles = [role for role in TITLES if role in means.values()]
    kept = [x for x in range(grid.width) if x not in columns]
    first, names = columns[0], [grid.cells[at][x].text.strip() for x in columns]
    made: dict[int, tuple[Cell, Cell]] = {}
    rows = []
    for y, row in enumerate(grid.cells):
        fresh = [_made_of(row, columns, names, means, role, y, at) for role in roles]
        before = [row[x] for x in kept if x < first]
        after = [row[x] for x in kept if x > first]
        rows.append(_placed([*before, *fresh, *after], y, made))
    return Grid(rows, grid.place, grid.caption, grid.joined, grid.printed)


def _role(mark: str, seen: set[str], said: dict[str, str]) -> str:
    if mark in said:
        return said[mark]
    if len(seen & MARKS) == 1:
        return "units"
    return "lead" if mark in FILLED + TICKS else "support"


def _made_of(
    row: list[Cell], columns: list[int], names: list[str], means: dict[str, str], role: str,
    y: int, header: int,
) -> Cell:  # fmt: skip
    if y <= header:
        return Cell(TITLES[role] if y == header else "", y, 0)
    own = [(name, row[x]) for name, x in zip(names, columns, strict=True)
           if any(means.get(mark) == role for mark in row[x].text.strip())]  # fmt: skip
    names_of = "、".join(name for name, _cell in own)
    return Cell(names_of, y, 0, sources=tuple(source for _name, source in own))


def _placed(cells: list[Cell], y: int, made: dict[int, tuple[Cell, Cell]]) -> list[Cell]:
    """The line with every cell at its new column; one that spans stays one and the same object.

    made: by the id of an old cell, that cell (so that its id is nobody else's) and the new one.
    """
    line: list[Cell] = []
    for x, cell in enumerate(cells):
        if id(cell) not in made:
            sources = cell.sources or ((cell,) if cell.text.strip() else ())
            made[id(cell)] = cell, Cell(cell.text, cell.row, x, cell.rows, 1, sources)
        new = made[id(cell)][1]
        if y == new.row and x >= new.column + new.columns:
            new.columns = x - new.column + 1
        line.append(new)
    return line
