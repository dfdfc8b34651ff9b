"""Rain between gauges, with how unsure it is: ordinary kriging with an exponential variogram.

    γ(d) = c₀ + c (1 - exp(-d / a))      Σ λ γ(x_i, x_j) + μ = γ(x_i, x_0), Σ λ = 1        (1)
    value = Σ λ z,   variance = Σ λ γ(x_i, x_0) + μ                                       (2)

Matheron 1963. The estimate goes through the gauges where the nugget c₀ is nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anlan.science.errors import BadInput

GAUGES_MAX = 500
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Variogram:
    """sill c in mm², range a in m (of eq. 1, not the practical range), nugget c₀ in mm²."""

    sill_mm2: float
    range_m: float
    nugget_mm2: float = 0.0

    def __call__(self, distance_m: Array) -> Array:
        rise = self.nugget_mm2 + self.sill_mm2 * (1 - np.exp(-distance_m / self.range_m))
        return np.where(distance_m > 0, rise, 0.0)


def krige(
    gauges_m: Array, rain_mm: Array, points_m: Array, variogram: Variogram
) -> tuple[Array, Array]:
    """(rain in mm, standard deviation in mm) at the points. gauges_m: (n, 2); points_m: (m, 2).

    Raises BadInput for fewer than 2 or more than GAUGES_MAX gauges, two at one place, or negative
    rain. An estimate below nothing is nothing.
    """
    gauges, rain = np.asarray(gauges_m, float), np.asarray(rain_mm, float)
    count = len(gauges)
    if not 2 <= count <= GAUGES_MAX or rain.shape != (count,):
        raise BadInput("gauges", f"{count} gauges with {rain.shape} values: 2 to {GAUGES_MAX}")
    if not np.isfinite(rain).all() or (rain < 0).any():
        raise BadInput("gauge-rain", "rain at a gauge must be finite and not negative")
    apart = np.linalg.norm(gauges[:, None] - gauges[None], axis=2)
    if (apart + np.eye(count) <= 0).any():
        raise BadInput("gauges-together", "two gauges stand at one place: join them first")
    system = np.ones((count + 1, count + 1))
    system[:count, :count] = variogram(apart)
    system[count, count] = 0.0
    to_points = np.linalg.norm(gauges[:, None] - np.asarray(points_m, float)[None], axis=2)
    right = np.vstack([variogram(to_points), np.ones(to_points.shape[1])])
    weights = np.linalg.solve(system, right)
    value = np.maximum(rain @ weights[:count], 0.0)
    variance = np.maximum((weights * right).sum(axis=0), 0.0)
    return value, np.sqrt(variance)
