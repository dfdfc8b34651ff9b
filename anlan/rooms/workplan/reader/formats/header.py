"""What the readers of flattened text share: a line that is a header, and where a table ends."""

from __future__ import annotations

import re

from anlan.rooms.workplan.reader.headwords import CORE, role_of

HEADER_TOKENS_MAX = 12
END = re.compile(
    r"^\s*(?:[一二三四五六七八九十]+、|附\s*件|第[一二三四五六七八九十]+[章部]|[（(][一二三四五六七八九十]+[）)])"
)
NOTE = re.compile(r"^\s*(?:注|说明|备注|附注)\s*\d*\s*[:：]")


def is_header(tokens: list[str]) -> bool:
    """Words of a header: most are known, and they name at least a task and who or when."""
    words = [token for token in tokens if token.strip()]
    if not 2 < len(words) <= HEADER_TOKENS_MAX or any(len(word) > 20 for word in words):
        return False
    roles = [role_of(word) for word in words]
    known = {role for role in roles if role in CORE}
    return (
        sum(role is not None for role in roles) >= 0.7 * len(words)
        and bool(known & {"name", "task", "text"})
        and bool(known & {"units", "lead", "deadline", "number"})
        and len(known) >= 2
    )


def ends(line: str) -> bool:
    return bool(END.match(line)) and len(line.strip()) <= 40
