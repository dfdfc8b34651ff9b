"""The steady rain that a hollow bears: where water gathers on steep soil, a little is enough.

Flows in: slope, contributing area a contour length, soil. Flows out: critical steady rain in mm a
day, and two classes that need no rain to be told.
(1) h/z = (ρ_s/ρ_w)(1 - tan θ / tan φ) + C / (ρ_w g z cos²θ tan φ)      wetness at failure
(2) q = T sin θ (b/a) h/z                                               critical steady rain
Montgomery & Dietrich 1994, doi:10.1029/93WR02979, with the cohesion of their 1998 form; z vertical.
Relative: it ranks slopes, it does not date failures. Card: docs/models/slopes-shalstab.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.science.fields import Field, check

WATER_KG_M3 = 1000.0
GRAVITY_M_S2 = 9.81
WETNESS = ("slope_deg", "friction_deg", "density_kg_m3", "cohesion_pa", "depth_m")

FIELDS = (
    Field("slope_deg", "°", ("cells",), 0, 80),
    Field("area_m", "m² a m", ("cells",), 0.1, 1e8),
    Field("friction_deg", "°", ("cells",), 1, 60),
    Field("transmissivity_m2_day", "m²/day", ("cells",), 1e-3, 1e5),
    Field("density_kg_m3", "kg/m³", ("cells",), 1000, 2700),
    Field("cohesion_pa", "Pa", ("cells",), 0, 200_000),
    Field("depth_m", "m", ("cells",), 0.05, 50),
)
OUT_FIELDS = (Field("critical_mm_day", "mm/day", ("cells",), 0, float("inf")),)


def wetness(
    slope_deg: ArrayLike, friction_deg: ArrayLike, density_kg_m3: ArrayLike,
    cohesion_pa: ArrayLike, depth_m: ArrayLike,
) -> NDArray[np.float64]:  # fmt: skip
    """Eq. 1: h/z at which the slope fails; ≤ 0 fails dry, ≥ 1 holds even when full of water."""
    theta = np.radians(np.maximum(np.asarray(slope_deg, float), 1e-6))
    tan_phi = np.tan(np.radians(friction_deg))
    dense = np.asarray(density_kg_m3, float) / WATER_KG_M3
    sticks = np.asarray(cohesion_pa, float) / (
        WATER_KG_M3 * GRAVITY_M_S2 * np.asarray(depth_m, float) * np.cos(theta) ** 2 * tan_phi
    )
    return dense * (1 - np.tan(theta) / tan_phi) + sticks


def critical_mm_day(
    slope_deg: ArrayLike, area_m: ArrayLike, friction_deg: ArrayLike,
    transmissivity_m2_day: ArrayLike, density_kg_m3: ArrayLike = 1700.0,
    cohesion_pa: ArrayLike = 0.0, depth_m: ArrayLike = 1.0,
) -> NDArray[np.float64]:  # fmt: skip
    """Eq. 2 in mm/day: 0 fails dry, inf holds in any rain. Raises BadInput."""
    given = {
        "slope_deg": slope_deg, "area_m": area_m, "friction_deg": friction_deg,
        "transmissivity_m2_day": transmissivity_m2_day, "density_kg_m3": density_kg_m3,
        "cohesion_pa": cohesion_pa, "depth_m": depth_m,
    }  # fmt: skip
    size = max(np.size(v) for v in given.values())
    ok = check(
        FIELDS, {n: np.broadcast_to(v, size) if np.ndim(v) == 0 else v for n, v in given.items()}
    )
    full = wetness(*(ok[n] for n in WETNESS))
    q_m_day = (
        ok["transmissivity_m2_day"] * np.sin(np.radians(ok["slope_deg"])) / ok["area_m"] * full
    )
    return np.where(full <= 0, 0.0, np.where(full >= 1, np.inf, q_m_day * 1000.0))
