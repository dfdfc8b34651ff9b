"""Which of the county's places an area of a message means: by code, by outline, by name. Pure.

Flows in: areas of a message, the county's places with their outlines. Flows out: codes, and a
doubt for whatever did not match or was said in two ways that disagree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anlan.ground import places
from anlan.rooms.warning.cap.geometry import Circle
from anlan.rooms.warning.cap.message import Area

# A ring that touches less than this share of a township, by area, is a matter of drawn edges.
TOUCH_SHARE = 0.02
KM_PER_DEGREE = 111.32
CIRCLE_STEPS = 32
CODE_DIGITS = (6, 9, 12)


@dataclass(frozen=True, slots=True)
class Town:
    """A township. outline: WKB or nothing; lat, lon: of its label, degrees, or nothing."""

    code: int
    name: str
    outline: bytes | None
    lat: float | None
    lon: float | None


@dataclass(frozen=True, slots=True)
class County:
    """The county as areas are held against it."""

    code: int
    name: str
    towns: Sequence[Town]
    names: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class AreaDoubt:
    """What is not sure about where."""

    code: str
    seen: str
    message: str


def match(areas: Sequence[Area], county: County) -> tuple[list[int], list[AreaDoubt]]:
    """Codes of the county and its townships, and what is not sure. The whole county is its code."""
    doubts: list[AreaDoubt] = []
    by_code = _by_code(areas, county, doubts)
    by_shape = _by_shape(areas, county, doubts)
    by_name = _by_name(areas, county)
    found = by_code or by_shape or by_name
    for other, how in ((by_shape, "边界"), (by_name, "文字")):
        if by_code and other and not _agree(by_code, other, county):
            doubts.append(AreaDoubt("area-differs", how, f"编码和{how}写的范围不一样，请选定范围"))
    if by_shape and by_name and not by_code and not _agree(by_shape, by_name, county):
        doubts.append(AreaDoubt("area-differs", "文字", "边界和文字写的范围不一样，请选定范围"))
    if not found:
        words = "、".join(area.words for area in areas)[:80]
        doubts.append(AreaDoubt("area-missing", words, "没有对上本县的乡镇，请选定范围"))
    return sorted(found), doubts


def _agree(one: set[int], other: set[int], county: County) -> bool:
    every = {town.code for town in county.towns}
    spread = [every if county.code in codes else codes for codes in (one, other)]
    return spread[0] == spread[1]


def _by_code(areas: Sequence[Area], county: County, doubts: list[AreaDoubt]) -> set[int]:
    known = {county.code} | {town.code for town in county.towns}
    found: set[int] = set()
    for _name, value in (pair for area in areas for pair in area.geocodes):
        if not (value.isascii() and value.isdigit() and len(value) in CODE_DIGITS):
            continue
        code = places.parse(value)
        town = places.township_of(code) if places.level(code) == "village" else code
        if town in known:
            found.add(town)
            if town != code:
                doubts.append(AreaDoubt("area-village", value, "写的是村，按所在乡镇读入，请核对"))
        elif places.county_of(code) == county.code:
            doubts.append(AreaDoubt("area-unknown", value, f"编码 {value} 不在本县区划里"))
    return found


def _by_shape(areas: Sequence[Area], county: County, doubts: list[AreaDoubt]) -> set[int]:
    rings = [ring for area in areas for ring in area.polygons]
    rings += [_ring(circle) for area in areas for circle in area.circles]
    if not rings:
        return set()
    import shapely

    shape = shapely.union_all(
        [shapely.make_valid(shapely.Polygon([(lon, lat) for lat, lon in ring])) for ring in rings]
    )
    found: set[int] = set()
    guessed = 0
    for town in county.towns:
        touched = _touches(shape, town)
        if touched:
            found.add(town.code)
            guessed += town.outline is None
    if guessed:
        doubts.append(
            AreaDoubt(
                "area-point",
                f"{guessed} 个乡镇",
                "这些乡镇没有界线，按驻地是否在边界内读入，请核对",
            )
        )
    if not found and _turned(shape, county):
        doubts.append(AreaDoubt("area-swapped", "", "经度和纬度像是写反了"))
    return found


def _touches(shape: Any, town: Town) -> bool:
    import shapely

    if town.outline is not None:
        outline = shapely.from_wkb(bytes(town.outline))
        common = shape.intersection(outline).area
        return bool(common > TOUCH_SHARE * outline.area or common > 0.5 * shape.area > 0)
    if town.lat is None or town.lon is None:
        return False
    return bool(shape.contains(shapely.Point(town.lon, town.lat)))


def _turned(shape: Any, county: County) -> bool:
    """Whether the shape meets the county once its two axes are exchanged."""
    import shapely

    turned = shapely.transform(shape, lambda points: points[:, ::-1])
    return any(_touches(turned, town) for town in county.towns)


def _ring(circle: Circle) -> tuple[tuple[float, float], ...]:
    """A circle as a ring: degrees of longitude are shorter away from the equator."""
    high = circle.radius_km / KM_PER_DEGREE
    wide = high / max(0.01, math.cos(math.radians(circle.lat)))
    steps = [2 * math.pi * n / CIRCLE_STEPS for n in range(CIRCLE_STEPS)]
    ring = [(circle.lat + high * math.sin(a), circle.lon + wide * math.cos(a)) for a in steps]
    return (*ring, ring[0])


def _by_name(areas: Sequence[Area], county: County) -> set[int]:
    found: set[int] = set()
    for words in (area.words for area in areas):
        towns = {code for name, code in county.names.items() if name in words}
        short = county.name.removesuffix("县").removesuffix("区").removesuffix("市")
        if not towns and ("全县" in words or county.name in words or words.strip() == short):
            towns = {county.code}
        found |= towns
    return found
