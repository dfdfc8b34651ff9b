"""Walls, culverts and rating curves of a local inertial flow, as declared by a person.

Flows in: cells by row and column, levels in m above the terrain's own datum. Flows out: the arrays
that the kernels read. Equations: `link_kernels`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.science.errors import BadInput
from anlan.science.inundation.link_kernels import Links
from anlan.science.inundation.sources import Inflow
from anlan.science.inundation.tile_kernels import Walls
from anlan.science.inundation.units import BED_UNIT_M, RELIEF_M_MAX

Cell = tuple[int, int]


@dataclass(frozen=True)
class Wall:
    """A wall on the face between two cells side by side, thinner than a cell; crest_m: its top."""

    one: Cell
    other: Cell
    crest_m: float


@dataclass(frozen=True)
class Culvert:
    """A pipe or box under something, between two cells; water goes from the higher level to the
    lower. floor_m: of its higher mouth; area_m2, width_m, length_m, radius_m (hydraulic), manning.
    """

    one: Cell
    other: Cell
    floor_m: float
    area_m2: float
    width_m: float
    length_m: float
    radius_m: float
    manning: float = 0.015


@dataclass(frozen=True)
class Rating:
    """Water leaves the grid at `cells` together by a curve of flow over level (the highest of
    them): nothing below its first point, linear between points, the last flow above the last.
    """

    cells: Sequence[Cell]
    level_m: Sequence[float]
    flow_m3_s: Sequence[float]


def _inside(cells: Sequence[Cell], shape: tuple[int, int], what: str) -> None:
    for row, column in cells:
        if not (0 <= row < shape[0] and 0 <= column < shape[1]):
            raise BadInput(f"{what}-cell", f"{what}: cell ({row}, {column}) is outside {shape}")


def walled(walls: Sequence[Wall], z: NDArray[np.int32], datum_m: float) -> Walls:
    """Walls by row, with the ring counted. Raises BadInput."""
    shape = (z.shape[0] - 2, z.shape[1] - 2)
    along: list[tuple[int, int, int]] = []
    down: list[tuple[int, int, int]] = []
    for wall in walls:
        _inside([wall.one, wall.other], shape, "wall")
        (row, column), (row_2, column_2) = sorted([wall.one, wall.other])
        if (row_2 - row, column_2 - column) not in ((0, 1), (1, 0)):
            raise BadInput("wall-cell", f"wall: {wall.one} and {wall.other} are not side by side")
        if not abs(wall.crest_m - datum_m) <= RELIEF_M_MAX:
            raise BadInput("wall-crest", f"wall: crest of {wall.crest_m} m is far off the terrain")
        crest = min(round((wall.crest_m - datum_m) / BED_UNIT_M), 2**31 - 1)
        (along if row == row_2 else down).append((row + 1, column + 1, crest))
    return Walls(*_by_row(along, z.shape[0]), *_by_row(down, z.shape[0]))


def _by_row(found: list[tuple[int, int, int]], rows: int) -> tuple[Any, Any, Any]:
    table = np.array(sorted(found), np.int64).reshape(-1, 3)
    start = np.searchsorted(table[:, 0], np.arange(rows + 1))
    return start.astype(np.int64), table[:, 1].copy(), table[:, 2].copy()


def packed(
    inflows: Sequence[Inflow], culverts: Sequence[Culvert], ratings: Sequence[Rating],
    shape: tuple[int, int], datum_m: float,
) -> Links:  # fmt: skip
    """Inflows, culverts and ratings with the ring counted. Raises BadInput."""
    poured = [np.asarray(inflow.cells, np.int64).reshape(-1, 2) for inflow in inflows]
    for cells in poured:
        _inside([(row, column) for row, column in cells.tolist()], shape, "inflow")
    ends, pipes = _culverts(culverts, shape, datum_m)
    cells_of, curves = _curves(ratings, shape, datum_m)
    return Links(
        np.concatenate([np.zeros((0, 2), np.int64), *poured]) + 1, ends, pipes,
        np.zeros(len(ends)), cells_of, curves,
    )  # fmt: skip


def _culverts(culverts: Sequence[Culvert], shape: tuple[int, int], datum_m: float) -> Any:
    ends = np.zeros((len(culverts), 4), np.int64)
    pipes = np.zeros((len(culverts), 6))
    for n, pipe in enumerate(culverts):
        _inside([pipe.one, pipe.other], shape, "culvert")
        sizes = pipe.area_m2, pipe.width_m, pipe.length_m, pipe.radius_m, pipe.manning
        if not (all(isfinite(size) and size > 0 for size in sizes) and isfinite(pipe.floor_m)):
            raise BadInput("culvert-size", f"culvert at {pipe.one}: sizes must be above nothing")
        if tuple(pipe.one) == tuple(pipe.other):
            raise BadInput("culvert-cell", f"culvert at {pipe.one} leads to its own cell")
        ends[n] = [pipe.one[0] + 1, pipe.one[1] + 1, pipe.other[0] + 1, pipe.other[1] + 1]
        pipes[n] = [pipe.floor_m - datum_m, *sizes]
    return ends, pipes


def _curves(ratings: Sequence[Rating], shape: tuple[int, int], datum_m: float) -> Any:
    cells: list[list[int]] = []
    curves: list[list[float]] = []
    for n, rating in enumerate(ratings):
        _inside(rating.cells, shape, "rating")
        levels, flows = np.asarray(rating.level_m, float), np.asarray(rating.flow_m3_s, float)
        good = len(levels) == len(flows) >= 2 and len(rating.cells) > 0
        if not good or (np.diff(levels) <= 0).any() or (np.diff(flows) < 0).any() or flows[0] < 0:
            raise BadInput("rating-curve", "a rating needs cells, rising levels, flows not falling")
        if not (np.isfinite(levels).all() and np.isfinite(flows).all()):
            raise BadInput("rating-curve", "a rating's levels and flows must be finite")
        cells += [[row + 1, column + 1, n] for row, column in rating.cells]
        curves += [[n, level - datum_m, flow] for level, flow in zip(levels, flows, strict=True)]
    return np.array(cells, np.int64).reshape(-1, 3), np.array(curves, float).reshape(-1, 3)
