"""The name of a kind as two parts of an address."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def dotted(name: str) -> str:
    """hazards/hazard for hazards.hazard."""
    return name.replace(".", "/", 1)
