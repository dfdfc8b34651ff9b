"""Pages of import and review: a document is dropped, its doubts are settled one by one, a second
person confirms, versions are compared, one act undoes them.

The page of a version shows one doubt (or one row) at a time; which one stands in the address, so
that the keys n and p are links, Enter presses the one filled button and e opens the form.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.ground import clock, files
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.scope import Scope
from anlan.ground.web import act, page, scope_of
from anlan.rooms.workplan import actions, forms, review, review_actions, versions
from anlan.rooms.workplan import review_queries as queries
from anlan.rooms.workplan.models import PlanDoubt, PlanRow
from anlan.rooms.workplan.original_queries import original_of
from anlan.rooms.workplan.queries import flood_season
from anlan.rooms.workplan.reader.limits import WALL_S

EDIT_FIELDS = ("name", "units", "lead", "quantities", "deadline", "why", "version")
NUMBER_MAX = 2**31 - 1


@page("plan.read")
def versions_page(request: HttpRequest) -> HttpResponse:
    """Every version with who entered and confirmed it; the place to drop a new document."""
    listed = queries.listed(scope_of(request))
    context = {
        "listed": listed, "now": clock.now(), "wall_s": round(WALL_S),
        "bytes_mb": files.FILE_BYTES_MAX // 1024 // 1024,
        "waiting": sum(1 for own in listed if own.plan.state == "entered"),
    }  # fmt: skip
    return render(request, "workplan/versions.html", context)


@act("plan.enter", fields=["file"])
def enter(request: HttpRequest) -> HttpResponse:
    """A document is read whole or refused whole."""
    sent = request.FILES.get("file")
    if sent is None:
        raise Refusal("file-empty", _("没有选择文件"), "", _("请选择工作要点的文件"))
    if (sent.size or 0) > files.FILE_BYTES_MAX:
        raise Refusal("too-large", _("文件超过 20 MB"), sent.name or "", _("请去掉图片后另存"), 413)
    row = actions.import_plan(scope_of(request), sent.read(), sent.name or "")
    return redirect(f"/plan/versions/{row.id}/")


@page("plan.read")
def version_page(request: HttpRequest, version_id: int) -> HttpResponse:
    """The original at the left, rows at the right, the doubt that is to be settled above both."""
    scope = scope_of(request)
    asked = {name: _number(request, name) for name in ("doubt", "row", "table")}
    shown = queries.reviewed(scope, version_id, **asked)
    point, at = shown.doubt.point if shown.doubt else None, _at(shown)
    unit, due = request.GET.get("unit", "")[:100], request.GET.get("due", "")
    season = flood_season(scope, shown.plan.year)
    asked_rows = unit or due == "season"
    context = {
        "unit": unit, "due": due, "season": season, "filtered": bool(asked_rows),
        "rows": shown.owed(unit, season.first if due == "season" else None)
        if asked_rows else shown.rows,
        "shown": shown, "plan": shown.plan, "now": clock.now(),
        "open": shown.open, "settled": len(shown.doubts) - shown.open,
        "original": original_of(
            scope, shown.plan, shown.table, point, at, _number(request, "page")
        ),
        "at": at, "edits": queries.edits(scope, shown.plan, shown.row),
        "form": _form(shown.row), "enters": _enters(scope, shown),
        "why_not": _why_not(scope, shown), "compared": queries.compared_with(scope, shown.plan),
        "number": shown.doubts.index(shown.doubt) + 1 if shown.doubt else 0,
    }  # fmt: skip
    return render(request, "workplan/version.html", context)


def _number(request: HttpRequest, name: str) -> int | None:
    """A number of the address; NotFound for what is none."""
    text = request.GET.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) > NUMBER_MAX:
        raise NotFound("address-number", _("地址里的编号不对"), text[:20], _("请返回这一版"))
    return int(text)


def _at(shown: queries.Reviewed) -> list[int]:
    """[table, row] that the page is about, as the original's cells name it."""
    if shown.row is not None:
        return [shown.row.table, shown.row.row]
    doubt = shown.doubt
    return [doubt.table, doubt.row] if doubt and doubt.table and doubt.row else []


def _form(row: PlanRow | None) -> dict[str, str]:
    """A row as it is typed."""
    if row is None:
        return {}
    return {
        "units": review.units_text(row.units),
        "lead": "、".join(own["name"] for own in row.units if own["lead"]),
        "quantities": review.quantities_text(row.quantities),
    }


def _enters(scope: Scope, shown: queries.Reviewed) -> bool:
    return scope.may("plan.enter") and shown.plan.state == "entered"


def _why_not(scope: Scope, shown: queries.Reviewed) -> str:
    """Why this reader cannot confirm now; empty where the button works."""
    person, plan = scope.actor.person_id, shown.plan
    if shown.open and not plan.demo:
        return _("存疑定完后，由另一人确认")
    touched = {plan.entered_person, *(own.settled_person for own in shown.doubts)}
    touched |= {own.changed_person for own in queries.edits(scope, plan)}
    return _("您录入或改过这一版，要由另一人确认") if person and person in touched else ""


@act("plan.enter", fields=("version", "unit", "why"))
def accept(request: HttpRequest, version_id: int, doubt_id: int) -> HttpResponse:
    """What is proposed is taken; the next open doubt comes."""
    post = request.POST
    doubt = review_actions.accept(
        scope_of(request), version_id, doubt_id, forms.version(post), unit=post.get("unit", ""),
        why=forms.line(post.get("why", ""), _("原因")),
    )  # fmt: skip
    return redirect(_next(scope_of(request), doubt))


@act("plan.enter", fields=(*EDIT_FIELDS, "row_version"))
def settle(request: HttpRequest, version_id: int, doubt_id: int) -> HttpResponse:
    """The doubt is settled by what was typed for its row."""
    post = request.POST
    doubt = review_actions.settle_otherwise(
        scope_of(request), version_id, doubt_id, forms.version(post),
        forms.version(post, "row_version"), _values(request),
        forms.line(post.get("why", ""), _("原因")),
    )  # fmt: skip
    return redirect(_next(scope_of(request), doubt))


@act("plan.enter", fields=EDIT_FIELDS)
def edit(request: HttpRequest, version_id: int, row_id: int) -> HttpResponse:
    """A row is edited without a doubt."""
    post = request.POST
    row = review_actions.edit_row(
        scope_of(request), version_id, row_id, forms.version(post), _values(request),
        forms.line(post.get("why", ""), _("原因")),
    )  # fmt: skip
    return redirect(f"/plan/versions/{row.plan_id}/?row={row.id}")


def _values(request: HttpRequest) -> dict[str, str]:
    post = request.POST
    found = {
        "name": forms.line(post.get("name", ""), _("名称"), 300),
        "units": forms.line(post.get("units", ""), _("单位"), 2000),
        "lead": forms.line(post.get("lead", ""), _("牵头单位"), 500),
        "deadline": forms.line(post.get("deadline", ""), _("时限"), 20),
    }
    return found | {"quantities": forms.lines(post.get("quantities", ""), _("数量"), 8000)}


def _next(scope: Scope, doubt: PlanDoubt) -> str:
    """The next doubt that is open, by number; the version itself where none is left."""
    following = queries.next_open(scope, doubt)
    asked = f"?doubt={following}" if following else ""
    return f"/plan/versions/{doubt.plan_id}/{asked}"


@act("plan.confirm", fields=("version",))
def confirm(request: HttpRequest, version_id: int) -> HttpResponse:
    """A second person confirms."""
    post = request.POST
    seen = forms.version(post) if "version" in post else None
    actions.confirm(scope_of(request), version_id, seen)
    return redirect(f"/plan/versions/{version_id}/changes/")


@act("plan.enter", fields=("version", "why"))
def undo(request: HttpRequest, version_id: int) -> HttpResponse:
    """An entered version is taken back."""
    post = request.POST
    actions.undo(scope_of(request), version_id, forms.line(post.get("why", ""), _("原因")),
                 forms.version(post))  # fmt: skip
    return redirect("/plan/versions/")


@act("plan.confirm", fields=("version", "why"))
def withdraw(request: HttpRequest, version_id: int) -> HttpResponse:
    """A confirmed version is taken back; the one before it runs again."""
    post = request.POST
    actions.withdraw(scope_of(request), version_id, forms.line(post.get("why", ""), _("原因")),
                     forms.version(post))  # fmt: skip
    return redirect("/plan/versions/")


@page("plan.read")
def changes_page(request: HttpRequest, version_id: int) -> HttpResponse:
    """What is different from the version before, by row and for whom."""
    scope = scope_of(request)
    plan = queries.one_version(scope, version_id)
    against = _number(request, "against")
    before = queries.one_version(scope, against) if against else queries.compared_with(scope, plan)
    found = queries.differences(scope, before, plan) if before else []
    wanted = request.GET.get("how", "")
    unit = request.GET.get("unit", "")
    told = [own for own in found if own.how != "same"]
    by_unit = versions.by_unit(found)
    one = next((own for own in by_unit if own.name == unit), None)
    told = [own for own in told if one is None or own in _of(one)]
    context = {
        "plan": plan, "before": before, "by_unit": by_unit, "unit": unit, "now": clock.now(),
        "pairs": [own for own in told if not wanted or own.how == wanted],
        "counts": [(how, sum(1 for own in found if own.how == how))
                   for how in ("changed", "new", "gone", "moved", "same")],
        "others": [own.plan for own in queries.listed(scope) if own.plan.id != plan.id],
    }  # fmt: skip
    return render(request, "workplan/changes.html", context)


def _of(unit: versions.ForUnit) -> list[versions.Pair]:
    return [*unit.gained, *unit.lost, *unit.leads, *unit.led, *unit.changed]


@page("plan.read")
def file_page(request: HttpRequest, version_id: int) -> HttpResponse:
    """The document as it was sent in, as a download."""
    plan = queries.one_version(scope_of(request), version_id)
    answer = HttpResponse(files.read(plan.digest), content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = _attachment(plan.file_name or "plan")
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _attachment(name: str) -> Any:
    from django.utils.http import content_disposition_header

    return content_disposition_header(True, name)


urlpatterns = [
    path("plan/versions/", versions_page, name="plan-versions"),
    path("plan/import/", enter, name="plan-import"),
    path("plan/versions/<int:version_id>/", version_page, name="plan-version"),
    path("plan/versions/<int:version_id>/doubt/<int:doubt_id>/accept/", accept, name="plan-accept"),
    path("plan/versions/<int:version_id>/doubt/<int:doubt_id>/", settle, name="plan-settle"),
    path("plan/versions/<int:version_id>/row/<int:row_id>/", edit, name="plan-row-edit"),
    path("plan/versions/<int:version_id>/changes/", changes_page, name="plan-changes"),
    path("plan/versions/<int:version_id>/file/", file_page, name="plan-file"),
    path("plan/versions/<int:version_id>/undo/", undo, name="plan-undo"),
    path("plan/versions/<int:version_id>/withdraw/", withdraw, name="plan-withdraw"),
    path("plan/<int:version_id>/confirm/", confirm, name="plan-confirm"),
]
