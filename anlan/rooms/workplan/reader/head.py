"""The document's own data, its chapters and its points, from running text."""

from __future__ import annotations

import re
from typing import Any

from anlan.rooms.workplan.reader.blocks import Block, Document, Grid, Paragraph
from anlan.rooms.workplan.reader.numerals import CHARS, ordinal, plain
from anlan.rooms.workplan.reader.quantities import quantities

HEAD_PARAGRAPHS_MAX = 60
NUMBER_LINE = re.compile(
    r"([^\s\d〔\[［【（(《》，。]{1,20})[〔\[［【]\s*(\d{4})\s*[〕\]］】]\s*第?(\d+)\s*号"
)
DATE_LINE = re.compile(r"(20\d{2})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
DATE_CHINESE = re.compile(
    rf"(二[〇○零O0]([{CHARS}○]){{2}})年([{CHARS}]{{1,2}})月([{CHARS}]{{1,3}})日"
)
YEAR = re.compile(r"(20\d{2})\s*年?")
KINDS = "工作要点|要点|工作计划|行动方案|行动计划|重点任务|任务分解|目标任务|目标责任|责任清单|任务清单|实施方案|工作方案|工作安排|考核指标|责任分工|任务分工|分解表|责任分解|计划|方案|清单|指标"
PLAN_WORD = re.compile(f"(?:{KINDS})")
ISSUER = re.compile(
    r"^[^，。：:《》〔〕\s]{2,30}(?:人民政府|委员会|办公室|政府办|指挥部|领导小组|管委会|局|安委会|减灾委)$"
)
CHAPTER = re.compile(rf"^第?([{CHARS}]+)(?:、|部分|章|[．.])\s*(.+)$")
POINT = re.compile(rf"^[（(]\s*([{CHARS}]+|\d+)\s*[）)]\s*(.+)$", re.S)
ITEM = re.compile(r"^(\d{1,3})\s*[.．、]\s*(?!\d)(.+)$", re.S)
VERBS = ("深化", "健全", "完善", "强化", "加强", "提升", "推进", "构建", "夯实", "抓好", "落实", "筑牢", "压实", "严格", "着力", "持续",
         "全面", "突出", "聚焦", "做好", "优化", "狠抓", "紧盯")  # fmt: skip
HEADING_CHARS_MAX = 40


def head(document: Document, name: str = "") -> dict[str, Any]:
    """Title, document number, issuer, date and year: from the lines before the first chapter."""
    top = _top(document)
    joined = "\n".join(top)
    number = NUMBER_LINE.search(plain(joined))
    title = _title(top)
    dated = _date(top)
    year = _year(title, joined, dated, name)
    return {
        "title": title,
        "number": re.sub(r"\s", "", number.group(0)) if number else "",
        "issuer": _issuer(top, title),
        "date": dated,
        "year": year,
    }


def _top(document: Document) -> list[str]:
    """Lines up to the first chapter, and the upper lines of grids on the way."""
    top: list[str] = []
    for block in document.blocks:
        if isinstance(block, Grid):
            top += [block.caption] if block.caption else []
            top += _grid_top(block)
        else:
            text = block.text.strip()
            if CHAPTER.match(text) and len(top) > 1 and not PLAN_WORD.search(text):
                break
            if text:
                top.append(text)
        if len(top) >= HEAD_PARAGRAPHS_MAX:
            break
    return top


def _grid_top(grid: Grid) -> list[str]:
    lines = []
    for row in grid.cells[:4]:
        texts = {id(cell): cell.text.strip() for cell in row if cell.text.strip()}
        if len(texts) == 1:
            lines.append(next(iter(texts.values())))
    return lines


def _title(top: list[str]) -> str:
    """The plan's name: quoted in the notice, or the line (or two broken ones) that says a kind."""
    joined = "".join(top)
    quoted = re.search(rf"(?:现将|印发|制定(?:了)?|将)\s*《([^》]*(?:{KINDS})[^》]*)》", joined)
    if quoted:
        return re.sub(r"\s", "", quoted.group(1))
    for at, line in enumerate(top):
        if (
            PLAN_WORD.search(line)
            and len(line) <= 60
            and not re.search(r"[。：]", line)
            and not NUMBER_LINE.search(line)
        ):
            return _whole_title(top, at)
    return next(
        (line for line in top if 6 <= len(line) <= 60 and not re.search(r"[。：]", line)), ""
    )


def _whole_title(top: list[str], at: int) -> str:
    line = top[at].strip("#* ")
    if not YEAR.search(line):
        for back in (1, 2):
            before = "".join(top[at - back : at]) if at >= back else ""
            if (
                before
                and len(before) <= 60
                and YEAR.search(before)
                and not re.search(r"[。：〔号日]", before)
            ):
                return re.sub(r"\s", "", before + line)
    return re.sub(r"\s+", "", line)


def _issuer(top: list[str], title: str) -> str:
    named = [line for line in (re.sub(r"\s", "", own) for own in top) if ISSUER.match(line)]
    if named:
        return named[0]
    about = re.search(
        r"([^\s，。《》〔〕]{2,20}(?:人民政府|委员会|办公室|安委会|指挥部))(?:办公室)?\s*关于",
        "".join(top),
    )
    return about.group(1) if about else ""


def _date(top: list[str]) -> str:
    for line in top:
        match = DATE_LINE.search(plain(line))
        if match and len(line) <= 40:
            return f"{match.group(1)}-{int(match.group(2)):02d}-{int(match.group(3)):02d}"
        chinese = DATE_CHINESE.search(line)
        if chinese:
            digits = "".join(str(ordinal(char) or 0) for char in chinese.group(1)[0:4])
            month, day = ordinal(chinese.group(3)), ordinal(chinese.group(4))
            if month and day:
                return f"20{digits[2:4]}-{month:02d}-{day:02d}"
    return ""


def _year(title: str, joined: str, dated: str, name: str) -> int | None:
    for text in (title, joined, name):
        match = re.search(r"(20\d{2})\s*年(?!\s*\d{1,2}\s*月)", plain(text)) or (
            YEAR.search(plain(text)) if text is title else None
        )
        if match:
            return int(match.group(1))
    return int(dated[:4]) if dated else None


# points


def points(document: Document, year: int | None) -> list[dict[str, Any]]:
    """The numbered points of the running text, each with its system and its quantities."""
    marked = list(_marked(document.blocks))
    kind = "point" if any(own[0] == "point" for own in marked) else "item"
    found: list[dict[str, Any]] = []
    system = ""
    for what, number, text in marked:
        if what == "chapter":
            system = _system(text)
        elif what == kind:
            found.append(_point(number, system, text))
        elif found and what in ("text", "item") and found[-1]["system"] == system:
            found[-1]["text"] = (found[-1]["text"] + "\n" + text).strip()
    found = [own for own in found if own["system"] or kind == "point"]
    _number(found)
    for own in found:
        own["quantities"] = [
            q.as_dict()
            for q in quantities(own["text"], own["heading"], year)
            if q.op != "judged" or len(own["text"]) > 30
        ]
    return found


def _marked(blocks: list[Block]) -> list[tuple[str, int, str]]:
    """(chapter, point, item or text; number; text) of running text, up to the annex."""
    marked: list[tuple[str, int, str]] = []
    for block in blocks:
        if isinstance(block, Grid):
            if marked and marked[-1][0] == "text" and len(marked[-1][2]) <= HEADING_CHARS_MAX:
                marked.pop()
            continue
        text = block.text.strip()
        if not text:
            continue
        if re.match(r"^附\s*[件表]", text) and len(text) <= HEADING_CHARS_MAX:
            marked.append(("chapter", 0, ""))
            continue
        marked.append(_mark(block, text))
    return marked


def _mark(block: Paragraph, text: str) -> tuple[str, int, str]:
    for what, pattern in (("point", POINT), ("chapter", CHAPTER), ("item", ITEM)):
        match = pattern.match(text)
        number = ordinal(match.group(1)) if match else None
        if match and number is not None:
            if what == "chapter" and (len(text) > 80 or "。" in text[:-1]):
                continue
            if what == "point" and len(text) <= 12 and re.search(r"公开|发布|印发|此件", text):
                continue
            return what, number, match.group(2).strip()
    return "text", 0, text


def _point(number: int, system: str, text: str) -> dict[str, Any]:
    heading, _stop, body = text.partition("。")
    if not _stop and len(heading) > HEADING_CHARS_MAX:
        heading, _stop, body = text.partition("，")
        body = text
    if "：" in heading and len(heading) > HEADING_CHARS_MAX:
        heading, _colon, rest = heading.partition("：")
        body = rest + _stop + body
    return {
        "number": number,
        "system": system,
        "heading": heading.strip(),
        "text": body.strip(),
        "quantities": [],
    }


def _number(found: list[dict[str, Any]]) -> None:
    """Numbers that begin again in each chapter are counted through."""
    numbers = [own["number"] for own in found]
    if len(set(numbers)) != len(numbers):
        for at, own in enumerate(found, 1):
            own["number"] = at


def _system(title: str) -> str:
    """安全责任体系 of 深化安全责任体系，提升综合统筹能力."""
    first = re.split(r"[，,。；]", title.strip())[0]
    return next(
        (
            first[len(verb) :]
            for verb in VERBS
            if first.startswith(verb) and len(first) > len(verb) + 1
        ),
        first,
    )
