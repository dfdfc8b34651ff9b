"""Pages of divisions: the county with its townships, one division, its outline.

A form that was not filled well comes back with its faults beside the fields; a refusal of the
action comes back on top of it, with what somebody else changed meanwhile.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county import division_actions, division_lists, forms, post_lists
from anlan.county.filled import filled, with_values
from anlan.ground import clock
from anlan.ground.errors import Refusal
from anlan.ground.web import page, scope_of


@page("county.read")
def county_page(request: HttpRequest) -> HttpResponse:
    """Townships with how many villages and posts, and the doors to everything else."""
    scope = scope_of(request)
    rows = division_lists.divisions(scope)
    shown = [row for row in rows if row[0].ended_on is None]
    context = {
        "rows": shown,
        "towns": sum(1 for row, _v, _p in shown if row.parent_id is not None),
        "villages": sum(villages for row, villages, _p in shown if row.parent_id is not None),
        "ended": [row for row in rows if row[0].ended_on is not None],
        "vacant": post_lists.posts(scope, vacant=True).total,
        "wide": scope.hi - scope.lo >= 999_999,
    }
    return render(request, "county/county.html", context)


@page("county.read")
def division_page(request: HttpRequest, code: int) -> HttpResponse:
    """One division: what lies in it, its outline with source, its history."""
    scope = scope_of(request)
    context = {"shown": division_lists.division(scope, code), "now": clock.now(),
               "wide": scope.hi - scope.lo >= 999_999}  # fmt: skip
    return render(request, "county/division.html", context)


@page("county.edit", fields=forms.DivisionForm.base_fields)
def division_new(request: HttpRequest) -> HttpResponse:
    """A new township or village."""
    scope = scope_of(request)

    def do(values: dict[str, Any]) -> str:
        row = division_actions.add_division(scope, values.pop("code"), **values)
        return f"/county/divisions/{row.code}/"

    return filled(request, forms.DivisionForm, do, title=_("添加区划"), button=_("添加"),
                   back="/county/")  # fmt: skip


@page("county.edit", fields=forms.DivisionEdit.base_fields)
def division_edit(request: HttpRequest, code: int) -> HttpResponse:
    """Change a division; its code never changes."""
    scope = scope_of(request)
    with scope.open():
        row = division_lists.division(scope, code).row
    initial = {name: getattr(row, name) for name in forms.DivisionEdit.base_fields}
    where = f"/county/divisions/{code}/"

    def do(values: dict[str, Any]) -> str:
        division_actions.edit_division(scope, code, values.pop("version"), **values)
        return where

    return filled(request, with_values(forms.DivisionEdit, initial), do, title=row.name,
                   button=_("保存"), back=where)  # fmt: skip


@page("county.edit", fields=forms.EndOn.base_fields)
def division_end(request: HttpRequest, code: int) -> HttpResponse:
    """A division that was merged or dissolved."""
    scope = scope_of(request)
    with scope.open():
        row = division_lists.division(scope, code).row
    where = f"/county/divisions/{code}/"

    def do(values: dict[str, Any]) -> str:
        division_actions.end_division(scope, code, values.pop("version"), **values)
        return where

    return filled(request, with_values(forms.EndOn, {"version": row.version}), do,
                   title=_("停用 %(n)s") % {"n": row.name}, button=_("停用"),
                   back=where)  # fmt: skip


@page("county.edit", fields=forms.OutlineForm.base_fields)
def outlines_page(request: HttpRequest) -> HttpResponse:
    """Outlines from a GeoJSON file with its source."""
    scope = scope_of(request)

    def do(values: dict[str, Any]) -> str:
        upload = values["file"]
        if upload.size > division_actions.OUTLINE_BYTES_MAX:
            raise Refusal(
                "file-too-large", _("文件超过 20 MB"), upload.name, _("请先简化界线"), 413
            )
        division_actions.import_outlines(scope, upload.read(), upload.name, values["source"])
        return "/county/"

    return filled(request, forms.OutlineForm, do, title=_("导入界线"), button=_("检查并导入"),
                   back="/county/")  # fmt: skip


urlpatterns = [
    path("county/", county_page, name="county"),
    path("county/divisions/new/", division_new, name="division-new"),
    path("county/divisions/<int:code>/", division_page, name="division"),
    path("county/divisions/<int:code>/edit/", division_edit, name="division-edit"),
    path("county/divisions/<int:code>/end/", division_end, name="division-end"),
    path("county/outlines/", outlines_page, name="outlines"),
]
