"""What a message says and whether two tell of one thing: pure, each answer with its reason.

Flows in: words as they were said, the county's names, the clock. Flows out: a place with how it was
found, a kind, figures, and proposals to join. Nothing is guessed: what does not fit is left empty
and said.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, radians, sqrt

M_PER_DEGREE = 111_320.0
FOUND_MAX = 8
NEAR_VILLAGE_M = 5_000.0
TEXT_CHARS_MAX = 500
ENDINGS = ("村村民委员会", "社区居民委员会", "村民委员会", "居民委员会")
# Whole numbers are never taken for degrees: people count in them. NFKC makes two primes of ″.
NUMBER = r"\d{1,3}\.\d{2,8}"
AXIS = r"(?:北纬|东经|纬度|经度|lat|lon|[ne])?\s*[:：]?\s*"
DEGREES = re.compile(
    r"(\d{1,3})\s*[°度]\s*(?:(\d{1,2})\s*[′'分]\s*)?"
    r"(?:(\d{1,2}(?:\.\d{1,4})?)\s*(?:′′|''|\"|秒)\s*)?"
)
PAIR = re.compile(
    rf"(?<![\d.]){AXIS}({NUMBER})\s*[°度]?\s*[ne]?\s*[,，、;；/\s]\s*{AXIS}({NUMBER})(?![\d.])",
    re.IGNORECASE,
)
MARKS = {"百度": "bd09", "bd": "bd09", "高德": "gcj02", "腾讯": "gcj02", "微信": "gcj02",
         "gcj": "gcj02"}  # fmt: skip
DIGITS = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8,
          "九": 9}  # fmt: skip
COUNTED = r"([0-9]{1,7}|[一二两三四五六七八九十百零]{1,6})"
NONE_SAID = ("无人", "没有人", "未造成人员", "无人员", "没有人员")


@dataclass(frozen=True, slots=True)
class Named:
    """A name that a place may bear. how: village, township or landmark; id: code, or landmark id.

    inside: the township's name, to tell two of the same name apart.
    """

    how: str
    id: int
    name: str
    short: str
    initials: str
    division: int
    inside: str
    lat: float | None
    lon: float | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is. choice: stable text by which a form says which one was meant."""

    how: str
    division: int
    label: str
    lat: float | None
    lon: float | None
    choice: str


@dataclass(frozen=True, slots=True)
class PlaceRead:
    """best: None where nothing fits or several do alike; then `found` lists them."""

    best: Place | None
    found: list[Place]
    reason: str


def short_name(name: str) -> str:
    """通集村 of 通集村村民委员会; 南阳 of 南阳社区居民委员会 stays 南阳社区."""
    for ending in ENDINGS:
        if name.endswith(ending) and len(name) > len(ending):
            kept = {"村村民委员会": "村", "社区居民委员会": "社区"}.get(ending, "")
            return name.removesuffix(ending) + kept
    return name


def read_point(text: str, convert: Mapping[str, Callable[[float, float], tuple[float, float]]]
               ) -> tuple[float, float] | None:  # fmt: skip
    """(lat, lon) in WGS-84 of what is written, in either order, decimal or degrees and minutes.

    In China latitude (3 to 54) and longitude (73 to 136) cannot be taken for one another. Words
    such as 高德 or 百度 say of which map it is. None where no two such numbers stand there.
    """
    plain = unicodedata.normalize("NFKC", text)
    sexagesimal = [
        int(d) + int(m or 0) / 60 + float(s or 0) / 3600 for d, m, s in DEGREES.findall(plain)
    ]
    pairs = [(float(a), float(b)) for a, b in PAIR.findall(plain)]
    if len(sexagesimal) == 2:
        pairs.insert(0, (sexagesimal[0], sexagesimal[1]))
    for a, b in pairs:
        for lat, lon in ((a, b), (b, a)):
            if 3 <= lat <= 54 and 73 <= lon <= 136:
                mark = next((MARKS[m] for m in MARKS if m in plain.lower()), "")
                return convert[mark](lat, lon) if mark else (lat, lon)
    return None


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres between two points (lat, lon in degrees), flat: good to 0.1 % within a county."""
    north = (a[0] - b[0]) * M_PER_DEGREE
    east = (a[1] - b[1]) * M_PER_DEGREE * cos(radians((a[0] + b[0]) / 2))
    return sqrt(north * north + east * east)


def read_place(
    text: str, names: Sequence[Named], point: tuple[float, float] | None = None
) -> PlaceRead:
    """The place that the text names: a point, else a landmark, a village, a township.

    A village that stands in two townships is doubted unless its township is named too.
    """
    if point is not None:
        return _at_point(point, names)
    sought = "".join(unicodedata.normalize("NFKC", text).split()).lower()
    if not sought:
        return PlaceRead(None, [], "empty")
    scored = [(score, name) for name in names if (score := _score(sought, name)) > 0]
    scored.sort(key=lambda pair: (-pair[0], pair[1].division, pair[1].id))
    found = [_place(name) for _score_, name in scored[:FOUND_MAX]]
    if not scored:
        return PlaceRead(None, [], "unknown")
    first = scored[0][0]
    if len(scored) > 1 and scored[1][0] == first:
        return PlaceRead(None, found, "several")
    return PlaceRead(found[0], found, scored[0][1].how)


def _score(sought: str, name: Named) -> int:
    """How well the name fits: its length where the text holds it, more where its township is named.

    Letters are initials: they fit from the beginning. A part of a name fits less than the name.
    """
    if sought.isascii() and sought.isalpha():
        return 60 + len(sought) if name.initials.startswith(sought) else 0
    own = max((len(one) for one in (name.name, name.short) if one.lower() in sought), default=0)
    if not own and len(sought) >= 2 and sought in name.name.lower():
        return len(sought)
    if not own:
        return 0
    within = bool(name.inside) and _town(name.inside) in sought
    rank = {"landmark": 300, "village": 200, "township": 100}[name.how]
    return rank + 40 * within + (len(name.short) if own < len(name.name) else len(name.short) + 1)


def _town(name: str) -> str:
    short = name.removesuffix("街道").removesuffix("镇").removesuffix("乡").lower()
    return short if len(short) >= 2 else name.lower()


def _place(name: Named) -> Place:
    label = f"{name.inside}{name.short}" if name.how != "township" else name.name
    return Place(name.how, name.division, label, name.lat, name.lon, f"{name.how}:{name.id}")


def _at_point(point: tuple[float, float], names: Sequence[Named]) -> PlaceRead:
    """The village whose point lies nearest, if near enough; its distance is part of the label."""
    near = min(
        ((distance_m(point, (n.lat, n.lon)), n) for n in names
         if n.how == "village" and n.lat is not None and n.lon is not None),
        key=lambda pair: pair[0], default=None,
    )  # fmt: skip
    choice = f"point:{point[0]:.6f},{point[1]:.6f}"
    if near is None or near[0] > NEAR_VILLAGE_M:
        return PlaceRead(None, [], "far")
    label = f"{near[1].inside}{near[1].short}（村点{near[0]:.0f}米）"
    place = Place("point", near[1].division, label, point[0], point[1], choice)
    return PlaceRead(place, [place], "point")


@dataclass(frozen=True, slots=True)
class Words:
    """What the text says of kind and figures, by the pack's words."""

    kind: str
    figures: dict[str, int]


def number_of(text: str) -> int | None:
    """37, 三十七, 一百零二; None for anything else."""
    if text.isascii() and text.isdigit():
        return int(text)
    total = current = 0
    for char in text:
        if char in DIGITS:
            current = DIGITS[char]
        elif char in "十百":
            total += (current or 1) * (10 if char == "十" else 100)
            current = 0
        else:
            return None
    return total + current


def read_words(text: str, kinds: Mapping[str, Sequence[str]], figures: Mapping[str, Sequence[str]]
               ) -> Words:  # fmt: skip
    """The kind whose words stand in the text, if those of one kind only; figures of people.

    `3人被困`, `被困3人`, `三人受伤`. A figure said twice with two values is left out: nothing is
    guessed. "没有人员伤亡" gives no zero, for a zero is a figure that a person must give.
    """
    plain = unicodedata.normalize("NFKC", text)
    hit = [name for name, words in kinds.items() if any(word in plain for word in words)]
    counted: dict[str, int] = {}
    taken: set[tuple[int, int]] = set()
    for name, words in figures.items():
        values = set()
        for word in sorted(words, key=len, reverse=True):
            patterns = (rf"{COUNTED}[多余]?(?:个|名)?(?:群众|村民|工人|学生)?人?(?:已经|已)?{word}",
                        rf"{word}(?:群众|村民|工人|人员)?{COUNTED}(?=[人名个多余])")  # fmt: skip
            for pattern in patterns:
                for found in re.finditer(pattern, plain):
                    if found.span(1) in taken:
                        continue
                    taken.add(found.span(1))
                    value = number_of(found[1])
                    values |= {value} if value is not None else set()
        if len(values) == 1:
            counted[name] = values.pop()
    return Words(hit[0] if len(hit) == 1 else "", counted)


@dataclass(frozen=True, slots=True)
class Known:
    """An event as the search for doubles sees it."""

    id: int
    kind: str
    division: int
    lat: float | None
    lon: float | None
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Same:
    """Why two may be one. apart_m: None where only the division says that they are near."""

    id: int
    apart_m: float | None
    apart_s: float


def same_as(
    own: Known, others: Sequence[Known], within: timedelta, near_m: float
) -> list[Same]:  # fmt: skip
    """Events that may be the same: same kind, near in time, and near in place.

    Near in place: within `near_m` where both have a point, else in one division or one in the other
    (a township's report and its village's). Nearest in time first.
    """
    found = []
    for other in others:
        gap = abs(own.happened_at - other.happened_at)
        if other.id == own.id or other.kind != own.kind or gap > within:
            continue
        apart = _apart(own, other)
        if apart is not None and apart > near_m:
            continue
        if apart is None and not _related(own.division, other.division):
            continue
        found.append(Same(other.id, apart, gap.total_seconds()))
    return sorted(found, key=lambda same: (same.apart_s, same.id))


def _apart(a: Known, b: Known) -> float | None:
    if None in (a.lat, a.lon, b.lat, b.lon):
        return None
    return distance_m((a.lat, a.lon), (b.lat, b.lon))  # type: ignore[arg-type]


def _related(a: int, b: int) -> bool:
    """One division, or a village and its township; the whole county is near to nothing."""
    if a % 1_000_000 == 0 or b % 1_000_000 == 0:
        return False
    if a == b:
        return True
    return a - a % 1000 == b - b % 1000 and (a % 1000 == 0 or b % 1000 == 0)
