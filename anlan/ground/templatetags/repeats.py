"""The hidden field that makes a form safe to send twice."""

from __future__ import annotations

import uuid

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from anlan.ground.repeats import FIELD

register = template.Library()


@register.simple_tag
def request_key() -> SafeString:
    """A key of this showing of the form: sent twice, it acts once."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, uuid.uuid4().hex)
