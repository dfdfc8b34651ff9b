"""Pages where shelters, zones and households are kept, by day, so that a night finds them.

Flows in: forms of whoever may `evacuation.edit`. Flows out: rows with versions and their history;
a clerk who was slower sees who changed what meanwhile.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county.filled import filled, with_values
from anlan.ground import clock
from anlan.ground.web import page, scope_of
from anlan.rooms.evacuation import forms, queries, register_actions

EDIT = "evacuation.edit"


def _zone_of(zone_id: int) -> str:
    return f"/zones/of/{zone_id}/"


# shelters


@page("evacuation.read")
def shelters_page(request: HttpRequest) -> HttpResponse:
    """Places to go, with how many they hold and how many zones go there."""
    context = {"rows": queries.shelter_rows(scope_of(request)), "now": clock.now()}
    return render(request, "evacuation/shelters.html", context)


@page("evacuation.read")
def shelter_page(request: HttpRequest, shelter_id: int) -> HttpResponse:
    """One place to go: its keeper, the zones that go there, its history."""
    context = {"shown": queries.shelter(scope_of(request), shelter_id), "now": clock.now()}
    return render(request, "evacuation/shelter.html", context)


@page(EDIT, fields=forms.ShelterForm.base_fields)
def shelter_new(request: HttpRequest) -> HttpResponse:
    """A new place to go."""
    scope = scope_of(request)

    def do(values: dict[str, Any]) -> str:
        return f"/zones/shelters/{register_actions.add_shelter(scope, **values).id}/"

    make = with_values(forms.ShelterForm, {}, scope=scope, place=max(scope.lo, 0))
    return filled(request, make, do, title=_("添加避难场所"), button=_("添加"),
                  back="/zones/shelters/")  # fmt: skip


@page(EDIT, fields=forms.ShelterEdit.base_fields)
def shelter_edit(request: HttpRequest, shelter_id: int) -> HttpResponse:
    """Change a place to go."""
    scope, where = scope_of(request), f"/zones/shelters/{shelter_id}/"
    with scope.open():
        row = queries.shelter(scope, shelter_id).row
    initial = {name: getattr(row, name) for name in forms.ShelterEdit.base_fields}

    def do(values: dict[str, Any]) -> str:
        register_actions.edit_shelter(scope, shelter_id, values.pop("version"), **values)
        return where

    make = with_values(forms.ShelterEdit, initial, scope=scope, place=row.division)
    return filled(request, make, do, title=row.name, button=_("保存"), back=where)


@page(EDIT, fields=forms.EndNow.base_fields)
def shelter_end(request: HttpRequest, shelter_id: int) -> HttpResponse:
    """No place to go any more."""
    scope, where = scope_of(request), f"/zones/shelters/{shelter_id}/"
    with scope.open():
        row = queries.shelter(scope, shelter_id).row

    def do(values: dict[str, Any]) -> str:
        register_actions.end_shelter(scope, shelter_id, values["version"], values["why"])
        return "/zones/shelters/"

    return filled(request, with_values(forms.EndNow, {"version": row.version}), do,
                  title=_("停用 %(n)s") % {"n": row.name}, button=_("停用"),
                  back=where)  # fmt: skip


# zones


@page("evacuation.read")
def zone_page(request: HttpRequest, zone_id: int) -> HttpResponse:
    """One zone as it stands: what it still lacks, its households, its nights, its history."""
    shown = queries.zone(scope_of(request), zone_id)
    context = {"shown": shown, "hazard": dict(register_actions.hazards()).get(shown.row.hazard, ""),
               "now": clock.now()}  # fmt: skip
    return render(request, "evacuation/zone.html", context)


@page(EDIT, fields=forms.ZoneForm.base_fields)
def zone_new(request: HttpRequest) -> HttpResponse:
    """A new zone of a village."""
    scope = scope_of(request)
    place = queries.place_of(request.GET.get("place", ""))

    def do(values: dict[str, Any]) -> str:
        return _zone_of(register_actions.add_zone(scope, **values).id)

    make = with_values(forms.ZoneForm, {"division": place}, scope=scope)
    return filled(request, make, do, title=_("添加片区"), button=_("添加"), back="/zones/")


@page(EDIT, fields=forms.ZoneEdit.base_fields)
def zone_edit(request: HttpRequest, zone_id: int) -> HttpResponse:
    """Change a zone; its households go along."""
    scope, where = scope_of(request), _zone_of(zone_id)
    with scope.open():
        row = queries.zone(scope, zone_id).row
    initial = {name: getattr(row, name) for name in forms.ZoneEdit.base_fields}

    def do(values: dict[str, Any]) -> str:
        register_actions.edit_zone(scope, zone_id, values.pop("version"), **values)
        return where

    return filled(request, with_values(forms.ZoneEdit, initial, scope=scope), do, title=row.name,
                  button=_("保存"), back=where)  # fmt: skip


@page(EDIT, fields=forms.EndNow.base_fields)
def zone_end(request: HttpRequest, zone_id: int) -> HttpResponse:
    """No zone any more; its nights stay on record."""
    scope, where = scope_of(request), _zone_of(zone_id)
    with scope.open():
        row = queries.zone(scope, zone_id).row

    def do(values: dict[str, Any]) -> str:
        register_actions.end_zone(scope, zone_id, values["version"], values["why"])
        return "/zones/"

    return filled(request, with_values(forms.EndNow, {"version": row.version}), do,
                  title=_("停用 %(n)s") % {"n": row.name}, button=_("停用"), back=where,
                  lead=_("停用后预警不再启用这个片区，历次清点保留。"))  # fmt: skip


# households


@page(EDIT, fields=forms.HouseholdForm.base_fields)
def home_new(request: HttpRequest, zone_id: int) -> HttpResponse:
    """One more household."""
    scope, where = scope_of(request), _zone_of(zone_id)
    with scope.open():
        row = queries.zone(scope, zone_id).row

    def do(values: dict[str, Any]) -> str:
        register_actions.add_household(scope, zone_id, **values)
        return where

    return filled(request, with_values(forms.HouseholdForm, {}, scope=scope, zone_id=zone_id), do,
                  title=_("%(n)s：添加一户") % {"n": row.name}, button=_("添加"),
                  back=where)  # fmt: skip


@page(EDIT, fields=forms.HomesForm.base_fields)
def homes_new(request: HttpRequest, zone_id: int) -> HttpResponse:
    """A list of households at once, all or none."""
    scope, where = scope_of(request), _zone_of(zone_id)
    with scope.open():
        row = queries.zone(scope, zone_id).row

    def do(values: dict[str, Any]) -> str:
        register_actions.add_households(scope, zone_id, values["homes"])
        return where

    return filled(request, forms.HomesForm, do, title=_("%(n)s：添加多户") % {"n": row.name},
                  button=_("全部添加"), back=where,
                  lead=_("有一行不对，就一户都不写入。"))  # fmt: skip


@page(EDIT, fields=forms.HouseholdEdit.base_fields)
def home_edit(request: HttpRequest, household_id: int) -> HttpResponse:
    """Change a household."""
    scope = scope_of(request)
    with scope.open():
        row = queries.household(scope, household_id)
        head, where = str(row.head), _zone_of(row.zone_id)
    initial = {"version": row.version, "head": head, "people": row.people,
               "needs": row.needs or "", "helper_id": row.helper_id}  # fmt: skip

    def do(values: dict[str, Any]) -> str:
        register_actions.edit_household(scope, household_id, values.pop("version"), **values)
        return where

    make = with_values(forms.HouseholdEdit, initial, scope=scope, zone_id=row.zone_id, own=row.id)
    return filled(request, make, do, title=head, button=_("保存"), back=where)


@page(EDIT, fields=forms.EndNow.base_fields)
def home_end(request: HttpRequest, household_id: int) -> HttpResponse:
    """Nobody of the household lives there any more."""
    scope = scope_of(request)
    with scope.open():
        row = queries.household(scope, household_id)
        head, where = str(row.head), _zone_of(row.zone_id)

    def do(values: dict[str, Any]) -> str:
        register_actions.end_household(scope, household_id, values["version"], values["why"])
        return where

    return filled(request, with_values(forms.EndNow, {"version": row.version}), do,
                  title=_("%(n)s 一户移出片区") % {"n": head}, button=_("移出"),
                  back=where)  # fmt: skip


urlpatterns = [
    path("zones/new/", zone_new, name="zone-new"),
    path("zones/of/<int:zone_id>/", zone_page, name="zone"),
    path("zones/of/<int:zone_id>/edit/", zone_edit, name="zone-edit"),
    path("zones/of/<int:zone_id>/end/", zone_end, name="zone-end"),
    path("zones/of/<int:zone_id>/home/", home_new, name="home-new"),
    path("zones/of/<int:zone_id>/homes/", homes_new, name="homes-new"),
    path("zones/homes/<int:household_id>/", home_edit, name="home-edit"),
    path("zones/homes/<int:household_id>/end/", home_end, name="home-end"),
    path("zones/shelters/", shelters_page, name="shelters"),
    path("zones/shelters/new/", shelter_new, name="shelter-new"),
    path("zones/shelters/<int:shelter_id>/", shelter_page, name="shelter"),
    path("zones/shelters/<int:shelter_id>/edit/", shelter_edit, name="shelter-edit"),
    path("zones/shelters/<int:shelter_id>/end/", shelter_end, name="shelter-end"),
]
