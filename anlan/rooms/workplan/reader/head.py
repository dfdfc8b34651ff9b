"""The document's own data, its chapters and its points, from running text."""

from __future__ import annotations

import re
from typing import Any

from anlan.rooms.workplan.reader.blocks import Block, Document, Grid
from anlan.rooms.workplan.reader.numerals import CHARS, ordinal, plain
from anlan.rooms.workplan.reader.quantities import quantities
from anlan.rooms.workplan.reader.tables import CAPTION_PREFIX, lead_lines

HEAD_PARAGRAPHS_MAX = 60
TITLE_CHARS_MIN, TITLE_CHARS_MAX, TITLE_LINES_MAX = 5, 60, 3
NUMBER_LINE = re.compile(
    r"([^\s\d〔\[［【（(《》，。]{1,20})[〔\[［【]\s*(\d{4})\s*[〕\]］】]\s*第?(\d+)\s*号"
)
DATE_LINE = re.compile(r"(20\d{2})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
DATE_CHINESE = re.compile(
    rf"(二[〇○零O0]([{CHARS}○]){{2}})年([{CHARS}]{{1,2}})月([{CHARS}]{{1,3}})日"
)
DATED = re.compile(
    r"[（(]?\s*(?:20\d{2}|二[〇○零O0]\S{2})\s*年\s*\S{1,3}\s*月\s*\S{1,3}\s*日\s*[）)]?"
)
YEAR = re.compile(r"(20\d{2})\s*年?")
KINDS = "工作要点|要点|工作计划|行动方案|行动计划|重点任务|任务分解|目标任务|目标责任|责任清单|任务清单|实施方案|工作方案|工作安排|考核指标|责任分工|任务分工|分解表|责任分解|计划|方案|清单|指标"
PLAN_WORD = re.compile(f"(?:{KINDS})")
ISSUER = re.compile(
    r"^[^，。：:《》〔〕\s]{2,30}(?:人民政府|委员会|办公室|政府办|指挥部|领导小组|管委会|局|安委会|减灾委)$"
)
WORD_CHARS_MIN = 4  # a name whose letters are set apart has shorter pieces
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
    dated = _date(top) or _date(
        [own.text for own in document.paragraphs() if DATED.fullmatch(own.text.strip())]
    )
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
            top += lead_lines(block)
        else:
            text = block.text.strip()
            if CHAPTER.match(text) and len(top) > 1 and not PLAN_WORD.search(text):
                break
            if text:
                top.append(text)
        if len(top) >= HEAD_PARAGRAPHS_MAX:
            break
    return top


def _title(top: list[str]) -> str:
    """The plan's name: quoted in the notice, else the line (or broken lines) that says a kind of plan."""
    joined = "".join(top)
    quoted = re.search(
        rf"(?:现将|印发|制定(?:了)?|将)\s*《([^》]*(?:{KINDS})[^》]*)》", joined
    ) or re.search(rf"《([^》]*(?:{KINDS})[^》]*)》[^。《]{{0,40}}印发", joined)
    if quoted:
        return re.sub(r"\s", "", quoted.group(1))
    named = [own for own in (_whole_title(top, at) for at in range(len(top))) if own]
    ranked = sorted(named, key=lambda own: (not YEAR.search(own[0]), own[1]))
    if ranked:
        return ranked[0][0]
    return next(
        (
            line
            for line in top
            if TITLE_CHARS_MIN < len(line) <= TITLE_CHARS_MAX and not re.search(r"[。：]", line)
        ),
        "",
    )


def _whole_title(top: list[str], at: int) -> tuple[str, bool] | None:
    """(title, taken out of its notice) that begins in this line and may be broken over two more."""
    if DATED.fullmatch(top[at]) or top[at].startswith(("（", "(")):
        return None
    for count in range(1, TITLE_LINES_MAX + 1):
        parts = [CAPTION_PREFIX.sub("", own.strip("#* ")) for own in top[at : at + count]]
        text = re.sub(r"\s", "", "".join(parts))
        if len(text) > TITLE_CHARS_MAX or re.search(r"[。：:；〔，]", text) or len(parts) < count:
            return None
        notice = re.search(r"关于(?:印发|下达|做好|公布)?(.+?)的通知$", text)
        if notice:
            return (notice.group(1) if PLAN_WORD.search(notice.group(1)) else text), True
        if text.startswith(("关于", "附件")) or ISSUER.match(parts[0]):
            continue
        if (
            PLAN_WORD.search(text)
            and len(text) > TITLE_CHARS_MIN
            and not text.endswith(("、", "和", "及"))
        ):
            return (text, False) if YEAR.search(text) or count == 1 else None
    return None


def _issuer(top: list[str], title: str) -> str:
    """Who signs: a line of its own, a word of the line below the title, or before 关于."""
    for line in top:
        named = re.search(
            r"(?:印发|发文|制定|发布|编制)(?:单位|机关|部门)\s*[:：]\s*([^\s，。；）]{4,30})", line
        )
        if named:
            return named.group(1)
    for line in top:
        if len(line) <= TITLE_CHARS_MAX and not re.search(r"[。：:，]", line):
            pieces = re.split(r"[\s（）()]+", line)
            whole = [] if any(len(own) >= WORD_CHARS_MIN for own in pieces[:-1]) else [line]
            for word in (*(re.sub(r"\s", "", own) for own in whole), *pieces):
                if ISSUER.match(word) and not word.startswith(("各", "当前")):
                    return word
    about = re.search(
        r"([^\s，。《》〔〕]{2,20}(?:人民政府|委员会|办公室|安委会|指挥部))(?:办公室)?\s*关于",
        "".join(top),
    )
    return about.group(1) if about else ""


def _date(top: list[str]) -> str:
    for line in top:
        match = DATE_LINE.search(plain(line))
        if match and len(line) <= TITLE_CHARS_MAX and "。" not in line:
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
    kind = _kind(marked)
    found: list[dict[str, Any]] = []
    system, open_point = "", False
    for what, number, text in marked:
        if what == kind:
            found.append(_point(number, system, text))
            open_point = True
        elif what == "chapter":
            system, open_point = _system(text), False
        elif open_point:
            found[-1]["text"] = (found[-1]["text"] + "\n" + text).strip()
    _number(found)
    for own in found:
        own["quantities"] = [
            q.as_dict()
            for q in quantities(own["text"], own["heading"], year)
            if len(own["text"]) > 1
        ]
    return found


def _kind(marked: list[tuple[str, int, str]]) -> str:
    """What the points are: （一） where there are any, else 1. or, with text of their own, 一、."""
    kinds = [what for what, _number, _text in marked]
    if "point" in kinds:
        return "point"
    if kinds.count("item") > 1:
        return "item"
    told = [text for what, _number, text in marked if what == "chapter" and "。" in text]
    return "chapter" if len(told) > 1 else "item"


def _marked(blocks: list[Block]) -> list[tuple[str, int, str]]:
    """(chapter, point, item or text; number; text) of running text, up to the annex."""
    marked: list[tuple[str, int, str]] = []
    for block in blocks:
        if isinstance(block, Grid):
            last = marked[-1] if marked else ("", 0, "")
            if (
                last[0] in ("text", "chapter")
                and len(last[2]) <= HEADING_CHARS_MAX
                and "。" not in last[2]
            ):
                marked[-1:] = []
            marked += [_mark(text) for text in lead_lines(block)]
            if not lead_lines(block):
                marked.append(("chapter", 0, ""))
            continue
        text = block.text.strip()
        if not text:
            continue
        if re.match(r"^附\s*[件表]", text) and len(text) <= HEADING_CHARS_MAX:
            marked.append(("chapter", 0, ""))
            continue
        marked.append(_mark(text))
    return marked


def _mark(text: str) -> tuple[str, int, str]:
    for what, pattern in (("point", POINT), ("chapter", CHAPTER), ("item", ITEM)):
        match = pattern.match(text)
        number = ordinal(match.group(1)) if match else None
        if match and number is not None:
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
