"""Local inertial flow over a grid: how deep, when, for how long.

Flows in: a bed, roughness, rain, inflows, infiltration. Flows out: depths, discharges, the deepest
at each cell, arrival and duration, and a water balance that is exact to the last unit. The model is
for slow, gradually varied floods (Froude below about 0.5); breaches, shocks and steep jets need
`shallow_water`. Card: docs/models/inundation-local-inertial.md.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.science.errors import BadInput, RunStopped
from anlan.science.inundation.flood_state import (
    COURANT,
    LEVELS,
    LEVELS_MAX,
    THETA,
    Edges,
    Flood,
    Record,
)
from anlan.science.inundation.links import Culvert, Rating, Wall
from anlan.science.inundation.marching import Steps
from anlan.science.inundation.sources import GreenAmpt, Inflow, Rain
from anlan.science.inundation.units import (
    BED_UNIT_M,
    to_bed,
    to_depth,
)

STEPS_MAX = 20_000_000
WALL_M = 1000.0
MANNING_RANGE = (0.001, 1.0)
RECORD_EVERY_S = 60.0
CLOSED = Edges()


def start(
    bed_m: NDArray[np.float64],
    cell_m: float,
    *,
    manning: float | NDArray[np.float64] = 0.05,
    depth_m: NDArray[np.float64] | None = None,
    edges: Edges = CLOSED,
    rain: Rain | None = None,
    inflows: Sequence[Inflow] = (),
    losses: GreenAmpt | None = None,
    walls: Sequence[Wall] = (),
    culverts: Sequence[Culvert] = (),
    ratings: Sequence[Rating] = (),
    theta: float = THETA,
    courant: float = COURANT,
    levels: int = LEVELS,
    threshold_m: float = 0.1,
    threads: int = 1,
) -> Flood:
    """A flood at rest on a bed.

    bed_m: (rows, columns), row 0 is the northern edge; cell_m: side of a cell; manning: n in
    s/m^(1/3), a number or an array; depth_m: water that lies there; levels: a place may take
    steps of up to 2^levels times the shortest (0: one step for all). Raises BadInput.
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
    if not 0 <= levels <= LEVELS_MAX:
        raise BadInput("levels", f"{levels} levels of steps: 0 to {LEVELS_MAX}")
    z, datum_m = _ringed_bed(bed, cell_m, edges)
    shape = z.shape
    h = np.zeros(shape, np.int32)
    if depth_m is not None:
        h[1:-1, 1:-1] = to_depth(np.broadcast_to(np.asarray(depth_m, float), bed.shape))
    n2 = np.pad(rough * rough, 1, mode="edge")
    flood = Flood(
        cell_m, datum_m, max(1, threads), z, h, np.zeros(shape, np.float32),
        np.zeros(shape, np.float32), n2.astype(np.float32), _empty_record(bed.shape, threshold_m),
        rain, tuple(inflows), losses, tuple(walls), tuple(culverts), tuple(ratings), theta, courant,
        levels,
    )  # fmt: skip
    flood._steps = Steps(flood)
    flood._steps.close()
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


def advance(flood: Flood, until_s: float, *, wall_s_max: float = float("inf")) -> Flood:
    """Go on until `until_s`. Raises RunStopped with its reason: too-deep, not-finite, unstable,
    courant, mass, too-long.
    """
    began = time.monotonic()
    steps = flood._steps
    while flood.t_s < until_s - 1e-9:
        steps.round(until_s)
        if flood.t_s >= steps.recorded_s + RECORD_EVERY_S or flood.t_s >= until_s - 1e-9:
            steps.record()
        if flood.steps > STEPS_MAX or time.monotonic() - began > wall_s_max:
            raise RunStopped("too-long", f"stopped at {flood.t_s:.0f} s after {flood.steps} steps")
    steps.close()
    return flood
