"""Where water goes on a terrain: filled surface, directions, accumulation, streams, basins, HAND.

Flows in: elevations. Flows out: arrays of the same shape. Card: docs/models/terrain.md. Reading of
files lies outside. Directions: 0 to 7 clockwise from east, 8 an outlet, 255 no data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from anlan.science.errors import BadTerrain
from anlan.science.terrain import flood_kernels as kernels

CELLS_MAX = 200_000_000
ELEVATION_M_RANGE = (-500.0, 9000.0)
CLIFF_M_MAX = 1500.0
ZERO_SHARE_MAX = 0.02


@dataclass(frozen=True)
class Waterways:
    """filled_m: surface without depressions; direction: uint8; upstream: cells, itself included.

    All (rows, columns).
    """

    filled_m: NDArray[np.float32]
    direction: NDArray[np.uint8]
    upstream: NDArray[np.int32]


def checked(elevation_m: NDArray[np.float32], nodata: float | None) -> NDArray[np.float32]:
    """Elevations as float32 with nan where there is no data. Raises BadTerrain by name:

    one-cell, no-data-at-all, not-finite, out-of-range (units?), cliff (mixed units or a hole in the
    numbers), nodata-as-zero.
    """
    given = np.asarray(elevation_m)
    if given.ndim != 2 or min(given.shape) < 2:
        raise BadTerrain("one-cell", f"a terrain needs two rows and columns, not {given.shape}")
    if given.size > CELLS_MAX:
        raise BadTerrain("too-large", f"{given.size} cells exceed {CELLS_MAX}")
    z = given.astype(np.float32)
    if np.isinf(z).any():
        raise BadTerrain("not-finite", "an elevation is infinite")
    if nodata is not None:
        z[given == nodata] = np.nan
    held = z[~np.isnan(z)]
    if held.size == 0:
        raise BadTerrain("no-data-at-all", "no cell has an elevation")
    _refuse_odd_numbers(z, held)
    return z


def _refuse_odd_numbers(z: NDArray[np.float32], held: NDArray[np.float32]) -> None:
    low, high = ELEVATION_M_RANGE
    if held.min() < low or held.max() > high:
        raise BadTerrain(
            "out-of-range",
            f"elevations from {held.min():.0f} to {held.max():.0f} m: is that another unit, or a "
            "value that means no data?",
        )
    zeros = float((held == 0).mean())
    others = held[held != 0]
    if zeros > 0 and others.size and np.percentile(others, 1) > 50 and zeros < 0.9:
        raise BadTerrain("nodata-as-zero", f"{zeros:.1%} of the cells are 0 m amid higher ground")
    for axis in (0, 1):
        step = np.abs(np.diff(z, axis=axis))
        if np.nanmax(step, initial=0.0) > CLIFF_M_MAX:
            where = np.argwhere(step > CLIFF_M_MAX)[0]
            raise BadTerrain(
                "cliff", f"{step[tuple(where)]:.0f} m between two cells at row {where[0]}, column "
                f"{where[1]}: mixed units?",
            )  # fmt: skip


def route(elevation_m: NDArray[np.float32], nodata: float | None = None) -> Waterways:
    """Fill, direct and accumulate. Cells at the rim of the data are outlets. Raises BadTerrain."""
    z = checked(elevation_m, nodata)
    rows, columns = z.shape
    ringed = np.full((rows + 2, columns + 2), np.nan, np.float32)
    ringed[1:-1, 1:-1] = z
    hole = np.isnan(ringed)
    ringed[hole] = 0.0
    way = np.where(hole, np.uint8(kernels.NO_DATA), np.uint8(kernels.OUTLET + 1))
    offsets = kernels.DY * (columns + 2) + kernels.DX
    flat, ways = ringed.ravel(), way.ravel()
    kernels.fill(flat, ways, offsets)
    kernels.steepest(flat, ways, offsets, columns + 2, flat.size - columns - 2)
    area = (ways != kernels.NO_DATA).astype(np.int32)
    if kernels.accumulate(ways, offsets, area) != int(area.astype(bool).sum()):
        raise BadTerrain("loop", "directions run in a circle")
    ringed[hole] = np.nan
    inner = np.s_[1:-1, 1:-1]
    return Waterways(
        np.ascontiguousarray(ringed[inner]),
        np.ascontiguousarray(way[inner]),
        np.ascontiguousarray(area.reshape(way.shape)[inner]),
    )


def burned(
    elevation_m: NDArray[np.float32], streams: NDArray[np.bool_], depth_m: float = 5.0
) -> NDArray[np.float32]:
    """The terrain with known streams lowered by depth_m, so that water keeps to them."""
    if not 0 < depth_m <= 100:
        raise BadTerrain("burn-depth", f"a burn of {depth_m} m is outside 0 to 100 m")
    return np.where(streams, elevation_m - np.float32(depth_m), elevation_m).astype(np.float32)


@njit(cache=True)
def _order(direction, dy, dx):  # type: ignore[no-untyped-def]
    """Cells from the outlets upwards: each after the one that it flows to. (n, 2)"""
    rows, columns = direction.shape
    order = np.empty((rows * columns, 2), np.int64)
    end = 0
    for j in range(rows):
        for i in range(columns):
            if direction[j, i] == 8:
                order[end, 0], order[end, 1] = j, i
                end += 1
    at = 0
    while at < end:
        j, i = order[at]
        at += 1
        for k in range(8):
            a, b = j - dy[k], i - dx[k]
            if 0 <= a < rows and 0 <= b < columns and direction[a, b] == k:
                order[end, 0], order[end, 1] = a, b
                end += 1
    return order[:end]


@njit(cache=True)
def _handed_up(direction, order, own, given, dy, dx):  # type: ignore[no-untyped-def]
    """Each cell takes the value of the cell it flows to, except where `given` has one."""
    out = own.copy()
    for n in range(order.shape[0]):
        j, i = order[n]
        if given[j, i] or direction[j, i] == 8:
            continue
        k = direction[j, i]
        out[j, i] = out[j + dy[k], i + dx[k]]
    return out


def basins(ways: Waterways) -> NDArray[np.int32]:
    """A number for each basin, 1 and on by its outlet in reading order; 0 where no data."""
    outlets = ways.direction == kernels.OUTLET
    numbers = np.zeros(outlets.shape, np.int32)
    numbers[outlets] = np.arange(1, int(outlets.sum()) + 1)
    order = _order(ways.direction, kernels.DY, kernels.DX)
    return np.asarray(
        _handed_up(ways.direction, order, numbers, outlets, kernels.DY, kernels.DX), np.int32
    )


def above_nearest_drainage_m(
    ways: Waterways, elevation_m: NDArray[np.float32], stream_cells: int
) -> NDArray[np.float32]:
    """Height of each cell over the stream cell that it drains to (HAND), m.

    Streams are cells with `stream_cells` upstream or more; what drains off the map without meeting
    one is measured from its outlet. Rennó et al. 2008, doi:10.1016/j.rse.2008.03.018.
    """
    streams = (ways.upstream >= stream_cells) & (ways.direction != kernels.NO_DATA)
    order = _order(ways.direction, kernels.DY, kernels.DX)
    z = np.asarray(elevation_m, np.float32)
    foot = _handed_up(ways.direction, order, z.copy(), streams, kernels.DY, kernels.DX)
    return np.where(ways.direction == kernels.NO_DATA, np.nan, z - foot).astype(np.float32)


@njit(cache=True)
def _strahler(direction, order, streams, dy, dx):  # type: ignore[no-untyped-def]
    rows, columns = direction.shape
    highest = np.zeros((rows, columns), np.uint8)
    twice = np.zeros((rows, columns), np.bool_)
    out = np.zeros((rows, columns), np.uint8)
    for n in range(order.shape[0] - 1, -1, -1):
        j, i = order[n]
        if not streams[j, i]:
            continue
        out[j, i] = max(highest[j, i] + (1 if twice[j, i] else 0), 1)
        k = direction[j, i]
        if k == 8:
            continue
        a, b = j + dy[k], i + dx[k]
        if out[j, i] > highest[a, b]:
            highest[a, b], twice[a, b] = out[j, i], False
        elif out[j, i] == highest[a, b]:
            twice[a, b] = True
    return out


def stream_order(ways: Waterways, stream_cells: int) -> NDArray[np.uint8]:
    """Strahler's order of the streams, 0 elsewhere. Strahler 1957."""
    streams = (ways.upstream >= stream_cells) & (ways.direction != kernels.NO_DATA)
    order = _order(ways.direction, kernels.DY, kernels.DX)
    return np.asarray(_strahler(ways.direction, order, streams, kernels.DY, kernels.DX), np.uint8)
