"""A document that was taken in becomes `anlan.plan/1`: head, points, tables, doubts.

Flows in: the one document of `blocks`. Flows out: plain data, or a refusal that says what was
looked for and where the reading stopped.
"""

from __future__ import annotations

import re
from typing import Any

from anlan.rooms.workplan.reader.blocks import Document, Grid, Paragraph
from anlan.rooms.workplan.reader.cards import gathered
from anlan.rooms.workplan.reader.head import PLAN_WORD, head, points
from anlan.rooms.workplan.reader.limits import PlanRefused
from anlan.rooms.workplan.reader.listed import tasks
from anlan.rooms.workplan.reader.matrix import unfolded
from anlan.rooms.workplan.reader.rows import Doubts, Origins, rows_of
from anlan.rooms.workplan.reader.tables import Table, plan_tables

SCHEMA = "anlan.plan/1"
POINTS_MIN = 3


def plan_of(document: Document, name: str, origins: Origins | None = None) -> dict[str, Any]:
    """The plan; PlanRefused where the document is none. origins: filled, see `rows.rows_of`."""
    data = head(document, name)
    found = plan_tables(gathered(unfolded(document)))
    listed = None if found else tasks(document, data["title"])
    if listed is not None:
        found = plan_tables(Document([listed]))
    promised = points(document, data["year"])
    doubts = Doubts()
    tables = _tables(found, data["year"], doubts, origins)
    if not tables and not _is_plan_text(promised, data["title"]):
        raise _no_plan(document, name, len(promised))
    if not tables:
        doubts.add("no-table", None, None, "只有正文，没有带责任单位的表")
    elif listed is not None:
        doubts.add("rows-from-text", None, None, "没有表，条目由正文括注的单位和时限读出")
    for code, message in document.unread:
        doubts.add(code, None, None, message)
    _compare(promised, tables, doubts)
    return {"schema": SCHEMA, "document": data, "points": promised, "tables": tables,
            "doubts": doubts.found}  # fmt: skip


def _is_plan_text(promised: list[dict[str, Any]], title: str) -> bool:
    return len(promised) >= POINTS_MIN and bool(PLAN_WORD.search(title))


def _tables(
    found: list[Table], year: int | None, doubts: Doubts, origins: Origins | None
) -> list[dict[str, Any]]:
    tables: list[dict[str, Any]] = []
    for table in found:
        number = len(tables) + 1
        rows = rows_of(table, number, year, doubts, origins)
        if not rows:
            continue
        tables.append({"number": number, "title": table.title, "rows": rows})
        left = _unused(table)
        if left:
            doubts.add("column-unused", number, None, f"没有用到的列：{left}")
        for note in table.notes:
            doubts.add("table-note", number, None, f"表下有注：{note}")
    return tables


def _unused(table: Table) -> str:
    names = [
        "/".join(path)
        for role, path in zip(table.roles, table.headers, strict=True)
        if role == "unused" and path
    ]
    return "、".join(dict.fromkeys(names))


def _no_plan(document: Document, name: str, count: int) -> PlanRefused:
    grids, paragraphs = document.grids(), [p for p in document.paragraphs() if p.text.strip()]
    last = next(
        (b for b in reversed(document.blocks) if isinstance(b, Grid) or b.text.strip()), None
    )
    place = last.place if last is not None else ""
    shown = ""
    if isinstance(last, Paragraph):
        shown = f"，最后读到“{last.text.strip()[:20]}”"
    elif isinstance(last, Grid) and last.cells:
        shown = f"，最后一张表的第一行是“{'|'.join(cell.text.strip()[:8] for cell in last.cells[0][:6])}”"
    return PlanRefused(
        "not-a-plan",
        f"找了“（一）……。”这样的条目和表头含名称（任务）、目标、责任单位的表：条目 {count} 条，"
        f"合用的表 0 张（共 {len(grids)} 张表、{len(paragraphs)} 段文字）",
        f"{name}{'，' if name else ''}读到{place or '文末'}{shown}",
        "请确认是政府印发的工作要点全文，附表随正文一起提供",
    )


def _compare(promised: list[dict[str, Any]], tables: list[dict[str, Any]], doubts: Doubts) -> None:
    """A paper that a point gives to one place and a table to another is a doubt, not a fix."""
    in_points = {
        title: point["number"]
        for point in promised
        for title in re.findall(r"《([^》]+)》", point["text"])
    }
    for table in tables:
        for row in table["rows"]:
            for title in dict.fromkeys(re.findall(r"《([^》]+)》", row["name"] + row["text"])):
                other = _same_but_place(title, in_points)
                if other:
                    doubts.add(
                        "named-otherwise", table["number"], row["row"],
                        f"表中为《{title}》，正文为《{other}》", in_points[other],
                    )  # fmt: skip


PLACE = re.compile(r"^(?:[^《》\s]{1,4}?(?:省|市|县|区|州|旗))+")


def _same_but_place(title: str, others: dict[str, int]) -> str:
    """Another title that differs only in the place it begins with (…市 against …县)."""
    if title in others:
        return ""
    bare = PLACE.sub("", title)
    return next((other for other in others if PLACE.sub("", other) == bare), "")
