"""Rain into a slope: pressure that travels down, and whether the slope holds.

Flows in: slope, soil, depth of the water table, rain by steps. Flows out: pressure head and factor
of safety at depth and time, the time of failure, and the share of soils that fail.
(1) ψ(Z,t) = (Z - d) β + Z Σ_n (I_n/K_z) [R(t*_n) - R(t*_n - T*_n)],  β = cos²α - (I_Z/K_z)_steady
(2) R(t*) = √(t*/π) exp(-1/t*) - erfc(1/√t*);  t* = t D̂/Z²,  D̂ = 4 D₀ cos²α;  R(t* ≤ 0) = 0
(3) FS = tan φ / tan α + [c - ψ γ_w tan φ] / (γ_s Z sin α cos α)
Iverson 2000, doi:10.1029/2000WR900090, his eq. 26 to 28; steps of rain add up, for (1) is linear.
ψ is held to ψ ≤ Z β (his limit: the pressure of a water table at the surface). Shallow, wet soils
on long uniform slopes; no suction, no roots apart from c. Card: docs/models/slopes-infinite.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfc

from anlan.science.errors import BadInput
from anlan.science.fields import Field, check

WATER_N_M3 = 9810.0
STEPS_MAX = 10_000
CELLS_MAX = 50_000_000

SOIL_FIELDS = (
    Field("slope_deg", "°", ("cells",), 1, 80),
    Field("depth_m", "m", ("cells",), 0.05, 50),
    Field("table_m", "m", ("cells",), 0, 50),
    Field("cohesion_pa", "Pa", ("cells",), 0, 200_000),
    Field("friction_deg", "°", ("cells",), 1, 60),
    Field("weight_n_m3", "N/m³", ("cells",), 9_810, 27_000),
    Field("conductivity_m_s", "m/s", ("cells",), 1e-10, 0.1),
    Field("diffusivity_m2_s", "m²/s", ("cells",), 1e-9, 1),
)
RAIN_FIELDS = (
    Field("begin_s", "s", ("steps",), 0, 1e8),
    Field("end_s", "s", ("steps",), 0, 1e8),
    Field("rain_m_s", "m/s", ("steps",), 0, 1e-3),
)
OUT_FIELDS = (
    Field("head_m", "m", ("cells",), -50, 50),
    Field("safety", "1", ("cells",), -1e3, 1e4),
)


@dataclass(frozen=True)
class Soil:
    """Arrays over cells (or samples): depth_m is Z, vertical; table_m is d, vertical depth of the
    water table; steady: (I_Z/K_z) of the season before."""

    slope_deg: NDArray[Any]
    depth_m: NDArray[Any]
    table_m: NDArray[Any]
    cohesion_pa: NDArray[Any]
    friction_deg: NDArray[Any]
    weight_n_m3: NDArray[Any]
    conductivity_m_s: NDArray[Any]
    diffusivity_m2_s: NDArray[Any]
    steady: float = 0.0


def soil(steady: float = 0.0, **columns: ArrayLike) -> Soil:
    """Checked soil; numbers are spread over the cells. Raises BadInput."""
    missing = [f.name for f in SOIL_FIELDS if f.name not in columns]
    if missing:
        raise BadInput("soil-missing", f"a soil needs {', '.join(missing)}")
    size = max(np.size(columns[f.name]) for f in SOIL_FIELDS)
    rows = {n: np.broadcast_to(v, size) if np.ndim(v) == 0 else v for n, v in columns.items()}
    if size > CELLS_MAX or not 0 <= steady < 1:
        raise BadInput("steady", f"steady is a share within 0 to 1 (and cells ≤ {CELLS_MAX:,})")
    return Soil(**check(SOIL_FIELDS, rows), steady=steady)


def response(t_star: ArrayLike) -> NDArray[np.float64]:
    """Eq. 2: rises from 0 as the pressure arrives; without bound as √(t*/π) - 1 for steady rain."""
    t = np.asarray(t_star, np.float64)
    safe = np.maximum(t, 1e-12)
    with np.errstate(under="ignore"):
        r = np.sqrt(safe / np.pi) * np.exp(-1.0 / safe) - erfc(1.0 / np.sqrt(safe))
    return np.where(t > 0, np.maximum(r, 0.0), 0.0)


def head_m(
    of: Soil, at_s: float, begin_s: ArrayLike, end_s: ArrayLike, rain_m_s: ArrayLike
) -> NDArray[np.float64]:
    """Eq. 1: pressure head at depth Z and time at_s, m. Rain over K_z runs off. Raises BadInput."""
    ok = check(RAIN_FIELDS, {"begin_s": begin_s, "end_s": end_s, "rain_m_s": rain_m_s})
    if ok["begin_s"].size > STEPS_MAX or (ok["end_s"] < ok["begin_s"]).any():
        raise BadInput("rain-steps", f"up to {STEPS_MAX:,} steps, each ending after its beginning")
    cos2 = np.cos(np.radians(of.slope_deg)) ** 2
    beta = cos2 - of.steady
    pace = 4 * of.diffusivity_m2_s * cos2 / of.depth_m**2
    rise = np.zeros(of.depth_m.shape)
    for begin, end, rain in zip(ok["begin_s"], ok["end_s"], ok["rain_m_s"], strict=True):
        taken = np.minimum(rain / of.conductivity_m_s, 1.0)
        rise += taken * (response((at_s - begin) * pace) - response((at_s - end) * pace))
    return np.minimum((of.depth_m - of.table_m) * beta + of.depth_m * rise, of.depth_m * beta)


def safety(of: Soil, head: ArrayLike) -> NDArray[np.float64]:
    """Eq. 3: below 1 the slope fails."""
    alpha, tan_phi = np.radians(of.slope_deg), np.tan(np.radians(of.friction_deg))
    weight = of.weight_n_m3 * of.depth_m * np.sin(alpha) * np.cos(alpha)
    held = of.cohesion_pa - np.asarray(head, np.float64) * WATER_N_M3 * tan_phi
    return tan_phi / np.tan(alpha) + held / weight


def failure_s(
    of: Soil, times_s: ArrayLike, begin_s: ArrayLike, end_s: ArrayLike, rain_m_s: ArrayLike
) -> NDArray[np.float64]:
    """The first of times_s at which each cell has FS < 1; nan where it never does."""
    found = np.full(of.depth_m.shape, np.nan)
    for t in np.sort(np.asarray(times_s, np.float64)):
        fails = safety(of, head_m(of, float(t), begin_s, end_s, rain_m_s)) < 1.0
        found[fails & np.isnan(found)] = t
    return found


def failing_share(
    samples: Soil, times_s: ArrayLike, begin_s: ArrayLike, end_s: ArrayLike, rain_m_s: ArrayLike
) -> NDArray[np.float64]:
    """Share of sampled soils of one slope that have failed by each time: its probability."""
    when = failure_s(samples, times_s, begin_s, end_s, rain_m_s)
    return np.array([float(np.mean(when <= t)) for t in np.sort(np.asarray(times_s, float))])
