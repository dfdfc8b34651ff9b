"""What the pages of divisions show: townships with their counts, one division with its sketch.

Under the reader's scope; numbers are masked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from anlan.county import versions
from anlan.county.models import (
    Change,
    Division,
    Person,
    Post,
)
from anlan.ground.errors import NotFound
from anlan.ground.places import level, span
from anlan.ground.scope import Scope


@dataclass(frozen=True, slots=True)
class DivisionShown:
    """A division with what lies in it. outlines: its own and its children's, for the sketch."""

    row: Division
    parent: Division | None
    children: list[Division]
    posts: int
    people: int
    has_outline: bool
    sketch: Sketch | None
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Sketch:
    """The outline as an SVG path in tenths of a thousandth of a degree, with the label point."""

    view: str
    path: str
    x: int | None
    y: int | None
    r: int


def divisions(scope: Scope) -> list[tuple[Division, int, int]]:
    """Townships of the scope, each with how many villages and posts."""
    with scope.open():
        rows = list(Division.objects.filter(code__range=(scope.lo, scope.hi)).defer("outline"))
        posts = _counts(Post.objects.filter(ended_at=None).values_list("division", flat=True))
    villages = _counts(row.parent_id for row in rows if level(row.code) == "village"
                       and row.ended_on is None)  # fmt: skip
    shown = [row for row in rows if level(row.code) != "village"]
    return [
        (row, villages.get(row.code, 0), sum(n for code, n in posts.items()
                                             if _in(code, row.code)))
        for row in shown
    ]  # fmt: skip


def _in(code: int, area: int) -> bool:
    lo, hi = span(area)
    return lo <= code <= hi if level(area) != "county" else code == area


def _counts(keys: Any) -> dict[int, int]:
    found: dict[int, int] = {}
    for key in keys:
        found[key] = found.get(key, 0) + 1
    return found


def division(scope: Scope, code: int) -> DivisionShown:
    """One division of the county; out of the scope's span is as if it were not."""
    with scope.open():
        row = Division.objects.filter(pk=code).first()
        if row is None or not (scope.covers(code) or span(code)[0] <= scope.lo <= span(code)[1]):
            raise NotFound("not-found", _("没有这条记录"), str(code), _("请返回列表重新选择"))
        children = list(Division.objects.filter(parent=row).defer("outline"))
        return DivisionShown(
            row,
            Division.objects.filter(pk=row.parent_id).defer("outline").first(),
            [child for child in children if scope.covers(child.code)],
            Post.objects.filter(division=code, ended_at=None).count(),
            Person.objects.filter(division=code, ended_at=None).count(),
            row.outline is not None,
            _sketch(row),
            versions.history(scope, "county.division", code),
        )


LON_SCALE = 0.866  # a degree of longitude beside one of latitude at 30° north


def _sketch(row: Division) -> Sketch | None:
    if row.outline is None:
        return None
    import shapely

    shape = shapely.from_wkb(bytes(row.outline))
    parts = [shape] if shape.geom_type == "Polygon" else list(shape.geoms)
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
    path = " ".join(
        "M" + "L".join("{} {}".format(*_plane(x, y)) for x, y in ring.coords) + "Z"
        for ring in rings
    )
    west, south, east, north = shape.bounds
    (x0, y0), (x1, y1) = _plane(west, north), _plane(east, south)
    point = (None, None)
    if row.label_lat is not None and row.label_lon is not None:
        point = _plane(row.label_lon, row.label_lat)  # type: ignore[assignment]
    width, height = max(x1 - x0, 1), max(y1 - y0, 1)
    return Sketch(f"{x0} {y0} {width} {height}", path, *point, max(1, max(width, height) // 60))


def _plane(lon: float, lat: float) -> tuple[int, int]:
    return round(lon * 10000 * LON_SCALE), round(-lat * 10000)
