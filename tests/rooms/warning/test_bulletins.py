"""Bulletins in the forms in which bureaus write them: a field is right, or it is doubted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.rooms.warning.decisions import Act, Reading, number, read_bulletin, read_items

NOW = datetime(2024, 7, 10, 14, 20, tzinfo=UTC)
AT = datetime(2024, 7, 10, 14, 15, tzinfo=UTC)
CHENGXI, SHAPING, GAOAN = 500231109000, 500231102000, 500231106000
PLACES = {"澄溪镇": CHENGXI, "澄溪": CHENGXI, "沙坪镇": SHAPING, "沙坪": SHAPING,
          "高安镇": GAOAN, "高安": GAOAN}  # fmt: skip
ORANGE = (
    "垫江县气象台2024年7月10日22时15分发布暴雨橙色预警信号：过去3小时，澄溪、沙坪等乡镇降雨量"
    "已达50毫米以上，预计未来3小时降雨仍将持续，请注意防范。"
)


def read(text: str) -> Reading:
    return read_bulletin(text, PLACES, NOW)


def codes(reading: Reading) -> set[str]:
    return {doubt.code for doubt in reading.doubts}


def test_the_form_of_the_contract_is_read_whole() -> None:
    found = read(ORANGE)
    assert found.act is Act.ISSUE
    assert (found.kind, found.kind_label, found.grade) == ("rainstorm", "暴雨", "orange")
    assert (found.issuer, found.issued_at) == ("垫江县气象台", AT)
    assert found.areas == (CHENGXI, SHAPING) and found.forecast_hours == 3
    assert found.observed.startswith("过去3小时") and "50毫米" in found.observed
    assert codes(found) == {"area-open"}


def test_a_doubt_marks_its_place_in_the_text() -> None:
    doubt = read(ORANGE).doubts[0]
    assert doubt.seen == "等乡镇" == ORANGE[doubt.start : doubt.end]


HEAD = "垫江县气象台2024年7月10日22时15分"
CASES: list[tuple[str, dict[str, Any], set[str]]] = [
    (f"{HEAD}发布暴雨红色预警信号，影响澄溪镇。", {"grade": "red", "areas": (CHENGXI,)}, set()),
    (f"{HEAD}发布暴雨黄色预警信号，影响全县。", {"grade": "yellow", "whole_county": True}, set()),
    (f"{HEAD}继续发布暴雨蓝色预警信号，全县。", {"grade": "blue", "act": Act.ISSUE}, set()),
    (f"{HEAD}发布雷暴大风黄色预警信号，沙坪镇。", {"kind": "thunder_gust"}, set()),
    (f"{HEAD}发布大风蓝色预警信号，沙坪镇。", {"kind": "gale"}, set()),
    (f"{HEAD}发布高温橙色预警信号，全县。", {"kind": "heat", "grade": "orange"}, set()),
    (f"{HEAD}发布冰雹橙色预警信号，高安镇。", {"kind": "hail"}, set()),
    (f"{HEAD}解除暴雨橙色预警信号，全县。", {"act": Act.LIFT, "grade": "orange"}, set()),
    (
        f"{HEAD}将暴雨黄色预警信号升级为暴雨橙色预警信号，全县。",
        {"act": Act.CHANGE, "grade": "orange"},
        set(),
    ),
    ("垫江县气象台２０２４年７月１０日２２时１５分发布暴雨橙色预警信号，全县。",
     {"issued_at": AT, "grade": "orange"}, set()),
    ("垫江县气象台 2024年7月10日 22:15 发布暴雨橙色预警信号，全县。", {"issued_at": AT}, set()),
    (f"【垫江县气象台】{HEAD[6:]}发布暴雨橙色预警信号，全县。", {"issued_at": AT}, set()),
    ("垫江县规划自然资源局2024年7月10日22时15分发布地质灾害气象风险橙色预警，澄溪镇。",
     {"kind": "geohazard", "grade": "orange"}, set()),
    ("垫江县水利局2024年7月10日22时15分发布山洪灾害Ⅱ级预警，澄溪镇。",
     {"kind": "flash_flood", "grade": "orange"}, set()),
    (f"{HEAD}发布暴雨橙色预警信号，预计未来十二小时全县。", {"forecast_hours": 12}, set()),
    (f"{HEAD}发布暴雨橙色预警信号。", {"areas": ()}, {"area-missing"}),
    (f"{HEAD}发布暴雨预警信号，全县。", {"grade": ""}, {"grade-missing"}),
    (f"{HEAD}发布橙色预警信号，全县。", {"kind": ""}, {"kind-missing"}),
    (f"{HEAD}发布暴雨橙色预警信号和雷电黄色预警信号，全县。",
     {"kind": "", "grade": ""}, {"kind-two", "grade-two"}),
    ("垫江县气象台2024年2月30日22时15分发布暴雨橙色预警信号，全县。",
     {"issued_at": None}, {"time-impossible"}),
    ("垫江县气象台2024年7月10日25时15分发布暴雨橙色预警信号，全县。",
     {"issued_at": None}, {"time-impossible"}),
    ("垫江县气象台7月10日22时15分发布暴雨橙色预警信号，全县。",
     {"issued_at": None}, {"date-partial"}),
    ("垫江县气象台发布暴雨橙色预警信号，全县。", {"issued_at": None}, {"time-missing"}),
    ("垫江县气象台2024年7月11日22时15分发布暴雨橙色预警信号，全县。", {}, {"time-ahead"}),
    ("垫江县气象台2023年7月10日22时15分发布暴雨橙色预警信号，全县。", {}, {"time-old"}),
    ("2024年7月10日22时15分发布暴雨橙色预警信号，全县。", {"issuer": ""}, {"issuer-missing"}),
    ("某某2024年7月10日22时15分发布暴雨橙色预警信号，全县。", {}, {"issuer-unsure"}),
    (f"{HEAD}发布解除暴雨橙色预警信号，全县。", {"act": None}, {"act-two"}),
    (f"{HEAD}将暴雨橙色预警信号降级为黄色预警信号，全县。",
     {"act": Act.CHANGE, "grade": "yellow"}, set()),
    (f"{HEAD}将20时发布的暴雨黄色预警信号升级为橙色预警信号，澄溪。",
     {"act": Act.CHANGE, "grade": "orange", "areas": (CHENGXI,)}, set()),
    (f"{HEAD}发布暴雨黄色预警信号，后期可能升级，全县。", {"act": None}, {"act-two"}),
    (f"{HEAD}未发布暴雨橙色预警信号，全县。", {"act": None}, {"act-not-yet"}),
    (f"{HEAD}拟发布暴雨橙色预警信号，全县。", {"act": None}, {"act-not-yet"}),
    (f"{HEAD}取消暴雨橙色预警信号，全县。", {"act": None}, {"act-missing"}),
    (f"{HEAD}解除20时30分发布的暴雨橙色预警信号，澄溪镇。",
     {"act": Act.LIFT, "issued_at": AT}, set()),
    (f"{HEAD}发布暴雨橙色预警信号（演练），全县。", {"what": "exercise"}, set()),
    (f"{HEAD}发布暴雨橙色预警信号，全县。演练时间另行通知。", {}, {"exercise"}),
    (f"{HEAD}发布暴雨橙色预警信号，全县。原定今天的防汛演练取消。", {"what": "signal"}, set()),
    (f"{HEAD}发布暴雨橙色预警信号，全县，预警解除之前不要返回。", {"act": Act.ISSUE}, set()),
    (f"【演练】{HEAD}发布暴雨红色预警信号，全县。", {"issuer": "垫江县气象台", "what": "exercise"}, set()),
    ("垫江县气象台于2024年07月10日晚上10时15分发布暴雨橙色预警信号，全县。",
     {"issued_at": None}, {"time-half-day"}),
    ("垫江县气象台2024年7月10日下午3时发布暴雨橙色预警信号，全县。",
     {"issued_at": datetime(2024, 7, 10, 7, 0, tzinfo=UTC)}, set()),
    ("垫江县气象台2024年7月10日22时15发布暴雨橙色预警信号，全县。",
     {"issued_at": None}, {"time-unit"}),
    ("垫江县气象台2024年7月9日23时55分、7月10日22时15分发布暴雨橙色预警信号，全县。",
     {"issued_at": None}, {"time-two"}),
    ("垫江县气象台24年7月10日22时15分发布暴雨橙色预警信号，全县。",
     {"issued_at": None}, {"date-partial"}),
    ("垫江县气象台2024年7月10日24时发布暴雨橙色预警信号，全县。",
     {"issued_at": None}, {"time-impossible"}),
    ("垫江县气象台二〇二四年七月十日二十二时发布暴雨橙色预警信号，全县。",
     {"issued_at": datetime(2024, 7, 10, 14, 0, tzinfo=UTC)}, set()),
    ("垫江县气象台２０２４年７月１０日２２：１５继续发布暴雨橙色预警信号，全县。",
     {"issued_at": AT, "act": Act.ISSUE}, set()),
    (f"{HEAD}发布暴雨橙色预警信号，除澄溪镇外全县。",
     {"areas": (), "whole_county": True, "left_out": (CHENGXI,)}, set()),
    (f"{HEAD}发布暴雨橙色预警信号，澄溪、沙坪除外的各乡镇。", {"areas": ()}, {"area-except"}),
    (f"{HEAD}发布暴雨橙色预警信号，全县；请澄溪镇重点防范。", {}, {"area-two"}),
    (f"{HEAD}发布暴雨橙色预警信号，澄溪镇、梁平区。", {"areas": (CHENGXI,)}, {"area-unknown"}),
    (f"{HEAD}发布暴雨橙色预警信号，澄溪镇、高按镇。", {"areas": (CHENGXI,)}, {"area-unknown"}),
    (f"{HEAD}发布暴雨橙色预警信号，影响澄溪镇、沙坪镇、高安镇，山区注意防范。",
     {"areas": (CHENGXI, SHAPING, GAOAN)}, set()),
    (f"{HEAD}发布暴雨Ⅱ级（黄色）预警信号，全县。", {"grade": ""}, {"grade-two"}),
    (f"{HEAD}将暴雨橙色预警信号变更为大风橙色预警信号，全县。", {"kind": ""}, {"kind-two"}),
    (f"{HEAD}发布台风黄色预警信号，全县。", {"kind": ""}, {"kind-missing"}),
    ("垫江县气象局、垫江县规划自然资源局2024年7月10日22时15分联合发布地质灾害气象风险橙色预警，澄溪镇。",
     {"issuer": "垫江县气象局、垫江县规划自然资源局", "kind": "geohazard"}, set()),
    ("今天晚上雨很大，大家小心。", {"act": None, "kind": "", "grade": "", "what": "none"},
     {"time-missing"}),
    ("【气象科普】暴雨橙色预警信号怎么看？", {"act": None, "what": "none"}, {"area-missing"}),
    (f"{HEAD}发布暴雨橙色预警信号，澄溪、沙坪、高安等3个镇。",
     {"areas": (CHENGXI, SHAPING, GAOAN)}, set()),
    (f"重庆市垫江县气象台发布暴雨红色预警[Ⅰ级/特别严重] {HEAD}升级发布暴雨红色预警信号，澄溪镇。",
     {"issuer": "垫江县气象台", "act": Act.CHANGE, "grade": "red"}, set()),
    (f"{HEAD}发布暴雨橙色预警信号，澄溪、沙坪等3个镇。", {}, {"area-count"}),
    (f"{HEAD}发布暴雨橙色预警信号，沙坪坝区。", {}, {"area-missing"}),
    (f"{HEAD}发布暴雨橙色预警信号，澄溪河两岸。", {}, {"area-within"}),
    (f"{HEAD}发布暴雨橙色预警信号，预计10日22时至11日1时30分澄溪镇有50～80毫米降雨。",
     {"valid_hours": (3.5, 3.5), "rain_expected_mm": (50.0, 80.0), "rain_fallen_mm": None}, set()),
    (f"{HEAD}发布暴雨橙色预警信号，过去3小时澄溪镇已下62.5毫米，预计未来3小时还有50毫米以上。",
     {"rain_fallen_mm": 62.5, "rain_expected_mm": (50.0, None), "forecast_hours": 3}, set()),
    (f"{HEAD}发布暴雨橙色预警信号，预计今天夜间澄溪镇有雨。", {}, {"valid-words"}),
    (f"{HEAD}将暴雨黄色预警信号升级为暴雨橙色预警信号，澄溪镇。", {"replaces": "yellow"}, set()),
    ("垫江县气象台二〇二四年七月十日二十二时十五分发布暴雨橙色预警信号，全县。",
     {"issued_at": AT}, set()),
    ("垫江县规划和自然资源局　垫江县气象局2024年7月10日22时15分联合发布地质灾害气象风险橙色预警，澄溪镇。",
     {"issuer": "垫江县规划和自然资源局、垫江县气象局", "what": "risk"}, set()),
    (f"垫江县气象台2024年7月10日20时发布雷电黄色预警信号，全县。\n{HEAD}发布大风蓝色预警信号，全县。",
     {}, {"time-two"}),
]  # fmt: skip


LISTS = [
    (f"{HEAD}解除雷电黄色、大风蓝色预警信号，全县。",
     [(Act.LIFT, "lightning", "yellow", ()), (Act.LIFT, "gale", "blue", ())]),
    (f"{HEAD}发布雷电黄色、大风蓝色预警信号：澄溪镇、沙坪镇。",
     [(Act.ISSUE, "lightning", "yellow", (CHENGXI, SHAPING)),
      (Act.ISSUE, "gale", "blue", (CHENGXI, SHAPING))]),
    (f"{HEAD}发布暴雨红色预警信号：澄溪镇；暴雨橙色预警信号：沙坪镇、高安镇。",
     [(Act.ISSUE, "rainstorm", "red", (CHENGXI,)),
      (Act.ISSUE, "rainstorm", "orange", (SHAPING, GAOAN))]),
    (f"{HEAD}发布山洪灾害气象预警：澄溪镇可能性大（橙色预警），沙坪镇可能性较大（黄色预警）。",
     [(Act.ISSUE, "flash_flood", "orange", (CHENGXI,)),
      (Act.ISSUE, "flash_flood", "yellow", (SHAPING,))]),
    (f"{HEAD}发布地质灾害气象风险预警：橙色预警区域：澄溪镇；黄色预警区域：沙坪镇、高安镇。",
     [(Act.ISSUE, "geohazard", "orange", (CHENGXI,)),
      (Act.ISSUE, "geohazard", "yellow", (SHAPING, GAOAN))]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "items"), LISTS)
def test_several_signals_are_read_each_with_its_own(text: str, items: list[Any]) -> None:
    found = read_items(text, PLACES, NOW)
    assert [(one.act, one.kind, one.grade, one.areas) for one in found] == items
    assert [code for one in found for code in codes(one)] == []


@pytest.mark.parametrize(("text", "fields", "doubts"), CASES)
def test_a_field_is_right_or_doubted(text: str, fields: dict[str, Any], doubts: set[str]) -> None:
    found = read(text)
    for name, value in fields.items():
        assert getattr(found, name) == value, name
    assert doubts <= codes(found)
    if not doubts:
        assert codes(found) == set()


@settings(deadline=None)
@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    found = read(text)
    for doubt in found.doubts:
        assert 0 <= doubt.start <= doubt.end <= len(text)


@settings(deadline=None)
@given(st.integers(0, len(ORANGE) - 1), st.characters(exclude_categories=("Cs",)))
def test_a_changed_character_never_gives_a_wrong_grade_without_a_doubt(
    place: int, char: str
) -> None:
    found = read(ORANGE[:place] + char + ORANGE[place + 1 :])
    assert found.grade in ("orange", "") or char in "红黄蓝"
    assert found.grade or "grade-missing" in codes(found) or "grade-two" in codes(found)


@pytest.mark.parametrize(
    ("text", "value"),
    [("37", 37), ("三十七", 37), ("十", 10), ("一百零五", 105), ("两千", 2000), ("一万二千", 12000),
     ("３７", 37), ("", None), ("很多", None), ("12345678", None)],
)  # fmt: skip
def test_numbers_are_read_in_digits_and_characters(text: str, value: int | None) -> None:
    assert number(text) == value
