"""The desk's pages: what waits, a telephone report taken in, an event with all that hangs on it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.engines.callout import actions as callout
from anlan.engines.callout import queries as calls
from anlan.ground import clock
from anlan.ground.errors import Refusal
from anlan.ground.scope import Scope
from anlan.ground.web import act, json_page, page, page_before, scope_of
from anlan.rooms.duty import (
    actions,
    forms,
    hall_actions,
    hall_pages,
    hall_queries,
    pack,
    places,
    queries,
    report_pages,
)
from anlan.rooms.duty.models import Event


@page("callout.read")
def desk(request: HttpRequest) -> HttpResponse:
    """What waits for a person: late reports, alarms, unclear messages, then events."""
    scope = scope_of(request)
    everything = request.GET.get("all") == "1"
    reads = scope.may("duty.read")
    events = queries.events(scope, only_open=not everything) if reads else []
    alarms, rows = calls.alarms(scope), calls.desk(scope)
    context = {
        "alarms": alarms, "rows": rows, "events": events, "everything": everything,
        "late": sum(1 for row in events if row.clock and row.clock.state == "late"),
        "doubted": sum(1 for row in events if row.event.doubts), "now": clock.now(),
        "open": sum(1 for row in events if row.event.state in ("open", "stable")),
    }  # fmt: skip
    return render(request, "duty/desk.html", context)


@act("desk.settle", fields=["how"])
def settle(request: HttpRequest, inbound_id: int) -> HttpResponse:
    """How a message was dealt with."""
    callout.settle_message(scope_of(request), inbound_id, request.POST.get("how", ""))
    return redirect("/desk/")


@act("callout.read")
def see_alarm(request: HttpRequest, alarm_id: int) -> HttpResponse:
    """Seen."""
    callout.see_alarm(scope_of(request), alarm_id)
    return redirect(page_before(request, "/desk/"))


@act("duty.take")
def message_to_event(request: HttpRequest, inbound_id: int) -> HttpResponse:
    """An unclear message is something that happened."""
    event = actions.receive_message(scope_of(request), inbound_id)
    return redirect(f"/desk/event/{event.id}/")


@page("duty.take", fields=forms.TAKE_FIELDS)
def take(request: HttpRequest) -> HttpResponse:
    """A telephone report, keyed while the caller speaks; stored first, then sent on."""
    scope = scope_of(request)
    if request.method == "POST":
        with scope.open():
            said = forms.taken(request.POST)
        event = actions.receive_event(scope, said)
        _send_on(request, scope, event)
        return redirect(f"/desk/event/{event.id}/")
    minutes, own = hall_queries.minutes_of(scope, "duty.task_min")
    context = {
        "key": forms.new_key(), "kinds": pack.section("kinds"), "minutes": minutes,
        "minutes_own": own, "asked": [(n, pack.figure(n)["label"]) for n in forms.ASKED],
        "posts": queries.posts_to_tell(scope) if scope.may("duty.assign") else [],
        "now": clock.now(),
    }  # fmt: skip
    return render(request, "duty/take.html", context)


def _send_on(request: HttpRequest, scope: Scope, event: Event) -> None:
    """First orders go to the chosen post, or to the duty post of the place's township.

    The report is stored already: an order that cannot be given is said, and given again there.
    """
    text = request.POST.get("order", "").strip()
    if not text or not scope.may("duty.assign"):
        return
    try:
        with scope.open():
            wanted = request.POST.get("order_to", "")
            post_id = forms.whole(wanted, _("交给"), 0) or _township_post(scope, event)
            default, _own = hall_queries.minutes_of(scope, "duty.task_min")
            minutes = forms.whole(request.POST.get("order_min", ""), _("分钟"), default)
        given = hall_actions.Given(text, post_id, minutes, origin_kind="duty.event",
                                   origin_id=event.id)  # fmt: skip
        hall_actions.give_task(scope, given)
    except Refusal as refusal:
        said = _("接报已存下，先期指令没有发出：%(why)s") % {"why": refusal}
        messages.warning(request, said)


def _township_post(scope: Scope, event: Event) -> int:
    post = queries.duty_post_of(scope, event.division)
    if post is None:
        raise Refusal("order-nobody", _("没有对上乡镇，不知道交给谁"), event.place,
                      _("请在这里选一个岗位再交办"))  # fmt: skip
    return post.id


@json_page("duty.take")
def suggest(request: HttpRequest) -> HttpResponse:
    """Places that fit what is being typed."""
    found = places.suggest(scope_of(request), request.GET.get("q", "")[:100])
    rows = [
        {"label": place.label, "choice": place.choice,
         "note": str(dict(Event._meta.get_field("place_how").choices or []).get(place.how, ""))}
        for place in found
    ]  # fmt: skip
    return JsonResponse({"results": rows})


@page("duty.read")
def event_page(request: HttpRequest, event_id: int) -> HttpResponse:
    """One event: what is next, who told of it, figures with versions, reports, tasks."""
    scope = scope_of(request)
    shown = queries.event(scope, event_id)
    minutes, own = hall_queries.minutes_of(scope, "duty.task_min")
    context = {
        "shown": shown, "row": shown.event, "kinds": pack.section("kinds"), "minutes": minutes,
        "minutes_own": own, "figures": pack.section("figures"), "now": clock.now(),
        "rows": hall_queries.shown_of(scope, shown.tasks),
        "posts": queries.posts_to_tell(scope) if scope.may("duty.assign") else [],
        "town_post": queries.duty_post_of(scope, shown.event.division),
        "found": places.suggest(scope, shown.event.place) if _place_doubted(shown.event) else [],
        "report": next((r for r, _c in shown.reports if r.state in ("due", "drafted")), None),
    }  # fmt: skip
    return render(request, "duty/event.html", context)


def _place_doubted(event: Event) -> bool:
    """Only then does the form ask which place is meant: it never moves one that was found."""
    return any(doubt["code"] == "place" for doubt in event.doubts)


def _version(request: HttpRequest) -> int:
    return forms.whole(request.POST.get("version", ""), _("版本"))


@act("duty.take", fields=["version", "kind", "place", "choice", "what"])
def mend(request: HttpRequest, event_id: int) -> HttpResponse:
    """A person puts it right."""
    post = request.POST
    actions.mend(
        scope_of(request), event_id, _version(request), post.get("kind", ""),
        post.get("place", ""), post.get("choice", ""), post.get("what", ""),
    )  # fmt: skip
    return redirect(f"/desk/event/{event_id}/")


@act("duty.take", fields=["into"])
def join(request: HttpRequest, event_id: int) -> HttpResponse:
    """It is the same as another."""
    into = forms.whole(request.POST.get("into", ""), _("并入"))
    found = actions.join(scope_of(request), event_id, into)
    return redirect(f"/desk/event/{found.id}/")


@act("duty.take")
def part(request: HttpRequest, event_id: int) -> HttpResponse:
    """It was not."""
    actions.part(scope_of(request), event_id)
    return redirect(f"/desk/event/{event_id}/")


@act("duty.take", fields=["version", "why"])
def close(request: HttpRequest, event_id: int) -> HttpResponse:
    """Nothing more is to be done."""
    actions.close(scope_of(request), event_id, _version(request), request.POST.get("why", ""))
    return redirect("/desk/")


@act("duty.assign", fields=["order", "order_to", "order_min"])
def task(request: HttpRequest, event_id: int) -> HttpResponse:
    """An order about this event."""
    scope = scope_of(request)
    with scope.open():
        event = queries.event(scope, event_id).event
        wanted = request.POST.get("order_to", "")
        post_id = forms.whole(wanted, _("交给"), 0) or _township_post(scope, event)
        default, _own = hall_queries.minutes_of(scope, "duty.task_min")
        minutes = forms.whole(request.POST.get("order_min", ""), _("分钟"), default)
    given = hall_actions.Given(request.POST.get("order", ""), post_id, minutes,
                               origin_kind="duty.event", origin_id=event.id)  # fmt: skip
    hall_actions.give_task(scope, given)
    return redirect(f"/desk/event/{event_id}/")


@act("duty.take", fields=["why"])
def number(request: HttpRequest, source_id: int) -> HttpResponse:
    """The whole number of whoever called."""
    found = actions.reveal_number(scope_of(request), source_id, request.POST.get("why", ""))
    back = page_before(request, "/desk/")
    return render(request, "duty/number.html", {"number": found, "back": back})


@page("duty.take", fields=["name", "place", "choice"])
def landmarks(request: HttpRequest) -> HttpResponse:
    """Places that people name; one more is added by its name and where it is."""
    scope = scope_of(request)
    if request.method == "POST":
        post = request.POST
        with scope.open():
            where = places.find(scope, post.get("place", ""), post.get("choice", ""), None)
        if where.doubt:
            raise Refusal("landmark-place", where.doubt, post.get("place", "")[:60],
                          _("请写村名、乡镇名或经纬度"))  # fmt: skip
        actions.add_landmark(scope, where.division, post.get("name", ""), where.lat, where.lon)
        return redirect("/desk/landmarks/")
    context = {"rows": queries.landmarks(scope), "now": clock.now()}
    return render(request, "duty/landmarks.html", context)


@act("duty.take")
def landmark_end(request: HttpRequest, landmark_id: int) -> HttpResponse:
    """It is no more."""
    actions.end_landmark(scope_of(request), landmark_id)
    return redirect("/desk/landmarks/")


urlpatterns = [
    path("desk/", desk, name="desk"),
    path("desk/new/", take, name="desk-take"),
    path("desk/places/", suggest, name="desk-places"),
    path("desk/landmarks/", landmarks, name="landmarks"),
    path("desk/landmarks/<int:landmark_id>/end/", landmark_end, name="landmark-end"),
    path("desk/<int:inbound_id>/", settle, name="desk-settle"),
    path("desk/<int:inbound_id>/event/", message_to_event, name="desk-message"),
    path("desk/alarm/<int:alarm_id>/", see_alarm, name="alarm-seen"),
    path("desk/source/<int:source_id>/number/", number, name="source-number"),
    path("desk/event/<int:event_id>/", event_page, name="event"),
    path("desk/event/<int:event_id>/mend/", mend, name="event-mend"),
    path("desk/event/<int:event_id>/join/", join, name="event-join"),
    path("desk/event/<int:event_id>/part/", part, name="event-part"),
    path("desk/event/<int:event_id>/close/", close, name="event-close"),
    path("desk/event/<int:event_id>/task/", task, name="event-task"),
    *report_pages.urlpatterns,
    *hall_pages.urlpatterns,
]
