"""Pages that mix rooms: today, map, journal, search; and the designed states of an error."""

from __future__ import annotations

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path

from anlan.faces.console import hall, leader, map, naming, palette
from anlan.faces.console.today import today_of
from anlan.ground import clock
from anlan.ground.machine import site
from anlan.ground.machine.site import MARK_HEADER
from anlan.ground.models import JournalLine, Seal
from anlan.ground.web import json_page, page, page_before, public_page, scope_of

JOURNAL_ROWS = 100
ACTION_CHARS_MAX = 60
ID_DIGITS_MAX = 19
SOUGHT_CHARS_MAX = 40
MACHINES = ("round", "gateway")


@page("today.read")
def today(request: HttpRequest) -> HttpResponse:
    """One screen: what is open, who has not answered, what waits for me."""
    scope = scope_of(request)
    shown = today_of(scope)
    return render(request, "console/today.html", {"today": shown, "now": clock.now()})


@page("journal.read")
def journal_page(request: HttpRequest) -> HttpResponse:
    """Who did what within the reader's places; the auditor has a page of their own."""
    rows = JournalLine.objects.order_by("-id")
    action = request.GET.get("action", "").strip()[:ACTION_CHARS_MAX]
    if re.fullmatch(r"[a-z._]+", action):
        rows = rows.filter(action__startswith=action)
    elif action:
        rows = rows.filter(action__in=naming.actions_named(action))
    by = "people" if request.GET.get("by") == "people" else ""
    if by:
        rows = rows.exclude(actor_kind__in=MACHINES)
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < ID_DIGITS_MAX:
        rows = rows.filter(id__lt=int(before))
    found = list(rows[:JOURNAL_ROWS])
    seal = Seal.objects.order_by("-id").values_list("last_line", flat=True).first()
    context = {
        "rows": found, "action": action, "by": by, "sealed": seal or 0, "page_rows": JOURNAL_ROWS,
        "now": clock.now(), "actions": sorted({str(word) for word in naming.ACTIONS.values()}),
    }  # fmt: skip
    return render(request, "console/journal.html", context)


@json_page("today.read")
def search(request: HttpRequest) -> HttpResponse:
    """Pages, townships and villages, people, warnings: for the palette."""
    sought = request.GET.get("q", "").strip()[:SOUGHT_CHARS_MAX]
    return JsonResponse({"results": palette.found(scope_of(request), sought)})


@public_page("says that the process answers; no data")
def health(request: HttpRequest) -> HttpResponse:
    """For the supervisor and for probes."""
    return HttpResponse("ok", content_type="text/plain", headers={MARK_HEADER: site().mark})


@public_page("the language of the screen, kept in a cookie", fields=["language"])
def language(request: HttpRequest) -> HttpResponse:
    """Switch between Chinese and English."""
    chosen = request.POST.get("language", "")
    answer = redirect(page_before(request))
    if chosen in dict(settings.LANGUAGES):
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, chosen, samesite="Lax", httponly=True, max_age=31536000
        )
    return answer


@public_page("an error page holds no data")
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """No such page, or none within the reader's scope: both look the same."""
    return render(request, "404.html", status=404)


urlpatterns = [
    path("", today, name="today"),
    *map.urlpatterns,
    *hall.urlpatterns,
    *leader.urlpatterns,
    path("journal/", journal_page, name="journal"),
    path("search/", search, name="search"),
    path("health", health, name="health"),
    path("language/", language, name="language"),
]
