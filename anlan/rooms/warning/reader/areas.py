"""Where, for how long, and what has fallen. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from anlan.rooms.warning.reader import words as w
from anlan.rooms.warning.reader.text import Text, find_all, number

OBSERVED = ("过去", "截至", "截止", "目前", "昨日", "昨天", "已出现", "实况")
EXPECTED = ("预计", "未来", "预报", "将出现", "可能")
HOURS = re.compile(r"未来\s*([^，。；、\n]{1,8}?)\s*(?:个)?小时")


def read_areas(work: Text, places: Mapping[str, int]) -> tuple[tuple[int, ...], bool]:
    """(codes, whole county); a doubt where the list is open, unknown, or said in two ways."""
    found = _named(work, places)
    codes = tuple(dict.fromkeys(places[name] for _at, name in found))
    whole = next(iter(find_all(work.plain, w.WHOLE_COUNTY)), None)
    for at, name in find_all(work.plain, w.OPEN_LIST):
        if codes or name in w.ALWAYS_OPEN:
            work.doubt("area-open", f"“{name}”没有列全，请选定乡镇", at, at + len(name))
            break
    _strangers(work, places)
    left_out = [e for e in find_all(work.plain, (*w.EXCEPT, *w.NO_EXCEPT)) if e[1] in w.EXCEPT]
    outside = next(iter(left_out), None)
    if outside is not None and (codes or whole is not None):
        at, name = outside
        work.doubt("area-except", "写了除外的范围，请逐个选定乡镇", at, at + len(name))
        return (), False
    if codes and whole is not None:
        at, name = whole
        work.doubt("area-two", f"既写了“{name}”又点了乡镇，请选定范围", at, at + len(name))
    if not codes and whole is None:
        work.doubt("area-missing", "没有看到范围，请选定乡镇或全县")
    _roles(work, found, places)
    return codes, whole is not None and not codes


def _named(work: Text, places: Mapping[str, int]) -> list[tuple[int, str]]:
    """Names that stand for a township; one that is part of another name is a doubt instead."""
    kept = []
    for at, name in find_all(work.plain, list(places)):
        rest = work.plain[at + len(name) :]
        full = name.endswith(("镇", "乡", "街道"))
        within = rest.startswith(w.NOT_THE_TOWN)
        if within and not full:
            work.doubt("area-within", f"“{name}{rest[:2]}”不一定是这个乡镇，请核对",
                       at, at + len(name))  # fmt: skip
            continue
        if (
            not full
            and rest
            and not rest.startswith(w.AFTER_NAME)
            and not rest.startswith(tuple(places))
        ):
            work.doubt(
                "area-partial", f"“{name}”后面还有字，请核对是不是这个乡镇", at, at + len(name)
            )
        kept.append((at, name))
    return kept


def _roles(work: Text, found: list[tuple[int, str]], places: Mapping[str, int]) -> None:
    """What fell in one place and comes in another: which of them are warned, a person says."""
    said = {False: set(), True: set()}  # type: dict[bool, set[int]]
    for at, name in found:
        before = work.plain[:at]
        last = max((before.rfind(mark) for mark in EXPECTED), default=-1)
        past = max((before.rfind(mark) for mark in OBSERVED), default=-1)
        said[past > last].add(places[name])
    if said[True] and said[False] and said[True] - said[False]:
        at, name = found[0]
        work.doubt("area-roles", "已下雨的乡镇和预计影响的乡镇不同，请核对范围", at, at + len(name))


def _strangers(work: Text, places: Mapping[str, int]) -> None:
    """A name that stands like a place and is none of the county's: misspelt, or elsewhere."""
    at = next((at for at, _n in find_all(work.plain, ("预警", "信号"))), 0)
    while at < len(work.plain):
        end = at
        while end < len(work.plain) and work.plain[end] not in w.SEPARATORS:
            end += 1
        word = work.plain[at:end]
        if _like_a_place(word, places):
            work.doubt("area-unknown", f"“{word}”不在本县名单里，请核对范围", at, end)
            return
        at = end + 1


def _like_a_place(word: str, places: Mapping[str, int]) -> bool:
    if not 2 <= len(word) <= w.PLACE_CHARS_MAX or not word.endswith(w.PLACE_ENDS):
        return False
    known = any(word.endswith(name) for name in places) or word.endswith(w.NO_PLACES)
    return not known


def read_hours(work: Text) -> int | None:
    """未来3小时, 未来十二个小时: the hours where they are written as one number."""
    found = list(HOURS.finditer(work.plain))
    if not found:
        return None
    values = [number(one[1]) for one in found]
    first = found[0]
    if None in values:
        work.doubt("hours-unsure", "预计时长没有读懂", first.start(), first.end())
        return None
    if len(set(values)) > 1:
        work.doubt("hours-two", "写了几个时长，请核对", found[1].start(), found[1].end())
    return values[0]


def read_observed(work: Text) -> str:
    """What has fallen, in the bureau's words, from 过去 or 目前 to the beginning of a forecast."""
    start = min((at for at, _n in find_all(work.plain, ("过去", "截至", "目前"))), default=-1)
    if start < 0:
        return ""
    ends = [at for at, _n in find_all(work.plain, ("预计", "请", "。")) if at > start]
    return work.original[start : min(ends, default=len(work.original))].strip(" ，,；;。\n")
