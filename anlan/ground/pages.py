"""The page of the rounds: when each ran, how late it is, what it failed with, what dangles."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from anlan.ground import clock, references, retention, spool, watch
from anlan.ground.models import RoundRun
from anlan.ground.web import page, scope_of


@page("today.read")
def rounds_page(request: HttpRequest) -> HttpResponse:
    """For whoever keeps the night: whether the program itself keeps up."""
    return _rounds(request)


@page("system.manage")
def system_page(request: HttpRequest) -> HttpResponse:
    """The same for the system administrator, who sees no business data; here is none."""
    return _rounds(request)


def _rounds(request: HttpRequest) -> HttpResponse:
    found = watch.seen(RoundRun.objects.order_by("name"))
    context = {
        "rounds": found, "failing": sum(one.failing for one in found),
        "late": sum(one.late for one in found), "waiting": spool.waiting(),
        "dangling": references.dangling(scope_of(request)), "now": clock.now(),
        "real_now": watch.real_now(),
    }  # fmt: skip
    return render(request, "ground/rounds.html", context)


@page("account.manage")
def retention_page(request: HttpRequest) -> HttpResponse:
    """How long personal data is kept, what is due and what an open matter still holds."""
    rows = retention.states()
    context = {
        "rows": rows, "due": sum(row.due for row in rows), "held": sum(row.held for row in rows),
        "looked": max((row.looked_at for row in rows if row.looked_at), default=None),
        "now": clock.now(),
    }  # fmt: skip
    return render(request, "ground/retention.html", context)


urlpatterns = [
    path("rounds/", rounds_page, name="rounds"),
    path("system/rounds/", system_page, name="system-rounds"),
    path("access/retention/", retention_page, name="access-retention"),
]
