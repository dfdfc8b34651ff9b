"""Small words of the screen: times both ways, state chips, the live token."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django import template
from django.db import InterfaceError, OperationalError
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from anlan.county.rights import table
from anlan.faces.console import built, manual, naming, tree
from anlan.ground import clock
from anlan.ground.errors import Refusal
from anlan.ground.live import make_token
from anlan.ground.machine import alarms, site
from anlan.ground.models import JournalLine, World
from anlan.ground.scope import NOWHERE, Scope
from anlan.ground.web import page_before

register = template.Library()

OLD = timedelta(hours=1)
RIGHT = re.compile(r"[a-z_]+\.[a-z_]+$")
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
        "withdrawn": _("已撤回"), "changed": _("已变更"), "held": _("等人定"),
        "drafted": _("已起草"), "refused": _("不采用"), "set_aside": _("不办"),
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
    mark = STATE_MARKS.get(name)
    shape = format_html('<i aria-hidden="true">{}</i>', mark) if mark else ""
    return format_html('<span class="state state-{}">{}{}</span>', name, shape, state_word(name))


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
    if local.year != clock.local(now).year:
        shown = f"{local.year}-{shown}"
    return format_html(
        '<time datetime="{}" title="{}">{}<small>{}</small></time>', moment.isoformat(),
        local.strftime("%Y-%m-%d %H:%M:%S"), shown, ago(moment, now),
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def age(context: template.Context, moment: datetime | None) -> SafeString:
    """How old a figure is: as `when`, and it looks old once it is."""
    shown = when(context, moment)
    if moment is None:
        return shown
    old = (context.get("now") or clock.now()) - moment > OLD
    return mark_safe(shown.replace("<time ", f"<time data-ages{' class=old' if old else ''} ", 1))  # noqa: S308


@register.simple_tag(takes_context=True)
def theme(context: template.Context) -> str:
    """The reader's choice of light or dark, so that the page is sent in it."""
    chosen = getattr(context.get("request"), "COOKIES", {}).get("anlan_theme", "")
    return chosen if chosen in ("light", "dark") else ""


@register.simple_tag
def front(entry: str) -> SafeString:
    """Styles and script of an entry of the front end: shell, map or parts."""
    return built.tags(entry)


@register.simple_tag
def front_words() -> SafeString:
    """What the scripts say, as data, where the page is not in Chinese."""
    found = built.words()
    return json_script(found, "words") if found else SafeString("")


@register.simple_tag
def front_built() -> bool:
    """Whether the front end was built."""
    return built.is_built()


@register.simple_tag(takes_context=True)
def server_now(context: template.Context) -> str:
    """The county's time as the page was made; empty where the database is away."""
    moment = context.get("now")
    return moment.isoformat() if isinstance(moment, datetime) else ""


@register.simple_tag(takes_context=True)
def world(context: template.Context) -> int:
    """0 is real; anything else is an exercise and framed."""
    scope = getattr(context.get("request"), "scope", None)
    return scope.world if isinstance(scope, Scope) else 0


@register.simple_tag(takes_context=True)
def exercise(context: template.Context) -> World | None:
    """The exercise that this page stands in; None for a real one, or while the database is away."""
    number = world(context)
    try:
        return World.objects.filter(id=number, id__gt=0).first() if number else None
    except (OperationalError, InterfaceError):
        return None


@register.simple_tag(takes_context=True)
def exercises_open(context: template.Context) -> list[World]:
    """Exercises that the reader may enter now."""
    scope = getattr(context.get("request"), "scope", None)
    if not isinstance(scope, Scope) or not scope.may("exercise.read"):
        return []
    try:
        return list(World.objects.filter(ended_at=None, id__gt=0, driven=False).order_by("-id"))
    except (OperationalError, InterfaceError):
        return []


@register.simple_tag(takes_context=True)
def with_query(context: template.Context, **changes: str) -> str:
    """The page's address with some of its filters changed; an empty value takes one away."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value:
            query[name] = value
        else:
            query.pop(name, None)
    return "?" + query.urlencode()


@register.simple_tag(takes_context=True)
def live_url(context: template.Context) -> str:
    """The address of the live wire with this reader's token; empty for nobody."""
    request = context.get("request")
    scope = getattr(request, "scope", None)
    own = getattr(request, "standing", None)
    if not isinstance(scope, Scope) or (scope.lo, scope.hi) == NOWHERE or own is None:
        return ""
    host = request.get_host().split(":")[0]
    scheme = "https" if site().https_host else "http"
    token = make_token(scope, own.sitting_id)
    return f"{scheme}://{host}:{site().ports['live']}/live?token={token}"


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
def way_back(context: template.Context) -> str:
    """Where a refused form stood: the page before, a one-time link itself, else today."""
    request = context.get("request")
    if request is None:
        return "/"
    if request.method == "POST" and request.path.startswith("/first/"):
        return str(request.path)
    return page_before(request)


@register.filter
def said(refusal: Refusal) -> str:
    """What a refusal says, a right by its name and not by its code."""
    if refusal.code != "no-right" or get_language() == "en":
        return refusal.message
    labels = table().labels
    return RIGHT.sub(lambda found: labels.get(found[0], found[0]), refusal.message)


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
def machine_alarms() -> list[str]:
    """What the machine itself shouts: clock, rounds, database, disk."""
    found = alarms.current(site().home)
    still = [alarm for alarm in found if alarm.name.startswith("round ")]
    if len(still) < 2:
        return [alarm.text for alarm in found]
    one = _("%(n)d 项巡检停了，第一项：%(text)s") % {"n": len(still), "text": still[0].text}
    return [one] + [alarm.text for alarm in found if alarm not in still]


@register.simple_tag
def box_url() -> str:
    """The telephone box's page."""
    return site().address("phonebox")


@register.simple_tag(takes_context=True)
def tree_groups(context: template.Context, nodes: list[object]) -> list[tree.Group]:
    """The calls that the address asks for, by level."""
    return tree.groups(tree.chosen(nodes, context["request"].GET, context.get("named", ())))


@register.simple_tag(takes_context=True)
def answer_steps(context: template.Context) -> list[tree.Step]:
    """How the call-out of this page came to stand as it does; empty before the first answer."""
    row, now = context["row"], context.get("now") or clock.now()
    end = row.ended_at or now
    found = tree.steps(context["nodes"], context.get("nobody", ()), row.opened_at, end)
    return found if len(found) > 2 else []


@register.filter
def reason(code: str) -> str:
    """Why a call stands where it stands."""
    return tree.reason_word(code)


@register.filter
def action_word(code: str) -> str:
    """What a journal line's action is called."""
    return naming.action_word(code)


@register.filter
def round_word(code: str) -> str:
    """What a round is called."""
    return naming.round_word(code)


@register.filter
def kind_word(code: str) -> str:
    """What a kind of record is called."""
    return naming.kind_word(code)


@register.filter
def actor_word(line: JournalLine) -> str:
    """Who acted: a person, or a round by what it does."""
    return naming.actor_word(line.actor, line.actor_kind)


@register.filter
def why_word(text: str) -> str:
    """Why, as an officer reads it."""
    return naming.why_word(text)


@register.filter
def result_word(code: str) -> str:
    """How a journal line ended."""
    words = {"done": _("办成"), "denied": _("被拒绝"), "alarm": _("警报")}
    return words.get(code, code)


@register.filter
def via(code: str) -> str:
    """How an answer came."""
    return tree.via_word(code)


@register.filter
def where(code: str) -> str:
    """Where a household is."""
    words = {
        "sheltered": _("已安置"), "relatives": _("投亲"), "elsewhere": _("自行离开"),
        "refused": _("不愿转移"), "missing": _("联系不上"), "not_yet": _("还没转"),
    }  # fmt: skip
    return words.get(code, code)


@register.filter
def unit(name: str) -> str:
    """The unit of a value as an officer says it."""
    return {"min": _("分钟")}.get(name, name)


@register.simple_tag(takes_context=True)
def manual_url(context: dict[str, object]) -> str:
    """The page of the manual that helps with the page shown."""
    request = context.get("request")
    return manual.page_for(str(getattr(request, "path", "")))
