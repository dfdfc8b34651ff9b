"""How far a slide may run, and who is below: the line of reach from its crest.

(1) a cell is reached if the line that falls from the crest by tan(reach angle) stays above the
    ground all the way to it: H/L ≥ tan ω (Heim 1932; Corominas 1996, doi:10.1139/t96-005)
Flows in: terrain, crests with their angle, named places with people. Flows out: cells reached, the
height of the line above each, people below. The angle is the county's or the survey's: steep for a
small fall, gentle for a large flow. No direction, no channel, no volume left behind.
Card: docs/models/slopes-runout.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from anlan.science.errors import BadInput
from anlan.science.fields import Field, check

CRESTS_MAX = 100_000
REACH_M_MAX = 5_000.0

FIELDS = (
    Field("bed_m", "m", ("rows", "columns"), -500, 9000),
    Field("row", "index", ("crests",), 0, 1e6, whole=True),
    Field("column", "index", ("crests",), 0, 1e6, whole=True),
    Field("angle_deg", "°", ("crests",), 3, 60),
)
OUT_FIELDS = (Field("line_m", "m above ground, 0 not reached", ("rows", "columns"), 0, 9500),)


def reached(
    bed_m: ArrayLike, cell_m: float, row: ArrayLike, column: ArrayLike, angle_deg: ArrayLike,
    *, reach_m: float = REACH_M_MAX,
) -> NDArray[np.float64]:  # fmt: skip
    """Height of the highest line of reach over each cell, m; 0 where none comes."""
    ok = check(FIELDS, {"bed_m": bed_m, "row": row, "column": column, "angle_deg": angle_deg})
    bed = np.ascontiguousarray(ok["bed_m"], np.float64)
    if ok["row"].size > CRESTS_MAX or not 0.1 <= cell_m <= 1000 or not 0 < reach_m <= REACH_M_MAX:
        raise BadInput("runout", f"up to {CRESTS_MAX:,} crests, cells 0.1 to 1000 m, reach ≤ 5 km")
    inside = (ok["row"] < bed.shape[0]) & (ok["column"] < bed.shape[1])
    if not inside.all():
        raise BadInput("crest-outside", f"crest {int(np.argmin(inside))} is outside the terrain")
    line = np.zeros(bed.shape)
    _reach(
        bed, cell_m, ok["row"].astype(np.int64), ok["column"].astype(np.int64),
        np.tan(np.radians(ok["angle_deg"].astype(np.float64))), reach_m, line,
    )  # fmt: skip
    return line


@njit(cache=True, nogil=True, error_model="numpy")
def _reach(bed: Any, cell_m: Any, row: Any, column: Any, tan: Any, reach_m: Any, line: Any) -> None:
    rows, columns = bed.shape
    span = int(reach_m / cell_m)
    for k in range(row.size):
        r0, c0 = row[k], column[k]
        for r in range(max(0, r0 - span), min(rows, r0 + span + 1)):
            for c in range(max(0, c0 - span), min(columns, c0 + span + 1)):
                far = np.hypot(float(r - r0), float(c - c0)) * cell_m
                above = bed[r0, c0] - far * tan[k] - bed[r, c]
                if far > reach_m or far == 0.0 or above <= line[r, c] + 1e-9:
                    continue
                steps = max(abs(r - r0), abs(c - c0))
                free = True
                for i in range(1, steps):
                    y = r0 + int(np.round((r - r0) * i / steps))
                    x = c0 + int(np.round((c - c0) * i / steps))
                    on = np.hypot(float(y - r0), float(x - c0)) * cell_m
                    if bed[r0, c0] - on * tan[k] < bed[y, x]:  # eq. 1, all the way
                        free = False
                        break
                if free:
                    line[r, c] = above


def people_below(
    line_m: ArrayLike, row: ArrayLike, column: ArrayLike, people: ArrayLike
) -> tuple[NDArray[np.bool_], int]:
    """(which places are reached, people in them). Raises BadInput where a place is outside."""
    line = np.asarray(line_m, np.float64)
    r, c, who = (np.asarray(v, np.int64) for v in (row, column, people))
    if not (r.shape == c.shape == who.shape) or (who < 0).any():
        raise BadInput("places", "one row, column and count of people a place")
    if r.size and not ((r >= 0) & (c >= 0) & (r < line.shape[0]) & (c < line.shape[1])).all():
        raise BadInput("place-outside", "a place is outside the terrain")
    hit = line[r, c] > 0
    return hit, int(who[hit].sum())
