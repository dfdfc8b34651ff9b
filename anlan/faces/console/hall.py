"""Pages of the hall that mix rooms: handover, consultations with their inputs and orders."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.faces.console import standing
from anlan.ground import clock, papers
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.scope import Scope
from anlan.ground.web import act, page, scope_of
from anlan.rooms.command import actions as command
from anlan.rooms.command import queries as consultations
from anlan.rooms.duty import forms, hall_actions, hall_queries
from anlan.rooms.duty import queries as duty
from anlan.rooms.duty.report_pages import TYPES

SHOWN_HANDOVERS = 20


def _version(request: HttpRequest) -> int:
    return forms.whole(request.POST.get("version", ""), _("版本"))


# handover


@page("duty.hand_over", fields=["text"])
def handovers(request: HttpRequest) -> HttpResponse:
    """What is open now, to be signed by who goes; or a list that waits for who comes."""
    scope = scope_of(request)
    if request.method == "POST":
        said = request.POST.get("text", "")
        made = hall_actions.offer_handover(scope, standing.rows(scope), said)
        return redirect(f"/handover/{made.id}/")
    rows = hall_queries.handovers(scope)
    found = standing.items(scope)
    context = {
        "rows": rows[:SHOWN_HANDOVERS], "groups": standing.grouped(found), "total": len(found),
        "late": sum(1 for one in found if one.late), "now": clock.now(),
        "offered": next((row for row in rows if row.state == "offered"), None),
    }  # fmt: skip
    return render(request, "console/handovers.html", context)


@page("duty.hand_over")
def handover(request: HttpRequest, handover_id: int) -> HttpResponse:
    """One handover: what was signed, what is new since, who still has to sign."""
    scope = scope_of(request)
    row = hall_queries.handover(scope, handover_id)
    now_rows = standing.rows(scope) if row.state == "offered" else []
    news = hall_actions.news(row.items, now_rows) if row.state == "offered" else row.news
    own = scope.actor.id == row.out_account or scope.actor.person_id == row.out_person
    context = {
        "row": row, "groups": standing.grouped([_dated(one) for one in row.items]),
        "news": [_dated(one) for one in news], "seen": hall_actions.mark_of(now_rows),
        "own": own, "now": clock.now(),
        "log": hall_queries.log_since(scope, row.out_at) if row.state == "offered" else [],
    }  # fmt: skip
    return render(request, "console/handover.html", context)


def _dated(row: dict[str, object]) -> dict[str, object]:
    """A kept row with its times as times."""
    given = [name for name in ("at", "due") if row.get(name)]
    return {**row, **{name: datetime.fromisoformat(str(row[name])) for name in given}}


@act("duty.hand_over", fields=["version", "seen", "text"])
def handover_accept(request: HttpRequest, handover_id: int) -> HttpResponse:
    """Who comes signs."""
    scope, post = scope_of(request), request.POST
    hall_actions.accept_handover(
        scope, handover_id, _version(request), post.get("seen", ""), standing.rows(scope),
        post.get("text", ""),
    )  # fmt: skip
    return redirect(f"/handover/{handover_id}/")


@act("duty.hand_over", fields=["version"])
def handover_withdraw(request: HttpRequest, handover_id: int) -> HttpResponse:
    """Who signed first takes it back."""
    hall_actions.withdraw_handover(scope_of(request), handover_id, _version(request))
    return redirect("/handover/")


# consultation


@page("consult.read", fields=["title", "chair", "event"])
def consult_list(request: HttpRequest) -> HttpResponse:
    """Consultations; a new one is called here."""
    scope = scope_of(request)
    if request.method == "POST":
        about = forms.whole(request.POST.get("event", ""), _("接报号"), 0)
        if about:
            with scope.open():
                duty.event(scope, about)
        made = command.call(
            scope, request.POST.get("title", ""), request.POST.get("chair", ""),
            "duty.event" if about else "", about or None,
        )  # fmt: skip
        return redirect(f"/consult/{made.id}/")
    events = duty.events(scope) if scope.may("duty.read") else []
    context = {"rows": consultations.consultations(scope), "events": events, "now": clock.now()}
    return render(request, "console/consult_list.html", context)


def _inputs(scope: Scope, consultation_id: int) -> list[standing.Item]:
    """What a consultation may stand on: all that is open but itself."""
    own = ("command.consultation", consultation_id)
    return [one for one in standing.items(scope) if (one.kind, one.id) != own]


@page("consult.read")
def consult(request: HttpRequest, consultation_id: int) -> HttpResponse:
    """One consultation: what to stand on, opinions, the decision, its orders."""
    scope = scope_of(request)
    shown = consultations.consultation(scope, consultation_id)
    found = _inputs(scope, consultation_id) if shown.row.state == "open" else []
    minutes, own = hall_queries.minutes_of(scope, "duty.task_min")
    context = {
        "shown": shown, "row": shown.row, "now": clock.now(), "groups": standing.grouped(found),
        "inputs": [_dated(one) for one in shown.row.inputs], "minutes": minutes,
        "minutes_own": own, "orders": hall_queries.shown_of(scope, shown.orders),
        "posts": duty.posts_to_tell(scope) if scope.may("duty.assign") else [],
    }  # fmt: skip
    return render(request, "console/consult.html", context)


@act("consult.hold", fields=["version", "attendees", "input*"])
def consult_freeze(request: HttpRequest, consultation_id: int) -> HttpResponse:
    """The chosen inputs are frozen as they are at this moment."""
    scope = scope_of(request)
    wanted = set(request.POST.getlist("input"))
    known = {f"{one.kind}/{one.id}": one for one in _inputs(scope, consultation_id)}
    gone = wanted - set(known)
    if gone:
        raise Refusal("inputs-gone", _("选的依据刚刚变了，已不在清单里"), sorted(gone)[0][:60],
                      _("请重新选"))  # fmt: skip
    chosen = [
        command.Input(one.kind, one.id, one.version, f"{one.group} {one.label}", one.words,
                      one.at.isoformat())
        for key, one in known.items() if key in wanted
    ]  # fmt: skip
    attendees = request.POST.get("attendees", "")
    command.freeze(scope, consultation_id, _version(request), attendees, chosen)
    return redirect(f"/consult/{consultation_id}/")


@act("consult.read", fields=["who", "text"])
def consult_say(request: HttpRequest, consultation_id: int) -> HttpResponse:
    """An opinion."""
    post = request.POST
    command.say(scope_of(request), consultation_id, post.get("who", ""), post.get("text", ""))
    return redirect(f"/consult/{consultation_id}/")


@act("consult.decide", fields=["version", "decision"])
def consult_decide(request: HttpRequest, consultation_id: int) -> HttpResponse:
    """What was decided."""
    decision = request.POST.get("decision", "")
    command.decide(scope_of(request), consultation_id, _version(request), decision)
    return redirect(f"/consult/{consultation_id}/")


@act("consult.hold", fields=["version", "why"])
def consult_drop(request: HttpRequest, consultation_id: int) -> HttpResponse:
    """Not held."""
    why = request.POST.get("why", "")
    command.drop(scope_of(request), consultation_id, _version(request), why)
    return redirect("/consult/")


@act("duty.assign", fields=["order", "order_to", "order_min"])
def consult_order(request: HttpRequest, consultation_id: int) -> HttpResponse:
    """An order that follows the decision: a task of the hall that names it as its origin."""
    scope, post = scope_of(request), request.POST
    row = consultations.consultation(scope, consultation_id).row
    if row.state != "decided":
        raise Refusal("consult-undecided", _("还没有决定，不能下达指令"), row.title,
                      _("先记下决定"))  # fmt: skip
    given = hall_actions.Given(
        post.get("order", ""), forms.whole(post.get("order_to", ""), _("交给")),
        forms.whole(post.get("order_min", ""), _("分钟")), origin_kind=consultations.ORIGIN,
        origin_id=row.id,
    )  # fmt: skip
    hall_actions.give_task(scope, given)
    return redirect(f"/consult/{consultation_id}/")


@page("consult.read")
def consult_file(request: HttpRequest, consultation_id: int, form: str) -> HttpResponse:
    """The minutes as DOCX or PDF."""
    makers = {"docx": papers.docx, "pdf": papers.pdf}
    if form not in makers:
        raise NotFound("form-unknown", _("没有这种文件"), form[:20], "docx、pdf")
    shown = consultations.consultation(scope_of(request), consultation_id)
    content = makers[form](consultations.minutes(shown, clock.now()))
    answer = HttpResponse(content, content_type=TYPES[form])
    answer["Content-Disposition"] = f'attachment; filename="consultation-{shown.row.id}.{form}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


urlpatterns = [
    path("handover/", handovers, name="handovers"),
    path("handover/<int:handover_id>/", handover, name="handover"),
    path("handover/<int:handover_id>/accept/", handover_accept, name="handover-accept"),
    path("handover/<int:handover_id>/withdraw/", handover_withdraw, name="handover-withdraw"),
    path("consult/", consult_list, name="consultations"),
    path("consult/<int:consultation_id>/", consult, name="consultation"),
    path("consult/<int:consultation_id>/freeze/", consult_freeze, name="consultation-freeze"),
    path("consult/<int:consultation_id>/say/", consult_say, name="consultation-say"),
    path("consult/<int:consultation_id>/decide/", consult_decide, name="consultation-decide"),
    path("consult/<int:consultation_id>/drop/", consult_drop, name="consultation-drop"),
    path("consult/<int:consultation_id>/order/", consult_order, name="consultation-order"),
    path("consult/<int:consultation_id>/file.<slug:form>", consult_file, name="consultation-file"),
]
