"""Outlines of divisions: imported by the site, or drawn by us and then marked 演示数据.

No township outline of the county is published as data that may be redistributed. Until the site
imports its own, each township gets the cell of points nearest to its label point (Voronoi), cut at
the hull of all of them: enough to see which one it is, and nothing more.
"""

from __future__ import annotations

from anlan.county.models import Division
from anlan.ground import journal
from anlan.ground.actions import action
from anlan.ground.places import county_of, level
from anlan.ground.scope import Scope

EDGE_DEG = 0.035


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
    edge = points.convex_hull.buffer(EDGE_DEG)
    cells = shapely.voronoi_polygons(points, extend_to=edge.envelope)
    for row in townships:
        own = shapely.Point(row.label_lon, row.label_lat)
        cell = next(cell for cell in cells.geoms if cell.covers(own))
        _keep(row, shapely.intersection(cell, edge))
    county = Division.objects.filter(code=county_of(townships[0].code)).first()
    if county is not None:
        _keep(county, edge)
    journal.line(scope, "county.outlines", None, why="演示数据", division=townships[0].code)
    return len(townships)


def _keep(row: Division, outline: object) -> None:
    import shapely

    row.outline = shapely.to_wkb(shapely.set_precision(outline, 1e-5))
    row.save(update_fields=["outline"])
