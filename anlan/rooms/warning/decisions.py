"""Reads a weather bureau's text: what, how grave, when, where; a field is right or doubted. Pure.

The grammar follows the form of the bureau's bulletins:

    〈issuer〉〈date and time〉发布〈kind〉〈grade〉预警信号：〈what fell〉，〈what comes〉

Nothing is guessed: what is missing, impossible or said twice is a doubt with its place in the text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum

CHINA = timezone(timedelta(hours=8))
TEXT_CHARS_MAX = 2000
FUTURE = timedelta(minutes=5)
OLD = timedelta(hours=24)
GRADES = {"红色": "red", "橙色": "orange", "黄色": "yellow", "蓝色": "blue"}
ROMAN_GRADES = {"Ⅰ级": "red", "Ⅱ级": "orange", "Ⅲ级": "yellow", "Ⅳ级": "blue",
                "I级": "red", "II级": "orange", "III级": "yellow", "IV级": "blue"}  # fmt: skip
KINDS = {
    "暴雨": "rainstorm",
    "强降雨": "rainstorm",
    "雷暴大风": "thunder_gust",
    "雷雨大风": "thunder_gust",
    "大风": "gale",
    "雷电": "lightning",
    "冰雹": "hail",
    "高温": "heat",
    "大雾": "fog",
    "寒潮": "cold_wave",
    "霜冻": "frost",
    "暴雪": "snowstorm",
    "道路结冰": "icy_road",
    "干旱": "drought",
    "地质灾害气象风险": "geohazard",
    "地质灾害": "geohazard",
    "山洪灾害": "flash_flood",
    "山洪": "flash_flood",
    "森林火险": "forest_fire",
}
LIFTED = ("解除",)
CHANGED = ("变更", "升级", "降级", "更新", "调整为", "改为", "升级为", "降为")
TARGETS = ("升级为", "降级为", "变更为", "调整为", "更新为", "改为", "降为")
OPEN_LIST = ("等乡镇", "等镇", "等地", "等部分乡镇", "等乡", "等街道", "大部", "部分乡镇", "局部")
WHOLE_COUNTY = ("全县", "我县", "全县各乡镇")
NOT_REAL = ("演练", "演习", "测试", "模拟", "试验", "示例")
NOT_YET = ("未发布", "尚未", "不发布", "没有发布", "拟发布", "将发布", "可能发布", "计划发布")
HALF_DAYS = (
    "凌晨", "早上", "早晨", "上午", "中午", "下午", "傍晚", "晚上", "夜间", "夜里", "半夜",
)  # fmt: skip
EXCEPT = ("除外", "以外", "之外", "除")
NO_EXCEPT = ("解除", "消除", "排除", "清除", "除险", "除患")
PLACE_ENDS = ("街道", "镇", "乡", "区", "县", "市")
NO_PLACES = (
    "全县", "我县", "本县", "全区", "山区", "地区", "灾区", "城区", "库区", "景区", "林区", "社区",
    "等乡镇", "各乡镇", "部分乡镇", "乡镇", "等镇", "等乡", "等街道", "相关区县", "各区县",
)  # fmt: skip
SEPARATORS = "、，,；;。：:！ （）()和及与\n"
PLACE_CHARS_MAX = 7
YEAR_MIN = 1990
DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}


class Act(Enum):
    """What the bulletin does with a signal."""

    ISSUE = "issue"
    CHANGE = "change"
    LIFT = "lift"


@dataclass(frozen=True, slots=True)
class Doubt:
    """What the reader is not sure of. start, end: its place in the text (equal: nowhere)."""

    code: str
    start: int
    end: int
    seen: str
    message: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a bulletin says. None or empty where it does not say it, or says it twice."""

    act: Act | None
    kind: str
    kind_label: str
    grade: str
    issuer: str
    issued_at: datetime | None
    areas: tuple[int, ...]
    whole_county: bool
    forecast_hours: int | None
    observed: str
    doubts: tuple[Doubt, ...]


@dataclass(slots=True)
class _Text:
    """The text with its doubts as they are found. plain has the length of the original."""

    original: str
    plain: str
    doubts: list[Doubt] = field(default_factory=list)

    def doubt(self, code: str, message: str, start: int = 0, end: int = 0) -> None:
        self.doubts.append(Doubt(code, start, end, self.original[start:end], message))


def normalise(text: str) -> str:
    """Full-width digits and letters as plain ones, character by character, so places stay."""
    return "".join(_one(char) for char in text)


def _one(char: str) -> str:
    if unicodedata.category(char)[0] == "C":
        return " "
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 and char not in "：，。；ⅠⅡⅢⅣ" else char


def read_bulletin(text: str, places: Mapping[str, int], now: datetime) -> Reading:
    """Read a bulletin. places: township names (with and without 镇, 乡, 街道) → code.

    now: for a date without a year and for what is too old or lies ahead.
    """
    work = _Text(text, normalise(text))
    if len(text) > TEXT_CHARS_MAX:
        work.doubt("too-long", f"超过 {TEXT_CHARS_MAX} 字，只读了前面部分")
        work.plain = work.plain[:TEXT_CHARS_MAX]
    act = _act(work)
    kind, label = _kind(work)
    grade = _grade(work, act)
    issuer, issued_at = _head(work, now)
    areas, whole = _areas(work, places)
    return Reading(
        act, kind, label, grade, issuer, issued_at, areas, whole, _hours(work), _observed(work),
        tuple(work.doubts),
    )  # fmt: skip


def find_all(plain: str, names: Sequence[str]) -> list[tuple[int, str]]:
    """Where names stand, longest first at each place, without one inside another."""
    found, at = [], 0
    ordered = sorted(names, key=len, reverse=True)
    while at < len(plain):
        name = next((name for name in ordered if plain.startswith(name, at)), None)
        if name is None:
            at += 1
            continue
        found.append((at, name))
        at += len(name)
    return found


def _act(work: _Text) -> Act | None:
    for at, name in find_all(work.plain, NOT_REAL)[:1]:
        work.doubt("exercise", f"写了“{name}”，请确认是不是真的预警", at, at + len(name))
    for at, name in find_all(work.plain, NOT_YET)[:1]:
        work.doubt("act-not-yet", f"写的是“{name}”，请确认是否已经发布", at, at + len(name))
        return None
    lifted = find_all(work.plain, LIFTED)
    changed = find_all(work.plain, CHANGED)
    issued = find_all(work.plain, ("发布", "继续发布", "签发"))
    if lifted and issued and "解除" in work.plain and "发布" in work.plain:
        place = lifted[0][0]
        work.doubt("act-two", "同时写了发布和解除，请确认是哪一种", place, place + 2)
        return None
    if lifted:
        return Act.LIFT
    if changed:
        at, name = changed[0]
        if issued and not any(mark in work.plain for mark in TARGETS):
            work.doubt("act-two", f"同时写了发布和“{name}”，请确认是哪一种", at, at + len(name))
            return None
        return Act.CHANGE
    if issued:
        return Act.ISSUE
    work.doubt("act-missing", "没有看到发布、变更或解除")
    return None


def _kind(work: _Text) -> tuple[str, str]:
    found = find_all(work.plain, list(KINDS))
    signal = [(at, name) for at, name in found if _names_signal(work.plain, at + len(name))]
    kinds = {KINDS[name] for _at, name in signal}
    if len(kinds) == 1:
        return KINDS[signal[0][1]], signal[0][1]
    if not kinds:
        if found:
            at, name = found[0]
            work.doubt("kind-unsure", f"写了“{name}”，但不像预警信号名称", at, at + len(name))
        else:
            work.doubt("kind-missing", "没有看到灾害种类")
        return "", ""
    at, name = signal[1]
    work.doubt("kind-two", "一份文本里有几种信号，请分开办理", at, at + len(name))
    return "", ""


def _names_signal(plain: str, at: int) -> bool:
    """Whether a grade or 预警 follows at once: then the words before name the signal."""
    rest = plain[at:].lstrip(" ")
    return rest.startswith((*GRADES, *ROMAN_GRADES, "预警", "气象风险", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "的"))


def _grade(work: _Text, act: Act | None) -> str:
    found = [(at, GRADES[name], name) for at, name in find_all(work.plain, list(GRADES))]
    roman = find_all(work.plain, list(ROMAN_GRADES))
    found += [(at, ROMAN_GRADES[name], name) for at, name in roman]
    grades = {grade for _at, grade, _name in found}
    if len(grades) == 1:
        return found[0][1]
    if not grades:
        work.doubt("grade-missing", "没有看到预警级别（红橙黄蓝）")
        return ""
    if act is Act.CHANGE:
        last = _target_of_change(work, sorted(found))
        if last:
            return last
    at, _grade_name, name = sorted(found)[1]
    work.doubt("grade-two", "出现两个级别，请确认以哪个为准", at, at + len(name))
    return ""


def _target_of_change(work: _Text, found: list[tuple[int, str, str]]) -> str:
    """The grade after 为: 黄色…升级为…橙色."""
    for mark in TARGETS:
        at = work.plain.find(mark)
        after = [grade for place, grade, _name in found if at >= 0 and place > at]
        if after and len(set(after)) == 1:
            return after[0]
    return ""


def _head(work: _Text, now: datetime) -> tuple[str, datetime | None]:
    """Issuer and time of the first sentence: what stands before its first 年, 月 or 日."""
    verb = min((at for at, _n in find_all(work.plain, ("发布", "解除", "变更", "升级", "更新",
                "继续发布", "签发", "降级", "将"))), default=len(work.plain))  # fmt: skip
    head = work.plain[:verb]
    start = next((at for at, char in enumerate(head) if char.isdigit()), len(head))
    issuer = head[:start].rstrip(" ：:，,【】[]于在\n").rpartition("】")[2].strip(" ：:，,【[\n")
    if not issuer:
        work.doubt("issuer-missing", "没有看到发布单位")
    elif not issuer.endswith(("台", "局", "中心", "站", "指挥部", "办公室", "政府")):
        work.doubt("issuer-unsure", "发布单位名称不常见，请核对", 0, start)
    return issuer, _time(work, start, verb, now)


def _numbers(text: str, offset: int) -> list[tuple[int, int, str]]:
    """(value, place, the character after it) of each run of digits."""
    found, at = [], 0
    while at < len(text):
        if not (text[at].isascii() and text[at].isdigit()):
            at += 1
            continue
        end = at
        while end < len(text) and text[end].isascii() and text[end].isdigit():
            end += 1
        after = text[end:].lstrip(" ")[:1]
        found.append((int(text[at:end][:9]), offset + at, after))
        at = end
    return found


def _time(work: _Text, start: int, end: int, now: datetime) -> datetime | None:
    parts = _numbers(work.plain[start:end], start)
    named = {unit: value for value, _at, unit in parts if unit in "年月日时分:：" and unit}
    if _time_unsure(work, parts, start, end):
        return None
    clock = [(value, at, unit) for value, at, unit in parts if unit in (":", "：")]
    local = now.astimezone(CHINA)
    if clock:
        index = next(i for i, part in enumerate(parts) if part[1] == clock[0][1])
        named["时"] = clock[0][0]
        named["分"] = parts[index + 1][0] if index + 1 < len(parts) else 0
    if "时" not in named or "日" not in named:
        work.doubt("time-missing", "没有看到完整的发布时间（日、时）", start, end)
        return None
    if named.get("年", 0) < YEAR_MIN or "月" not in named:
        work.doubt("date-partial", "时间没有写全年月，请补全", start, end)
        return None
    try:
        moment = datetime(
            named["年"], named["月"], named["日"], named["时"], named.get("分", 0), tzinfo=CHINA
        )
    except ValueError:
        work.doubt("time-impossible", "日历上没有这个时间", start, end)
        return None
    if moment > local + FUTURE:
        work.doubt("time-ahead", "发布时间在现在之后，请核对", start, end)
    elif moment < local - OLD:
        work.doubt("time-old", "发布时间已过去一天以上，请核对", start, end)
    return moment.astimezone(UTC)


def _time_unsure(work: _Text, parts: list[tuple[int, int, str]], start: int, end: int) -> bool:
    """Said by halves of the day, said twice, or with a number that names no unit."""
    head = work.plain[start:end]
    for at, name in find_all(head, HALF_DAYS)[:1]:
        place = start + at
        work.doubt("time-half-day", f"时间写了“{name}”，请按24小时制确认", place, place + len(name))
        return True
    units = [unit for _value, _at, unit in parts]
    if any(units.count(unit) > 1 for unit in "年月日时"):
        work.doubt("time-two", "写了几个时间，请确认哪个是发布时间", start, end)
        return True
    colons = [i for i, unit in enumerate(units) if unit in (":", "：")]
    bare = [
        i for i, unit in enumerate(units)
        if unit not in ("年", "月", "日", "时", "分", "秒", ":", "：") and i - 1 not in colons
    ]  # fmt: skip
    if bare:
        at = parts[bare[0]][1]
        work.doubt("time-unit", "时间里有一个数没有写单位，请确认", at, end)
        return True
    return False


def _areas(work: _Text, places: Mapping[str, int]) -> tuple[tuple[int, ...], bool]:
    found = find_all(work.plain, list(places))
    codes = tuple(dict.fromkeys(places[name] for _at, name in found))
    whole = next(iter(find_all(work.plain, WHOLE_COUNTY)), None)
    for at, name in find_all(work.plain, OPEN_LIST):
        if codes or name in ("大部", "部分乡镇", "局部"):
            work.doubt("area-open", f"“{name}”没有列全，请选定乡镇", at, at + len(name))
            break
    _strangers(work, places)
    left_out = [e for e in find_all(work.plain, (*EXCEPT, *NO_EXCEPT)) if e[1] in EXCEPT]
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
    return codes, whole is not None and not codes


def _strangers(work: _Text, places: Mapping[str, int]) -> None:
    """A name that stands like a place and is none of the county's: misspelt, or elsewhere."""
    verb = next((at for at, _n in find_all(work.plain, ("预警", "信号"))), 0)
    at = verb
    while at < len(work.plain):
        end = at
        while end < len(work.plain) and work.plain[end] not in SEPARATORS:
            end += 1
        word = work.plain[at:end]
        if _like_a_place(word, places):
            work.doubt("area-unknown", f"“{word}”不在本县名单里，请核对范围", at, end)
            return
        at = end + 1


def _like_a_place(word: str, places: Mapping[str, int]) -> bool:
    if not 2 <= len(word) <= PLACE_CHARS_MAX or not word.endswith(PLACE_ENDS):
        return False
    known = any(word.endswith(name) for name in places) or word.endswith(NO_PLACES)
    return not known


def _hours(work: _Text) -> int | None:
    """未来3小时, 未来十二小时, 今天夜间: the hours where they are written as a number."""
    at = work.plain.find("未来")
    if at < 0:
        return None
    rest = work.plain[at + 2 : at + 10]
    until = rest.find("小时")
    if until <= 0:
        return None
    value = number(rest[:until].strip())
    if value is None:
        work.doubt("hours-unsure", "预计时长没有读懂", at, at + 2 + until + 2)
    return value


def number(text: str) -> int | None:
    """37, 三十七, 十二: a whole number under a hundred thousand in digits or characters."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain.isascii() and plain.isdigit():
        return int(plain) if len(plain) <= 6 else None
    total, current = 0, 0
    steps = {"十": 10, "百": 100, "千": 1000, "万": 10000}
    if not plain or any(char not in DIGITS and char not in steps for char in plain):
        return None
    for char in plain:
        if char in DIGITS:
            current = DIGITS[char]
            continue
        total = (total + current) * 10000 if char == "万" else total + (current or 1) * steps[char]
        current = 0
    return total + current


def _observed(work: _Text) -> str:
    """What has fallen, in the bureau's words, from 过去 or 已 to the next comma of a forecast."""
    start = min((at for at, _n in find_all(work.plain, ("过去", "截至", "目前"))), default=-1)
    if start < 0:
        return ""
    ends = [at for at, _n in find_all(work.plain, ("预计", "请", "。")) if at > start]
    return work.original[start : min(ends, default=len(work.original))].strip(" ，,；;。\n")
