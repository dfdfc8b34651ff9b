"""Opens each document by its library and looks for every name, text and unit of its truth; prints what is missing."""
import json
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent


def docx_text(path):
    from docx import Document

    doc = Document(str(path))
    parts = [p.text for p in doc.paragraphs]
    for t in doc.tables:
        for row in t.rows:
            parts.extend(c.text for c in row.cells)
    return "\n".join(parts)


def xlsx_text(path):
    from openpyxl import load_workbook

    return "\n".join(str(v) for s in load_workbook(path) for row in s.iter_rows(values_only=True) for v in row if v is not None)


def pdf_text(path):
    import pypdfium2

    doc = pypdfium2.PdfDocument(str(path))
    return "\n".join(p.get_textpage().get_text_range() for p in doc)


def html_text(path):
    import html

    return html.unescape(re.sub(r"<[^>]+>", "", path.read_text(encoding="utf-8")))


def txt_text(path):
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gbk"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SystemExit("not readable: " + path.name)


def flat(text):
    return re.sub(r"[\s\xa0\ufffe]", "", text)


def main():
    sys.path.insert(0, str(HERE))
    import rows_docx
    import rows_pdf_html
    import rows_text
    import rows_xlsx

    bad = 0
    for d in rows_docx.DOCS + rows_xlsx.DOCS + rows_pdf_html.DOCS + rows_text.DOCS:
        path = HERE / ("%s.%s" % (d["name"], d["format"]))
        text = flat(globals()[d["format"] + "_text"](path))
        truth = json.loads((HERE / (d["name"] + ".truth.json")).read_text(encoding="utf-8"))
        want = [p["heading"] for p in truth["points"]] + [t["title"] for t in truth["tables"]]
        want += [truth["document"]["title"]]
        for t, made in zip(truth["tables"], d["tables"]):
            for r, row in zip(t["rows"], made.rows):
                want += [r["name"], row.text] + [u["name"] for u in r["units"]] + [u["alias"] for u in r["units"] if u["alias"]]
                want += [row.due_text]
                for q in r["quantities"]:
                    if q["subject"] not in row.text + row.name:
                        print("subject not in the row:", d["name"], r["name"], q["subject"])
        for w in want:
            if flat(w) not in text:
                bad += 1
                print("missing:", path.name, w)
    print("missing in all: %d" % bad)


if __name__ == "__main__":
    main()
