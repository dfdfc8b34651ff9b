"""Pages of units: the list, one with its other names and members, what begins and ends.

A form that was not filled well comes back with its faults beside the fields; a refusal of the
action comes back on top of it, with what somebody else changed meanwhile.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county import forms, unit_actions, unit_lists
from anlan.county.asked import home, page_number, sought_in
from anlan.county.filled import filled, with_values
from anlan.ground import clock
from anlan.ground.forms import posted
from anlan.ground.web import act, page, scope_of


@page("county.read")
def units_page(request: HttpRequest) -> HttpResponse:
    """Units and collectives."""
    sought, ended = sought_in(request), request.GET.get("ended") == "1"
    context = {"page": unit_lists.units(scope_of(request), sought, ended, page_number(request)),
               "sought": sought, "ended": ended}  # fmt: skip
    return render(request, "county/units.html", context)


@page("county.read")
def unit_page(request: HttpRequest, unit_id: int) -> HttpResponse:
    """One unit: other names, members, posts, history."""
    scope = scope_of(request)
    shown = unit_lists.unit(scope, unit_id)
    context = {"shown": shown, "alias_form": forms.AliasForm(),
               "today": clock.local(clock.now()).date()}  # fmt: skip
    if shown.row.kind == "collective":
        context["member_form"] = forms.MemberForm(scope=scope)
    return render(request, "county/unit.html", context)


@page("county.edit", fields=forms.UnitForm.base_fields)
def unit_new(request: HttpRequest) -> HttpResponse:
    """A new unit."""
    scope = scope_of(request)

    def do(values: dict[str, Any]) -> str:
        return f"/county/units/{unit_actions.add_unit(scope, **values).id}/"

    return filled(request, with_values(forms.UnitForm, {"division": home(scope)}, scope=scope), do,
                   title=_("添加单位"), button=_("添加"), back="/county/units/")  # fmt: skip


@page("county.edit", fields=forms.UnitEdit.base_fields)
def unit_edit(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Change a unit."""
    scope, where = scope_of(request), f"/county/units/{unit_id}/"
    with scope.open():
        row = unit_lists.unit(scope, unit_id).row
    initial = {"version": row.version, "division": row.division, "name": row.name,
               "order": row.order, "keep_old_name": True}  # fmt: skip

    def do(values: dict[str, Any]) -> str:
        unit_actions.edit_unit(scope, unit_id, values.pop("version"), **values)
        return where

    return filled(request, with_values(forms.UnitEdit, initial, scope=scope), do, title=row.name,
                   button=_("保存"), back=where)  # fmt: skip


@page("county.edit", fields=forms.EndOn.base_fields)
def unit_end(request: HttpRequest, unit_id: int) -> HttpResponse:
    """A unit that is no more."""
    scope, where = scope_of(request), f"/county/units/{unit_id}/"
    with scope.open():
        row = unit_lists.unit(scope, unit_id).row
        today = clock.local(clock.now()).date()

    def do(values: dict[str, Any]) -> str:
        unit_actions.end_unit(scope, unit_id, values.pop("version"), **values)
        return where

    return filled(request, with_values(forms.EndOn, {"version": row.version, "on": today}), do,
                   title=_("停用 %(n)s") % {"n": row.name}, button=_("停用"),
                   back=where)  # fmt: skip


@act("county.edit", fields=forms.Bare.base_fields)
def unit_reopen(request: HttpRequest, unit_id: int) -> HttpResponse:
    """The unit stands again."""
    values = posted(request, forms.Bare)
    unit_actions.reopen_unit(scope_of(request), unit_id, values["version"])
    return redirect(f"/county/units/{unit_id}/")


@act("county.edit", fields=forms.AliasForm.base_fields)
def alias_add(request: HttpRequest, unit_id: int) -> HttpResponse:
    """One more name."""
    values = posted(request, forms.AliasForm)
    unit_actions.add_alias(scope_of(request), unit_id, **values)
    return redirect(f"/county/units/{unit_id}/")


@act("county.edit", fields=forms.RowEnd.base_fields)
def alias_end(request: HttpRequest, unit_id: int, alias_id: int) -> HttpResponse:
    """The alias ends on a day."""
    values = posted(request, forms.RowEnd)
    unit_actions.end_alias(scope_of(request), alias_id, values["version"], values["on"])
    return redirect(f"/county/units/{unit_id}/")


@act("county.edit", fields=forms.MemberForm.base_fields)
def member_add(request: HttpRequest, unit_id: int) -> HttpResponse:
    """One more member of a collective."""
    scope = scope_of(request)
    with scope.open():
        values = posted(request, forms.MemberForm, scope=scope)
    unit_actions.add_member(
        scope, unit_id, values["member"], values["valid_from"], values["valid_to"]
    )
    return redirect(f"/county/units/{unit_id}/")


@act("county.edit", fields=forms.RowEnd.base_fields)
def member_end(request: HttpRequest, unit_id: int, membership_id: int) -> HttpResponse:
    """The membership ends on a day."""
    values = posted(request, forms.RowEnd)
    unit_actions.end_member(scope_of(request), membership_id, values["version"], values["on"])
    return redirect(f"/county/units/{unit_id}/")


urlpatterns = [
    path("county/units/", units_page, name="units"),
    path("county/units/new/", unit_new, name="unit-new"),
    path("county/units/<int:unit_id>/", unit_page, name="unit"),
    path("county/units/<int:unit_id>/edit/", unit_edit, name="unit-edit"),
    path("county/units/<int:unit_id>/end/", unit_end, name="unit-end"),
    path("county/units/<int:unit_id>/reopen/", unit_reopen, name="unit-reopen"),
    path("county/units/<int:unit_id>/alias/", alias_add, name="alias-add"),
    path("county/units/<int:unit_id>/alias/<int:alias_id>/end/", alias_end, name="alias-end"),
    path("county/units/<int:unit_id>/member/", member_add, name="member-add"),
    path(
        "county/units/<int:unit_id>/member/<int:membership_id>/end/", member_end, name="member-end"
    ),
]
