"""How Chinese senders write identifiers and times: notes beside the verdict, never part of it. Pure.

Source: the annex A (取值规则) by which provincial systems write GB/T 35965.1-2018 messages, read in
a reprint and not held against the standard itself: so every note is 待核.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from anlan.ground.markup import Element

NAME = "GB/T 35965.1-2018 附录A 取值规则（转载本）"
STATUS = "unverified"
SENDER_DIGITS = 14
STAMP = "%Y%m%d%H%M%S"
LIKE_ONE = re.compile(r"\d{14}_\d{8,}", re.ASCII)
WHOLE = re.compile(r"(\d{6})(\d{3})(\d{3})(\d{2})_(\d{14})_(\d)\Z", re.ASCII)
BEIJING = "+08:00"


@dataclass(frozen=True, slots=True)
class Note:
    """What differs from the profile. rule: its clause in the annex; line: from 1."""

    rule: str
    element: str
    line: int
    message: str
    mend: str


def notes(root: Element) -> list[Note]:
    """Where a message of a Chinese sender leaves the annex; nothing for messages of others."""
    identifier = root.said("identifier")
    if not LIKE_ONE.match(identifier):
        return []
    found: list[Note] = []
    at = root.first("identifier") or root
    whole = WHOLE.match(identifier)
    if whole is None:
        found.append(Note("A.1.1", "identifier", at.line, "标识不是 31 位",
                          "发布单位代码 14 位_录入时间 14 位_序号 1 位"))  # fmt: skip
    elif not _is_time(whole[5]):
        found.append(Note("A.1.3", "identifier", at.line, "标识里的录入时间不存在",
                          "北京时间，年月日时分秒 14 位"))  # fmt: skip
    sent = root.first("sent")
    if sent is not None and not sent.text.strip().endswith(BEIJING):
        found.append(
            Note("A.1.3.2", "sent", sent.line, "发送时间不是北京时间", f"时区写 {BEIJING}")
        )
    return found


def _is_time(digits: str) -> bool:
    try:
        datetime.strptime(digits, STAMP)  # noqa: DTZ007
    except ValueError:
        return False
    return True
