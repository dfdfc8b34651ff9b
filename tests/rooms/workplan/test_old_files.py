"""Files of old programs: XLS is read, DOC, WPS and OFD are refused with the mend."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from anlan.rooms.workplan.reader import PlanRefused, read_here
from tests.rooms.workplan.layouts import biff
from tests.rooms.workplan.layouts.made import ROWS, TITLE, Row

HEAD = ["序号", "类别", "任务名称", "目标要求", "牵头单位", "配合单位", "完成时限"]


def old_workbook() -> bytes:
    """The rows that every layout has, categories merged down, a title across, a second sheet."""
    rows: list[list[Any]] = [[TITLE, *[None] * 6], [*HEAD]]
    merges, start = [(0, 0, 0, 6)], 0
    for at, own in enumerate(ROWS):
        rows.append([float(at + 1), own.group if own.group != _before(at) else None, own.name,
                     own.text, own.lead, own.support, own.deadline])  # fmt: skip
        if at + 1 == len(ROWS) or ROWS[at + 1].group != own.group:
            if at > start:
                merges.append((start + 2, 1, at + 2, 1))
            start = at + 1
    indicators: list[list[Any]] = [
        ["序号", "指标名称", "目标值", "责任单位"],
        [1.0, "整改率", (0.95, "%"), "县应急局"],
        [2.0, "培训人数", 120.0, "县教委"],
    ]
    return biff.workbook({"任务": (rows, merges), "指标": (indicators, [])})


def _before(at: int) -> str:
    return ROWS[at - 1].group if at else ""


def test_an_old_workbook_is_read_like_a_new_one() -> None:
    plan = read_here(old_workbook(), "plan.xls")
    first, second = plan["tables"]
    assert [row["name"] for row in first["rows"]] == [own.name for own in ROWS]
    for row, own in zip(first["rows"], ROWS, strict=True):
        assert [(u["name"], u["lead"]) for u in row["units"]] == own.units, own.name
        assert row["deadline"] == own.due, own.name
        assert _figures(row) == _wanted(own), own.name
    assert plan["document"]["title"] == TITLE and plan["document"]["year"] == 2026
    assert [row["name"] for row in second["rows"]] == ["整改率", "培训人数"]
    rate = second["rows"][0]["quantities"]
    doubts = {(d["code"], d["table"], d["row"]) for d in plan["doubts"]}
    # The old format gives the number without its percent sign: a doubt, never a silent guess.
    assert (rate[0]["value"], rate[0]["unit"]) == (0.95, "") and ("rate-bare", 2, 1) in doubts


def _figures(row: dict[str, Any]) -> list[tuple[str, float, str]]:
    return [(q["op"], round(q["value"], 6), q["unit"]) for q in row["quantities"]]


def _wanted(own: Row) -> list[tuple[str, float | None, str]]:
    return [(op, value, unit) for op, value, unit in own.quantities]


@pytest.mark.parametrize("keep", [60, 512, 1500, 3000])
def test_an_old_workbook_that_was_cut_is_refused_with_the_mend(keep: int) -> None:
    with pytest.raises(PlanRefused) as refused:
        read_here(old_workbook()[:keep], "plan.xls")
    assert refused.value.code in ("damaged", "not-a-plan", "type-unknown", "mislabelled")
    assert refused.value.mend and refused.value.place


def _old_word(stream: str) -> bytes:
    """A compound file whose one stream is named as old word processors name theirs."""
    made = biff.workbook({"a": ([["x"]], [])})
    named = ("Workbook\0").encode("utf-16-le").ljust(64, b"\0")
    other = (stream + "\0").encode("utf-16-le")
    entry = made.index(named)
    size = len(other).to_bytes(2, "little")
    return made[:entry] + other.ljust(64, b"\0") + size + made[entry + 66 :]


def _ofd() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as whole:
        whole.writestr("OFD.xml", "<ofd:OFD xmlns:ofd='http://www.ofdspec.org/2016'/>")
        whole.writestr(
            "Doc_0/Document.xml", "<ofd:Document xmlns:ofd='http://www.ofdspec.org/2016'/>"
        )
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [("plan.doc", _old_word("WordDocument")), ("plan.wps", _old_word("WordDocument")),
     ("plan.ofd", _ofd())],
)  # fmt: skip
def test_old_word_files_and_ofd_are_refused_and_say_how_to_save_them(
    name: str, content: bytes
) -> None:
    with pytest.raises(PlanRefused) as refused:
        read_here(content, name)
    assert "DOCX" in refused.value.mend, refused.value.as_dict()
    assert refused.value.place and refused.value.code != "not-a-plan"
