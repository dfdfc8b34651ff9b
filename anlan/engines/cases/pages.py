"""Pages of cases: mine today, a new one, one with its story, its moves, its deadlines, its papers.

Flows in: addresses that carry every filter, forms made of what a step asks. Flows out: pages under
the reader's scope; every act goes through an action.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county import choices
from anlan.county.asked import code_of, home, page_number, sought_in
from anlan.county.filled import filled
from anlan.engines.cases import actions, door, forms, queries, refusals, sheets
from anlan.engines.cases.actions import Start
from anlan.engines.cases.decisions import may_open
from anlan.engines.cases.queries import Wanted
from anlan.engines.cases.rows import who_of
from anlan.engines.cases.types import all_kinds, kind_of
from anlan.ground import clock, files, papers
from anlan.ground.errors import NotFound
from anlan.ground.forms import StrictForm
from anlan.ground.web import act, page, scope_of

READ = "cases.read"
FORM = "cases/form.html"
DOWNLOADS = {
    "pdf": (papers.pdf, "application/pdf"),
    "docx": (papers.docx,
             "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}  # fmt: skip


@page(READ)
def mine(request: HttpRequest) -> HttpResponse:
    """One list over everything that the reader can move now, the first deadline on top."""
    scope, wanted = scope_of(request), _wanted(request)
    found, lines = queries.page(scope, wanted, page_number(request))
    context = {
        "page": found, "lines": lines, "wanted": wanted, "late": queries.late_count(scope, wanted),
        "kinds": [(name, kind.label) for name, kind in all_kinds().items()],
        "openings": queries.openings(scope), "divisions": choices.division_choices(scope),
        "query": urlencode(_query(wanted)), "now": clock.now(),
    }  # fmt: skip
    return render(request, "cases/mine.html", context)


def _wanted(request: HttpRequest) -> Wanted:
    """What the address asks; what is no choice is passed over."""
    got = request.GET
    kind, about = got.get("kind", ""), got.get("object", "")
    return Wanted(
        got.get("all") != "1" and not about, got.get("late") == "1", got.get("ended") == "1",
        kind if kind in all_kinds() else "", code_of(got.get("in", "")), sought_in(request),
        int(about) if about.isascii() and about.isdigit() and len(about) < 19 else None,
    )  # fmt: skip


def _query(wanted: Wanted) -> dict[str, str]:
    told = {
        "all": "" if wanted.mine else "1", "late": "1" if wanted.late else "",
        "ended": "1" if wanted.ended else "", "kind": wanted.type,
        "in": str(wanted.division or ""), "q": wanted.sought,
        "object": str(wanted.object_id or ""),
    }  # fmt: skip
    return {key: value for key, value in told.items() if value}


@page(READ, fields=forms.START_FIELDS)
def new(request: HttpRequest, pack: str, kind_name: str, opening: str) -> HttpResponse:
    """A new case by a person."""
    scope, kind = scope_of(request), kind_of(f"{pack}.{kind_name}")
    own = kind.openings.get(opening)
    verdict = may_open(own, who_of(scope)) if own and own.by == "person" else None
    if own is None or verdict is None:
        raise NotFound("case-opening", _("不能这样登记"), opening, _("请从“我的事”里选择"))
    if not verdict.may:
        raise refusals.of(kind, verdict)
    made: list[forms.StartForm] = []
    about = request.GET.get("object", "")

    def make(data: Any = None, **kwargs: Any) -> StrictForm:
        made.append(forms.StartForm(
            data, scope=scope, asks=own.asks, kind=kind, initial={"division": home(scope)},
            object_id=int(about) if about.isdigit() and len(about) < 19 else None, **kwargs,
        ))  # fmt: skip
        return made[-1]

    def do(values: dict[str, Any]) -> str:
        start = Start(values["division"], "", values["object"], values["place"],
                      values["lat"], values["lon"])  # fmt: skip
        row = actions.open_case(scope, kind.name, opening, start, made[-1].given())
        return f"/cases/{row.id}/"

    return filled(request, make, do, title=own.label, button=own.label, back="/cases/",
                  lead=_law(own), template=FORM)  # fmt: skip


def _law(step: Any) -> str:
    if step.law is None:
        return ""
    told = f"《{step.law.law}》{step.law.article}"
    return told if step.law.verified else told + _("（待核）")


@page(READ, fields=forms.STEP_FIELDS)
def lead(
    request: HttpRequest, case_id: int, pack: str, kind_name: str, opening: str
) -> HttpResponse:
    """Another case comes of this one."""
    scope, kind = scope_of(request), kind_of(f"{pack}.{kind_name}")
    own = kind.openings.get(opening)
    if own is None or own.by != "case":
        raise NotFound("case-opening", _("不能这样登记"), opening, _("请从那件事的页面办理"))
    with scope.open():
        source = queries.shown(scope, case_id).case
    made: list[forms.StepForm] = []

    def make(data: Any = None, **kwargs: Any) -> StrictForm:
        made.append(forms.StepForm(data, scope=scope, asks=own.asks,
                                   initial={"version": source.version}, **kwargs))  # fmt: skip
        return made[-1]

    def do(_values: dict[str, Any]) -> str:
        start = Start(source.division, source_id=source.id)
        return f"/cases/{actions.open_case(scope, kind.name, opening, start, made[-1].given()).id}/"

    return filled(request, make, do, title=f"{own.label}：{source.title}", button=own.label,
                  back=f"/cases/{case_id}/", lead=_law(own), template=FORM)  # fmt: skip


@page(READ)
def case_page(request: HttpRequest, case_id: int) -> HttpResponse:
    """One case: how it stands, what comes next, its story."""
    shown = queries.shown(scope_of(request), case_id)
    context = {"shown": shown, "now": clock.now(),
               "printed": {t.step.key for t in shown.story
                           if (m := shown.kind.moves.get(t.step.key)) and m.form}}  # fmt: skip
    return render(request, "cases/case.html", context)


@page(READ, fields=forms.STEP_FIELDS)
def move(request: HttpRequest, case_id: int, move_key: str) -> HttpResponse:
    """The form of a move."""
    scope = scope_of(request)
    with scope.open():
        shown = queries.shown(scope, case_id)
    own = shown.kind.moves.get(move_key)
    if own is None:
        raise NotFound("case-move", _("没有这一步"), move_key, _("请刷新页面"))
    if request.method != "POST":
        for one, verdict in shown.moves:
            if one.key == move_key and not verdict.may:
                raise refusals.of(shown.kind, verdict)
    made: list[forms.StepForm] = []

    def make(data: Any = None, **kwargs: Any) -> StrictForm:
        made.append(forms.StepForm(data, scope=scope, asks=own.asks,
                                   initial={"version": shown.case.version}, **kwargs))  # fmt: skip
        return made[-1]

    def do(values: dict[str, Any]) -> str:
        actions.move(scope, case_id, values["version"], move_key, made[-1].given())
        return f"/cases/{case_id}/"

    return filled(request, make, do, title=f"{own.label}：{shown.case.title}", button=own.label,
                  back=f"/cases/{case_id}/", lead=_law(own), template=FORM)  # fmt: skip


@act("cases.judge")
def reporter(request: HttpRequest, case_id: int) -> HttpResponse:
    """Who reported, shown once, with a line in the journal."""
    scope = scope_of(request)
    name, number = door.reveal_reporter(scope, case_id)
    with scope.open():
        context = {"case_id": case_id, "name": name, "number": number}
        return render(request, "cases/reporter.html", context)


@page(READ)
def paper(request: HttpRequest, paper_id: int) -> HttpResponse:
    """A file of a step, as a download."""
    row = queries.paper(scope_of(request), paper_id)
    answer = HttpResponse(files.read(row.sha256), content_type="application/octet-stream")
    kind = files.kind_of(answer.content)
    answer["Content-Disposition"] = f'attachment; filename="{row.key}-{row.id}.{kind}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@page(READ)
def sheet(request: HttpRequest, case_id: int, move_key: str, form: str) -> HttpResponse:
    """The form of a move, or with `story` the whole case, as DOCX or PDF."""
    scope = scope_of(request)
    if form not in DOWNLOADS:
        raise NotFound("form-unknown", _("没有这种格式"), form, "docx、pdf")
    own = sheets.story(scope, case_id) if move_key == "story" else sheets.of_move(
        scope, case_id, move_key)  # fmt: skip
    write, kind = DOWNLOADS[form]
    answer = HttpResponse(write(own), content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{move_key}-{case_id}.{form}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


urlpatterns = [
    path("cases/", mine, name="cases"),
    path("cases/new/<slug:pack>/<slug:kind_name>/<slug:opening>/", new, name="case-new"),
    path("cases/<int:case_id>/", case_page, name="case"),
    path("cases/<int:case_id>/do/<slug:move_key>/", move, name="case-move"),
    path("cases/<int:case_id>/lead/<slug:pack>/<slug:kind_name>/<slug:opening>/", lead,
         name="case-lead"),
    path("cases/<int:case_id>/print/<slug:move_key>/<slug:form>/", sheet, name="case-sheet"),
    path("cases/<int:case_id>/reporter/", reporter, name="case-reporter"),
    path("cases/paper/<int:paper_id>/", paper, name="case-paper"),
]  # fmt: skip
