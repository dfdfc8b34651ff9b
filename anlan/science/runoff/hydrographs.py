"""From excess rain to flow, and flow down a river: unit hydrographs, Nash, Muskingum.

Nash:      u(t) = (t/k)^(m-1) e^(-t/k) / (k Γ(m)); blocks by its integral (a gamma law)    (1)
           Nash 1957
Muskingum: O₂ = C₀ I₂ + C₁ I₁ + C₂ O₁, C's of K, x, Δt; McCarthy 1938                      (2)
Cunge:     K = Δx / c, x = ½ (1 - Q / (B S c Δx)), c = (5/3) Q/A for wide channels         (3)
           Cunge 1969, doi:10.1080/00221686909500264
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc

from anlan.science.errors import BadInput

Array = NDArray[np.float64]
REACHES_MAX = 1000


def nash_ordinates(reservoirs: float, storage_h: float, step_h: float, steps: int) -> Array:
    """Share of a block of excess that leaves in each step, (steps,): eq. 1, integrated twice.

    A block of one step's length enters evenly; the shares sum to 1 as steps grow.
    """
    if reservoirs <= 0 or storage_h <= 0 or step_h <= 0 or steps < 1:
        raise BadInput("nash", "m, k, Δt and the steps must be over 0")
    edges = np.arange(steps + 1) * step_h / storage_h
    m = reservoirs
    # ∫ P(m, x) dx = x P(m, x) - m P(m+1, x)
    area = edges * gammainc(m, edges) - m * gammainc(m + 1, edges)
    passed = np.diff(np.concatenate([[0.0], area])) / (step_h / storage_h)
    return np.diff(passed)


def convolve_m3_s(excess_mm: Array, shares: Array, area_km2: float, step_h: float) -> Array:
    """Mean flow of each step in m³/s from excess in mm. (n,), (m,) → (n + m - 1,)"""
    return np.convolve(excess_mm, shares) * area_km2 * 1000 / (step_h * 3600)


def muskingum_m3_s(
    inflow_m3_s: Array, travel_h: float, weight: float, step_h: float, first: float | None = None
) -> Array:
    """Outflow of a reach (eq. 2). travel_h: K; weight: x, 0 to 0.5.

    Raises BadInput where 2 K x > Δt or Δt > 2 K (1-x): there a coefficient is negative and the
    outflow dips below nothing.
    """
    if not 0 <= weight <= 0.5:
        raise BadInput("muskingum-weight", f"x = {weight} is outside 0 to 0.5")
    if not 2 * travel_h * weight <= step_h <= 2 * travel_h * (1 - weight):
        low, high = 2 * travel_h * weight, 2 * travel_h * (1 - weight)
        raise BadInput(
            "muskingum-step", f"Δt = {step_h} h must be within {low:.3g} to {high:.3g} h"
        )
    whole = travel_h * (1 - weight) + step_h / 2
    c0 = (step_h / 2 - travel_h * weight) / whole
    c1 = (step_h / 2 + travel_h * weight) / whole
    c2 = (travel_h * (1 - weight) - step_h / 2) / whole
    flow = np.asarray(inflow_m3_s, float)
    out = np.empty_like(flow)
    out[0] = flow[0] if first is None else first
    for k in range(1, len(flow)):
        out[k] = c0 * flow[k] + c1 * flow[k - 1] + c2 * out[k - 1]
    return out


def muskingum_cunge_m3_s(
    inflow_m3_s: Array, length_m: float, width_m: float, slope: float, manning: float, step_s: float
) -> Array:
    """Outflow of a wide prismatic reach (eq. 3), its parameters from a reference flow.

    The reach is cut so that a reference wave crosses a part in about a step.
    """
    flow = np.asarray(inflow_m3_s, float)
    if min(length_m, width_m, slope, manning, step_s) <= 0 or (flow < 0).any():
        raise BadInput("cunge", "length, width, slope, n and step over 0, inflow not negative")
    middle = float(flow.min() + (flow.max() - flow.min()) / 2) or 1e-6
    depth = (manning * middle / (width_m * slope**0.5)) ** 0.6
    celerity = 5 / 3 * middle / (width_m * depth)
    parts = int(np.clip(np.rint(length_m / (celerity * step_s)), 1, REACHES_MAX))
    part_m = length_m / parts
    weight = float(np.clip(0.5 * (1 - middle / (width_m * slope * celerity * part_m)), 0, 0.5))
    travel_s = part_m / celerity
    for _ in range(parts):
        flow = _routed(flow, travel_s, weight, step_s)
    return flow


def _routed(flow: Array, travel_s: float, weight: float, step_s: float) -> Array:
    """A part of the reach, in sub-steps that keep the coefficients of eq. 2 positive."""
    most = 2 * travel_s * (1 - weight)
    cuts = int(np.ceil(step_s / most))
    fine = np.interp(np.arange(len(flow) * cuts - cuts + 1) / cuts, np.arange(len(flow)), flow)
    low = 2 * travel_s * weight
    step = max(step_s / cuts, low)
    if step > step_s / cuts:  # a step shorter than the wave needs: x is lowered, not the step
        weight = step_s / cuts / (2 * travel_s)
    return muskingum_m3_s(fine, travel_s / 3600, weight, step_s / cuts / 3600)[::cuts]
