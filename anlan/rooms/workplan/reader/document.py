"""The document: head, chapters and points, tables and their rows, in flattened text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from anlan.rooms.workplan.reader.quantities import quantities
from anlan.rooms.workplan.reader.units import units

SCHEMA = "anlan.plan/1"
BYTES_MAX = 20 * 1024 * 1024
LINES_MAX = 200_000
NUMERALS = "一二三四五六七八九十"
CHAPTER = re.compile(rf"^([{NUMERALS}]+)、(.+)$")
POINT = re.compile(rf"^（([{NUMERALS}]+)）([^。]+)。(.*)$")
NUMBER_LINE = re.compile(r"([^\s\d]{1,20})〔(\d{4})〕(\d+)号")
DATE_LINE = re.compile(r"^(\d{4})年(\d{1,2})月(\d{1,2})日$")
YEAR_TITLE = re.compile(r"(20\d{2})年")
HEADER_WORDS = {
    "number": ("序号", "编号"),
    "name": ("名称", "项目", "事项", "领域", "任务"),
    "target": ("目标", "内容", "任务内容", "工作要求"),
    "units": ("责任单位", "单位"),
    "note": ("备注",),
}
VERBS = ("深化", "健全", "完善", "强化", "加强", "提升", "推进", "构建", "夯实", "抓好")
SIGNATURES = ((b"PK\x03\x04", "DOCX/XLSX"), (b"%PDF", "PDF"), (b"\xd0\xcf\x11\xe0", "DOC/WPS"))


class PlanRefused(Exception):
    """The file is no plan, or cannot be read: code, message, place, mend."""

    def __init__(self, code: str, message: str, place: str, mend: str):
        super().__init__(f"{message}（{place}）")
        self.code, self.message, self.place, self.mend = code, message, place, mend

    def as_dict(self) -> dict[str, str]:
        return {
            "code": self.code,
            "message": self.message,
            "place": self.place,
            "mend": self.mend,
        }


def read_plan(source: Path | str | bytes, name: str = "") -> dict[str, Any]:
    """The plan as `anlan.plan/1`; PlanRefused where it is none."""
    content, name = _bytes(source, name)
    text = _decode(content, name)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > LINES_MAX:
        raise PlanRefused("too-long", f"超过 {LINES_MAX} 行", name, "请只保留工作要点正文和附表")
    head = _head(lines)
    points = _points(lines)
    doubts: list[dict[str, Any]] = []
    tables = _tables(lines, head["year"], doubts)
    if not points and not tables:
        last = next((i for i, line in enumerate(lines, 1) if line.strip()), 0)
        raise PlanRefused(
            "not-a-plan", "找了“（一）……。”这样的条目和带“序号、名称、责任单位”的表，都没有",
            f"{name}，共 {len(lines)} 行，第一处文字在第 {last} 行",
            "请确认是政府印发的工作要点全文，附表随正文一起复制",
        )  # fmt: skip
    _compare(points, tables, doubts)
    return {"schema": SCHEMA, "document": head, "points": points, "tables": tables,
            "doubts": doubts}  # fmt: skip


def _bytes(source: Path | str | bytes, name: str) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        content = source
    else:
        path = Path(source)
        name = name or path.name
        if path.is_dir():
            raise PlanRefused("folder", "这是文件夹", name, "请选择一个文件")
        if not path.exists():
            raise PlanRefused("file-missing", "没有这个文件", str(path), "请核对路径")
        if path.stat().st_size > BYTES_MAX:
            raise PlanRefused("too-large", "文件超过 20 MB", name, "请去掉图片后另存")
        content = path.read_bytes()
    if len(content) > BYTES_MAX:
        raise PlanRefused("too-large", "文件超过 20 MB", name, "请去掉图片后另存")
    if not content.strip():
        raise PlanRefused("empty", "文件是空的", name, "请重新导出")
    return content, name


def _decode(content: bytes, name: str) -> str:
    for mark, kind in SIGNATURES:
        if content.startswith(mark):
            raise PlanRefused(
                "format-later", f"这是 {kind} 文件，目前只读纯文本", name,
                "请打开后全选复制，另存为 UTF-8 或 GBK 文本",
            )  # fmt: skip
    if b"\0" in content:
        raise PlanRefused("binary", "文件里有空字符，不是文本", name, "请另存为 UTF-8 文本")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise PlanRefused("encoding", "既不是 UTF-8 也不是 GBK", name, "请另存为 UTF-8 文本")


def numeral(text: str) -> int:
    """二十四 → 24, for numbers of chapters and points."""
    total, current = 0, 0
    for char in text:
        if char == "十":
            total += (current or 1) * 10
            current = 0
        else:
            current = NUMERALS.index(char) + 1
    return total + current


def _head(lines: list[str]) -> dict[str, Any]:
    """Title, document number, issuer, date, year, from the lines before the first chapter."""
    top = []
    for line in lines[:200]:
        if CHAPTER.match(line.strip()):
            break
        top.append(line.strip())
    joined = "\n".join(top)
    number = NUMBER_LINE.search(joined)
    dates = [DATE_LINE.match(line) for line in top]
    date = next((found for found in dates if found), None)
    issuer = next((line for line in top if line.endswith(("人民政府", "委员会", "办公室"))), "")
    quoted = re.search(r"《([^》]*工作要点[^》]*)》", joined)
    title = quoted.group(1) if quoted else next((line for line in top if "工作要点" in line), "")
    year = YEAR_TITLE.search(title) or YEAR_TITLE.search(joined)
    written = "-".join(
        f"{int(part):02d}" if i else part for i, part in enumerate(date.groups())
    ) if date else ""  # fmt: skip
    return {
        "title": title,
        "number": number.group(0) if number else "",
        "issuer": issuer,
        "date": written,
        "year": int(year.group(1)) if year else None,
    }


def _points(lines: list[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    system = ""
    for line in lines:
        text = line.strip()
        if line.startswith("\t"):
            continue
        chapter = CHAPTER.match(text)
        if chapter:
            system = _system(chapter.group(2))
            continue
        point = POINT.match(text)
        if point:
            body = point.group(3)
            found.append({
                "number": numeral(point.group(1)), "system": system, "heading": point.group(2),
                "text": body, "quantities": [q.as_dict() for q in quantities(body)],
            })  # fmt: skip
    return found


def _system(title: str) -> str:
    """安全责任体系 of 深化安全责任体系，提升综合统筹能力."""
    first = title.split("，")[0]
    return next((first[len(verb) :] for verb in VERBS if first.startswith(verb)), first)


# tables


def _tables(
    lines: list[str], year: int | None, doubts: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Tables as they stand in flattened text: cells one a line behind a tab, blank between rows."""
    tables: list[dict[str, Any]] = []
    at = 0
    while at < len(lines):
        header = _header(lines, at)
        if header is None:
            at += 1
            continue
        columns, at = header
        number = len(tables) + 1
        rows, at = _rows(lines, at, columns, number, year, doubts)
        title = _title(lines, at - 1, header[1] - len(columns))
        tables.append({"number": number, "title": title, "rows": rows})
    return tables


def _header(lines: list[str], at: int) -> tuple[list[str], int] | None:
    """The columns of a header that begins here, and the line after it."""
    if _role(lines[at]) != "number":
        return None
    columns = ["number"]
    for line in lines[at + 1 : at + 8]:
        role = _role(line)
        if role is None or role in columns:
            break
        columns.append(role)
    if not {"name", "target", "units"} <= set(columns):
        return None
    return columns, at + len(columns)


def _role(line: str) -> str | None:
    if not line.startswith("\t"):
        return None
    text = re.sub(r"\s", "", line)
    exact = {"number": "序号", "note": "备注", "units": "责任单位"}
    for role, word in exact.items():
        if text == word or text in HEADER_WORDS[role]:
            return role
    if text and any(word in text for word in HEADER_WORDS["target"]) and len(text) <= 12:
        return "target"
    return "name" if text in HEADER_WORDS["name"] else None


def _title(lines: list[str], _end: int, header: int) -> str:
    """The last chapter-like line above the header."""
    for line in reversed(lines[max(0, header - 6) : header]):
        found = CHAPTER.match(line.strip())
        if found:
            return found.group(2)
    return ""


def _rows(
    lines: list[str], at: int, columns: list[str], table: int, year: int | None,
    doubts: list[dict[str, Any]],
) -> tuple[list[dict[str, Any]], int]:  # fmt: skip
    rows: list[dict[str, Any]] = []
    previous: dict[str, Any] | None = None
    while at < len(lines):
        if not lines[at].startswith("\t") or not lines[at].strip():
            if CHAPTER.match(lines[at].strip()) or _header(lines, at):
                break
            at += 1
            continue
        if not lines[at].strip().isdigit():
            break
        cells = [line.strip() for line in lines[at : at + len(columns)]]
        at += len(columns)
        cell = dict(zip(columns, cells, strict=False))
        previous = _row(cell, previous, table, year, doubts)
        rows.append(previous)
    return rows, at


def _row(
    cell: dict[str, str], previous: dict[str, Any] | None, table: int, year: int | None,
    doubts: list[dict[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    number = int(cell["number"])
    name, units_text = cell.get("name", ""), cell.get("units", "")
    name_inherited = not name and previous is not None
    units_inherited = not units_text and previous is not None
    if name_inherited and previous is not None:
        name = previous["name"]
    if units_inherited and previous is not None:
        units_text = previous["units_text"]
        _doubt(doubts, "units-inherited", table, number, "责任单位栏为空，沿用上一行")
    people, codes = units(units_text)
    for code in codes:
        _doubt(doubts, code, table, number, MESSAGES[code])
    text = cell.get("target", "")
    return {
        "row": number, "name": name, "name_inherited": name_inherited, "text": text,
        "units_text": units_text, "units_inherited": units_inherited,
        "units": [unit.as_dict() for unit in people],
        "quantities": [q.as_dict() for q in quantities(text, name)],
        "deadline": f"{year}-12-31" if year else "", "note": cell.get("note", ""),
    }  # fmt: skip


MESSAGES = {
    "no-lead": "第一个是集合，没有牵头单位",
    "unit-twice": "同一个单位写了两次",
}


def _doubt(
    doubts: list[dict[str, Any]], code: str, table: int | None, row: int | None, message: str,
    point: int | None = None,
) -> None:  # fmt: skip
    doubts.append({"code": code, "table": table, "row": row, "point": point, "message": message})


def _compare(
    points: list[dict[str, Any]], tables: list[dict[str, Any]], doubts: list[dict[str, Any]]
) -> None:
    """A document that a point names for one place and a table for another is a doubt, not a fix."""
    in_points = {
        title: point["number"]
        for point in points
        for title in re.findall(r"《([^》]+)》", point["text"])
    }
    for table in tables:
        for row in table["rows"]:
            for title in re.findall(r"《([^》]+)》", row["name"] + row["text"]):
                other = _same_but_place(title, in_points)
                if other:
                    _doubt(
                        doubts, "named-otherwise", table["number"], row["row"],
                        f"表中为《{title}》，正文为《{other}》", in_points[other],
                    )  # fmt: skip


def _same_but_place(title: str, others: dict[str, int]) -> str:
    """Another title that differs only in the place it begins with (…市 against …县)."""
    bare = re.sub(r"^\S{1,4}?[市县区]", "", title)
    for other in others:
        if (
            other != title
            and re.sub(r"^\S{1,4}?[市县区]", "", other.removeprefix("重庆市")) == bare
        ):
            return other
    return ""
