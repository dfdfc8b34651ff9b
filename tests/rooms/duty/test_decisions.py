"""What a message says, where it is, and whether two tell of one thing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from anlan.ground import datums
from anlan.rooms.duty.decisions import (
    Known,
    Named,
    distance_m,
    number_of,
    read_place,
    read_point,
    read_words,
    same_as,
    short_name,
)

CONVERT = {"gcj02": datums.gcj_to_wgs, "bd09": datums.bd_to_wgs}
NOW = datetime(2024, 7, 10, 18, 0, tzinfo=UTC)
TOWN, OTHER = 500231109000, 500231105000
NAMES = [
    Named("township", TOWN, "澄溪镇", "澄溪镇", "cxz", TOWN, "", 30.2, 107.3),
    Named("township", OTHER, "永安镇", "永安镇", "yaz", OTHER, "", 30.4, 107.4),
    Named(
        "village", TOWN + 1, "通集村村民委员会", "通集村", "tjc", TOWN + 1, "澄溪镇", 30.21, 107.31
    ),
    Named(
        "village",
        TOWN + 2,
        "回龙社区居民委员会",
        "回龙社区",
        "hlsq",
        TOWN + 2,
        "澄溪镇",
        30.22,
        107.32,
    ),
    Named(
        "village",
        OTHER + 1,
        "回龙社区居民委员会",
        "回龙社区",
        "hlsq",
        OTHER + 1,
        "永安镇",
        30.41,
        107.41,
    ),
    Named("landmark", 7, "石拱桥", "石拱桥", "sgq", TOWN + 1, "通集村", 30.215, 107.315),
]


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("30.2150, 107.3150", (30.215, 107.315)),
        ("107.315，30.215", (30.215, 107.315)),
        ("北纬30.215 东经107.315", (30.215, 107.315)),
        ("３０．２１５　１０７．３１５", (30.215, 107.315)),
        ("30°12′54″ 107°18′54″", (30.215, 107.315)),
        ("东经107度18分54秒，北纬30度12分54秒", (30.215, 107.315)),
        ("13912345678", None),
        ("3人被困，2人受伤", None),
        ("107.315", None),
        ("转移30，80户", None),
        ("10.1, 20.2", None),
    ],
)
def test_coordinates_are_read_in_either_order_and_nothing_else_is(
    text: str, point: tuple[float, float] | None
) -> None:
    found = read_point(text, CONVERT)
    if point is None:
        assert found is None
    else:
        assert found is not None and found == pytest.approx(point, abs=1e-4)


def test_a_point_of_a_map_application_is_brought_to_wgs84() -> None:
    """GCJ-02 lies some 500 m off here; forth and back ends within a metre of where it began."""
    there = datums.wgs_to_gcj(30.215, 107.315)
    assert 100 < distance_m((30.215, 107.315), there) < 800
    assert distance_m(datums.gcj_to_wgs(*there), (30.215, 107.315)) < 1
    said = read_point(f"高德 {there[0]:.6f},{there[1]:.6f}", CONVERT)
    assert said is not None and distance_m(said, (30.215, 107.315)) < 1
    assert datums.wgs_to_gcj(48.85, 2.35) == (48.85, 2.35), "outside China nothing moves"
    baidu = read_point("百度 30.22,107.32", CONVERT)
    assert baidu is not None and distance_m(baidu, (30.22, 107.32)) > 300


@pytest.mark.parametrize(
    ("text", "how", "division"),
    [
        ("通集村三组李家院子", "village", TOWN + 1),
        ("澄溪镇回龙社区", "village", TOWN + 2),
        ("永安回龙社区", "village", OTHER + 1),
        ("澄溪", "township", TOWN),
        ("澄溪镇", "township", TOWN),
        ("石拱桥边上", "landmark", TOWN + 1),
        ("通集村石拱桥", "landmark", TOWN + 1),
        ("tjc", "village", TOWN + 1),
        ("ＴＪＣ", "village", TOWN + 1),
        ("sg", "landmark", TOWN + 1),
    ],
)
def test_a_place_is_found_by_village_landmark_township_or_initials(
    text: str, how: str, division: int
) -> None:
    read = read_place(text, NAMES)
    assert read.best is not None and (read.best.how, read.best.division) == (how, division)


def test_a_village_that_stands_in_two_townships_is_doubted_and_both_are_proposed() -> None:
    read = read_place("回龙社区", NAMES)
    assert read.best is None and read.reason == "several"
    assert {place.division for place in read.found} == {TOWN + 2, OTHER + 1}
    assert read_place("hlsq", NAMES).best is None
    assert (
        read_place("外县某村", NAMES).reason == "unknown"
        and read_place(" ", NAMES).reason == "empty"
    )


def test_a_point_lies_in_the_village_nearest_to_it_and_far_away_in_none() -> None:
    read = read_place("", NAMES, (30.212, 107.312))
    assert read.best is not None and read.best.division == TOWN + 1 and "米" in read.best.label
    assert read_place("", NAMES, (31.9, 107.3)).reason == "far"


def test_names_are_shortened_as_people_say_them() -> None:
    assert short_name("通集村村民委员会") == "通集村"
    assert short_name("南阳社区居民委员会") == "南阳社区"
    assert short_name("澄溪镇") == "澄溪镇"


KINDS = {"geohazard": ["滑坡", "塌方"], "road": ["车祸"], "fire": ["起火"]}
FIGURES = {"dead": ["死亡"], "missing": ["失联"], "injured": ["受伤", "伤"], "trapped": ["被困"],
           "moved": ["转移"]}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind", "figures"),
    [
        ("山体滑坡，3人被困", "geohazard", {"trapped": 3}),
        ("滑坡压了房子，被困三人，二人受伤", "geohazard", {"trapped": 3, "injured": 2}),
        ("车祸起火，1人死亡", "", {"dead": 1}),
        ("没有人员伤亡", "", {}),
        ("路断了", "", {}),
        ("已转移群众37人，失联1人", "", {"moved": 37, "missing": 1}),
        ("5名学生受伤", "", {"injured": 5}),
        ("十几人被困", "", {}),
        ("先说3人被困，后说5人被困", "", {}),
        ("一百零二人被困", "", {"trapped": 102}),
    ],
)
def test_kind_and_people_are_read_or_left_empty_never_guessed(
    text: str, kind: str, figures: dict[str, int]
) -> None:
    read = read_words(text, KINDS, FIGURES)
    assert (read.kind, read.figures) == (kind, figures)


@pytest.mark.parametrize(
    ("text", "value"), [("37", 37), ("三十七", 37), ("十", 10), ("一百零二", 102), ("几", None)]
)
def test_numbers_in_words(text: str, value: int | None) -> None:
    assert number_of(text) == value


def event(ident: int, **changes: object) -> Known:
    given = {"kind": "geohazard", "division": TOWN + 1, "lat": 30.21, "lon": 107.31,
             "happened_at": NOW}  # fmt: skip
    return Known(ident, **(given | changes))  # type: ignore[arg-type]


def test_doubles_are_of_one_kind_near_in_time_and_near_in_place() -> None:
    own, within = event(1), timedelta(minutes=180)
    near = event(2, lat=30.2199, happened_at=NOW - timedelta(minutes=20))
    other_kind, long_ago = event(3, kind="fire"), event(4, happened_at=NOW - timedelta(hours=4))
    far, no_point = event(5, lat=30.25), event(6, lat=None, lon=None, division=TOWN)
    elsewhere = event(7, lat=None, lon=None, division=TOWN + 2)
    whole_county = event(8, lat=None, lon=None, division=500231000000)
    found = same_as(
        own, [own, near, other_kind, long_ago, far, no_point, elsewhere, whole_county], within, 2000
    )
    assert [same.id for same in found] == [6, 2]
    assert found[0].apart_m is None and found[1].apart_m == pytest.approx(1102, abs=5)
    assert same_as(own, [far], within, 5000)[0].id == 5, "the county's metres decide"
