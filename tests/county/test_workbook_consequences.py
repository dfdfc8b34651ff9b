"""A refused row is named once, and many rows go in by one statement under the reader's scope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from anlan.county.models import Holding, Person, Post
from anlan.county.workbook import bulk
from anlan.ground import secrets
from anlan.ground.scope import Scope
from tests.county.test_workbook import COMMAND, MINE, SIBLING, book, faults, take

GOOD = {"区划代码": str(MINE), "姓名": "好人", "号码": "10166660001"}
BAD = {"编号": "新1", "区划代码": str(MINE), "姓名": "坏号", "号码": "1380013800a"}
POST = {"编号": "岗1", "区划代码": str(MINE), "岗位名称": "甲岗", "类型": "乡镇值班"}


@pytest.mark.parametrize("person", [{"人员编号": "新1"}, {"姓名": "坏号"}])
def test_whoever_wanted_a_refused_person_has_no_fault_of_their_own(
    county_db: str, person: dict[str, str]
) -> None:
    shift = {"岗位编号": "岗1", "开始": "2027-01-01 08:00", "结束": "2027-01-01 20:00"} | person
    content = book(人员=[GOOD, BAD], 岗位=[POST], 任职=[{"岗位编号": "岗1"} | person], 排班=[shift])
    assert faults(COMMAND, content) == [("人员", 3, "D", "电话号码应为 7 到 12 位数字")]


def test_the_cause_is_followed_over_several_sheets_and_other_faults_stay(county_db: str) -> None:
    """The unit is refused, so is its post for that alone, and its holder for that alone."""
    content = book(
        区划=[{"代码": "500231188000", "名称": "新镇", "类型": "村"}],
        单位=[{"区划代码": "12", "名称": "坏单位"}],
        别名=[{"单位": "坏单位", "别名": "坏"}, {"单位": "没有的单位", "别名": "没有"}],
        人员=[GOOD, {"区划代码": "500231188", "姓名": "新镇人", "号码": "10166660002"}],
        岗位=[POST | {"类型": "皇帝"}, {"区划代码": str(MINE), "岗位名称": "乙岗",
             "类型": "乡镇值班", "上级岗位": "甲岗"}],
        任职=[{"岗位编号": "岗1", "姓名": "好人"}, {"岗位": "没有的岗", "姓名": "好人"},
              {"岗位": "甲岗", "姓名": "新镇人"}],
    )  # fmt: skip
    assert faults(COMMAND, content) == [
        ("区划", 2, "C", "类型与代码的层级不符"),
        ("单位", 2, "B", "不是区划代码"),
        ("别名", 3, "B", "找不到"),
        ("岗位", 2, "D", "没有这一种"),
        ("任职", 3, "D", "找不到"),
    ]


def test_a_sheet_that_could_not_be_read_is_one_fault(county_db: str) -> None:
    from io import BytesIO

    from openpyxl import load_workbook

    content = book(人员=[GOOD], 岗位=[POST], 任职=[{"岗位编号": "岗1", "姓名": "好人"}])
    own = load_workbook(BytesIO(content))
    own["人员"].delete_cols(3)
    target = BytesIO()
    own.save(target)
    found = faults(COMMAND, target.getvalue())
    assert [(sheet, row, what) for sheet, row, _column, what in found] == [("人员", 1, "缺少列")]


def test_a_file_without_faults_is_written_with_every_row_under_its_own_key(county_db: str) -> None:
    """Keys come back in the order of the rows: a holder is tied to the post of its own row."""
    number = 300
    content = book(
        人员=[{"编号": f"p{n}", "区划代码": str(MINE), "姓名": f"第{n}人",
               "号码": f"1017{n:07d}"} for n in range(number)],
        岗位=[{"编号": f"k{n}", "区划代码": str(MINE), "岗位名称": f"第{n}岗",
               "类型": "乡镇值班"} for n in range(number)],
        任职=[{"岗位编号": f"k{n}", "人员编号": f"p{n}"} for n in reversed(range(number))],
    )  # fmt: skip
    assert take(COMMAND, content)["任职"]["new"] == number
    with COMMAND.open():
        held = dict(Holding.objects.filter(post__title__startswith="第").values_list(
            "post__title", "person__name"))  # fmt: skip
        assert held == {f"第{n}岗": f"第{n}人" for n in range(number)}
        own = Person.objects.get(name="第7人")
        assert own.phone == "10170000007" and own.version == 1 and not own.demo
        assert bytes(own.phone_hash) == secrets.keyed_hash("phone", "10170000007")
        with connection.cursor() as cursor:
            cursor.execute("SELECT phone FROM county_person WHERE id = %s", [own.pk])
            assert b"10170000007" not in bytes(cursor.fetchone()[0]), "sealed at rest"


def test_rows_outside_the_scope_are_not_put_in(
    county_db: str, scope_of: Callable[..., Any]
) -> None:
    own: Scope = scope_of("township_duty", MINE)
    row = [SIBLING, 0, "邻居", "x", 0]
    names = ["division", "world", "title", "kind", "order"]
    with pytest.raises(ProgrammingError, match="row-level security"), own.open():
        bulk.insert(Post, names, [[MINE, *row[1:]], row])
    with own.open():
        assert not Post.objects.filter(title="邻居").exists()
        (key,) = bulk.insert(Post, names, [[MINE, *row[1:]]])
        assert Post.objects.get(pk=key).version == 1
        assert bulk.insert(Post, names, []) == []
        transaction.set_rollback(True)
