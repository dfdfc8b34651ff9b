"""Small words of the county's pages: spans of days and hours, states of a term, what changed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import HttpRequest
from django.utils.translation import gettext as _

from anlan.county import versions
from anlan.county.models import Change
from anlan.ground import clock

register = template.Library()


@register.filter
def of(mapping: dict[str, Any], key: str) -> Any:
    """The value of the key; the key itself where there is none."""
    return mapping.get(key, key)


@register.simple_tag
def days(first: date | None, last: date | None) -> str:
    """自 2024-01-01 至 2024-12-31; open ends are said."""
    if first is None and last is None:
        return _("一直")
    begin = _("自 %(d)s") % {"d": first} if first else ""
    end = _("至 %(d)s") % {"d": last} if last else ""
    return f"{begin} {end}".strip()


@register.simple_tag
def clock_span(start: datetime, end: datetime) -> str:
    """08:00–20:00 on the county's clock; 24:00 for the end of the day, a day where it differs."""
    a, b = clock.local(start), clock.local(end)
    if b.date() == a.date():
        return f"{a:%H:%M}–{b:%H:%M}"
    if b.time().isoformat() == "00:00:00" and b.date() - a.date() == timedelta(days=1):
        return f"{a:%H:%M}–24:00"
    return f"{a:%m-%d %H:%M}–{b:%m-%d %H:%M}"


@register.simple_tag
def term_word(state: str) -> str:
    """The word of a term's state."""
    words = {"now": _("在任"), "coming": _("待接任"), "past": _("已结束"),
             "called_off": _("已撤销")}  # fmt: skip
    return words.get(state, state)


@register.simple_tag
def change_words(change: Change) -> str:
    """What one change did, in words."""
    return versions.in_words(change)


@register.simple_tag
def month_of(pair: tuple[int, int]) -> str:
    """2026-07."""
    return f"{pair[0]}-{pair[1]:02d}"


@register.simple_tag
def page_query(request: HttpRequest) -> str:
    """The filters of the address, without the page, ready to have one appended."""
    kept = [(name, value) for name, value in request.GET.items() if name != "page"]
    return urlencode(kept) + "&" if kept else ""
