"""Other counties' layouts: the same rows, laid out in many ways, come back the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anlan.rooms.workplan.reader import read_here
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
        [r.group if at == 0 or ROWS[at - 1].group != r.group else "", r.name, r.text, joined(r), r.deadline]
        for at, r in enumerate(ROWS)
    ]
    return lines, [m for m in merges if m[0] != m[2]]


@layout("plan.docx")
def docx_two_level_header() -> bytes:
    """Two-level header: 责任分工 over lead and support; a scoring column; notes under the table."""
    top = ["序号", "工作任务", "目标要求", "责任分工", "", "完成时限", "分值"]
    sub = ["", "", "", "牵头单位", "配合单位", "", ""]
    body = [[str(n), r.name, r.text, r.lead, r.support, r.deadline, "10"] for n, r in enumerate(ROWS, 1)]

    def build(document: Any) -> None:
        document.add_paragraph(TITLE)
        merges = [(0, 3, 0, 4)] + [(0, x, 1, x) for x in (0, 1, 2, 5, 6)]
        made.docx_table(document, [top, sub, *body, ["注：本表由县安委办解释。"] + [""] * 6], [*merges, (8, 0, 8, 6)])
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
        made.docx_table(document, [["领域", "事项", "年度目标", "责任部门", "时间节点"], *lines], shifted)

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
    head = [[TITLE], ["填报单位：县安委办"], ["序号", "重点事项", "具体内容", "牵头部门", "协办部门", "办结时限", "备注"]]
    body = [[n, r.name, r.text, r.lead, r.support, r.deadline, ""] for n, r in enumerate(ROWS, 1)]
    return made.xlsx([*head, *body], ["A1:G1", "A2:G2"], "任务分解")


@layout("plan.xlsx")
def xlsx_merged_down() -> bytes:
    lines, merges = _grouped()
    spans = [f"A{a + 3}:A{c + 3}" for a, _b, c, _d in merges]
    return made.xlsx([[TITLE, "", "", "", ""], ["类别", "项目", "目标任务", "责任单位", "时限"], *lines], ["A1:E1", *spans])


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
    lines += [[str(n), r.name, r.text, r.lead, r.support, r.deadline] for n, r in enumerate(ROWS, 1)]
    return made.pdf([TITLE, "附件1 重点任务", (lines, [30, 70, 180, 80, 80, 70], [])])


@layout("plan.txt")
def text_tab_lines() -> bytes:
    head = f"{TITLE}\n\n附件：\n序号\t任务\t目标内容\t责任单位\t完成时限\n"
    return (head + "\n".join(f"{n}\t{r.name}\t{r.text}\t{joined(r)}\t{r.deadline}" for n, r in enumerate(ROWS, 1))).encode("gb18030")


@layout("plan.txt")
def text_cells_one_a_line() -> bytes:
    """Cells one a line, nothing between rows, no tabs."""
    head = f"{TITLE}\n\n序号\n名称\n工作内容\n责任单位\n时限\n"
    return (head + "".join(f"{n}\n{r.name}\n{r.text}\n{joined(r)}\n{r.deadline}\n" for n, r in enumerate(ROWS, 1))).encode("utf-8-sig")


@layout("plan.txt")
def text_single_spaces() -> bytes:
    head = f"{TITLE}\n\n序号 名称 工作内容 责任单位 时限\n"
    return (head + "".join(f"{n} {r.name} {r.text} {joined(r)} {r.deadline}\n" for n, r in enumerate(ROWS, 1))).encode()


@layout("plan.csv")
def text_commas() -> bytes:
    head = f"{TITLE}\n序号,名称,工作内容,责任单位,时限\n"
    return (head + "".join(f"{n},{r.name},\"{r.text}\",{joined(r)},{r.deadline}\n" for n, r in enumerate(ROWS, 1))).encode()


@layout("plan.txt")
def text_bars() -> bytes:
    head = f"# {TITLE}\n\n| 序号 | 名称 | 工作内容 | 责任单位 | 时限 |\n|---|---|---|---|---|\n"
    return (head + "".join(f"| {n} | {r.name} | {r.text} | {joined(r)} | {r.deadline} |\n" for n, r in enumerate(ROWS, 1))).encode()


APART = {"docx_two_level_header", "xlsx_with_title_rows", "html_spans", "pdf_ruled"}


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
    return [(name, lead if apart else at == 0 and lead) for at, (name, lead) in enumerate(row.units)]
