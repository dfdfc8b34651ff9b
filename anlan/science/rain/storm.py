"""Design storms: an intensity formula with its date and source, and Chicago hyetographs from it.

    q = A (1 + C lg P) / (t + b)^n      L/(s·hm²), t in minutes, P in years            (1)

Chicago (Keifer & Chu 1957): with a = A (1 + C lg P) / 166.67 mm/min and r the share of the duration
before the peak, the intensity t_b before and t_a after the peak is

    i = a [(1-n) τ + b] / (τ + b)^(n+1),  τ = t_b / r or t_a / (1-r)                    (2)

whose integral over any span around the peak is closed, so that blocks keep the exact depth:

    ∫ i over t_b = r · a τ / (τ + b)^n                                                   (3)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anlan.science.errors import BadInput

L_PER_S_HM2_TO_MM_MIN = 1 / 166.67
MINUTES_MAX = 24 * 60
YEARS_RANGE = (0.25, 1000.0)


@dataclass(frozen=True)
class IntensityFormula:
    """Eq. 1. amplitude A in L/(s·hm²), frequency factor C, offset b in min, exponent n.

    source: document and date; peak_ratio: r of the Chicago storm, and whether it has a source.
    """

    amplitude: float
    frequency_factor: float
    offset_min: float
    exponent: float
    source: str
    peak_ratio: float = 0.4
    peak_ratio_source: str = "unverified"

    def factor_mm_min(self, years: float) -> float:
        """a of eq. 2, mm/min · min^n."""
        low, high = YEARS_RANGE
        if not low <= years <= high:
            raise BadInput(
                "return-period", f"a return period of {years} a is outside {low} to {high}"
            )
        return (
            self.amplitude * (1 + self.frequency_factor * np.log10(years)) * L_PER_S_HM2_TO_MM_MIN
        )

    def mean_mm_min(self, years: float, minutes: float) -> float:
        """Mean intensity over the worst span of this length, mm/min (eq. 1)."""
        if not 0 < minutes <= MINUTES_MAX:
            raise BadInput("duration", f"{minutes} min is outside 0 to {MINUTES_MAX}")
        return self.factor_mm_min(years) / (minutes + self.offset_min) ** self.exponent

    def depth_mm(self, years: float, minutes: float) -> float:
        """Depth of the worst span of this length, mm."""
        return self.mean_mm_min(years, minutes) * minutes


# 渝建〔2017〕443号, as compiled in public tables; r is assumed there and stays unverified.
DIANJIANG = IntensityFormula(3321.0, 0.997, 14.738, 0.830, "渝建〔2017〕443号, compiled tables")


def _one_side_mm(formula: IntensityFormula, a: float, share: float, minutes: float) -> float:
    """Eq. 3: depth within `minutes` of the peak on one side that takes `share` of the storm."""
    tau = minutes / share
    return share * a * tau / (tau + formula.offset_min) ** formula.exponent


def chicago_mm(
    formula: IntensityFormula, years: float, minutes: int, step_min: int = 5
) -> NDArray[np.float64]:
    """Depths of the blocks of a Chicago storm, mm. (minutes / step_min,)

    Their sum is the formula's depth for the whole duration, and so is any span around the peak.
    """
    if minutes % step_min or minutes <= 0:
        raise BadInput("storm-steps", f"{minutes} min is not a multiple of {step_min} min")
    a, r = formula.factor_mm_min(years), formula.peak_ratio
    peak = r * minutes
    edges = np.arange(0, minutes + step_min, step_min, dtype=float)
    fallen = np.array(
        [
            -_one_side_mm(formula, a, r, peak - t) if t < peak
            else _one_side_mm(formula, a, 1 - r, t - peak)
            for t in edges
        ]
    )  # fmt: skip
    return np.diff(fallen)
