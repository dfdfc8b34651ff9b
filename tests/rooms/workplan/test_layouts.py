"""Other counties' layouts: the same rows, laid out in many ways, come back the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anlan.rooms.workplan.reader import PlanRefused, read_here
from tests.rooms.workplan.layouts import made
from tests.rooms.workplan.layouts.made import ROWS, TITLE, Row, joined

LAYOUTS: dict[str, tuple[str, Callable[[], bytes]]] = {}


def layout(name: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    def keep(make: Callable[[], bytes]) -> Callable[[], bytes]:
        LAYOUTS[make.__name__] = (name, make)
        return make

    return keep


def _grouped() -> tuple[list[list[str]], list[tuple[int, int, int, int]]]:
    """Group names merged down over the rows that share them."""
    merges, start = [], 0
    for at in range(1, len(ROWS) + 1):
        if at == len(ROWS) or ROWS[at].group != ROWS[start].group:
            merges.append((start, 0, at - 1, 0))
            start = at
    lines = [
        [
            r.group if at == 0 or ROWS[at - 1].group != r.group else "",
            r.name,
            r.text,
            joined(r),
            r.deadline,
        ]
        for at, r in enumerate(ROWS)
    ]
    return lines, [m for m in merges if m[0] != m[2]]


@layout("plan.docx")
def docx_two_level_header() -> bytes:
    """Two-level header: 责任分工 over lead and support; a scoring column; notes under the table."""
    top = ["序号", "工作任务", "目标要求", "责任分工", "", "完成时限", "分值"]
    sub = ["", "", "", "牵头单位", "配合单位", "", ""]
    body = [
        [str(n), r.name, r.text, r.lead, r.support, r.deadline, "10"] for n, r in enumerate(ROWS, 1)
    ]

    def build(document: Any) -> None:
        document.add_paragraph(TITLE)
        merges = [(0, 3, 0, 4)] + [(0, x, 1, x) for x in (0, 1, 2, 5, 6)]
        made.docx_table(
            document,
            [top, sub, *body, ["注：本表由县安委办解释。"] + [""] * 6],
            [*merges, (8, 0, 8, 6)],
        )
        document.add_paragraph("说明：完成时限以年度考核为准。")

    return made.docx(build)


@layout("plan.docx")
def docx_merged_groups_without_numbers() -> bytes:
    """No number column; wider headings merged down; the columns in another order."""
    lines, merges = _grouped()

    def build(document: Any) -> None:
        document.add_paragraph("云台县人民政府办公室")
        document.add_paragraph(TITLE)
        document.add_paragraph("附表2 重点任务")
        shifted = [(a + 1, b, c + 1, d) for a, b, c, d in merges]
        made.docx_table(
            document, [["领域", "事项", "年度目标", "责任部门", "时间节点"], *lines], shifted
        )

    return made.docx(build)


@layout("plan.docx")
def docx_sections_across() -> bytes:
    """Headings merged across inside the table; numbers run on."""
    lines: list[list[str]] = [["序号", "责任单位", "任务名称", "工作措施", "完成时间"]]
    merges = []
    group = ""
    for n, r in enumerate(ROWS, 1):
        if r.group != group:
            group = r.group
            merges.append((len(lines), 0, len(lines), 4))
            lines.append([f"（{'一二三四五六'[len(merges) - 1]}）{group}领域", "", "", "", ""])
        lines.append([str(n), joined(r), r.name, r.text, r.deadline])

    def build(document: Any) -> None:
        document.add_paragraph(TITLE)
        made.docx_table(document, lines, merges)

    return made.docx(build)


@layout("plan.xlsx")
def xlsx_with_title_rows() -> bytes:
    head = [
        [TITLE],
        ["填报单位：县安委办"],
        ["序号", "重点事项", "具体内容", "牵头部门", "协办部门", "办结时限", "备注"],
    ]
    body = [[n, r.name, r.text, r.lead, r.support, r.deadline, ""] for n, r in enumerate(ROWS, 1)]
    return made.xlsx([*head, *body], ["A1:G1", "A2:G2"], "任务分解")


@layout("plan.xlsx")
def xlsx_merged_down() -> bytes:
    lines, merges = _grouped()
    spans = [f"A{a + 3}:A{c + 3}" for a, _b, c, _d in merges]
    return made.xlsx(
        [[TITLE, "", "", "", ""], ["类别", "项目", "目标任务", "责任单位", "时限"], *lines],
        ["A1:E1", *spans],
    )


@layout("plan.html")
def html_spans() -> bytes:
    """A page whose layout is a table, with the plan's table inside; rowspan and colspan."""
    cells = "".join(
        f"<tr><td>{n}</td><td>{r.name}</td><td><p>{r.text}</p></td><td>{r.lead}</td><td>{r.support}</td><td>{r.deadline}</td></tr>"
        for n, r in enumerate(ROWS, 1)
    )
    page = (
        "<!DOCTYPE html><html><head><meta charset='gb2312'><title>x</title><script>var a='序号';</script></head><body><table><tr><td>"
        f"<h1>{TITLE}</h1><table border=1><caption>重点任务</caption><tr><th rowspan=2>序号</th><th rowspan=2>名称</th>"
        "<th rowspan=2>目标（内容）</th><th colspan=2>责任单位</th><th rowspan=2>时限</th></tr><tr><th>牵头</th><th>配合</th></tr>"
        f"{cells}</table></td></tr></table></body></html>"
    )
    return page.encode("gb18030")


@layout("plan.pdf")
def pdf_ruled() -> bytes:
    lines = [["序号", "名称", "主要目标", "牵头单位", "配合单位", "完成时限"]]
    lines += [
        [str(n), r.name, r.text, r.lead, r.support, r.deadline] for n, r in enumerate(ROWS, 1)
    ]
    return made.pdf([TITLE, "附件1 重点任务", (lines, [30, 70, 180, 80, 80, 70], [])])


@layout("plan.txt")
def text_tab_lines() -> bytes:
    head = f"{TITLE}\n\n附件：\n序号\t任务\t目标内容\t责任单位\t完成时限\n"
    return (
        head
        + "\n".join(
            f"{n}\t{r.name}\t{r.text}\t{joined(r)}\t{r.deadline}" for n, r in enumerate(ROWS, 1)
        )
    ).encode("gb18030")


@layout("plan.txt")
def text_cells_one_a_line() -> bytes:
    """Cells one a line, nothing between rows, no tabs."""
    head = f"{TITLE}\n\n序号\n名称\n工作内容\n责任单位\n时限\n"
    return (
        head
        + "".join(
            f"{n}\n{r.name}\n{r.text}\n{joined(r)}\n{r.deadline}\n" for n, r in enumerate(ROWS, 1)
        )
    ).encode("utf-8-sig")


@layout("plan.txt")
def text_single_spaces() -> bytes:
    head = f"{TITLE}\n\n序号 名称 工作内容 责任单位 时限\n"
    return (
        head
        + "".join(
            f"{n} {r.name} {r.text} {joined(r)} {r.deadline}\n" for n, r in enumerate(ROWS, 1)
        )
    ).encode()


@layout("plan.csv")
def text_commas() -> bytes:
    head = f"{TITLE}\n序号,名称,工作内容,责任单位,时限\n"
    return (
        head
        + "".join(
            f'{n},{r.name},"{r.text}",{joined(r)},{r.deadline}\n' for n, r in enumerate(ROWS, 1)
        )
    ).encode()


@layout("plan.txt")
def text_bars() -> bytes:
    head = f"# {TITLE}\n\n| 序号 | 名称 | 工作内容 | 责任单位 | 时限 |\n|---|---|---|---|---|\n"
    return (
        head
        + "".join(
            f"| {n} | {r.name} | {r.text} | {joined(r)} | {r.deadline} |\n"
            for n, r in enumerate(ROWS, 1)
        )
    ).encode()


@layout("plan.pdf")
def pdf_without_ruling() -> bytes:
    lines = [["序号", "名称", "主要目标", "责任单位", "时限"]]
    lines += [[str(n), r.name, r.text, joined(r), r.deadline] for n, r in enumerate(ROWS, 1)]
    return made.pdf(
        [TITLE, "附件1 重点任务", (lines, [40, 80, 180, 130, 80], [])],
        lines_drawn=False,
        middle=False,
    )


@layout("plan.txt")
def text_aligned_columns() -> bytes:
    """Columns by ideographic spaces, a note below."""
    head = f"{TITLE}\n\n序号　任务　内容　责任单位　时限\n"
    body = "\n".join(
        f"{n}　{r.name}　{r.text}　{joined(r)}　{r.deadline}" for n, r in enumerate(ROWS, 1)
    )
    return (head + body + "\n注：以上由县安委办督办。\n").encode("gb18030")


@layout("plan.docx")
def docx_numbered_by_word() -> bytes:
    """The number column is a list that Word counts; the table goes on under 续表 with its header again."""
    header = ["序号", "事项", "要求", "责任单位", "完成时间"]

    def build(document: Any) -> None:
        document.add_paragraph(TITLE)
        for part in (ROWS[:4], ROWS[4:]):
            table = made.docx_table(
                document, [header, *(["", r.name, r.text, joined(r), r.deadline] for r in part)]
            )
            for y in range(1, len(part) + 1):
                table.cell(y, 0).paragraphs[0].style = document.styles["List Number"]
            if part is not ROWS[4:] and len(part) == 4:
                document.add_paragraph("续表")

    return made.docx(build)


APART = {"docx_cards", "docx_two_level_header", "xlsx_with_title_rows", "html_spans", "pdf_ruled"}


@layout("plan.docx")
def docx_cards() -> bytes:
    """A small table a task, words beside values; two pairs on a line; 任务 n between them."""

    def build(document: Any) -> None:
        document.add_paragraph(TITLE)
        for n, r in enumerate(ROWS, 1):
            document.add_paragraph(f"任务{n}")
            lines = [[f"第{n}号任务卡", "", "", ""], ["任务名称", r.name, "完成时限", r.deadline],
                     ["目标要求", r.text, "", ""], ["牵头单位", r.lead, "配合单位", r.support]]  # fmt: skip
            made.docx_table(document, lines, [(0, 0, 0, 3), (2, 1, 2, 3)])

    return made.docx(build)


@pytest.mark.parametrize("key", LAYOUTS)
def test_rows_come_back_whatever_the_layout(key: str) -> None:
    name, make = LAYOUTS[key]
    plan = read_here(make(), name)
    assert plan["document"]["year"] == 2026
    assert [len(t["rows"]) for t in plan["tables"]] == [len(ROWS)]
    for at, (row, expected) in enumerate(zip(plan["tables"][0]["rows"], ROWS, strict=True), 1):
        assert row["row"] == at
        assert (row["name"], row["text"]) == (expected.name, expected.text)
        assert row["deadline"] == expected.due
        assert [(u["name"], u["lead"]) for u in row["units"]] == _units(expected, key in APART)
        assert [(q["op"], q["value"], q["unit"]) for q in row["quantities"]] == expected.quantities


def _units(row: Row, apart: bool) -> list[tuple[str, bool]]:
    """In one column only the first is proposed."""
    return [
        (name, lead if apart else at == 0 and lead) for at, (name, lead) in enumerate(row.units)
    ]


def names(plan: dict[str, Any]) -> list[list[str]]:
    return [[row["name"] for row in table["rows"]] for table in plan["tables"]]


def told(plan: dict[str, Any], table: int = 0) -> list[list[tuple[str, float | None, str]]]:
    return [
        [(q["op"], q["value"], q["unit"]) for q in row["quantities"]]
        for row in plan["tables"][table]["rows"]
    ]


@pytest.mark.parametrize("numbered", [True, False])
def test_a_row_that_a_page_cuts_in_two_is_one_row(numbered: bool) -> None:
    text = (
        "完成12处急弯治理，"
        + "持续推进农村公路安全提升，开展常态化巡查，落实各项措施，" * 7
        + "整改率达到95%以上。"
    )
    lines = [
        ["序号", "名称", "内容", "责任单位"],
        *([str(n), f"任务{n}", text, "县交通局、县公安局"] for n in range(1, 14)),
    ]
    shown = lines if numbered else [line[1:] for line in lines]
    widths = [30, 80, 260, 120] if numbered else [80, 260, 120]
    plan = read_here(
        made.pdf([TITLE, (shown, widths, [])], cut_rows=True, middle=False), "plan.pdf"
    )
    assert names(plan) == [[f"任务{n}" for n in range(1, 14)]]
    assert {row["text"] for row in plan["tables"][0]["rows"]} == {text}
    assert "row-joined" in {d["code"] for d in plan["doubts"]}


def test_a_name_merged_down_over_a_page_holds_for_every_row() -> None:
    lines, spans = [["名称", "主要目标", "责任单位", "时限"]], []
    for block in range(12):
        spans.append((len(lines), 0, len(lines) + 3, 0))
        lines += [
            [f"任务{block}" if at == 0 else "", r.text, joined(r), r.deadline]
            for at, r in enumerate(ROWS[:4])
        ]
    plan = read_here(made.pdf([TITLE, (lines, [80, 220, 120, 80], spans)]), "plan.pdf")
    assert names(plan) == [[f"任务{block}" for block in range(12) for _ in range(4)]]
    assert sum(row["name_inherited"] for row in plan["tables"][0]["rows"]) == 36


def test_indicators_take_their_measure_from_a_column_and_leave_the_past_alone() -> None:
    lines = [["序号", "指标名称", "计量单位", "2025年实际", "2026年目标", "责任单位"], [1, "生产安全事故死亡人数", "人", 6, "≤5", "甲局"],
             [2, "重大隐患整改率", "%", 95, 100, "甲局"], [3, "森林火灾受害率", "‰", 0.5, "0.3以内", "乙局"],
             [4, "火灾起数", "起", 120, "同比下降5%", "丙队"], [5, "较大事故起数", "起", 0, 0, "县安委会成员单位"]]  # fmt: skip
    plan = read_here(made.xlsx([[TITLE], *lines], ["A1:F1"]), "plan.xlsx")
    assert told(plan) == [
        [("<=", 5, "人")],
        [(">=", 100, "%")],
        [("<=", 0.3, "‰")],
        [("<=", -5, "%")],
        [("<=", 0, "起")],
    ]
    assert plan["tables"][0]["rows"][3]["quantities"][0]["relative_to"] == 2025
    assert "column-unused" in {d["code"] for d in plan["doubts"]}


def test_percentages_are_read_as_a_sheet_shows_them() -> None:
    lines = [
        ["序号", "指标", "目标值", "责任单位"],
        [1, "隐患整改率", 0.95, "甲局"],
        [2, "受害率(‰)", 0.3, "乙局"],
    ]
    plan = read_here(made.xlsx(lines, formats={"C2": "0%"}), "plan.xlsx")
    assert told(plan) == [[(">=", 95, "%")], [("<=", 0.3, "‰")]]
    assert [d["row"] for d in plan["doubts"] if d["code"] == "op-assumed"] == [2]
    bare = read_here(made.xlsx(lines), "plan.xlsx")
    assert [d["row"] for d in bare["doubts"] if d["code"] == "rate-bare"] == [1], "no silent guess"


def test_two_tables_of_one_sheet_keep_their_titles_and_notes() -> None:
    lines = [["一、控制指标"], ["序号", "指标", "目标", "责任单位"], [1, "亡人事故", "不超过3起", "甲局"], ["注：以核定数为准"], [""],
             ["二、重点工作"], ["序号", "任务", "措施", "责任单位"], [1, "道路", "治理3处", "乙局"], [2, "水库", "加固2座", "丙局"]]  # fmt: skip
    for merges in ([], ["A1:D1", "A4:D4", "A6:D6"]):
        plan = read_here(made.xlsx(lines, merges), "plan.xlsx")
        assert [t["title"] for t in plan["tables"]] == ["控制指标", "重点工作"]
        assert names(plan) == [["亡人事故"], ["道路", "水库"]]
        assert "table-note" in {d["code"] for d in plan["doubts"]}


def test_rows_out_of_number_keep_their_numbers_and_say_so() -> None:
    lines = [
        ["序号", "任务", "措施", "责任单位"],
        [1, "道路", "治理3处", "甲局"],
        [2, "水库", "加固2座", "乙局"],
        [5, "校舍", "鉴定4栋", "丙局"],
    ]
    plan = read_here(made.xlsx(lines), "plan.xlsx")
    assert [row["row"] for row in plan["tables"][0]["rows"]] == [1, 2, 5]
    assert "number-order" in {d["code"] for d in plan["doubts"]}


def test_a_name_merged_across_and_units_merged_down() -> None:
    lines = [["序号", "项目", "", "内容", "责任单位"], ["1", "工程", "水库", "加固3座", "甲局"], ["2", "", "堤防", "整治5公里", ""],
             ["3", "宣传", "", "开展10场宣讲", "乙局"]]  # fmt: skip

    def build(document: Any) -> None:
        document.add_paragraph(TITLE)
        made.docx_table(document, lines, [(0, 1, 0, 2), (1, 1, 2, 1), (3, 1, 3, 2), (1, 4, 2, 4)])

    plan = read_here(made.docx(build), "plan.docx")
    assert names(plan) == [["水库", "堤防", "宣传"]]
    assert [[u["name"] for u in row["units"]] for row in plan["tables"][0]["rows"]] == [
        ["甲局"],
        ["甲局"],
        ["乙局"],
    ]
    assert [row["units_inherited"] for row in plan["tables"][0]["rows"]] == [False, True, False]


def test_points_are_read_from_headings_and_from_lines() -> None:
    def build(document: Any) -> None:
        document.add_heading(TITLE, 0)
        for text in ("一、夯实责任体系", "（一）压实党政责任。每半年至少听取1次汇报。", "（二）压实部门责任", "各部门每季度检查不少于3次。",
                     "二、强化风险防控", "（一）道路交通。完成20处隐患治理。"):  # fmt: skip
            document.add_paragraph(text)

    plan = read_here(made.docx(build), "plan.docx")
    assert [(p["number"], p["system"], p["heading"]) for p in plan["points"]] == [
        (1, "责任体系", "压实党政责任"), (2, "责任体系", "压实部门责任"), (3, "风险防控", "道路交通")]  # fmt: skip
    assert [[q["value"] for q in p["quantities"]] for p in plan["points"]] == [[1], [3], [20]]
    assert "no-table" in {d["code"] for d in plan["doubts"]}


def test_what_a_word_file_holds_beside_text_is_named() -> None:
    import docx as python_docx
    from docx.oxml import parse_xml

    box = (
        '<w:r xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml"><w:pict><v:shape>'
        "<v:textbox><w:txbxContent><w:p><w:r><w:t>框里的字</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
    )

    def build(document: python_docx.document.Document) -> None:
        document.add_paragraph(TITLE)
        document.paragraphs[0]._p.append(parse_xml(box))
        table = made.docx_table(
            document, [["序号", "任务", "措施", "责任单位"], ["1", "道路", "治理3处", "甲局"]]
        )
        table.cell(1, 2).add_table(1, 2).cell(0, 0).text = "里面的表"

    plan = read_here(made.docx(build), "plan.docx")
    assert {"text-box", "nested-table"} <= {d["code"] for d in plan["doubts"]}
    assert names(plan) == [["道路"]]


def test_headings_across_that_name_who_answers_hold_for_the_rows_below() -> None:
    lines = [[TITLE], ["序号", "重点任务", "目标要求", "完成时限"]]
    merges = ["A1:D1"]
    for n, r in enumerate(ROWS, 1):
        lines += [
            [f"{'一二三四五六'[n - 1]}、{r.units[0][0]}（牵头）"],
            [n, r.name, r.text, r.deadline],
        ]
        merges.append(f"A{len(lines) - 1}:D{len(lines) - 1}")
    (table,) = read_here(made.xlsx(lines, merges), "plan.xlsx")["tables"]
    assert [row["name"] for row in table["rows"]] == [r.name for r in ROWS]
    said = [[(unit["name"], unit["lead"]) for unit in row["units"]] for row in table["rows"]]
    assert said == [[(r.units[0][0], True)] for r in ROWS]


def test_headings_across_that_name_no_unit_give_none() -> None:
    lines = [[TITLE], ["序号", "重点任务", "目标要求", "完成时限"], ["一、交通领域"],
             *[[n, r.name, r.text, r.deadline] for n, r in enumerate(ROWS, 1)]]  # fmt: skip
    found = read_here(made.xlsx(lines, ["A1:D1", "A3:D3"]), "plan.xlsx")
    assert all(row["units"] == [] for row in found["tables"][0]["rows"])
    assert "units-missing" in {own["code"] for own in found["doubts"]}


@pytest.mark.parametrize("cards", [1, 2])
def test_two_forms_beside_one_another_are_no_plan(cards: int) -> None:
    """A form of one or two tasks, as an application has them, is not taken for a plan."""

    def build(document: Any) -> None:
        document.add_paragraph("项目申报表")
        for r in ROWS[:cards]:
            made.docx_table(
                document, [["项目名称", r.name], ["具体内容", r.text], ["责任单位", r.lead]]
            )

    with pytest.raises(PlanRefused):
        read_here(made.docx(build), "form.docx")
