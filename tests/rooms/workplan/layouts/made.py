"""Development documents: a row as data, and writers that lay rows out in many ways.

`Row` says what the document says; a writer turns rows into DOCX, XLSX, PDF, HTML or text in one
layout. The reader must give the rows back whatever the layout.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

Units = list[tuple[str, bool]]
Quantities = list[tuple[str, float | None, str]]


@dataclass
class Row:
    """What one row says: name, text, who answers, and what is promised."""

    name: str
    text: str
    lead: str
    support: str = ""
    deadline: str = ""
    due: str = "2026-12-31"
    units: Units = field(default_factory=list)
    quantities: Quantities = field(default_factory=list)
    group: str = ""


ROWS = [
    Row("道路隐患整治", "完成12处急弯陡坡治理，安装波形护栏8.5公里。", "县交通局", "县公安局、各乡镇（街道）", "6月底前", "2026-06-30",
        [("县交通局", True), ("县公安局", False), ("各乡镇（街道）", False)], [(">=", 12, "处"), (">=", 8.5, "公里")], "交通"),
    Row("客运车辆监管", "客运车辆动态监控在线率不低于98%，每季度抽查不少于2次。", "县交通局、县公安局", "县文旅局", "第三季度", "2026-09-30",
        [("县交通局", True), ("县公安局", True), ("县文旅局", False)], [(">=", 98, "%"), (">=", 2, "次/季度")], "交通"),
    Row("水库除险", "3座小型水库除险加固主体完工，雨量站应建尽建。", "县水利局", "县财政局", "汛前", "2026-04-30",
        [("县水利局", True), ("县财政局", False)], [(">=", 3, "座"), (">=", 100, "%")], "水利"),
    Row("消防设施", "新增室外消火栓40个，电动自行车充电端口比例不低于1:6。", "县消防救援大队（县消防办）", "县住建局", "2026年11月30日", "2026-11-30",
        [("县消防救援大队", True), ("县住建局", False)], [(">=", 40, "个"), (">=", 0.166667, "比")], "消防"),
    Row("避险演练", "每村每年至少组织1次转移演练，群众知晓率达到百分之九十以上。", "县应急局", "各乡镇（街道）", "长期坚持", "2026-12-31",
        [("县应急局", True), ("各乡镇（街道）", False)], [(">=", 1, "次/年"), (">=", 90, "%")], "综合"),
    Row("事故控制", "亡人事故起数较2025年下降5%以上，较大事故零发生。", "县应急局", "县级有关部门", "年底前", "2026-12-31",
        [("县应急局", True), ("县级有关部门", False)], [("<=", -5, "%"), ("<=", 0, "")], "综合"),
]  # fmt: skip
TITLE = "云台县2026年安全生产和防灾减灾重点任务分解表"


def joined(row: Row) -> str:
    """Lead and support in one column; the lead first, so that it is the one proposed."""
    return "、".join(part for part in (row.lead, row.support) if part)


# writers


def docx(build: Any) -> bytes:
    import docx as python_docx

    document = python_docx.Document()
    build(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def docx_table(
    document: Any, lines: list[list[str]], merges: list[tuple[int, int, int, int]] = ()
) -> Any:  # type: ignore[assignment]
    """A table of lines; merges as (top, left, bottom, right), the text of the first cell kept."""
    table = document.add_table(len(lines), len(lines[0]))
    for y, line in enumerate(lines):
        for x, text in enumerate(line):
            table.cell(y, x).text = text
    for top, left, bottom, right in merges:
        text = table.cell(top, left).text
        cell = table.cell(top, left).merge(table.cell(bottom, right))
        cell.text = text
    return table


def xlsx(
    lines: list[list[Any]],
    merges: list[str] = (),
    title: str = "Sheet1",
    formats: dict[str, str] | None = None,
) -> bytes:  # type: ignore[assignment]
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for line in lines:
        sheet.append(line)
    for span in merges:
        sheet.merge_cells(span)
    for place, shape in (formats or {}).items():
        sheet[place].number_format = shape
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def pdf(
    parts: list[Any], cut_rows: bool = False, lines_drawn: bool = True, middle: bool = True
) -> bytes:
    """parts: strings are paragraphs, (lines, widths, spans) are tables with repeated headers.

    Every page has a running head and a page number; cut_rows lets a row go on over the page.
    """
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    style = ParagraphStyle("body", fontName="STSong-Light", fontSize=10, leading=14, wordWrap="CJK")
    story: list[Any] = []
    for part in parts:
        if isinstance(part, str):
            story += [Paragraph(part, style), Spacer(1, 4)]
            continue
        lines, widths, spans = part
        cells = [[Paragraph(text, style) for text in line] for line in lines]
        look: list[Any] = [("VALIGN", (0, 0), (-1, -1), "MIDDLE" if middle else "TOP")]
        look += [("GRID", (0, 0), (-1, -1), 0.5, "black")] if lines_drawn else []
        look += [("SPAN", (x0, y0), (x1, y1)) for y0, x0, y1, x1 in spans]
        story.append(
            Table(cells, colWidths=widths, repeatRows=1, style=look, splitInRow=int(cut_rows))
        )

    def edges(canvas: Any, page: Any) -> None:
        canvas.setFont("STSong-Light", 9)
        canvas.drawString(280, 20, f"— {page.page} —")
        canvas.drawString(40, 820, "云台县政府公报")

    out = io.BytesIO()
    document = SimpleDocTemplate(out, pagesize=A4, leftMargin=40, rightMargin=40)
    document.build(story, onFirstPage=edges, onLaterPages=edges)
    return out.getvalue()
