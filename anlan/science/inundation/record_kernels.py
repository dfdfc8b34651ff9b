"""What is kept of a whole run, taken from depths and discharges in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from anlan.science.inundation.inertial_kernels import DEPTH_SCALE, flat, kept
from anlan.science.inundation.tile_kernels import IDLE, TILE_COLUMNS, TILE_ROWS

_F = np.float32
# shallower than this, a speed is not told
STILL_M = _F(1e-3)


@flat
def _row(
    count: int, h: Any, qx0: Any, qx1: Any, qy0: Any, qy1: Any, deepest: Any, arrival: Any,
    wet: Any, fastest: Any, hazard: Any, threshold: Any, now: Any, since: Any,
) -> None:  # fmt: skip
    half, zero = _F(0.5), _F(0.0)
    for i in range(count):
        depth = _F(h[i]) * DEPTH_SCALE
        along, down = (qx0[i] + qx1[i]) * half, (qy0[i] + qy1[i]) * half
        flow = np.sqrt(along * along + down * down)
        speed = flow / (depth if depth > STILL_M else STILL_M)
        speed = speed if depth > STILL_M else zero
        over = depth > threshold
        deepest[i] = depth if depth > deepest[i] else deepest[i]
        arrival[i] = now if over and not arrival[i] <= now else arrival[i]
        wet[i] += since if over else zero
        fastest[i] = speed if speed > fastest[i] else fastest[i]
        danger = depth * (speed + half)
        hazard[i] = danger if danger > hazard[i] else hazard[i]


@kept
def keep(
    first: int, end: int, grid: Any, tiles: Any, deepest: Any, arrival: Any, wet: Any, fastest: Any,
    hazard: Any, threshold: Any, now: Any, since: Any,
) -> None:  # fmt: skip
    """The wet tiles of the bands first to end-1 at `now` s, `since` s after the last time."""
    h, qx, qy = grid.h, grid.qx, grid.qy
    rows, width = h.shape
    parts = tiles.level.shape[1] - 2
    for band in range(first, end):
        for p in range(parts):
            if tiles.level[band + 1, p + 1] == IDLE and tiles.top[band + 1, p + 1] == 0:
                continue
            c = 1 + p * TILE_COLUMNS
            count = min(c + TILE_COLUMNS, width - 1) - c
            for j in range(1 + band * TILE_ROWS, min(1 + (band + 1) * TILE_ROWS, rows - 1)):
                _row(
                    count, h[j, c:], qx[j, c - 1 :], qx[j, c:], qy[j - 1, c:], qy[j, c:],
                    deepest[j - 1, c - 1 :], arrival[j - 1, c - 1 :], wet[j - 1, c - 1 :],
                    fastest[j - 1, c - 1 :], hazard[j - 1, c - 1 :], threshold, now, since,
                )  # fmt: skip
