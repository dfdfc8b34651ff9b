"""The public pages: one page for whoever holds a link. No account, no script needed.

They run as a process of their own under the role `anlan_public`, which is granted only what an
answer needs.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, re_path

from anlan.engines.callout import actions as callout
from anlan.engines.callout import links, played
from anlan.engines.callout.evidence import by_link
from anlan.engines.callout.models import Call
from anlan.engines.callout.photos import keep_photo
from anlan.engines.cases import door
from anlan.ground import clock
from anlan.ground.errors import Refusal
from anlan.ground.machine import site
from anlan.ground.machine.site import MARK_HEADER
from anlan.ground.scope import Scope
from anlan.ground.web import address_of, public_page
from anlan.rooms.duty import actions as duty
from anlan.rooms.evacuation import actions as evacuation
from anlan.rooms.evacuation import queries as zones
from anlan.rooms.evacuation.models import WHERE
from anlan.rooms.review import queries as exercises

KINDS = ("received", "help", "wrong")
CACHE_S = 3600
TAKEN_MAX = 1000
AGO_MINUTES_MAX = 24 * 60


def _open(request: HttpRequest, token: str, act: str) -> links.Opened:
    """What the token opens, with the visitor's address and request on its lines."""
    opened = links.open_link(token, act, address_of(request))
    actor = replace(
        opened.scope.actor, address=address_of(request),
        request_id=getattr(request, "request_id", ""),
    )  # fmt: skip
    return replace(opened, scope=replace(opened.scope, actor=actor))


def _call(opened: links.Opened) -> Call:
    with opened.scope.open():
        return Call.objects.select_related("callout").get(id=opened.call_id)


@public_page("the holder of a signed link answers one call", fields=["kind"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """The message in large letters, and three buttons."""
    opened = _open(request, token, "answer")
    if request.method == "POST":
        kind = request.POST.get("kind", "")
        if kind not in KINDS:
            raise Refusal("answer-kind", "请按一个按钮", "", "返回重按")
        callout.answer(opened.scope, opened.call_id, kind, by_link(opened), role=opened.role)
        return redirect(request.path + "?done=" + kind)
    context = {"call": _call(opened), "done": request.GET.get("done", "")}
    return render(request, "portal/answer.html", context)


@public_page(
    "the holder of a signed link says that somebody was there",
    fields=["proof", "place", "ago", "lat", "lon", "photo"],
)
def fallback(request: HttpRequest, token: str) -> HttpResponse:
    """Who knocked closes the task with what they saw, and where they are if they wish."""
    opened = _open(request, token, "fallback")
    if request.method == "POST":
        upload = request.FILES.get("photo")
        photo = None
        if upload is not None:
            photo = keep_photo(opened.scope, upload.read(), upload.name or "")
        callout.close_fallback(
            opened.scope, opened.call_id, request.POST.get("proof", ""),
            place=request.POST.get("place", ""), happened_at=_ago(opened, request.POST.get("ago")),
            lat=_degrees(request.POST.get("lat"), 90), lon=_degrees(request.POST.get("lon"), 180),
            photo=photo,
        )  # fmt: skip
        return redirect(request.path + "?done=1")
    context = {"call": _call(opened), "done": request.GET.get("done", "")}
    return render(request, "portal/fallback.html", context)


def _degrees(text: str | None, limit: int) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if -limit <= value <= limit else None


def _ago(opened: links.Opened, text: str | None) -> datetime | None:
    """The moment so many minutes ago, a day at most; None: now."""
    digits = text or ""
    if not (digits.isascii() and digits.isdigit()) or not 0 < int(digits[:5]) <= AGO_MINUTES_MAX:
        return None
    with opened.scope.open():
        return clock.now() - timedelta(minutes=int(digits))


@public_page(
    "the holder of a signed link counts the households of one zone", fields=["where-#", "people-#"]
)
def headcount(request: HttpRequest, token: str) -> HttpResponse:
    """Twelve households: where each is, who needs help, who fetches them, which shelter."""
    opened = _open(request, token, "headcount")
    shown = zones.zone_for_link(opened.scope, opened.object_id or 0)
    if request.method == "POST":
        said = {home.id: _said(request, home) for home in shown.homes}
        figures = evacuation.tally({home.id: home.people for home in shown.homes}, said)
        evacuation.record_headcount(
            opened.scope, shown.opening.id, figures, "link",
            households={str(ident): list(entry) for ident, entry in said.items()},
        )  # fmt: skip
        return redirect(request.path + "?done=1")
    context = {"shown": shown, "where": WHERE, "done": request.GET.get("done", "")}
    return render(request, "portal/headcount.html", context)


def _said(request: HttpRequest, home: zones.Home) -> tuple[str, int]:
    where = request.POST.get(f"where-{home.id}", "not_yet")
    try:
        moved = int(request.POST.get(f"people-{home.id}") or home.people)
    except ValueError:
        moved = home.people
    return where, moved


@public_page(
    "anybody reports what they see; what is written is stored and shown to nobody here",
    fields=["text", "place", "caller", "number", "form_key"],
)
def report(request: HttpRequest) -> HttpResponse:
    """A report by the public page (群众上报): stored before it is answered, read at the desk."""
    if request.method == "POST":
        post = request.POST
        duty.leave_web_report(
            Scope.nobody(address_of(request), getattr(request, "request_id", "")),
            post.get("form_key", "") or uuid.uuid4().hex,
            post.get("text", ""), post.get("place", ""), post.get("caller", ""),
            post.get("number", ""),
        )  # fmt: skip
        return redirect(request.path + "?done=1")
    context = {"done": request.GET.get("done", ""), "form_key": uuid.uuid4().hex}
    return render(request, "portal/report.html", context)


@public_page(
    "anybody reports a danger or a breach; it is stored sealed and shown to nobody here",
    fields=["what", "text", "place", "caller", "number", "form_key"],
)
def tip(request: HttpRequest) -> HttpResponse:
    """A report by the public (群众举报): stored before it is answered, taken in by a round."""
    offered = [(f"{kind.name}/{own.key}", own.label) for kind, own in door.openings()]
    if request.method == "POST":
        post = request.POST
        kind, _slash, opening = post.get("what", "").partition("/")
        door.leave(
            Scope.nobody(address_of(request), getattr(request, "request_id", "")), kind, opening,
            post.get("form_key", "") or uuid.uuid4().hex,
            door.Said(post.get("text", ""), post.get("place", ""), post.get("caller", ""),
                      post.get("number", "")),
        )  # fmt: skip
        return redirect(request.path + "?done=1")
    context = {"done": request.GET.get("done", ""), "form_key": uuid.uuid4().hex,
               "offered": offered}  # fmt: skip
    return render(request, "portal/tip.html", context)


@public_page("the player of an exercise takes its outbox by a signed token", fields=["taken"])
def outbox(request: HttpRequest) -> HttpResponse:
    """What a 推演 would have sent, for the program that answers it; nothing for anybody else."""
    scope = played.player(_bearer(request), address_of(request))
    if request.method != "POST":
        raise Refusal("method", "这里只接受 POST", request.method or "", "", 405)
    now, found = played.take_outbox(scope, _ids(request.POST.get("taken", "")))
    with scope.open():
        silent = exercises.silent_posts(scope)
    rows = [
        {"id": m.id, "person": m.person, "role": m.role, "try": m.try_no, "text": m.text,
         "at": m.at.isoformat(), "silent": m.post in silent}
        for m in found
    ]  # fmt: skip
    return JsonResponse({"schema": "anlan.outbox/1", "now": now.isoformat(), "messages": rows})


def _bearer(request: HttpRequest) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _ids(text: str) -> list[int]:
    parts = [part for part in text.split(",") if part]
    if len(parts) > TAKEN_MAX or not all(
        p.isascii() and p.isdigit() and len(p) < 19 for p in parts
    ):
        raise Refusal("taken-form", "编号不对", text[:40], "用逗号隔开的数字")
    return [int(part) for part in parts]


@public_page("says that the process answers; no data")
def health(request: HttpRequest) -> HttpResponse:
    """For the supervisor and for probes."""
    return HttpResponse("ok", content_type="text/plain", headers={MARK_HEADER: site().mark})


@public_page("styles and script of the public pages; no data")
def asset(request: HttpRequest, name: str) -> HttpResponse:
    """The one style and the one script."""
    from pathlib import Path

    kinds = {"p.css": "text/css", "p.js": "text/javascript"}
    content = (Path(__file__).parent / "static" / "portal" / name).read_bytes()
    answer = HttpResponse(content, content_type=f"{kinds[name]}; charset=utf-8")
    answer["Cache-Control"] = f"public, max-age={CACHE_S}"
    return answer


@public_page("an error page holds no data")
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    refusal = Refusal("no-page", "没有这一页", "", "请打开短信里的链接，或打电话给乡镇值班室")
    return render(request, "refusal.html", {"refusal": refusal}, status=404)


urlpatterns = [
    path("a/<str:token>", answer, name="answer"),
    path("f/<str:token>", fallback, name="fallback-link"),
    path("h/<str:token>", headcount, name="headcount"),
    path("r", report, name="public-report"),
    path("t", tip, name="public-tip"),
    path("exercise/outbox", outbox, name="outbox"),
    path("health", health, name="public-health"),
    re_path(r"^s/(?P<name>p\.(?:css|js))$", asset, name="public-asset"),
]
handler404 = "anlan.faces.portal.pages.not_found"
