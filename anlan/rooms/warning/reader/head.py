"""Who issued it, and when. Pure.

The time stands before the verb (垫江县气象台…22时15分发布…), or behind 发布时间, or under the text
with the name of whoever signs.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from anlan.rooms.warning.reader import words as w
from anlan.rooms.warning.reader.text import Text, find_all, number

FUTURE = timedelta(minutes=5)
OLD = timedelta(hours=24)
SIGNED_CHARS_MAX = 60
OFFICES = ("台", "局", "中心", "站", "指挥部", "办公室", "政府", "委员会", "队")
LABELLED = re.compile(r"(?:发布|签发|制作)(?:时间|日期)\s*[:：]?")
NAMED = re.compile(r"[〇零一二三四五六七八九十]{1,6}(?=\s*[年月日时点分])")
CLEAR_HALVES = re.compile(r"(凌晨|早上|早晨|上午|下午|傍晚)\s*(\d{1,2})(?=\s*[时点:：])", re.ASCII)
PART_OF_MANY = re.compile(r"^[（(]?\d{1,2}/\d{1,2}[）)]?\s*", re.ASCII)
FULL_DATE = re.compile(
    r"(?:\d{4}年)?\d{1,2}月\d{1,2}日\s*\d{1,2}\s*[时点:：](?:\s*\d{1,2}\s*分?)?", re.ASCII
)
BETWEEN_OFFICES = re.compile(
    r"(?<=[台局心站部室府会队])\s*[与和及、，,\s]+\s*(?=[\u4e00-\u9fff]{3,}[台局心站部室府会队])"
)
PLAIN_DATE = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[ T]+(\d{1,2})[:：](\d{2})(?:[:：]\d{2})?(?!\d)", re.ASCII
)
BREAKS = "\n。；;"
EDGES = " ：:，,【】[]于在\n（(）)"


def read_head(work: Text, now: datetime) -> tuple[str, datetime | None]:
    """(issuer, moment of issue in UTC); empty with a doubt where it is not said plainly."""
    plain = in_digits(work.plain)
    start, end = _stretch(plain)
    region = plain[start:end]
    leading = PART_OF_MANY.match(region)
    start += leading.end() if leading else 0
    region = plain[start:end]
    digit = next((at for at, char in enumerate(region) if char.isdigit()), len(region))
    issuer = BETWEEN_OFFICES.sub("、", _issuer(plain, start, start + digit, end))
    _one_head(work, plain)
    if not issuer:
        work.doubt("issuer-missing", "没有看到发布单位")
    elif not issuer.endswith(OFFICES) or any(verb in issuer for verb in w.ISSUED):
        work.doubt("issuer-unsure", "发布单位名称不常见，请核对", start, start + digit)
    return issuer, _time(work, plain, start + digit, end, now)


def in_digits(plain: str) -> str:
    """Numbers in characters before a unit of time as digits, of the same length: 二十二时 → _22时."""

    def one(found: re.Match[str]) -> str:
        text = found[0]
        if all(char in w.DIGITS for char in text) and len(text) in (2, 4):
            digits = "".join(str(w.DIGITS[char]) for char in text)
        else:
            value = number(text)
            digits = "" if value is None else str(value)
        return digits.rjust(len(text)) if 0 < len(digits) <= len(text) else text

    return NAMED.sub(one, plain)


def _one_head(work: Text, plain: str) -> None:
    """Two bulletins in one paste have two times of issue; which is meant a person says."""
    seen: dict[str, int] = {}
    for found in re.finditer(r"(?:发布|签发)", plain):
        start = max((plain.rfind(mark, 0, found.start()) + 1 for mark in BREAKS), default=0)
        for date in FULL_DATE.findall(plain[start : found.start()])[-1:]:
            seen.setdefault(date.replace(" ", ""), found.start())
    if len(seen) > 1:
        at = list(seen.values())[1]
        work.doubt("time-two", "有几个发布时间，请确认哪个是这一份的", at, at + 2)


def _stretch(plain: str) -> tuple[int, int]:
    """Where issuer and time stand: before the first verb that has a time before it, else below."""
    verbs = [at for at, _name in find_all(plain, w.VERBS)]
    for verb in verbs:
        start = max((plain.rfind(mark, 0, verb) + 1 for mark in BREAKS), default=0)
        if any(char.isdigit() for char in plain[start:verb]):
            return _with_line_before(plain, start), verb
    for found in FULL_DATE.finditer(plain):
        start = max((plain.rfind(mark, 0, found.start()) + 1 for mark in BREAKS), default=0)
        before = re.split(r"\s*签发\s*[:：]", plain[start : found.start()])[0].strip(EDGES)
        if before.endswith(OFFICES):
            return start, found.end()
    labelled = LABELLED.search(plain)
    if labelled is not None:
        ends = [plain.find(mark, labelled.end()) for mark in "\n。；）)"]
        return labelled.end(), min((end for end in ends if end >= 0), default=len(plain))
    last = plain.rstrip()
    signed = max(last.rfind("\n"), last.rfind("。")) + 1
    if len(last) - signed <= SIGNED_CHARS_MAX and any(c.isdigit() for c in last[signed:]):
        return _with_line_before(last, signed), len(last)
    return 0, verbs[0] if verbs else len(plain)


def _with_line_before(plain: str, start: int) -> int:
    """The line before too, where it is the name of an office and no more."""
    while start > 0 and plain[start - 1] == "\n":
        before = plain.rfind("\n", 0, start - 1) + 1
        line = plain[before : start - 1].strip(EDGES)
        if not line.endswith(OFFICES) or any(char.isdigit() for char in line):
            break
        start = before
    return start


def _issuer(plain: str, start: int, digit: int, end: int) -> str:
    """The name before the time; where none stands there, the one after it, or the signature."""
    before = plain[start:digit].rstrip(EDGES).rpartition("】")[2].strip(EDGES)
    before = re.split(r"\s*(?:签发|编辑|审核|签发人)\s*[:：]", before)[0].strip(EDGES)
    if any(verb in before for verb in w.ISSUED):  # a heading stands before the name
        before = before.split()[-1].strip(EDGES)
    if before:
        return before
    after = re.split(r"[\d年月日时分点:：]", plain[digit:end])[-1].strip(EDGES)
    after = after.removesuffix("联合").strip(EDGES)
    if after:
        return after
    verb = next((at for at, _name in find_all(plain, w.VERBS)), 0)
    name = plain[:verb].rpartition("\n")[2].rpartition("】")[2].strip(EDGES)
    name = name.removesuffix("联合").strip(EDGES)
    return "" if any(char.isdigit() for char in name) else name


def _numbers(text: str, offset: int) -> list[tuple[int, int, str]]:
    """(value, place, the character after it) of each run of digits."""
    found, at = [], 0
    while at < len(text):
        if text[at] == "十" and text[at + 1 : at + 2] in ("月", "日", "时", "点", "分"):
            found.append((10, offset + at, text[at + 1].replace("点", "时")))
        if not (text[at].isascii() and text[at].isdigit()):
            at += 1
            continue
        end = at
        while end < len(text) and text[end].isascii() and text[end].isdigit():
            end += 1
        after = text[end:].lstrip(" ")[:1].replace("点", "时")
        found.append((int(text[at:end][:9]), offset + at, after))
        at = end
    return found


def _time(work: Text, plain: str, start: int, end: int, now: datetime) -> datetime | None:
    region = _without_halves(plain[start:end])
    parts = _numbers(region, start)
    written = PLAIN_DATE.findall(region)
    named = {unit: value for value, _at, unit in parts if unit in "年月日时分:：" and unit}
    if len(written) == 1 and len(parts) in (5, 6):
        named = dict(zip("年月日时分", (int(value) for value in written[0]), strict=True))
    elif _unsure(work, region, parts, start, end):
        return None
    clock = [(value, at, unit) for value, at, unit in parts if unit in (":", "：")]
    if clock and not written:
        index = next(i for i, part in enumerate(parts) if part[1] == clock[0][1])
        named["时"] = clock[0][0]
        named["分"] = parts[index + 1][0] if index + 1 < len(parts) else 0
    if "时" not in named or "日" not in named:
        work.doubt("time-missing", "没有看到完整的发布时间（日、时）", start, end)
        return None
    if named.get("年", 0) < w.YEAR_MIN or "月" not in named:
        work.doubt("date-partial", "时间没有写全年月，请补全", start, end)
        return None
    return _moment(work, named, now, start, end)


def _moment(
    work: Text, named: dict[str, int], now: datetime, start: int, end: int
) -> datetime | None:
    try:
        moment = datetime(
            named["年"], named["月"], named["日"], named["时"], named.get("分", 0), tzinfo=w.CHINA
        )
    except ValueError:
        work.doubt("time-impossible", "日历上没有这个时间", start, end)
        return None
    local = now.astimezone(w.CHINA)
    if moment > local + FUTURE:
        work.doubt("time-ahead", "发布时间在现在之后，请核对", start, end)
    elif moment < local - OLD:
        work.doubt("time-old", "发布时间已过去一天以上，请核对", start, end)
    return moment.astimezone(UTC)


def _without_halves(region: str) -> str:
    """下午3时 → 15时: where half and hour leave one reading. 晚上10时 and 凌晨12时 stay."""

    def one(found: re.Match[str]) -> str:
        half, hour = found[1], int(found[2])
        late = half in ("下午", "傍晚")
        if not (1 <= hour <= 11 if late else 0 <= hour <= 11):
            fits = late and 12 <= hour <= 19
            return found[2].rjust(len(found[0])) if fits else found[0]
        return str(hour + 12 if late else hour).rjust(len(found[0]))

    return CLEAR_HALVES.sub(one, region)


def _unsure(work: Text, head: str, parts: list[tuple[int, int, str]], start: int, end: int) -> bool:
    """Said by halves of the day, said twice, or with a number that names no unit."""
    for at, name in find_all(head, w.HALF_DAYS)[:1]:
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
