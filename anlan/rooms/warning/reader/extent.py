"""How long it holds and how much rain: the stated period, what fell, what comes. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from anlan.rooms.warning.reader import words as w
from anlan.rooms.warning.reader.head import in_digits
from anlan.rooms.warning.reader.text import Text, find_all, number

LOW_HIGH = re.compile(r"未来\s*(\d{1,3})\s*[-~～—至到]\s*(\d{1,3})\s*个?小时", re.ASCII)
NEXT = re.compile(r"未来\s*([^，。；、\n]{1,6}?)\s*个?小时")
CLOCK = r"(?:(?P<{0}m>\d{{1,2}})月)?(?:(?P<{0}d>\d{{1,2}})日|(?P<{0}w>今天|今日|今晚|明天|明日|次日))?\s*(?P<{0}h>\d{{1,2}})\s*[时点:：](?:\s*(?P<{0}n>\d{{1,2}})\s*分?)?"
SPAN = re.compile(
    r"(?:\d{4}年)?"
    + CLOCK.format("a")
    + r"\s*(?:至|到|—|－|-|~|～)+\s*(?:\d{4}年)?"
    + CLOCK.format("b"),
    re.ASCII,
)
UNTIL = re.compile(r"(?:预计|持续|维持)?(?:至|到)\s*" + CLOCK.format("b"), re.ASCII)
IN_WORDS = re.compile(
    r"(?:今天|今日|今晚|明天|明日|\d日)(?:夜间|白天|凌晨|上午|下午|早晨|晚上)|未来(?:几|数|一|两|三|四|五|六|七)?(?:个)?(?:小时|天|一段时间)|未来几小时|近期|未来\d+天"
)
TEN = re.compile(r"十[日时点][^，。；]{0,10}[至到]|[至到][^，。；]{0,8}十[日时点]")
MM = r"(?:毫米|mm|MM)"
RANGE_MM = re.compile(r"(\d{1,4}(?:\.\d)?)\s*[-~～—至到]\s*(\d{1,4}(?:\.\d)?)\s*" + MM)
OVER_MM = re.compile(r"(?:超过|大于)?\s*(\d{1,4}(?:\.\d)?)\s*" + MM + r"\s*(以上|左右)?")
FALLEN = (
    "过去",
    "截至",
    "截止",
    "目前",
    "已达",
    "已出现",
    "已累计",
    "最大雨量",
    "累计降雨量达",
    "已降",
)
COMING = ("预计", "未来", "将达", "仍将", "可达", "将出现", "还有", "仍有", "预报")
BESIDE = re.compile(
    r"(?:局地|个别|最大小时|小时雨强|小时雨量|每小时|1小时|一小时|雨强)[^，。；、\n]{0,12}$"
)
DAY = timedelta(days=1)
SPAN_DAYS_MAX = 15


def read_period(
    work: Text, issued_at: datetime | None
) -> tuple[datetime | None, tuple[float, float] | None]:
    """(start in UTC, [low, high] hours) of the stated period; doubted where it is in words only."""
    plain = in_digits(work.plain)
    low_high = LOW_HIGH.search(plain)
    if low_high is not None:
        return issued_at, (float(low_high[1]), float(low_high[2]))
    hours = {value for value in (number(one[1]) for one in NEXT.finditer(plain)) if value}
    if hours:
        first = float(next(iter(hours)))
        if len(hours) > 1:
            work.doubt("valid-two", "写了几个时长，请核对")
        return issued_at, (first, first)
    said = _spans(plain, issued_at)
    if len(said) > 1:
        work.doubt("valid-two", "写了几个时段，请核对")
    if said:
        start, end = said[0]
        length = (end - start).total_seconds() / 3600
        return start.astimezone(UTC), (length, length)
    verb = min((at for at, _name in find_all(plain, w.ISSUED)), default=0)
    words = IN_WORDS.search(plain, verb)
    if words is not None:
        work.doubt("valid-words", "时段没有写明几时到几时，请核对", words.start(), words.end())
    elif TEN.search(plain, verb) or SPAN.search(plain) or UNTIL.search(plain):
        work.doubt("valid-unsure", "时段没有读懂，请核对")
    return None, None


def _spans(plain: str, issued_at: datetime | None) -> list[tuple[datetime, datetime]]:
    """Every 〈moment〉至〈moment〉 once, or from the issue 至〈moment〉; empty without a date of issue."""
    if issued_at is None:
        return []
    local = issued_at.astimezone(w.CHINA)
    found: list[tuple[datetime, datetime]] = []
    for one in SPAN.finditer(plain):
        start = _moment(one, "a", local, local)
        end = _moment(one, "b", start or local, local)
        if start is not None and end is not None and start < end <= start + SPAN_DAYS_MAX * DAY:
            found.append((start, end))
    if not found:
        for one in UNTIL.finditer(plain):
            end = _moment(one, "b", local, local)
            if end is not None and local < end <= local + SPAN_DAYS_MAX * DAY:
                found.append((local, end))
    return list(dict.fromkeys(found))


def _moment(one: re.Match[str], side: str, near: datetime, issued: datetime) -> datetime | None:
    """A moment from its pieces; what is left out is that of the moment before."""
    hour, minute = int(one[side + "h"]), int(one[side + "n"] or 0)
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        return None
    base: datetime | None = near.replace(hour=0, minute=0)
    word = one[side + "w"]
    if word in ("今天", "今日", "今晚"):
        base = issued.replace(hour=0, minute=0)
    elif word in ("明天", "明日"):
        base = issued.replace(hour=0, minute=0) + DAY
    elif word == "次日":
        base = near.replace(hour=0, minute=0) + DAY
    if one[side + "d"] and base is not None:
        base = _day(base, int(one[side + "m"] or 0), int(one[side + "d"]))
    if base is None:
        return None
    return base + timedelta(hours=hour, minutes=minute)


def _day(base: datetime, month: int, day: int) -> datetime | None:
    """The day of the month named, or of this month, or of the next where this one has passed."""
    year, wanted = base.year, month or base.month
    if not month and day < base.day:
        wanted = base.month % 12 + 1
        year += wanted == 1
    elif month and month < base.month - 6:
        year += 1
    try:
        return base.replace(year=year, month=wanted, day=day)
    except ValueError:
        return None


def read_rain(work: Text) -> tuple[float | None, tuple[float, float | None] | None]:
    """(mm fallen at most, [low, high] mm that come); an amount that may be either is a doubt."""
    fallen: list[float] = []
    coming: list[tuple[float, float | None]] = []
    for start, clause in _clauses(work.plain):
        mode = _mode(work.plain, start)
        for amount, at in _amounts(clause):
            if BESIDE.search(clause[:at]) is not None and mode != "fallen":
                continue
            if mode == "fallen":
                fallen.append(amount[1] or amount[0])
            elif mode == "coming":
                coming.append(amount)
            else:
                work.doubt(
                    "rain-unsure", "雨量没有说是已下的还是预计的", start, start + len(clause)
                )
    if len(set(coming)) > 1:
        work.doubt("rain-two", "写了几个预计雨量，请核对")
    return (max(fallen) if fallen else None), (coming[0] if coming else None)


def _clauses(plain: str) -> list[tuple[int, str]]:
    """(place, words) of every stretch between commas and stops."""
    found, at = [], 0
    for piece in re.split(r"([，,。；;：:\n])", plain):
        if piece and piece not in "，,。；;：:\n":
            found.append((at, piece))
        at += len(piece)
    return found


def _mode(plain: str, start: int) -> str:
    """Whether what stands from here on fell or comes: by the last word that says so, in its sentence."""
    stop = next((n for n in range(start, len(plain)) if plain[n] in "，,。；;：:\n"), len(plain))
    before = plain[max(plain.rfind("。", 0, start), plain.rfind("\n", 0, start)) + 1 : stop]
    fell = max((before.rfind(mark) for mark in FALLEN), default=-1)
    comes = max((before.rfind(mark) for mark in COMING), default=-1)
    return "" if fell == comes else "fallen" if fell > comes else "coming"


def _amounts(clause: str) -> list[tuple[tuple[float, float | None], int]]:
    found: list[tuple[tuple[float, float | None], int]] = []
    taken: set[int] = set()
    for one in RANGE_MM.finditer(clause):
        found.append(((float(one[1]), float(one[2])), one.start()))
        taken.update(range(one.start(), one.end()))
    for one in OVER_MM.finditer(clause):
        if one.start(1) not in taken:
            low = float(one[1])
            found.append(((low, None if one[2] == "以上" else low), one.start()))
    return found
