"""Ruling of a PDF page: straight lines and thin boxes become regions of cells.

A region is a connected set of lines. Its lines cut the plane into small places; two places belong
to one cell where no line stands between them. All lengths are PDF points.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

NEAR = 3.0
THIN = 3.0
SHORT = 6.0
SEGMENTS_MAX = 40_000
LINES_MAX = 4_000
FORMS_MAX = 5


@dataclass(slots=True)
class Segment:
    """A straight line along one axis: at `at`, from `start` to `end`."""

    at: float
    start: float
    end: float


@dataclass(slots=True)
class RuledCell:
    """A cell with its place in the grid and its edges."""

    row: int
    column: int
    rows: int
    columns: int
    left: float
    right: float


@dataclass(slots=True)
class Region:
    """A ruled table on a page: x from left to right, y from the top down."""

    xs: list[float]
    ys: list[float]
    owner: list[list[int]] = field(default_factory=list)
    cells: list[RuledCell] = field(default_factory=list)

    @property
    def top(self) -> float:
        return self.ys[0]

    @property
    def width(self) -> int:
        return len(self.xs) - 1

    @property
    def height(self) -> int:
        return len(self.ys) - 1

    def holds(self, x: float, y: float) -> bool:
        return self.xs[0] <= x <= self.xs[-1] and self.ys[-1] <= y <= self.ys[0]

    def cell_at(self, x: float, y: float) -> int | None:
        if not self.holds(x, y):
            return None
        column = next((k for k in range(self.width) if x <= self.xs[k + 1]), self.width - 1)
        row = next((k for k in range(self.height) if y >= self.ys[k + 1]), self.height - 1)
        return self.owner[row][column]


def regions(page: Any, width: float, height: float) -> list[Region]:
    """Tables of a page; pages with wild drawing give none."""
    flat, upright = _segments(page, width, height)
    if len(flat) + len(upright) > LINES_MAX:
        flat, upright = flat[:LINES_MAX], upright[:LINES_MAX]
    found = []
    for rows, columns in _connected(_merged(flat), _merged(upright)):
        region = _region(rows, columns)
        if region is not None:
            found.append(region)
    return sorted(found, key=lambda own: -own.top)


# lines out of drawing


def _segments(page: Any, width: float, height: float) -> tuple[list[Segment], list[Segment]]:
    import pypdfium2.raw as raw

    flat: list[Segment] = []
    upright: list[Segment] = []
    for shape in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=FORMS_MAX):
        if len(flat) + len(upright) > SEGMENTS_MAX:
            break
        matrix = shape.get_matrix()
        holder = getattr(shape, "container", None)
        while holder is not None:
            matrix = matrix.multiply(holder.get_matrix())
            holder = getattr(holder, "container", None)
        _of_path(raw, shape.raw, matrix, flat, upright)
    inside = [
        own for own in flat if -NEAR <= own.at <= height + NEAR and own.end - own.start > SHORT
    ]
    beside = [
        own for own in upright if -NEAR <= own.at <= width + NEAR and own.end - own.start > SHORT
    ]
    return inside, beside


def _of_path(raw: Any, path: Any, matrix: Any, flat: list[Segment], upright: list[Segment]) -> None:
    stroked, fill = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(path, fill, stroked)
    points: list[tuple[float, float]] = []
    x, y = ctypes.c_float(), ctypes.c_float()
    for at in range(min(raw.FPDFPath_CountSegments(path), SEGMENTS_MAX)):
        segment = raw.FPDFPath_GetPathSegment(path, at)
        kind = raw.FPDFPathSegment_GetType(segment)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            _subpath(points, bool(stroked.value), flat, upright)
            points = []
        points.append(matrix.on_point(x.value, y.value))
        if raw.FPDFPathSegment_GetClose(segment):
            points.append(points[0])
    _subpath(points, bool(stroked.value), flat, upright)


def _subpath(
    points: list[tuple[float, float]], stroked: bool, flat: list[Segment], upright: list[Segment]
) -> None:
    if len(points) < 2:
        return
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    wide, tall = max(xs) - min(xs), max(ys) - min(ys)
    if tall <= THIN and wide > tall:
        flat.append(Segment((max(ys) + min(ys)) / 2, min(xs), max(xs)))
    elif wide <= THIN and tall > wide:
        upright.append(Segment((max(xs) + min(xs)) / 2, min(ys), max(ys)))
    elif stroked:
        for (x0, y0), (x1, y1) in pairwise(points):
            if abs(y1 - y0) <= 1.0:
                flat.append(Segment((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
            elif abs(x1 - x0) <= 1.0:
                upright.append(Segment((x0 + x1) / 2, min(y0, y1), max(y0, y1)))


def _merged(segments: list[Segment]) -> list[Segment]:
    """Pieces of one line on one line."""
    kept: list[Segment] = []
    for own in sorted(segments, key=lambda s: (round(s.at / NEAR), s.start)):
        for other in reversed(kept[-60:]):
            if (
                abs(other.at - own.at) <= NEAR / 2
                and own.start <= other.end + NEAR
                and own.end >= other.start - NEAR
            ):
                other.start, other.end = min(other.start, own.start), max(other.end, own.end)
                break
        else:
            kept.append(Segment(own.at, own.start, own.end))
    return kept


# lines that hold together


def _connected(
    flat: list[Segment], upright: list[Segment]
) -> list[tuple[list[Segment], list[Segment]]]:
    """Groups of lines that touch each other."""
    parent = list(range(len(flat) + len(upright)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    for i, row in enumerate(flat):
        for j, column in enumerate(upright):
            across = row.start - NEAR <= column.at <= row.end + NEAR
            if across and column.start - NEAR <= row.at <= column.end + NEAR:
                parent[root(i)] = root(len(flat) + j)
    groups: dict[int, tuple[list[Segment], list[Segment]]] = {}
    for i, row in enumerate(flat):
        groups.setdefault(root(i), ([], []))[0].append(row)
    for j, column in enumerate(upright):
        groups.setdefault(root(len(flat) + j), ([], []))[1].append(column)
    return [group for group in groups.values() if len(group[0]) >= 2 and len(group[1]) >= 2]


def _region(flat: list[Segment], upright: list[Segment]) -> Region | None:
    xs = _levels([own.at for own in upright] + _ends(flat, [own.at for own in upright]))
    ys = _levels([own.at for own in flat] + _ends(upright, [own.at for own in flat]))[::-1]
    if len(xs) < 3 or len(ys) < 2:
        return None
    region = Region(xs, ys)
    width, height = region.width, region.height
    owner = [[-1] * width for _ in range(height)]
    for y in range(height):
        for x in range(width):
            if owner[y][x] < 0:
                _fill(region, flat, upright, owner, x, y)
    region.owner = owner
    return region


def _ends(lines: list[Segment], across: list[float]) -> list[float]:
    """Where lines run on past the last one that crosses them: an edge that is not drawn."""
    found = []
    low, high = min(own.start for own in lines), max(own.end for own in lines)
    for place in (low, high):
        beyond = place < min(across) - SHORT or place > max(across) + SHORT
        shared = sum(abs((own.start if place == low else own.end) - place) <= NEAR for own in lines)
        if beyond and shared >= 2:
            found.append(place)
    return found


def _levels(values: list[float]) -> list[float]:
    kept: list[float] = []
    for value in sorted(values):
        if not kept or value - kept[-1] > NEAR:
            kept.append(value)
    return kept


def _fill(
    region: Region,
    flat: list[Segment],
    upright: list[Segment],
    owner: list[list[int]],
    x: int,
    y: int,
) -> None:
    """The cell that begins here: right while no upright line stops it, then down."""
    xs, ys = region.xs, region.ys
    right = x
    middle = (ys[y] + ys[y + 1]) / 2
    while (
        right + 1 < region.width
        and owner[y][right + 1] < 0
        and not _stands(upright, xs[right + 1], middle)
    ):
        right += 1
    down = y
    while down + 1 < region.height and all(
        owner[down + 1][k] < 0 and not _stands(flat, ys[down + 1], (xs[k] + xs[k + 1]) / 2)
        for k in range(x, right + 1)
    ):
        down += 1
    at = len(region.cells)
    region.cells.append(RuledCell(y, x, down - y + 1, right - x + 1, xs[x], xs[right + 1]))
    for row in range(y, down + 1):
        for column in range(x, right + 1):
            owner[row][column] = at


def _stands(lines: list[Segment], at: float, across: float) -> bool:
    return any(abs(own.at - at) <= NEAR and own.start - 1 <= across <= own.end + 1 for own in lines)
