"""Pages of exercises: the list with its start, the controls of a running one, its review.

A page of one exercise stands in its world (`world` in its address), framed as one, whatever world
the reader's other pages stand in.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.ground import clock, worlds
from anlan.ground.errors import Conflict, Refusal
from anlan.ground.scope import Scope
from anlan.ground.web import ANY_WORLD, act, page, scope_of
from anlan.rooms.review import actions, nights, queries
from anlan.rooms.review.models import FORMS, INJECTS, KINDS, TOPICS

RATES = (0, 1, 5, 20, 60)
JUMPS = (5, 15, 60, 180)
START = ("kind", "name", "form", "topics*", "source", "rate", "starts_at", "seed", "silent",
         "delay_low", "delay_high", "player")  # fmt: skip
DIGITS_MAX = 9


@page("exercise.read", fields=START)
def list_page(request: HttpRequest) -> HttpResponse:
    """What runs and what was held; whoever may, starts one."""
    scope = scope_of(request)
    if request.method == "POST":
        scope.need("exercise.control")
        made = actions.start(scope.in_world(0), _plan(request))
        return redirect(f"/exercise/{made.space}/")
    rows = queries.exercises(scope)
    context = {
        "rows": rows, "open": [row for row in rows if row.world.ended_at is None],
        "forms": FORMS, "topics": TOPICS, "kinds": KINDS, "rates": RATES[1:],
        "nights": nights.shipped(), "findings": queries.findings(scope), "now": clock.now(),
    }  # fmt: skip
    return render(request, "review/list.html", context)


def _plan(request: HttpRequest) -> actions.Plan:
    post = request.POST
    kind, source = post.get("kind", ""), post.get("source", "")
    live = kind == "live"
    night = nights.shipped().get(source)
    if source and night is None:
        raise Refusal("night-unknown", _("没有这一夜的记录"), source[:60], _("请从列表里选"))
    starts = _moment(post.get("starts_at", "")) or (night.starts_at if night else None)
    return actions.Plan(
        kind=kind, name=post.get("name", ""), form=post.get("form", ""),
        topics=tuple(post.getlist("topics")),
        rate=1.0 if live else _real(post.get("rate", ""), "1"),
        starts_at=None if live else starts, seed=_whole(post.get("seed", ""), "1"),
        player="player" in post and not live, silent=_real(post.get("silent", ""), "0.3"),
        delay_s=(
            _whole(post.get("delay_low", ""), "20"), _whole(post.get("delay_high", ""), "240"),
        ), source=source, night=night,
    )  # fmt: skip


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal("time-form", _("时间写得不对"), text[:40], "2024-07-10T22:15") from None
    return found if found.tzinfo else found.replace(tzinfo=clock.COUNTY_ZONE)


def _whole(text: str, otherwise: str = "") -> int:
    digits = text.strip() or otherwise
    if not (digits.isascii() and digits.isdigit() and len(digits) <= DIGITS_MAX):
        raise Refusal("number-form", _("请填写数字"), text[:20], _("只填整数"))
    return int(digits)


def _real(text: str, otherwise: str = "") -> float:
    try:
        return float(text.strip() or otherwise)
    except ValueError:
        raise Refusal("number-form", _("请填写数字"), text[:20], "0.3") from None


@act("exercise.read", fields=["exercise"], world=ANY_WORLD)
def enter(request: HttpRequest) -> HttpResponse:
    """The reader's screens stand in the exercise from now on, or in the real world again (0)."""
    space = _whole(request.POST.get("exercise", ""))
    scope = scope_of(request).in_world(space)
    if space:
        actions.enter(scope)
        request.session["world"] = space
    else:
        request.session.pop("world", None)
    return redirect("/")


@page("exercise.read", world="world")
def one_page(request: HttpRequest, world: int) -> HttpResponse:
    """A running exercise: its clock, what comes in and when, what has happened."""
    scope = scope_of(request)
    worlds.find(world)
    shown = queries.shown(scope)
    context = {
        "shown": shown, "exercise": shown.exercise, "own": shown.world, "now": shown.now,
        "rates": RATES, "jumps": JUMPS, "injects": INJECTS, "posts": queries.posts(scope),
        "sent": queries.sent(scope), "inside": request.session.get("world") == world,
    }  # fmt: skip
    return render(request, "review/one.html", context)


@page("exercise.read", world="world")
def review_page(request: HttpRequest, world: int) -> HttpResponse:
    """What was done and when, held against what was asked; what is to be mended."""
    scope = scope_of(request)
    worlds.find(world)
    shown = queries.shown(scope)
    findings = queries.findings(scope, world)
    known = {row.code for row in findings if row.code}
    lines = queries.comparison(scope)
    context = {
        "shown": shown, "exercise": shown.exercise, "own": shown.world, "now": shown.now,
        "lines": lines, "known": known, "findings": findings,
        "short": sum(1 for line in lines if line.verdict == "short"),
        "headcount": queries.headcount(scope), "posts": queries.posts(scope),
        "due": clock.local(clock.now(0)).date() + timedelta(days=30),
    }  # fmt: skip
    return render(request, "review/review.html", context)


@act("exercise.control", fields=["rate"], world="world")
def rate(request: HttpRequest, world: int) -> HttpResponse:
    """Pause, or go at another rate."""
    actions.set_rate(scope_of(request), _real(request.POST.get("rate", "")))
    return redirect(f"/exercise/{world}/")


@act("exercise.control", fields=["minutes"], world="world")
def jump(request: HttpRequest, world: int) -> HttpResponse:
    """Go on by so many minutes at once."""
    actions.jump(scope_of(request), _whole(request.POST.get("minutes", "")))
    return redirect(f"/exercise/{world}/")


@act("exercise.control", fields=["kind", "text", "due_at", "post"], world="world")
def inject(request: HttpRequest, world: int) -> HttpResponse:
    """Put something in, now or at a time of the exercise's clock."""
    post = request.POST
    chosen = post.get("post", "")
    actions.add_inject(
        scope_of(request), post.get("kind", ""), post.get("text", ""),
        due_at=_moment(post.get("due_at", "")), post_id=_whole(chosen) if chosen else None,
    )  # fmt: skip
    return redirect(f"/exercise/{world}/")


@act("exercise.control", world="world")
def cancel(request: HttpRequest, world: int, inject_id: int) -> HttpResponse:
    """What has not come in does not."""
    actions.cancel_inject(scope_of(request), inject_id)
    return redirect(f"/exercise/{world}/")


@act("exercise.control", world="world")
def stop(request: HttpRequest, world: int) -> HttpResponse:
    """It ends; its review opens."""
    actions.stop(scope_of(request).in_world(0), world)
    if request.session.get("world") == world:
        request.session.pop("world", None)
    return redirect(f"/exercise/{world}/review/")


@act("exercise.control", fields=["code", "text", "owner", "due_on"], world="world")
def finding(request: HttpRequest, world: int) -> HttpResponse:
    """Write down what is to be mended, from a line of the comparison or freely."""
    scope, post = scope_of(request), request.POST
    code = post.get("code", "")
    line = next((one for one in queries.comparison(scope) if one.code == code), None)
    if code and line is None:
        raise Conflict("line-gone", _("这一行已经变了"), code[:60], _("请看新的比较后再记"))
    when = _moment(post.get("due_on", ""))
    if when is None:
        raise Refusal("finding-day", _("请填写整改日期"))
    actions.write_finding(
        _in_real(scope), world, post.get("text", ""), _whole(post.get("owner", "")), when.date(),
        line,
    )  # fmt: skip
    return redirect(f"/exercise/{world}/review/")


@act("exercise.control", fields=["how"], world="world")
def close(request: HttpRequest, world: int, finding_id: int) -> HttpResponse:
    """It was mended, and how."""
    actions.close_finding(_in_real(scope_of(request)), finding_id, request.POST.get("how", ""))
    return redirect(f"/exercise/{world}/review/")


def _in_real(scope: Scope) -> Scope:
    return scope.in_world(0)


urlpatterns = [
    path("exercise/", list_page, name="exercises"),
    path("exercise/enter/", enter, name="exercise-enter"),
    path("exercise/<int:world>/", one_page, name="exercise"),
    path("exercise/<int:world>/review/", review_page, name="exercise-review"),
    path("exercise/<int:world>/rate/", rate, name="exercise-rate"),
    path("exercise/<int:world>/jump/", jump, name="exercise-jump"),
    path("exercise/<int:world>/inject/", inject, name="exercise-inject"),
    path("exercise/<int:world>/inject/<int:inject_id>/cancel/", cancel, name="exercise-cancel"),
    path("exercise/<int:world>/stop/", stop, name="exercise-stop"),
    path("exercise/<int:world>/finding/", finding, name="exercise-finding"),
    path("exercise/<int:world>/finding/<int:finding_id>/close/", close, name="finding-close"),
]
