"""Import and review through the pages: a document, its doubts, a second person, versions, undoing."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from anlan.county.models import Unit, UnitAlias
from anlan.ground.scope import Scope
from anlan.rooms.workplan import actions, demo, queries, review_queries
from anlan.rooms.workplan.models import PlanChange, PlanDoubt, PlanRow, PlanVersion
from anlan.rooms.workplan.original_queries import PAGE_LINES, original_of

FROZEN = Path(__file__).parent / "frozen"
DOCX = FROZEN / "p04-shihong-2024.docx"
COMMAND = Scope.for_command("test")
JSON = {"Accept": "application/json"}


def send(client: Any, path: Path, name: str = "") -> Any:
    sent = SimpleUploadedFile(name or path.name, path.read_bytes())
    return client.post("/plan/import/", {"file": sent}, headers=JSON)


def text(client: Any, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code, answer.content.decode()[:600])
    return str(answer.content.decode())


def kept(model: Any, **wanted: Any) -> list[Any]:
    with COMMAND.open():
        return list(model.objects.filter(**wanted).order_by("id"))


def settle_all(client: Any, version_id: int, unit: str = "none") -> int:
    """As the page does it: the form that is shown, with what it carries, until none is left."""
    done = 0
    while True:
        page = text(client, f"/plan/versions/{version_id}/")
        form = re.search(r'class="accept" method="post" action="([^"]+)"', page)
        if form is None:
            return done
        fields = dict(re.findall(r'name="(version|request_key)" value="([^"]+)"', page))
        if "unit" in re.findall(r'type="radio" name="(unit)"', page):
            fields["unit"] = unit
        answer = client.post(form[1], fields)
        assert answer.status_code == 302, answer.content.decode()[:600]
        done += 1


@pytest.fixture
def clerk(client_of: Callable[..., Any]) -> Any:
    return client_of("plan_clerk")


@pytest.fixture
def leader(client_of: Callable[..., Any]) -> Any:
    return client_of("county_leader")


@pytest.fixture
def version(clerk: Any) -> PlanVersion:
    answer = send(clerk, DOCX)
    assert answer.status_code == 302, answer.content.decode()
    return kept(PlanVersion)[-1]  # type: ignore[no-any-return]


def test_a_dropped_document_shows_its_cells_its_rows_and_its_first_doubt(
    clerk: Any, version: PlanVersion
) -> None:
    page = text(clerk, f"/plan/versions/{version.id}/")
    doubts = kept(PlanDoubt, plan_id=version.id)
    assert f"还有 {len(doubts)} 处存疑要定" in page
    assert "责任单位沿用上一行" in page and "照读出的保留" in page
    first = doubts[0]
    here = re.findall(r'<td[^>]*class="here"[^>]*title="([^"]+)"', page)
    assert here and all("第 1 张表" in place for place in here), here
    assert 'data-mark="单位"' in page and 'data-mark="目标"' in page
    assert f'href="?doubt={doubts[1].id}"' in page and first.table == 1
    assert page.count('<tr class="at here">') == 1


def test_every_cell_of_every_frozen_document_that_became_a_row_is_marked_with_its_place(
    clerk: Any,
) -> None:
    for path in sorted(FROZEN.glob("p0[4589]*.*[!n]")):
        assert send(clerk, path).status_code == 302
        plan = kept(PlanVersion)[-1]
        rows = {(row.table, row.row) for row in kept(PlanRow, plan_id=plan.id)}
        found = set()
        for table in {table for table, _row in rows}:
            for piece in original_of(COMMAND, plan, table).pieces:
                for _number, line in piece.lines:
                    for cell in line:
                        assert cell["line"] >= 1 and cell["column"] >= 1
                        found |= {tuple(own) for own in cell.get("of", ())}
        assert found == rows, path.name


def long_plan(rows: int) -> bytes:
    """One table of so many rows; the units' cell is merged down over three rows each time."""
    from docx import Document

    paper, out = Document(), io.BytesIO()
    paper.add_heading("2025年安全工作要点（演示数据）", 1)
    paper.add_paragraph("附表：重点任务")
    table = paper.add_table(rows=rows + 1, cols=4, style="Table Grid")
    cells = list(table._cells)
    for at, words in enumerate(("序号", "任务", "目标", "责任单位")):
        cells[at].text = words
    for n in range(1, rows + 1):
        own = cells[n * 4 : n * 4 + 4]
        own[0].text, own[1].text = str(n), f"第{n}项任务"
        own[2].text = f"完成隐患整治{n}处。"
        if n % 3 == 1:
            own[3].text = "县应急管理局"
    for n in range(1, rows - 1, 3):
        cells[n * 4 + 3].merge(cells[(n + 2) * 4 + 3])
    paper.save(out)
    return out.getvalue()


def test_the_whole_original_is_shown_a_page_at_a_time_open_where_the_row_is(clerk: Any) -> None:
    rows = 2 * PAGE_LINES + 77
    sent = {"file": SimpleUploadedFile("long.docx", long_plan(rows))}
    assert clerk.post("/plan/import/", sent).status_code == 302
    plan = kept(PlanVersion)[-1]
    seen, marked = [], set()
    for page in (1, 2, 3):
        found = original_of(COMMAND, plan, 1, page=page)
        assert (found.page, found.pages, found.total) == (page, 3, rows + 1)
        for piece in found.pieces:
            for number, line in piece.lines:
                seen.append(number)
                marked |= {tuple(own) for cell in line for own in cell.get("of", ())}
    assert seen == list(range(1, rows + 2)), "every line once, under its own number"
    assert marked == {(1, n) for n in range(1, rows + 1)}
    # The unit of rows 199 to 201 began on the first page and stands again on the second.
    again = original_of(COMMAND, plan, 1, page=2).pieces[0].lines[0][1]
    assert [cell["text"] for cell in again if cell.get("again")] == ["县应急管理局"]
    assert next(cell["rows"] for cell in again if cell.get("again")) == 2
    late = kept(PlanRow, plan_id=plan.id, row=rows - 1)[0]
    shown = text(clerk, f"/plan/versions/{plan.id}/?row={late.id}")
    assert f"第 {2 * PAGE_LINES + 1}–{rows + 1} 行，共 {rows + 1} 行" in shown
    assert re.search(rf'class="here"[^>]*>第{rows - 1}项任务<', shown)
    assert f"?row={late.id}&amp;page=2" in shown
    text(clerk, f"/plan/versions/{plan.id}/?page=99")
    text(clerk, f"/plan/versions/{plan.id}/?page=x", 404)


def test_a_file_that_is_no_plan_is_refused_with_place_and_mend_and_nothing_is_kept(
    clerk: Any,
) -> None:
    for name, code in (("n01-minutes.docx", "not-a-plan"), ("n03-news.html", "not-a-plan")):
        answer = send(clerk, FROZEN / name)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, code)
        assert error["place"] and error["mend"]
    wrong = clerk.post("/plan/import/", {"file": SimpleUploadedFile("x.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 80)}, headers=JSON)  # fmt: skip
    assert wrong.json()["error"]["mend"] and wrong.status_code == 400
    assert clerk.post("/plan/import/", {}, headers=JSON).json()["error"]["code"] == "file-empty"
    assert kept(PlanVersion) == []


def test_the_same_file_and_the_same_post_come_in_once(clerk: Any) -> None:
    sent = {"file": SimpleUploadedFile("a.docx", DOCX.read_bytes()), "request_key": "one-key-only"}
    first = clerk.post("/plan/import/", sent)
    again = clerk.post(
        "/plan/import/", sent | {"file": SimpleUploadedFile("a.docx", DOCX.read_bytes())}
    )
    assert first.headers["Location"] == again.headers["Location"]
    assert send(clerk, DOCX).json()["error"]["code"] == "plan-known"
    assert len(kept(PlanVersion)) == 1


def test_all_doubts_are_settled_and_a_second_person_confirms(
    clerk: Any, leader: Any, version: PlanVersion
) -> None:
    confirm = f"/plan/{version.id}/confirm/"
    refused = leader.post(confirm, {"version": "1"}, headers=JSON)
    assert refused.json()["error"]["code"] == "doubts-open" and refused.status_code == 409
    assert settle_all(clerk, version.id) == len(kept(PlanDoubt, plan_id=version.id))
    own = clerk.post(confirm, {"version": "1"}, headers=JSON)
    assert (own.status_code, own.json()["error"]["code"]) == (403, "second-person")
    assert "要由另一人确认" in text(clerk, f"/plan/versions/{version.id}/")
    assert "确认这一版" in text(leader, f"/plan/versions/{version.id}/")
    assert leader.post(confirm, {"version": "1"}).status_code == 302
    done = kept(PlanVersion, id=version.id)[0]
    assert done.state == "confirmed" and done.confirmed_person != done.entered_person
    for doubt in kept(PlanDoubt, plan_id=version.id):
        assert doubt.settled_by and doubt.settled_at and doubt.why and doubt.choice == "accepted"


def test_who_settled_or_edited_does_not_confirm_though_another_entered(
    clerk: Any, version: PlanVersion, scope_of: Callable[..., Any]
) -> None:
    from dataclasses import replace

    from anlan.ground.errors import Denied
    from anlan.rooms.workplan import review_actions

    settle_all(clerk, version.id)
    leader = scope_of("county_leader")
    both = replace(leader, rights=leader.rights | {"plan.enter"})
    row = kept(PlanRow, plan_id=version.id)[0]
    values = {"name": row.name + "（改）", "units": "", "lead": "", "quantities": "",
              "deadline": row.deadline}  # fmt: skip
    review_actions.edit_row(both, version.id, row.id, row.version, values, "核对原文")
    with pytest.raises(Denied):
        actions.confirm(both, version.id)
    assert kept(PlanVersion, id=version.id)[0].state == "entered"


@pytest.mark.parametrize(
    ("change", "held"),
    [
        ("state = 'confirmed', confirmed_person = entered_person", True),
        ("state = 'confirmed', confirmed_person = NULL", True),
        ("state = 'confirmed', confirmed_person = entered_person + 100000", False),
        ("entered_person = entered_person + 1", True),
        ("demo = true", True),
    ],
)
def test_the_database_itself_wants_a_second_person(
    clerk: Any, version: PlanVersion, owner_sql: Any, change: str, held: bool
) -> None:
    import psycopg

    sql = f"UPDATE workplan_planversion SET {change} WHERE id = %s"
    with pytest.raises(psycopg.errors.CheckViolation):
        owner_sql(sql, (version.id,))
    settle_all(clerk, version.id)
    if held:
        with pytest.raises(psycopg.errors.CheckViolation):
            owner_sql(sql, (version.id,))
    else:
        owner_sql(sql, (version.id,))


def test_an_edit_is_a_version_of_the_row_with_before_after_who_and_why(
    clerk: Any, version: PlanVersion, owner_sql: Any
) -> None:
    row = kept(PlanRow, plan_id=version.id)[0]
    address = f"/plan/versions/{version.id}/row/{row.id}/"
    page = text(clerk, f"/plan/versions/{version.id}/?row={row.id}")
    assert f'action="{address}"' in page
    form = {"name": row.name, "units": "县应急管理局、县水利局", "lead": "县水利局",
            "quantities": "事故起数 ≤ 2 起\n巡查 1 ~ 2 次\n死亡人数 ? 保持低位",
            "deadline": "2024-07-15", "why": "照原文更正", "version": str(row.version)}  # fmt: skip
    assert (
        clerk.post(address, form | {"why": ""}, headers=JSON).json()["error"]["code"] == "why-empty"
    )
    for field, wrong, code in (("deadline", "六月底", "day-form"), ("lead", "县教委", "lead-unknown"),
                               ("quantities", "很多", "quantity-form"), ("name", " ", "name-form"),
                               ("quantities", "巡查 3 ~ 2 次", "quantity-range")):  # fmt: skip
        answer = clerk.post(address, form | {field: wrong}, headers=JSON)
        assert answer.json()["error"]["code"] == code and answer.json()["error"]["mend"]
    assert kept(PlanChange) == []
    assert clerk.post(address, form).status_code == 302
    assert clerk.post(address, form, headers=JSON).json()["error"]["code"] == "changed-meanwhile"
    new, change = kept(PlanRow, id=row.id)[0], kept(PlanChange)[0]
    assert new.version == row.version + 1 == change.to_version
    assert [own["name"] for own in new.units if own["lead"]] == ["县水利局"]
    assert new.lead_state == "settled" and new.deadline == "2024-07-15"
    assert [own["op"] for own in new.quantities] == ["<=", "range", "judged"]
    assert change.fields["deadline"] == [row.deadline, "2024-07-15"] and change.why == "照原文更正"
    assert "照原文更正" in text(clerk, f"/plan/versions/{version.id}/?row={row.id}")
    lines = owner_sql("SELECT count(*) FROM ground_journal WHERE action = 'plan.row.edit'")
    assert lines == [(1,)]


def test_a_doubt_is_settled_otherwise_with_its_reason_and_only_once(
    clerk: Any, version: PlanVersion
) -> None:
    doubt = next(own for own in kept(PlanDoubt, plan_id=version.id) if own.code == "no-lead")
    row = kept(PlanRow, plan_id=version.id, table=doubt.table, row=doubt.row)[0]
    address = f"/plan/versions/{version.id}/doubt/{doubt.id}/"
    form = {"name": row.name, "units": "县应急管理局、各乡镇", "lead": "县应急管理局", "quantities": "",
            "deadline": row.deadline, "why": "县领导定的", "version": "1", "row_version": "1"}  # fmt: skip
    bad = clerk.post(address, form | {"lead": "各乡镇"}, headers=JSON)
    assert bad.json()["error"]["code"] == "lead-collective"
    assert clerk.post(address, form).status_code == 302
    again = clerk.post(address + "accept/", {"version": "2"}, headers=JSON)
    assert again.json()["error"]["code"] == "doubt-settled"
    settled = kept(PlanDoubt, id=doubt.id)[0]
    assert (settled.choice, settled.why) == ("edited", "县领导定的")
    assert kept(PlanChange)[0].doubt_id == doubt.id


def test_a_stale_page_of_another_version_settles_and_edits_nothing(
    clerk: Any, version: PlanVersion
) -> None:
    assert send(clerk, FROZEN / "p01-lanxi-2025.docx").status_code == 302
    other = kept(PlanVersion)[-1]
    doubt = next(own for own in kept(PlanDoubt, plan_id=version.id) if not own.asks and own.row)
    row = kept(PlanRow, plan_id=version.id, table=doubt.table, row=doubt.row)[0]
    form = {"name": "别的名称", "units": "", "lead": "", "quantities": "", "deadline": row.deadline,
            "why": "旧页面", "version": "1"}  # fmt: skip
    stale = f"/plan/versions/{other.id}"
    for path, sent in ((f"{stale}/doubt/{doubt.id}/accept/", {"version": "1"}),
                       (f"{stale}/doubt/{doubt.id}/", form | {"row_version": "1"}),
                       (f"{stale}/row/{row.id}/", form)):  # fmt: skip
        answer = clerk.post(path, sent, headers=JSON)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (409, "plan-other"), path
        assert "打开要改的那一版" in error["mend"]
    assert kept(PlanDoubt, id=doubt.id)[0].settled_at is None and kept(PlanChange) == []
    right = f"/plan/versions/{version.id}/doubt/{doubt.id}/accept/"
    assert clerk.post(right, {"version": "1"}).status_code == 302


def test_a_unit_under_another_name_is_matched_once_and_known_to_the_next_plan(
    clerk: Any, client_of: Callable[..., Any]
) -> None:
    from anlan.county import unit_actions
    from tests.conftest import COUNTY

    own = unit_actions.add_unit(COMMAND, COUNTY, "县发展和改革委员会")
    joint = unit_actions.add_unit(COMMAND, COUNTY, "各乡镇（街道）", "collective")
    paper = _paper(
        [
            ("稳定粮价", "粮食储备达到3万吨。", "县发改委、各镇街"),
            ("安全检查", "检查不少于2次。", "县飞船局"),
        ]
    )
    sent = SimpleUploadedFile("a.docx", paper)
    assert clerk.post("/plan/import/", {"file": sent}).status_code == 302
    plan = kept(PlanVersion)[-1]
    doubts = {d.subject: d for d in kept(PlanDoubt, plan_id=plan.id, code="unit-unknown")}
    assert doubts["县发改委"].proposal["candidates"][0]["id"] == own.id
    assert doubts["各镇街"].proposal["candidates"][0]["id"] == joint.id
    assert doubts["县飞船局"].proposal["what"] == "unit-new"
    page = text(clerk, f"/plan/versions/{plan.id}/?doubt={doubts['县发改委'].id}")
    assert "一个是另一个的简称" in page and "县发展和改革委员会" in page
    accept = f"/plan/versions/{plan.id}/doubt/{doubts['县发改委'].id}/accept/"
    stranger = clerk.post(accept, {"version": "1", "unit": str(joint.id)}, headers=JSON)
    assert stranger.json()["error"]["code"] == "unit-choice"
    assert clerk.post(accept, {"version": "1", "unit": str(own.id)}).status_code == 302
    settle_all(clerk, plan.id, unit="new")
    alias = kept(UnitAlias, name="县发改委")[0]
    assert alias.unit_id == own.id and alias.valid_from.isoformat() == "2025-01-01"
    assert kept(Unit, name="县飞船局")[0].kind == "unit"
    other = _paper([("稳定粮价", "粮食储备达到4万吨。", "县发改委、县飞船局")])
    clerk.post("/plan/import/", {"file": SimpleUploadedFile("b.docx", other)})
    assert kept(PlanDoubt, plan_id=kept(PlanVersion)[-1].id, code="unit-unknown") == []


def _paper(rows: list[tuple[str, str, str]], title: str = "2025年全县安全工作要点") -> bytes:
    from docx import Document

    paper = Document()
    paper.add_paragraph(title)
    for n, head in enumerate("一二三", start=1):
        paper.add_paragraph(f"（{head}）第{n}件事。按表落实。")
    table = paper.add_table(rows=1, cols=4)
    for cell, word in zip(table.rows[0].cells, ("序号", "名称", "目标", "责任单位"), strict=True):
        cell.text = word
    for number, row in enumerate(rows, start=1):
        for cell, word in zip(table.add_row().cells, (str(number), *row), strict=True):
            cell.text = word
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


# versions


def _second_version(clerk: Any, leader: Any) -> tuple[PlanVersion, PlanVersion]:
    """The demonstration plan, and a mid-year version of it with a row in front, one changed, one gone."""
    from docx import Document

    first = actions.import_plan(COMMAND, demo.document(), demo.NAME, demo=True)
    actions.confirm(COMMAND, first.id)
    paper = Document(io.BytesIO(demo.document()))
    table = paper.tables[4]
    table.rows[1].cells[2].text = "演示：覆盖达到95%。"
    table.rows[1].cells[3].text = "县应急管理局、县水利局"
    table._tbl.remove(table.rows[11]._tr)
    fresh = table.add_row()
    for cell, word in zip(
        fresh.cells, ("0", "电梯安全在线", "接入不少于50台。", "县市场监管局", ""), strict=True
    ):
        cell.text = word
    table.rows[0]._tr.addnext(fresh._tr)
    for number, row in enumerate(table.rows[1:], start=1):
        row.cells[0].text = str(number)
    out = io.BytesIO()
    paper.save(out)
    sent = SimpleUploadedFile("mid.docx", out.getvalue())
    assert clerk.post("/plan/import/", {"file": sent}).status_code == 302
    second = kept(PlanVersion)[-1]
    settle_all(clerk, second.id)
    return first, second


def test_a_mid_year_version_says_what_changed_by_row_and_for_whom(clerk: Any, leader: Any) -> None:
    first, second = _second_version(clerk, leader)
    page = text(leader, f"/plan/versions/{second.id}/changes/")
    found = review_queries.differences(COMMAND, first, second)
    told = {
        how: [own for own in found if own.how == how] for how in ("new", "gone", "changed", "moved")
    }
    assert [own.row.name for own in told["new"]] == ["电梯安全在线"]
    assert [own.row.name for own in told["gone"]] == ["城市内涝治理"]
    by_hand = {own.row.name: {field for field, _a, _b in own.changes} for own in told["changed"]}
    assert by_hand.pop("应急智慧指挥体系建设") == {"text", "units", "quantities"}
    assert all(fields <= {"units", "lead"} for fields in by_hand.values()), "what the clerk settled"
    assert len(told["moved"]) == 9, "rows that only got another number are no change"
    assert "电梯安全在线" in page and "城市内涝治理" in page and "县水利局" in page
    assert re.search(r"<td><a [^>]*>县水利局</a></td><td class=\"n\">1</td>", page)
    for query in ("?how=new", "?unit=县水利局", f"?against={first.id}"):
        text(leader, f"/plan/versions/{second.id}/changes/{query}")
    text(leader, f"/plan/versions/{second.id}/changes/?against=zwei", 404)
    text(leader, f"/plan/versions/{first.id}/changes/")


def test_a_version_in_mid_year_loses_no_record_and_moves_no_frozen_figure(
    clerk: Any, leader: Any, scope_of: Callable[..., Any], owner_sql: Any, move_clock: Any
) -> None:
    from anlan.engines.callout import actions as callout
    from anlan.engines.callout.launch import Launch
    from anlan.engines.indicators import rounds as indicators
    from tests.conftest import TOWNSHIPS

    second = _second_version(clerk, leader)[1]
    callout.open_callout(
        scope_of("duty_officer"),
        Launch("warning.warning", 1, "warning/night", "orange", "暴雨橙色预警", "请注意防范。",
               (TOWNSHIPS[0],), "k"),
    )  # fmt: skip
    move_clock(32 * 86400)
    indicators.freeze(Scope.for_round("test"))
    tables = owner_sql(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname, %s)",
        ("indicators_",),
    )
    before = {t: owner_sql(f"SELECT * FROM {t} ORDER BY 1") for (t,) in tables}
    assert any(before.values())
    by_row = {(r.row.table, r.row.row): r.figures for r in queries.rows(COMMAND)}
    actions.confirm(scope_of("county_leader"), second.id, second.version)
    after = {t: owner_sql(f"SELECT * FROM {t} ORDER BY 1") for (t,) in tables}
    assert before == after
    now = {(r.row.table, r.row.row): r.figures for r in queries.rows(COMMAND)}
    assert now[4, 40] == by_row[4, 40] and by_row[4, 40]
    assert now[5, 7] == by_row[5, 6] and by_row[5, 6], "the row moved down, its figure with it"
    assert now[5, 6] == [] and now[5, 1] == []


def test_one_act_undoes_a_version_before_and_after_its_confirmation(
    clerk: Any, leader: Any, owner_sql: Any
) -> None:
    first, second = _second_version(clerk, leader)
    undo, withdraw = (f"/plan/versions/{second.id}/{own}/" for own in ("undo", "withdraw"))
    assert (
        clerk.post(undo, {"why": " ", "version": "1"}, headers=JSON).json()["error"]["code"]
        == "why-empty"
    )
    assert leader.post(undo, {"why": "错", "version": "1"}).status_code == 403
    assert leader.post(withdraw, {"why": "错", "version": "1"}).status_code == 404, (
        "not confirmed yet"
    )
    leader.post(f"/plan/{second.id}/confirm/", {"version": "1"})
    assert queries.current(COMMAND).id == second.id  # type: ignore[union-attr]
    assert clerk.post(undo, {"why": "错", "version": "2"}).status_code == 404
    assert leader.post(withdraw, {"why": "错", "version": "1"}, headers=JSON).status_code == 409
    assert leader.post(withdraw, {"why": "发错了文件", "version": "2"}).status_code == 302
    assert queries.current(COMMAND).id == first.id  # type: ignore[union-attr]
    assert {own.state for own in kept(PlanVersion, id=second.id)} == {"undone"}
    assert "发错了文件" in text(clerk, "/plan/versions/")
    assert owner_sql("SELECT why FROM ground_journal WHERE action = 'plan.withdraw'") == [
        ("发错了文件",)
    ]
    assert len(queries.status(COMMAND)["rows"]) == 121
    mid = kept(PlanVersion, id=second.id)[0]
    content = b"".join([clerk.get(f"/plan/versions/{mid.id}/file/").content])
    sent = SimpleUploadedFile("mid.docx", content)
    assert clerk.post("/plan/import/", {"file": sent}).status_code == 302, (
        "the same file may come again"
    )
    third = kept(PlanVersion)[-1]
    assert (
        clerk.post(f"/plan/versions/{third.id}/undo/", {"why": "重来", "version": "1"}).status_code
        == 302
    )
    assert queries.current(COMMAND).id == first.id  # type: ignore[union-attr]


def test_a_confirmed_version_takes_no_edit(clerk: Any, leader: Any, version: PlanVersion) -> None:
    settle_all(clerk, version.id)
    leader.post(f"/plan/{version.id}/confirm/", {"version": "1"})
    row = kept(PlanRow, plan_id=version.id)[0]
    form = {"name": "别名", "units": "", "lead": "", "quantities": "", "deadline": "", "why": "改",
            "version": "1"}  # fmt: skip
    answer = clerk.post(f"/plan/versions/{version.id}/row/{row.id}/", form, headers=JSON)
    assert answer.json()["error"]["code"] == "plan-closed" and answer.json()["error"]["mend"]


def test_who_may_not_enter_sees_and_does_not_settle(
    version: PlanVersion, client_of: Callable[..., Any]
) -> None:
    duty = client_of("duty_officer")
    page = text(duty, f"/plan/versions/{version.id}/")
    assert "data-accept" not in page and "data-confirm" not in page
    doubt = kept(PlanDoubt, plan_id=version.id)[0]
    path = f"/plan/versions/{version.id}/doubt/{doubt.id}/accept/"
    assert duty.post(path, {"version": "1"}).status_code == 403
    assert duty.post("/plan/import/", {}).status_code == 403
    for bad in ("?doubt=999999", "?row=x", "?table=-1", "?doubt=" + "9" * 40):
        text(duty, f"/plan/versions/{version.id}/{bad}", 404)
    text(duty, "/plan/versions/999999/", 404)


def test_the_demonstration_plan_is_a_document_that_the_reader_reads() -> None:
    from anlan.rooms.workplan.reader import read_plan

    assert demo.document() == demo.document()
    plan = read_plan(demo.document(), demo.NAME)
    assert len(plan["points"]) == 24 and len(plan["tables"]) == 6
    assert sum(len(table["rows"]) for table in plan["tables"]) == 121
    assert "演示数据" in plan["document"]["title"]
