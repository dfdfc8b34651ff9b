"""Makes all documents and their truth beside this file; a second run gives the same bytes."""
import hashlib
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True

import rows_docx  # noqa: E402
import rows_other  # noqa: E402
import rows_pdf_html  # noqa: E402
import rows_text  # noqa: E402
import rows_xlsx  # noqa: E402
import write_docx  # noqa: E402
import write_html  # noqa: E402
import write_pdf  # noqa: E402
import write_text  # noqa: E402
import write_xlsx  # noqa: E402
from truth import truth_of  # noqa: E402

HERE = Path(__file__).resolve().parent
WRITERS = {"docx": write_docx, "xlsx": write_xlsx, "pdf": write_pdf, "html": write_html, "txt": write_text}


def main():
    plans = rows_docx.DOCS + rows_xlsx.DOCS + rows_pdf_html.DOCS + rows_text.DOCS
    made = []
    for d in plans + rows_other.DOCS:
        writer = WRITERS[d["format"]]
        is_plan = "tables" in d
        file = "%s.%s" % (d["name"], d["format"])
        (HERE / file).write_bytes(writer.plan(d) if is_plan else writer.other(d))
        truth = truth_of(d) if is_plan else {"refused": True, "what": d["what"]}
        truth = {"file": file, **truth}
        text = json.dumps(truth, ensure_ascii=False, indent=1) + "\n"
        (HERE / (d["name"] + ".truth.json")).write_text(text, encoding="utf-8")
        made += [file, d["name"] + ".truth.json"]
        if is_plan:
            rows = [r for t in truth["tables"] for r in t["rows"]]
            print("%-28s %3d rows %3d quantities %3d units %2d points" % (
                file, len(rows), sum(len(r["quantities"]) for r in rows), sum(len(r["units"]) for r in rows), len(truth["points"])))
    sums = ["%s  %s" % (hashlib.sha256((HERE / f).read_bytes()).hexdigest(), f) for f in sorted(made)]
    (HERE / "SHA256SUMS").write_text("\n".join(sums) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
