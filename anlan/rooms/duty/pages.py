"""The desk, narrow: messages that nobody's grammar understood, and alarms."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from anlan.engines.callout import actions, queries
from anlan.ground import clock
from anlan.ground.web import act, page, page_before, scope_of


@page("callout.read")
def desk(request: HttpRequest) -> HttpResponse:
    """What waits for a person: alarms first, then messages, oldest first."""
    scope = scope_of(request)
    context = {"alarms": queries.alarms(scope), "rows": queries.desk(scope), "now": clock.now()}
    return render(request, "duty/desk.html", context)


@act("desk.settle", fields=["how"])
def settle(request: HttpRequest, inbound_id: int) -> HttpResponse:
    """How a message was dealt with."""
    actions.settle_message(scope_of(request), inbound_id, request.POST.get("how", ""))
    return redirect("/desk/")


@act("callout.read")
def see_alarm(request: HttpRequest, alarm_id: int) -> HttpResponse:
    """Seen."""
    actions.see_alarm(scope_of(request), alarm_id)
    return redirect(page_before(request, "/desk/"))


urlpatterns = [
    path("desk/", desk, name="desk"),
    path("desk/<int:inbound_id>/", settle, name="desk-settle"),
    path("desk/alarm/<int:alarm_id>/", see_alarm, name="alarm-seen"),
]
