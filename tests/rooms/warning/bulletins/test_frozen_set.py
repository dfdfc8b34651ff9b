"""The forty bulletins stand as they were frozen, and are well formed; no reader is judged here."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

FROZEN = Path(__file__).with_name("frozen.jsonl")
SHA256 = "9dfb05e620a5ef06c00a9442f246cfeab0632c2c80ee670f62917322da03cf91"
# by hand, so that the set needs no other list
# fmt: off
TOWNSHIPS = {
    "桂溪街道", "桂阳街道", "新民镇", "沙坪镇", "周嘉镇", "普顺镇",
    "永安镇", "高安镇", "高峰镇", "五洞镇", "澄溪镇", "太平镇",
    "鹤游镇", "坪山镇", "砚台镇", "曹回镇", "杠家镇", "包家镇",
    "白家镇", "永平镇", "三溪镇", "裴兴镇", "黄沙镇", "长龙镇",
    "沙河乡", "大石乡",
}
HAZARDS = {
    "暴雨", "雷电", "大风", "冰雹", "大雾", "高温", "寒潮", "道路结冰", "森林火险", "地质灾害", "山洪", "洪水",
}
# fmt: on
WHAT = {"signal", "lift", "briefing", "risk", "flood", "none", "exercise", "correction"}
LEVELS = {"blue", "yellow", "orange", "red", None}
DOUBTS = {"what", "hazard", "level", "area", "time", "valid", "rain", "issuer"}
GOLD = {
    "what",
    "items",
    "issued_at",
    "valid_from",
    "valid_hours",
    "issuer",
    "rain_fallen_mm",
    "rain_expected_mm",
    "replaces_level",
    "must_doubt",
}
ITEM = {"hazard", "level", "area_kind", "townships", "except"}

LINES = [json.loads(line) for line in FROZEN.read_text("utf-8").splitlines()]
each_line = pytest.mark.parametrize("line", LINES, ids=lambda line: line["id"])


def test_nobody_has_edited_the_set():
    assert hashlib.sha256(FROZEN.read_bytes()).hexdigest() == SHA256


def test_the_set_is_forty_different_texts_in_order():
    assert [line["id"] for line in LINES] == [f"F{n:02d}" for n in range(1, 41)]
    assert len({line["text"] for line in LINES}) == 40
    assert {line["gold"]["what"] for line in LINES} == WHAT


def test_the_county_has_26_townships():
    assert len(TOWNSHIPS) == 26


@each_line
def test_a_line_has_its_fields_and_no_others(line):
    gold = line["gold"]
    assert set(line) == {"id", "text", "gold"} and line["text"].strip()
    assert set(gold) == GOLD
    assert gold["what"] in WHAT
    assert gold["replaces_level"] in LEVELS
    assert set(gold["must_doubt"]) <= DOUBTS
    assert (gold["what"] == "none") == (not gold["items"])


@each_line
def test_an_item_names_a_hazard_a_level_and_townships_of_this_county(line):
    for item in line["gold"]["items"]:
        assert set(item) == ITEM
        assert item["hazard"] in HAZARDS or "hazard" in line["gold"]["must_doubt"]
        assert item["level"] in LEVELS
        assert set(item["townships"]) | set(item["except"]) <= TOWNSHIPS
        assert item["area_kind"] in {"county", "townships", "part", "outside"}
        assert bool(item["townships"]) == (item["area_kind"] == "townships")
        assert not item["except"] or item["area_kind"] == "county"


@each_line
def test_times_are_beijing_times_and_ranges_run_upwards(line):
    gold = line["gold"]
    for key in ("issued_at", "valid_from"):
        if gold[key] is not None:
            assert datetime.fromisoformat(gold[key]).utcoffset() == timedelta(hours=8)
    for key in ("valid_hours", "rain_expected_mm"):
        if gold[key] is not None:
            low, high = gold[key]
            assert high is None or 0 < low <= high
