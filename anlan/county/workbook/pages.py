"""Pages of workbooks: out, a blank one, in with its preview, and the confirmation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from anlan.county import versions
from anlan.county.workbook import actions, applying, items, queries, writing
from anlan.county.workbook.sheets import BY_KIND, SHEETS
from anlan.ground import clock, files
from anlan.ground.errors import Refusal
from anlan.ground.forms import StrictForm, Text, posted
from anlan.ground.web import act, page, scope_of

SHOWN_FAULTS = 200
SHOWN_LINES = 200
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class SendForm(StrictForm):
    """A workbook, or one sheet as CSV."""

    file = forms.FileField(label=_lazy("表格"), help_text=_lazy(
        "XLSX，或只有一张表的 CSV（UTF-8、GBK），不超过 20 MB"))  # fmt: skip


class ExportForm(StrictForm):
    """What goes out: whole numbers with a reason, or masked ones."""

    whole = forms.BooleanField(required=False)
    why = Text(label=_lazy("原因"), max_length=200, required=False)


class Nothing(StrictForm):
    """A button without fields."""


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a preview, in words."""

    sheet: str
    row: int
    word: str
    label: str
    told: str


@page("county.read")
def workbook_page(request: HttpRequest) -> HttpResponse:
    """The doors out and in."""
    return render(request, "county/workbook.html", {"form": SendForm(), "sheets": SHEETS})


@act("county.edit", fields=SendForm.base_fields)
def send(request: HttpRequest) -> HttpResponse:
    """Check a file; a good one has a preview of its own, a bad one shows its faults here."""
    scope = scope_of(request)
    values = posted(request, SendForm, files=request.FILES)
    upload = values["file"]
    if upload.size > files.FILE_BYTES_MAX:
        raise Refusal("file-too-large", _("文件超过 20 MB"), upload.name, _("请分几次导入"), 413)
    shown = actions.send_in(scope, upload.read(), upload.name)
    if shown.transfer is not None:
        return redirect(f"/county/workbook/{shown.transfer}/")
    with scope.open():
        return render(request, "county/workbook_preview.html", _context(shown), status=400)


@page("county.edit")
def preview(request: HttpRequest, transfer_id: int) -> HttpResponse:
    """What the file would change, as the county stands now."""
    shown = queries.preview(scope_of(request), transfer_id)
    return render(request, "county/workbook_preview.html", _context(shown))


def _context(shown: actions.Preview) -> dict[str, Any]:
    plan = shown.plan
    return {
        "name": shown.name, "faults": plan.faults[:SHOWN_FAULTS], "faults_total": len(plan.faults),
        "notes": plan.notes[:SHOWN_LINES], "counts": plan.counts(), "writes": plan.writes(),
        "lines": [] if plan.faults else [_line(item) for item in plan.moved()[:SHOWN_LINES]],
    }  # fmt: skip


def _line(item: items.Item) -> Line:
    words = {"new": _("新增"), "changed": _("修改"), "ended": _("停用")}
    told = "" if item.op == "new" else "，".join(_told(item, name) for name in item.changed)
    return Line(BY_KIND[item.kind].name, item.row, words[item.op], _label(item), told)


def _told(item: items.Item, name: str) -> str:
    """号码 139****0001→139****0002."""
    before = applying.shown(name, item.before.get(name)) or "（空）"
    after = applying.shown(name, item.after[name]) or "（空）"
    return f"{versions.label(name, item.kind)} {before}→{after}"


def _label(item: items.Item) -> str:
    """The record by its name; a term or shift by its post and person."""
    own = item.after.get("title") or item.after.get("name")
    if own:
        return str(own)
    parts = [
        applying.shown("", item.after[name]) for name in items.REFERENCES if name in item.after
    ]
    return " · ".join(str(part) for part in parts)


@act("county.edit", fields=())
def confirm(request: HttpRequest, transfer_id: int) -> HttpResponse:
    """Write what the preview showed."""
    posted(request, Nothing)
    actions.confirm(scope_of(request), transfer_id)
    return redirect("/county/")


@act("county.edit", fields=())
def drop(request: HttpRequest, transfer_id: int) -> HttpResponse:
    """Forget the file."""
    posted(request, Nothing)
    actions.drop(scope_of(request), transfer_id)
    return redirect("/county/workbook/")


@act("phonebook.read", fields=ExportForm.base_fields)
def export(request: HttpRequest) -> HttpResponse:
    """The county of the scope as a file."""
    values = posted(request, ExportForm)
    scope = scope_of(request)
    content = actions.export(scope, values["why"], values["whole"])
    with scope.open():
        day = clock.local(clock.now()).strftime("%Y%m%d")
    return _download(content, f"county-{day}.xlsx")


@page("county.read")
def template(request: HttpRequest) -> HttpResponse:
    """A blank workbook."""
    return _download(writing.template(), "county-template.xlsx")


def _download(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


urlpatterns = [
    path("county/workbook/", workbook_page, name="workbook"),
    path("county/workbook/send/", send, name="workbook-send"),
    path("county/workbook/export/", export, name="workbook-export"),
    path("county/workbook/template/", template, name="workbook-template"),
    path("county/workbook/<int:transfer_id>/", preview, name="workbook-preview"),
    path("county/workbook/<int:transfer_id>/confirm/", confirm, name="workbook-confirm"),
    path("county/workbook/<int:transfer_id>/drop/", drop, name="workbook-drop"),
]
