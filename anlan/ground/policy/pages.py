"""Pages of rule values: every value with its source, what the county saved, what ran on a day.

Flows in: the law files, the county's saved values, its calendar. Flows out: the page on which the
county makes a value its own, with editor and document.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.ground import calendar, clock
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.models import CalendarDay
from anlan.ground.policy import packs, values
from anlan.ground.policy.models import SavedValue
from anlan.ground.policy.values import PolicyValue
from anlan.ground.scope import Scope
from anlan.ground.web import act, page, scope_of

OWN_DAYS_MAX = 200
WORKING_DAYS_MAX = 400


@dataclass(frozen=True, slots=True)
class Row:
    """A value on the page: what the law files say, what the county saved, which runs."""

    name: str
    shipped: PolicyValue | None
    own: PolicyValue | None
    runs: PolicyValue | None

    @property
    def label(self) -> str:
        one = self.shipped or self.own
        return one.label if one else self.name


def _day(text: str, fallback: date) -> date:
    if not text:
        return fallback
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal("day-form", _("日期不对"), text[:20], _("例如 2025-07-01")) from None


def _rows(scope: Scope, on: date, today: date) -> list[Row]:
    """What each value is: exactly for another day, with the rule of `value` for today."""
    at = None if on == today else calendar.end_of_day(on) - timedelta(microseconds=1)
    found = values.several(scope, packs.laws(), at)
    return [_row(name, found.get(name), on) for name in packs.laws()]


def _row(name: str, found: PolicyValue | None, on: date) -> Row:
    try:
        shipped: PolicyValue | None = values.shipped(name, on)
    except NotFound:
        shipped = None
    own = found if found is not None and found.status == "saved" else None
    runs = found if found is not None and found.runs else None
    return Row(name, shipped, own, runs)


@page("policy.read")
def list_page(request: HttpRequest) -> HttpResponse:
    """Every dated value as it stands on a day, by file; what does not run first says so."""
    scope = scope_of(request)
    today = clock.local(clock.now()).date()
    on = _day(request.GET.get("on", ""), today)
    groups: dict[str, list[Row]] = {}
    rows = _rows(scope, on, today)
    for row in rows:
        groups.setdefault(row.name.partition(".")[0], []).append(row)
    context = {
        "groups": [(_group_label(name), group) for name, group in groups.items()],
        "on": on, "today": today, "total": len(rows),
        "idle": sum(1 for row in rows if row.runs is None), "off": packs.off(),
        "now": clock.now(),
    }  # fmt: skip
    return render(request, "policy/list.html", context)


def _group_label(name: str) -> str:
    return {"callout": _("叫应时限"), "warning": _("预警级别和信号")}.get(name, name)


def _entry(name: str) -> dict[str, Any]:
    entry = packs.laws().get(name)
    if entry is None:
        raise NotFound("value-unknown", _("没有这个规则值"), name)
    return entry


@page("policy.read")
def value_page(request: HttpRequest, name: str) -> HttpResponse:
    """One value: the law's dated values and the county's own, side by side, and the form."""
    scope = scope_of(request)
    entry = _entry(name)
    today = clock.local(clock.now()).date()
    dated = [
        {"day": str(day), "value": entry["values"][day],
         "source": values.source_text((entry.get("source") or {}).get(day) or {})}
        for day in sorted(entry["values"], key=str)
    ]  # fmt: skip
    history = values.history(scope, name)
    row = _row(name, values.several(scope, (name,)).get(name), today)
    context = {
        "name": name, "entry": entry, "dated": dated, "row": row, "history": history,
        "seen": values.version(history), "today": today, "now": clock.now(),
        "newer": _newer_law(row, history),
    }  # fmt: skip
    return render(request, "policy/value.html", context)


def _newer_law(row: Row, history: list[SavedValue]) -> bool:
    """Whether the law files have a value dated after the county last saved its own."""
    if row.own is None or row.shipped is None or not history:
        return False
    return row.shipped.on > clock.local(history[0].valid_from).date().isoformat()


@act("policy.edit", fields=("value", "document", "seen", "valid_from"))
def save(request: HttpRequest, name: str) -> HttpResponse:
    """The county's own value, from today or a later day on."""
    post = request.POST
    entry = _entry(name)
    kind = next(iter(entry["values"].values()))
    day = post.get("valid_from", "")
    today = clock.local(clock.now()).date()
    first = _day(day, today)
    moment: datetime | None = None if first == today else calendar.start_of_day(first)
    values.save(
        scope_of(request), name, _typed(post.get("value", ""), kind), post.get("document", ""),
        seen=_number(post.get("seen", "")), valid_from=moment,
    )  # fmt: skip
    return redirect(f"/policy/value/{name}/")


def _typed(text: str, kind: Any) -> Any:
    """The text of the form in the kind of the shipped value."""
    text = text.strip()
    if isinstance(kind, bool):
        return {"是": True, "否": False}.get(text, text)
    if isinstance(kind, int | float):
        try:
            return int(text) if text.lstrip("-").isdecimal() and text.isascii() else float(text)
        except ValueError:
            raise Refusal("value-kind", _("请填写数字"), text[:40], _("只写数，不写单位")) from None
    return text


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else -1


@page("policy.read")
def calendar_page(request: HttpRequest) -> HttpResponse:
    """A year's days that are not as their weekday says, and where a count of working days ends."""
    scope = scope_of(request)
    today = clock.local(clock.now()).date()
    year = _number(request.GET.get("year", "")) if request.GET.get("year") else today.year
    if not 2000 <= year <= 2100:
        raise Refusal("year-form", _("年份不对"), str(year), _("2000 到 2100"))
    own = calendar.of_county(scope)
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(366)]
    found = [own.day(day) for day in days if day.year == year]
    marked = [d for d in found if d.status == "own" or d.working != (d.on.weekday() < 5)]
    count, start = request.GET.get("count", ""), _day(request.GET.get("from", ""), today)
    counted = None
    if count:
        number = _number(count)
        if not 0 <= number <= WORKING_DAYS_MAX:
            raise Refusal("count-form", _("天数不对"), count[:20], _("0 到 400 的整数"))
        counted = own.add_working_days(start, number)
    rows = list(CalendarDay.objects.order_by("-id")[:OWN_DAYS_MAX])
    context = {
        "year": year, "before": year - 1, "after": year + 1, "marked": marked,
        "sure": all(d.status != "unverified" for d in found),
        "worked": sum(d.working for d in found), "rows": rows, "counted": counted,
        "count": count, "start": start, "today": today, "now": clock.now(),
    }  # fmt: skip
    return render(request, "policy/calendar.html", context)


@act("policy.edit", fields=("on", "working", "name", "document"))
def save_day(request: HttpRequest) -> HttpResponse:
    """A day of the county's own notice."""
    post = request.POST
    if not post.get("on"):
        raise Refusal("day-form", _("日期不对"), "", _("例如 2025-07-01"))
    on = _day(post["on"], date.min)
    if post.get("working") not in ("yes", "no"):
        raise Refusal("day-kind", _("请选择上班或放假"), on.isoformat())
    calendar.save_day(
        scope_of(request), on, post["working"] == "yes", post.get("name", ""),
        post.get("document", ""),
    )  # fmt: skip
    return redirect(f"/policy/calendar/?year={on.year}")


urlpatterns = [
    path("policy/", list_page, name="policy"),
    path("policy/value/<str:name>/", value_page, name="policy-value"),
    path("policy/value/<str:name>/save/", save, name="policy-save"),
    path("policy/calendar/", calendar_page, name="policy-calendar"),
    path("policy/calendar/save/", save_day, name="policy-calendar-save"),
]
