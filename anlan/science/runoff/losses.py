"""What the ground keeps: curve numbers, Green and Ampt, Horton. Depths in mm, rates in mm/h.

SCS:        S = 25400 / CN - 254,  Q = (P - λ S)² / (P + (1-λ) S) for P > λ S             (1)
            USDA NRCS, National Engineering Handbook, part 630, chapter 10
Green-Ampt: F - ψ Δθ ln(1 + F / ψ Δθ) = K t under ponding, ponding when i = K (1 + ψ Δθ / F) (2)
            Green & Ampt 1911; ponding by Mein & Larson 1973, doi:10.1029/WR009i002p00384
Horton:     f = f_c + (f_0 - f_c) exp(-k t)                                                (3)
            Horton 1940
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anlan.science.errors import BadInput

NEWTON_PASSES_MAX = 60
# A suction head below this soaks in nothing that a gauge could show.
HEAD_MM_MIN = 1e-6
Array = NDArray[np.float64]


def curve_number_runoff_mm(
    rain_mm: Array, curve_number: float | Array, initial_share: float = 0.2
) -> Array:
    """Direct runoff of a storm's total, mm (eq. 1). curve_number: 1 to 100; initial_share: λ."""
    number = np.asarray(curve_number, float)
    if not ((number >= 1) & (number <= 100)).all():
        raise BadInput("curve-number", "a curve number is within 1 to 100")
    if not 0 <= initial_share <= 1:
        raise BadInput("initial-share", "the initial share λ is within 0 to 1")
    rain = np.asarray(rain_mm, float)
    store = 25_400 / number - 254
    over = np.maximum(rain - initial_share * store, 0)
    below = rain + (1 - initial_share) * store
    return np.divide(over**2, below, out=np.zeros_like(over * below), where=below > 0)


def curve_number_for_wetness(curve_number: float, wetness: str) -> float:
    """CN for dry (I), mean (II) or wet (III) ground before the storm.

    CN_I = CN / (2.281 - 0.01281 CN), CN_III = CN / (0.427 + 0.00573 CN): Hawkins et al. 1985.
    """
    if wetness == "mean":
        return curve_number
    if wetness == "dry":
        return curve_number / (2.281 - 0.01281 * curve_number)
    if wetness == "wet":
        return curve_number / (0.427 + 0.00573 * curve_number)
    raise BadInput("wetness", f"wetness is dry, mean or wet, not {wetness!r}")


def _ponded_mm(start_mm: float, rate_mm_h: float, head_mm: float, hours: float) -> float:
    """F after `hours` of ponding from F = start: eq. 2 by Newton's method, which rises to it."""
    base = start_mm - head_mm * np.log1p(start_mm / head_mm) + rate_mm_h * hours
    soaked = base + head_mm + (2 * base * head_mm) ** 0.5
    for _ in range(NEWTON_PASSES_MAX):
        misfit = soaked - head_mm * np.log1p(soaked / head_mm) - base
        change = misfit * (soaked + head_mm) / soaked
        soaked -= change
        if abs(change) <= 1e-14 * soaked:
            break
    return float(soaked)


def green_ampt_excess_mm(
    rain_mm_h: Array, step_h: float, conductivity_mm_h: float, suction_mm: float, deficit: float
) -> Array:
    """Rain that runs off in each step, mm, for steady rates in steps (eq. 2). (n,) → (n,)

    Ponding may begin or end within a step; the time of ponding is solved for, not stepped to.
    """
    if min(conductivity_mm_h, suction_mm) < 0 or not 0 <= deficit <= 1 or step_h <= 0:
        raise BadInput("green-ampt", "K, ψ not negative, Δθ within 0 to 1, step over 0")
    head = suction_mm * deficit
    soaked, excess = 0.0, []
    for rate in np.asarray(rain_mm_h, float):
        took = _step_mm(soaked, float(rate), step_h, conductivity_mm_h, head)
        excess.append(rate * step_h - took)
        soaked += took
    return np.array(excess)


def _step_mm(soaked: float, rate: float, hours: float, k: float, head: float) -> float:
    """Depth that soaks in during a step."""
    if rate <= k or head <= HEAD_MM_MIN or k == 0:
        return min(rate, k) * hours
    ponds_at = k * head / (rate - k)
    if soaked >= ponds_at:
        return min(_ponded_mm(soaked, k, head, hours) - soaked, rate * hours)
    before_h = (ponds_at - soaked) / rate
    if before_h >= hours:
        return rate * hours
    return _ponded_mm(ponds_at, k, head, hours - before_h) - soaked


def horton_capacity_mm_h(hours: Array, first: float, last: float, decay_per_h: float) -> Array:
    """Infiltration capacity at times since the start of ponding, mm/h (eq. 3)."""
    if not first >= last >= 0 or decay_per_h <= 0:
        raise BadInput("horton", "f₀ ≥ f_c ≥ 0 and k > 0")
    return last + (first - last) * np.exp(-decay_per_h * np.asarray(hours, float))
