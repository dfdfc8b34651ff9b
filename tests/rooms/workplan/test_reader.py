"""The plan reader: the demonstration plan always, the published original where it is at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from anlan.rooms.workplan import demo as demo_plan
from anlan.rooms.workplan.reader import PlanRefused, read_plan
from anlan.rooms.workplan.reader.deadlines import deadline
from anlan.rooms.workplan.reader.quantities import quantities
from anlan.rooms.workplan.reader.units import units

ROOT = Path(__file__).resolve().parents[3]
TEXT = Path(__file__).parent / "frozen" / "p14-yanzhou-2025.txt"
ORIGINAL = ROOT.parent / "shared" / "plan" / "dianjiang-2025.txt"
ROWS = [6, 10, 20, 56, 11, 18]


def shape(plan: dict[str, Any]) -> tuple[int, list[int]]:
    return len(plan["points"]), [len(table["rows"]) for table in plan["tables"]]


def row(plan: dict[str, Any], table: int, number: int) -> dict[str, Any]:
    return plan["tables"][table - 1]["rows"][number - 1]  # type: ignore[no-any-return]


def test_the_demonstration_plan_has_24_points_and_121_rows() -> None:
    plan = read_plan(demo_plan.document(), demo_plan.NAME)
    assert shape(plan) == (24, ROWS)
    assert plan["schema"] == "anlan.plan/1"
    assert plan["document"]["year"] == 2025


def test_the_published_original_is_read_whole() -> None:
    if not ORIGINAL.exists():
        pytest.skip("the published original lies outside the project and is not here")
    plan = read_plan(ORIGINAL)
    assert shape(plan) == (24, ROWS)
    assert plan["document"]["number"] == "垫江府发〔2025〕3号"
    assert plan["document"]["date"] == "2025-03-25"
    assert row(plan, 4, 2)["name_inherited"]
    assert row(plan, 4, 6)["units_inherited"]
    assert {d["code"] for d in plan["doubts"]} >= {"units-inherited", "unit-twice", "no-lead",
                                                   "named-otherwise"}  # fmt: skip
    demo = read_plan(demo_plan.document(), demo_plan.NAME)
    same = [
        (t, n)
        for t, count in enumerate(ROWS, 1)
        for n in range(1, count + 1)
        if row(plan, t, n)["units"] == row(demo, t, n)["units"]
    ]
    assert len(same) == 121


def test_the_same_text_in_gbk_reads_the_same() -> None:
    text = TEXT.read_text(encoding="utf-8")
    assert read_plan(text.encode("utf-8"))["tables"]
    assert read_plan(text.encode("gb18030")) == read_plan(text.encode("utf-8"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("电梯故障困人率低于0.5%", [("电梯故障困人率", "<", 0.5, "%")]),
        ("标准化率80%以上", [("标准化率", ">=", 80, "%")]),
        ("漏损率控制在9%之内", [("漏损率", "<=", 9, "%")]),
        ("抽查不少于30台电梯", [("电梯", ">=", 30, "台")]),
        ("完成7座渡口改造", [("渡口改造", ">=", 7, "座")]),
        ("配建比不低于1∶5", [("配建比", ">=", 0.2, "比")]),
        ("每年至少组织1次演练", [("演练", ">=", 1, "次/年")]),
        ("每半年至少1次", [("名", ">=", 1, "次/半年")]),
        ("新购一辆高喷车", [("高喷车", ">=", 1, "辆")]),
        ("打造1—2家标杆单位", [("标杆单位", "range", 1, "家")]),
        ("隐患清零", [("隐患", "<=", 0, "")]),
        ("护栏应设尽设", [("护栏", ">=", 100, "%")]),
        ("较2024年下降10%", [("名", "<=", -10, "%")]),
        ("0", [("名", "<=", 0, "")]),
        ("0.3‰以内", [("名", "<=", 0.3, "‰")]),
        ("保持历史低位运行", [("名", "judged", None, "")]),
    ],
)
def test_a_quantity_is_read_with_operator_value_and_unit(text: str, expected: list[Any]) -> None:
    assert [(q.subject, q.op, q.value, q.unit) for q in quantities(text, "名")] == expected


@pytest.mark.parametrize(
    "text",
    ["2025年全县", "根据〔2025〕3号文件", "完成S206公路治理", "坚持“1+7+N”机制", "落实“四个一”活动",
     "1∶10000小流域调查", "200张床位以上的医院", "规模以上（年均5万吨以上）企业", "4G监控", "三级治理中心"],
)  # fmt: skip
def test_names_years_scales_and_scopes_are_no_quantities(text: str) -> None:
    assert quantities(text) == []


def test_units_have_aliases_collectives_and_an_open_end() -> None:
    found, doubts = units("县住房城乡建委（县城市管理局）、县水利局等，各乡镇（街道）")
    assert [(u.name, u.alias, u.kind, u.lead) for u in found] == [
        ("县住房城乡建委", "县城市管理局", "unit", True),
        ("县水利局", "", "unit", False),
        ("等", "", "open", False),
        ("各乡镇（街道）", "", "collective", False),
    ]
    assert doubts == []
    assert units("县安委会各成员单位，各乡镇（街道）")[1] == ["no-lead"]
    assert units("县水利局、县水利局")[1] == ["unit-twice"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (b"PK\x03\x04 word/", "damaged"),
        (b"%PDF-1.7", "damaged"),
        (b"a\0b", "binary"),
        ("今天天气好。\n没有表格。".encode(), "not-a-plan"),
        (b"\xff\xfe\xfd\xfc\x81", "encoding"),
        (b"x" * (20 * 1024 * 1024 + 1), "too-large"),
    ],
)
def test_what_is_no_plan_is_refused_with_place_and_mend(content: bytes, code: str) -> None:
    with pytest.raises(PlanRefused) as refusal:
        read_plan(content, "文件")
    assert refusal.value.code == code
    assert refusal.value.place
    assert refusal.value.mend


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanRefused, match="文件夹"):
        read_plan(tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("由甲局牵头，乙局、丙局配合", [("甲局", True), ("乙局", False), ("丙局", False)]),
        (
            "甲局、乙局共同牵头，各乡镇（街道）配合",
            [("甲局", True), ("乙局", True), ("各乡镇（街道）", False)],
        ),
        (
            "牵头单位：甲局；配合单位：乙局、各镇",
            [("甲局", True), ("乙局", False), ("各镇", False)],
        ),
        ("甲局、乙局（牵头）、丙局", [("甲局", False), ("乙局", True), ("丙局", False)]),
        ("甲局\n乙局", [("甲局", True), ("乙局", False)]),
        ("甲局等有关部门按职责分工负责", [("甲局", True), ("等", False)]),
        ("甲局 乙局", [("甲局", True), ("乙局", False)]),
        ("—", []),
    ],
)
def test_marks_of_lead_and_support_are_read(text: str, expected: list[Any]) -> None:
    assert [(u.name, u.lead) for u in units(text)[0]] == expected


@pytest.mark.parametrize(
    ("text", "day", "doubt"),
    [
        ("6月底前", "2026-06-30", ""),
        ("2026年2月", "2026-02-28", ""),
        ("9月15日", "2026-09-15", ""),
        ("第二季度", "2026-06-30", ""),
        ("上半年", "2026-06-30", ""),
        ("十一月底", "2026-11-30", ""),
        ("2026.9", "2026-09-30", ""),
        ("汛前", "2026-04-30", "deadline-season"),
        ("长期坚持", "2026-12-31", "deadline-open"),
        ("年底前", "2026-12-31", ""),
        ("3月、9月", "2026-09-30", "deadline-several"),
        ("看情况", "2026-12-31", "deadline-unread"),
        ("2月30日", "2026-12-31", "deadline-unread"),
    ],
)
def test_deadlines_are_read_as_days(text: str, day: str, doubt: str) -> None:
    assert deadline(text, 2026) == (day, doubt)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("隐患整改率９５％以上", [(">=", 95, "%")]),
        ("百分之九十以上", [(">=", 90, "%")]),
        ("培训1,200人次", [(">=", 1200, "人次")]),
        ("合格率分别不低于90%、95%", [(">=", 90, "%"), (">=", 95, "%")]),
        ("控制在3起、2人以内", [("<=", 3, "起"), ("<=", 2, "人")]),
        ("事故起数同比下降5%", [("<=", -5, "%")]),
        ("接报后15分钟内响应", [("<=", 15, "分钟")]),
        ("每季度抽查不少于2次", [(">=", 2, "次/季度")]),
        ("亿元产值死亡率控制在0.02以内", [("<=", 0.02, "")]),
        ("新建微型站十二个", [(">=", 12, "个")]),
        ("对50人以上场所开展检查", []),
        ("现有26个乡镇", []),
        ("落实24小时值班", []),
        ("重大事故隐患整改率100%", [(">=", 100, "%")]),
        ("去存率100%的清零任务", [(">=", 100, "%")]),
    ],
)
def test_comparisons_are_read_where_they_stand(text: str, expected: list[Any]) -> None:
    assert [(q.op, q.value, q.unit) for q in quantities(text, "", 2026)] == expected
