"""Pages of the warning room: paste, read with doubts, preview, second person, call tree."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from anlan.county import queries as county
from anlan.ground import clock
from anlan.ground.errors import Refusal
from anlan.ground.web import act, page, scope_of
from anlan.rooms.warning import actions, draft, queries, received_pages
from anlan.rooms.warning.models import ACTS

REVISED = (
    "version", "then", "kind", "grade", "caution", "measures", "starts_at", "divisions*", "own_sms",
    "sms", "act", "follows",
)  # fmt: skip


@page("warning.read")
def list_page(request: HttpRequest) -> HttpResponse:
    """Warnings; what waits for approval first."""
    scope = scope_of(request)
    rows = queries.recent(scope, 50)
    context = {"rows": rows, "now": clock.now(), "held": queries.held_count(scope)}
    return render(request, "warning/list.html", context)


@act("warning.draft", fields=["text"])
def paste(request: HttpRequest) -> HttpResponse:
    """The bureau's text becomes a draft."""
    row = actions.paste(scope_of(request), request.POST.get("text", ""))
    return redirect(f"/warning/{row.id}/")


@page("warning.read")
def show(request: HttpRequest, warning_id: int) -> HttpResponse:
    """One warning with the one act that comes next."""
    scope = scope_of(request)
    shown = queries.shown(scope, warning_id)
    context = {
        "shown": shown,
        "row": shown.row,
        "now": clock.now(),
        "towns": county.places(scope, "township"),
        "kinds": [(k, v["label"]) for k, v in draft.texts()["kinds"].items() if v["label"]],  # type: ignore[attr-defined]
        "grades": draft.texts()["grades"],
        "county": county.places(scope, "county"),
        "acts": ACTS,
        "mine": shown.row.drafted_account == request.user.pk,
    }
    return render(request, "warning/show.html", context)


def _changes(request: HttpRequest) -> dict[str, Any]:
    """The form's fields as an action takes them; every doubt about a shown field is settled."""
    post = request.POST
    changes: dict[str, Any] = {}
    for name in ("kind", "grade", "caution", "measures", "act"):
        if name in post:
            changes[name] = post[name].strip()
    if "starts_at" in post:
        try:
            moment = datetime.fromisoformat(post["starts_at"])
        except ValueError:
            raise Refusal("time-form", "起始时间不对", post["starts_at"], "请重新选择") from None
        changes["starts_at"] = moment.replace(tzinfo=clock.COUNTY_ZONE)
    if "follows" in post:
        changes["follows"] = int(post["follows"]) if post["follows"].isdigit() else 0
    codes = [int(code) for code in post.getlist("divisions") if code.isdigit()]
    if codes:
        changes["divisions"] = codes
    if post.get("own_sms"):
        changes["sms"] = post["sms"]
    return changes


@act("warning.draft", fields=REVISED)
def revise(request: HttpRequest, warning_id: int) -> HttpResponse:
    """Save the fields as they stand; what a person has looked at is no doubt any more."""
    scope = scope_of(request)
    with scope.open():
        doubts = queries.shown(scope, warning_id).row.doubts
    changes = _changes(request)
    changes["settled"] = [doubt["code"] for doubt in doubts]
    version = int(request.POST.get("version", "0") or 0)
    row = actions.revise(scope, warning_id, version, changes)
    if request.POST.get("then") == "submit":
        actions.submit(scope, warning_id, row.version)
    return redirect(f"/warning/{warning_id}/")


@act("warning.read", fields=["version", "why"])
def move(request: HttpRequest, warning_id: int, what: str) -> HttpResponse:
    """What the slug names; each action checks its own right."""
    scope = scope_of(request)
    version = int(request.POST.get("version", "0") or 0)
    if what == "submit":
        actions.submit(scope, warning_id, version)
    elif what == "approve":
        return redirect(f"/callout/{actions.approve(scope, warning_id, version).id}/")
    elif what == "override":
        why = request.POST.get("why", "")
        return redirect(f"/callout/{actions.override(scope, warning_id, version, why).id}/")
    elif what == "send-back":
        actions.send_back(scope, warning_id, version, request.POST.get("why", ""))
    elif what == "withdraw":
        actions.withdraw(scope, warning_id, version, request.POST.get("why", ""))
    elif what == "lift":
        actions.propose_lift(scope, warning_id, version)
    elif what == "approve-lift":
        return redirect(f"/callout/{actions.approve_lift(scope, warning_id, version).id}/")
    return redirect(f"/warning/{warning_id}/")


urlpatterns = [
    *received_pages.urlpatterns,
    path("warning/", list_page, name="warnings"),
    path("warning/paste/", paste, name="warning-paste"),
    path("warning/<int:warning_id>/", show, name="warning"),
    path("warning/<int:warning_id>/revise/", revise, name="warning-revise"),
    path("warning/<int:warning_id>/<slug:what>/", move, name="warning-act"),
]
