"""Which faces of a grid are due when, and one sweep over those that are.

The inner grid is parted in tiles of TILE_ROWS × TILE_COLUMNS cells. A tile of level l takes a step
of 2^l substeps; a face goes with the finer of its two cells. What crosses a face is taken from one
cell and given to the other at once, in whole units (eq. 3): no water waits at an interface, none is
made or lost there. Dry tiles are IDLE and cost nothing; a step of rain comes with the update.

A sweep goes down the rows once: the faces of a row from old depths, then its cells in place, so
that bed, depth, roughness and both discharges travel from memory once and back once (32 bytes a
cell). Blocks of bands (rows of tiles) may be swept side by side once the faces between them are
computed (`boundary_row`): same bytes, whatever the blocks.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from anlan.science.inundation.inertial_kernels import (
    GRAVITY_M_S2,
    UNITS_A_M,
    crossing,
    face_over,
    faces,
    flat,
    float_of,
    kept,
)

TILE_ROWS = 16
TILE_COLUMNS = 64
IDLE = 255
NEGATIVE = np.uint32(2**31)
NOT_FINITE = 0x7F800000
# How far a step may fall short of what the water asks for before it is halved.
SLACK = 0.93
_F = np.float32


class Grid(NamedTuple):
    """(rows, columns) with a ring: bed and depth in units; discharges in m²/s, qx[j, i] between
    columns i and i+1, qy[j, i] between rows j and j+1; Manning's n squared.
    """

    z: Any
    h: Any
    qx: Any
    qy: Any
    n2: Any


class Tiles(NamedTuple):
    """(bands, parts) with a ring of IDLE: level; deepest water in units; bits of the fastest speed;
    whether it was dry at its last step; level asked for.
    """

    level: Any
    top: Any
    fast: Any
    quiet: Any
    wanted: Any


class Ground(NamedTuple):
    """Of the inner grid, or empty: share of the rain, its rounding; soil K (m/s), ψ Δθ (m) and
    F (m).
    """

    pattern: Any
    offsets: Any
    k: Any
    head: Any
    soaked: Any


class Walls(NamedTuple):
    """Faces with a crest, sorted by row: start of each row, column, crest in bed units."""

    x_start: Any
    x_column: Any
    x_crest: Any
    y_start: Any
    y_column: Any
    y_crest: Any


class Pace(NamedTuple):
    """theta, length of a substep in s, side of a cell in m, depth in m below which
    nothing flows.
    """

    theta: Any
    dt: Any
    dx: Any
    dry: Any


class Space(NamedTuple):
    """Work space of a block: q (3, columns) old discharges; crossed (3, columns); top and fast by
    column; runs and below (parts, 3); due (3, parts + 2).
    """

    q: Any
    crossed: Any
    top: Any
    fast: Any
    runs: Any
    below: Any
    due: Any


@njit(inline="always")
def is_due(level: int, k: int) -> bool:
    """Whether a tile or face of this level steps at substep k."""
    return level != IDLE and (k & ((1 << level) - 1)) == 0


@kept
def ask(
    k: int, tiles: Any, dt: float, dx: float, courant: float, top_level: int, raining: bool,
    together: bool,
) -> Any:  # fmt: skip
    """The shortest step that a tile due at k asks for, s, and whether a speed is not finite.

    Leaves in `wanted` what each asks for: Δt = C Δx / (√(g h) + |u|). together: of the deepest and
    the fastest of all, so that the step does not hang on where the tiles lie.
    """
    bands, parts = tiles.level.shape
    least, sound = 1e9, True
    deepest, fastest = np.uint32(0), np.int32(0)
    for b in range(1, bands - 1):
        for p in range(1, parts - 1):
            level = tiles.level[b, p]
            tiles.wanted[b, p] = level
            if level == IDLE and tiles.top[b, p] == 0 and not raining:
                continue
            if level != IDLE and not is_due(level, k):
                continue
            if tiles.fast[b, p] >= NOT_FINITE:
                sound = False
            deepest, fastest = max(deepest, tiles.top[b, p]), max(fastest, tiles.fast[b, p])
            need = _stable_s(tiles.top[b, p], tiles.fast[b, p], courant * dx)
            least = min(least, need)
            wanted = 0
            while wanted < top_level and dt * (2 << wanted) <= need * 1.000001:
                wanted += 1
            tiles.wanted[b, p] = wanted
    if together and least < 1e9:
        least = _stable_s(deepest, fastest, courant * dx)
    return least, sound


@njit(inline="always")
def _stable_s(top: Any, fast: Any, reach_m: float) -> float:
    """How long the waves on water of this depth and speed take over reach_m."""
    wave_m_s = np.sqrt(GRAVITY_M_S2 * max(np.float64(top) / UNITS_A_M, 1e-3))
    return reach_m / (wave_m_s + np.float64(float_of(fast)))


@kept
def choose(k: int, tiles: Any, raining: bool) -> int:
    """Give each tile due at k its level: as asked, at most one over a neighbour's, and such that
    it ends where longer steps end. Dry for two steps: IDLE. Returns how many tiles step at k.
    """
    bands, parts = tiles.level.shape
    wanted, level = tiles.wanted, tiles.level
    changed = True
    while changed:
        changed = False
        for b in range(1, bands - 1):
            for p in range(1, parts - 1):
                if wanted[b, p] == IDLE or not (level[b, p] == IDLE or is_due(level[b, p], k)):
                    continue
                most = min(
                    min(wanted[b - 1, p], wanted[b + 1, p]), min(wanted[b, p - 1], wanted[b, p + 1])
                )
                if wanted[b, p] > most + 1:
                    wanted[b, p] = most + 1
                    changed = True
    stepping = 0
    for b in range(1, bands - 1):
        for p in range(1, parts - 1):
            if wanted[b, p] == IDLE or not (level[b, p] == IDLE or is_due(level[b, p], k)):
                continue
            still = tiles.top[b, p] == 0 and not raining
            if still and tiles.quiet[b, p]:
                level[b, p], tiles.quiet[b, p] = IDLE, 0
                continue
            tiles.quiet[b, p] = still
            own = wanted[b, p]
            while k & ((1 << own) - 1):
                own -= 1
            level[b, p] = own
            stepping += 1
    return stepping


@flat
def _runs(one: Any, other: Any, k: int, runs: Any, due: Any) -> int:
    """Runs of parts whose faces are due at k and of one level, the finer of two rows of tiles.

    runs: (first, end, level), parts from 0. due: marks, with a ring. Returns how many runs.
    """
    count, parts = 0, one.size - 2
    for p in range(1, parts + 1):
        level = min(one[p], other[p])
        due[p] = is_due(level, k)
        if not due[p]:
            continue
        if due[p - 1] and count > 0 and runs[count - 1, 2] == level:
            runs[count - 1, 1] = p
        else:
            runs[count, 0], runs[count, 1], runs[count, 2] = p - 1, p, level
            count += 1
    return count


@flat
def copied(count: int, a: Any, b: Any) -> None:
    """The first `count` of a into b: a loop from 0, for only such a loop vectorises."""
    for i in range(count):
        b[i] = a[i]


@flat
def _columns(first: int, end: int, width: int) -> Any:
    """First column of the parts first to end-1, and the one after their last."""
    return 1 + first * TILE_COLUMNS, min(1 + end * TILE_COLUMNS, width - 1)


@flat
def _y_faces(
    j: int, count: int, runs: Any, grid: Any, above: Any, own: Any, below: Any, fy: Any, fast: Any,
    pace: Any,
) -> None:  # fmt: skip
    """The due faces between rows j and j+1; those of the grid's edge have no neighbour beyond."""
    z, h, n2 = grid.z, grid.h, grid.n2
    inside = 0 < j < z.shape[0] - 2
    before, after = (above, below) if inside else (own, own)
    for r in range(count):
        c0, c1 = _columns(runs[r, 0], runs[r, 1], z.shape[1])
        faces(
            c1 - c0, z[j, c0:], z[j + 1, c0:], h[j, c0:], h[j + 1, c0:], own[c0:], before[c0:],
            after[c0:], n2[j, c0:], n2[j + 1, c0:], grid.qy[j, c0:], fy[c0:], fast[c0:],
            pace.theta, pace.dt * _F(1 << runs[r, 2]), pace.dx, pace.dry,
        )  # fmt: skip


@flat
def _x_faces(
    j: int, count: int, runs: Any, level: Any, grid: Any, old: Any, fx: Any, fast: Any, pace: Any
) -> None:
    """The due faces of row j; the face between two runs goes with the finer."""
    z, h, n2, qx = grid.z, grid.h, grid.n2, grid.qx
    width = z.shape[1]
    last = width - 2
    for r in range(count):
        c0, c1 = _columns(runs[r, 0], runs[r, 1], width)
        a, b = max(c0 - 2, 0), min(c1 + 1, width - 1)
        copied(b - a, qx[j, a:], old[a:])
    for r in range(count):
        c0, c1 = _columns(runs[r, 0], runs[r, 1], width)
        own = runs[r, 2]
        f0 = c0 if level[runs[r, 0]] < own else c0 - 1
        f1 = c1 - 1 if level[runs[r, 1] + 1] < own else c1
        dt = pace.dt * _F(1 << own)
        a, b = max(f0, 1), min(f1, last)
        faces(
            b - a, z[j, a:], z[j, a + 1 :], h[j, a:], h[j, a + 1 :], old[a:], old[a - 1 :],
            old[a + 1 :], n2[j, a:], n2[j, a + 1 :], qx[j, a:], fx[a:], fast[a:], pace.theta, dt,
            pace.dx, pace.dry,
        )  # fmt: skip
        for i in (0, last):
            if f0 <= i < f1:
                faces(
                    1, z[j, i:], z[j, i + 1 :], h[j, i:], h[j, i + 1 :], old[i:], old[i:], old[i:],
                    n2[j, i:], n2[j, i + 1 :], qx[j, i:], fx[i:], fast[i:], pace.theta, dt, pace.dx,
                    pace.dry,
                )  # fmt: skip


@flat
def _over_walls(
    j: int, k: int, start: Any, column: Any, crest: Any, across: int, grid: Any, tiles: Any,
    old: Any, crossed: Any, pace: Any,
) -> None:  # fmt: skip
    """Faces of row j that carry a wall, once more with its crest. across: 1 along x, 0 along y."""
    z, h = grid.z, grid.h
    for w in range(start[j], start[j + 1]):
        i = column[w]
        a, b = j + 1 - across, i + across
        level = face_level(tiles.level, j, i, a, b, z.shape)
        if not is_due(level, k):
            continue
        dt = pace.dt * _F(1 << level)
        n2 = (grid.n2[j, i] + grid.n2[a, b]) * _F(0.5)
        top = max(crest[w], max(z[j, i], z[a, b]))
        q = face_over(
            top, z[j, i], z[a, b], h[j, i], h[a, b], old[i], n2, pace.theta, dt, pace.dx, pace.dry
        )
        if across:
            grid.qx[j, i] = q
        else:
            grid.qy[j, i] = q
        crossed[i] = crossing(q, dt / pace.dx * _F(UNITS_A_M))


@flat
def place(at: int, size: int, tile: int) -> int:
    """The tile (ring counted) in which row or column `at` of `size` (ring counted) lies."""
    if at == 0:
        return 0
    if at == size - 1:
        return (size - 3) // tile + 2
    return (at - 1) // tile + 1


@flat
def face_level(level: Any, j: int, i: int, a: int, b: int, shape: Any) -> Any:
    """The level of the face between the cells (j, i) and (a, b)."""
    one = level[place(j, shape[0], TILE_ROWS), place(i, shape[1], TILE_COLUMNS)]
    other = level[place(a, shape[0], TILE_ROWS), place(b, shape[1], TILE_COLUMNS)]
    return np.int64(min(one, other))


@kept
def boundary_row(
    band: int, k: int, grid: Any, tiles: Any, walls: Any, pace: Any, space: Any, saved: Any,
    crossed: Any,
) -> None:  # fmt: skip
    """The due faces above `band`, computed ahead of its block; the old ones go to `saved`."""
    j = band * TILE_ROWS
    count = _runs(tiles.level[band], tiles.level[band + 1], k, space.runs, space.due[0])
    for i in range(saved.size):
        saved[i] = grid.qy[j, i]
        crossed[i] = 0
        space.fast[i] = 0
    above = grid.qy[max(j - 1, 0)]
    below = grid.qy[j + 1]
    _y_faces(j, count, space.runs, grid, above, saved, below, crossed, space.fast, pace)
    _over_walls(
        j, k, walls.y_start, walls.y_column, walls.y_crest, 0, grid, tiles, saved, crossed, pace
    )
