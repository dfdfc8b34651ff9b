"""The map: outlines, places, how the chosen call-out stands there; the same as a list beside it.

Flows in: divisions of the county, calls, zones and shelters, each through its room's queries and
the reader's scope. Flows out: a page whose list says everything, and two JSON answers for the
drawing (WGS-84, GeoJSON): the ground, which hardly changes, and the points, asked again whenever
something does.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.engines.callout import queries as callout
from anlan.engines.callout.models import Callout
from anlan.faces.console.templatetags.anlan import state_word
from anlan.ground import clock
from anlan.ground.places import level, township_of
from anlan.ground.scope import Scope
from anlan.ground.web import json_page, page, scope_of
from anlan.rooms.evacuation import queries as evacuation

POINTS_MAX = 20_000
LISTED_MAX = 200
CALLOUTS_SHOWN = 20
ANSWERED = frozenset({"answered", "help"})
STATES = ("nobody", "help", "fallback", "ringing", "waiting", "reached_by_fallback", "answered")


@dataclass(frozen=True, slots=True)
class TownRow:
    """A township in the list beside the map. open: neither answered nor reached."""

    code: int
    name: str
    total: int
    answered: int
    reached: int
    open: int
    nobody: int


def _chosen(request: HttpRequest, scope: Scope) -> tuple[Callout | None, list[Any]]:
    """The call-out that the address names, else the newest open one; and those to choose from."""
    rows = callout.recent(scope, CALLOUTS_SHOWN)
    wanted = request.GET.get("callout", "")
    if wanted.isdigit():
        return next((row for row, _n in rows if row.id == int(wanted)), None), rows
    return (rows[0][0] if rows else None), rows


@page("map.read")
def map_page(request: HttpRequest) -> HttpResponse:
    """Where nobody has answered yet, by township; the drawing asks for its points itself."""
    scope = scope_of(request)
    row, rows = _chosen(request, scope)
    tree = callout.tree(scope, row.id) if row else None
    names = dict(_divisions().values_list("code", "name"))
    towns = _towns(tree.nodes if tree else [], names)
    county = _divisions().filter(code__in=[c for c in names if level(c) == "county"]).first()
    wanted = request.GET.get("state", "")
    context = {
        "villages": _listed(tree.nodes if tree else [], wanted),
        "row": row, "rows": [r for r, _n in rows], "counts": tree.counts if tree else None,
        "towns": [t for t in towns if not wanted or _has(t, wanted)], "wanted": wanted,
        "states": _states(tree.nodes if tree else []), "source": county.source if county else "",
        "silent": sum(1 for t in towns if t.open), "now": clock.now(),
        "uncalled": 0 if wanted else sum(1 for t in towns if not t.total),
    }  # fmt: skip
    return render(request, "console/map.html", context)


def _listed(nodes: list[Any], wanted: str) -> list[Any]:
    """The posts that the drawing shows: of the wanted state, else those that nobody has reached."""
    settled = ANSWERED | {"reached_by_fallback", "stopped"}
    shown = [n for n in nodes if (n.state == wanted if wanted else n.state not in settled)]
    return shown[:LISTED_MAX]


def _divisions() -> Any:
    from anlan.county.models import Division

    return Division.objects.all()


def _states(nodes: list[Any]) -> list[tuple[str, int]]:
    counted = Counter(node.state for node in nodes)
    return [(name, counted[name]) for name in STATES if counted[name]]


def _has(town: TownRow, state: str) -> bool:
    if state in ANSWERED:
        return town.answered > 0
    return {"nobody": town.nobody, "reached_by_fallback": town.reached}.get(state, town.open) > 0


def towns_of(nodes: list[Any]) -> list[TownRow]:
    """The townships of these calls by name, those with open calls first."""
    return _towns(nodes, dict(_divisions().values_list("code", "name")))


def _towns(nodes: list[Any], names: dict[int, str]) -> list[TownRow]:
    """Townships with open calls first, most of them first."""
    grouped: dict[int, list[str]] = {code: [] for code in names if level(code) == "township"}
    for node in nodes:
        town = township_of(node.division)
        if town is not None:
            grouped.setdefault(town, []).append(node.state)
    rows = [_town(code, names.get(code, str(code)), states) for code, states in grouped.items()]
    return sorted(rows, key=lambda row: (-row.nobody, -row.open, row.code))


def _town(code: int, name: str, states: list[str]) -> TownRow:
    counted = Counter(states)
    answered = sum(counted[state] for state in ANSWERED)
    reached, total = counted["reached_by_fallback"], len(states)
    silent = total - answered - reached - counted["stopped"]
    return TownRow(code, name, total, answered, reached, silent, counted["nobody"])


@json_page("map.read")
def ground(request: HttpRequest) -> HttpResponse:
    """Outlines of county and townships, and one label point for each."""
    return JsonResponse(ground_of(scope_of(request)))


def ground_of(scope: Scope) -> dict[str, Any]:
    """The ground as the scope sees it, in its open transaction."""
    import shapely

    areas, labels = [], []
    for row in _divisions():
        kind = level(row.code)
        if row.outline and kind != "village":
            shape = shapely.from_wkb(bytes(row.outline))
            areas.append(_feature(shape.__geo_interface__, code=row.code, kind=kind))
        if kind == "township" and row.label_lon is not None and row.label_lat is not None:
            labels.append(
                _feature(_point(row.label_lon, row.label_lat), code=row.code, name=row.name)
            )
    return {"areas": _collection(areas), "labels": _collection(labels)}


@json_page("map.read")
def points(request: HttpRequest) -> HttpResponse:
    """Villages with their state, opened zones, shelters; and the share answered by township."""
    return JsonResponse(points_of(request, scope_of(request)))


def points_of(request: HttpRequest, scope: Scope) -> dict[str, Any]:
    """The points as the scope sees them, in its open transaction."""
    row, _rows = _chosen(request, scope)
    states = callout.states_by_division(scope, row.id) if row else {}
    nodes = callout.tree(scope, row.id) if row else None
    leads = row.id if row and scope.may("callout.read") else 0
    found = _villages(states, leads) + _zones(scope) + _shelters(scope)
    towns = [
        {"code": t.code, "share": t.answered / t.total if t.total else None, "open": t.open,
         "nobody": t.nobody}
        for t in _towns(nodes.nodes if nodes else [], {})
    ]  # fmt: skip
    return {"points": _collection(found[:POINTS_MAX]), "towns": towns}


def _villages(states: dict[int, str], callout_id: int) -> list[dict[str, Any]]:
    """callout_id: where a village that was called leads to; 0: to the village itself."""
    rows = _divisions().exclude(label_lat=None).exclude(label_lon=None)
    found = []
    for code, name, lat, lon in rows.values_list("code", "name", "label_lat", "label_lon"):
        if level(code) != "village":
            continue
        state = states.get(code, "")
        called = state and callout_id
        url = f"/callout/{callout_id}/?place={code}" if called else f"/county/divisions/{code}/"
        word = state_word(state) if state else ""
        found.append(
            _feature(
                _point(lon, lat), code=code, name=_short(name), kind="village", state=state,
                word=word, url=url,
            )
        )  # fmt: skip
    return found


def _short(name: str) -> str:
    return name.removesuffix("村民委员会").removesuffix("居民委员会")


def _zones(scope: Scope) -> list[dict[str, Any]]:
    if not scope.may("evacuation.read"):
        return []
    opened = {entry.row.zone_id: entry for entry in evacuation.night(scope).rows}
    found = []
    for entry in evacuation.zones(scope):
        zone, night = entry.zone, opened.get(entry.zone.id)
        if zone.lat is None or zone.lon is None:
            continue
        state = "" if night is None else "counted" if night.counted_at else "not_reported"
        word = "" if night is None else (
            _("未转 %(n)d 人") % {"n": night.figures.still_there} if night.counted_at else _("未报")
        )  # fmt: skip
        url = f"/zones/{night.row.id}/" if night else f"/zones/?place={zone.division}"
        found.append(_feature(_point(zone.lon, zone.lat), code=zone.id, name=zone.name, kind="zone",
                              state=state, word=word, url=url))  # fmt: skip
    return found


def _shelters(scope: Scope) -> list[dict[str, Any]]:
    if not scope.may("evacuation.read"):
        return []
    return [
        _feature(_point(row.lon, row.lat), code=row.id, name=row.name, kind="shelter", state="",
                 word=_("容纳 %(n)d 人") % {"n": row.capacity}, url=f"/zones/?place={row.division}")
        for row in evacuation.shelters(scope)
        if row.lat is not None and row.lon is not None
    ]  # fmt: skip


def _point(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [round(lon, 5), round(lat, 5)]}


def _feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


urlpatterns = [
    path("map/", map_page, name="map"),
    path("map/ground/", ground, name="map-ground"),
    path("map/points/", points, name="map-points"),
]
