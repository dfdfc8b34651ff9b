"""Small words of the screen: times both ways, state chips, the live token."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anlan.faces.http.live import make_token
from anlan.ground import clock
from anlan.ground.machine import site
from anlan.ground.scope import NOWHERE, Scope

register = template.Library()

GRADE_MARKS = {"red": "Ⅰ", "orange": "Ⅱ", "yellow": "Ⅲ", "blue": "Ⅳ"}


def grade_word(grade: str) -> str:
    """红色 for red."""
    words = {"red": _("红色"), "orange": _("橙色"), "yellow": _("黄色"), "blue": _("蓝色")}
    return words.get(grade, _("级别不明"))


def state_word(state: str) -> str:
    """The word of a call's or warning's state."""
    words = {
        "waiting": _("待叫"), "ringing": _("叫应中"), "answered": _("已应答"),
        "help": _("需支援"), "fallback": _("兜底中"), "reached_by_fallback": _("兜底到达"),
        "nobody": _("无人应答"), "stopped": _("已停止"), "draft": _("草稿"),
        "submitted": _("待审批"), "approved": _("待批解除"), "released": _("已发出"),
        "lifted": _("已解除"), "open": _("进行中"), "closed": _("已结束"),
        "withdrawn": _("已撤回"),
    }  # fmt: skip
    return words.get(state, state)


STATE_MARKS = {"answered": "●", "help": "▲", "reached_by_fallback": "◆", "fallback": "◇",
               "ringing": "◐", "waiting": "○", "nobody": "✕", "stopped": "－"}  # fmt: skip


@register.simple_tag
def grade(name: str) -> SafeString:
    """A grade by colour, letter and word."""
    return format_html(
        '<span class="grade grade-{}"><b>{}</b>{}</span>', name or "none",
        GRADE_MARKS.get(name, "?"), grade_word(name),
    )  # fmt: skip


@register.simple_tag
def state(name: str) -> SafeString:
    """A state by shape and word."""
    return format_html(
        '<span class="state state-{}"><i aria-hidden="true">{}</i>{}</span>', name,
        STATE_MARKS.get(name, "·"), state_word(name),
    )  # fmt: skip


def ago(moment: datetime, now: datetime) -> str:
    """3 分钟前, 12 秒后."""
    gap = now - moment
    seconds = abs(int(gap.total_seconds()))
    for size, one, many in (
        (86400, "%(n)d 天", "%(n)d 天"),
        (3600, "%(n)d 小时", "%(n)d 小时"),
        (60, "%(n)d 分钟", "%(n)d 分钟"),
        (1, "%(n)d 秒", "%(n)d 秒"),
    ):
        if seconds >= size:
            count = seconds // size
            text = ngettext(one, many, count) % {"n": count}
            return (_("%(t)s前") if gap >= timedelta(0) else _("%(t)s后")) % {"t": text}
    return _("刚刚")


@register.simple_tag(takes_context=True)
def when(context: template.Context, moment: datetime | None) -> SafeString:
    """Relative and absolute together, on the county's wall clock."""
    if moment is None:
        return SafeString('<span class="quiet">—</span>')
    now = context.get("now") or clock.now()
    local = clock.local(moment)
    shown = local.strftime("%H:%M:%S")
    if local.date() != clock.local(now).date():
        shown = f"{local.month}-{local.day:02d} {shown[:5]}"
    return format_html(
        '<time datetime="{}" title="{}">{}<small>{}</small></time>', moment.isoformat(),
        local.strftime("%Y-%m-%d %H:%M:%S"), shown, ago(moment, now),
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def live_url(context: template.Context) -> str:
    """The address of the live wire with this reader's token; empty for nobody."""
    request = context.get("request")
    scope = getattr(request, "scope", None)
    own = getattr(request, "standing", None)
    if not isinstance(scope, Scope) or (scope.lo, scope.hi) == NOWHERE or own is None:
        return ""
    host = request.get_host().split(":")[0]
    return f"http://{host}:{site().ports['live']}/live?token=" + make_token(scope, own.sitting_id)


@register.filter
def percent(part: int, whole: int) -> str:
    """Whole percent, or a dash where there is nothing to divide by."""
    return f"{round(100 * part / whole)}%" if whole else "—"


@register.filter
def minutes(seconds: float) -> str:
    """Seconds as a duty officer says them."""
    if seconds < 90:
        return _("%(n)d 秒") % {"n": round(seconds)}
    return _("%(n)d 分钟") % {"n": round(seconds / 60)}


@register.simple_tag(takes_context=True)
def may(context: template.Context, right: str) -> bool:
    """Whether the reader holds the right."""
    scope = getattr(context.get("request"), "scope", None)
    return isinstance(scope, Scope) and scope.may(right)


@register.simple_tag
def demo_county() -> bool:
    """Whether this is a demonstration county."""
    return site().demo


@register.simple_tag
def box_url() -> str:
    """The telephone box's page."""
    return site().address("phonebox")
