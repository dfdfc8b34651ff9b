"""Figures as a page says them: by the pack's label, with separators."""

from __future__ import annotations

from decimal import Decimal

from django import template

from anlan.rooms.duty import pack
from anlan.rooms.duty.models import Figure
from anlan.rooms.duty.report_words import number

register = template.Library()


@register.simple_tag
def figure_label(name: str) -> str:
    """死亡 for dead; the name itself where no pack knows it any more."""
    return str(pack.section("figures").get(name, {"label": name})["label"])


@register.simple_tag
def figure_value(row: Figure) -> str:
    """43,000 人."""
    unit = pack.section("figures").get(row.name, {"unit": ""})["unit"]
    return f"{number(row.value)} {unit}"


@register.simple_tag
def amount(value: str) -> str:
    """A value that a report kept as text, with separators."""
    return number(Decimal(value))
