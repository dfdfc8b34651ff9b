"""The hidden fields of a form: what makes it safe to send twice, and which world it shows."""

from __future__ import annotations

import uuid

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from anlan.ground.repeats import FIELD
from anlan.ground.scope import Scope
from anlan.ground.web import SHOWN_WORLD

register = template.Library()


@register.simple_tag
def request_key() -> SafeString:
    """A key of this showing of the form: sent twice, it acts once."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, uuid.uuid4().hex)


@register.simple_tag(takes_context=True)
def csrf_token(context: template.Context) -> SafeString:
    """Django's own field, and beside it the world that this page shows."""
    token = context.get("csrf_token")
    if not token or str(token) == "NOTPROVIDED":
        return SafeString("")
    scope = getattr(context.get("request"), "scope", None)
    world = scope.world if isinstance(scope, Scope) else 0
    return format_html(
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<input type="hidden" name="{}" value="{}">', token, SHOWN_WORLD, world,
    )  # fmt: skip
