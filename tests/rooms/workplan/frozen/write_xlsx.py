"""Workbooks with merged cells and two-level headers."""
import io

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter

from stable import DAY, rezip
from truth import grid, point_lines

THIN = Side(style="thin")
BOX = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)
WRAP = Alignment(wrap_text=True, vertical="center")
MIDDLE = Alignment(wrap_text=True, vertical="center", horizontal="center")
WIDTHS = {"no": 6, "text": 44, "name": 18, "units": 30, "lead": 20, "support": 26}


def value(text, field):
    if field in ("no", "score") and text.isdigit():
        return int(text)
    return text or None


def title(sheet, y, text, wide):
    sheet.cell(y, 1, text).font = Font(bold=True, size=14)
    sheet.cell(y, 1).alignment = MIDDLE
    sheet.merge_cells(start_row=y, start_column=1, end_row=y, end_column=wide)


def put_table(sheet, y, t, year):
    cells, heads = grid(t, year)
    for x, (_, field) in enumerate(t.cols, 1):
        sheet.column_dimensions[get_column_letter(x)].width = WIDTHS.get(field, 12)
    for i, row in enumerate(cells):
        for x, cell in enumerate(row):
            box = sheet.cell(y + i, x + 1)
            box.border = BOX
            if cell is None:
                continue
            text, down, across = cell
            box.value = value(text, t.cols[x][1]) if i >= heads else text
            box.alignment = MIDDLE if i < heads else WRAP
            if down > 1 or across > 1:
                sheet.merge_cells(start_row=y + i, start_column=x + 1, end_row=y + i + down - 1, end_column=x + across)
    return y + len(cells)


def lines(sheet, y, items, wide):
    for style, text in items:
        if style == "c":
            title(sheet, y, text, wide)
        else:
            sheet.cell(y, 1, text).alignment = WRAP
            sheet.merge_cells(start_row=y, start_column=1, end_row=y, end_column=wide)
        y += 1
    return y


def finish(book):
    book.properties.creator = book.properties.lastModifiedBy = ""
    book.properties.created = DAY
    out = io.BytesIO()
    book.save(out)
    return rezip(out.getvalue())


def plan(d):
    book = Workbook()
    book.remove(book.active)
    sheet, y = None, 1
    prose = d["before"] + point_lines(d) + d["after_points"]
    if prose and d.get("points_sheet"):
        lines(book.create_sheet(d["points_sheet"]), 1, prose, 6)
    for t in d["tables"]:
        if sheet is None or t.sheet:
            sheet, y = book.create_sheet(t.sheet or "清单"), 1
            if prose and not d.get("points_sheet"):
                y = lines(sheet, y, prose, len(t.cols))
                prose = []
        if t.merged_title:
            title(sheet, y, t.caption_text, len(t.cols))
        else:
            sheet.cell(y, 1, t.caption_text).font = Font(bold=True)
        y = put_table(sheet, y + 1, t, d["year"])
        for note in t.notes:
            sheet.cell(y, 1, note)
            sheet.merge_cells(start_row=y, start_column=1, end_row=y, end_column=len(t.cols))
            y += 1
        y += 1
    for _, text in d["end"]:
        sheet.cell(y, 1, text)
        y += 1
    return finish(book)


def other(d):
    book = Workbook()
    book.remove(book.active)
    for name, rows in d["sheets"]:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(rows[2] if rows[1][1] == "" else rows[1]))
    return finish(book)
