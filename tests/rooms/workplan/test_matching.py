"""Which unit is meant, which rows belong together, what is proposed: without a database."""

from __future__ import annotations

import pytest

from anlan.rooms.workplan import matching, review, versions
from anlan.rooms.workplan.matching import Known

COUNTY = [
    Known(1, "县发展改革委", "unit"), Known(2, "县应急管理局", "unit", ("县应急局",)),
    Known(3, "县卫生健康委", "unit"), Known(4, "县农业农村委", "unit"),
    Known(5, "各乡镇（街道）", "collective"), Known(6, "县安委会各成员单位", "collective"),
    Known(7, "县住房城乡建委", "unit", ("县城市管理局",)), Known(8, "县水利局", "unit"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "kind", "first", "reason"),
    [
        ("县发改委", "unit", 1, "short"),
        ("县发展和改革委员会", "unit", 1, "written"),
        ("垫江县应急管理局", "unit", 2, "place"),
        ("县卫健委", "unit", 3, "short"),
        ("各镇街", "collective", 5, "collective"),
        ("各乡镇、街道办事处", "collective", 5, "collective"),
        ("县安委会成员单位", "collective", 6, "written"),
        ("县农业农村局", "unit", 4, "near"),
    ],
)
def test_a_name_finds_the_unit_that_is_meant(
    written: str, kind: str, first: int, reason: str
) -> None:
    found = matching.candidates(written, "", kind, COUNTY)
    assert (found[0].id, found[0].reason) == (first, reason), found


def test_what_is_like_nothing_finds_nothing_and_kinds_do_not_mix() -> None:
    assert matching.candidates("县融媒体中心", "", "unit", COUNTY) == []
    assert matching.candidates("各镇街", "", "unit", COUNTY) == []
    assert matching.candidates("县城建局", "县城市管理局", "unit", COUNTY)[0].reason == "alias"
    assert matching.exact("县应急局", COUNTY) == 2 and matching.exact("县发改委", COUNTY) is None
    assert len(matching.candidates("县" * 500, "", "unit", COUNTY)) <= matching.CANDIDATES_MAX


def row(number: int, name: str, text: str, table: str = "一", key: int = 0) -> versions.RowFacts:
    return versions.RowFacts(key or number, 1, table, number, name, text, (("甲局", True),), (), "")


def test_rows_are_paired_by_text_before_place_and_a_row_is_used_once() -> None:
    before = [
        row(1, "责任", "签订责任书", key=1),
        row(2, "责任", "开展述职", key=2),
        row(3, "责任", "约谈通报", key=3),
    ]
    after = [row(1, "责任", "新增巡查", key=11), row(2, "责任", "签订责任书", key=12),
             row(3, "责任", "开展年度述职", key=13), row(4, "责任", "约谈通报", key=14)]  # fmt: skip
    found = {
        p.row.id: (p.before.id if p.before else None, p.how) for p in versions.pairs(before, after)
    }
    assert found == {11: (None, "new"), 12: (1, "moved"), 13: (2, "changed"), 14: (3, "moved")}
    assert [p.how for p in versions.pairs(before, [])] == ["gone"] * 3
    assert [p.how for p in versions.pairs(before, before)] == ["same"] * 3


def test_quantities_and_units_come_back_as_they_were_typed() -> None:
    kept = {
        "subject": "起数",
        "op": "<=",
        "value": -10.0,
        "unit": "%",
        "text": "降10%",
        "relative_to": 2024,
    }
    text = review.quantities_text([kept])
    assert review.quantities_typed(text, [kept]) == [kept], "an untouched line keeps its base year"
    assert review.quantities_typed("渡口 ≥ 7 座", [])[0]["value"] == 7.0
    units = review.units_typed("县甲局（县乙局）、各乡镇", "县甲局", [])
    assert [(u["name"], u["alias"], u["lead"]) for u in units] == [
        ("县甲局", "县乙局", True),
        ("各乡镇", "", False),
    ]


def test_proposals_change_only_what_the_doubt_is_about() -> None:
    unit = {"name": "甲局", "alias": "", "kind": "unit", "lead": False}
    rate = {"subject": "整改率", "op": ">=", "value": 0.95, "unit": "", "text": "0.95"}
    base = {"units": [unit, dict(unit)], "quantities": [rate]}
    assert review.propose("unit-twice", base).fields == {"units": [unit]}
    assert review.propose("rate-bare", base).fields["quantities"][0] | {} == rate | {
        "value": 95.0,
        "unit": "%",
    }
    small = base | {"quantities": [rate | {"value": 0.012, "subject": "死亡率"}]}
    assert review.propose("rate-bare", small).what == "keep"
    assert review.propose("no-lead", base).detail == "甲局"
    assert review.propose("hedged", base).fields == {} == review.propose("table-note", None).fields
