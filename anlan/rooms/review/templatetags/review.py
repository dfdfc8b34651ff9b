"""Words of the pages of exercises: steps, verdicts, where a requirement stands."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def step_word(step: str) -> str:
    """起草 for draft."""
    words = {
        "input": _("收到原文"), "judged": _("判定（原文所写）"), "run": _("预报（原文所写）"),
        "draft": _("起草"), "approved": _("批准"), "first_ring": _("第一次叫"),
        "last_answer": _("最后一个应答"), "order": _("转移指令"), "counted": _("最后一次清点"),
        "all_clear": _("解除"),
    }  # fmt: skip
    return words.get(step, step)


@register.filter
def verdict_mark(verdict: str) -> str:
    """A shape for each verdict, never a colour."""
    return {"met": "●", "short": "✕"}.get(verdict, "○")


@register.filter
def source_word(source: str) -> str:
    """Where a requirement stands, as an officer says it."""
    return _("规则值：叫应应答时限") if source == "callout.minutes" else source
