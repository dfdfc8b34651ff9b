"""Figures in sentences: each number with what stands before and after it, or dropped as none.

Flows in: a sentence in plain signs. Flows out: the numbers that promise something, in order, each
with its comparison, its measure, its base year; names, dates, scopes and what is there already are
left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from anlan.rooms.workplan.reader.comparisons import (
    AFTER,
    AFTER_OPS,
    BEFORE,
    BEFORE_END,
    CLEARS,
    COVERS,
    DONE,
    FACT,
    FALLS,
    FAR,
    HARM_NEAR,
    NAMED,
    NOUN_BEFORE,
    NUMBER,
    PERCENT_NEVER_SCOPE,
    PERIOD,
    RELATIVE,
    SCOPE_NOUN_OK,
    SIZE_NOUN,
    STOP,
)
from anlan.rooms.workplan.reader.measures import RATES, SHY, TIMES
from anlan.rooms.workplan.reader.numerals import value


@dataclass(slots=True)
class Figure:
    """A number in its place: what it says so far."""

    start: int
    end: int
    value: float
    unit: str
    before: str = ""
    phrase: int = 0
    after: str = ""
    after_end: int = 0
    high: float | None = None
    relative_to: int | None = None
    kind: str = "plain"
    chinese: bool = False
    assumed: bool = False


def figures(flat: str, year: int | None) -> list[Figure]:
    """Every number of a sentence that promises something, side by side ones with one comparison."""
    return [own for own in _chain(flat, _numbers(flat, year)) if not _is_whole(flat, own)]


def _numbers(flat: str, year: int | None) -> list[Figure]:
    """Numbers one by one, each held against what stands around it."""
    found: list[Figure] = []
    floor, fact = 0, -1
    for match in NUMBER.finditer(flat):
        own = _figure(match)
        if own is None or _in_name(flat, match, own):
            continue
        own.phrase = own.start
        _compare(flat, own, floor)
        _relate(flat, own, floor, year)
        _pace(flat, own, floor)
        near_fact = (
            fact >= 0 and not re.search(r"[，。；\n]", flat[fact : own.start]) and not own.before
        )
        if (near_fact and not DONE.search(flat[: own.phrase]) and own.unit not in RATES) or (
            FACT.search(flat[: own.start]) and not own.before and own.unit not in RATES
        ):
            fact = own.end
        elif _is_promise(flat, own):
            found.append(own)
            floor = own.after_end
    return found


def _figure(match: re.Match[str]) -> Figure | None:
    """The number and the unit of a match."""
    part = match.groupdict()
    start, end = match.span()
    if part["percent"]:
        return _made(start, end, value(part["pnum"]), "%")
    if part["left"]:
        whole, share = float(part["right"]), float(part["left"])
        named = re.search(r"比[^，。；]{0,12}$", match.string[:start])
        if whole == 0 or whole >= 1000 or not (share == 1 or named):
            return None
        return _made(start, end, round(share / whole, 6), "比", kind="ratio")
    if part["low"] or part["zhlow"]:
        low, high = value(part["low"] or part["zhlow"]), value(part["high"] or part["zhhigh"])
        own = _made(start, end, low, part["hunit"] or part["zhhunit"], kind="range")
        if own is not None:
            own.high = high
            own.chinese = bool(part["zhlow"])
        return own
    if part["bare"]:
        return _made(start, end, value(part["bare"]), "", kind="bare")
    if part["free"]:
        return _made(start, end, value(part["free"]), part["freeunit"])
    own = _made(start, end, value(part["num"] or part["zh"]), part["unit"] or part["zhunit"])
    if own is not None:
        own.chinese = bool(part["zh"])
    return own


def _made(
    start: int, end: int, number: float | None, unit: str, kind: str = "plain"
) -> Figure | None:
    return None if number is None else Figure(start, end, number, unit, after_end=end, kind=kind)


def clause_start(flat: str, at: int, stops: str = STOP) -> int:
    return max((flat.rfind(char, 0, at) for char in stops), default=-1) + 1


def _compare(flat: str, own: Figure, floor: int) -> None:
    """The comparison before the number, next to it or a few words off, and the one after it."""
    head = flat[max(floor, clause_start(flat, own.start)) : own.start]
    near = BEFORE_END.search(head)
    if near:
        own.before = BEFORE[near.group("word")]
        own.phrase = own.start - (len(head) - near.start())
    else:
        far = FAR.search(head)
        if far and not re.search(r"的$", head):
            own.before = BEFORE[far.group("word")]
            own.phrase = own.start - (len(head) - far.start())
    after = AFTER.match(flat, own.end)
    if after:
        own.after = AFTER_OPS[after.group("word")[-1]]
        own.after_end = after.end()


def _relate(flat: str, own: Figure, floor: int, year: int | None) -> None:
    """较2024年下降10%: the value turns negative and the base year is kept."""
    head = flat[max(floor, clause_start(flat, own.start)) : own.start]
    match = RELATIVE.search(head)
    if match is None or own.kind not in ("plain", "range"):
        return
    based = bool(match.group("base"))
    harm = own.unit == "起" or HARM_NEAR.search(flat[clause_start(flat, own.start) : own.end + 8])
    if not based and own.unit not in RATES and (match.group("way") not in FALLS or not harm):
        return
    falls = match.group("way") in FALLS
    own.kind = "relative"
    begin = match.start("base") if based else match.start("way")
    own.phrase = own.start - (len(head) - begin)
    capped = own.before == "<=" or own.after == "<="
    own.before = ("<=" if falls else ">=") if not capped else (">=" if falls else "<=")
    own.after = ""
    own.value = -own.value if falls else own.value
    if own.high is not None:
        own.value, own.high = (-own.high, own.value) if falls else (own.value, own.high)
    if match.group("year"):
        own.relative_to = int(match.group("year"))
    elif year and (match.group("last") or match.group("yoy") in ("同比",)):
        own.relative_to = year - 1


def _pace(flat: str, own: Figure, floor: int) -> None:
    """每年, 每半年 before a count: so many a year."""
    if own.kind not in ("plain", "range") or own.unit in RATES or "/" in own.unit:
        return
    start = clause_start(flat, own.start, STOP + "（(")
    found = list(PERIOD.finditer(flat, start, own.start))
    if not found:
        return
    if own.unit in TIMES and not re.search(r"培训|学习|巡查|值班", flat[start : own.start]):
        return
    own.unit = f"{own.unit}/{found[-1].group('per').replace('年度', '年')}"
    own.kind = "pace" if own.kind == "plain" else own.kind
    if not own.before:
        own.phrase = own.start


def _in_name(flat: str, match: re.Match[str], own: Figure) -> bool:
    """Part of a name: quoted, a date, between Latin letters and signs, or a fixed saying."""
    before, after = flat[: match.start()], flat[match.end() :]
    if before.count("“") > before.count("”") or before.count("《") > before.count("》"):
        return True
    if before.count("「") > before.count("」") or before.count("‘") > before.count("’"):
        return True
    if re.match(r"[A-Za-z+]", after) or re.search(r"[第〔＋+]$|[A-Za-z]\d*[-—.]$", before):
        return True
    if own.unit == "日" and re.search(r"月$", before):
        return True
    if own.chinese and (
        flat[match.start() :].startswith(NAMED) or re.search(r"[同之统唯进]$", before)
    ):
        return True
    if before.endswith("每") and own.kind == "plain":
        return True
    if re.match(r"[年月](?![以度])", after) and own.kind == "bare":
        return True
    if own.kind == "range" and re.search(r"\d$", before):
        return True
    return own.unit.startswith("次") and bool(re.match(r"性|死亡|伤亡|生灾", after))


def _is_promise(flat: str, own: Figure) -> bool:
    rest, head = flat[own.after_end :], flat[: own.phrase]
    ends = not rest or rest[0] in STOP + "、：:）)“” 　"
    if own.kind == "bare":
        return _bare_promise(own, ends)
    if own.kind == "relative":
        return True
    if _is_scope(flat, own, ends):
        return False
    if re.match(r"[^，。；]{0,6}(?:的)?基础上", rest):
        return False
    if own.chinese and not (own.before or own.after or "/" in own.unit or DONE.search(head)):
        return ends and bool(NOUN_BEFORE.search(flat[: own.start]))
    told = own.before or own.after or "/" in own.unit
    if own.unit in TIMES and not told:
        return False
    if own.unit in SHY and not (told or DONE.search(head)):
        noun = ends and bool(NOUN_BEFORE.search(flat[: own.start]))
        return (noun or own.unit in ("村", "队", "组")) and not own.chinese
    if own.unit in TIMES and own.after == ">=" and not ends:
        return False
    return not (
        own.unit in TIMES and re.search(r"近|前|过去|未来|最近|提前$", head[-3:]) and not own.before
    )


def _bare_promise(own: Figure, ends: bool) -> bool:
    """A figure without a measure is a promise only where a comparison holds it."""
    strong = own.before in ("<=", "<", ">", ">=") or own.after
    return bool(strong) and (ends or bool(own.after)) and own.value < 1900


def _is_scope(flat: str, own: Figure, ends: bool) -> bool:
    """A size that says which ones are meant: 200张床位以上的医院, （年均5万吨以上）, 超过50人的场所."""
    if own.unit in PERCENT_NEVER_SCOPE or own.kind in ("ratio",):
        return False
    rest = flat[own.after_end :]
    if SIZE_NOUN.match(rest) and not own.before:
        return True
    doing = bool(DONE.search(flat[: own.phrase]))
    frequency = "/" in own.unit
    if not own.after:
        inner = re.match(r"[^，。；、：（）()\d以]{1,5}(?:及)?以[上下](?P<of>的)?", rest)
        if inner and not frequency:
            return bool(inner.group("of")) or not doing
        if own.before in ("<", ">") and rest.startswith("的"):
            return True
        if rest.startswith("的") and not doing and not own.before and not frequency:
            return not SCOPE_NOUN_OK.match(rest)
        return False
    if SCOPE_NOUN_OK.match(rest):
        return False
    if ends:
        return _bracketed(flat, own)
    if own.unit in TIMES and own.after == "<=":
        return False
    if rest.startswith("的"):
        return not (doing or frequency or own.before)
    return not (doing or frequency or own.before)


def _bracketed(flat: str, own: Figure) -> bool:
    """（年均5万吨以上）: a bracket after a noun that says nothing but a size."""
    opening = max(flat.rfind("（", 0, own.start), flat.rfind("(", 0, own.start))
    closing = max(flat.rfind("）", 0, own.start), flat.rfind(")", 0, own.start))
    rest = flat[own.after_end :]
    if opening <= closing or not rest.startswith(("）", ")")):
        return False
    inner = flat[opening + 1 : own.start]
    return not (
        own.before
        or "/" in own.unit
        or re.search(r"其中|率|不少于|至少|每", inner)
        or DONE.search(inner)
    )


def _is_whole(flat: str, own: Figure) -> bool:
    """The number says how many there are, and the clause goes on to what holds for all of them."""
    if own.kind != "plain" or own.before or own.after or own.unit in RATES:
        return False
    start = clause_start(flat, own.start)
    if not re.fullmatch(r"(?:对|全县|全区|全市|确保|所有|辖区)*", flat[start : own.start]):
        return False
    ends = [place for place in (flat.find(char, own.end) for char in STOP) if place >= 0]
    rest = flat[own.end : min(ends, default=len(flat))]
    return bool(COVERS.search(rest) or CLEARS.search(rest) or re.search(r"率.{0,6}\d", rest))


def _chain(flat: str, seen: list[Figure]) -> list[Figure]:
    """3起、2人以内 and 分别不低于90%、95%: figures side by side share their comparison."""
    for at in range(1, len(seen)):
        left, right = seen[at - 1], seen[at]
        between = flat[left.after_end : right.start]
        if (
            left.kind == "relative"
            or right.kind == "relative"
            or not re.fullmatch(r"[、和及与]\s*", between)
        ):
            continue
        if (
            not right.before
            and not right.after
            and left.before
            and (left.unit in RATES) == (right.unit in RATES)
        ):
            right.before = left.before
        elif not left.before and not left.after and right.after:
            left.after = right.after
        elif left.before and not right.before and right.after == left.before:
            right.before = left.before
    return seen
