"""Depth against damage: curves as data, each with its source and whether it was checked.

(1) damage = value × share(d - floor),  share piecewise linear between the curve's points
Flows in: depth at each building, its value and floor, a curve. Flows out: damage by building, and
its range over members. Card: docs/models/exposure-damage.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.science.errors import BadInput
from anlan.science.fields import Field, check

FIELDS = (
    Field("depth_m", "m", ("buildings",), 0, 100),
    Field("floor_m", "m", ("buildings",), -5, 20),
    Field("value", "any money", ("buildings",), 0, 1e13),
)
OUT_FIELDS = (Field("damage", "as value", ("buildings",), 0, 1e13),)


@dataclass(frozen=True)
class Curve:
    """depth_m rises from 0, share (of the value) never falls, within 0 to 1; status: checked or
    unverified (nobody held it against its source)."""

    name: str
    depth_m: tuple[float, ...]
    share: tuple[float, ...]
    source: str
    status: str

    def __post_init__(self) -> None:
        d, s = np.array(self.depth_m), np.array(self.share)
        if d.shape != s.shape or d.size < 2 or d[0] != 0 or (np.diff(d) <= 0).any():
            raise BadInput("curve-depth", f"{self.name}: depths rise from 0, one share each")
        if (np.diff(s) < 0).any() or s[0] < 0 or s[-1] > 1:
            raise BadInput("curve-share", f"{self.name}: shares rise within 0 to 1")
        if self.status not in ("checked", "unverified"):
            raise BadInput("curve-status", f"{self.name}: status is checked or unverified")

    def at(self, depth_m: ArrayLike) -> NDArray[np.float64]:
        """The share at these depths; the last one beyond the curve."""
        return np.interp(np.asarray(depth_m, np.float64), self.depth_m, self.share)


JRC_ASIA_HOMES = Curve(
    "JRC, Asia, residential",
    (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0),
    (0.0, 0.33, 0.49, 0.62, 0.72, 0.87, 0.93, 0.98, 1.0),
    "Huizinga, de Moel & Szewczyk 2017, doi:10.2760/16510",
    "unverified",
)


def damage(
    curve: Curve, depth_m: ArrayLike, floor_m: ArrayLike, value: ArrayLike
) -> NDArray[np.float64]:
    """Eq. 1 for each building; floor_m: height of its floor above the ground. Raises BadInput."""
    ok = check(FIELDS, {"depth_m": depth_m, "floor_m": floor_m, "value": value})
    inside = ok["depth_m"].astype(np.float64) - ok["floor_m"]
    wet = (ok["depth_m"] > 0) & (inside > 0)
    return np.where(wet, curve.at(inside) * ok["value"], 0.0)


def damage_range(
    curve: Curve, depths_m: ArrayLike, floor_m: ArrayLike, value: ArrayLike
) -> tuple[float, float, float]:
    """(10 %, 50 %, 90 %) of the total over members; depths_m (members, buildings)."""
    depths = np.asarray(depths_m)
    if depths.ndim != 2 or not len(depths):
        raise BadInput("depths_m-shape", "depths are (members, buildings), one member or more")
    totals = [float(damage(curve, row, floor_m, value).sum()) for row in depths]
    low, middle, high = np.percentile(totals, [10, 50, 90])
    return float(low), float(middle), float(high)
