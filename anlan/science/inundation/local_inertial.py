"""Local inertial flow over a grid: how deep, when, for how long.

Flows in: a bed, roughness, rain, inflows, infiltration. Flows out: depths, discharges, the deepest
at each cell, arrival and duration, and a water balance that is exact to the last unit. The model is
for slow, gradually varied floods (Froude below about 0.5); breaches, shocks and steep jets need
`shallow_water`. Card: docs/models/inundation-local-inertial.md.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.science.errors import BadInput, RunStopped
from anlan.science.inundation import inertial_kernels as kernels
from anlan.science.inundation import sources
from anlan.science.inundation.sources import GreenAmpt, Inflow, Rain
from anlan.science.inundation.units import (
    BED_UNIT_M,
    DEPTH_M_MAX,
    DEPTH_UNIT_M,
    from_depth,
    rounding_offsets,
    to_bed,
    to_depth,
)

COURANT = 0.7
THETA = 0.9
DRY_M = 1e-4
STEP_S_MAX = 60.0
STEPS_MAX = 20_000_000
WALL_M = 1000.0
MANNING_RANGE = (0.001, 1.0)
CELLS_A_THREAD = 100_000
RECORD_EVERY_S = 60.0


@dataclass(frozen=True)
class Edges:
    """What each side of the grid lets out: nothing (None), or a slope of the water beyond it."""

    north: float | None = None
    east: float | None = None
    south: float | None = None
    west: float | None = None


@dataclass
class Balance:
    """Volumes in m³ since the start. error: (start + came - left - soaked - stored) / came in."""

    start_m3: float = 0.0
    rain_m3: float = 0.0
    inflow_m3: float = 0.0
    out_m3: float = 0.0
    soaked_m3: float = 0.0
    stored_m3: float = 0.0

    @property
    def error(self) -> float:
        came = self.start_m3 + self.rain_m3 + self.inflow_m3
        lost = came - self.out_m3 - self.soaked_m3 - self.stored_m3
        return lost / came if came else 0.0


@dataclass
class Record:
    """What is kept of the whole run, sampled every RECORD_EVERY_S. Arrays: (rows, columns).

    deepest_m; arrival_s: first time over the threshold (nan: never); wet_s: time over it;
    fastest_m_s: highest speed; hazard: highest depth × (speed + 0.5), m²/s (DEFRA FD2320, without
    its debris term).
    """

    threshold_m: float
    deepest_m: NDArray[np.float32]
    arrival_s: NDArray[np.float32]
    wet_s: NDArray[np.float32]
    fastest_m_s: NDArray[np.float32]
    hazard: NDArray[np.float32]


@dataclass
class Flood:
    """A running flood. Make one with `start`, drive it with `advance`."""

    cell_m: float
    datum_m: float
    threads: int
    z: NDArray[np.int32]
    h: NDArray[np.int32]
    qx: NDArray[np.float32]
    qy: NDArray[np.float32]
    n2: NDArray[np.float32]
    record: Record
    rain: Rain | None = None
    inflows: Sequence[Inflow] = ()
    losses: GreenAmpt | None = None
    theta: float = THETA
    courant: float = COURANT
    t_s: float = 0.0
    steps: int = 0
    cell_steps: int = 0
    balance: Balance = field(default_factory=Balance)
    _work: Any = None

    @property
    def depth_m(self) -> NDArray[np.float64]:
        """Depths of the inner grid, m."""
        return from_depth(self.h[1:-1, 1:-1])

    @property
    def level_m(self) -> NDArray[np.float64]:
        """Water level (bed and depth) above the terrain's own datum, m."""
        return self.z[1:-1, 1:-1] * BED_UNIT_M + self.datum_m + self.depth_m

    def speed_m_s(self) -> NDArray[np.float64]:
        """Speed at cell centres from the mean of their faces; nothing where shallower than 1 mm."""
        along = (self.qx[1:-1, 1:-1].astype(float) + self.qx[1:-1, :-2]) / 2
        down = (self.qy[1:-1, 1:-1].astype(float) + self.qy[:-2, 1:-1]) / 2
        depth = self.depth_m
        flow = np.hypot(along, down)
        return np.divide(flow, depth, out=np.zeros_like(flow), where=depth > 1e-3)


def start(
    bed_m: NDArray[np.float64],
    cell_m: float,
    *,
    manning: float | NDArray[np.float64] = 0.05,
    depth_m: NDArray[np.float64] | None = None,
    edges: Edges = Edges(),
    rain: Rain | None = None,
    inflows: Sequence[Inflow] = (),
    losses: GreenAmpt | None = None,
    theta: float = THETA,
    courant: float = COURANT,
    threshold_m: float = 0.1,
    threads: int = 1,
) -> Flood:
    """A flood at rest on a bed.

    bed_m: (rows, columns), row 0 is the northern edge; cell_m: side of a cell; manning: n in
    s/m^(1/3), a number or an array; depth_m: water that lies there. Raises BadInput.
    """
    bed = np.asarray(bed_m, np.float64)
    if bed.ndim != 2 or min(bed.shape) < 2:
        raise BadInput("bed-shape", f"a bed needs two rows and columns or more, not {bed.shape}")
    if not 0.01 <= cell_m <= 10_000:
        raise BadInput("cell-size", f"a cell of {cell_m} m is outside 0.01 to 10,000 m")
    rough = np.broadcast_to(np.asarray(manning, np.float64), bed.shape)
    low, high = MANNING_RANGE
    if not ((rough >= low) & (rough <= high)).all():
        raise BadInput("manning", f"Manning's n must be within {low} to {high} s/m^(1/3)")
    z, datum_m = _ringed_bed(bed, cell_m, edges)
    shape = z.shape
    h = np.zeros(shape, np.int32)
    if depth_m is not None:
        h[1:-1, 1:-1] = to_depth(np.broadcast_to(np.asarray(depth_m, float), bed.shape))
    n2 = np.pad(rough * rough, 1, mode="edge")
    flood = Flood(
        cell_m, datum_m, max(1, threads), z, h, np.zeros(shape, np.float32),
        np.zeros(shape, np.float32), n2.astype(np.float32), _empty_record(bed.shape, threshold_m),
        rain, tuple(inflows), losses, theta, courant,
    )  # fmt: skip
    flood.balance.start_m3 = float(h.sum(dtype=np.int64)) * DEPTH_UNIT_M * cell_m**2
    flood._work = _Work(flood)
    return flood


def _ringed_bed(bed: NDArray[np.float64], cell_m: float, edges: Edges) -> tuple[Any, float]:
    units, datum_m = to_bed(bed)
    z = np.pad(units, 1, mode="edge")
    sides = ((edges.north, np.s_[0, :]), (edges.south, np.s_[-1, :]),
             (edges.west, np.s_[:, 0]), (edges.east, np.s_[:, -1]))  # fmt: skip
    for slope, where in sides:
        fall = -WALL_M if slope is None else slope * cell_m
        z[where] = np.clip(z[where] - int(fall / BED_UNIT_M), -(2**30), 2**30)
    return z, datum_m


def _empty_record(shape: tuple[int, int], threshold_m: float) -> Record:
    zeros = [np.zeros(shape, np.float32) for _ in range(4)]
    return Record(threshold_m, zeros[0], np.full(shape, np.nan, np.float32), *zeros[1:])


class _Work:
    """Work space of a run: blocks of rows, saved faces, marks of wet segments."""

    def __init__(self, flood: Flood):
        ny, nx = flood.z.shape
        segments = -(-(nx - 2) // kernels.SEGMENT)
        self.wet = np.zeros((ny, segments), np.uint8)
        self.active = np.zeros((ny, segments), np.uint8)
        for s in range(segments):
            part = flood.h[:, 1 + s * kernels.SEGMENT : min(1 + (s + 1) * kernels.SEGMENT, nx - 1)]
            self.wet[:, s] = (part > 0).any(axis=1)
        count = max(1, min(flood.threads, (ny * nx) // CELLS_A_THREAD, (ny - 2) // 4))
        self.bounds = np.linspace(1, ny - 1, count + 1).astype(int)
        self.saved = np.zeros((count + 1, nx), np.float32)
        self.rows = np.zeros((count, 3, nx), np.float32)
        self.crossed = np.zeros((count, 3, nx), np.int32)
        self.results = np.zeros((count, 7), np.int64)
        inner = (ny - 2, nx - 2)
        self.offsets = rounding_offsets(inner)
        pattern = flood.rain.pattern if flood.rain else None
        if pattern is not None and pattern.shape != inner:
            raise BadInput("rain-pattern", f"rain pattern {pattern.shape} does not fit {inner}")
        self.pattern = np.ones(inner, np.float32) if pattern is None else pattern.astype(np.float32)
        self.soil = flood.losses.fields(inner) if flood.losses else None
        self.soaked = np.zeros(inner, np.float32) if flood.losses else None
        self.deepest = int(flood.h.max())
        self.fastest_m_s = 0.0
        self.next_record_s = 0.0
        self.pool = ThreadPoolExecutor(count - 1) if count > 1 else None


def advance(flood: Flood, until_s: float, *, wall_s_max: float = float("inf")) -> Flood:
    """Go on until `until_s`. Raises RunStopped: too deep, out of balance, out of time or steps."""
    began = time.monotonic()
    work = flood._work
    while flood.t_s < until_s - 1e-9:
        dt = min(_step_s(flood, work), until_s - flood.t_s, work.next_record_s - flood.t_s or 1e9)
        _feed(flood, work, dt)
        _step(flood, work, dt)
        flood.t_s += dt
        flood.steps += 1
        if flood.t_s >= work.next_record_s - 1e-9:
            _record(flood, RECORD_EVERY_S)
            work.next_record_s = flood.t_s + RECORD_EVERY_S
        if flood.steps > STEPS_MAX or time.monotonic() - began > wall_s_max:
            raise RunStopped("too-long", f"stopped at {flood.t_s:.0f} s after {flood.steps} steps")
    flood.balance.stored_m3 = (
        float(flood.h[1:-1, 1:-1].sum(dtype=np.int64)) * DEPTH_UNIT_M * flood.cell_m**2
    )
    return flood


def _step_s(flood: Flood, work: _Work) -> float:
    """The longest stable step, s: Δt = C Δx / (√(g h) + |u|), with what comes in meanwhile."""
    deepest_m = max(work.deepest * DEPTH_UNIT_M, 1e-3)
    step_s = min(_courant_s(flood, deepest_m), STEP_S_MAX)
    for inflow in flood.inflows:
        came = inflow.total_m3(flood.t_s + step_s) - inflow.total_m3(flood.t_s)
        more_m = came / (len(inflow.cells) * flood.cell_m**2)
        step_s = min(step_s, _courant_s(flood, deepest_m + more_m))
    return step_s


def _courant_s(flood: Flood, depth_m: float) -> float:
    wave_m_s = float(kernels.GRAVITY_M_S2 * depth_m) ** 0.5
    return flood.courant * flood.cell_m / (wave_m_s + flood._work.fastest_m_s)


def _feed(flood: Flood, work: _Work, dt: float) -> None:
    """Rain, inflows and infiltration of this step."""
    area = flood.cell_m**2
    if flood.rain is not None:
        before, after = flood.rain.total_m(flood.t_s), flood.rain.total_m(flood.t_s + dt)
        if after > before:
            came = sources.add_rain(
                flood.h, work.wet, before, after, work.pattern, work.offsets, kernels.SEGMENT
            )
            flood.balance.rain_m3 += came * DEPTH_UNIT_M * area
    for inflow in flood.inflows:
        units = sources.inflow_units(inflow, flood.t_s, flood.t_s + dt, area)
        rows, columns = inflow.cells[:, 0] + 1, inflow.cells[:, 1] + 1
        np.add.at(flood.h, (rows, columns), units.astype(np.int32))
        work.wet[rows, (columns - 1) // kernels.SEGMENT] = 1
        flood.balance.inflow_m3 += float(units.sum()) * DEPTH_UNIT_M * area
        work.deepest = max(work.deepest, int(flood.h[rows, columns].max()))
    if work.soil is not None:
        k, head = work.soil
        taken = sources.soak(flood.h, work.active, k, head, work.soaked, dt, kernels.SEGMENT)
        flood.balance.soaked_m3 += taken * DEPTH_UNIT_M * area


def _step(flood: Flood, work: _Work, dt: float) -> None:
    flood.cell_steps += kernels.spread(work.wet, work.active) * kernels.SEGMENT
    dry = np.float32(DRY_M)
    step = np.float32(dt), np.float32(flood.cell_m)
    theta = np.float32(flood.theta)
    bounds = work.bounds
    count = len(bounds) - 1
    for b in range(count):
        kernels.face_row(
            bounds[b] - 1, flood.z, flood.h, flood.qy, flood.n2, work.saved[b], work.crossed[b, 0],
            theta, *step, dry,
        )  # fmt: skip

    def block(b: int) -> None:
        kernels.step_block(
            bounds[b], bounds[b + 1], b == count - 1, flood.z, flood.h, flood.qx, flood.qy,
            flood.n2, work.active, work.wet, work.saved[b], work.saved[b + 1], work.rows[b],
            work.crossed[b], theta, *step, dry, work.results[b],
        )  # fmt: skip

    waiting = [work.pool.submit(block, b) for b in range(1, count)] if work.pool else []
    block(0)
    for other in waiting:
        other.result()
    _settle(flood, work, dt)


def _settle(flood: Flood, work: _Work, dt: float) -> None:
    """Mend cells that gave too much; count what left; stop where the run makes no sense."""
    results = work.results
    gone = int(results[:, 2:6].sum())
    work.deepest = int(results[:, 0].max())
    work.fastest_m_s = float(results[:, 6].max()) / 1000
    if results[:, 1].min() < 0:
        if (
            kernels.give_back(flood.h, flood.qx, flood.qy, np.float32(dt), np.float32(flood.cell_m))
            < 0
        ):
            raise RunStopped("unstable", f"a cell gave more than it had at {flood.t_s:.1f} s")
        ring = flood.h
        taken = [ring[0].sum(), ring[-1].sum(), ring[1:-1, 0].sum(), ring[1:-1, -1].sum()]
        gone += int(sum(int(part) for part in taken))
        ring[0] = ring[-1] = 0
        ring[:, 0] = ring[:, -1] = 0
    flood.balance.out_m3 += gone * DEPTH_UNIT_M * flood.cell_m**2
    if work.deepest * DEPTH_UNIT_M > DEPTH_M_MAX:
        raise RunStopped("too-deep", f"deeper than {DEPTH_M_MAX:.0f} m at {flood.t_s:.1f} s")


def _record(flood: Flood, every_s: float) -> None:
    kept, depth = flood.record, flood.depth_m.astype(np.float32)
    speed = flood.speed_m_s().astype(np.float32)
    np.maximum(kept.deepest_m, depth, out=kept.deepest_m)
    over = depth > kept.threshold_m
    kept.arrival_s[over & np.isnan(kept.arrival_s)] = flood.t_s
    kept.wet_s[over] += every_s
    np.maximum(kept.fastest_m_s, speed, out=kept.fastest_m_s)
    np.maximum(kept.hazard, depth * (speed + np.float32(0.5)), out=kept.hazard)
