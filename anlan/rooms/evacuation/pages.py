"""Pages of the evacuation: zones with totals that add up, and a sheet keyed in later."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from anlan.county import queries as county
from anlan.ground import clock
from anlan.ground.errors import Refusal
from anlan.ground.web import act, page, scope_of
from anlan.rooms.evacuation import actions, queries, register_pages
from anlan.rooms.evacuation.decisions import Figures

FIELDS = ("sheltered", "relatives", "elsewhere", "refused", "missing", "not_yet")


@page("evacuation.read")
def list_page(request: HttpRequest) -> HttpResponse:
    """Openings of tonight, then every zone of the scope, or of the division in the address."""
    scope = scope_of(request)
    place = queries.place_of(request.GET.get("place", ""))
    names = county.place_names(scope, [place]) if place else {}
    night = queries.night(scope, place=place)
    context = {
        "night": night, "towns": queries.by_township(scope, night),
        "zones": queries.zones(scope, place),
        "place": place, "place_name": names.get(place or 0, ""), "now": clock.now(),
    }  # fmt: skip
    return render(request, "evacuation/list.html", context)


@page("evacuation.read")
def opening_page(request: HttpRequest, opening_id: int) -> HttpResponse:
    """One zone: why it is open, its households, every version of its count; the sheet's form."""
    scope = scope_of(request)
    shown = queries.zone_for_link(scope, opening_id)
    versions = queries.versions(scope, opening_id)
    bases = queries.bases(scope, opening_id)
    context = {"shown": shown, "versions": versions, "bases": bases, "now": clock.now()}
    return render(request, "evacuation/opening.html", context)


@act("evacuation.count", fields=[*FIELDS, "happened_at"])
def keyed(request: HttpRequest, opening_id: int) -> HttpResponse:
    """A sheet keyed in by a township, with the time at which it was so."""
    scope = scope_of(request)
    with scope.open():
        to_move = queries.zone_for_link(scope, opening_id).opening.to_move
    try:
        figures = Figures(to_move, *(int(request.POST.get(name) or 0) for name in FIELDS))
        happened = request.POST.get("happened_at")
        moment = (
            datetime.fromisoformat(happened).replace(tzinfo=clock.COUNTY_ZONE) if happened else None
        )
    except ValueError:
        raise Refusal("figure-form", "请填写数字", "", "每格填人数，没有填 0") from None
    actions.record_headcount(scope, opening_id, figures, "keyed", happened_at=moment)
    return redirect(f"/zones/{opening_id}/")


urlpatterns = [
    *register_pages.urlpatterns,
    path("zones/", list_page, name="zones"),
    path("zones/<int:opening_id>/", opening_page, name="opening"),
    path("zones/<int:opening_id>/count/", keyed, name="opening-count"),
]
