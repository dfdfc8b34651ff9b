"""Rounds of a flood: how long a substep is, which levels there are, and why a run stops.

Flows in: a flood at a time. Flows out: the same flood a round later. A round is 2^L substeps and
ends where every tile's step ends; within it, a step too long for the water is halved.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.science.errors import BadInput, RunStopped
from anlan.science.inundation import mend_kernels, record_kernels, sources, tile_kernels
from anlan.science.inundation.flood_state import Flood
from anlan.science.inundation.inertial_kernels import GRAVITY_M_S2, UNITS_A_M
from anlan.science.inundation.links import packed, walled
from anlan.science.inundation.sweep_kernels import BELOW, LEFT, RAINED, SOAKED, sweep
from anlan.science.inundation.tile_kernels import IDLE, TILE_COLUMNS, TILE_ROWS
from anlan.science.inundation.units import DEPTH_M_MAX, DEPTH_UNIT_M, rounding_offsets

DRY_M = 1e-4
STEP_S_MAX = 60.0
STEP_S_MIN = 1e-5
CELLS_A_THREAD = 100_000
ACCOUNT = 5


def _tiles(h: NDArray[np.int32]) -> tile_kernels.Tiles:
    """Idle tiles with a ring, and the deepest water of each."""
    rows, columns = h.shape[0] - 2, h.shape[1] - 2
    shape = -(-rows // TILE_ROWS) + 2, -(-columns // TILE_COLUMNS) + 2
    top = np.zeros(shape, np.uint32)
    by_row = np.maximum.reduceat(h[1:-1, 1:-1], np.arange(0, rows, TILE_ROWS), axis=0)
    top[1:-1, 1:-1] = np.maximum.reduceat(by_row, np.arange(0, columns, TILE_COLUMNS), axis=1)
    return tile_kernels.Tiles(
        np.full(shape, IDLE, np.uint8), top, np.zeros(shape, np.int32), np.zeros(shape, np.uint8),
        np.full(shape, IDLE, np.uint8),
    )  # fmt: skip


def _ground(flood: Flood, inner: tuple[int, int]) -> tile_kernels.Ground:
    none = np.zeros((0, 0), np.float32)
    pattern = offsets = k = head = soaked = none
    if flood.rain is not None and flood.rain.pattern is not None:
        pattern = np.ascontiguousarray(flood.rain.pattern, np.float32)
        if pattern.shape != inner:
            raise BadInput("rain-pattern", f"rain pattern {pattern.shape} does not fit {inner}")
        offsets = rounding_offsets(inner)
    if flood.losses is not None:
        k, head = flood.losses.fields(inner)
        soaked = np.zeros(inner, np.float32)
    return tile_kernels.Ground(pattern, offsets, k, head, soaked)


class Steps:
    """Work space of a flood, and its rounds."""

    def __init__(self, flood: Flood):
        ny, nx = flood.z.shape
        self.flood = flood
        self.grid = tile_kernels.Grid(flood.z, flood.h, flood.qx, flood.qy, flood.n2)
        self.tiles = _tiles(flood.h)
        self.ground = _ground(flood, (ny - 2, nx - 2))
        self.walls = walled(flood.walls, flood.z, flood.datum_m)
        self.links = packed(
            flood.inflows, flood.culverts, flood.ratings, (ny - 2, nx - 2), flood.datum_m
        )
        self.bands = self.tiles.level.shape[0] - 2
        self.threads = max(1, min(flood.threads, self.bands // 2, ny * nx // CELLS_A_THREAD))
        parts = self.tiles.level.shape[1] - 2
        self.spaces = [_space(nx, parts) for _ in range(self.threads)]
        self.saved = np.zeros((self.threads + 1, nx), np.float32)
        self.crossed = np.zeros((self.threads + 1, nx), np.int32)
        self.account = np.zeros((self.threads, ACCOUNT), np.int64)
        self.pool = ThreadPoolExecutor(self.threads - 1) if self.threads > 1 else None
        self.start_units = int(flood.h.sum(dtype=np.int64))
        self.recorded_s = 0.0
        self.together = flood.levels == 0

    def round(self, until_s: float) -> None:
        """One round, at most to until_s."""
        flood = self.flood
        left_s = until_s - flood.t_s
        dt = min(self._step_s(min(STEP_S_MAX, left_s)), left_s)
        level = 0
        while level < flood.levels and dt * (2 << level) <= min(STEP_S_MAX, left_s):
            level += 1
        k, t0 = 0, flood.t_s
        while k < 1 << level:
            code, k = self._substeps(k, level, t0, dt)
            if code == mend_kernels.SHORTER:
                dt, k, level = dt / 2, k * 2, level + 1
                self.tiles.level[self.tiles.level != IDLE] += 1
            if code == mend_kernels.NOT_SOUND:
                raise RunStopped(
                    "not-finite", f"a discharge is not a number at {t0 + k * dt:.1f} s"
                )
            if code == mend_kernels.UNSTABLE:
                raise RunStopped("unstable", f"a cell gave more than it had at {t0 + k * dt:.1f} s")
            if dt < STEP_S_MIN or level > 30:
                raise RunStopped(
                    "courant", f"water so fast at {t0 + k * dt:.1f} s that no step is short enough"
                )
        flood.t_s = t0 + (1 << level) * dt
        flood.steps += 1 << level
        if float(self.tiles.top.max()) * DEPTH_UNIT_M > DEPTH_M_MAX:
            raise RunStopped("too-deep", f"deeper than {DEPTH_M_MAX:.0f} m at {flood.t_s:.1f} s")

    def pace(self, dt: float) -> tile_kernels.Pace:
        """What the kernels need to know of a substep of dt s."""
        return tile_kernels.Pace(*map(np.float32, (self.flood.theta, dt, self.flood.cell_m, DRY_M)))

    def _step_s(self, most_s: float) -> float:
        """The longest stable step, s, with what comes in meanwhile."""
        flood, tiles = self.flood, self.tiles
        need, _sound = tile_kernels.ask(
            0, tiles, most_s, flood.cell_m, flood.courant, 0, False, self.together
        )
        step_s = min(need, most_s)
        deepest_m = float(tiles.top.max()) * DEPTH_UNIT_M
        for inflow in flood.inflows:
            came = inflow.total_m3(flood.t_s + step_s) - inflow.total_m3(flood.t_s)
            more_m = came / (len(inflow.cells) * flood.cell_m**2)
            wave_m_s = (GRAVITY_M_S2 * max(deepest_m + more_m, 1e-3)) ** 0.5
            step_s = min(step_s, flood.courant * flood.cell_m / wave_m_s)
        return step_s

    def _substeps(self, k: int, level: int, t0: float, dt: float) -> tuple[int, int]:
        """Substeps from k on, to the end of the round or to what stops it. (code, reached)."""
        flood, last = self.flood, 1 << level
        times = t0 + np.arange(last + 1, dtype=np.float64) * dt
        totals = np.zeros(last + 1)
        if flood.rain is not None:
            totals = flood.rain.totals_m(times) * UNITS_A_M
        raining = bool(totals[-1] > totals[k])
        pours = sources.pours(flood.inflows, times, flood.cell_m**2)
        pace = self.pace(dt)
        if self.threads == 1:
            code, k, stepped = mend_kernels.march(
                k, last, level, raining, self.together, flood.courant, self.grid, self.tiles,
                self.ground, self.walls, totals, pours, pace, self.links, self.spaces[0],
                self.saved, self.crossed, self.account[0],
            )  # fmt: skip
            flood.cell_steps += stepped * TILE_ROWS * TILE_COLUMNS
            return code, k
        while k < last:
            code, stepping = mend_kernels.prepare(
                k, level, raining, self.together, flood.courant, self.grid, self.tiles, pours, pace,
                self.links, self.account[0],
            )  # fmt: skip
            if code != mend_kernels.DONE:
                return code, k
            if stepping and self._side_by_side(k, stepping, totals, pace) < 0:
                return mend_kernels.UNSTABLE, k
            flood.cell_steps += stepping * TILE_ROWS * TILE_COLUMNS
            k += 1
        return mend_kernels.DONE, k

    def _side_by_side(self, k: int, stepping: int, totals: Any, pace: Any) -> int:
        """One substep in blocks of bands with about equally many tiles that step."""
        bounds = self._bounds(k, stepping)
        for n, band in enumerate(bounds[:-1]):
            tile_kernels.boundary_row(
                band, k, self.grid, self.tiles, self.walls, pace, self.spaces[0], self.saved[n],
                self.crossed[n],
            )  # fmt: skip

        def block(n: int) -> None:
            sweep(
                bounds[n], bounds[n + 1], k, self.grid, self.tiles, self.ground, self.walls, totals,
                pace, self.spaces[n], self.saved[n : n + 2], self.crossed[n : n + 2],
                self.account[n],
            )  # fmt: skip

        assert self.pool is not None
        waiting = [self.pool.submit(block, n) for n in range(1, len(bounds) - 1)]
        block(0)
        for other in waiting:
            other.result()
        if not self.account[:, BELOW].any():
            return 0
        self.account[:, BELOW] = 0
        return int(
            mend_kernels.give_back(k, self.grid, self.tiles, self.ground, pace, self.account[0])
        )

    def _bounds(self, k: int, stepping: int) -> list[int]:
        if stepping * TILE_ROWS * TILE_COLUMNS < 2 * CELLS_A_THREAD:
            return [0, self.bands]
        level = self.tiles.level[1:-1, 1:-1].astype(np.int64)
        due = (level != IDLE) & ((k & ((1 << np.minimum(level, 62)) - 1)) == 0)
        before = np.concatenate([[0], np.cumsum(due.sum(axis=1))])
        shares = np.arange(1, self.threads) * before[-1] / self.threads
        inner = np.searchsorted(before, shares)
        return [0, *sorted({int(b) for b in inner if 0 < b < self.bands}), self.bands]

    def record(self) -> None:
        """Take the depths and speeds of now into what is kept."""
        flood, kept = self.flood, self.flood.record
        now, since = np.float32(flood.t_s), np.float32(flood.t_s - self.recorded_s)
        given: tuple[Any, ...] = (
            self.grid, self.tiles, kept.deepest_m, kept.arrival_s, kept.wet_s, kept.fastest_m_s,
            kept.hazard, np.float32(kept.threshold_m), now, since,
        )  # fmt: skip
        half = self.bands // 2 if self.pool else 0
        waiting = self.pool.submit(record_kernels.keep, 0, half, *given) if self.pool else None
        record_kernels.keep(half, self.bands, *given)
        if waiting is not None:
            waiting.result()
        self.recorded_s = flood.t_s

    def close(self) -> None:
        """Bring the balance up to date. Raises RunStopped where a unit is missing or too many."""
        flood, balance = self.flood, self.flood.balance
        whole = [int(column) for column in self.account.sum(axis=0)]
        stored = int(flood.h.sum(dtype=np.int64))
        unit_m3 = DEPTH_UNIT_M * flood.cell_m**2
        balance.start_m3 = self.start_units * unit_m3
        balance.rain_m3, balance.soaked_m3 = whole[RAINED] * unit_m3, whole[SOAKED] * unit_m3
        balance.out_m3, balance.inflow_m3 = whole[LEFT] * unit_m3, whole[-1] * unit_m3
        balance.stored_m3 = stored * unit_m3
        off = self.start_units + whole[RAINED] + whole[-1] - whole[LEFT] - whole[SOAKED] - stored
        if off:
            raise RunStopped("mass", f"{off * unit_m3:.3g} m³ unaccounted for at {flood.t_s:.1f} s")


def _space(nx: int, parts: int) -> tile_kernels.Space:
    return tile_kernels.Space(
        np.zeros((3, nx), np.float32), np.zeros((3, nx), np.int32), np.zeros(nx, np.uint32),
        np.zeros(nx, np.int32), np.zeros((parts, 3), np.int64), np.zeros((parts, 3), np.int64),
        np.zeros((3, parts + 2), np.uint8),
    )  # fmt: skip
