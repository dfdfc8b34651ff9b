"""Plans that were written apart from the reader and frozen before it saw them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from anlan.rooms.workplan.reader import read_here
from anlan.rooms.workplan.reader import rows as reader_rows
from tests.rooms.workplan.accuracy import FROZEN, SECOND, Score, score, truths

ASKED = {
    "rows and names": 100.0,
    "units with lead": 99.0,
    "quantities recall": 97.0,
    "quantities precision": 95.0,
}


def whole(folder: Path = FROZEN) -> Score:
    found = Score()
    for truth in truths(folder):
        found.add(score(truth, folder))
    return found


@pytest.mark.parametrize(("folder", "least"), [(FROZEN, 34), (SECOND, 12)])
def test_the_frozen_files_are_the_ones_that_were_frozen(folder: Path, least: int) -> None:
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").split("\n")
    listed = [line.split(maxsplit=1) for line in lines if line.strip()]
    assert len(listed) >= least
    for digest, name in listed:
        assert hashlib.sha256((folder / name.lstrip("*")).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize(("folder", "rows"), [(FROZEN, 306), (SECOND, 33)])
def test_rows_units_and_quantities_of_all_frozen_plans(folder: Path, rows: int) -> None:
    found = whole(folder)
    assert found.counts["row"] >= rows
    for name, least in ASKED.items():
        assert found.figures()[name] >= least, (name, found.faults[:20])


@pytest.mark.parametrize("name", ["n01-minutes", "n02-budget", "n03-news"])
def test_what_is_no_plan_is_refused_as_none(name: str) -> None:
    truth = next(own for own in truths() if own["file"].startswith(name))
    assert score(truth).counts["refusal right"] == 1


def test_mutants_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that never inherits, and one that reads no quantities, fall below what is asked."""
    truth = [own for own in truths() if own["file"].startswith(("p04", "p12"))]
    with monkeypatch.context() as broken:
        broken.setattr(reader_rows, "_take", lambda *_: None)
        assert any(score(own).figures()["units with lead"] < 99 for own in truth)
    with monkeypatch.context() as broken:
        broken.setattr(reader_rows, "quantities", lambda *_a, **_k: [])
        assert all(score(own).figures()["quantities recall"] < 97 for own in truth)


def test_a_matrix_keeps_the_cells_of_the_document_marked_and_a_list_says_that_it_is_none() -> None:
    from anlan.rooms.workplan.reader import read_whole

    name = "s05-qingshi-2025.html"
    found = read_whole((SECOND / name).read_bytes(), name)
    (grid,) = [own for own in found["original"]["blocks"] if "lines" in own]
    marks = {cell["text"] for line in grid["lines"] for cell in line if cell.get("of")}
    assert {"●", "△", "校车安全", "8月底"} <= marks
    name = "s04-tongjiang-2025.docx"
    plan = read_here((SECOND / name).read_bytes(), name)
    assert "rows-from-text" in {own["code"] for own in plan["doubts"]}


def test_marks_that_are_not_marks_and_a_legend_that_says_otherwise() -> None:
    def page(marks: str, legend: str) -> bytes:
        heads = "".join(f"<td>{u}</td>" for u in ("县公安局", "县水利局", "县教育局"))
        rows = "".join(
            f"<tr><td>{n}</td><td>第{n}项整治</td><td>完成{n}处治理。</td>"
            + "".join(f"<td>{mark}</td>" for mark in marks) + "</tr>"
            for n in (1, 2, 3)
        )  # fmt: skip
        head = f"<tr><td>序号</td><td>任务</td><td>目标</td>{heads}</tr>"
        return f"<p>甲县2025年工作要点任务表</p><table>{head}{rows}</table><p>{legend}</p>".encode()

    def units(marks: str, legend: str) -> list[tuple[str, bool]]:
        plan = read_here(page(marks, legend), "x.html")
        return [(u["name"], u["lead"]) for u in plan["tables"][0]["rows"][0]["units"]]

    assert units("●△　", "") == [("县公安局", True), ("县水利局", False)]
    said = "说明：△为牵头单位，●为配合单位。"
    assert units("●△　", said) == [("县水利局", True), ("县公安局", False)]
    assert units("√　√", "") == [("县公安局", True), ("县教育局", False)], "one kind: the first"
