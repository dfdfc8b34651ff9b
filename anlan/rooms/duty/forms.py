"""What the desk's forms carry, read strictly: whole numbers, moments, minutes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from anlan.ground import clock
from anlan.ground.errors import Refusal
from anlan.rooms.duty import pack
from anlan.rooms.duty.actions import Incoming

ASKED = ("dead", "missing", "injured", "trapped")
DIGITS_MAX = 9
AGO_MINUTES_MAX = 30 * 24 * 60
VALUE_CHARS_MAX = 20
TAKE_FIELDS = ("caller", "number", "place", "choice", "kind", "what", "ago", "order", "order_to",
               "order_min", "key", *ASKED)  # fmt: skip


def new_key() -> str:
    """The name under which a telephone report arrives once, however often it is sent."""
    return uuid.uuid4().hex


def whole(text: str, name: str, otherwise: int | None = None) -> int:
    """A whole number of at most nine digits; `otherwise` where the field is empty."""
    plain = text.strip()
    if not plain and otherwise is not None:
        return otherwise
    if not (plain.isascii() and plain.isdigit() and len(plain) <= DIGITS_MAX):
        raise Refusal("number-form", _("请填写数字"), f"{name} {text[:20]}", _("只填整数"))
    return int(plain)


def amount(text: str, name: str) -> Decimal:
    """A figure's value: 43000, 43,000, 12.5."""
    plain = text.strip().replace(",", "").replace("，", "")
    try:
        value = Decimal(plain) if plain and len(plain) <= VALUE_CHARS_MAX else None
    except InvalidOperation:
        value = None
    if value is None or not value.is_finite():
        raise Refusal("number-form", _("请填写数字"), f"{name} {text[:20]}",
                      _("例如 43000 或 12.5"))  # fmt: skip
    return value


def moment(text: str, name: str) -> datetime | None:
    """A moment on the county's wall clock (datetime-local); None where the field is empty."""
    if not text.strip():
        return None
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%dT%H:%M").replace(tzinfo=clock.COUNTY_ZONE)
    except ValueError:
        raise Refusal("time-form", _("时间不对"), f"{name} {text[:20]}",
                      _("例如 2026-07-10T08:30")) from None  # fmt: skip


def taken(post: Mapping[str, str]) -> Incoming:
    """A telephone report as the form carries it. ago: minutes since it happened."""
    figures = {
        name: whole(post.get(name, ""), str(pack.figure(name)["label"]))
        for name in ASKED
        if post.get(name, "").strip()
    }
    ago = whole(post.get("ago", ""), _("几分钟前"), 0)
    if ago > AGO_MINUTES_MAX:
        raise Refusal("ago-long", _("超过 30 天的事请在内容里写明时间"), str(ago))
    happened = clock.now() - timedelta(minutes=ago)
    return Incoming(
        "phone", post.get("key", "") or new_key(), post.get("what", ""), kind=post.get("kind", ""),
        place=post.get("place", ""), choice=post.get("choice", ""), caller=post.get("caller", ""),
        number=post.get("number", ""), figures=figures, happened_at=happened if ago else None,
    )  # fmt: skip
