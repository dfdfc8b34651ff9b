"""Word documents, with real merged cells, and always the same bytes."""
import io

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from stable import DAY, rezip
from truth import grid, point_lines

ALIGN = {"c": WD_ALIGN_PARAGRAPH.CENTER, "r": WD_ALIGN_PARAGRAPH.RIGHT}


def line(doc, style, text):
    p = doc.add_paragraph()
    run = p.add_run(text)
    run.bold = style in ("c", "h")
    if style in ALIGN:
        p.alignment = ALIGN[style]
    elif style in ("b", "p", "h"):
        p.paragraph_format.first_line_indent = Pt(24)
    return p


def put_table(doc, cells):
    table = doc.add_table(rows=len(cells), cols=len(cells[0]))
    table.style = "Table Grid"
    for y, row in enumerate(cells):
        for x, cell in enumerate(row):
            if cell is None:
                continue
            text, down, across = cell
            box = table.cell(y, x)
            if down > 1 or across > 1:
                box = box.merge(table.cell(y + down - 1, x + across - 1))
            box.text = text
    return table


def new():
    doc = Document()
    normal = doc.styles["Normal"]
    normal.font.name = "仿宋"
    normal.font.size = Pt(12)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), "仿宋")
    core = doc.core_properties
    core.author = core.last_modified_by = core.comments = core.title = ""
    core.created = core.modified = DAY
    return doc


def save(doc):
    out = io.BytesIO()
    doc.save(out)
    return rezip(out.getvalue())


def plan(d):
    doc = new()
    section = doc.sections[0]
    if len(d["tables"][0].cols) > 6:
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = Cm(29.7), Cm(21)
    else:
        section.page_width, section.page_height = Cm(21), Cm(29.7)
    if d.get("page_header"):
        section.header.paragraphs[0].text = d["page_header"]
        section.footer.paragraphs[0].text = d["page_footer"]
    for style, text in d["before"] + point_lines(d) + d["after_points"]:
        line(doc, style, text)
    for t in d["tables"]:
        if t.caption == "above":
            line(doc, "c", t.caption_text)
        put_table(doc, grid(t, d["year"])[0])
        if t.caption == "below":
            line(doc, "c", t.caption_text)
        for note in t.notes:
            line(doc, "n", note)
        line(doc, "n", "")
    for style, text in d["end"]:
        line(doc, style, text)
    return save(doc)


def other(d):
    doc = new()
    for style, text in d["lines"]:
        line(doc, style, text)
    put_table(doc, [[(c, 1, 1) for c in row] for row in d["table"]])
    return save(doc)
