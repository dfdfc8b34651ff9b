"""Pages of the call-out: the list, the tree of who has answered, stopping, closing a fallback."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from anlan.engines.callout import actions, queries
from anlan.engines.callout.evidence import by_hand
from anlan.ground import clock
from anlan.ground.errors import NotFound
from anlan.ground.web import act, page, scope_of


@page("callout.read")
def list_page(request: HttpRequest) -> HttpResponse:
    """Call-outs, open ones first."""
    rows = queries.recent(scope_of(request), 50)
    return render(request, "callout/list.html", {"rows": rows, "now": clock.now()})


@page("callout.read")
def tree_page(request: HttpRequest, callout_id: int) -> HttpResponse:
    """Who has not answered, first; fallback and answer apart."""
    tree = queries.tree(scope_of(request), callout_id)
    if tree is None:
        raise NotFound("callout-unknown", "没有这次叫应", str(callout_id), "请返回列表")
    context = {
        "tree": tree, "row": tree.callout, "counts": tree.counts, "nodes": tree.nodes,
        "wanted": request.GET.get("state", ""), "sought": request.GET.get("q", ""),
        "place": request.GET.get("place", ""), "now": clock.now(),
    }  # fmt: skip
    return render(request, "callout/tree.html", context)


@act("callout.stop", fields=["why"])
def stop(request: HttpRequest, callout_id: int) -> HttpResponse:
    """Stop everything that has not gone out."""
    actions.stop_callout(scope_of(request), callout_id, request.POST.get("why", ""))
    return redirect(f"/callout/{callout_id}/")


@act("callout.fallback", fields=["proof"])
def close_fallback(request: HttpRequest, callout_id: int, call_id: int) -> HttpResponse:
    """Somebody was there: with what they say of it."""
    actions.close_fallback(scope_of(request), call_id, request.POST.get("proof", ""))
    return redirect(f"/callout/{callout_id}/")


@act("callout.answer_for", fields=["kind"])
def answer_for(request: HttpRequest, callout_id: int, call_id: int) -> HttpResponse:
    """An answer that came by telephone, keyed in by the officer who heard it."""
    kind = request.POST.get("kind", "received")
    scope = scope_of(request)
    said = "help" if kind == "help" else "received"
    actions.answer(scope, call_id, said, by_hand(scope))
    return redirect(f"/callout/{callout_id}/")


urlpatterns = [
    path("callout/", list_page, name="callouts"),
    path("callout/<int:callout_id>/", tree_page, name="callout"),
    path("callout/<int:callout_id>/stop/", stop, name="callout-stop"),
    path("callout/<int:callout_id>/<int:call_id>/fallback/", close_fallback, name="fallback"),
    path("callout/<int:callout_id>/<int:call_id>/answer/", answer_for, name="answer-for"),
]
