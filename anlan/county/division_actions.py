"""Writes of divisions: county, townships and villages with codes, label points and outlines.

Outlines come as GeoJSON in WGS-84 with their source. Each is checked by Shapely before anything is
written: a file is taken whole or refused whole, with the place of every fault.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from anlan.county.models import Division, Person, Post
from anlan.county.versions import county_wide, facts, locked, made, saved
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, Refusal
from anlan.ground.models import CountyFact
from anlan.ground.places import county_of, level, parent, parse
from anlan.ground.scope import Scope

KINDS = {
    "county": ("县", "区", "市", "自治县"),
    "township": ("街道", "镇", "乡", "民族乡", "园区"),
    "village": ("村", "社区"),
}
OUTLINE_BYTES_MAX = 20 * 1024 * 1024
FEATURES_MAX = 2_000
POINTS_MAX = 200_000
# The mainland with its seas; a point outside of it is swapped or of another system.
LON_MIN, LON_MAX, LAT_MIN, LAT_MAX = 73.0, 136.0, 3.0, 54.0
OUTLINE_GRID_DEG = 1e-6
FAULTS_SHOWN_MAX = 20
# What Shapely raises on coordinates that are none; its own error is a ValueError too.
UNREADABLE = (ValueError, TypeError, AttributeError, IndexError, KeyError)
CODE_NAMES = ("code", "代码", "区划代码", "adcode", "gb")


def label_point(lat: float | None, lon: float | None, place: str) -> None:
    """Refuse half a point and one that lies outside the country."""
    if (lat is None) != (lon is None):
        raise Refusal("point-half", _("纬度和经度要同时填写"), place, _("请补全，或都留空"))
    if lat is None or lon is None:
        return
    if not (LAT_MIN <= lat <= LAT_MAX and LON_MIN <= lon <= LON_MAX):
        raise Refusal(
            "point-outside", _("标注点不在国内"), f"{lat}, {lon}",
            _("请核对纬度、经度是否填反，坐标应为 WGS-84"),
        )  # fmt: skip


def kind_fits(code: int, kind: str) -> str:
    """The kind, which fits the level of the code; else a Refusal."""
    allowed = KINDS[level(code)]
    if kind not in allowed:
        raise Refusal(
            "division-kind", _("类型与代码的层级不符"), f"{code} {kind}",
            _("这一级应为：%(k)s") % {"k": "、".join(allowed)},
        )  # fmt: skip
    return kind


@action("county.edit", journal="county.found")
def found_county(scope: Scope, code: int, name: str) -> Division:
    """An empty, real county: what it is, its own division, and one vacant post that may edit it."""
    if CountyFact.objects.exists():
        raise Conflict("county-founded", _("本县已建立"), name, _("请直接导入或在页面上添加"))
    CountyFact.objects.create(code=code, name=name, demo=False)
    row = Division.objects.create(
        code=code, name=name, kind=_county_kind(name), source="county new"
    )
    made(scope, "county.found", row)
    post = Post.objects.create(
        division=code, world=scope.world, kind="plan_clerk", title=_("要点管理员")
    )
    made(scope, "county.post.add", post)
    return row


def _county_kind(name: str) -> str:
    return next((kind for kind in ("自治县", "区", "市") if name.endswith(kind)), "县")


@action("county.edit", journal="county.division.add")
def add_division(
    scope: Scope, code: str, name: str, kind: str, *, source: str, population: int | None = None,
    label_lat: float | None = None, label_lon: float | None = None,
) -> Division:  # fmt: skip
    """A township or a village under its parent, with the source of its code."""
    county_wide(scope)
    number = new_code(code)
    if not name.strip() or not source.strip():
        raise Refusal(
            "division-words", _("名称和来源都要填写"), str(code),
            _("来源写明区划代码出自哪份文件，例如：国家统计局统计用区划代码 2023 年"),
        )  # fmt: skip
    label_point(label_lat, label_lon, name)
    row = Division.objects.create(
        code=number, name=name.strip(), kind=kind_fits(number, kind), parent_id=parent(number),
        source=source.strip(), population=population, label_lat=label_lat, label_lon=label_lon,
    )  # fmt: skip
    made(scope, "county.division.add", row)
    return row


def new_code(code: str) -> int:
    """The code as a number: well formed, of this county, new, and its parent is there."""
    try:
        number = parse(code)
    except ValueError:
        raise Refusal(
            "division-code", _("区划代码应为 6、9 或 12 位数字"), code[:20], _("请核对代码")
        ) from None
    fact = CountyFact.objects.first()
    if fact is None or county_of(number) != fact.code:
        raise Refusal(
            "division-county", _("这个代码不属于本县"), code[:20],
            _("本县代码的前六位是 %(c)s") % {"c": str(fact.code)[:6] if fact else "—"},
        )  # fmt: skip
    if Division.objects.filter(pk=number).exists():
        raise Conflict("division-exists", _("这个区划代码已有"), code[:20], _("请在其页面修改"))
    above = parent(number)
    if above is not None and not Division.objects.filter(pk=above, ended_on=None).exists():
        raise Refusal("division-parent", _("还没有它的上级区划"), str(above), _("请先添加上级区划"))
    return number


@action("county.edit", journal="county.division.edit", may_change_nothing=True)
def edit_division(
    scope: Scope, code: int, version: int, *, name: str, kind: str, source: str,
    population: int | None, label_lat: float | None, label_lon: float | None,
) -> Division:  # fmt: skip
    """Another name, kind, population, label point or source; the code never changes."""
    county_wide(scope)
    row = locked(scope, Division, code, version)
    before = facts(row)
    label_point(label_lat, label_lon, name)
    if not name.strip():
        raise Refusal("name-empty", _("名称不能为空"), str(code), _("请填写名称"))
    row.name, row.kind, row.source = name.strip(), kind_fits(code, kind), source.strip()
    row.population, row.label_lat, row.label_lon = population, label_lat, label_lon
    if facts(row) != before:
        saved(scope, "county.division.edit", row, before)
    return row


@action("county.edit", journal="county.division.end")
def end_division(scope: Scope, code: int, version: int, on: date, why: str = "") -> Division:
    """The division is no more after the day (撤并); refused while anything still stands in it."""
    county_wide(scope)
    row = locked(scope, Division, code, version)
    if level(code) == "county":
        raise Refusal("division-county", _("县本身不能停用"), row.name)
    standing = (
        (Division.objects.filter(parent_id=code, ended_on=None).count(), _("下级区划")),
        (Post.objects.filter(division=code, ended_at=None).count(), _("岗位")),
        (Person.objects.filter(division=code, ended_at=None).count(), _("人员")),
    )
    left = [f"{word} {count}" for count, word in standing if count]
    if left:
        raise Refusal(
            "division-in-use", _("这个区划里还有在用的记录"), "，".join(left),
            _("请先把它们改到合并后的区划，或停用"),
        )  # fmt: skip
    before = facts(row)
    row.ended_on = on
    saved(scope, "county.division.end", row, before, why=why)
    return row


# outlines


@dataclass(frozen=True, slots=True)
class Outline:
    """One feature of a file that may become the outline of a division."""

    code: int
    shape: Any


@action("county.edit", journal="county.outlines.import")
def import_outlines(scope: Scope, content: bytes, name: str, source: str) -> int:
    """Outlines from GeoJSON, each to the division whose code its feature bears; returns how many.

    The label point becomes a point inside the outline where there was none.
    """
    county_wide(scope)
    if not source.strip():
        raise Refusal(
            "outline-source", _("请写明界线的来源和日期"), name, _("例如：县规划自然资源局 2024-03")
        )
    rows = {row.code: row for row in Division.objects.all()}
    outlines, faults = read_outlines(content, name, set(rows))
    if faults:
        raise Refusal(
            "outline-faults", _("界线文件有 %(n)d 处不对，没有写入") % {"n": len(faults)},
            "；".join(faults[:FAULTS_SHOWN_MAX]), _("请在制图软件里修好后重新导出"),
        )  # fmt: skip
    for outline in outlines:
        _keep_outline(scope, rows[outline.code], outline.shape, source.strip())
    return len(outlines)


def _keep_outline(scope: Scope, row: Division, shape: Any, source: str) -> None:
    import shapely

    before = facts(row)
    row.outline = shapely.to_wkb(shapely.set_precision(shape, OUTLINE_GRID_DEG))
    row.outline_source = source[:200]
    if row.label_lat is None or row.label_lon is None:
        inside = shapely.point_on_surface(shape)
        row.label_lat, row.label_lon = round(inside.y, 6), round(inside.x, 6)
    saved(scope, "county.outlines.import", row, before, why=source)


def read_outlines(content: bytes, name: str, known: set[int]) -> tuple[list[Outline], list[str]]:
    """The outlines of a GeoJSON file and what is wrong in it, each fault with its feature."""
    features = _features(content, name)
    found: list[Outline] = []
    faults: list[str] = []
    seen: set[int] = set()
    points = 0
    for number, feature in enumerate(features, start=1):
        place = _("第 %(n)d 个要素") % {"n": number}
        try:
            outline = _outline(feature, known)
        except ValueError as error:
            faults.append(f"{place}：{error}")
            continue
        if outline.code in seen:
            faults.append(f"{place}：" + _("代码 %(c)d 出现两次") % {"c": outline.code})
        seen.add(outline.code)
        import shapely

        points += shapely.get_num_coordinates(outline.shape)
        if points > POINTS_MAX:
            faults.append(f"{place}：" + _("点数超过 %(n)d，请先简化") % {"n": POINTS_MAX})
            break
        found.append(outline)
    return found, faults


def _features(content: bytes, name: str) -> list[Any]:
    broken = Refusal(
        "outline-file", _("这不是 GeoJSON 要素集合"), name,
        _("请导出为 GeoJSON（FeatureCollection，WGS-84），每个要素带 code 属性"),
    )  # fmt: skip
    if len(content) > OUTLINE_BYTES_MAX:
        raise Refusal("file-too-large", _("文件超过 20 MB"), name, _("请先简化界线"), status=413)
    try:
        read = json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, UnicodeDecodeError, RecursionError):
        raise broken from None
    if not isinstance(read, dict) or read.get("type") != "FeatureCollection":
        raise broken
    features = read.get("features")
    if not isinstance(features, list) or not 0 < len(features) <= FEATURES_MAX:
        raise broken
    return features


def _no_constant(text: str) -> Any:
    raise ValueError(text)


def _outline(feature: Any, known: set[int]) -> Outline:
    """The outline of one feature; ValueError says what is wrong with it."""
    import shapely
    from shapely.geometry import shape as read_shape

    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
        raise ValueError(_("没有属性"))
    given = next((feature["properties"][k] for k in CODE_NAMES if k in feature["properties"]), None)
    try:
        code = parse(given if given is not None else "")
    except ValueError:
        raise ValueError(_("没有区划代码（code）或代码不对")) from None
    if code not in known:
        raise ValueError(_("本县没有代码 %(c)d") % {"c": code})
    geometry = feature.get("geometry")
    if not isinstance(geometry, dict) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise ValueError(_("不是面（Polygon 或 MultiPolygon）"))
    try:
        shape = read_shape(geometry)
    except (
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        KeyError,
        shapely.errors.ShapelyError,
    ):
        raise ValueError(_("坐标读不出来")) from None
    if shape.is_empty or not shape.is_valid:
        raise ValueError(_("面不合法：%(r)s") % {"r": shapely.is_valid_reason(shape)})
    west, south, east, north = shape.bounds
    if not (west >= LON_MIN and east <= LON_MAX and south >= LAT_MIN and north <= LAT_MAX):
        raise ValueError(_("坐标不在国内，可能经纬度颠倒或不是 WGS-84"))
    return Outline(code, shapely.force_2d(shape))
