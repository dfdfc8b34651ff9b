"""What comes onto the grid and what soaks away: rain, inflows, infiltration. All in whole units.

Flows in: rates over time. Flows out: depth units added to or taken from each cell, counted exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anlan.science.errors import BadInput
from anlan.science.inundation.units import DEPTH_UNIT_M

RAIN_MM_H_MAX = 1000.0


@dataclass(frozen=True)
class Rain:
    """Rain as a rate that holds from each time to the next. after the last time it has ended.

    time_s: (n + 1,) rising; rate_mm_h: (n,), 0 to RAIN_MM_H_MAX; pattern: (rows, columns) factor
    with which a cell takes part, or None for all alike.
    """

    time_s: NDArray[np.float64]
    rate_mm_h: NDArray[np.float64]
    pattern: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        times, rates = np.asarray(self.time_s, float), np.asarray(self.rate_mm_h, float)
        if times.ndim != 1 or len(times) != len(rates) + 1 or (np.diff(times) <= 0).any():
            raise BadInput("rain-times", "rain needs n rates and n + 1 rising times")
        if not np.isfinite(rates).all() or (rates < 0).any() or (rates > RAIN_MM_H_MAX).any():
            raise BadInput("rain-rate", f"rain must be within 0 to {RAIN_MM_H_MAX:.0f} mm/h")
        fallen = np.concatenate([[0.0], np.cumsum(rates * np.diff(times) / 3.6e6)])
        object.__setattr__(self, "_fallen_m", fallen)

    def total_m(self, t_s: float) -> float:
        """Depth that has fallen since the first time, m."""
        return float(self.totals_m(t_s))

    def totals_m(self, t_s: Any) -> Any:
        """The same for an array of times."""
        return np.interp(t_s, self.time_s, self.__dict__["_fallen_m"])


@dataclass(frozen=True)
class Inflow:
    """A hydrograph into cells: linear between its points, nothing before and after.

    cells: (n, 2) row and column; time_s, flow_m3_s: (m,).
    """

    cells: NDArray[np.int64]
    time_s: NDArray[np.float64]
    flow_m3_s: NDArray[np.float64]
    _volume: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        times, flows = np.asarray(self.time_s, float), np.asarray(self.flow_m3_s, float)
        if len(times) < 2 or len(times) != len(flows) or (np.diff(times) <= 0).any():
            raise BadInput(
                "inflow-times", "an inflow needs as many flows as rising times, two or more"
            )
        if not np.isfinite(flows).all() or (flows < 0).any():
            raise BadInput("inflow-rate", "an inflow must be finite and not negative")
        steps = np.diff(times) * (flows[1:] + flows[:-1]) / 2
        object.__setattr__(self, "_volume", np.concatenate([[0.0], np.cumsum(steps)]))

    def total_m3(self, t_s: float) -> float:
        """Volume that has come in until t_s, m³ (exact for the broken line)."""
        times = np.asarray(self.time_s, float)
        if t_s <= times[0]:
            return 0.0
        if t_s >= times[-1]:
            return float(self._volume[-1])
        k = int(np.searchsorted(times, t_s, side="right")) - 1
        part = t_s - times[k]
        flow = np.interp(t_s, times, self.flow_m3_s)
        return float(self._volume[k] + part * (self.flow_m3_s[k] + flow) / 2)


@dataclass(frozen=True)
class GreenAmpt:
    """Infiltration after Green and Ampt (1911): f = K (1 + ψ Δθ / F), at most what lies there.

    conductivity_mm_h: K; suction_m: ψ; deficit: Δθ (0 to 1); each a number or (rows, columns).
    """

    conductivity_mm_h: Any
    suction_m: Any
    deficit: Any

    def fields(self, shape: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(K in m/s, ψ Δθ in m) as arrays of the inner grid."""
        k = np.broadcast_to(
            np.asarray(self.conductivity_mm_h, np.float32) / np.float32(3.6e6), shape
        )
        head = np.asarray(self.suction_m, np.float32) * np.asarray(self.deficit, np.float32)
        if (k < 0).any() or (head < 0).any():
            raise BadInput("infiltration", "conductivity, suction and deficit must not be negative")
        return np.ascontiguousarray(k), np.ascontiguousarray(np.broadcast_to(head, shape))


def inflow_units(
    inflow: Inflow, before_s: float, after_s: float, area_m2: float
) -> NDArray[np.int64]:
    """Depth units for each of the inflow's cells; totals are rounded once, over the whole time."""
    scale = 1.0 / (DEPTH_UNIT_M * area_m2)
    low = int(np.floor(inflow.total_m3(before_s) * scale))
    more = int(np.floor(inflow.total_m3(after_s) * scale)) - low
    count = len(inflow.cells)
    first = low % count
    each = np.full(count, more // count, np.int64)
    each[(first + np.arange(more % count)) % count] += 1
    return each


def pours(
    inflows: Sequence[Inflow], times_s: NDArray[np.float64], area_m2: float
) -> NDArray[np.int64]:
    """Units for each inflow cell (all inflows in a row) between the times: (times - 1, cells)."""
    count = sum(len(inflow.cells) for inflow in inflows)
    out = np.zeros((len(times_s) - 1, count), np.int64)
    at = 0
    for inflow in inflows:
        end = at + len(inflow.cells)
        for k in range(len(out)):
            out[k, at:end] = inflow_units(inflow, times_s[k], times_s[k + 1], area_m2)
        at = end
    return out
