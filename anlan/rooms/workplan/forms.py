"""What people enter about figures and rows, read strictly; a fault is refused with its mend."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _

from anlan.ground import inputs
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


def line(text: str, name: str, most: int = 200) -> str:
    """One line of text, trimmed, bounded, without what cannot be seen."""
    plain = inputs.shown(text, most + 1).replace("\n", " ").strip()
    if len(plain) > most:
        raise Refusal(
            "text-long", _("写得太长，最多 %(n)d 字") % {"n": most}, name, _("请写短一些")
        )
    return plain


def lines(text: str, name: str, most: int) -> str:
    """Several lines, bounded."""
    plain = inputs.shown(text.replace("\r\n", "\n"), most + 1)
    if len(plain) > most:
        raise Refusal(
            "text-long", _("写得太长，最多 %(n)d 字") % {"n": most}, name, _("请写短一些")
        )
    return plain


def version(post: Mapping[str, str], name: str = "version") -> int:
    """The version of a row that the page showed."""
    text = str(post.get(name, ""))
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Refusal("version-form", _("页面缺少版本"), name, _("请刷新页面后再办"))
    return int(text)
