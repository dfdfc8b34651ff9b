"""One type as a table: out, edited, previewed, in; one fault and nothing is written."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from anlan.engines.ledger import actions, queries, tables
from anlan.engines.ledger.actions import Entry
from anlan.engines.ledger.models import RegulatedObject
from anlan.engines.ledger.types import type_of
from anlan.ground.errors import Conflict, NotFound
from anlan.ground.scope import Scope
from tests.conftest import TOWNSHIPS, VILLAGES
from tests.engines.ledger.test_objects import code, firm, text

COMMAND = Scope.for_command("test")


def book(rows: list[list[Any]]) -> bytes:
    made = Workbook()
    for row in rows:
        made.active.append(row)
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def lines(content: bytes) -> list[list[Any]]:
    return [list(row) for row in load_workbook(io.BytesIO(content)).active.values]


def out(scope: Any = COMMAND) -> list[list[Any]]:
    return lines(tables.workbook(scope, type_of("enterprise"), queries.Wanted()))


def column(rows: list[list[Any]], head: str) -> int:
    return rows[0].index(head)


def test_a_table_goes_out_and_comes_back_with_only_what_changed(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    firm()
    firm(name="=1+1 公司", number=2, division=VILLAGES[1])
    rows = out()
    assert rows[1][2] == "'=1+1 公司" or rows[2][2] == "'=1+1 公司"
    plan = tables.plan(COMMAND, type_of("enterprise"), rows)
    assert (plan.lines, plan.unchanged, plan.faults) == ([], 2, [])
    at = next(n for n, row in enumerate(rows) if row[2] == "澄溪加油站")
    rows[at][column(rows, "从业人数（人）")] = 30
    new = [None] * len(rows[0])
    new[column(rows, "名称")], new[column(rows, "区划代码")] = "新公司", str(VILLAGES[0])
    new[column(rows, "行业")] = "燃气"
    rows.append(new)
    cadre = client_of("township_cadre", TOWNSHIPS[0])
    upload = io.BytesIO(book(rows))
    upload.name = "企业.xlsx"
    page = text(cadre.post("/ledger/enterprise/send/", {"file": upload}))
    assert "2 行要写入" in page and "从业人数 12→30" in page and "1 行没有变化" in page
    with COMMAND.open():
        assert RegulatedObject.objects.count() == 2, "预览什么也不写"
    import re

    got = {name: re.search(rf'name="{name}" value="([^"]+)"', page)[1]  # type: ignore[index]
           for name in ("file", "plan", "name")}  # fmt: skip
    assert cadre.post("/ledger/enterprise/confirm/", got).status_code == 302
    with COMMAND.open():
        assert RegulatedObject.objects.get(name="澄溪加油站").fields["staff"] == 30
        assert RegulatedObject.objects.get(name="新公司").fields == {"industry": "gas"}
    again = cadre.post("/ledger/enterprise/confirm/", got)
    assert again.status_code == 409, "同一份文件不会写两次"


@pytest.mark.parametrize(
    ("head", "value", "said"),
    [
        ("从业人数（人）", "很多", "不是数字"), ("行业", "航天", "没有这一种"),
        ("区划代码", "500231999", "没有这个区划"), ("统一社会信用代码", "123", "18 位"),
        ("编号", "999999", "没有编号"), ("版次", "9", "有人改过"), ("纬度", "北", "不是数字"),
        ("名称", "", "要填"),
    ],
)  # fmt: skip
def test_one_fault_is_named_by_row_and_column_and_nothing_is_written(
    county_db: str, head: str, value: str, said: str
) -> None:
    firm()
    firm(name="乙", number=2)
    rows = out()
    rows[1][column(rows, "来源")] = "改过"
    rows[2][column(rows, head)] = value
    plan = tables.plan(COMMAND, type_of("enterprise"), rows)
    assert plan.lines == []
    assert any(said in fault.what and fault.row == 3 and fault.mend for fault in plan.faults), plan
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert letters[column(rows, head)] in {fault.column for fault in plan.faults}


def test_heads_that_are_not_ours_or_doubled_are_refused(county_db: str) -> None:
    kind = type_of("enterprise")
    assert "没有这一列" in tables.plan(COMMAND, kind, [["名称", "区划代码", "乱写"]]).faults[0].what
    assert "列名重复" in tables.plan(COMMAND, kind, [["名称", "名称", "区划代码"]]).faults[0].what
    assert "缺少列" in tables.plan(COMMAND, kind, [["名称"]]).faults[0].what
    assert tables.plan(COMMAND, kind, []).faults


def test_a_file_without_a_column_keeps_what_stands_in_it(county_db: str) -> None:
    row = firm(lat=30.1, lon=107.2)
    rows = [["编号", "版次", "名称", "区划代码"], [row.id, row.version, "改名", str(VILLAGES[0])]]
    plan = tables.plan(COMMAND, type_of("enterprise"), rows)
    assert [line.told for line in plan.lines] == ["名称 澄溪加油站→改名"]


def test_a_reference_is_a_number_or_a_name_that_one_only_has(county_db: str) -> None:
    owner = firm()
    kind = type_of("equipment")
    base = ["名称", "区划代码", "种类", "使用企业"]
    by_name = tables.plan(COMMAND, kind, [base, ["梯", str(VILLAGES[0]), "电梯", "澄溪加油站"]])
    assert by_name.lines[0].entry.fields["owner"] == str(owner.id)  # type: ignore[index]
    by_number = tables.plan(
        COMMAND, kind, [base, ["梯", str(VILLAGES[0]), "电梯", f"x #{owner.id}"]]
    )
    assert by_number.faults == []
    firm(number=3)
    twice = tables.plan(COMMAND, kind, [base, ["梯", str(VILLAGES[0]), "电梯", "澄溪加油站"]])
    assert "有 2 个同名的" in twice.faults[0].what
    gone = tables.plan(COMMAND, kind, [base, ["梯", str(VILLAGES[0]), "电梯", "没有这家"]])
    assert "没有找到" in gone.faults[0].what


def test_what_moved_since_the_preview_is_not_written(county_db: str) -> None:
    row = firm()
    rows = out()
    rows[1][column(rows, "来源")] = "改过"
    plan, kept = tables.receive(COMMAND, "enterprise", book(rows), "企业.xlsx")
    actions.edit_object(COMMAND, row.id, row.version,
                        Entry(VILLAGES[0], "别人改的", code(1), {"industry": "gas"}))  # fmt: skip
    with pytest.raises(Conflict):
        tables.write(COMMAND, "enterprise", kept, "企业.xlsx", plan.digest)
    for wrong in ("../../../../etc/passwd", "0" * 64):
        with pytest.raises(NotFound):
            tables.write(COMMAND, "enterprise", wrong, "x", plan.digest)


def test_a_bad_file_is_not_kept(county_db: str) -> None:
    from anlan.ground.models import KeptFile

    plan, kept = tables.receive(COMMAND, "enterprise", book([["乱写"]]), "企业.xlsx")
    assert plan.faults and kept == ""
    with COMMAND.open():
        assert not KeptFile.objects.exists()
