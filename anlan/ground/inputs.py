"""Text from outside, made harmless for a screen: bounded, without control and bidi marks."""

from __future__ import annotations

import unicodedata

SHOWN_CHARS_MAX = 1000
# What is kept, sent to posts or printed is Chinese, whatever language the officer's screen speaks.
IN_CHINESE = "zh-hans"


def shown(text: str, limit: int = SHOWN_CHARS_MAX) -> str:
    """The text with line breaks kept and everything unprintable turned into a space."""
    kept = (c if c == "\n" or unicodedata.category(c)[0] != "C" else " " for c in text)
    return "".join(kept)[:limit]
