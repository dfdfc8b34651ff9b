"""One sweep over the tiles that are due: down the rows, faces first, then cells.

Flows in: a grid, the levels of its tiles, the substep. Flows out: the grid a substep later, what
rained, soaked and left, and how many tiles hold a depth below nothing (`mend_kernels`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from anlan.science.inundation.inertial_kernels import flat, kept, soak_row, update
from anlan.science.inundation.tile_kernels import (
    NEGATIVE,
    TILE_ROWS,
    _columns,
    _over_walls,
    _runs,
    _x_faces,
    _y_faces,
    copied,
)

# places in a block's account, in depth units
RAINED, SOAKED, LEFT, BELOW = 0, 1, 2, 3
_F = np.float32
# a row rounds its rain at a fraction of its own, evenly spread (the plastic number)
_SPREAD = 0.7548776662466927


@flat
def _rain_row(count: int, h: Any, share: Any, offsets: Any, before: Any, after: Any) -> Any:
    """Rain by cell: what has fallen in all is rounded, not what falls now. Units that came."""
    came = np.int64(0)
    for i in range(count):
        part = np.float64(share[i])
        low = np.int32(np.floor(before * part + offsets[i]))
        more = np.int32(np.int32(np.floor(after * part + offsets[i])) - low)
        h[i] = np.int32(h[i] + more)
        came += more
    return came


@flat
def _own_cells(
    j: int, k: int, count: int, runs: Any, grid: Any, ground: Any, totals: Any, fx: Any,
    fy_above: Any, fy: Any, top: Any, pace: Any, account: Any,
) -> None:  # fmt: skip
    """Rain, eq. 3 and soaking of the cells of row j whose tile steps at k."""
    h = grid.h
    offset = np.mod(j * _SPREAD, 1.0)
    for r in range(count):
        c0, c1 = _columns(runs[r, 0], runs[r, 1], h.shape[1])
        end = k + (1 << runs[r, 2])
        rain = np.int32(0)
        if totals[end] > totals[k]:
            if ground.pattern.size:
                account[RAINED] += _rain_row(
                    c1 - c0, h[j, c0:], ground.pattern[j - 1, c0 - 1 :],
                    ground.offsets[j - 1, c0 - 1 :], totals[k], totals[end],
                )  # fmt: skip
            else:
                low = np.floor(totals[k] + offset)
                rain = np.int32(np.floor(totals[end] + offset) - low)
                account[RAINED] += np.int64(rain) * (c1 - c0)
        update(c1 - c0, h[j, c0:], fx[c0 - 1 :], fx[c0:], fy_above[c0:], fy[c0:], rain, top[c0:])
        if ground.k.size:
            account[SOAKED] += soak_row(
                c1 - c0, h[j, c0:], ground.k[j - 1, c0 - 1 :], ground.head[j - 1, c0 - 1 :],
                ground.soaked[j - 1, c0 - 1 :], pace.dt * _F(1 << runs[r, 2]),
            )  # fmt: skip


@flat
def _other_cells(
    j: int, own: Any, above: Any, below: Any, first: bool, last: bool, h: Any, fx: Any,
    fy_above: Any, fy: Any, top: Any,
) -> None:  # fmt: skip
    """Eq. 3 for cells of row j whose tile does not step, but whose neighbour's tile does."""
    parts, width = own.size - 2, h.shape[1]
    for p in range(1, parts + 1):
        if own[p]:
            continue
        c0, c1 = _columns(p - 1, p, width)
        if (first and above[p]) or (last and below[p]):
            update(
                c1 - c0, h[j, c0:], fx[c0 - 1 :], fx[c0:], fy_above[c0:], fy[c0:], np.int32(0),
                top[c0:],
            )  # fmt: skip
            continue
        if own[p - 1] and p > 1:
            h[j, c0] += fx[c0 - 1]
            top[c0] = max(top[c0], np.uint32(h[j, c0]))
        if own[p + 1] and p < parts:
            h[j, c1 - 1] -= fx[c1 - 1]
            top[c1 - 1] = max(top[c1 - 1], np.uint32(h[j, c1 - 1]))


@flat
def _most(least: Any, a: Any) -> Any:
    for i in range(a.size):
        least = a[i] if a[i] > least else least
    return least


@flat
def _gather(band: int, own: Any, tiles: Any, top: Any, fast: Any) -> int:
    """The deepest and the fastest of each tile of a band; how many lie below nothing."""
    below = 0
    width = top.size
    for p in range(1, own.size - 1):
        c0, c1 = _columns(p - 1, p, width)
        deepest, fastest = _most(np.uint32(0), top[c0:c1]), _most(np.int32(0), fast[c0 - 1 : c1])
        here = band + 1, p
        tiles.top[here] = deepest if own[p] else max(deepest, tiles.top[here])
        tiles.fast[here] = fastest if own[p] else max(fastest, tiles.fast[here])
        below += deepest >= NEGATIVE
    return below


@flat
def _any(marks: Any) -> bool:
    found = False
    for p in range(1, marks.size - 1):
        found = found or marks[p] != 0
    return found


@flat
def _sum(a: Any) -> Any:
    whole = np.int64(0)
    for i in range(1, a.size - 1):
        whole += a[i]
    return whole


@flat
def _clear(a: Any) -> None:
    for i in range(a.size):
        a[i] = 0


@flat
def _keep(count: int, runs: Any, q: Any, old: Any) -> None:
    for r in range(count):
        c0, c1 = _columns(runs[r, 0], runs[r, 1], q.size)
        copied(c1 - c0, q[c0:], old[c0:])


@flat
def _renewed(j: int, known: Any, below: Any, above_q: Any, qy: Any, fy_above: Any) -> None:
    """Before the last row of a band: columns that only now take part carry what stands there."""
    width = above_q.size
    for p in range(1, known.size - 1):
        if below[p] and not known[p]:
            c0, c1 = _columns(p - 1, p, width)
            copied(c1 - c0, qy[j - 1, c0:], above_q[c0:])
            _clear(fy_above[c0:c1])


@kept
def sweep(
    first: int, end: int, k: int, grid: Any, tiles: Any, ground: Any, walls: Any, totals: Any,
    pace: Any, space: Any, saved: Any, crossed: Any, account: Any,
) -> None:  # fmt: skip
    """One substep of the bands first to end-1, in place.

    saved, crossed: (2, columns) old discharges and crossings of the faces above and below the
    block, which `boundary_row` has renewed (below: where the block does not end the grid). totals:
    units of rain that have fallen by each substep. account: RAINED, SOAKED, LEFT, BELOW are added.
    """
    rows, width = grid.z.shape
    bands = tiles.level.shape[0] - 2
    x_old, y_above, y_own = space.q[0], space.q[1], space.q[2]
    fx, fy_above, fy = space.crossed[0], space.crossed[1], space.crossed[2]
    own, above, below = space.due[0], space.due[1], space.due[2]
    _runs(tiles.level[first], tiles.level[first + 1], k, space.below, above)
    for i in range(width):
        y_above[i], fy_above[i] = saved[0, i], crossed[0, i]
    if first == 0:
        account[LEFT] -= _sum(fy_above)
    for band in range(first, end):
        j0, j1 = 1 + band * TILE_ROWS, min(1 + (band + 1) * TILE_ROWS, rows - 1)
        levels = tiles.level[band + 1]
        count = _runs(levels, levels, k, space.runs, own)
        count_below = _runs(levels, tiles.level[band + 2], k, space.below, below)
        own_any, above_any, below_any = count > 0, _any(above), count_below > 0
        if own_any or above_any or below_any:
            _clear(fx)
            _clear(space.top)
            _clear(space.fast)
        for j in range(j0, j1):
            at_first, at_last = j == j0, j == j1 - 1
            if not (own_any or (at_first and above_any) or (at_last and below_any)):
                continue
            if at_first or j == j0 + 1 or at_last:
                _clear(fy)
            if count > 0:
                _x_faces(j, count, space.runs, levels, grid, x_old, fx, space.fast, pace)
                _over_walls(
                    j, k, walls.x_start, walls.x_column, walls.x_crest, 1, grid, tiles, x_old, fx,
                    pace,
                )  # fmt: skip
            if at_last:
                _renewed(j, above if at_first else own, below, y_above, grid.qy, fy_above)
            if at_last and band == end - 1 and end < bands:
                for i in range(width):
                    y_own[i], fy[i] = saved[1, i], crossed[1, i]
            else:
                known = j == j1 - 2 and band == end - 1 and end < bands
                under = saved[1] if known else grid.qy[min(j + 1, rows - 1)]
                due = space.below if at_last else space.runs
                number = count_below if at_last else count
                _keep(number, due, grid.qy[j], y_own)
                _y_faces(j, number, due, grid, y_above, y_own, under, fy, space.fast, pace)
                _over_walls(
                    j, k, walls.y_start, walls.y_column, walls.y_crest, 0, grid, tiles, y_own, fy,
                    pace,
                )  # fmt: skip
            _own_cells(
                j, k, count, space.runs, grid, ground, totals, fx, fy_above, fy, space.top, pace,
                account,
            )  # fmt: skip
            _other_cells(
                j, own, above, below, at_first, at_last, grid.h, fx, fy_above, fy, space.top
            )
            account[LEFT] += fx[width - 2] - fx[0]
            y_above, y_own = y_own, y_above
            fy_above, fy = fy, fy_above
        if own_any or above_any or below_any:
            account[BELOW] += _gather(band, own, tiles, space.top, space.fast)
        above, below = below, above
        if end == bands and band == end - 1 and below_any:
            account[LEFT] += _sum(fy_above)
