"""Level-pool routing, the ways out of a reservoir, and a small dam that breaks.

Storage: dS/dt = I - O(z), solved by Runge-Kutta of fourth order on the level             (1)
Weir:    Q = C_d (2/3) √(2g) B H^(3/2)                                                    (2)
Orifice: Q = C_d A √(2 g H), as a weir while its mouth is not covered                     (3)
Breach:  B = 0.1803 K₀ V^0.32 h^0.19 (m, m³, m), t_f = 0.00254 V^0.53 h^(-0.90) (h),
         K₀ = 1.4 overtopping, else 1.0; Froehlich 1995                                   (4)
         its flow is a broad-crested weir of trapezoid shape, falling evenly over t_f
Coefficients of (4) are unverified here: they were not read in the paper itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anlan.science.errors import BadInput

G = 9.81
STEPS_MAX = 1_000_000
Array = NDArray[np.float64]
Outlet = Callable[[float, float], float]


@dataclass(frozen=True)
class Weir:
    """Eq. 2: crest_m, width_m, coefficient C_d (0.6 for a sharp crest)."""

    crest_m: float
    width_m: float
    coefficient: float = 0.6

    def __call__(self, level_m: float, _t_s: float) -> float:
        head = max(level_m - self.crest_m, 0.0)
        return self.coefficient * 2 / 3 * (2 * G) ** 0.5 * self.width_m * head**1.5


@dataclass(frozen=True)
class Gate:
    """Eq. 3: a rectangular mouth; opening_m over time (linear between points)."""

    sill_m: float
    width_m: float
    time_s: tuple[float, ...]
    opening_m: tuple[float, ...]
    coefficient: float = 0.6

    def __call__(self, level_m: float, t_s: float) -> float:
        opening = float(np.interp(t_s, self.time_s, self.opening_m))
        head = level_m - self.sill_m
        if opening <= 0 or head <= 0:
            return 0.0
        if head <= opening:
            return Weir(self.sill_m, self.width_m, self.coefficient)(level_m, t_s)
        root = (2 * G) ** 0.5 * 2 / 3 * (head**1.5 - (head - opening) ** 1.5)
        return self.coefficient * self.width_m * root


@dataclass(frozen=True)
class Breach:
    """A dam that breaks from `begins_s` on: eq. 4 for size and time, sides of slope 1 : side."""

    crest_m: float
    foot_m: float
    volume_m3: float
    begins_s: float = 0.0
    overtopping: bool = True
    side: float = 1.0

    @property
    def width_m(self) -> float:
        high = self.crest_m - self.foot_m
        factor = 1.4 if self.overtopping else 1.0
        return float(0.1803 * factor * self.volume_m3**0.32 * high**0.19)

    @property
    def forms_s(self) -> float:
        return float(0.00254 * self.volume_m3**0.53 * (self.crest_m - self.foot_m) ** -0.90 * 3600)

    def __call__(self, level_m: float, t_s: float) -> float:
        share = float(np.clip((t_s - self.begins_s) / self.forms_s, 0, 1))
        if share <= 0:
            return 0.0
        high = self.crest_m - self.foot_m
        bottom_m = self.crest_m - share * high
        width = max(self.width_m - self.side * high, 0.0) * share
        head = max(level_m - bottom_m, 0.0)
        return 1.7 * width * head**1.5 + 1.35 * self.side * head**2.5


@dataclass(frozen=True)
class Pool:
    """level_m and storage_m3 as a rising table; linear between, and beyond its last step."""

    level_m: Array
    storage_m3: Array

    def __post_init__(self) -> None:
        level, storage = np.asarray(self.level_m, float), np.asarray(self.storage_m3, float)
        if len(level) < 2 or (np.diff(level) <= 0).any() or (np.diff(storage) <= 0).any():
            raise BadInput("pool-table", "a storage table needs two or more rising rows")

    def level(self, storage_m3: float) -> float:
        """m; raises BadInput below the table, goes on above it."""
        if storage_m3 > self.storage_m3[-1]:
            rise = np.diff(self.level_m)[-1] / np.diff(self.storage_m3)[-1]
            return float(self.level_m[-1] + (storage_m3 - self.storage_m3[-1]) * rise)
        return float(np.interp(storage_m3, self.storage_m3, self.level_m))

    def storage(self, level_m: float) -> float:
        return float(np.interp(level_m, self.level_m, self.storage_m3))


def route(
    pool: Pool, outlets: Sequence[Outlet], inflow_m3_s: Array, step_s: float, level_m: float
) -> tuple[Array, Array]:
    """(outflow in m³/s, level in m) at the times of the inflow (eq. 1). (n,) → (n,), (n,)

    The storage never falls below the table's foot: what is not there does not flow out.
    """
    flow = np.asarray(inflow_m3_s, float)
    if step_s <= 0 or len(flow) > STEPS_MAX or (flow < 0).any():
        raise BadInput("route", f"step over 0, at most {STEPS_MAX} inflows, none negative")
    least = float(pool.storage_m3[0])
    storage = pool.storage(level_m)
    levels, out = np.empty_like(flow), np.empty_like(flow)

    def leaving(store: float, t: float) -> float:
        if store <= least:
            return 0.0
        return sum(outlet(pool.level(store), t) for outlet in outlets)

    for k in range(len(flow)):
        t = k * step_s
        levels[k], out[k] = pool.level(storage), leaving(storage, t)
        after = flow[min(k + 1, len(flow) - 1)]
        half = (flow[k] + after) / 2
        k1 = flow[k] - out[k]
        k2 = half - leaving(storage + k1 * step_s / 2, t + step_s / 2)
        k3 = half - leaving(storage + k2 * step_s / 2, t + step_s / 2)
        k4 = after - leaving(storage + k3 * step_s, t + step_s)
        storage = max(storage + step_s / 6 * (k1 + 2 * k2 + 2 * k3 + k4), least)
    return out, levels
