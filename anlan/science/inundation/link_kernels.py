"""Water that moves by cells and not by faces: inflows, culverts, outflow by a rating curve.

Flows in: a grid, what comes in at each substep, culverts, ratings. Flows out: depths, in whole
units; what came and what left. None takes more than a cell holds.

(1) Culvert, the least of what its mouth and its length let through (FHWA HDS-5's two controls in
    their simplest form): mouth Q = C_d A √(2 g h_up) at most a weir's 1.7 w h_up^1.5; length
    Q = A √(2 g Δη / (1 + K + 2 g n² L / R^(4/3))).
(2) Rating: Q = f(level), linear between its points, shared by its cells as they have water.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from anlan.science.inundation.inertial_kernels import GRAVITY_M_S2, UNITS_A_M, flat, kept
from anlan.science.inundation.tile_kernels import TILE_COLUMNS, TILE_ROWS, place

WEIR = 1.7
ORIFICE = 0.6
LOSS_IN_OUT = 0.5
BED_A_M = 2.0**20
CAME, LEFT = 4, 2


class Links(NamedTuple):
    """inflow_cells (n, 2) with a ring; culverts (c, 4) row, column, row, column; pipes (c, 6) crest
    in m over the datum, area m², width m, length m, hydraulic radius m, n; flow (c,) m³/s;
    rating_cells (r, 3) row, column, curve; curves (m, 3) curve, level m, flow m³/s.
    """

    inflow_cells: Any
    culverts: Any
    pipes: Any
    flow: Any
    rating_cells: Any
    curves: Any


@flat
def _noted(j: int, i: int, grid: Any, tiles: Any) -> None:
    b = place(j, grid.h.shape[0], TILE_ROWS)
    p = place(i, grid.h.shape[1], TILE_COLUMNS)
    tiles.top[b, p] = max(tiles.top[b, p], np.uint32(grid.h[j, i]))


@flat
def _level_m(j: int, i: int, grid: Any) -> Any:
    return grid.z[j, i] / BED_A_M + grid.h[j, i] / UNITS_A_M


@flat
def culvert_m3_s(head_m: float, drop_m: float, pipe: Any) -> float:
    """Eq. 1 for water head_m over the mouth's floor, drop_m over the level at the other end."""
    if head_m <= 0 or drop_m <= 0:
        return 0.0
    area, width, length, radius, n = pipe[1], pipe[2], pipe[3], pipe[4], pipe[5]
    mouth = min(ORIFICE * area * np.sqrt(2 * GRAVITY_M_S2 * head_m), WEIR * width * head_m**1.5)
    loss = 1 + LOSS_IN_OUT + 2 * GRAVITY_M_S2 * n * n * length / radius ** (4.0 / 3.0)
    return min(mouth, area * np.sqrt(2 * GRAVITY_M_S2 * drop_m / loss))


@flat
def _culverts(dt: float, area_m2: float, grid: Any, tiles: Any, links: Any) -> None:
    for c in range(links.culverts.shape[0]):
        j, i, a, b = links.culverts[c]
        here, there = _level_m(j, i, grid), _level_m(a, b, grid)
        sign = 1.0
        if there > here:
            j, i, a, b = a, b, j, i
            here, there, sign = there, here, -1.0
        floor_m = links.pipes[c, 0]
        flow = culvert_m3_s(here - floor_m, here - max(there, floor_m), links.pipes[c])
        # no more than evens out the two levels in a step, so that they do not swing
        most: Any = min(np.int64(grid.h[j, i]), np.int64((here - there) * 0.5 * UNITS_A_M))
        units = np.int32(max(min(np.int64(flow * dt / area_m2 * UNITS_A_M), most), 0))
        grid.h[j, i] -= units
        grid.h[a, b] += units
        links.flow[c] = sign * units / UNITS_A_M * area_m2 / dt
        _noted(a, b, grid, tiles)


@flat
def _rated_m3_s(curve: int, level_m: float, curves: Any) -> float:
    """Eq. 2; nothing below the first point, the last flow above the last."""
    flow, before = 0.0, -1
    for m in range(curves.shape[0]):
        if curves[m, 0] != curve:
            continue
        if level_m >= curves[m, 1]:
            flow, before = curves[m, 2], m
        elif before >= 0:
            part = (level_m - curves[before, 1]) / (curves[m, 1] - curves[before, 1])
            return float(flow + part * (curves[m, 2] - flow))
        else:
            return 0.0
    return float(flow)


@flat
def _ratings(dt: float, area_m2: float, grid: Any, links: Any, account: Any) -> None:
    cells = links.rating_cells
    first = 0
    while first < cells.shape[0]:
        curve, end = cells[first, 2], first
        depth: Any = np.int64(0)
        level = -1e9
        while end < cells.shape[0] and cells[end, 2] == curve:
            j, i = cells[end, 0], cells[end, 1]
            depth += grid.h[j, i]
            level = max(level, _level_m(j, i, grid))
            end += 1
        asked = _rated_m3_s(curve, level, links.curves) * dt / area_m2 * UNITS_A_M
        share = min(asked / max(np.float64(depth), 1.0), 1.0)
        for n in range(first, end):
            j, i = cells[n, 0], cells[n, 1]
            units = np.int32(grid.h[j, i] * share)
            grid.h[j, i] -= units
            account[LEFT] += units
        first = end


@kept
def exchange(
    dt: float, dx: float, units: Any, grid: Any, tiles: Any, links: Any, account: Any
) -> None:
    """Everything that moves by cells in one substep. units: of each inflow cell."""
    for n in range(links.inflow_cells.shape[0]):
        j, i = links.inflow_cells[n]
        grid.h[j, i] += np.int32(units[n])
        account[CAME] += units[n]
        _noted(j, i, grid, tiles)
    _culverts(dt, dx * dx, grid, tiles, links)
    _ratings(dt, dx * dx, grid, links, account)
