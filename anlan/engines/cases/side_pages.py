"""Pages beside a case's line: clocks that stand, extensions, parts for units, objections.

Flows in: short forms. Flows out: the case's page, after the act.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county.filled import filled, with_values
from anlan.engines.cases import clock_actions, forms, queries, side_actions
from anlan.engines.cases.queries import Shown
from anlan.ground.errors import NotFound
from anlan.ground.forms import StrictForm
from anlan.ground.scope import Scope
from anlan.ground.web import page, scope_of

ACT, JUDGE, APPROVE = "cases.act", "cases.judge", "cases.approve"


def _shown(scope: Scope, case_id: int) -> Shown:
    with scope.open():
        return queries.shown(scope, case_id)


def _form(
    request: HttpRequest, shown: Shown, form: type[StrictForm], title: str, button: str,
    do: Callable[[dict[str, Any]], object], **bound: Any,
) -> HttpResponse:  # fmt: skip
    where = f"/cases/{shown.case.id}/"
    version = bound.pop("version", shown.case.version)

    def done(values: dict[str, Any]) -> str:
        do(values)
        return where

    return filled(request, with_values(form, {"version": version}, **bound), done,
                  title=f"{title}：{shown.case.title}", button=button, back=where)  # fmt: skip


@page(APPROVE, fields=("version", "cause", "why"))
def stop(request: HttpRequest, case_id: int, clock_key: str) -> HttpResponse:
    """The clock stands."""
    scope = scope_of(request)
    shown = _shown(scope, case_id)
    rule = shown.kind.rules.get(clock_key)
    if rule is None:
        raise NotFound("case-deadline", _("没有在走的这个期限"), clock_key, _("请刷新页面"))
    return _form(
        request, shown, forms.ClockForm, _("停止计时"), _("停止计时"),
        lambda v: clock_actions.stop(scope, case_id, v["version"], clock_key, v["cause"], v["why"]),
        causes=rule.stops,
    )  # fmt: skip


@page(APPROVE, fields=("version", "why"))
def resume(request: HttpRequest, case_id: int, clock_key: str) -> HttpResponse:
    """The clock goes on."""
    scope = scope_of(request)
    return _form(
        request, _shown(scope, case_id), forms.WhyForm, _("恢复计时"), _("恢复计时"),
        lambda v: clock_actions.resume(scope, case_id, v["version"], clock_key, v["why"]),
    )  # fmt: skip


@page(ACT, fields=("version", "to_on", "why"))
def extend(request: HttpRequest, case_id: int, clock_key: str) -> HttpResponse:
    """Ask for a later day."""
    scope = scope_of(request)
    return _form(
        request, _shown(scope, case_id), forms.ExtendForm, _("申请延期"), _("提出延期申请"),
        lambda v: clock_actions.ask_extension(
            scope, case_id, v["version"], clock_key, v["to_on"], v["why"]),
    )  # fmt: skip


@page(APPROVE, fields=("version", "answer", "why"))
def decide(request: HttpRequest, request_id: int) -> HttpResponse:
    """Decide an extension or an objection."""
    scope = scope_of(request)
    with scope.open():
        asked = queries.request(scope, request_id)
        shown = queries.shown(scope, asked.case_id)
    extends = asked.kind == "extend"
    run = clock_actions.decide_extension if extends else side_actions.decide_objection
    return _form(
        request, shown, forms.DecideForm, _("决定延期") if extends else _("决定异议"), _("决定"),
        lambda v: run(scope, request_id, v["version"], v["answer"] == "yes", v["why"]),
        version=asked.version,
    )  # fmt: skip


@page(ACT, fields=("version", "why"))
def object_to(request: HttpRequest, case_id: int, objection: str) -> HttpResponse:
    """Raise an objection in the name of whom it concerns."""
    scope = scope_of(request)
    shown = _shown(scope, case_id)
    own = shown.kind.objections.get(objection)
    label = own.label if own else _("异议")
    return _form(
        request, shown, forms.WhyForm, label, _("提出"),
        lambda v: side_actions.object_to(scope, case_id, v["version"], objection, v["why"]),
    )  # fmt: skip


@page(JUDGE, fields=("version", "unit", "text", "due_on"))
def give(request: HttpRequest, case_id: int) -> HttpResponse:
    """A part for a unit."""
    scope = scope_of(request)
    return _form(
        request, _shown(scope, case_id), forms.TaskForm, _("交办"), _("交办"),
        lambda v: side_actions.give_task(
            scope, case_id, v["version"], v["unit"], v["text"], v["due_on"]),
        scope=scope,
    )  # fmt: skip


@page(ACT, fields=("version", "result"))
def finish(request: HttpRequest, part_id: int) -> HttpResponse:
    """A part is done."""
    scope = scope_of(request)
    with scope.open():
        own = queries.task(scope, part_id)
        shown = queries.shown(scope, own.case_id)
    return _form(
        request, shown, forms.ResultForm, _("办结交办"), _("办结"),
        lambda v: side_actions.finish_task(scope, part_id, v["version"], v["result"]),
        version=own.version,
    )  # fmt: skip


urlpatterns = [
    path("cases/<int:case_id>/clock/<slug:clock_key>/stop/", stop, name="case-stop"),
    path("cases/<int:case_id>/clock/<slug:clock_key>/resume/", resume, name="case-resume"),
    path("cases/<int:case_id>/clock/<slug:clock_key>/extend/", extend, name="case-extend"),
    path("cases/request/<int:request_id>/", decide, name="case-decide"),
    path("cases/<int:case_id>/object/<slug:objection>/", object_to, name="case-object"),
    path("cases/<int:case_id>/part/", give, name="case-part"),
    path("cases/part/<int:part_id>/", finish, name="case-part-done"),
]
