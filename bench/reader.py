"""The plan reader: seconds and memory by layout and size, and what it got right on frozen plans.

Sizes are rows of one table; memory is the peak of the reading process (ru_maxrss of a child). A
file near 20 MB is read or refused within the reader's own limits; both are shown. Accuracy is over
the plans in tests/rooms/workplan/frozen, which were written apart from the reader.

    python -m bench.reader [--rows 4000] [--quick]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from anlan.rooms.workplan.reader import PlanRefused, read_plan
from bench.sizes import measured
from tests.rooms.workplan.layouts import made
from tests.rooms.workplan.layouts.made import ROWS, TITLE, joined

ROWS_READ = (120, 1000, 4000)
HEADER = ["序号", "任务", "内容", "责任单位", "时限"]
REPEATS = 3


def lines(count: int) -> list[list[str]]:
    rows = [ROWS[n % len(ROWS)] for n in range(count)]
    return [
        HEADER,
        *([str(n), f"{r.name}{n}", r.text, joined(r), r.deadline] for n, r in enumerate(rows, 1)),
    ]


def docx(count: int) -> bytes:
    """Written as XML: python-docx takes minutes for thousands of rows."""
    import io
    import zipfile

    empty = made.docx(lambda document: document.add_paragraph(TITLE))
    cell = "<w:tc><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:tc>"
    table = "<w:tbl>" + "".join(
        "<w:tr>" + "".join(cell.format(text) for text in line) + "</w:tr>" for line in lines(count)
    ) + "</w:tbl>"  # fmt: skip
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(empty)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            part = old.read(info)
            if info.filename == "word/document.xml":
                part = part.replace(b"<w:sectPr", table.encode() + b"<w:sectPr", 1)
            new.writestr(info.filename, part)
    return out.getvalue()


def html(count: int) -> bytes:
    body = "".join(
        "<tr>" + "".join(f"<td>{text}</td>" for text in line) + "</tr>" for line in lines(count)
    )
    return f"<html><body><h1>{TITLE}</h1><table>{body}</table></body></html>".encode()


def text(count: int) -> bytes:
    return (
        TITLE
        + "\n\n"
        + "\n\n".join("\n".join("\t" + cell for cell in line) for line in lines(count))
    ).encode("gb18030")


WRITERS: dict[str, Callable[[int], bytes]] = {
    "plan.docx": docx,
    "plan.xlsx": lambda count: made.xlsx([[TITLE], *lines(count)], ["A1:E1"]),
    "plan.pdf": lambda count: made.pdf([TITLE, (lines(count), [30, 70, 200, 120, 70], [])]),
    "plan.html": html,
    "plan.txt": text,
}


def measure(content: bytes, name: str) -> tuple[float, float, float, str]:
    """(seconds, peak MB, processor seconds, rows read or refusal), the best of REPEATS."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        times, answer = [], ""
        for _ in range(REPEATS):
            start = time.perf_counter()
            try:
                plan = read_plan(path)
                answer = f"{sum(len(t['rows']) for t in plan['tables'])} rows"
            except PlanRefused as refused:
                answer = refused.code
            times.append(time.perf_counter() - start)
        return (min(times), *_cost(path), answer)


def _cost(path: Path) -> tuple[float, float]:
    """(peak MB, processor seconds) of one reading process; the seconds do not feel the load."""
    script = (
        "import resource, sys\nfrom anlan.rooms.workplan.reader import PlanRefused, read_plan\n"
        "try:\n    read_plan(sys.argv[1])\nexcept PlanRefused:\n    pass\n"
        "own = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(own.ru_maxrss, own.ru_utime + own.ru_stime)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    peak, spent = done.stdout.split()
    return int(peak) / 1024, float(spent)


def sizes(counts: list[int]) -> None:
    print(f"{'file':<12}{'rows':>7}{'MB':>8}{'seconds':>9}{'cpu s':>8}{'peak MB':>9}  answer")
    for name, write in WRITERS.items():
        for count in counts:
            content = write(count)
            cost = measure(content, name)
            _line(name, str(count), content, cost)


def _line(name: str, rows: str, content: bytes, cost: tuple[float, float, float, str]) -> None:
    seconds, peak, spent, answer = cost
    size = f"{len(content) / 1e6:>8.2f}"
    print(
        f"{name:<12}{rows:>7}{size}{seconds:>9.2f}{spent:>8.2f}{peak:>9.0f}  {answer}", flush=True
    )


def large() -> None:
    """Files near 20 MB: read, or refused within the limits."""
    for name, content in {
        "plan.txt": text(60_000)[: 20 * 1024 * 1024],
        "plan.html": html(50_000)[: 20 * 1024 * 1024],
        "plan.docx": docx(20_000),
        "plan.xlsx": WRITERS["plan.xlsx"](18_000),
    }.items():
        cost = measure(content, name)
        _line(name, "large", content, cost)


def accuracy() -> None:
    """Percent of what the frozen plans say, in all."""
    from tests.rooms.workplan.accuracy import Score, score, truths

    whole = Score()
    for truth in truths():
        whole.add(score(truth))
    for name, value in whole.figures().items():
        print(f"{name:<24}{value:>7.1f} %")


def main() -> None:
    with measured(__doc__, rows=(4000, 1000)) as options:
        sizes([rows for rows in ROWS_READ if rows <= options.rows])
        if not options.quick:
            large()
        accuracy()


if __name__ == "__main__":
    main()
