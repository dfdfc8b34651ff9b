"""Reads a weather bureau's text: what, how grave, when, where; a field is right or doubted. Pure.

The grammar follows the forms of bulletins; its parts stand in `reader/`:

    〈issuer〉〈date and time〉发布〈kind〉〈grade〉预警信号：〈what fell〉，〈what comes〉

Nothing is guessed: what is missing, impossible or said twice is a doubt with its place in the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from anlan.rooms.warning.reader import items
from anlan.rooms.warning.reader.areas import read_areas, read_hours, read_observed
from anlan.rooms.warning.reader.extent import read_period, read_rain
from anlan.rooms.warning.reader.head import read_head
from anlan.rooms.warning.reader.signals import (
    read_act,
    read_exercise,
    read_grade,
    read_kind,
    read_replaced,
    read_what,
    set_aside,
    told_kind,
    what_of,
)
from anlan.rooms.warning.reader.text import Act, Doubt, Reading, Text, normalise, number

TEXT_CHARS_MAX = 2000

__all__ = ["TEXT_CHARS_MAX", "Act", "Doubt", "Reading", "normalise", "number", "read_bulletin",
           "read_items"]  # fmt: skip


def read_bulletin(text: str, places: Mapping[str, int], now: datetime) -> Reading:
    """Read a text as one bulletin. places: township names (with and without 镇, 乡, 街道) → code.

    now: for a date without a year and for what is too old or lies ahead.
    """
    return _read(_prepared(text), places, now)


def read_items(text: str, places: Mapping[str, int], now: datetime) -> tuple[Reading, ...]:
    """Every signal of a text as a reading of its own, in the order of the text; at least one."""
    work = _prepared(text)
    parts = items.cut(work.plain, places)
    if len(parts) == 1:
        return (_read(work, places, now),)
    return tuple(_read(Text(text, part, list(work.doubts)), places, now) for part in parts)


def _prepared(text: str) -> Text:
    work = Text(text, normalise(text))
    if len(text) > TEXT_CHARS_MAX:
        work.doubt("too-long", f"超过 {TEXT_CHARS_MAX} 字，只读了前面部分")
        work.plain = work.plain[:TEXT_CHARS_MAX]
    set_aside(work)
    return work


def _read(work: Text, places: Mapping[str, int], now: datetime) -> Reading:
    what = "exercise" if read_exercise(work) else read_what(work)
    warns = what in ("", "exercise")
    act = read_act(work) if warns else None
    kind, label = read_kind(work) if warns else told_kind(work)
    grade = read_grade(work, act) if warns else ""
    issuer, issued_at = read_head(work, now)
    areas, whole, left_out = read_areas(work, places)
    start, hours = (None, None) if act is Act.LIFT else read_period(work, issued_at)
    fallen, coming = read_rain(work)
    replaced = read_replaced(work, act, grade)
    return Reading(
        act, kind, label, grade, issuer, issued_at, areas, whole, read_hours(work),
        read_observed(work), tuple(work.doubts), what or what_of(act, kind), left_out, replaced,
        start, hours, fallen, coming,
    )  # fmt: skip
