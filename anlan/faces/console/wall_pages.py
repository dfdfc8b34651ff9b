"""The wall (大屏): one page for a room, read from its other end; and where walls are set up.

Flows in: a device's token, or the sign-in of whoever may see today. Flows out: what is not
reached, how far each level has answered, who is still to be moved, the map, the clock, and how old
all of it is. Posts and places only: a room has visitors, so there is no name and no number here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county.doors import check_address, visitor
from anlan.engines.callout import queries as callout
from anlan.faces.console import map, tree, walls
from anlan.faces.console.today import Today, today_of
from anlan.ground import clock
from anlan.ground.errors import Denied
from anlan.ground.live import make_token
from anlan.ground.machine import site
from anlan.ground.scope import Scope
from anlan.ground.web import act, address_of, page, public_page, scope_of

COOKIE = "anlan_wall"
LISTED = 16
TOWNS = 12
DEVICE = "a wall screen with its read-only device token, or whoever signed in and may see today"
UNSETTLED = ("nobody", "help", "fallback", "ringing", "waiting")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a wall shows. left: how many more wait than are listed."""

    today: Today
    row: Any
    counts: Any
    levels: list[tree.Group]
    waiting: list[Any]
    left: int
    towns: list[map.TownRow]


def _reader(request: HttpRequest) -> tuple[Scope, str, int]:
    """(scope, name of the wall, what the live wire knows it by); Denied for anybody else."""
    wall = walls.wall_of(request.COOKIES.get(COOKIE, ""))
    if wall is not None:
        own = walls.scope_of_wall(wall, address_of(request), request.request_id)
        return own, wall.name, walls.WALL_BASE + wall.pk
    scope, standing = scope_of(request), getattr(request, "standing", None)
    if standing is None or not scope.may("today.read"):
        raise Denied(
            "wall-unknown", _("这块大屏没有登记，或已撤销"), "",
            _("请安全管理员在“大屏”页设一块，在这台机器上打开一次性链接"),
        )  # fmt: skip
    return scope, "", standing.sitting_id


@public_page(DEVICE)
def wall(request: HttpRequest) -> HttpResponse:
    """The page itself."""
    scope, name, known_by = _reader(request)
    with walls.reading(scope):
        shown = _shown(scope)
        context = {
            "shown": shown, "name": name, "now": clock.now(scope.world),
            "live": _live(request, scope, known_by), "calm": request.GET.get("theme") == "light",
        }  # fmt: skip
        return render(request, "console/wall.html", context)


def _live(request: HttpRequest, scope: Scope, known_by: int) -> str:
    host = request.get_host().split(":")[0]
    return f"http://{host}:{site().ports['live']}/live?token=" + make_token(scope, known_by)


def _shown(scope: Scope) -> Shown:
    today = today_of(scope)
    row = today.callouts[0][0] if today.callouts else None
    found = callout.tree(scope, row.id) if row and scope.may("callout.read") else None
    nodes = found.nodes if found else []
    waiting = [node for node in nodes if node.state in UNSETTLED]
    towns = [t for t in map.towns_of(nodes) if t.total][:TOWNS]
    return Shown(
        today, row, found.counts if found else None, tree.groups(nodes), waiting[:LISTED],
        len(waiting) - LISTED, towns,
    )  # fmt: skip


@public_page(DEVICE)
def ground(request: HttpRequest) -> HttpResponse:
    """The map's outlines, within the wall's place."""
    scope, _name, _known = _reader(request)
    with walls.reading(scope):
        return JsonResponse(map.ground_of(scope))


@public_page(DEVICE)
def points(request: HttpRequest) -> HttpResponse:
    """The map's points, within the wall's place."""
    scope, _name, _known = _reader(request)
    with walls.reading(scope):
        return JsonResponse(map.points_of(request, scope))


@public_page("a one-time link, valid for an hour, makes this machine a wall screen", fields=[])
def wall_open(request: HttpRequest, token: str) -> HttpResponse:
    """Asks first, so that a preview of the link does not spend it; then gives the token."""
    check_address(request)
    if request.method != "POST":
        answer = render(request, "console/wall_open.html", {"wall": walls.wall_behind(token)})
        answer["Referrer-Policy"] = "strict-origin"
        return answer
    given = walls.open_wall(visitor(request), token)
    answer = redirect("/wall/")
    answer.set_cookie(
        COOKIE, given, max_age=walls.DEVICE_S, path="/wall/", httponly=True, samesite="Strict",
        secure=settings.HTTPS,
    )  # fmt: skip
    return answer


@page("account.manage")
def walls_page(request: HttpRequest) -> HttpResponse:
    """Which walls there are, when each was seen, and a new one."""
    return _walls_page(request, "")


def _walls_page(request: HttpRequest, link: str) -> HttpResponse:
    scope = scope_of(request)
    names = dict(walls.places(scope))
    rows = [(row, names.get(row.place, str(row.place))) for row in walls.walls()]
    context = {
        "rows": rows, "places": names.items(), "link": link, "now": clock.now(0),
        "standing": sum(1 for row, _name in rows if row.ended_at is None),
    }  # fmt: skip
    return render(request, "console/walls.html", context)


@act("account.manage", fields=["name", "place"])
def wall_make(request: HttpRequest) -> HttpResponse:
    """A wall, and the link that opens it, shown once."""
    scope, place = scope_of(request), request.POST.get("place", "")
    wanted = int(place) if place.isdecimal() and len(place) <= 12 else 0
    _made, token = walls.make_wall(scope, request.POST.get("name", ""), wanted)
    link = request.build_absolute_uri(f"/wall/open/{token}")
    with scope.open():
        return _walls_page(request, link)


@act("account.manage")
def wall_end(request: HttpRequest, wall_id: int) -> HttpResponse:
    """The wall shows nothing any more."""
    walls.end_wall(scope_of(request), wall_id)
    return redirect("/access/walls/")


urlpatterns = [
    path("wall/", wall, name="wall"),
    path("wall/ground/", ground, name="wall-ground"),
    path("wall/points/", points, name="wall-points"),
    path("wall/open/<str:token>", wall_open, name="wall-open"),
    path("access/walls/", walls_page, name="walls"),
    path("access/walls/make/", wall_make, name="wall-make"),
    path("access/walls/<int:wall_id>/end/", wall_end, name="wall-end"),
]
