"""Grids become plan tables: where the header is, what each column is for, which lines are rows.

Nothing here knows a document: a header is found by the grammar of its words and by its place, a
row by what begins in it, a heading inside a table by its reach.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from anlan.rooms.workplan.reader.blocks import Cell, Document, Grid, Paragraph
from anlan.rooms.workplan.reader.headwords import CORE, HEADER_CHARS_MAX, columns, role_of
from anlan.rooms.workplan.reader.numerals import ordinal
from anlan.rooms.workplan.reader.units import is_empty, looks_like_units

HEADER_ROWS_MAX = 3
CAPTION_CHARS_MAX = 60
CAPTION_PARAGRAPHS_MAX = 4
NOTE = re.compile(
    r"^\s*(?:[（(]?\s*(?:备\s*)?注\s*\d*\s*[）)]?|说明|备注|填表说明|附注|\*)\s*[:：.、\d]|^\s*(?:注|说明)[:：]|^※"
)
TOTAL = re.compile(r"^\s*(?:合\s*计|总\s*计|小\s*计|总分)\s*$")
CAPTION_PREFIX = re.compile(
    r"^\s*(?:(?:附\s*[表件]|表(?=[\s一二三四五六七八九十\d:：])|清单(?=[一二三四五六七八九十\d]))\s*[一二三四五六七八九十\d]{0,3}(?:[-—.－]\d+)?\s*[:：、.．]?\s*|[一二三四五六七八九十]+\s*[、.．]\s*|[（(][一二三四五六七八九十\d]+[）)]\s*|\d+\s*[、.．]\s*)+"
)
CAPTION_BELOW = re.compile(
    r"^\s*(?:续?表|附表)\s*(?P<number>[一二三四五六七八九十\d]{0,3})\s*[:：.．、\s\u3000]\s*\S"
)
NUMBERED = re.compile(r"^\s*(?:附\s*[表件]|表|清单)\s*[一二三四五六七八九十\d]{1,3}")
CAPTION_SKIP = re.compile(
    r"^\s*(?:[（(]?(?:计量)?单位[:：]|附\s*件\s*\d*\s*[:：]?\s*$|填报|制表|20\d\d年\d+月\d+日\s*$|[（(]?续表?[）)]?$|[—\-\s\d]+$|第?\s*\d+\s*页)"
)
OVER_BEFORE = re.compile(r"^(?:牵头|责任|主责|承办|主办)(?:单位|部门)\s*[:：]\s*")
OVER_BEHIND = re.compile(
    r"\s*[（(]\s*(?:牵头|主责|承办|主办|责任)?(?:单位|部门)?(?:[，,、：:]?\s*\d+\s*[项条件])?\s*[）)]\s*$"
)
CONTINUED = re.compile(r"续表?|接上(?:页|表)")


@dataclass(slots=True)
class Line:
    """One line of a table's body: role → cell; over: the units that a heading above it names."""

    cells: dict[str, list[Cell]]
    at: int
    grid: Grid
    over: str = ""


@dataclass(slots=True)
class Table:
    """A plan table: its roles by column, header words, and body lines."""

    title: str
    roles: list[str]
    headers: list[list[str]]
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    guessed: bool = False
    place: str = ""
    captioned: bool = False
    over: str = ""


def plan_tables(document: Document) -> list[Table]:
    """Every plan table of the document in order; pieces of one table over pages are one."""
    found: list[Table] = []
    since: list[Paragraph] = []
    for block in document.blocks:
        if isinstance(block, Paragraph):
            if found and not since and _belongs_above(block.text, found):
                found[-1].title, found[-1].captioned = _title(block.text), True
            since.append(block)
            continue
        _take_grid(block, since, found)
        since = []
    return [table for table in found if table.lines]


def _belongs_above(text: str, found: list[Table]) -> bool:
    """A caption right below a table is its own where the table has no title, or where the number
    that it bears is the table's place and what stood above was no caption."""
    match = CAPTION_BELOW.match(text)
    if match is None:
        return False
    number = ordinal(match["number"] or "")
    return not found[-1].title or (not found[-1].captioned and number == len(found))


def is_plan_grid(grid: Grid) -> bool:
    """Whether a grid has a header of its own (a layout table has none)."""
    return next(_headers(grid), None) is not None


def _unstick(grid: Grid, table: Table) -> None:
    """A page may print its repeated header and the rest of a cut row in one cell: the header goes."""
    row = grid.cells[0]
    if not grid.joined or len(row) != len(table.headers):
        return
    heads = [path[-1] if path else "" for path in table.headers]
    stuck = [
        cell.text.replace("\n", "").startswith(head) for cell, head in zip(row, heads, strict=True)
    ]
    longer = any(len(cell.text) > len(head) + 2 for cell, head in zip(row, heads, strict=True))
    if all(stuck) and longer:
        for cell, head in zip(row, heads, strict=True):
            cell.text = cell.text.replace("\n", "", 1).removeprefix(head).strip()


def lead_lines(grid: Grid) -> list[str]:
    """Lines of a grid that are running text: one cell each, above its first header."""
    first = next(_headers(grid), (len(grid.cells), 0))[0]
    lines = [[grid.caption]] if grid.caption else []
    for row in grid.cells[:first]:
        texts = [
            cell.text.strip()
            for cell in _distinct(row)
            if cell.text.strip() and row[cell.column] is cell
        ]
        lines.append(texts)
    return [line[0] for line in lines if len(line) == 1]


def _take_grid(grid: Grid, since: list[Paragraph], found: list[Table]) -> None:
    if found:
        _unstick(grid, found[-1])
    starts = list(_headers(grid))
    first = starts[0][0] if starts else len(grid.cells)
    lead_in = _lead_in(grid, 0, first)
    if found and first > 0 and _goes_on(grid, found[-1], since, bool(starts)):
        _body(found[-1], grid, 0, first)
        lead_in = ""
    elif not starts and not found:
        return
    for at, (start, depth) in enumerate(starts):
        end = starts[at + 1][0] if at + 1 < len(starts) else len(grid.cells)
        title = lead_in or _title(grid.caption) or _caption(since)
        table = _open(grid, start, depth, end, title)
        table.captioned = bool(lead_in or grid.caption) or _numbered(since)
        body_end = end - _trailing_titles(grid, start + depth, end)
        if found and _same_table(found[-1], table, since if at == 0 else None, title):
            table = found[-1]
        else:
            found.append(table)
        _body(table, grid, start + depth, body_end)
        lead_in = _lead_in(grid, body_end, end)
        since = []


# headers


def _headers(grid: Grid) -> Iterator[tuple[int, int]]:
    """(line, depth) of every header in a grid."""
    at = 0
    while at < len(grid.cells):
        depth = _header_depth(grid, at)
        if depth:
            yield at, depth
            at += depth
        else:
            at += 1


def _header_depth(grid: Grid, at: int) -> int:
    """How many lines the header that begins here has; 0 where none does."""
    if not _header_line(grid, at):
        return _upper_line(grid, at)
    depth = 1
    while (
        depth < HEADER_ROWS_MAX and at + depth < len(grid.cells) and _header_more(grid, at, depth)
    ):
        depth += 1
    return depth


def _upper_line(grid: Grid, at: int) -> int:
    """A header whose first line alone says too little (责任分工 over 牵头 and 配合)."""
    row = _distinct(grid.cells[at])
    if (
        at + 1 >= len(grid.cells)
        or len(row) < 2
        or any(len(c.text) > HEADER_CHARS_MAX for c in row)
    ):
        return 0
    if not any(cell.rows > 1 or cell.columns > 1 for cell in row) or not _header_line(grid, at + 1):
        return 0
    if not any(role_of(cell.text) for cell in row if cell.row == at):
        return 0
    return 2


def _header_line(grid: Grid, at: int) -> bool:
    texts = [cell.text for cell in _distinct(grid.cells[at]) if cell.text.strip()]
    if len(texts) < 2:
        return False
    roles = [role_of(text) for text in texts]
    known = [role for role in roles if role]
    core = {role for role in known if role in CORE}
    if (
        len(core) < 2
        or len(known) < 0.6 * len(texts)
        or not core & {"name", "text", "task", "group"}
    ):
        return False
    return bool(core & {"number", "units", "lead", "deadline", "text"})


def _header_more(grid: Grid, at: int, depth: int) -> bool:
    """The next line belongs to the header: cells that reach down, or sub-headings below wide ones."""
    row = grid.cells[at + depth]
    fresh = [cell for cell in _distinct(row) if cell.row == at + depth and cell.text.strip()]
    reached = [cell for cell in _distinct(row) if cell.row < at + depth]
    if not fresh:
        return bool(reached)
    wide = any(cell.columns > 1 for cell in _distinct(grid.cells[at + depth - 1]))
    if not wide and not reached and len(fresh) == len(_distinct(row)):
        return False
    if not all(len(cell.text) <= HEADER_CHARS_MAX for cell in fresh):
        return False
    if any(ordinal(cell.text) is not None for cell in fresh if cell.column == 0):
        return False
    under_wide = all(_upper(grid, at, depth, cell) for cell in fresh)
    words = sum(role_of(cell.text) is not None for cell in fresh)
    return under_wide and (words >= 0.5 * len(fresh) or (wide and bool(reached)))


def _upper(grid: Grid, at: int, depth: int, cell: Cell) -> bool:
    """A heading stands above: one that spans several columns, or an empty one beside it."""
    over = grid.cells[at + depth - 1][cell.column]
    return over.columns > 1 or not over.text.strip() or role_of(cell.text) is not None


def _distinct(row: list[Cell]) -> list[Cell]:
    return list({id(cell): cell for cell in row}.values())


def _open(grid: Grid, start: int, depth: int, end: int, title: str) -> Table:
    headers = []
    for x in range(grid.width):
        path: list[str] = []
        for y in range(start, start + depth):
            text = grid.cells[y][x].text.strip()
            if depth > 1 and not text and y == start and not grid.printed:
                text = _left_heading(grid, y, x)
            if text and (not path or path[-1] != text):
                path.append(text)
        headers.append(path)
    below = [
        [grid.cells[y][x].text for y in range(start + depth, end) if grid.cells[y][x].row == y]
        for x in range(grid.width)
    ]
    return Table(title, columns(headers, below), headers, place=grid.place)


def _left_heading(grid: Grid, y: int, x: int) -> str:
    """In grids without spans a wide heading stands in its first column only."""
    below = grid.cells[y + 1][x].text.strip() if y + 1 < len(grid.cells) else ""
    if not below:
        return ""
    return next(
        (grid.cells[y][k].text for k in range(x, -1, -1) if grid.cells[y][k].text.strip()), ""
    )


# where a table goes on, and what it is called


def _goes_on(grid: Grid, table: Table, since: list[Paragraph], has_header: bool) -> bool:
    """Lines before the next header belong to the table before: same width, nothing between."""
    texts = [
        p.text
        for p in since
        if p.text.strip() and not CAPTION_SKIP.match(p.text) and not CONTINUED.search(p.text)
    ]
    if grid.width != len(table.roles) or texts:
        return False
    if grid.joined:
        return True
    return not has_header and _fits(grid, table)


def _fits(grid: Grid, table: Table) -> bool:
    """Units stand where the table has its units."""
    at = next((x for x, role in enumerate(table.roles) if role in ("units", "lead")), None)
    if at is None:
        return False
    cells = [row[at].text for row in grid.cells if not is_empty(row[at].text)]
    return bool(cells) and sum(looks_like_units(text) >= 0.5 for text in cells) >= 0.6 * len(cells)


def _same_table(last: Table, table: Table, since: list[Paragraph] | None, title: str) -> bool:
    """The same header again under 续表, over a page, or inside one grid without a title."""
    if last.headers != table.headers:
        return False
    if since is None:
        return not title or _title(title) == last.title
    texts = [p.text for p in since if p.text.strip() and not CAPTION_SKIP.match(p.text)]
    own = [text for text in texts if not CONTINUED.search(text)]
    continued = len(own) < len(texts) or any(CONTINUED.search(p.text) for p in since)
    if continued and (not own or _title(own[-1]) == last.title):
        return True
    return not own and (not title or _title(title) == last.title)


def _title(text: str) -> str:
    bare = re.sub(r"\s*[（(]\s*(?:续表?|计量单位.*?|单位.*?)\s*[）)]\s*$", "", text.strip())
    bare = re.sub(r"\s+", " ", bare)
    return CAPTION_PREFIX.sub("", bare).strip() or bare


def _lead_in(grid: Grid, start: int, end: int) -> str:
    """A title that stands in the grid itself, right above a header."""
    for y in range(end - 1, start - 1, -1):
        texts = [cell.text.strip() for cell in _distinct(grid.cells[y]) if cell.text.strip()]
        if not texts:
            continue
        if len(texts) == 1 and not CAPTION_SKIP.match(texts[0]) and not NOTE.match(texts[0]):
            return _title(texts[0]) if len(texts[0]) <= CAPTION_CHARS_MAX else ""
        if len(texts) > 2:
            return ""
    return ""


def _trailing_titles(grid: Grid, start: int, end: int) -> int:
    """How many lines above the next header of the same grid are its title, not rows."""
    if end == len(grid.cells):
        return 0
    count = 0
    for y in range(end - 1, start - 1, -1):
        texts = [cell.text for cell in _distinct(grid.cells[y]) if cell.text.strip()]
        if len(texts) > 1:
            break
        if texts and (NOTE.match(texts[0]) or len(texts[0]) > CAPTION_CHARS_MAX):
            break
        count += 1
    return count


def _caption(since: list[Paragraph]) -> str:
    """The last short line above a grid that is a title."""
    for paragraph in reversed(since[-CAPTION_PARAGRAPHS_MAX:]):
        text = paragraph.text.strip()
        if not text or CAPTION_SKIP.match(text) or looks_like_units(text) == 1:
            continue
        if len(text) > CAPTION_CHARS_MAX or re.search(r"[。；]", text) or NOTE.match(text):
            return ""
        return _title(text)
    return ""


def _numbered(since: list[Paragraph]) -> bool:
    """Whether a numbered caption (表1, 附件2) stands above."""
    return any(NUMBERED.match(own.text) for own in since[-CAPTION_PARAGRAPHS_MAX:])


# the body


def _body(table: Table, grid: Grid, start: int, end: int) -> None:
    for y in range(start, end):
        row = grid.cells[y]
        texts = [cell for cell in _distinct(row) if cell.text.strip()]
        if not texts or _repeats_header(table, row):
            continue
        if _aside(table, texts, y):
            continue
        cells: dict[str, list[Cell]] = {}
        for x, role in enumerate(table.roles):
            if x < len(row) and not any(row[x] is own for own in cells.get(role, [])):
                cells.setdefault(role, []).append(row[x])
        if _begins(cells, y):
            table.lines.append(Line(cells, y, grid, table.over))


def _repeats_header(table: Table, row: list[Cell]) -> bool:
    return len(row) == len(table.headers) and all(
        not cell.text.strip() or cell.text.strip() in path
        for cell, path in zip(row, table.headers, strict=True)
    )


def _aside(table: Table, texts: list[Cell], y: int) -> bool:
    """A heading across the table, a note, a total: no row."""
    first = texts[0].text.strip()
    if len(texts) == 1 and texts[0].row == y:
        if NOTE.match(first):
            table.notes.append(first)
            return True
        wide = texts[0].columns >= 0.6 * len(table.roles) and len(table.roles) > 1
        alone = texts[0].columns == 1 and texts[0].column == 0 and ordinal(first) is None
        named = table.roles[0] in ("name", "text") and alone
        across = wide or (alone and not named)
        if across and not {"units", "lead"} & set(table.roles):
            table.over = _units_over(first) or table.over
        return across or bool(TOTAL.match(first))
    if NOTE.match(first) and texts[0].columns > 1:
        table.notes.append(first)
        return True
    return any(TOTAL.match(cell.text) for cell in texts[:2])


def _units_over(text: str) -> str:
    """A heading across a table without a column of units that names who answers below it."""
    bare = CAPTION_PREFIX.sub("", text).strip()
    bare = OVER_BEFORE.sub("", OVER_BEHIND.sub("", bare)).strip()
    return bare if bare and looks_like_units(bare) == 1 else ""


def _begins(cells: dict[str, list[Cell]], y: int) -> bool:
    """A row is where a text, name, number or unit begins; a line that only goes on is none."""
    for role in ("text", "name", "units", "lead", "number"):
        if any(cell.row == y and not is_empty(cell.text) for cell in cells.get(role, [])):
            return True
    return False
