"""Pages of the plan: rows with their states, a row with its records, import, confirmation."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from anlan.engines.indicators import compute
from anlan.ground import clock
from anlan.ground.errors import Refusal
from anlan.ground.web import act, page, scope_of
from anlan.rooms.workplan import actions, queries

PAGES = {"callout.call": "/callout/", "evacuation.zone": "/zones/"}


@page("plan.read")
def board(request: HttpRequest) -> HttpResponse:
    """Every row by table; what is missed or not reported shows."""
    scope = scope_of(request)
    rows = queries.rows(scope)
    wanted = request.GET.get("state", "")
    context = {
        "plan": queries.current(scope),
        "rows": [row for row in rows if not wanted or row.state == wanted],
        "total": len(rows),
        "answered": sum(1 for row in rows if row.figures),
        "versions": queries.versions(scope),
        "now": clock.now(),
    }
    return render(request, "workplan/board.html", context)


@page("plan.read")
def row_page(request: HttpRequest, table: int, row: int) -> HttpResponse:
    """What a row promises, its figures, and the records behind them."""
    scope = scope_of(request)
    shown = queries.one(scope, table, row)
    behind = [(figure, compute.records(scope, figure.indicator)) for figure in shown.figures]
    return render(request, "workplan/row.html", {"shown": shown, "behind": behind, "pages": PAGES})


@act("plan.enter", fields=["file"])
def enter(request: HttpRequest) -> HttpResponse:
    """A document is read whole or refused whole."""
    sent = request.FILES.get("file")
    if sent is None:
        raise Refusal("file-empty", "没有选择文件", "", "请选择工作要点的文本文件")
    actions.import_plan(scope_of(request), sent.read(), sent.name or "")
    return redirect("/plan/")


@act("plan.confirm")
def confirm(request: HttpRequest, version_id: int) -> HttpResponse:
    """A second person confirms."""
    actions.confirm(scope_of(request), version_id)
    return redirect("/plan/")


urlpatterns = [
    path("plan/", board, name="plan"),
    path("plan/<int:table>/<int:row>/", row_page, name="plan-row"),
    path("plan/import/", enter, name="plan-import"),
    path("plan/<int:version_id>/confirm/", confirm, name="plan-confirm"),
]
