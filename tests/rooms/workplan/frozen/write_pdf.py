"""PDF with a text layer; tables drawn with lines, their head repeated on each page."""
import io
import re

from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from truth import grid, point_lines

FONT = "STSong-Light"
WEIGHT = {"no": 1.0, "cat": 1.8, "name": 2.8, "text": 6.6, "units": 5.0, "lead": 3.6, "support": 5.2, "due": 2.4}


class Plain(Canvas):
    def __init__(self, *a, **k):
        k["invariant"] = 1
        super().__init__(*a, **k)
        self.setProducer("")
        self.setCreator("")
        self.setAuthor("")
        self.setTitle("")
        self.setSubject("")


def style(size, align=0, indent=0):
    return ParagraphStyle("s%s%s%s" % (size, align, indent), fontName=FONT, fontSize=size, leading=size * 1.5,
                          alignment=align, firstLineIndent=indent, wordWrap="CJK")


def flow(kind, text):
    if kind == "c":
        return Paragraph(text, style(15, TA_CENTER))
    if kind == "r":
        return Paragraph(text, style(11, TA_RIGHT))
    return Paragraph(text, style(11, 0, 22 if kind in "bph" else 0))


def put_table(t, year, wide):
    cells, heads = grid(t, year)
    spans, data = [], []
    for y, row in enumerate(cells):
        line = []
        for x, cell in enumerate(row):
            if cell is None:
                line.append("")
                continue
            text, down, across = cell
            line.append(Paragraph(text.replace("&", "&amp;").replace("<", "&lt;"), style(9)))
            if down > 1 or across > 1:
                spans.append(("SPAN", (x, y), (x + across - 1, y + down - 1)))
        data.append(line)
    weights = [WEIGHT.get(f, 2) for _, f in t.cols]
    table = Table(data, colWidths=[wide * w / sum(weights) for w in weights], repeatRows=heads)
    table.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.6, (0, 0, 0)), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")] + spans))
    return table


def footer(canvas, doc):
    canvas.saveState()
    canvas.setFont(FONT, 9)
    canvas.drawCentredString(doc.pagesize[0] / 2, 1.1 * cm, "— %d —" % canvas.getPageNumber())
    canvas.restoreState()


def plan(d):
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    page = landscape(A4) if d["page"] == "landscape" else A4
    out = io.BytesIO()
    doc = SimpleDocTemplate(out, pagesize=page, leftMargin=2 * cm, rightMargin=2 * cm, topMargin=2 * cm, bottomMargin=2 * cm)
    story = [flow(s, x) for s, x in d["before"] + point_lines(d) + d["after_points"]]
    for t in d["tables"]:
        story.append(flow("c", t.caption_text))
        story.append(Spacer(1, 6))
        story.append(put_table(t, d["year"], page[0] - 4 * cm))
        story.extend(flow("n", x) for x in t.notes)
        story.append(Spacer(1, 10))
    story.extend(flow(s, x) for s, x in d["end"])
    doc.build(story, onFirstPage=footer, onLaterPages=footer, canvasmaker=Plain)
    return re.sub(rb"ReportLab", b"Generated", out.getvalue())  # as long as before: offsets stay true
