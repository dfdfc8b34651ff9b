"""The published original, held against a list of facts that was read from it by eye.

The text lies outside the project and is never copied into it: the test reads it from beside the
checkout and skips, saying so, where it is not there. Facts are figures, units and subjects.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from anlan.rooms.workplan.reader import read_here

ORIGINAL = Path(__file__).resolve().parents[4] / "shared" / "plan" / "dianjiang-2025.txt"
ROWS = [6, 10, 20, 56, 11, 18]

Fact = tuple[Any, ...]
# (table, row): subject, operator, value, unit, and the upper end of a range or the base year
QUANTITIES: dict[tuple[int, int], list[Fact]] = {
    (1, 1): [("重特大生产安全事故起数", "<=", 0.0, "")],
    (1, 2): [("因灾群死群伤责任事件", "<=", 0.0, "")],
    (1, 3): [("生产安全较大事故起数", "<=", 0.0, "")],
    (1, 4): [("生产安全事故死亡人数", "judged", None, "")],
    (1, 5): [("已落实监测措施的灾害点亡人数", "<=", 0.0, "")],
    (1, 6): [("森林火灾受害率", "<=", 0.3, "‰")],
    (3, 1): [("农村安全生命防护栏", ">=", 100.0, "%"), ("渡口", ">=", 7.0, "座"), ("船舶4G智能监控设备安装", ">=", 7.0, "艘"), ("标志牌", ">=", 165.0, "套"), ("弯道预警系统", ">=", 11.0, "套"), ("区间测速系统", ">=", 28.0, "台"), ("红绿灯", ">=", 5.0, "套"), ("电子警察抓拍系统", ">=", 16.0, "套"), ("客、货（危）车辆GPS监控系统升级改造", ">=", 2000.0, "台")],
    (3, 2): [("危大工程专项施工方案编制率", ">=", 100.0, "%"), ("特种作业人员持证上岗率", ">=", 100.0, "%"), ("新开工改造城镇老旧小区", ">=", 10.0, "个"), ("新开工改造城镇老旧小区", ">=", 6.21, "万平方米"), ("试点项目自有工人施工人数达到施工现场总人数", ">=", 20.0, "%"), ("存在安全隐患的自建房整治", ">=", 100.0, "%")],
    (3, 3): [("老旧燃气管道", ">=", 32.0, "公里")],
    (3, 4): [("危险化学品生产经营企业安全生产标准化率", ">=", 80.0, "%"), ("危险化学品重大危险源企业安全风险监测预警", ">=", 100.0, "%"), ("油气长输管道占压安全隐患", "<=", 0.0, "")],
    (3, 5): [("矿山三级安全生产标准化率", ">=", 100.0, "%"), ("二级安全生产标准化率", ">=", 50.0, "%"), ("“三个一”工程完成", ">=", 100.0, "%")],
    (3, 6): [("重点粉尘涉爆企业安全风险监测预警覆盖率", ">=", 100.0, "%")],
    (3, 7): [("电梯", ">=", 30.0, "台"), ("电梯故障困人率", "<", 0.5, "%"), ("电梯无纸化维保率", ">=", 95.0, "%"), ("燃气调压装置法定检验率", ">=", 90.0, "%")],
    (3, 8): [("年度文物保护单位巡查率", ">=", 100.0, "%")],
    (3, 9): [("公共充电基础设施乡镇（街道）覆盖率", ">=", 100.0, "%")],
    (3, 10): [("民爆生产销售企业安全生产检查覆盖率", ">=", 100.0, "%"), ("民爆生产销售企业二级安全生产标准化率", ">=", 100.0, "%"), ("民爆生产销售企业主要负责人和安全管理人员新训率", ">=", 100.0, "%"), ("爆破作业人员持证上岗率", ">=", 100.0, "%")],
    (3, 11): [("我县变型拖拉机去存率", ">=", 100.0, "%")],
    (3, 12): [("覆盖率", ">=", 100.0, "%"), ("加强报废机动车回收拆解安全生产管理", ">=", 100.0, "%")],
    (3, 13): [("规模以上（年均粮食收储量5万吨以上）地方国有粮食储备企业三级以上安全生产标准化率", ">=", 50.0, "%")],
    (3, 14): [("市政设施结构病害整治率", ">=", 90.0, "%"), ("城市桥隧智慧建管覆盖率", ">=", 50.0, "%"), ("城市管网漏损率", "<=", 9.0, "%")],
    (3, 15): [("覆盖率", ">=", 100.0, "%"), ("消防安全评估", ">=", 1.0, "次/年"), ("职业病危害专项治理完成率", ">=", 100.0, "%"), ("职业病及危害因素监测年度任务完成率", ">=", 100.0, "%")],
    (3, 16): [("水毁修复项目", ">=", 2.0, "个"), ("病险水库主体工程建设", ">=", 2.0, "座")],
    (3, 17): [("城市雨水管网", ">=", 3.7, "公里")],
    (3, 18): [("受地灾威胁群众避险搬迁", ">=", 195.0, "人"), ("中小型地灾隐患排危除险", ">=", 10.0, "处")],
    (3, 19): [("重点区域取水半径", "range", 1.0, "公里", 2.0), ("其他区域取水半径", "range", 2.0, "公里", 3.0)],
    (4, 27): [("综合应急演练", ">=", 1.0, "次/年")],
    (4, 28): [("乡镇（街道）和村（社区）", ">=", 1.0, "次/年")],
    (4, 29): [("疏散逃生演练", ">=", 1.0, "次/年"), ("高危行业领域", ">=", 1.0, "次/半年")],
    (4, 31): [("场所建设完成率", ">=", 100.0, "%"), ("通信指挥设备配备率", ">=", 100.0, "%")],
    (4, 38): [("航空应急临时起降场", ">=", 1.0, "个")],
    (4, 51): [("安全培训等机构规范化率", ">=", 100.0, "%")],
    (5, 2): [("危险化学品企业", ">=", 80.0, "%")],
    (5, 3): [("相关作业纳入监管", ">=", 50.0, "%")],
    (5, 4): [("在建在生产矿山企业", ">=", 100.0, "%")],
    (5, 5): [("规模以上工贸企业", ">=", 20.0, "%")],
    (5, 7): [("包车客运安全风险防控覆盖率", ">=", 100.0, "%")],
    (5, 8): [("高风险点感知设备安装", ">=", 100.0, "%")],
    (6, 1): [("重特大火灾起数", "<=", 0.0, "")],
    (6, 2): [("火灾起数", "<=", -10.0, "%", 2024)],
    (6, 3): [("火灾亡人数", "judged", None, "")],
    (6, 8): [("城镇建成区消防供水", ">=", 100.0, "%")],
    (6, 9): [("电动自行车充电端口配建比", ">=", 0.2, "比")],
    (6, 13): [("消防高喷车", ">=", 1.0, "辆")],
    (6, 17): [("多跨事件实战贯通", ">=", 4.0, "类")],
    (6, 18): [("多跨事件市、县、乡镇（街道）三级贯通", ">=", 3.0, "类")],
}  # fmt: skip
IN_POINTS: dict[int, list[Fact]] = {
    2: [("标杆单位", "range", 1.0, "家", 2.0)],
    6: [("重点任务", ">=", 14.0, "项"), ("重大事故隐患按期整改率", ">=", 100.0, "%")],
    7: [("重点任务", ">=", 11.0, "项"), ("冬春强基基础设施建设完成率", ">=", 100.0, "%")],
    12: [("乡镇（街道）和村（社区）", ">=", 1.0, "次/年"), ("企业", ">=", 1.0, "次/年"), ("高危行业领域", ">=", 1.0, "次/半年")],
    13: [("场所建设完成率", ">=", 100.0, "%"), ("通信指挥设备配备率", ">=", 100.0, "%")],
}  # fmt: skip
NAME_INHERITED = {(4, row) for row in (2, 3, 5, 6, 7, 8, 11, 13, 14, 17, 19, 20, 22, 25, 26, 28, 29, 30, *range(32, 39), 42, 46,
                                       47, 49, 53, 54, 56)} | {(6, 13), (6, 15)}  # fmt: skip
NO_LEAD = {(1, row) for row in range(1, 7)} | {(6, row) for row in (1, 2, 3)} | {
    (4, row) for row in (2, 4, 9, 17, 25, 28, 29, 33, 39, 40, 43, 44, 45, 46, 48, 50, 54, 55)
}  # fmt: skip
ALIASES = {"县住房城乡建委": {"县城市管理局"}, "县气象局": {"县预警信息发布中心"},
           "县发展改革委": {"县粮食和物资储备局", "县国动办"}}  # fmt: skip
COLLECTIVES = {"各乡镇（街道）", "县安委会各成员单位", "县防减救灾委各成员单位", "县消安办各成员单位", "县安旅办成员单位",
               "县级有关行业部门", "县级有关部门", "有关县级部门", "县级综合行政执法部门"}  # fmt: skip


@pytest.fixture(scope="module")
def plan() -> dict[str, Any]:
    if not ORIGINAL.exists():
        pytest.skip("the published original lies outside the project and is not here")
    return read_here(ORIGINAL.read_bytes(), ORIGINAL.name)


def rows(plan: dict[str, Any]) -> dict[tuple[int, int], dict[str, Any]]:
    return {(t["number"], r["row"]): r for t in plan["tables"] for r in t["rows"]}


def fact(quantity: dict[str, Any]) -> Fact:
    own = (quantity["subject"], quantity["op"], quantity["value"], quantity["unit"])
    return own + tuple(quantity[key] for key in ("high", "relative_to") if key in quantity)


def test_it_has_24_points_and_121_rows_in_six_tables(plan: dict[str, Any]) -> None:
    assert [point["number"] for point in plan["points"]] == list(range(1, 25))
    assert [len(table["rows"]) for table in plan["tables"]] == ROWS
    assert [table["title"] for table in plan["tables"]] == [
        "核心绩效指标", "重要文件", "重点整治", "重点措施", "重点应用/平台", "城乡消防专项"]  # fmt: skip
    assert all(r["row"] == at for t in plan["tables"] for at, r in enumerate(t["rows"], 1))


def test_its_head_says_what_when_and_who(plan: dict[str, Any]) -> None:
    assert plan["document"] == {
        "title": "2025年全县安全生产、防灾减灾救灾和消防工作要点", "number": "垫江府发〔2025〕3号",
        "issuer": "垫江县人民政府", "date": "2025-03-25", "year": 2025,
    }  # fmt: skip


def test_every_quantity_has_operator_value_unit_and_subject(plan: dict[str, Any]) -> None:
    found = {
        at: [fact(q) for q in r["quantities"]] for at, r in rows(plan).items() if r["quantities"]
    }
    assert found == QUANTITIES
    in_points = {
        p["number"]: [fact(q) for q in p["quantities"]] for p in plan["points"] if p["quantities"]
    }
    assert in_points == IN_POINTS


def test_names_and_units_are_inherited_and_say_so(plan: dict[str, Any]) -> None:
    own = rows(plan)
    assert {at for at, r in own.items() if r["name_inherited"]} == NAME_INHERITED
    assert {at for at, r in own.items() if r["units_inherited"]} == {(4, 6)}
    assert own[4, 6]["units"] == own[4, 5]["units"]
    assert len(own[4, 5]["units"]) == 19
    assert all(r["name"] for r in own.values())


def test_units_have_aliases_kinds_and_a_lead_where_one_can_lead(plan: dict[str, Any]) -> None:
    own = rows(plan)
    units = [u for r in own.values() for u in r["units"]]
    assert {u["name"] for u in units if u["kind"] == "collective"} == COLLECTIVES
    for name, aliases in ALIASES.items():
        assert {u["alias"] for u in units if u["name"] == name} - {""} == aliases
    assert {at for at, r in own.items() if not any(u["lead"] for u in r["units"])} == NO_LEAD
    assert all(sum(u["lead"] for u in r["units"]) <= 1 for r in own.values())
    open_ends = {u["name"] for u in units if u["kind"] == "open"}
    assert open_ends == {"等", "等社会应急力量业务管理部门"}


def test_what_is_not_sure_is_a_doubt(plan: dict[str, Any]) -> None:
    doubts = {(d["code"], d["table"], d["row"]) for d in plan["doubts"]}
    assert {(t, r) for code, t, r in doubts if code == "no-lead"} == NO_LEAD
    assert ("unit-twice", 4, 5) in doubts
    assert ("units-inherited", 4, 6) in doubts
    assert {(t, r) for code, t, r in doubts if code == "hedged"} == {(3, 2), (3, 6), (6, 8)}
    other = next(d for d in plan["doubts"] if d["code"] == "named-otherwise")
    assert (other["table"], other["row"], other["point"]) == (6, 16, 18)
    assert "垫江县" in rows(plan)[6, 16]["text"], "a doubt, not a fix"


LISTED = ORIGINAL.parent / "rows.csv"
# What the list of targets holds beside figures of the row's own words: papers to be issued, what
# was proposed or derived, what stands in the law or in a point only, and words without a figure.
NO_FIGURE = re.compile(
    r"^judged|^no number|proposed|derived|\blaw\b|stands in point|^= 1 \(|全面贯通"
)
TARGET = re.compile(r"(?P<op>range|>=|<=|<|>|=)\s*(?P<value>-?\d[\d.]*)(?:—(?P<high>[\d.]+))?")
FIGURES_MIN = 70


def test_every_figure_of_the_independent_list_of_targets_is_found_and_no_other() -> None:
    """The list was made by somebody else, row by row, and says op and value of each target."""
    if not LISTED.exists() or not ORIGINAL.exists():
        pytest.skip(f"the list of targets lies outside the project and is not at {LISTED}")
    plan = read_here(ORIGINAL.read_bytes(), ORIGINAL.name)
    rows = {(t["number"], r["row"]): r for t in plan["tables"] for r in t["rows"]}
    listed: dict[tuple[int, int], list[tuple[Any, ...]]] = {}
    with LISTED.open(encoding="utf-8") as opened:
        for line in csv.DictReader(opened):
            own = listed.setdefault((int(line["table"]), int(line["row"])), [])
            for part in line["target"].split("|"):
                found = None if NO_FIGURE.search(part.strip()) else TARGET.search(part)
                if found:
                    high = float(found["high"]) if found["high"] else None
                    own.append((found["op"], float(found["value"]), high))
    assert len(listed) == 121 and sum(map(len, listed.values())) >= FIGURES_MIN
    for key, wanted in listed.items():
        read = [(q["op"], q["value"], q.get("high")) for q in rows[key]["quantities"]
                if q["op"] != "judged"]  # fmt: skip
        missed = [one for one in wanted if one not in read]
        assert missed == [], (key, missed, read)
        more = [one for one in read if one not in wanted]
        assert more == [], (key, more, wanted)
