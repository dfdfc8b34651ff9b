"""The demonstration plan as a DOCX: made from `packs/_core/plan_demo.yaml` at the first start.

Flows in: names, units and figures as published, in our own words, and the year that it is for, as
a plan answers by the records of its own year. Flows out: the bytes of a Word document with six
tables, names merged down; the reader that reads it is the one of every county. The same data and
year give the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

from anlan.ground.policy import packs

NAME = "安全工作要点（演示）.docx"
PUBLISHED = 2025
STAMP = (PUBLISHED, 3, 25, 0, 0, 0)
NUMERALS = "一二三四五六七八九十"
WIDTHS_CM = (1.2, 3.6, 6.2, 4.2, 1.2)


def document(year: int = PUBLISHED) -> bytes:
    """The demonstration plan of a year."""
    from docx import Document

    data = _of_year(packs.read(packs.PACKS / "_core" / "plan_demo.yaml"), year)
    paper = Document()
    paper.core_properties.title, paper.core_properties.author = data["heading"], "演示数据"
    _head(paper, data)
    _points(paper, data["systems"])
    for number, table in enumerate(data["tables"]):
        paper.add_paragraph(f"{NUMERALS[number]}、{table['title']}")
        _table(paper, data["columns"], table["rows"])
    made = io.BytesIO()
    paper.save(made)
    return _still(made.getvalue())


def _of_year(told: Any, year: int) -> Any:
    """The same data with the year, and the year before, in their places."""
    if isinstance(told, dict):
        return {key: _of_year(own, year) for key, own in told.items()}
    if isinstance(told, list):
        return [_of_year(own, year) for own in told]
    return str(told).replace("{year}", str(year)).replace("{last}", str(year - 1))


def _head(paper: Any, data: dict[str, Any]) -> None:
    paper.add_paragraph(data["number"])
    paper.add_paragraph(data["issuer"])
    paper.add_paragraph(f"关于印发{data['title']}的通知")
    paper.add_paragraph(data["date"])
    paper.add_heading(data["heading"], 1)
    paper.add_paragraph(data["note"])


def _points(paper: Any, systems: list[dict[str, Any]]) -> None:
    number = 0
    for at, system in enumerate(systems):
        paper.add_paragraph(f"{NUMERALS[at]}、{system['name']}")
        for heading, text in system["points"]:
            number += 1
            paper.add_paragraph(f"（{numeral(number)}）{heading}。{text}")


def numeral(number: int) -> str:
    """1 to 99 in characters: 二十四."""
    tens, ones = divmod(number, 10)
    head = "" if not tens else "十" if tens == 1 else f"{NUMERALS[tens - 1]}十"
    return head + (NUMERALS[ones - 1] if ones else "")


def _table(paper: Any, columns: list[str], rows: list[list[str]]) -> None:
    """Number, name, promise, units, remark; a name that holds for several rows is merged down."""
    from docx.shared import Cm

    table = paper.add_table(rows=len(rows) + 1, cols=len(columns), style="Table Grid")
    grid = [list(line.cells) for line in table.rows]
    for cell, text, width in zip(grid[0], columns, WIDTHS_CM, strict=True):
        cell.text, cell.width = text, Cm(width)
    above = None
    for number, (line, (name, text, units)) in enumerate(zip(grid[1:], rows, strict=True), start=1):
        line[0].text, line[2].text, line[3].text = str(number), text, units
        if name or above is None:
            line[1].text, above = name, line[1]
        else:
            above = above.merge(line[1])
            _without_empty_end(above)


def _without_empty_end(cell: Any) -> None:
    """Merging adds an empty paragraph, which would read as a line break."""
    for paragraph in cell.paragraphs[1:]:
        if not paragraph.text:
            paragraph._p.getparent().remove(paragraph._p)


def _still(content: bytes) -> bytes:
    """The same container with fixed times, so that the same data gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return out.getvalue()
