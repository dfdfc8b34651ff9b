"""Five grades of meteorological risk of slopes, from the county's own table.

Flows in: how prone each cell is (class), how much rain it had and will have (class), the county's
table. Flows out: a grade by cell, by slope unit and by named point with the people below. Grade 1
is the highest (red), 5 the lowest; grades 1 to 4 are warned of, as in 地质灾害气象风险预警.
The table is data: this module holds none. Card: docs/models/slopes-grades.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from anlan.science.errors import BadInput
from anlan.science.fields import Field, check

GRADES = 5
FIELDS = (
    Field("prone", "class, 0 least", ("cells",), 0, 20, whole=True),
    Field("antecedent_mm", "mm", ("cells",), 0, 5000),
    Field("forecast_mm", "mm", ("cells",), 0, 2000),
)
OUT_FIELDS = (Field("grade", "1 red to 5", ("cells",), 1, GRADES, whole=True),)


@dataclass(frozen=True)
class Table:
    """prone classes × rain classes -> grade. rain_mm: lower edges of the rain classes after the
    first; decay: share of antecedent rain that counts; source: whose table, and its date."""

    grade: tuple[tuple[int, ...], ...]
    rain_mm: tuple[float, ...]
    decay: float
    source: str

    def __post_init__(self) -> None:
        rows = np.array(self.grade)
        if rows.ndim != 2 or rows.shape[1] != len(self.rain_mm) + 1:
            raise BadInput("table-shape", "a row for each proneness, a column for each rain class")
        if not ((rows >= 1) & (rows <= GRADES)).all() or (np.diff(self.rain_mm) <= 0).any():
            raise BadInput("table-range", f"grades are 1 to {GRADES}; edges of rain rise")
        if (np.diff(rows, axis=1) > 0).any() or (np.diff(rows, axis=0) > 0).any():
            raise BadInput("table-order", "more rain or more prone must never be a lower risk")
        if not 0 <= self.decay <= 1:
            raise BadInput("table-decay", "the share of antecedent rain is within 0 to 1")


def grade(
    table: Table, prone: ArrayLike, antecedent_mm: ArrayLike, forecast_mm: ArrayLike
) -> NDArray[np.int8]:
    """The grade of each cell. Raises BadInput."""
    ok = check(FIELDS, {"prone": prone, "antecedent_mm": antecedent_mm, "forecast_mm": forecast_mm})
    rows = np.array(table.grade, np.int8)
    if ok["prone"].size and ok["prone"].max() >= len(rows):
        raise BadInput("prone-range", f"class {ok['prone'].max()} of {len(rows)} in the table")
    rain = ok["forecast_mm"] + table.decay * ok["antecedent_mm"]
    return rows[ok["prone"], np.searchsorted(np.asarray(table.rain_mm), rain, side="right")]


def likely(grades: ArrayLike, *, at_least: float = 0.3) -> NDArray[np.int8]:
    """(members, cells) -> the highest grade that a share at_least of the members reaches."""
    g = np.sort(np.asarray(grades), axis=0)
    if g.ndim != 2 or not 0 < at_least <= 1:
        raise BadInput("members-shape", "grades (members, cells), a share within 0 to 1")
    return g[int(np.ceil(at_least * len(g) - 1e-9)) - 1].astype(np.int8)


def by_unit(grades: ArrayLike, unit: ArrayLike, *, share: float = 0.1) -> NDArray[np.int8]:
    """The grade of each slope unit (0 to its highest number): the highest that this share of its
    cells reaches; 5 for a unit without cells."""
    g, u = np.asarray(grades), np.asarray(unit)
    if g.shape != u.shape or u.ndim != 1 or (u < 0).any():
        raise BadInput("unit-shape", "one unit of 0 or more a cell")
    found = np.full(int(u.max()) + 1 if u.size else 0, GRADES, np.int8)
    sizes = np.bincount(u, minlength=found.size)
    for level in range(GRADES - 1, 0, -1):
        reach = np.bincount(u[g <= level], minlength=found.size)
        found[(sizes > 0) & (reach >= np.maximum(share * sizes - 1e-9, 1))] = level
    return found


@dataclass(frozen=True)
class Point:
    """A named point: its cell, the people below, its grade."""

    name: str
    cell: int
    people: int
    grade: int


def by_point(
    grades: ArrayLike, names: Sequence[str], cells: ArrayLike, people: ArrayLike
) -> list[Point]:
    """Named points, the gravest first, then the most people, then by name."""
    g, at, who = np.asarray(grades), np.asarray(cells, np.int64), np.asarray(people, np.int64)
    if not (len(names) == at.size == who.size) or (at < 0).any() or (at >= g.size).any():
        raise BadInput("points", "a name, a cell of the grid and people for each point")
    points = [Point(n, int(c), int(p), int(g[c])) for n, c, p in zip(names, at, who, strict=True)]
    return sorted(points, key=lambda point: (point.grade, -point.people, point.name))
