"""The county as a workbook: out, edited, in; only what changed is written; refused whole else."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from anlan.county import actions as county
from anlan.county import queries
from anlan.county.models import Change, Division, Holding, Person, Post, RosterShift, Transfer, Unit
from anlan.county.workbook import actions, cells, writing
from anlan.county.workbook.sheets import BY_NAME
from anlan.ground import clock
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.scope import Scope
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES

COMMAND = Scope.for_command("test")
MINE, SIBLING = TOWNSHIPS


def book(**sheets: list[dict[str, Any]]) -> bytes:
    """A workbook with these rows, by the heads of the columns."""
    own = Workbook()
    own.remove(own.active)
    for name, rows in sheets.items():
        sheet = own.create_sheet(name)
        heads = [column.head for column in BY_NAME[name].columns]
        sheet.append(heads)
        for row in rows:
            sheet.append([row.get(head) for head in heads])
    target = io.BytesIO()
    own.save(target)
    return target.getvalue()


def edited(content: bytes, change: Callable[[Any], None]) -> bytes:
    own = load_workbook(io.BytesIO(content))
    change(own)
    target = io.BytesIO()
    own.save(target)
    return target.getvalue()


def line_of(sheet: Any, head: str, value: str) -> tuple[int, dict[str, int]]:
    """The row in which the column holds the value, and where the columns are."""
    heads = {str(cell.value).rstrip("*"): cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        if str(sheet.cell(row, heads[head]).value) == value:
            return row, heads
    raise AssertionError(value)


def take(scope: Scope, content: bytes, name: str = "a.xlsx") -> dict[str, dict[str, int]]:
    shown = actions.send_in(scope, content, name)
    assert [str(fault) for fault in shown.plan.faults] == []
    assert shown.transfer is not None
    return actions.confirm(scope, shown.transfer)


def faults(scope: Scope, content: bytes, name: str = "a.xlsx") -> list[tuple[str, int, str, str]]:
    shown = actions.send_in(scope, content, name)
    assert shown.transfer is None
    assert all(fault.mend for fault in shown.plan.faults)
    return [(f.sheet, f.row, f.column, f.what) for f in shown.plan.faults]


# out and in


@pytest.mark.parametrize("whole", [True, False])
def test_what_goes_out_comes_in_unchanged(county_db: str, whole: bool) -> None:
    shown = actions.send_in(COMMAND, actions.export(COMMAND, "核对", whole), "a.xlsx")
    assert shown.plan.faults == []
    assert shown.plan.writes() == 0
    assert shown.plan.counts()["人员"]["unchanged"] > 10


def test_only_what_was_edited_is_written(county_db: str, owner_sql: Any) -> None:
    with COMMAND.open():
        person = Person.objects.get(holdings__post__title="甲村负责人", holdings__rank=0)
        versions = dict(Person.objects.values_list("id", "version"))

    def change(own: Any) -> None:
        sheet = own["人员"]
        row, heads = line_of(sheet, "编号", str(person.id))
        sheet.cell(row, heads["姓名"]).value = "单雄信"
        sheet.cell(row, heads["号码"]).value = "10177770000"
        sheet.append([None, str(VILLAGES[0]), "新人", "10177770001"])

    lines = owner_sql("SELECT count(*) FROM ground_journal")[0][0]
    counts = take(COMMAND, edited(actions.export(COMMAND), change))
    assert counts["人员"] == {"new": 1, "changed": 1, "ended": 0, "unchanged": len(versions) - 1}
    with COMMAND.open():
        after = Person.objects.get(pk=person.id)
        assert (after.name, after.phone, after.pinyin) == (
            "单雄信", "10177770000", "shan xiong xin",
        )  # fmt: skip
        assert after.version == person.version + 1
        rest = dict(Person.objects.exclude(pk=person.id).values_list("id", "version"))
        told = Change.objects.get(object_kind="county.person", object_id=person.id, to_version=2)
    assert {key: rest[key] for key in versions if key != person.id} == {
        key: value for key, value in versions.items() if key != person.id
    }
    assert told.fields["phone"][1] == "101****0000"
    assert queries.person_by_number(COMMAND, "10177770000") == person.id
    assert [e.name for e in queries.phone_book(COMMAND, "sxx")] == ["单雄信"]
    written = owner_sql("SELECT why FROM ground_journal WHERE action = 'county.workbook.write'")
    assert len(written) == 1
    assert "人员 新增 1 修改 1" in written[0][0]
    assert owner_sql("SELECT count(*) FROM ground_journal")[0][0] == lines + 3


def test_the_same_file_twice_changes_nothing_the_second_time(county_db: str) -> None:
    content = full_book()
    assert take(COMMAND, content)["人员"]["new"] == 2
    shown = actions.send_in(COMMAND, content, "a.xlsx")
    assert shown.plan.faults == []
    assert shown.plan.writes() == 0


def full_book() -> bytes:
    return book(
        单位=[{"区划代码": str(MINE), "名称": "澄溪应急办"},
             {"区划代码": str(COUNTY), "名称": "各应急办", "类别": "集合"}],
        别名=[{"单位": "澄溪应急办", "别名": "澄溪安监办", "至": "2024-12-31"}],
        集合=[{"集合": "各应急办", "成员单位": "澄溪应急办", "自": "2025-01-01"}],
        人员=[{"编号": "新1", "区划代码": str(MINE), "姓名": "曾国强", "号码": "10166660001"},
             {"区划代码": str(MINE), "姓名": "解小军", "号码": "023-74500001"}],
        岗位=[{"编号": "岗1", "区划代码": str(MINE), "岗位名称": "应急办值班室", "类型": "乡镇值班",
             "单位": "澄溪应急办", "上级岗位": "应急办主任"},
             {"区划代码": str(MINE), "岗位名称": "应急办主任", "类型": "乡镇主要领导"}],
        任职=[{"岗位编号": "岗1", "人员编号": "新1", "顺位": 0},
             {"岗位": "应急办值班室", "姓名": "解小军", "顺位": 1, "自": "2026-01-01 08:00"}],
        排班=[{"岗位": "应急办值班室", "姓名": "解小军", "开始": "2030-01-01 08:00",
             "结束": "2030-01-02 08:00"}],
    )  # fmt: skip


def test_every_sheet_is_written_with_its_references(county_db: str) -> None:
    take(COMMAND, full_book())
    with COMMAND.open():
        post = Post.objects.get(title="应急办值班室")
        assert post.superior is not None
        assert post.superior.title == "应急办主任"
        assert post.unit is not None
        assert post.unit.name == "澄溪应急办"
        held = list(Holding.objects.filter(post=post).values_list("rank", "person__name"))
        assert held == [(0, "曾国强"), (1, "解小军")]
        assert RosterShift.objects.get(post=post).person.phone == "02374500001"
    at = clock.now(0)
    assert queries.unit_by_name(COMMAND, "澄溪安监办", at.date().replace(year=2024)) is not None
    assert [e.name for e in queries.phone_book(COMMAND, "澄溪 zgq")] == ["曾国强"]


def test_a_new_row_takes_the_post_over(county_db: str) -> None:
    post_title = "甲村负责人"
    take(COMMAND, book(
        人员=[{"区划代码": str(VILLAGES[0]), "姓名": "接任人", "号码": "10166660009"}],
        任职=[{"岗位": post_title, "姓名": "接任人"}],
    ))  # fmt: skip
    with COMMAND.open():
        post = Post.objects.get(title=post_title)
        terms = list(Holding.objects.filter(post=post, rank=0).order_by("valid_from"))
    assert len(terms) == 2
    assert terms[0].valid_to == terms[1].valid_from
    assert terms[1].valid_to is None
    assert queries.contacts(COMMAND, [post.id], clock.now(0))[post.id][0].name == "接任人"
    with pytest.raises(Conflict):
        county.vacate(COMMAND, post.id, 0, post.version - 1)


def test_rows_end_by_their_column_and_never_by_being_left_out(county_db: str) -> None:
    def change(own: Any) -> None:
        own["岗位"].delete_rows(2, own["岗位"].max_row)
        sheet = own["任职"]
        row, heads = line_of(sheet, "岗位", "甲村网格员")
        later = clock.local(clock.now(0) + timedelta(days=1))
        sheet.cell(row, heads["至"]).value = later.strftime("%Y-%m-%d %H:%M")

    with COMMAND.open():
        posts = Post.objects.filter(ended_at=None).count()
    counts = take(COMMAND, edited(actions.export(COMMAND), change))
    assert counts["任职"]["ended"] == 1
    with COMMAND.open():
        assert Post.objects.filter(ended_at=None).count() == posts


# refused whole


def test_every_fault_is_named_by_sheet_row_and_column(county_db: str) -> None:
    content = book(
        人员=[
            {"区划代码": str(MINE), "姓名": "好人", "号码": "10166660001"},
            {"区划代码": "12", "姓名": "甲", "号码": "10166660002"},
            {"区划代码": str(MINE), "姓名": "", "号码": "10166660003"},
            {"区划代码": str(MINE), "姓名": "乙", "号码": "1380013800a"},
            {"区划代码": str(MINE), "姓名": "丙", "号码": 2374500001},
            {"区划代码": "500231888000", "姓名": "丁", "号码": "10166660004"},
            {"编号": "999999", "区划代码": str(MINE), "姓名": "戊", "号码": "10166660005"},
            {"区划代码": str(MINE), "姓名": "己", "号码": "101****0005"},
            {"区划代码": str(MINE), "姓名": "好人", "号码": "10166660001"},
        ],
        岗位=[{"区划代码": str(MINE), "岗位名称": "甲岗", "类型": "皇帝"}],
        排班=[{"岗位": "没有的岗", "姓名": "好人", "开始": "明天", "结束": "2026-01-01 08:00"}],
    )
    assert faults(COMMAND, content) == [
        ("人员", 3, "B", "不是区划代码"),
        ("人员", 4, "C", "“姓名”没有填"),
        ("人员", 5, "D", "电话号码应为 7 到 12 位数字"),
        ("人员", 6, "D", "这一格是数字，前面的 0 可能丢了"),
        ("人员", 7, "B", "没有这个区划代码"),
        ("人员", 8, "A", "没有这个编号，或不在您的范围内"),
        ("人员", 9, "D", "遮住的号码不能用来新增"),
        ("人员", 10, "A", "与第 2 行是同一条"),
        ("岗位", 2, "D", "没有这一种"),
        ("排班", 2, "G", "不是时间"),
    ]
    with COMMAND.open():
        assert not Person.objects.filter(name="好人").exists()
        assert not Transfer.objects.exists()


def test_what_no_single_row_shows_is_refused_too(county_db: str) -> None:
    def of(**sheets: Any) -> list[str]:
        return [what for _s, _r, _c, what in faults(COMMAND, book(**sheets))]

    two = [
        {"区划代码": str(MINE), "姓名": n, "号码": f"1016666000{i}"} for i, n in enumerate("甲乙")
    ]
    shift = {"岗位": "澄溪镇值班室", "开始": "2030-01-01 08:00", "结束": "2030-01-01 20:00"}
    assert of(人员=two, 排班=[shift | {"姓名": "甲"}, shift | {"姓名": "乙"}]) == [
        "这段时间已有人值班"
    ]
    assert of(人员=two, 任职=[{"岗位": "澄溪镇值班室", "姓名": "甲"},
                          {"岗位": "澄溪镇值班室", "姓名": "乙"}]) == ["这个岗位这段时间已有人任职"]  # fmt: skip
    ring = [{"区划代码": str(MINE), "岗位名称": a, "类型": "乡镇值班", "上级岗位": b}
            for a, b in (("甲岗", "乙岗"), ("乙岗", "甲岗"))]  # fmt: skip
    assert of(岗位=ring) == ["上级岗位绕成了圈"] * 2
    long = {"岗位": "澄溪镇值班室", "姓名": "甲", "开始": "2030-01-01", "结束": "2030-01-09"}
    assert of(人员=two, 排班=[long]) == ["一班超过 72 小时"]
    names = [{"区划代码": str(MINE), "姓名": "同名", "号码": f"1016666100{i}"} for i in (1, 2)]
    assert of(人员=names, 任职=[{"岗位": "澄溪镇值班室", "姓名": "同名"}]) == ["有 2 个同名的"]
    with COMMAND.open():
        cadre = Post.objects.get(kind="township_cadre", division=MINE)
    ended = {"编号": cadre.id, "区划代码": str(MINE), "岗位名称": cadre.title, "类型": "驻村干部",
             "停用时间": "2026-01-01"}  # fmt: skip
    assert set(of(岗位=[ended])) == {"停用的岗位还有人任职", "停用的岗位还有下级"}


def test_past_terms_are_records(county_db: str, move_clock: Callable[..., None]) -> None:
    content = actions.export(COMMAND)

    def other_person(own: Any) -> None:
        sheet = own["任职"]
        row, heads = line_of(sheet, "岗位", "甲村负责人")
        other, _heads = line_of(sheet, "岗位", "乙村负责人")
        sheet.cell(row, heads["人员编号"]).value = sheet.cell(other, heads["人员编号"]).value

    found = faults(COMMAND, edited(content, other_person))
    assert [what for _s, _r, _c, what in found] == ["任职记录只能写上“至”，不能改人、岗位和开始"]


def test_formulas_are_refused_where_they_stand(county_db: str) -> None:
    content = edited(
        book(人员=[{"区划代码": str(MINE), "姓名": "甲", "号码": "10166660001"}]),
        lambda own: own["人员"].__setitem__("C3", '=HYPERLINK("http://x","甲")'),
    )
    assert ("人员", 3, "C", "这一格是公式") in faults(COMMAND, content)


def test_unknown_sheets_and_columns_are_named(county_db: str) -> None:
    def change(own: Any) -> None:
        own["人员"]["G1"] = "工资"
        own.create_sheet("别的")

    content = edited(book(人员=[]), change)
    assert [(s, r, c) for s, r, c, _w in faults(COMMAND, content)] == [
        ("人员", 1, "G"), ("别的", 1, "A"),
    ]  # fmt: skip


# between preview and confirmation


def test_a_county_that_changed_meanwhile_is_not_overwritten(county_db: str) -> None:
    with COMMAND.open():
        person = Person.objects.get(holdings__post__title="甲村负责人", holdings__rank=0)

    def change(own: Any) -> None:
        row, heads = line_of(own["人员"], "编号", str(person.id))
        own["人员"].cell(row, heads["姓名"]).value = "改名甲"

    shown = actions.send_in(COMMAND, edited(actions.export(COMMAND), change), "a.xlsx")
    assert shown.transfer is not None
    county.edit_person(COMMAND, person.id, person.version, division=VILLAGES[0], name="改名乙")
    with pytest.raises(Conflict):
        actions.confirm(COMMAND, shown.transfer)
    with COMMAND.open():
        assert Person.objects.get(pk=person.id).name == "改名乙"


def test_a_file_is_written_once_and_then_forgotten(county_db: str, owner_sql: Any) -> None:
    shown = actions.send_in(COMMAND, full_book(), "a.xlsx")
    assert shown.transfer is not None
    kept = owner_sql("SELECT content FROM county_transfer")[0][0]
    assert b"PK" not in bytes(kept)[:40]
    actions.confirm(COMMAND, shown.transfer)
    assert owner_sql("SELECT content, state FROM county_transfer") == [(None, "written")]
    with pytest.raises(Conflict):
        actions.confirm(COMMAND, shown.transfer)


def test_a_file_that_nobody_confirms_is_gone_after_a_day(
    county_db: str, move_clock: Callable[..., None], owner_sql: Any
) -> None:
    shown = actions.send_in(COMMAND, full_book(), "a.xlsx")
    rounds = Scope.for_round("county.forget")
    assert actions.forget(rounds) == 0
    move_clock(24 * 3600 + 1)
    assert actions.forget(rounds) == 1
    assert owner_sql("SELECT content, state FROM county_transfer") == [(None, "dropped")]
    with pytest.raises(Conflict):
        actions.confirm(COMMAND, shown.transfer or 0)


def test_nobody_confirms_another_ones_file(county_db: str, scope_of: Callable[..., Any]) -> None:
    cadre = scope_of("township_cadre", MINE)
    content = book(人员=[{"区划代码": str(MINE), "姓名": "甲", "号码": "10166660001"}])
    shown = actions.send_in(cadre, content, "a.xlsx")
    with pytest.raises(NotFound):
        actions.confirm(scope_of("plan_clerk"), shown.transfer or 0)


# numbers and scope


def test_whole_numbers_go_out_only_by_right_with_a_reason_and_a_line(
    county_db: str, scope_of: Callable[..., Any], owner_sql: Any
) -> None:
    officer, clerk = scope_of("duty_officer"), scope_of("plan_clerk")
    assert b"10100000001" not in sheets_text(actions.export(officer))
    with pytest.raises(Denied):
        actions.export(clerk, "核对", True)
    with pytest.raises(Refusal, match="为什么"):
        actions.export(officer, " ", True)
    assert b"10100000001" in sheets_text(actions.export(officer, "更新电话本", True))
    rows = owner_sql(
        "SELECT why, result FROM ground_journal WHERE action = 'county.workbook.export' ORDER BY id"
    )
    assert [result for _why, result in rows] == ["done", "denied", "done"]
    assert "完整号码" in rows[2][0]
    assert "更新电话本" in rows[2][0]


def sheets_text(content: bytes) -> bytes:
    own = load_workbook(io.BytesIO(content), read_only=True)
    return "\n".join(
        str(cell) for sheet in own for row in sheet.iter_rows(values_only=True) for cell in row
    ).encode()


def test_a_township_takes_out_and_brings_in_its_own_only(
    county_db: str, scope_of: Callable[..., Any]
) -> None:
    cadre = scope_of("township_cadre", MINE)
    out = sheets_text(actions.export(cadre)).decode()
    assert "甲村负责人" in out
    for canary in ("丙村负责人", "丁村网格员", "永安镇值班室"):
        assert canary not in out
    assert actions.send_in(cadre, actions.export(cadre), "a.xlsx").plan.writes() == 0
    whole = actions.export(COMMAND)
    assert any("范围" in what for _s, _r, _c, what in faults(cadre, whole))
    theirs = book(人员=[{"区划代码": str(SIBLING), "姓名": "甲", "号码": "10166660001"}])
    assert faults(cadre, theirs) == [("人员", 2, "B", "这个区划不在您的范围内")]
    village = {"代码": "500231109009", "名称": "新村", "类型": "村"}
    assert faults(cadre, book(区划=[village])) == [("区划", 2, "A", "区划由县级维护，这里只读")]


# text that a sheet would compute, and files of other kinds


@given(st.text(max_size=30))
def test_no_text_goes_out_as_a_formula_and_all_of_it_comes_back(text: str) -> None:
    written = cells.escaped(text)
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r", "\0"))
    kept = "".join(
        c for c in text if c in "\t\r" or c == "\0" or __import__("unicodedata").category(c) != "Cc"
    )
    assert cells.unescaped(written) == kept.replace("\0", "")


def test_a_risky_name_survives_out_and_in(county_db: str) -> None:
    for number, name in enumerate(("=1+1", "+86", "-", "@sum", "'=x", "'普通")):
        county.add_person(COMMAND, MINE, name, f"1016666000{number}")
    content = actions.export(COMMAND)
    own = load_workbook(io.BytesIO(content))
    assert all(cell.data_type != "f" for sheet in own for row in sheet for cell in row)
    assert actions.send_in(COMMAND, content, "a.xlsx").plan.writes() == 0


HEADS = "区划代码,姓名,号码\n500231109000,曾国强,10166660001\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_one_sheet_may_come_as_csv(county_db: str, encoding: str) -> None:
    assert take(COMMAND, HEADS.encode(encoding), "人员.csv")["人员"]["new"] == 1
    assert [e.name for e in queries.phone_book(COMMAND, "10166660001")] == ["曾国强"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("甲,乙\n1,2\n".encode(), "csv-heads"),
        (b'\xef\xbb\xbf"a\n', "csv-form"),
        (b"", "file-empty"),
        (b"\x00\x01", "file-kind"),
        (b"%PDF-1.7", "file-kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file-kind"),
        (b"PK\x03\x04xl/", "file-kind"),
    ],
)
def test_what_is_no_workbook_is_refused(county_db: str, content: bytes, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        actions.send_in(COMMAND, content, "a.xlsx")
    assert refusal.value.code == code
    assert refusal.value.mend


def test_a_formula_in_a_csv_is_refused(county_db: str) -> None:
    content = HEADS.replace("曾国强", "=1+1").encode()
    assert ("人员", 2, "B", "这一格是公式") in faults(COMMAND, content, "a.csv")


def test_a_blank_workbook_has_every_column_and_says_what_it_is(empty_db: str) -> None:
    own = load_workbook(io.BytesIO(writing.template()))
    assert own.sheetnames == ["说明", *BY_NAME]
    for name, sheet in BY_NAME.items():
        heads = [str(cell.value).rstrip("*") for cell in own[name][1]]
        assert heads == [column.head for column in sheet.columns]


# from an empty county to a call


def test_an_empty_county_calls_the_imported_person_on_duty(
    empty_db: str, move_clock: Callable[..., None]
) -> None:
    from anlan.county.division_actions import found_county
    from anlan.engines.callout import actions as callout
    from anlan.engines.callout import rounds
    from anlan.engines.callout.launch import Launch
    from anlan.engines.callout.models import Attempt, Call
    from anlan.ground.policy import packs, values

    found_county(COMMAND, COUNTY, "垫江县")
    with COMMAND.open():
        assert (Division.objects.count(), Unit.objects.count(), Person.objects.count()) == (1, 0, 0)
    now = clock.local(clock.now(0))
    told = now.strftime("%Y-%m-%d %H:%M")
    end = (now + timedelta(hours=12)).strftime("%Y-%m-%d %H:%M")
    counts = take(COMMAND, book(
        区划=[{"代码": "500231109", "名称": "澄溪镇", "类型": "镇", "上级代码": "500231"},
             {"代码": "500231109001", "名称": "甲村", "类型": "村", "来源": "区划代码 2023"}],
        单位=[{"区划代码": "500231", "名称": "县应急管理局"}],
        人员=[{"编号": "p1", "区划代码": "500231109", "姓名": "任职的", "号码": "13800000001"},
             {"编号": "p2", "区划代码": "500231109", "姓名": "值班的", "号码": "13800000002"},
             {"编号": "p3", "区划代码": "500231109001", "姓名": "村主任", "号码": "13800000003"},
             {"编号": "p4", "区划代码": "500231", "姓名": "县值班", "号码": "13800000004"}],
        岗位=[{"编号": "k1", "区划代码": "500231109", "岗位名称": "澄溪镇值班室", "类型": "乡镇值班"},
             {"编号": "k2", "区划代码": "500231109001", "岗位名称": "甲村负责人", "类型": "village_head",
             "上级岗位编号": "k1"},
             {"编号": "k3", "区划代码": "500231", "岗位名称": "县应急局值班室", "类型": "部门值班",
             "单位": "县应急管理局"}],
        任职=[{"岗位编号": "k1", "人员编号": "p1"}, {"岗位编号": "k2", "人员编号": "p3"},
             {"岗位编号": "k3", "人员编号": "p4"}],
        排班=[{"岗位编号": "k1", "人员编号": "p2", "开始": told, "结束": end}],
    ), "本县.xlsx")  # fmt: skip
    assert counts["区划"]["new"] == 2
    with COMMAND.open():
        sources = dict(Division.objects.exclude(pk=COUNTY).values_list("name", "source"))
    assert sources == {"澄溪镇": "本县.xlsx", "甲村": "区划代码 2023"}
    for name, entry in packs.laws().items():
        if name.startswith("callout."):
            values.save(COMMAND, name, list(entry["values"].values())[-1], "县应急预案")
    callout.open_callout(
        COMMAND,
        Launch("warning.warning", 1, "warning/night", "orange", "暴雨橙色预警", "请注意防范。",
               (500231109000,), "k"),
    )  # fmt: skip
    rounds.advance(Scope.for_round("test"))
    move_clock(3600)
    rounds.advance(Scope.for_round("test"))
    with COMMAND.open():
        names = dict(Person.objects.values_list("id", "name"))
        first = {
            call.post_title: names[call.attempts.order_by("id").first().person_id]
            for call in Call.objects.all()
        }
        numbers = dict(Person.objects.filter(
            id__in=Attempt.objects.values("person_id")).values_list("name", "phone"))  # fmt: skip
    assert first == {"县应急局值班室": "县值班", "澄溪镇值班室": "值班的", "甲村负责人": "村主任"}
    assert numbers["值班的"] == "13800000002"
