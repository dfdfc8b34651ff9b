"""What a step leaves to be mended, and steps in a row without Python between them.

Flows in: a grid after a sweep with cells below nothing. Flows out: no such cell, the same water.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from anlan.science.inundation import link_kernels
from anlan.science.inundation.inertial_kernels import UNITS_A_M, crossing
from anlan.science.inundation.sweep_kernels import BELOW, LEFT, SOAKED, sweep
from anlan.science.inundation.tile_kernels import (
    NEGATIVE,
    SLACK,
    TILE_COLUMNS,
    TILE_ROWS,
    ask,
    boundary_row,
    choose,
    face_level,
    is_due,
    place,
)

FIX_PASSES_MAX = 200
DONE, SHORTER, NOT_SOUND, UNSTABLE = 0, 1, 2, 3
_F = np.float32


@njit(nogil=True, error_model="numpy")
def _gave(
    j: int, i: int, a: int, b: int, sign: int, k: int, grid: Any, level: Any, pace: Any
) -> Any:
    """What (j, i) gave to (a, b) in this substep, units; by sign ±1 of the face's direction."""
    own = face_level(level, j, i, a, b, grid.z.shape)
    if not is_due(own, k):
        return np.int64(0)
    q = grid.qx[j, min(i, b)] if j == a else grid.qy[min(j, a), i]
    dt_dx = pace.dt * _F(1 << own) / pace.dx * _F(UNITS_A_M)
    return max(sign * np.int64(crossing(q, dt_dx)), np.int64(0))


@njit(nogil=True, error_model="numpy")
def _cut(
    j: int, i: int, a: int, b: int, sign: int, gave: Any, kept: Any, whole: Any, grid: Any,
    level: Any, pace: Any,
) -> Any:  # fmt: skip
    """Cut the face between (j, i) and (a, b) to kept/whole of what it gave; units given back.

    The discharge is set a hair low, so that what the face now carries is never more than its share.
    """
    dt = pace.dt * _F(1 << face_level(level, j, i, a, b, grid.z.shape))
    dt_dx = dt / pace.dx * _F(UNITS_A_M)
    share = np.int64(np.float64(gave) * (np.float64(kept) / np.float64(whole)))
    q = _F(sign) * (_F(share) * _F(0.999999) / dt_dx)
    back = gave - sign * np.int64(crossing(q, dt_dx))
    if j == a:
        grid.qx[j, min(i, b)] = q
    else:
        grid.qy[min(j, a), i] = q
    return back


@njit(nogil=True, error_model="numpy")
def _below(tiles: Any, h: Any) -> Any:
    """Flat places of the cells below nothing, in the tiles that say they hold one."""
    found = [np.int64(0)][:0]
    bands, parts = tiles.level.shape
    for b in range(1, bands - 1):
        for p in range(1, parts - 1):
            if tiles.top[b, p] < NEGATIVE:
                continue
            for j in range(1 + (b - 1) * TILE_ROWS, min(1 + b * TILE_ROWS, h.shape[0] - 1)):
                for i in range(
                    1 + (p - 1) * TILE_COLUMNS, min(1 + p * TILE_COLUMNS, h.shape[1] - 1)
                ):
                    if h[j, i] < 0:
                        found.append(np.int64(j * h.shape[1] + i))
    return found


@njit(nogil=True, error_model="numpy")
def _renew_tops(tiles: Any, h: Any) -> None:
    bands, parts = tiles.level.shape
    for b in range(1, bands - 1):
        for p in range(1, parts - 1):
            if tiles.top[b, p] < NEGATIVE:
                continue
            most = np.int32(0)
            for j in range(1 + (b - 1) * TILE_ROWS, min(1 + b * TILE_ROWS, h.shape[0] - 1)):
                for i in range(
                    1 + (p - 1) * TILE_COLUMNS, min(1 + p * TILE_COLUMNS, h.shape[1] - 1)
                ):
                    most = max(most, h[j, i])
            tiles.top[b, p] = np.uint32(most)


@njit(nogil=True, error_model="numpy")
def _unsoaked(j: int, i: int, lack: Any, ground: Any, account: Any) -> Any:
    """Units that come back out of the soil of a cell, of `lack`: they soaked in this substep."""
    if ground.soaked.size == 0:
        return np.int64(0)
    held = np.int64(np.float64(ground.soaked[j - 1, i - 1]) * UNITS_A_M)
    back = min(lack, held)
    ground.soaked[j - 1, i - 1] -= _F(np.float64(back) / UNITS_A_M)
    account[SOAKED] -= back
    return back


@njit(nogil=True, cache=True, error_model="numpy")
def give_back(k: int, grid: Any, tiles: Any, ground: Any, pace: Any, account: Any) -> int:
    """Cells that gave more than they had take it back from whom they gave it to.

    Each outgoing face that stepped is cut by the same share, from the state at the start of a pass,
    so that the order of the cells does not matter. A cell had no less than nothing before, so what
    it gave (and what soaked away of what it never got) covers what it lacks; its receivers may then
    lack, hence passes. Returns the number of passes, or -1 where that does not cover it, or after
    FIX_PASSES_MAX.
    """
    h, level = grid.h, tiles.level
    rows, width = h.shape
    lacking = _below(tiles, h)
    for turn in range(FIX_PASSES_MAX):
        if len(lacking) == 0:
            _renew_tops(tiles, h)
            return turn
        receivers = [np.int64(0)][:0]
        shorts = [-np.int64(h[c // width, c % width]) for c in lacking]
        for n in range(len(lacking)):
            j, i, short = lacking[n] // width, lacking[n] % width, shorts[n]
            whole = np.int64(0)
            for a, b, sign in ((j, i + 1, 1), (j, i - 1, -1), (j + 1, i, 1), (j - 1, i, -1)):
                whole += _gave(j, i, a, b, sign, k, grid, level, pace)
            if whole < short:
                risen = _unsoaked(j, i, short - whole, ground, account)
                h[j, i] += np.int32(risen)
                short -= risen
                if whole < short:
                    return -1
            for a, b, sign in ((j, i + 1, 1), (j, i - 1, -1), (j + 1, i, 1), (j - 1, i, -1)):
                gave = _gave(j, i, a, b, sign, k, grid, level, pace)
                if gave == 0:
                    continue
                back = _cut(j, i, a, b, sign, gave, whole - short, whole, grid, level, pace)
                h[j, i] += np.int32(back)
                if a == 0 or b == 0 or a == rows - 1 or b == width - 1:
                    account[LEFT] -= back
                else:
                    h[a, b] -= np.int32(back)
                    tiles.top[place(a, rows, TILE_ROWS), place(b, width, TILE_COLUMNS)] = NEGATIVE
                    receivers.append(np.int64(a * width + b))
        lacking = (
            [c for c in np.unique(np.array(receivers)) if h[c // width, c % width] < 0]
            if (len(receivers))
            else receivers
        )
    return -1


@njit(nogil=True, cache=True, error_model="numpy")
def prepare(
    k: int, top_level: int, raining: bool, together: bool, courant: float, grid: Any, tiles: Any,
    pours: Any, pace: Any, links: Any, account: Any,
) -> Any:  # fmt: skip
    """Levels of the tiles that step at substep k, and what moves by cells. (code, how many)."""
    dt, dx = np.float64(pace.dt), np.float64(pace.dx)
    need, sound = ask(k, tiles, dt, dx, courant, top_level, raining, together)
    if not sound:
        return NOT_SOUND, 0
    if need < SLACK * dt:
        return SHORTER, 0
    stepping = choose(k, tiles, raining)
    link_kernels.exchange(dt, dx, pours[k], grid, tiles, links, account)
    return DONE, stepping


@njit(nogil=True, cache=True, error_model="numpy")
def march(
    k: int, last: int, top_level: int, raining: bool, together: bool, courant: float, grid: Any,
    tiles: Any, ground: Any, walls: Any, totals: Any, pours: Any, pace: Any, links: Any, space: Any,
    saved: Any, crossed: Any, account: Any,
) -> Any:  # fmt: skip
    """Substeps k to last-1 one after another. (code, substep reached, tiles stepped)."""
    bands = tiles.level.shape[0] - 2
    stepped = 0
    while k < last:
        code, stepping = prepare(
            k, top_level, raining, together, courant, grid, tiles, pours, pace, links, account
        )
        if code != DONE:
            return code, k, stepped
        if stepping:
            boundary_row(0, k, grid, tiles, walls, pace, space, saved[0], crossed[0])
            sweep(
                0, bands, k, grid, tiles, ground, walls, totals, pace, space, saved, crossed,
                account,
            )  # fmt: skip
            if account[BELOW]:
                account[BELOW] = 0
                if give_back(k, grid, tiles, ground, pace, account) < 0:
                    return UNSTABLE, k, stepped
        stepped += stepping
        k += 1
    return DONE, k, stepped
