"""Pages that mix rooms: today, map, journal, search; and the designed states of an error."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anlan.county import queries as county
from anlan.engines.callout import queries as callout
from anlan.faces.console import hall, leader, map
from anlan.ground import clock
from anlan.ground.machine import site
from anlan.ground.machine.site import MARK_HEADER
from anlan.ground.models import JournalLine, Seal
from anlan.ground.scope import Scope
from anlan.ground.web import json_page, page, page_before, public_page, scope_of
from anlan.rooms.duty import queries as duty
from anlan.rooms.evacuation import queries as evacuation
from anlan.rooms.warning import queries as warning

JOURNAL_ROWS = 100


@dataclass(frozen=True, slots=True)
class Today:
    """What is open tonight, and the one sentence that says it."""

    answer: str
    warnings: list[Any]
    callouts: list[Any]
    alarms: list[Any]
    desk: int
    late: int
    night: Any
    next_url: str = ""
    next_word: str = ""


@page("today.read")
def today(request: HttpRequest) -> HttpResponse:
    """One screen: what is open, who has not answered, what waits for me."""
    scope = scope_of(request)
    shown = _today(scope)
    return render(request, "console/today.html", {"today": shown, "now": clock.now()})


def _today(scope: Scope) -> Today:
    warnings = [
        row for row in warning.recent(scope, 10)
        if row.state in ("draft", "submitted", "approved", "released")
    ] if scope.may("warning.read") else []  # fmt: skip
    callouts = [pair for pair in callout.recent(scope, 8) if pair[0].state == "open"]
    alarms = callout.alarms(scope)
    night = evacuation.night(scope)
    desk = len(callout.desk(scope)) if scope.may("desk.settle") else 0
    due = duty.open_reports(scope) if scope.may("duty.read") else []
    late = sum(1 for _row, own, _what in due if own.state == "late")
    answer = _answer(callouts, night, warnings, alarms, late)
    url, word = _next(callouts, night, warnings, desk, late)
    if not url and county.nobody_to_call(scope):
        answer = _("还没有录入人员，叫应叫不到任何人")
        url, word = (
            ("/county/workbook/", _("用一张表录入")) if scope.may("county.edit") else ("", "")
        )
    return Today(answer, warnings, callouts, alarms, desk, late, night, url, word)


def _next(
    callouts: list[Any], night: Any, warnings: list[Any], desk: int, late: int
) -> tuple[str, str]:
    """The one act that comes next, in the order of the sentence; ("", "") on a calm night."""
    waiting = [row for row in warnings if row.state in ("submitted", "approved")]
    if waiting:
        return f"/warning/{waiting[0].id}/", _("看待批的预警")
    if late:
        return "/duty/reports/", _("看待报的报告")
    silent = [row for row, counts in callouts if counts.open]
    if silent:
        return f"/callout/{silent[0].id}/?state=open", _("看谁没有应答")
    if night.total.still_there:
        return "/zones/", _("看各片区")
    return ("/desk/", _("处理待办")) if desk else ("", "")


def _answer(
    callouts: list[Any], night: Any, warnings: list[Any], alarms: list[Any], late: int
) -> str:
    waiting = [row for row in warnings if row.state in ("submitted", "approved")]
    if waiting:
        text = ngettext("%(n)d 份预警等待审批", "%(n)d 份预警等待审批", len(waiting))
        return text % {"n": len(waiting)}
    if late:
        return _("有 %(n)d 份报告到时未报") % {"n": late}
    silent = sum(counts.open for _row, counts in callouts[:1])
    if silent:
        text = ngettext("还有 %(n)d 个岗位没有应答", "还有 %(n)d 个岗位没有应答", silent)
        return text % {"n": silent}
    if night.total.still_there:
        return _("还有 %(n)d 人没有转移") % {"n": night.total.still_there}
    if alarms:
        return _("有 %(n)d 条警报没有看") % {"n": len(alarms)}
    return _("平静，没有未完的事")


@page("journal.read")
def journal_page(request: HttpRequest) -> HttpResponse:
    """Who did what within the reader's places; the auditor has a page of their own."""
    rows = JournalLine.objects.order_by("-id")
    action = request.GET.get("action", "").strip()
    if re.fullmatch(r"[a-z._]{1,60}", action):
        rows = rows.filter(action__startswith=action)
    before = request.GET.get("before", "")
    if before.isdigit():
        rows = rows.filter(id__lt=int(before))
    found = list(rows[:JOURNAL_ROWS])
    seal = Seal.objects.order_by("-id").values_list("last_line", flat=True).first()
    context = {
        "rows": found, "action": action, "sealed": seal or 0, "page_rows": JOURNAL_ROWS,
        "now": clock.now(),
    }  # fmt: skip
    return render(request, "console/journal.html", context)


@json_page("today.read")
def search(request: HttpRequest) -> HttpResponse:
    """Pages, people and places for the palette."""
    scope = scope_of(request)
    sought = request.GET.get("q", "").strip()[:40]
    found = [
        {"label": label, "note": _("页面"), "url": url}
        for label, url, right in _places()
        if scope.may(right) and (not sought or sought in label)
    ]
    if sought and scope.may("phonebook.read"):
        found += [
            {"label": entry.name, "note": f"{entry.division_name} {'、'.join(entry.posts)}",
             "url": f"/phonebook/?q={entry.name}"}
            for entry in county.phone_book(scope, sought, 10)
        ]  # fmt: skip
    return JsonResponse({"results": found[:20]})


def _places() -> list[tuple[str, str, str]]:
    return [
        (_("今日"), "/", "today.read"),
        (_("地图"), "/map/", "map.read"),
        (_("预警"), "/warning/", "warning.read"),
        (_("叫应"), "/callout/", "callout.read"),
        (_("转移片区"), "/zones/", "evacuation.read"),
        (_("接报台"), "/desk/", "callout.read"),
        (_("接电话"), "/desk/new/", "duty.take"),
        (_("报送"), "/duty/reports/", "duty.read"),
        (_("交办和批示"), "/duty/tasks/", "duty.read"),
        (_("点名"), "/duty/roll/", "duty.read"),
        (_("值班日志"), "/duty/log/", "duty.read"),
        (_("交接班"), "/handover/", "duty.hand_over"),
        (_("会商"), "/consult/", "consult.read"),
        (_("领导快报"), "/leader/", "leader.read"),
        (_("电话簿"), "/phonebook/", "phonebook.read"),
        (_("要点"), "/plan/", "plan.read"),
        (_("台账"), "/ledger/", "ledger.read"),
        (_("县情"), "/county/", "county.read"),
        (_("规则值"), "/policy/", "policy.read"),
        (_("日志"), "/journal/", "journal.read"),
    ]


@public_page("says that the process answers; no data")
def health(request: HttpRequest) -> HttpResponse:
    """For the supervisor and for probes."""
    return HttpResponse("ok", content_type="text/plain", headers={MARK_HEADER: site().mark})


@public_page("the language of the screen, kept in a cookie", fields=["language"])
def language(request: HttpRequest) -> HttpResponse:
    """Switch between Chinese and English."""
    chosen = request.POST.get("language", "")
    answer = redirect(page_before(request))
    if chosen in dict(settings.LANGUAGES):
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, chosen, samesite="Lax", httponly=True, max_age=31536000
        )
    return answer


@public_page("an error page holds no data")
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """No such page, or none within the reader's scope: both look the same."""
    return render(request, "404.html", status=404)


urlpatterns = [
    path("", today, name="today"),
    *map.urlpatterns,
    *hall.urlpatterns,
    *leader.urlpatterns,
    path("journal/", journal_page, name="journal"),
    path("search/", search, name="search"),
    path("health", health, name="health"),
    path("language/", language, name="language"),
]
