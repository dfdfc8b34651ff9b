"""Cells: what a person typed becomes a value or a fault; what we write cannot become a formula.

Pure. Moments are on the county's wall clock, to the minute. A cell is text, a number, a day or a
moment, as the reader gives it; what cannot be read is a `CellFault` that says what to type.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

RISKY = re.compile(r"^'*[=+\-@\t\r\0]")
ESCAPED = re.compile(r"^'+[=+\-@\t\r]")
DAY_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d")
CLOCK_FORMATS = ("%H:%M", "%H:%M:%S", "%H时%M分")
DIGITS_MIN, DIGITS_MAX = 7, 12
MOBILE_DIGITS = 11
WHOLE_MAX = 2**31 - 1
YES = frozenset({"是", "取消", "y", "yes", "1", "√"})
NO = frozenset({"", "否", "n", "no", "0"})


class CellFault(ValueError):
    """A cell that cannot be read: what is wrong, and what to type instead."""

    def __init__(self, what: str, mend: str):
        super().__init__(what)
        self.what, self.mend = what, mend


def escaped(text: str) -> str:
    """The text as it is written into a file: what a sheet would compute gets a leading '."""
    plain = "".join(c for c in text if c in "\t\r" or unicodedata.category(c) != "Cc")
    return "'" + plain if RISKY.match(plain) else plain


def unescaped(text: str) -> str:
    """The text again."""
    return text[1:] if ESCAPED.match(text) else text


def plain(cell: Any) -> str:
    """Any cell as text, without surrounding space; a whole number without its point."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M")
    return unescaped(str(cell).strip())


def text(cell: Any, chars: int) -> str:
    """One line of text without control marks, at most so many characters."""
    found = plain(cell)
    # What is printable holds no mark of category C; the rest is looked at one by one.
    if not found.isprintable() and any(unicodedata.category(c)[0] == "C" for c in found):
        raise CellFault("含有看不见的控制字符", "请删去后重新输入")
    if len(found) > chars:
        raise CellFault(f"超过 {chars} 个字", "请缩短")
    return found


def whole(cell: Any) -> int | None:
    """A whole number; None for an empty cell."""
    found = plain(cell)
    if not found:
        return None
    if not re.fullmatch(r"-?[0-9]{1,10}", found) or abs(int(found)) > WHOLE_MAX:
        raise CellFault("不是整数", "请填整数，例如 3")
    return int(found)


def decimal(cell: Any) -> float | None:
    """A finite number; None for an empty cell."""
    found = plain(cell)
    if not found:
        return None
    try:
        number = float(found)
    except ValueError:
        raise CellFault("不是数字", "请填数字，例如 30.33") from None
    if not math.isfinite(number):
        raise CellFault("不是数字", "请填数字，例如 30.33")
    return number


def day(cell: Any) -> date | None:
    """A day; None for an empty cell."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    found = plain(cell)
    if not found:
        return None
    for form in DAY_FORMATS:
        try:
            return datetime.strptime(found, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise CellFault("不是日期", "请写成 2026-07-10")


def moment(cell: Any, zone: tzinfo) -> datetime | None:
    """A moment on the wall clock of the zone, to the minute; a bare day is its first moment."""
    if isinstance(cell, datetime):
        return cell.replace(second=0, microsecond=0, tzinfo=zone)
    if isinstance(cell, date):
        return datetime.combine(cell, time(), zone)
    found = plain(cell).replace("T", " ")
    if not found:
        return None
    head, _space, tail = found.partition(" ")
    try:
        first = day(head)
    except CellFault:
        first = None
    if first is not None and not tail:
        return datetime.combine(first, time(), zone)
    for form in CLOCK_FORMATS:
        try:
            clock = datetime.strptime(tail.strip(), form).replace(tzinfo=UTC).time()
        except ValueError:
            continue
        if first is not None:
            return datetime.combine(first, clock.replace(second=0), zone)
    raise CellFault("不是时间", "请写成 2026-07-10 08:30")


def phone(cell: Any) -> str:
    """The digits of a number, a masked number as it is, or nothing.

    A sheet that made a number of it may have eaten its zeros: only a mobile number is safe then.
    """
    found = plain(cell)
    if "*" in found or not found:
        return found
    digits = found.replace("-", "").replace(" ", "")
    if not digits.isascii() or not digits.isdigit() or not DIGITS_MIN <= len(digits) <= DIGITS_MAX:
        raise CellFault("电话号码应为 7 到 12 位数字", "请核对号码，单元格设为文本")
    if isinstance(cell, int | float) and not (
        len(digits) == MOBILE_DIGITS and digits.startswith("1")
    ):
        raise CellFault("这一格是数字，前面的 0 可能丢了", "请把单元格设为文本后重新填写")
    return digits


def yes(cell: Any) -> bool:
    """Whether the cell says yes."""
    found = plain(cell).lower()
    if found in YES:
        return True
    if found in NO:
        return False
    raise CellFault("只能填“是”或留空", "请填“是”，或留空")


def choice(cell: Any, words: Mapping[str, str]) -> str:
    """The key whose word (or key) the cell holds; nothing for an empty cell."""
    found = plain(cell)
    if not found:
        return ""
    for key, word in words.items():
        if found in (key, word):
            return key
    raise CellFault("没有这一种", "应为：" + "、".join(words.values()))
