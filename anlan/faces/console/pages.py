"""Pages that mix rooms: today, map, journal, search; and the designed states of an error."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anlan.county import queries as county
from anlan.engines.callout import queries as callout
from anlan.ground import clock
from anlan.ground.models import JournalLine, Seal
from anlan.ground.scope import Scope
from anlan.ground.web import json_page, page, page_before, public_page, scope_of
from anlan.rooms.evacuation import queries as evacuation
from anlan.rooms.warning import queries as warning

JOURNAL_ROWS = 100
LON_SCALE = 0.866


@dataclass(frozen=True, slots=True)
class Today:
    """What is open tonight, and the one sentence that says it."""

    answer: str
    warnings: list[Any]
    callouts: list[Any]
    alarms: list[Any]
    desk: int
    night: Any


@page("today.read")
def today(request: HttpRequest) -> HttpResponse:
    """One screen: what is open, who has not answered, what waits for me."""
    scope = scope_of(request)
    shown = _today(scope)
    return render(request, "console/today.html", {"today": shown, "now": clock.now()})


def _today(scope: Scope) -> Today:
    warnings = [
        row for row in warning.recent(scope, 10)
        if row.state in ("draft", "submitted", "approved", "released")
    ] if scope.may("warning.read") else []  # fmt: skip
    callouts = [pair for pair in callout.recent(scope, 8) if pair[0].state == "open"]
    alarms = callout.alarms(scope)
    night = evacuation.night(scope)
    desk = len(callout.desk(scope)) if scope.may("desk.settle") else 0
    return Today(
        _answer(callouts, night, warnings, alarms), warnings, callouts, alarms, desk, night
    )


def _answer(callouts: list[Any], night: Any, warnings: list[Any], alarms: list[Any]) -> str:
    waiting = [row for row in warnings if row.state in ("submitted", "approved")]
    if waiting:
        text = ngettext("%(n)d 份预警等待审批", "%(n)d 份预警等待审批", len(waiting))
        return text % {"n": len(waiting)}
    silent = sum(counts.open for _row, counts in callouts[:1])
    if silent:
        text = ngettext("还有 %(n)d 个岗位没有应答", "还有 %(n)d 个岗位没有应答", silent)
        return text % {"n": silent}
    if night.total.still_there:
        return _("还有 %(n)d 人没有转移") % {"n": night.total.still_there}
    if alarms:
        return _("有 %(n)d 条警报没有看") % {"n": len(alarms)}
    return _("今夜平静，没有未完的事")


@page("map.read")
def map_page(request: HttpRequest) -> HttpResponse:
    """Townships and villages with how the newest call-out stands there."""
    scope = scope_of(request)
    rows = callout.recent(scope, 1)
    chosen = request.GET.get("callout", "")
    ident = int(chosen) if chosen.isdigit() else (rows[0][0].id if rows else 0)
    states = callout.states_by_division(scope, ident) if ident else {}
    context = _map(scope, states) | {"now": clock.now(), "callout": rows[0][0] if rows else None}
    return render(request, "console/map.html", context)


def _map(scope: Scope, states: dict[int, str]) -> dict[str, Any]:
    """Outlines as SVG paths, points with their state, in tenths of a thousandth of a degree."""
    import shapely

    from anlan.county.models import Division
    from anlan.ground.places import level

    outlines, dots, box = [], [], None
    for row in Division.objects.all():
        if row.outline and level(row.code) == "township":
            shape = shapely.from_wkb(bytes(row.outline))
            outlines.append({"name": row.name, "path": _path(shape), "code": row.code})
            box = shape.bounds if box is None else _join(box, shape.bounds)
        if row.label_lat is None or row.label_lon is None or level(row.code) == "county":
            continue
        x, y = _plane(row.label_lon, row.label_lat)
        dots.append(
            {
                "x": x,
                "y": y,
                "name": row.name,
                "state": states.get(row.code, ""),
                "village": level(row.code) == "village",
            }
        )
    west, south, east, north = box or (107.1, 30.0, 107.7, 30.6)
    x0, y0 = _plane(west, north)
    x1, y1 = _plane(east, south)
    return {"outlines": outlines, "dots": dots, "view": f"{x0} {y0} {x1 - x0} {y1 - y0}"}


def _plane(lon: float, lat: float) -> tuple[int, int]:
    """Tenths of a thousandth of a degree; east is shortened as at 30° north, north is up."""
    return round(lon * 10000 * LON_SCALE), round(-lat * 10000)


def _path(shape: Any) -> str:
    rings = [shape.exterior] if shape.geom_type == "Polygon" else [g.exterior for g in shape.geoms]
    return " ".join(
        "M" + "L".join("{} {}".format(*_plane(x, y)) for x, y in ring.coords) + "Z"
        for ring in rings
    )


def _join(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, float, float, float]:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


@page("journal.read")
def journal_page(request: HttpRequest) -> HttpResponse:
    """Who did what within the reader's places; the auditor has a page of their own."""
    rows = JournalLine.objects.order_by("-id")
    action = request.GET.get("action", "").strip()
    if re.fullmatch(r"[a-z._]{1,60}", action):
        rows = rows.filter(action__startswith=action)
    before = request.GET.get("before", "")
    if before.isdigit():
        rows = rows.filter(id__lt=int(before))
    found = list(rows[:JOURNAL_ROWS])
    seal = Seal.objects.order_by("-id").values_list("last_line", flat=True).first()
    context = {"rows": found, "action": action, "sealed": seal or 0, "now": clock.now()}
    return render(request, "console/journal.html", context)


@json_page("today.read")
def search(request: HttpRequest) -> HttpResponse:
    """Pages, people and places for the palette."""
    scope = scope_of(request)
    sought = request.GET.get("q", "").strip()[:40]
    found = [
        {"label": label, "note": _("页面"), "url": url}
        for label, url, right in _places()
        if scope.may(right) and (not sought or sought in label)
    ]
    if sought and scope.may("phonebook.read"):
        found += [
            {"label": entry.name, "note": f"{entry.division_name} {'、'.join(entry.posts)}",
             "url": f"/phonebook/?q={entry.name}"}
            for entry in county.phone_book(scope, sought, 10)
        ]  # fmt: skip
    return JsonResponse({"results": found[:20]})


def _places() -> list[tuple[str, str, str]]:
    return [
        (_("今日"), "/", "today.read"),
        (_("地图"), "/map/", "map.read"),
        (_("预警"), "/warning/", "warning.read"),
        (_("叫应"), "/callout/", "callout.read"),
        (_("转移片区"), "/zones/", "evacuation.read"),
        (_("待办"), "/desk/", "callout.read"),
        (_("电话簿"), "/phonebook/", "phonebook.read"),
        (_("县情"), "/county/", "county.read"),
    ]


@public_page("says that the process answers; no data")
def health(request: HttpRequest) -> HttpResponse:
    """For the supervisor and for probes."""
    return HttpResponse("ok", content_type="text/plain")


@public_page("the language of the screen, kept in a cookie", fields=["language"])
def language(request: HttpRequest) -> HttpResponse:
    """Switch between Chinese and English."""
    chosen = request.POST.get("language", "")
    answer = redirect(page_before(request))
    if chosen in dict(settings.LANGUAGES):
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, chosen, samesite="Lax", httponly=True, max_age=31536000
        )
    return answer


@public_page("an error page holds no data")
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """No such page, or none within the reader's scope: both look the same."""
    return render(request, "404.html", status=404)


@public_page("an error page holds no data")
def broken(request: HttpRequest) -> HttpResponse:
    """Our own error: no trace on the screen."""
    return render(request, "500.html", status=500)


urlpatterns = [
    path("", today, name="today"),
    path("map/", map_page, name="map"),
    path("journal/", journal_page, name="journal"),
    path("search/", search, name="search"),
    path("health", health, name="health"),
    path("language/", language, name="language"),
]
