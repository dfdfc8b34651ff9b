"""When a row is due: month's end, quarter, date, 汛前, 长期, as a day of the plan's year."""

from __future__ import annotations

import calendar
import re
from datetime import date

from anlan.rooms.workplan.reader.numerals import CHARS, plain, value

NUMBER = rf"(?:\d{{1,2}}|[{CHARS}]{{1,3}})"
YEAR = r"(?P<year>20\d{2})\s*[年./-]"
DAY = re.compile(
    rf"(?:{YEAR}\s*|(?<![\d.]))(?P<month>{NUMBER})\s*[月./-]\s*(?P<day>{NUMBER})(?![\d%个])\s*[日号]?"
)
MONTH = re.compile(
    rf"(?:{YEAR}\s*)?(?P<month>{NUMBER})\s*(?:月|(?<=20\d\d[./-]\d)(?!\d)|(?<=20\d\d[./-]\d\d)(?!\d))(?:份)?\s*(?P<part>上旬|中旬|下旬|底|末|初|中)?"
)
QUARTER = re.compile(r"(?:第)?\s*(?P<quarter>[一二三四1-4])\s*季度|[Qq](?P<q>[1-4])")
HALF = re.compile(r"(?P<half>上半年|下半年)")
YEAR_END = re.compile(
    r"年底|年末|年内|全年|本年|当年|年终|岁末|(?<!\d)20\d{2}年(?:底|末|内|年底)?(?:前|完成)?$"
)
OPEN = re.compile(
    r"长期|持续|常态|经常|日常|长效|贯穿|实时|即时|随时|适时|按.{0,12}(?:要求|部署|进度|时限|规定)|每[月年周日季半个学]"
)
SEASON = re.compile(
    r"(?P<season>主汛期|汛期|汛|迎峰度夏|秋季(?:学期)?开学|春季(?:学期)?开学|开学|入冬|冬季|秋冬|春节|国庆|清明|防火期)(?:来临|到来)?(?P<edge>之?前|结束|后|底)?"
)
SEASON_DAYS = {"迎峰度夏": (6, 30), "秋季开学": (8, 31), "秋季学期开学": (8, 31), "春季开学": (2, 28),
               "春季学期开学": (2, 28), "开学": (8, 31), "汛": (4, 30), "汛期": (9, 30), "主汛期": (5, 31), "春节": (1, 31), "清明": (3, 31),
               "国庆": (9, 30), "入冬": (10, 31), "冬季": (10, 31), "秋冬": (9, 30), "防火期": (9, 30)}  # fmt: skip
BEFORE_SEASON = {"汛期": (4, 30)}


def deadline(text: str, year: int | None) -> tuple[str, str]:
    """(day as YYYY-MM-DD or "", doubt code or "") of a cell of a deadline column."""
    bare = re.sub(r"\s+", "", plain(text))
    if not bare:
        return _end(year), ""
    found = _dated(bare, year)
    if found:
        return found, "" if found.count("-") == 2 and not _several(bare) else "deadline-several"
    season = SEASON.search(bare)
    if season and year and not OPEN.search(bare):
        return _season(season, year), "deadline-season"
    if OPEN.search(bare):
        return _end(year), "deadline-open"
    if YEAR_END.search(bare):
        own = re.search(r"20\d{2}", bare)
        return _end(int(own.group(0)) if own else year), ""
    return _end(year), "deadline-unread"


def in_text(text: str, year: int | None) -> str:
    """The last day that a sentence itself promises (6月底前, 汛前), or ""."""
    bare = plain(text)
    found = []
    for match in re.finditer(
        rf"(?:20\d{{2}}年)?{NUMBER}月(?:{NUMBER}日|底|末|中旬|上旬|下旬)?(?:之?前|以前)", bare
    ):
        found.append(_dated(match.group(0), year))
    for match in re.finditer(r"(?:第)?[一二三四]季度(?:末|底)?前|上半年(?:完成|前)", bare):
        found.append(_dated(match.group(0), year))
    season = re.search(r"(?<![主])汛(?:期)?前|主汛期前", bare)
    if season and year:
        inner = SEASON.search(season.group(0))
        found.append(_season(inner, year) if inner else "")
    return max((day for day in found if day), default="")


def looks_like_deadline(text: str) -> bool:
    """A short cell that says when."""
    bare = re.sub(r"\s+", "", plain(text))
    if not bare or len(bare) > 24:
        return False
    if re.search(r"[率座个次%]", bare):
        return False
    return bool(
        _dated(bare, 2000) or SEASON.search(bare) or YEAR_END.search(bare)
        or re.fullmatch(rf"(?:{OPEN.pattern}).{{0,8}}", bare)
    )  # fmt: skip


def _end(year: int | None) -> str:
    return f"{year}-12-31" if year else ""


def _several(text: str) -> bool:
    return len(re.findall(r"\d+月|季度|半年", text)) > 1


def _dated(text: str, year: int | None) -> str:
    """The latest day that a text names by month, quarter or half."""
    found = []
    years = [int(own) for own in re.findall(r"20\d{2}", text)]
    own_year = years[-1] if years else year
    rest = text
    for match in DAY.finditer(text):
        day = _day(match.group("year") or own_year, match.group("month"), match.group("day"))
        rest = rest.replace(match.group(0), " ")
        if day:
            found.append(day)
    for match in MONTH.finditer(rest):
        day = _month_end(match.group("year") or own_year, match.group("month"), match.group("part"))
        if day:
            found.append(day)
    for match in QUARTER.finditer(rest):
        numeral = match.group("quarter") or match.group("q")
        found.append(_month_end(own_year, str(int(value(numeral) or 0) * 3), None))
    for match in HALF.finditer(rest):
        found.append(_month_end(own_year, "6" if match.group("half") == "上半年" else "12", None))
    return max((day for day in found if day), default="")


def _day(year: object, month: str, day: str) -> str:
    try:
        return date(int(str(year)), int(value(month) or 0), int(value(day) or 0)).isoformat()
    except (ValueError, TypeError):
        return ""


def _month_end(year: object, month: str, part: str | None) -> str:
    try:
        number, own = int(value(month) or 0), int(str(year))
        last = calendar.monthrange(own, number)[1]
    except (ValueError, TypeError, IndexError):
        return ""
    day = {"初": 10, "上旬": 10, "中": 20, "中旬": 20}.get(part or "", last)
    return date(own, number, day).isoformat()


def _season(match: re.Match[str], year: int) -> str:
    season, edge = match.group("season"), match.group("edge") or ""
    before = edge.endswith("前")
    month, day = (BEFORE_SEASON.get(season) if before else None) or SEASON_DAYS[season]
    return date(year, month, day).isoformat()
