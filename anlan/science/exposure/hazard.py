"""Classes of danger from depth and speed: the British rating and the Australian six classes.

(1) HR = d (v + 0.5) + DF,  classes at 0.75, 1.25, 2.0           DEFRA FD2320 (and its 2008 note)
(2) H1 to H6: limits of d v, d and v as in LIMITS               AIDR Guideline 7-3 (2017)
Flows in: depth, speed, debris. Flows out: rating and class of each cell. For people, vehicles and
buildings in the open; not for those in a cellar. Card: docs/models/exposure-hazard.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.science.errors import BadInput
from anlan.science.fields import Field, check

FIELDS = (
    Field("depth_m", "m", ("cells",), 0, 100),
    Field("speed_m_s", "m/s", ("cells",), 0, 50),
)
OUT_FIELDS = (
    Field("rating", "m²/s", ("cells",), 0, 5100),
    Field("british", "0 low, 1 some, 2 most, 3 all", ("cells",), 0, 3, whole=True),
    Field("australian", "0 dry, H1 to H6", ("cells",), 0, 6, whole=True),
)
BRITISH_EDGES = (0.75, 1.25, 2.0)
DEBRIS_DEPTH_M = 0.25
DEBRIS_SPEED_M_S = 2.0
DEBRIS = {"none": 0.0, "pasture": 0.5, "wood": 1.0, "urban": 1.0}
# Most d v (m²/s), d (m) and v (m/s) of H1 to H5; beyond the last is H6.
LIMITS = ((0.3, 0.3, 2.0), (0.6, 0.5, 2.0), (0.6, 1.2, 2.0), (1.0, 2.0, 2.0), (4.0, 4.0, 4.0))


def rating(
    depth_m: ArrayLike, speed_m_s: ArrayLike, *, debris: str = "none"
) -> NDArray[np.float64]:
    """Eq. 1; debris counts where it is over 0.25 m deep or faster than 2 m/s. Raises BadInput."""
    ok = check(FIELDS, {"depth_m": depth_m, "speed_m_s": speed_m_s})
    if debris not in DEBRIS:
        raise BadInput("debris", f"debris is one of {', '.join(DEBRIS)}, not {debris!r}")
    d, v = ok["depth_m"].astype(np.float64), ok["speed_m_s"].astype(np.float64)
    floats = (d > 0) & ((d > DEBRIS_DEPTH_M) | (v > DEBRIS_SPEED_M_S))
    return np.where(d > 0, d * (v + 0.5), 0.0) + np.where(floats, DEBRIS[debris], 0.0)


def british(hazard_rating: ArrayLike) -> NDArray[np.int8]:
    """0 low, 1 danger for some (children, old people), 2 for most, 3 for all."""
    rated = np.asarray(hazard_rating, np.float64)
    if np.isnan(rated).any() or (rated < 0).any():
        raise BadInput("rating-range", "a hazard rating is 0 or more")
    return np.searchsorted(BRITISH_EDGES, rated, side="right").astype(np.int8)


def australian(depth_m: ArrayLike, speed_m_s: ArrayLike) -> NDArray[np.int8]:
    """Eq. 2: 0 where dry, else 1 (safe) to 6 (all buildings at risk). Raises BadInput."""
    ok = check(FIELDS, {"depth_m": depth_m, "speed_m_s": speed_m_s})
    d, v = ok["depth_m"].astype(np.float64), ok["speed_m_s"].astype(np.float64)
    found = np.where(d > 0, 6, 0)
    for number, (most_dv, most_d, most_v) in reversed(list(enumerate(LIMITS, start=1))):
        within = (d > 0) & (d * v <= most_dv) & (d <= most_d) & (v <= most_v)
        found[within] = number
    return found.astype(np.int8)
