"""What is open tonight, and the one sentence that says it; for the page of today and for a wall.

Flows in: warnings, call-outs, alarms, the desk and the evacuation, each through its room's queries
and the reader's scope. Flows out: `Today`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anlan.county import queries as county
from anlan.engines.callout import queries as callout
from anlan.ground.scope import Scope
from anlan.rooms.duty import queries as duty
from anlan.rooms.evacuation import queries as evacuation
from anlan.rooms.warning import queries as warning


@dataclass(frozen=True, slots=True)
class Today:
    """What is open tonight, and the one sentence that says it.

    held: messages of other authorities (CAP) that wait for a person to decide.
    """

    answer: str
    warnings: list[Any]
    callouts: list[Any]
    alarms: list[Any]
    desk: int
    late: int
    night: Any
    held: int = 0
    next_url: str = ""
    next_word: str = ""


def today_of(scope: Scope) -> Today:
    """What the scope sees of tonight."""
    warnings = [
        row for row in warning.recent(scope, 10)
        if row.state in ("draft", "submitted", "approved", "released")
    ] if scope.may("warning.read") else []  # fmt: skip
    calls = scope.may("callout.read")
    recent = callout.recent(scope, 8) if calls else []
    callouts = [pair for pair in recent if pair[0].state == "open"]
    alarms = callout.alarms(scope) if calls else []
    night = evacuation.night(scope)
    desk = len(callout.desk(scope)) if scope.may("desk.settle") else 0
    due = duty.open_reports(scope) if scope.may("duty.read") else []
    late = sum(1 for _row, own, _what in due if own.state == "late")
    held = warning.held_count(scope) if scope.may("warning.draft") else 0
    answer = _answer(callouts, night, warnings, alarms, late, held)
    url, word = _next(callouts, night, warnings, desk, late)
    if held and url in ("", "/desk/"):
        url, word = "/warning/received/", _("看等人定的预警消息")
    if not url and county.nobody_to_call(scope):
        answer = _("还没有录入人员，叫应叫不到任何人")
        url, word = (
            ("/county/workbook/", _("用一张表录入")) if scope.may("county.edit") else ("", "")
        )
    return Today(answer, warnings, callouts, alarms, desk, late, night, held, url, word)


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
    callouts: list[Any], night: Any, warnings: list[Any], alarms: list[Any], late: int, held: int
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
    if held:
        return _("%(n)d 条收到的预警消息等人定") % {"n": held}
    return _("平静，没有未完的事")
