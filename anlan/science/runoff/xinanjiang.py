"""新安江 (Xin'anjiang): rain and evaporation to runoff of three sources in a humid basin.

Zhao Renjun 1992, doi:10.1016/0022-1694(92)90096-E. Depths in mm a step.
(1) evaporation in three layers: upper at the full rate, lower by E W_l / W_lm (at least c), deep c
(2) storage curve f/F = 1 - (1 - W'/W'mm)^b, W'mm = W_m (1 + b); runoff is the rain on what is full
(3) free water: the same curve with S_m and ex; surface runoff is what tops it
(4) interflow K_i S and groundwater K_g S leave the free water each step
(5) linear reservoirs: Q_i = c_i Q_i' + (1 - c_i) R_i, likewise groundwater; surface directly
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from anlan.science.errors import BadInput

Array = NDArray[np.float64]
RANGES = {
    "evaporation": (0.1, 2.0),
    "upper_mm": (1.0, 100.0),
    "lower_mm": (1.0, 200.0),
    "deep_mm": (1.0, 300.0),
    "curve": (0.05, 1.5),
    "sealed": (0.0, 0.99),
    "deep_share": (0.0, 0.5),
    "free_mm": (1.0, 200.0),
    "free_curve": (0.5, 3.0),
    "interflow": (0.0, 0.9),
    "groundwater": (0.0, 0.9),
    "interflow_recession": (0.0, 0.999),
    "groundwater_recession": (0.0, 0.9999),
}


@dataclass(frozen=True)
class Parameters:
    """Names after Zhao: K, W_um, W_lm, W_dm, B, IM, C, S_m, EX, K_i, K_g, C_i, C_g.

    Depths in mm; shares and recessions a step. Ranges: RANGES, wide around published ones.
    """

    evaporation: float = 1.0
    upper_mm: float = 20.0
    lower_mm: float = 60.0
    deep_mm: float = 40.0
    curve: float = 0.3
    sealed: float = 0.02
    deep_share: float = 0.15
    free_mm: float = 30.0
    free_curve: float = 1.5
    interflow: float = 0.3
    groundwater: float = 0.3
    interflow_recession: float = 0.7
    groundwater_recession: float = 0.98

    def __post_init__(self) -> None:
        for entry in fields(self):
            low, high = RANGES[entry.name]
            value = getattr(self, entry.name)
            if not low <= value <= high:
                raise BadInput("xinanjiang", f"{entry.name} = {value} is outside {low} to {high}")
        if self.interflow + self.groundwater >= 1:
            raise BadInput("xinanjiang", "interflow + groundwater must be below 1 a step")


@dataclass(frozen=True)
class Runoff:
    """(n,) arrays, mm a step: surface, interflow and groundwater as they reach the outlet of the
    slopes; evaporated; wetness: tension water in the soil, mm. free_end_mm and routed_end_mm: what
    has not run out at the end.
    """

    surface: Array
    interflow: Array
    groundwater: Array
    evaporated: Array
    wetness: Array
    free_end_mm: float
    routed_end_mm: float

    @property
    def total(self) -> Array:
        return self.surface + self.interflow + self.groundwater


def run(
    rain_mm: Array, pan_mm: Array, parameters: Parameters, wetness_share: float = 0.5
) -> Runoff:
    """The model over a series. rain_mm, pan_mm: (n,), not negative; wetness_share: of each layer's
    capacity at the start, 0 to 1. Raises BadInput.
    """
    rain, pan = np.asarray(rain_mm, float), np.asarray(pan_mm, float)
    if rain.shape != pan.shape or rain.ndim != 1:
        raise BadInput(
            "series", f"rain {rain.shape} and evaporation {pan.shape} must be one series"
        )
    if not (np.isfinite(rain).all() and np.isfinite(pan).all()) or min(rain.min(), pan.min()) < 0:
        raise BadInput("series", "rain and evaporation must be finite and not negative")
    if not 0 <= wetness_share <= 1:
        raise BadInput("wetness", "the share of wetness is within 0 to 1")
    p = np.array([getattr(parameters, entry.name) for entry in fields(parameters)])
    out = np.empty((5, len(rain)))
    free, waiting = _run(rain, pan, p, wetness_share, out)
    return Runoff(out[0], out[1], out[2], out[3], out[4], free, waiting)


@njit(cache=True, error_model="numpy")
def _evaporate(need: Any, upper: Any, lower: Any, deep: Any, lower_mm: Any, c: Any) -> Any:
    """Eq. 1: what each layer gives of `need`, mm."""
    first = min(need, upper)
    rest = need - first
    if rest <= 0:
        return first, 0.0, 0.0
    second = max(rest * lower / lower_mm, 0.0)
    if second < c * rest:
        second = c * rest
    if second <= lower:
        return first, second, 0.0
    third = min(max(c * rest - lower, 0.0), deep)
    return first, lower, third


@njit(cache=True, error_model="numpy")
def _run(rain: Any, pan: Any, p: Any, share: Any, out: Any) -> Any:
    """Eqs. 1 to 5 over all steps; out: (5, n). Returns (free water, water in the reservoirs)."""
    k, um, lm, dm, b, sealed, c, sm, ex, ki, kg, ci, cg = p
    upper, lower, deep = share * um, share * lm, share * dm
    most = um + lm + dm
    whole = most * (1 + b)
    free, part = 0.0, 0.0
    qi, qg = 0.0, 0.0
    for t in range(rain.size):
        need = k * pan[t]
        direct = sealed * max(rain[t] - need, 0.0)
        pervious = 1.0 - sealed
        met = min(need, rain[t])
        net = rain[t] - met
        gave = 0.0
        if need > met:
            e1, e2, e3 = _evaporate(need - met, upper, lower, deep, lm, c)
            upper, lower, deep = upper - e1, lower - e2, deep - e3
            gave = e1 + e2 + e3
        runoff = 0.0
        if net > 0:
            wet = upper + lower + deep
            filled = whole * (1 - (1 - min(wet / most, 1.0)) ** (1 / (1 + b)))
            if filled + net >= whole:
                runoff = net - (most - wet)
            else:
                runoff = net - most * (
                    (1 - filled / whole) ** (1 + b) - (1 - (filled + net) / whole) ** (1 + b)
                )  # eq. 2
            runoff = max(runoff, 0.0)
            left = net - runoff
            add = min(left, um - upper)
            upper, left = upper + add, left - add
            add = min(left, lm - lower)
            lower, left = lower + add, left - add
            deep = min(deep + left, dm)
        surface = 0.0
        area = runoff / net if net > 0 else part
        if area > 0:
            if free * part / area > sm:  # the free water shrinks onto a smaller area
                surface += (free * part / area - sm) * area
                free = sm
            elif part > 0:
                free = free * part / area
            top = sm * (1 + ex)
            if net > 0:
                level = top * (1 - (1 - min(free / sm, 1.0)) ** (1 / (1 + ex)))
                if level + net >= top:
                    over = net - (sm - free)
                else:
                    over = net - sm * (
                        (1 - level / top) ** (1 + ex) - (1 - (level + net) / top) ** (1 + ex)
                    )  # eq. 3
                over = max(over, 0.0)
                surface += over * area
                free += net - over
            part = area
        inter, ground = ki * free * part, kg * free * part  # eq. 4
        free -= (ki + kg) * free
        qi = ci * qi + (1 - ci) * inter * pervious  # eq. 5
        qg = cg * qg + (1 - cg) * ground * pervious
        out[0, t] = surface * pervious + direct
        out[1, t], out[2, t] = qi, qg
        out[3, t] = (met + gave) * pervious + sealed * min(need, rain[t])
        out[4, t] = upper + lower + deep
    return free * part * (1 - sealed), qi * ci / (1 - ci) + qg * cg / (1 - cg)
