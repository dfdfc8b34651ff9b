"""Pages of the ledger: types and blind spots, a list with its filters, one object, tables.

Flows in: addresses that carry every filter, forms of whoever may `ledger.edit`. Flows out: pages
under the reader's scope.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county import choices
from anlan.county.asked import code_of, home, page_number, sought_in
from anlan.county.filled import filled, with_values
from anlan.county.forms import Bare, EndNow
from anlan.engines.ledger import actions, forms, queries, tables
from anlan.engines.ledger.actions import Entry
from anlan.engines.ledger.kinds import ObjectType
from anlan.engines.ledger.queries import Wanted
from anlan.engines.ledger.types import all_types, type_of
from anlan.ground import clock, files
from anlan.ground.errors import Refusal
from anlan.ground.forms import posted
from anlan.ground.web import act, page, scope_of

READ, EDIT, DUTY = "ledger.read", "ledger.edit", "ledger.duty"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILTER_MARK = "f."
SHOWN_LINES = 200
COLUMNS_SHOWN = 3


@page(READ)
def home_page(request: HttpRequest) -> HttpResponse:
    """Types with how many there are, and what nobody regulates."""
    scope = scope_of(request)
    held, blind = queries.counts(scope), queries.blind_spots(scope)
    context = {
        "types": [(kind, held.get(name, 0)) for name, kind in all_types().items()],
        "blind": blind, "unwatched": sum(n for _kind, n in blind), "total": sum(held.values()),
        "lines": len(queries.rules(scope)),
    }  # fmt: skip
    return render(request, "ledger/home.html", context)


@page(READ)
def list_page(request: HttpRequest, type_name: str) -> HttpResponse:
    """Objects of a type."""
    scope, kind = scope_of(request), type_of(type_name)
    wanted = _wanted(request, kind)
    found, places = queries.page(scope, kind, wanted, page_number(request))
    columns = [one for one in kind.fields if one.kind in ("choice", "yes_no", "date", "whole")]
    context = {
        "kind": kind, "page": found, "wanted": wanted,
        "rows": [_row(row, kind, places, columns[:COLUMNS_SHOWN]) for row in found.rows],
        "columns": columns[:COLUMNS_SHOWN], "filters": _filters(kind, wanted),
        "divisions": choices.division_choices(scope), "query": urlencode(_query(wanted)),
    }  # fmt: skip
    return render(request, "ledger/list.html", context)


def _row(row: Any, kind: ObjectType, places: dict[int, str], columns: list[Any]) -> dict[str, Any]:
    return {
        "row": row, "place": places.get(row.division, row.division),
        "state": kind.states.get(row.state, row.state),
        "cells": [queries.text_of(one, row.fields.get(one.key)) for one in columns],
    }  # fmt: skip


def _wanted(request: HttpRequest, kind: ObjectType) -> Wanted:
    """What the address asks; what is no choice of the type is passed over."""
    filters: dict[str, Any] = {}
    for one in kind.fields:
        said = request.GET.get(FILTER_MARK + one.key, "")
        if one.kind == "choice" and said in one.options:
            filters[one.key] = said
        elif one.kind == "yes_no" and said in ("1", "0"):
            filters[one.key] = said == "1"
    state = request.GET.get("state", "")
    return Wanted(
        sought_in(request), code_of(request.GET.get("in", "")),
        state if state in kind.states else "", filters, request.GET.get("blind") == "1",
    )  # fmt: skip


def _query(wanted: Wanted) -> dict[str, str]:
    told = {"q": wanted.sought, "in": str(wanted.division or ""), "state": wanted.state,
            "blind": "1" if wanted.blind else ""}  # fmt: skip
    for key, value in (wanted.filters or {}).items():
        told[FILTER_MARK + key] = {True: "1", False: "0"}.get(value, str(value))
    return {key: value for key, value in told.items() if value}


def _filters(kind: ObjectType, wanted: Wanted) -> list[dict[str, Any]]:
    """The choices that a list may be narrowed by, as selects."""
    asked = _query(wanted)
    found = []
    for one in kind.fields:
        if one.kind not in ("choice", "yes_no"):
            continue
        options = one.options if one.kind == "choice" else {"1": _("是"), "0": _("否")}
        name = FILTER_MARK + one.key
        found.append({"name": name, "label": one.label, "options": options.items(),
                      "chosen": asked.get(name, "")})  # fmt: skip
    return found


@page(READ)
def object_page(request: HttpRequest, object_id: int) -> HttpResponse:
    """One object, as it stands or stood on a day."""
    day = _day(request.GET.get("on", ""))
    shown = queries.shown(scope_of(request), object_id, day)
    today = clock.local(clock.now()).date()
    context = {
        "shown": shown,
        "on": day,
        "today": today,
        "bare": Bare(),
        "state_form": forms.StateForm(kind=shown.kind, initial={"from_on": today}),
    }
    return render(request, "ledger/object.html", context)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@page(EDIT, fields=forms.post_fields())
def object_new(request: HttpRequest, type_name: str) -> HttpResponse:
    """A new object of a type."""
    scope, kind = scope_of(request), type_of(type_name)

    def make(data: Any = None, **kwargs: Any) -> forms.ObjectForm:
        made.append(forms.ObjectForm(data, scope=scope, kind=kind,
                                     initial={"division": home(scope)}))  # fmt: skip
        return made[-1]

    def do(_values: dict[str, Any]) -> str:
        return f"/ledger/of/{actions.add_object(scope, kind.name, made[-1].entry()).id}/"

    made: list[forms.ObjectForm] = []
    return filled(request, make, do, title=_("添加%(k)s") % {"k": kind.label}, button=_("添加"),
                  back=f"/ledger/{kind.name}/")  # fmt: skip


@page(EDIT, fields=forms.post_fields())
def object_edit(request: HttpRequest, object_id: int) -> HttpResponse:
    """Change an object."""
    scope, where = scope_of(request), f"/ledger/of/{object_id}/"
    with scope.open():
        shown = queries.shown(scope, object_id)

    def make(data: Any = None, **kwargs: Any) -> forms.ObjectEdit:
        made.append(forms.ObjectEdit(data, scope=scope, kind=shown.kind,
                                     initial=forms.initial_of(shown.kind, shown.row)))  # fmt: skip
        return made[-1]

    def do(values: dict[str, Any]) -> str:
        entry: Entry = made[-1].entry()
        actions.edit_object(scope, object_id, values["version"], entry)
        return where

    made: list[forms.ObjectEdit] = []
    return filled(request, make, do, title=shown.row.name, button=_("保存"), back=where)


@act(EDIT, fields=("version", "state", "from_on", "document"))
def object_state(request: HttpRequest, object_id: int) -> HttpResponse:
    """It stands otherwise from a day on."""
    scope = scope_of(request)
    kind = queries.shown(scope, object_id).kind
    values = posted(request, forms.StateForm, kind=kind)
    actions.set_state(scope, object_id, **values)
    return redirect(f"/ledger/of/{object_id}/")


@page(EDIT, fields=EndNow.base_fields)
def object_end(request: HttpRequest, object_id: int) -> HttpResponse:
    """No object any more."""
    scope, where = scope_of(request), f"/ledger/of/{object_id}/"
    with scope.open():
        row = queries.shown(scope, object_id).row

    def do(values: dict[str, Any]) -> str:
        actions.end_object(scope, object_id, values["version"], values["why"])
        return f"/ledger/{row.type}/"

    return filled(request, with_values(EndNow, {"version": row.version}), do,
                  title=_("停用 %(n)s") % {"n": row.name}, button=_("停用"),
                  back=where)  # fmt: skip


@page(READ)
def duplicates_page(request: HttpRequest, type_name: str) -> HttpResponse:
    """Pairs that look like one object."""
    scope, kind = scope_of(request), type_of(type_name)
    pairs = queries.duplicates(scope, kind)
    return render(request, "ledger/duplicates.html", {"kind": kind, "pairs": pairs})


@act(EDIT, fields=forms.MergeForm.base_fields)
def merge(request: HttpRequest) -> HttpResponse:
    """The two are one."""
    got = posted(request, forms.MergeForm)
    row = actions.merge(scope_of(request), got["kept"], got["kept_version"], got["other"],
                        got["other_version"])  # fmt: skip
    return redirect(f"/ledger/of/{row.id}/")


@page(EDIT, fields=EndNow.base_fields)
def unmerge(request: HttpRequest, object_id: int) -> HttpResponse:
    """They were two after all."""
    scope, where = scope_of(request), f"/ledger/of/{object_id}/"
    with scope.open():
        row = queries.shown(scope, object_id).row

    def do(values: dict[str, Any]) -> str:
        actions.unmerge(scope, object_id, values["version"], values["why"])
        return where

    return filled(request, with_values(EndNow, {"version": row.version}), do,
                  title=_("恢复 %(n)s") % {"n": row.name}, button=_("恢复"),
                  back=where)  # fmt: skip


# the duty matrix


@page(READ)
def duties_page(request: HttpRequest) -> HttpResponse:
    """Who regulates what, and why."""
    scope = scope_of(request)
    blind = queries.blind_spots(scope)
    context: dict[str, Any] = {"rows": queries.duty_rows(scope), "blind": blind}
    if scope.may(DUTY):
        context["form"] = forms.DutyForm(scope=scope)
    return render(request, "ledger/duties.html", context)


@act(DUTY, fields=forms.DutyForm.base_fields)
def duty_add(request: HttpRequest) -> HttpResponse:
    """A line of the matrix."""
    scope = scope_of(request)
    with scope.open():
        values = posted(request, forms.DutyForm, scope=scope)
    type_name, _mark, part = values["part"].partition("|")
    field, _mark, value = part.partition("|")
    actions.add_duty(scope, values["unit"], type_name, field, value, values["why"])
    return redirect("/ledger/duties/")


@page(DUTY, fields=EndNow.base_fields)
def duty_end(request: HttpRequest, duty_id: int) -> HttpResponse:
    """A line ends."""
    scope = scope_of(request)
    with scope.open():
        row = queries.duty(scope, duty_id)

    def do(values: dict[str, Any]) -> str:
        actions.end_duty(scope, duty_id, values["version"], values["why"])
        return "/ledger/duties/"

    return filled(request, with_values(EndNow, {"version": row.version}), do,
                  title=_("停用 %(n)s 的这一条职责") % {"n": row.unit_name}, button=_("停用"),
                  back="/ledger/duties/")  # fmt: skip


# tables


@page(READ)
def export(request: HttpRequest, type_name: str) -> HttpResponse:
    """The list, as narrowed, as a table that comes back in."""
    kind = type_of(type_name)
    content = tables.workbook(scope_of(request), kind, _wanted(request, kind))
    answer = HttpResponse(content, content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="{kind.name}.xlsx"'
    return answer


@page(EDIT, fields=forms.SendForm.base_fields)
def send(request: HttpRequest, type_name: str) -> HttpResponse:
    """Check a table: its preview, or its faults."""
    scope, kind = scope_of(request), type_of(type_name)
    if request.method != "POST":
        return render(request, "ledger/send.html", {"kind": kind, "form": forms.SendForm()})
    upload = posted(request, forms.SendForm, files=request.FILES)["file"]
    if upload.size > files.FILE_BYTES_MAX:
        raise Refusal("file-too-large", _("文件超过 20 MB"), upload.name, _("请分几次导入"), 413)
    found, kept = tables.receive(scope, kind.name, upload.read(), upload.name)
    context = {"kind": kind, "found": found, "kept": kept, "name": upload.name[:200],
               "lines": found.lines[:SHOWN_LINES], "form": forms.SendForm()}  # fmt: skip
    with scope.open():
        return render(request, "ledger/send.html", context, status=400 if found.faults else 200)


@act(EDIT, fields=forms.ConfirmForm.base_fields)
def confirm(request: HttpRequest, type_name: str) -> HttpResponse:
    """Write what the preview showed."""
    values = posted(request, forms.ConfirmForm)
    tables.write(scope_of(request), type_name, values["file"], values["name"], values["plan"])
    return redirect(f"/ledger/{type_name}/")


urlpatterns = [
    path("ledger/", home_page, name="ledger"),
    path("ledger/duties/", duties_page, name="ledger-duties"),
    path("ledger/duties/add/", duty_add, name="ledger-duty-add"),
    path("ledger/duties/<int:duty_id>/end/", duty_end, name="ledger-duty-end"),
    path("ledger/merge/", merge, name="ledger-merge"),
    path("ledger/of/<int:object_id>/", object_page, name="ledger-object"),
    path("ledger/of/<int:object_id>/edit/", object_edit, name="ledger-object-edit"),
    path("ledger/of/<int:object_id>/state/", object_state, name="ledger-object-state"),
    path("ledger/of/<int:object_id>/end/", object_end, name="ledger-object-end"),
    path("ledger/of/<int:object_id>/unmerge/", unmerge, name="ledger-unmerge"),
    path("ledger/<slug:type_name>/", list_page, name="ledger-list"),
    path("ledger/<slug:type_name>/new/", object_new, name="ledger-object-new"),
    path("ledger/<slug:type_name>/twice/", duplicates_page, name="ledger-duplicates"),
    path("ledger/<slug:type_name>/table/", export, name="ledger-export"),
    path("ledger/<slug:type_name>/send/", send, name="ledger-send"),
    path("ledger/<slug:type_name>/confirm/", confirm, name="ledger-confirm"),
]
