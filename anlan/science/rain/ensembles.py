"""Storms that agree with what was reported: so much in a day, so much in the worst hour.

A press report gives two numbers of a storm and not its course. Each member draws a course by seed
(a gamma cascade over the hours with a drawn wetness and place of the peak) and is then held to both
numbers exactly. What the members share is known; where they differ is what nobody reported.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anlan.science.errors import BadInput

MEMBERS_MAX = 10_000
PASSES_MAX = 200


def consistent_hours_mm(
    day_mm: float, hour_mm: float, members: int, seed: int, hours: int = 24
) -> NDArray[np.float64]:
    """Hourly depths, (members, hours), mm: each sums to day_mm and its worst hour is hour_mm.

    Raises BadInput where no such storm exists (an hour more than the day, or a day that cannot be
    filled without a worse hour).
    """
    if not 0 < hour_mm <= day_mm <= hour_mm * hours:
        raise BadInput(
            "storm-totals", f"no {hours} h of {day_mm} mm have a worst hour of {hour_mm}"
        )
    if not 1 <= members <= MEMBERS_MAX:
        raise BadInput("members", f"{members} members: 1 to {MEMBERS_MAX}")
    return np.array(
        [_member(np.random.default_rng([seed, k]), day_mm, hour_mm, hours) for k in range(members)]
    )


def _member(
    rng: np.random.Generator, day_mm: float, hour_mm: float, hours: int
) -> NDArray[np.float64]:
    """One course: a peak hour, the rest gamma-distributed, thinning away from the peak."""
    peak = int(rng.integers(0, hours))
    spell_h = rng.uniform(2.0, 10.0)
    near = np.exp(-np.abs(np.arange(hours) - peak) / spell_h)
    rest = rng.gamma(rng.uniform(0.4, 1.5), 1.0, hours) * near + 1e-9
    rest[peak] = 0.0
    course = _filled(rest, day_mm - hour_mm, hour_mm)
    course[peak] = hour_mm
    return course


def _filled(weights: NDArray[np.float64], total: float, most: float) -> NDArray[np.float64]:
    """Shares of `total` by weight with none over `most`; what is over goes to the others."""
    out = np.zeros_like(weights)
    free = weights > 0
    for _turn in range(PASSES_MAX):
        left = total - out[~free].sum()
        out[free] = weights[free] / weights[free].sum() * left
        over = free & (out > most)
        if not over.any():
            return out
        out[over] = most
        free &= ~over
        if not free.any():
            return out
    return out
