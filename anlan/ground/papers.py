"""Official papers (公文) as DOCX and PDF, laid out after GB/T 9704: A4, 仿宋, page x of y.

Flows in: a `Paper`: title, number, addressee, paragraphs, tables, signature, source and time. Flows
out: bytes. There is no red head: what this program prints is a copy for work. 仿宋 is embedded in a
PDF where the machine has it, else the reader's own STSong-Light stands in; a DOCX names 仿宋 and
leaves the choice to the office program. Nothing of the text is read as markup.

Limits: PARTS_MAX paragraphs and tables, ROWS_MAX rows of a table, CHARS_MAX characters of a part.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _

from anlan.ground import clock
from anlan.ground.errors import Refusal

PARTS_MAX = 2_000
ROWS_MAX = 2_000
CHARS_MAX = 20_000
# GB/T 9704-2012, 5.2 and 7.3: the type area is 156 × 225 mm on A4; body in size 3 (16 pt), title
# in size 2 (22 pt), a line of 28.95 pt so that a page holds 22 of them.
TOP_MM, BOTTOM_MM, LEFT_MM, RIGHT_MM = 37, 35, 28, 26
BODY_PT, TITLE_PT, LINE_PT, CELL_PT, FOOT_PT = 16, 22, 28.95, 10.5, 10
LANDSCAPE_MARGIN_MM = 20
BUILT_IN = "STSong-Light"
FONT_FILES = (
    "simfang.ttf", "STFANGSO.TTF", "FangSong.ttf", "FangSong_GB2312.ttf", "仿宋_GB2312.ttf"
)  # fmt: skip
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts")
FONT_FILES_SEEN_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a section (黑体)."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """heads and rows of text; shares: the width of each column as a share of the whole."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shares: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """What is printed. made_at: when, for the foot of every page; source: from where.

    compact: narrow margins and small letters, for a page that is read on a telephone.
    """

    title: str
    parts: Sequence[str | Heading | Table]
    made_at: datetime
    source: str
    number: str = ""
    to: str = ""
    signed_by: str = ""
    signed_on: date | None = None
    demo: bool = False
    landscape: bool = False
    compact: bool = False


def day_text(on: date) -> str:
    """2025年7月1日, without leading zeros (GB/T 9704, 7.3.5.4)."""
    return f"{on.year}年{on.month}月{on.day}日"


def plain(text: object) -> str:
    """Without control characters: neither office file nor PDF may carry them."""
    return "".join(c for c in str(text) if c == "\n" or unicodedata.category(c)[0] != "C")


def foot(paper: Paper) -> str:
    """Source and time, at the foot of every page."""
    moment = clock.local(paper.made_at).strftime("%Y-%m-%d %H:%M")
    words = [_("演示数据")] if paper.demo else []
    return " · ".join([*words, plain(paper.source), moment])


def check(paper: Paper) -> None:
    """Refuses what is too long to print, naming the limit."""
    rows = max((len(part.rows) for part in paper.parts if isinstance(part, Table)), default=0)
    longest = max((len(part) for part in paper.parts if isinstance(part, str)), default=0)
    for count, limit in ((len(paper.parts), PARTS_MAX), (rows, ROWS_MAX), (longest, CHARS_MAX)):
        if count > limit:
            raise Refusal(
                "paper-long", _("内容太多，排不成一份公文"), f"{count} > {limit}",
                _("请先筛选，再导出"),
            )  # fmt: skip


# PDF


@lru_cache(maxsize=1)
def font_name() -> str:
    """The name under which reportlab knows the font of the body; registers it once."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    path = find_font()
    if path is not None:
        try:
            pdfmetrics.registerFont(TTFont("FangSong", str(path)))
        except (TTFError, OSError):
            path = None
    if path is not None:
        return "FangSong"
    pdfmetrics.registerFont(UnicodeCIDFont(BUILT_IN))
    return BUILT_IN


def find_font(folders: Sequence[str] = FONT_FOLDERS) -> Path | None:
    """A file of 仿宋 on this machine; None where there is none."""
    wanted = {name.lower() for name in FONT_FILES}
    seen = 0
    for folder in [*folders, str(Path.home() / ".fonts")]:
        for path in Path(folder).rglob("*"):
            seen += 1
            if seen > FONT_FILES_SEEN_MAX:
                return None
            if path.name.lower() in wanted:
                return path
    return None


def pdf(paper: Paper) -> bytes:
    """The paper as PDF."""
    check(paper)
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    target = io.BytesIO()
    side = LANDSCAPE_MARGIN_MM
    top, bottom, left, right = (
        (side,) * 4 if paper.landscape or paper.compact else (TOP_MM, BOTTOM_MM, LEFT_MM, RIGHT_MM)
    )
    document = SimpleDocTemplate(
        target, pagesize=landscape(A4) if paper.landscape else A4, topMargin=top * mm,
        bottomMargin=bottom * mm, leftMargin=left * mm, rightMargin=right * mm,
        title=plain(paper.title), author=_("安澜"), creator=_("安澜"),
    )  # fmt: skip
    document.build(_story(paper, document.width), canvasmaker=_canvas_of(foot(paper)))
    return target.getvalue()


def _styles(paper: Paper) -> dict[str, Any]:
    from reportlab.lib.enums import TA_CENTER, TA_RIGHT
    from reportlab.lib.styles import ParagraphStyle

    name = font_name()
    size, line = (12, 20) if paper.landscape or paper.compact else (BODY_PT, LINE_PT)
    body = ParagraphStyle("body", fontName=name, fontSize=size, leading=line, wordWrap="CJK",
                          firstLineIndent=2 * size)  # fmt: skip
    return {
        "body": body,
        "to": ParagraphStyle("to", parent=body, firstLineIndent=0),
        "heading": ParagraphStyle("heading", parent=body, spaceBefore=6, keepWithNext=1),
        "title": ParagraphStyle("title", parent=body, fontSize=TITLE_PT, leading=TITLE_PT * 1.5,
                                alignment=TA_CENTER, firstLineIndent=0, spaceAfter=12),
        "number": ParagraphStyle("number", parent=body, alignment=TA_CENTER, firstLineIndent=0,
                                 spaceAfter=14),
        "sign": ParagraphStyle("sign", parent=body, alignment=TA_RIGHT, firstLineIndent=0,
                               rightIndent=2 * size),
        "cell": ParagraphStyle("cell", parent=body, fontSize=CELL_PT, leading=CELL_PT * 1.4,
                               firstLineIndent=0),
    }  # fmt: skip


def _story(paper: Paper, width: float) -> list[Any]:
    from reportlab.platypus import Paragraph, Spacer

    styles = _styles(paper)

    def said(text: str, style: str) -> Any:
        return Paragraph(escape(plain(text)).replace("\n", "<br/>"), styles[style])

    story = [said(paper.title, "title")]
    if paper.number:
        story.append(said(paper.number, "number"))
    if paper.to:
        story.append(said(f"{paper.to}：", "to"))
    for part in paper.parts:
        if isinstance(part, Table):
            story += [_pdf_table(part, styles["cell"], width), Spacer(1, 8)]
        elif isinstance(part, Heading):
            story.append(said(part.text, "heading"))
        else:
            story += [said(line, "body") for line in part.split("\n") if line.strip()]
    if paper.signed_by or paper.signed_on:
        story.append(Spacer(1, 2 * styles["body"].leading))
        story.append(said(paper.signed_by, "sign"))
        if paper.signed_on:
            story.append(said(day_text(paper.signed_on), "sign"))
    return story


def _pdf_table(table: Table, style: Any, width: float) -> Any:
    from reportlab.lib.colors import black
    from reportlab.platypus import Paragraph
    from reportlab.platypus import Table as Grid

    shares = table.shares or tuple(1 / len(table.heads) for _head in table.heads)
    rows = [
        [Paragraph(escape(plain(cell)).replace("\n", "<br/>"), style) for cell in row]
        for row in (table.heads, *table.rows)
    ]
    return Grid(
        rows, colWidths=[width * share / sum(shares) for share in shares], repeatRows=1,
        style=[("GRID", (0, 0), (-1, -1), 0.4, black), ("VALIGN", (0, 0), (-1, -1), "TOP"),
               ("LINEBELOW", (0, 0), (-1, 0), 1, black),
               ("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 3)],
    )  # fmt: skip


def _canvas_of(words: str) -> Any:
    """A canvas that writes the foot of each page once it knows how many there are."""
    from reportlab.pdfgen.canvas import Canvas

    class Numbered(Canvas):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any):
            super().__init__(*args, **kwargs)
            self.kept: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self.kept.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, state in enumerate(self.kept, start=1):
                self.__dict__.update(state)
                self.setFont(font_name(), FOOT_PT)
                width = self._pagesize[0]
                self.drawString(57, 36, words)
                self.drawRightString(width - 57, 36, page_words(number, len(self.kept)))
                super().showPage()
            super().save()

    return Numbered


def page_words(number: int, count: int) -> str:
    """第 1 页 共 3 页."""
    return _("第 %(n)d 页 共 %(m)d 页") % {"n": number, "m": count}


# DOCX


def docx(paper: Paper) -> bytes:
    """The paper as DOCX."""
    check(paper)
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH as Align

    document = Document()
    _page_of(document, paper)
    _write(document, paper.title, TITLE_PT, Align.CENTER, "方正小标宋简体")
    if paper.number:
        _write(document, paper.number, BODY_PT, Align.CENTER)
    if paper.to:
        _write(document, f"{paper.to}：", BODY_PT)
    size = 12 if paper.landscape or paper.compact else BODY_PT
    for part in paper.parts:
        if isinstance(part, Table):
            _docx_table(document, part)
        elif isinstance(part, Heading):
            _write(document, part.text, size, font="黑体", indent=True)
        else:
            for line in part.split("\n"):
                if line.strip():
                    _write(document, line, size, indent=True)
    if paper.signed_by or paper.signed_on:
        _write(document, "", BODY_PT)
        _write(document, paper.signed_by, BODY_PT, Align.RIGHT)
        if paper.signed_on:
            _write(document, day_text(paper.signed_on), BODY_PT, Align.RIGHT)
    _docx_foot(document.sections[0], foot(paper))
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _page_of(document: Any, paper: Paper) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm

    document.core_properties.title = plain(paper.title)
    document.core_properties.author = _("安澜")
    document.core_properties.comments = ""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    margins = (TOP_MM, BOTTOM_MM, LEFT_MM, RIGHT_MM)
    if paper.landscape:
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = Mm(297), Mm(210)
    if paper.landscape or paper.compact:
        margins = (LANDSCAPE_MARGIN_MM,) * 4
    section.top_margin, section.bottom_margin = Mm(margins[0]), Mm(margins[1])
    section.left_margin, section.right_margin = Mm(margins[2]), Mm(margins[3])


def _write(
    document: Any, text: str, size: float, align: Any = None, font: str = "仿宋",
    indent: bool = False,
) -> None:  # fmt: skip
    from docx.shared import Pt

    paragraph = document.add_paragraph()
    paragraph.alignment = align
    layout = paragraph.paragraph_format
    layout.space_after = layout.space_before = Pt(0)
    layout.line_spacing = Pt(LINE_PT if size >= BODY_PT else 20)
    if indent:
        layout.first_line_indent = Pt(2 * size)
    _run(paragraph, plain(text), size, font)


def _run(paragraph: Any, text: str, size: float, font: str = "仿宋") -> Any:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    run = paragraph.add_run(text)
    run.font.size, run.font.name = Pt(size), font
    run._element.rPr.rFonts.set(qn("w:eastAsia"), font)
    return run


def _docx_table(document: Any, table: Table) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Emu

    section = document.sections[0]
    width = section.page_width - section.left_margin - section.right_margin
    shares = table.shares or tuple(1 / len(table.heads) for _head in table.heads)
    grid = document.add_table(rows=0, cols=len(table.heads), style="Table Grid")
    grid.autofit = False
    for row in (table.heads, *table.rows):
        cells = grid.add_row().cells
        for cell, text, share in zip(cells, row, shares, strict=True):
            cell.width = Emu(int(width * share / sum(shares)))
            _run(cell.paragraphs[0], plain(text), CELL_PT)
    repeated = OxmlElement("w:tblHeader")
    repeated.set(qn("w:val"), "true")
    grid.rows[0]._tr.get_or_add_trPr().append(repeated)


def _docx_foot(section: Any, words: str) -> None:
    """Source and time, then page x of y as fields that the office program fills."""
    paragraph = section.footer.paragraphs[0]
    _run(paragraph, f"{words}　　", FOOT_PT)
    first, _sep, rest = page_words(-1, -2).partition("-1")
    middle, _sep, last = rest.partition("-2")
    _run(paragraph, first, FOOT_PT)
    _field(paragraph, "PAGE")
    _run(paragraph, middle, FOOT_PT)
    _field(paragraph, "NUMPAGES")
    _run(paragraph, last, FOOT_PT)


def _field(paragraph: Any, name: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    run = _run(paragraph, "", FOOT_PT)
    for kind in ("begin", "instr", "separate", "text", "end"):
        if kind == "instr":
            part = OxmlElement("w:instrText")
            part.set(qn("xml:space"), "preserve")
            part.text = f" {name} "
        elif kind == "text":
            part = OxmlElement("w:t")
            part.text = "1"
        else:
            part = OxmlElement("w:fldChar")
            part.set(qn("w:fldCharType"), kind)
        run._element.append(part)
