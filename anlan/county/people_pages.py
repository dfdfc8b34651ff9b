"""Pages of people: one person, and what is changed of them.

A form that was not filled well comes back with its faults beside the fields; a refusal of the
action comes back on top of it, with what somebody else changed meanwhile.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county import actions, forms, person_lists
from anlan.county.asked import home
from anlan.county.filled import filled, with_values
from anlan.ground import clock
from anlan.ground.web import page, scope_of


@page("phonebook.read")
def person_page(request: HttpRequest, person_id: int) -> HttpResponse:
    """One person: posts held now and before, coming shifts, history; the number is masked."""
    context = {"shown": person_lists.person(scope_of(request), person_id), "now": clock.now(),
               "reasons": forms.REASONS}  # fmt: skip
    return render(request, "county/person.html", context)


@page("county.edit", fields=forms.PersonForm.base_fields)
def person_new(request: HttpRequest) -> HttpResponse:
    """A new person."""
    scope = scope_of(request)

    def do(values: dict[str, Any]) -> str:
        return f"/county/people/{actions.add_person(scope, **values).id}/"

    make = with_values(forms.PersonForm, {"division": home(scope)}, scope=scope)
    return filled(request, make, do, title=_("添加人员"), button=_("添加"), back="/phonebook/")


@page("county.edit", fields=forms.PersonEdit.base_fields)
def person_edit(request: HttpRequest, person_id: int) -> HttpResponse:
    """Another name, place or number."""
    from anlan.county.names import pinyin_of

    scope, where = scope_of(request), f"/county/people/{person_id}/"
    with scope.open():
        row = person_lists.person(scope, person_id).row
    own_reading = row.pinyin if row.pinyin != pinyin_of(row.name)[0] else ""
    initial = {"version": row.version, "division": row.division, "name": row.name,
               "pinyin": own_reading}  # fmt: skip

    def do(values: dict[str, Any]) -> str:
        actions.edit_person(scope, person_id, values.pop("version"), **values)
        return where

    return filled(request, with_values(forms.PersonEdit, initial, scope=scope), do, title=row.name,
                   button=_("保存"), back=where)  # fmt: skip


@page("county.edit", fields=forms.EndNow.base_fields)
def person_end(request: HttpRequest, person_id: int) -> HttpResponse:
    """Somebody who has left."""
    scope, where = scope_of(request), f"/county/people/{person_id}/"
    with scope.open():
        row = person_lists.person(scope, person_id).row

    def do(values: dict[str, Any]) -> str:
        actions.end_person(scope, person_id, values["version"], values["why"])
        return where

    return filled(request, with_values(forms.EndNow, {"version": row.version}), do,
                   title=_("%(n)s 离开") % {"n": row.name}, button=_("办理离开"), back=where,
                   lead=_("离开后不再出现在电话簿里，过去的记录保留。"))  # fmt: skip


urlpatterns = [
    path("county/people/new/", person_new, name="person-new"),
    path("county/people/<int:person_id>/", person_page, name="person"),
    path("county/people/<int:person_id>/edit/", person_edit, name="person-edit"),
    path("county/people/<int:person_id>/end/", person_end, name="person-end"),
]
