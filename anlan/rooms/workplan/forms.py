"""What people enter about figures, read strictly; a wrong field is refused with its mend."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from anlan.ground.errors import Refusal


def day(text: str, name: str) -> date:
    """A day as a form sends it."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Refusal(
            "day-form", _("日期不对"), f"{name} {text[:20]}", _("例如 2025-07-01")
        ) from None


def optional_day(text: str, name: str) -> date | None:
    """A day, or None where the field was left empty."""
    return day(text, name) if text.strip() else None
