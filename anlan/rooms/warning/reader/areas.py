"""Where, for how long, and what has fallen. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from anlan.rooms.warning.reader import words as w
from anlan.rooms.warning.reader.text import Text, blanked, find_all, number

OBSERVED = ("过去", "截至", "截止", "目前", "昨日", "昨天", "已出现", "实况")
EXPECTED = ("预计", "未来", "预报", "将出现", "可能")
HOUR_RANGE = re.compile(r"未来\s*\d{1,3}\s*[-~～—至到]\s*\d{1,3}\s*个?小时")
HOURS = re.compile(r"未来\s*([^，。；、\n]{1,8}?)\s*(?:个)?小时")


def read_areas(
    work: Text, places: Mapping[str, int]
) -> tuple[tuple[int, ...], bool, tuple[int, ...]]:
    """(codes, whole county, townships that the whole is without).

    A doubt where the list is open, unknown, or said in two ways.
    """
    left_out = _left_out(work, places)
    found = _named(work, places)
    codes = tuple(dict.fromkeys(places[name] for _at, name in found))
    whole = next(iter(find_all(work.plain, w.WHOLE_COUNTY)), None)
    counted = _counted(work, found, places)
    for at, name in find_all(work.plain, w.OPEN_LIST):
        if counted and name.startswith("等"):
            continue
        if (codes and name.startswith("等")) or name in w.ALWAYS_OPEN:
            work.doubt("area-open", f"“{name}”没有列全，请选定乡镇", at, at + len(name))
            break
    _strangers(work, places)
    excepting = [e for e in find_all(work.plain, (*w.EXCEPT, *w.NO_EXCEPT)) if e[1] in w.EXCEPT]
    outside = next(iter(excepting), None)
    if outside is not None and (codes or whole is not None):
        at, name = outside
        work.doubt("area-except", "写了除外的范围，请逐个选定乡镇", at, at + len(name))
        return (), False, ()
    if codes and whole is not None and not _speaks_of(work.plain, whole[0]):
        at, name = whole
        work.doubt("area-two", f"既写了“{name}”又点了乡镇，请选定范围", at, at + len(name))
    if not codes and whole is None:
        work.doubt("area-missing", "没有看到范围，请选定乡镇或全县")
    part = PART.search(work.plain)
    if part is not None and not codes:
        work.doubt("area-part", "只写了县里的一部分，请选定乡镇", part.start(), part.end())
    _roles(work, found, places)
    return codes, whole is not None and not codes, left_out


PART = re.compile(
    r"(?:全县|我县)[^，。；\n]{0,8}(?:海拔|山区|低洼|城区|[东南西北]+部|中部|部分|沿[江河线]|局部)"
    r"|两岸|沿岸|沿线"
)
LEFT_OUT = re.compile(
    r"除(?P<names>[^，。；\n]{2,60}?)(?:以外|之外|外)[，,]?\s*(?:全县|我县)(?:其余|其他|其它)?(?:各?乡镇|地区)?(?:[（(]街道[）)])?"
)
COUNTED = re.compile(
    r"(?:等|共)?\s*(?P<count>\d{1,2}|[两三四五六七八九十]{1,3})\s*个?(?:乡镇|镇街|镇|街道|乡)(?:[（(]街道[）)])?"
)


def _left_out(work: Text, places: Mapping[str, int]) -> tuple[int, ...]:
    """除甲、乙外，全县: the names are what the whole is without; they are blanked here."""
    found = LEFT_OUT.search(work.plain)
    if found is None:
        return ()
    names = [name for _at, name in find_all(found["names"], list(places))]
    rest = found["names"]
    for name in sorted(names, key=len, reverse=True):
        rest = rest.replace(name, "")
    if not names or rest.strip("、，, 和及与以"):
        return ()
    start = found.start()
    whole = work.plain.find("县", found.end("names"))
    work.plain = blanked(work.plain, start, max(start, whole - 1))
    work.plain = blanked(work.plain, whole + 1, found.end())
    return tuple(dict.fromkeys(places[name] for name in names))


def _counted(work: Text, found: list[tuple[int, str]], places: Mapping[str, int]) -> bool:
    """甲、乙、丙等3个镇: a count that is met closes the list; one that is not is a doubt."""
    met = False
    for one in COUNTED.finditer(work.plain):
        before = [(at, name) for at, name in found if at < one.start()]
        if not before or not _adjoins(work.plain, before[-1], one.start()):
            continue
        run = _run(work.plain, before)
        count = number(one["count"]) or 0
        if len({places[name] for _at, name in run}) == count:
            met = True
        else:
            work.doubt(
                "area-count", "写的个数和列出的乡镇对不上，请选定乡镇", one.start(), one.end()
            )
            return False
    return met


def _adjoins(plain: str, last: tuple[int, str], at: int) -> bool:
    return not plain[last[0] + len(last[1]) : at].strip(" 、，,等镇乡街道()（）/0123456789")


def _run(plain: str, found: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The names at the end of the list that stand in one row, joined by 、 and the like."""
    run = [found[-1]]
    for at, name in reversed(found[:-1]):
        between = plain[at + len(name) : run[0][0]]
        if between.strip(" 、和及与以镇乡街道，,()（）/0123456789\n"):
            break
        run.insert(0, (at, name))
    return run


def _speaks_of(plain: str, at: int) -> bool:
    """我县新民、沙坪…: says whose the townships are, not how far it reaches."""
    return plain.startswith("我县", at) and not plain.startswith("我县各", at)


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
    if "上述" in work.plain or "以上乡镇" in work.plain:
        return
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
    word = re.sub(r"[两三四五六七八九十\d]+个?(?:乡镇|镇街|镇|乡|街道)$", "", word)
    if not 2 <= len(word) <= w.PLACE_CHARS_MAX or not word.endswith(w.PLACE_ENDS):
        return False
    if word in w.BARE_ENDS:
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
        if HOUR_RANGE.search(work.plain) is None:
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
