"""Pages of the plan beside the board: an indicator, a frozen month, zero reports, base counts."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county import queries as county
from anlan.engines.indicators import actions as indicators
from anlan.engines.indicators import compute, declare
from anlan.engines.indicators import queries as kept
from anlan.engines.indicators.decisions import Period, period_of
from anlan.ground import clock
from anlan.ground.errors import Refusal
from anlan.ground.scope import Scope
from anlan.ground.web import act, page, scope_of
from anlan.rooms.workplan import board_pages, forms, queries, tie_actions, tie_queries

YEAR_MIN = 2000  # no figure is asked for before it
CHARTED_MIN = 2  # places with a figure, below which a picture says nothing


@page("indicator.read")
def indicator_page(request: HttpRequest, name: str) -> HttpResponse:
    """One indicator: its figure, its townships, what was frozen, what was signed and counted.

    on: a day of the period that is asked for; without it the one that the plan asks for.
    """
    scope = scope_of(request)
    entry = declare.entry_of(name)
    plan, on = queries.current(scope), forms.optional_day(request.GET.get("on", ""), _("日期"))
    kind = declare.period_kind(entry)
    period = period_of(kind, on) if on else queries.asked(scope, plan, name)
    figure = compute.figure(scope, name, period)
    shares = compute.by_township(scope, name, period)
    names = county.place_names(scope, {share.division for share in shares if share.division})
    context = {
        "period": period, "before": _beside(kind, period, -1, scope),
        "after": _beside(kind, period, 1, scope),
        "plan": plan, "ties": tie_queries.tied(scope, plan).of(name) if plan else [],
        "rows": queries.rows_of(scope, plan) if plan else [],
        "decides": scope.may("plan.enter") and plan is not None,
        "name": name, "entry": entry, "figure": figure, "now": clock.now(),
        "shares": [(names.get(share.division or 0, ""), share) for share in shares],
        "charted": sum(share.value is not None for share in shares) >= CHARTED_MIN,
        "months": kept.months(scope, name), "zeros": kept.zero_reports(scope, name),
        "bases": kept.bases(scope, name), "checks": kept.checks(scope, name),
        "records": board_pages.records(scope, figure, period), "today": compute.today(scope),
        "signs": scope.may("indicator.report") and scope.actor.post_id is not None,
        "lo": scope.lo,
    }  # fmt: skip
    return render(request, "workplan/indicator.html", context)


def _beside(kind: str, period: Period, step: int, scope: Scope) -> tuple[date, str] | None:
    """A day of the period before (-1) or after (1) with its name; None where there is none yet."""
    if period.starts_on is None or period.starts_on.year <= YEAR_MIN:
        return None
    edge = period.starts_on if step < 0 else period.ends_on
    other = period_of(kind, edge + timedelta(days=step))
    if other.starts_on is None or other.starts_on > compute.today(scope):
        return None
    return other.ends_on, compute.period_label(other)


@page("indicator.read")
def month_page(request: HttpRequest, name: str, year: int, month: int) -> HttpResponse:
    """A frozen month: its members as they were, and every correction with what came and went."""
    scope = scope_of(request)
    try:
        first = date(year, month, 1)
    except ValueError:
        raise Refusal("month-form", _("月份不对"), f"{year}-{month}", "", 404) from None
    frozen = [row for row in kept.months(scope, name) if row.figure.month == first]
    if not frozen:
        raise Refusal("month-unknown", _("这个月没有冻结的数"), f"{year}-{month:02d}", "", 404)
    members = kept.members(scope, name, first)
    names = county.place_names(scope, {row.division for row in members})
    context = {
        "name": name, "month": frozen[0], "now": clock.now(),
        "members": [(names.get(row.division, ""), row) for row in members],
    }  # fmt: skip
    return render(request, "workplan/month.html", context)


@act("plan.enter", fields=("plan", "promise", "row", "why"))
def tie(request: HttpRequest, name: str) -> HttpResponse:
    """A person says which row of the plan the indicator answers."""
    post = request.POST
    plan = forms.version(post, "plan")
    why = forms.line(post.get("why", ""), _("原因"))
    tie_actions.decide(
        scope_of(request), plan, name, post.get("promise", "")[:64], post.get("row", ""), why
    )
    return redirect(f"/plan/indicator/{name}/")


@act("indicator.report", fields=("on",))
def zero(request: HttpRequest, name: str) -> HttpResponse:
    """The post signs a zero report for the period of the day."""
    on = forms.optional_day(request.POST.get("on", ""), _("日期"))
    indicators.report_zero(scope_of(request), name, on)
    return _page_of(name, on)


def _page_of(name: str, on: date | None) -> HttpResponse:
    return redirect(f"/plan/indicator/{name}/" + (f"?on={on.isoformat()}" if on else ""))


@act("indicator.report", fields=("why",))
def unzero(request: HttpRequest, name: str, report_id: int) -> HttpResponse:
    """A zero report is taken back with its reason."""
    indicators.withdraw_zero(scope_of(request), report_id, request.POST.get("why", ""))
    return redirect(f"/plan/indicator/{name}/")


@act("plan.enter", fields=("count", "authority", "counted_on", "document"))
def base(request: HttpRequest, name: str) -> HttpResponse:
    """An authority's count with its day and document."""
    scope, post = scope_of(request), request.POST
    indicators.set_base(
        scope, name, scope.lo, post.get("count", ""), post.get("authority", ""),
        forms.day(post.get("counted_on", ""), _("核定日期")), post.get("document", ""),
    )  # fmt: skip
    return redirect(f"/plan/indicator/{name}/")


@act("plan.confirm", fields=("shown", "note", "on"))
def check(request: HttpRequest, name: str) -> HttpResponse:
    """A person has held the figure of the day's period against its records."""
    post = request.POST
    on = forms.optional_day(post.get("on", ""), _("日期"))
    indicators.check(scope_of(request), name, post.get("shown", ""), post.get("note", ""), on)
    return _page_of(name, on)


urlpatterns = [
    *board_pages.urlpatterns,
    path("plan/indicator/<str:name>/", indicator_page, name="indicator"),
    path("plan/indicator/<str:name>/<int:year>-<int:month>/", month_page, name="indicator-month"),
    path("plan/indicator/<str:name>/row/", tie, name="indicator-row"),
    path("plan/indicator/<str:name>/zero/", zero, name="indicator-zero"),
    path("plan/indicator/<str:name>/zero/<int:report_id>/", unzero, name="indicator-unzero"),
    path("plan/indicator/<str:name>/base/", base, name="indicator-base"),
    path("plan/indicator/<str:name>/check/", check, name="indicator-check"),
]
