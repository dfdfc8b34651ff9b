"""A plan of cards, one small table a task with its words beside its values, becomes one table.

Flows in: grids whose lines are pairs such as `任务名称 | 整治重点路段`, `牵头单位 | 县甲局`. Flows out:
in place of every run of such grids one grid with a column for each word, so that it is read as any
table is. New cells name those they were made of (`sources`).
"""

from __future__ import annotations

import re

from anlan.rooms.workplan.reader.blocks import Block, Cell, Document, Grid, Paragraph
from anlan.rooms.workplan.reader.headwords import CORE, role_of

CARDS_MIN = 3
PAIRS_MIN = 3
BETWEEN_MAX = 3  # short lines between two cards, such as 任务二
BETWEEN_CHARS_MAX = 40
COUNTED = re.compile(r"[^\d]{0,6}[一二三四五六七八九十\d]{1,3}[^\d]{0,2}")
NAMES, ANSWERS = {"name", "task", "text"}, {"units", "lead"}
Pairs = dict[str, Cell]


def gathered(document: Document) -> Document:
    """The document with every run of cards as one grid; it itself stays as it was read."""
    blocks: list[Block] = []
    run: list[tuple[Grid, Pairs]] = []
    since: list[Paragraph] = []
    for block in document.blocks:
        pairs = _pairs(block) if isinstance(block, Grid) else {}
        if pairs and (not run or _goes_on(run, pairs, since)):
            assert isinstance(block, Grid)
            blocks += _without_number(since) if not run else []
            run.append((block, pairs))
            since = []
        elif isinstance(block, Paragraph):
            since.append(block)
        else:
            blocks += [*_of_run(run), *since, block]
            run, since = [], []
            if pairs and isinstance(block, Grid):
                blocks.pop()
                run = [(block, pairs)]
    return Document([*blocks, *_of_run(run), *since], document.unread)


def _without_number(since: list[Paragraph]) -> list[Paragraph]:
    """A line such as 任务一 right above a card is no title of all cards."""
    last = since[-1].text.strip() if since else ""
    return since[:-1] if COUNTED.fullmatch(last) else since


def _goes_on(run: list[tuple[Grid, Pairs]], pairs: Pairs, since: list[Paragraph]) -> bool:
    """The same words as the card before, with no more than a short line or two between."""
    said = [own.text.strip() for own in since if own.text.strip()]
    short = len(said) <= BETWEEN_MAX and all(len(text) <= BETWEEN_CHARS_MAX for text in said)
    before = run[-1][1].keys()
    return short and len(before & pairs.keys()) >= PAIRS_MIN


def _pairs(grid: Grid) -> Pairs:
    """Words → the cell beside them; empty where any line is something else."""
    found: Pairs = {}
    for y, row in enumerate(grid.cells):
        cells = [cell for cell in dict.fromkeys(row) if cell.row == y]
        if len([cell for cell in cells if cell.text.strip()]) <= 1 and len(cells) < 2:
            continue  # a title across
        if len(cells) % 2:
            return {}
        for head, value in zip(cells[::2], cells[1::2], strict=True):
            word = head.text.strip()
            if role_of(word) not in CORE or word in found:
                return {}
            found[word] = value
    roles = {role_of(word) for word in found}
    whole = len(found) >= PAIRS_MIN and roles & NAMES and roles & ANSWERS
    return found if whole and not all(role_of(own.text) for own in found.values()) else {}


def _of_run(run: list[tuple[Grid, Pairs]]) -> list[Block]:
    if len(run) < CARDS_MIN:
        return [grid for grid, _pairs_ in run]
    heads = list(dict.fromkeys(word for _grid, pairs in run for word in pairs))
    lines = [[Cell(word, 0, x) for x, word in enumerate(heads)]]
    for y, (_grid, pairs) in enumerate(run, start=1):
        lines.append([_made_of(pairs.get(word), y, x) for x, word in enumerate(heads)])
    return [Grid(lines, run[0][0].place, run[0][0].caption)]


def _made_of(cell: Cell | None, y: int, x: int) -> Cell:
    return Cell("", y, x) if cell is None else Cell(cell.text, y, x, sources=(cell,))
