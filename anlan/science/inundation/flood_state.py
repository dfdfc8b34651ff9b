"""What a local inertial flow holds while it runs: the grid, what comes in, what is kept.

Flows in: nothing; `local_inertial.start` makes one. Flows out: depths, levels, speeds, a balance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.science.inundation.links import Culvert, Rating, Wall
from anlan.science.inundation.sources import GreenAmpt, Inflow, Rain
from anlan.science.inundation.units import BED_UNIT_M, from_depth

COURANT = 0.7
THETA = 0.9
# A tile's step is at most 2^LEVELS times the shortest of the grid.
LEVELS, LEVELS_MAX = 4, 8


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
    walls: Sequence[Wall] = ()
    culverts: Sequence[Culvert] = ()
    ratings: Sequence[Rating] = ()
    theta: float = THETA
    courant: float = COURANT
    levels: int = LEVELS
    t_s: float = 0.0
    steps: int = 0
    cell_steps: int = 0
    balance: Balance = field(default_factory=Balance)
    _steps: Any = None

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
