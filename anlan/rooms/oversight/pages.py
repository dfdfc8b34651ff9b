"""Pages of supervision: what is pressed and what came of it; a letter, its acts and its files."""

from __future__ import annotations

from collections import Counter

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.ground import clock, papers
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.web import act, page, scope_of
from anlan.rooms.oversight import actions, queries
from anlan.rooms.oversight.decisions import OPEN_STATES
from anlan.rooms.oversight.draft import until
from anlan.rooms.workplan.exports import FORMS, download
from anlan.rooms.workplan.exports import answer as answer_file
from anlan.rooms.workplan.forms import day

STATES = ("", "proposed", "sent", "acknowledged", "answered", "closed", "dropped")
DIGITS_MAX = 9


@page("oversight.read")
def list_page(request: HttpRequest) -> HttpResponse:
    """What waits for a person first, then what is open, then what came of the others."""
    scope = scope_of(request)
    wanted, standings = _state(request), queries.standings(scope)
    rows = [one.shown for one in standings]
    counts = Counter(row.letter.state for row in rows)
    context = {
        "rows": [one for one in standings if wanted in ("", one.shown.letter.state)],
        "wanted": wanted, "forms": FORMS, "query": request.GET.urlencode(),
        "proposed": sum(1 for row in rows if row.letter.state == "proposed"),
        "overdue": sum(1 for row in rows if row.clock == "overdue"),
        "open": sum(1 for row in rows if row.letter.state in OPEN_STATES[1:]),
        "mine": [row for row in rows if row.mine and row.letter.state in ("sent", "acknowledged")],
        "not_pressed": queries.not_pressed(scope), "now": clock.now(), "total": len(rows),
        "states": [(name, counts[name]) for name in STATES[1:] if counts[name] or name == wanted],
    }  # fmt: skip
    return render(request, "oversight/list.html", context)


def _state(request: HttpRequest) -> str:
    wanted = request.GET.get("state", "")
    if wanted not in STATES:
        raise Refusal("filter-form", _("没有这样的筛选"), wanted[:40], _("请从页面上选"))
    return wanted


@page("oversight.read")
def list_file(request: HttpRequest, form: str) -> HttpResponse:
    """The list as the page shows it, as XLSX, DOCX or PDF."""
    return answer_file(queries.listing(scope_of(request), _state(request)), form, "oversight")


@page("oversight.read")
def letter_page(request: HttpRequest, letter_id: int) -> HttpResponse:
    """A letter: its words, its facts, its clock, and what may be done now."""
    scope = scope_of(request)
    shown = queries.letter(scope, letter_id)
    days, own = queries.answer_days(scope)
    row = shown.letter
    history = [one for one in queries.about(scope, row.row_key, row.indicator) if one.id != row.id]
    due = queries.last_day(row)
    context = {"shown": shown, "row": row, "days": days, "days_own": own, "history": history,
               "until": until(due, row.unsure) if due else "", "now": clock.now()}  # fmt: skip
    return render(request, "oversight/letter.html", context)


@page("oversight.read")
def letter_file(request: HttpRequest, letter_id: int, form: str) -> HttpResponse:
    """The letter as DOCX or PDF."""
    makers = {"docx": papers.docx, "pdf": papers.pdf}
    if form not in makers:
        raise NotFound("form-unknown", _("没有这种文件"), form[:20], "docx、pdf")
    shown = queries.letter(scope_of(request), letter_id)
    return download(makers[form](queries.paper(shown)), form, f"letter-{letter_id}")


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
        raise Refusal("number-form", _("请填写数字"), f"{name} {text[:20]}", _("只填整数"))
    return int(text)


@act("oversight.send", fields=("version", "days", "text"))
def send(request: HttpRequest, letter_id: int) -> HttpResponse:
    """A person sends it."""
    post = request.POST
    actions.send(
        scope_of(request), letter_id, _number(post.get("version", ""), _("版本")),
        _number(post.get("days", ""), _("工作日")), post.get("text", ""),
    )  # fmt: skip
    return redirect(f"/oversight/{letter_id}/")


@act("oversight.send", fields=("why",))
def drop(request: HttpRequest, letter_id: int) -> HttpResponse:
    """A draft is not sent."""
    actions.drop(scope_of(request), letter_id, request.POST.get("why", ""))
    return redirect(f"/oversight/{letter_id}/")


@act("oversight.answer")
def acknowledge(request: HttpRequest, letter_id: int) -> HttpResponse:
    """The unit has it."""
    actions.acknowledge(scope_of(request), letter_id)
    return redirect(f"/oversight/{letter_id}/")


@act("oversight.answer", fields=("text", "promised_on"))
def answer(request: HttpRequest, letter_id: int) -> HttpResponse:
    """The unit answers, with the day by which it will be done."""
    post = request.POST
    promised = day(post.get("promised_on", ""), _("办结日期"))
    actions.answer(scope_of(request), letter_id, post.get("text", ""), promised)
    return redirect(f"/oversight/{letter_id}/")


@act("oversight.send", fields=("why",))
def close(request: HttpRequest, letter_id: int) -> HttpResponse:
    """A person settles it."""
    actions.close(scope_of(request), letter_id, request.POST.get("why", ""))
    return redirect(f"/oversight/{letter_id}/")


urlpatterns = [
    path("oversight/", list_page, name="oversight"),
    path("oversight/file.<slug:form>", list_file, name="oversight-file"),
    path("oversight/<int:letter_id>/", letter_page, name="letter"),
    path("oversight/<int:letter_id>/file.<slug:form>", letter_file, name="letter-file"),
    path("oversight/<int:letter_id>/send/", send, name="letter-send"),
    path("oversight/<int:letter_id>/drop/", drop, name="letter-drop"),
    path("oversight/<int:letter_id>/acknowledge/", acknowledge, name="letter-acknowledge"),
    path("oversight/<int:letter_id>/answer/", answer, name="letter-answer"),
    path("oversight/<int:letter_id>/close/", close, name="letter-close"),
]
