"""Pages of the call-out: the list, the tree of who has answered, stopping, closing a fallback."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from anlan.county import queries as county
from anlan.engines.callout import actions, queries
from anlan.engines.callout.evidence import by_hand
from anlan.ground import clock, files
from anlan.ground.errors import NotFound
from anlan.ground.scope import Scope
from anlan.ground.web import act, page, scope_of

NAMED_MAX = 200


@page("callout.read")
def list_page(request: HttpRequest) -> HttpResponse:
    """Call-outs, open ones first."""
    rows = queries.recent(scope_of(request), 50)
    return render(request, "callout/list.html", {"rows": rows, "now": clock.now()})


def _named(scope: Scope, sought: str) -> frozenset[str]:
    """Whom the phone book finds by pinyin or initials; nobody where the words are not letters."""
    word = sought.strip()
    if not (word.isascii() and word.isalpha()) or not scope.may("phonebook.read"):
        return frozenset()
    return frozenset(entry.name for entry in county.phone_book(scope, word, NAMED_MAX))


@page("callout.read")
def tree_page(request: HttpRequest, callout_id: int) -> HttpResponse:
    """Who has not answered, first; fallback and answer apart."""
    scope = scope_of(request)
    tree = queries.tree(scope, callout_id)
    if tree is None:
        raise NotFound("callout-unknown", "没有这次叫应", str(callout_id), "请返回列表")
    context = {
        "tree": tree, "row": tree.callout, "counts": tree.counts, "nodes": tree.nodes,
        "wanted": request.GET.get("state", ""), "sought": request.GET.get("q", ""),
        "place": request.GET.get("place", ""), "now": clock.now(),
        "named": _named(scope, request.GET.get("q", "")),
        "nobody": queries.nobody_since(scope, callout_id),
    }  # fmt: skip
    return render(request, "callout/tree.html", context)


@act("callout.stop", fields=["why"])
def stop(request: HttpRequest, callout_id: int) -> HttpResponse:
    """Stop everything that has not gone out."""
    actions.stop_callout(scope_of(request), callout_id, request.POST.get("why", ""))
    return redirect(f"/callout/{callout_id}/")


@act("callout.fallback", fields=["proof", "place"])
def close_fallback(request: HttpRequest, callout_id: int, call_id: int) -> HttpResponse:
    """Somebody was there: with what they say of it."""
    place = request.POST.get("place", "")
    actions.close_fallback(scope_of(request), call_id, request.POST.get("proof", ""), place=place)
    return redirect(f"/callout/{callout_id}/")


@page("callout.read")
def photo(request: HttpRequest, callout_id: int, call_id: int) -> HttpResponse:
    """The photo of a fallback, as a download."""
    task = queries.fallback_of(scope_of(request), callout_id, call_id)
    if task is None or not task.proof_file:
        raise NotFound("photo-unknown", "没有这张照片", str(call_id), "请返回叫应页")
    content = files.read(task.proof_file)
    kind = files.kind_of(content)
    answer = HttpResponse(content, content_type=f"image/{kind}")
    answer["Content-Disposition"] = f'attachment; filename="{call_id}.{kind}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


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
    path("callout/<int:callout_id>/<int:call_id>/photo/", photo, name="fallback-photo"),
    path("callout/<int:callout_id>/<int:call_id>/answer/", answer_for, name="answer-for"),
]
