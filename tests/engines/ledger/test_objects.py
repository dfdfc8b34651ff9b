"""The ledger through its screens and actions: one entry each, how it stood, who regulates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from anlan.county import unit_actions
from anlan.county.models import Change
from anlan.engines.ledger import actions, queries
from anlan.engines.ledger.actions import Entry
from anlan.engines.ledger.models import RegulatedObject
from anlan.engines.ledger.types import all_types, type_of
from anlan.ground import clock
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.scope import Scope
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES

COMMAND = Scope.for_command("test")
GOOD_CODE = "91500231MA5U00001" + "X"


def code(number: int) -> str:
    from anlan.engines.ledger.decisions import uscc_check

    first = f"91500231MA5U{number:05d}"
    return first + uscc_check(first)


def text(answer: Any) -> str:
    return answer.content.decode()


def firm(scope: Any = COMMAND, name: str = "澄溪加油站", number: int = 1, **more: Any) -> Any:
    place = more.pop("division", VILLAGES[0])
    fields = {"industry": "chemical", "staff": "12"} | more.pop("fields", {})
    return actions.add_object(scope, "enterprise", Entry(place, name, code(number), fields, **more))


@pytest.fixture
def cadre(client_of: Callable[..., Any]) -> Any:
    return client_of("township_cadre", TOWNSHIPS[0])


def test_a_firm_is_entered_changed_and_found_again(cadre: Any) -> None:
    made = cadre.post("/ledger/enterprise/new/", {
        "division": VILLAGES[0], "name": "澄溪加油站", "code": code(1).lower(), "lat": "30.3",
        "lon": "107.3", "source": "营业执照", "f_industry": "chemical", "f_staff": "12",
        "f_safety_staff": "3", "f_small": "是", "f_founded": "2019-05-01", "f_address": "",
    })  # fmt: skip
    assert made.status_code == 302, text(made)
    page = text(cadre.get(made.url))
    assert "澄溪加油站：在营" in page and "危险化学品" in page
    assert "专职安全管理人员占比（%）" in page and ">25<" in page
    with COMMAND.open():
        row = RegulatedObject.objects.get()
    changed = cadre.post(f"/ledger/of/{row.id}/edit/", {
        "version": row.version, "division": VILLAGES[0], "name": "澄溪加油站", "code": code(1),
        "lat": "30.3", "lon": "107.3", "source": "营业执照", "f_industry": "chemical",
        "f_staff": "20", "f_safety_staff": "3", "f_small": "是", "f_founded": "2019-05-01",
        "f_address": "",
    })  # fmt: skip
    assert changed.status_code == 302
    assert "从业人数 12→20" in text(cadre.get(made.url))
    for query in ("q=溪加油", f"q={code(1)[3:9]}", "f.industry=chemical", "f.small=1",
                  f"in={TOWNSHIPS[0]}", "state=running"):  # fmt: skip
        assert "澄溪加油站" in text(cadre.get(f"/ledger/enterprise/?{query}")), query
    for query in ("q=永安", "f.industry=gas", "f.small=0", "state=closed"):
        assert "没有找到" in text(cadre.get(f"/ledger/enterprise/?{query}")), query


def test_what_is_wrong_is_said_beside_it_and_nothing_is_written(cadre: Any) -> None:
    page = cadre.post("/ledger/enterprise/new/", {
        "division": VILLAGES[0], "name": "甲", "code": code(1)[:-1] + "0", "lat": "107", "lon": "30",
        "source": "", "f_industry": "chemical", "f_staff": "十二", "f_safety_staff": "", "f_small": "",
        "f_founded": "", "f_address": "",
    })  # fmt: skip
    assert page.status_code == 422 or page.status_code == 400
    said = text(page)
    assert "3 处不对" in said and "最后一位" in said and "不是数字" in said and "经纬度" in said
    strange = cadre.post("/ledger/enterprise/new/", {"division": VILLAGES[0], "name": "甲",
                                                     "f_use": "lift"})  # fmt: skip
    assert strange.status_code >= 400
    with COMMAND.open():
        assert not RegulatedObject.objects.exists()


def test_the_same_code_stands_once(county_db: str) -> None:
    row = firm()
    with pytest.raises(Conflict) as again:
        firm(name="另一个名字")
    assert "统一社会信用代码" in again.value.message
    actions.end_object(COMMAND, row.id, row.version, "录入错误")
    assert firm(name="另一个名字").id != row.id


def test_who_was_slower_is_told(county_db: str) -> None:
    row = firm()
    entry = Entry(VILLAGES[0], "新名", code(1), {"industry": "gas"})
    actions.edit_object(COMMAND, row.id, row.version, entry)
    with pytest.raises(Conflict) as late:
        actions.edit_object(COMMAND, row.id, row.version, replace(entry, name="旧名"))
    assert "新名" in late.value.place


def test_how_it_stood_on_a_day(county_db: str) -> None:
    row = firm()
    with COMMAND.open():
        today = clock.local(clock.now()).date()
    past = today - timedelta(days=30)
    row = actions.set_state(COMMAND, row.id, row.version, "suspended", past, "停产通知〔2026〕1号")
    assert row.state == "running", "录入时的状态较晚，仍是现在的"
    row = actions.set_state(COMMAND, row.id, row.version, "closed", today, "注销登记")
    assert row.state == "closed"
    assert queries.shown(COMMAND, row.id, past).state == "停产停业"
    assert queries.shown(COMMAND, row.id, past - timedelta(days=1)).state == ""
    assert queries.shown(COMMAND, row.id).state == "关闭"
    for state, day, document in (("gone", today, "x"), ("closed", today, " "),
                                 ("closed", today + timedelta(days=1), "x")):  # fmt: skip
        with pytest.raises(Refusal):
            actions.set_state(COMMAND, row.id, row.version, state, day, document)


def test_what_is_pointed_at_must_be_there_and_of_the_type(county_db: str) -> None:
    owner = firm()
    lift = actions.add_object(COMMAND, "equipment", Entry(
        VILLAGES[0], "客梯 1", "31105002312019010001", {"use": "lift", "owner": owner.id}))  # fmt: skip
    assert [row.name for row in queries.shown(COMMAND, owner.id).pointing] == ["客梯 1"]
    for other in (lift.id, 999_999):
        with pytest.raises(Refusal) as wrong:
            actions.add_object(COMMAND, "equipment", Entry(
                VILLAGES[0], "客梯 2", "", {"use": "lift", "owner": other}))  # fmt: skip
        assert "使用企业" in wrong.value.place


def test_two_entries_that_are_one_are_merged_without_loss_and_apart_again(cadre: Any) -> None:
    kept = firm(name="垫江甲商贸有限公司", fields={"staff": ""})
    other = actions.add_object(COMMAND, "enterprise", Entry(
        VILLAGES[0], "垫江甲商贸有限责任公司", "", {"industry": "commerce", "staff": "9",
                                                 "address": "桂溪路"}, lat=30.1, lon=107.2))  # fmt: skip
    page = text(cadre.get("/ledger/enterprise/twice/"))
    assert "1 对看着是同一个" in page
    done = cadre.post("/ledger/merge/", {"kept": kept.id, "kept_version": kept.version,
                                         "other": other.id, "other_version": other.version})  # fmt: skip
    assert done.status_code == 302
    with COMMAND.open():
        kept.refresh_from_db()
        other.refresh_from_db()
    assert kept.fields == {"industry": "chemical", "staff": 9, "address": "桂溪路"}
    assert (kept.lat, kept.code, other.merged_into_id) == (30.1, code(1), kept.id)
    assert other.fields["industry"] == "commerce", "并入的一条原样留着"
    assert "没有看着重复的" in text(cadre.get("/ledger/enterprise/twice/"))
    actions.unmerge(COMMAND, other.id, other.version, "同名的两家")
    assert queries.counts(COMMAND) == {"enterprise": 2}
    lift = actions.add_object(COMMAND, "equipment", Entry(VILLAGES[0], "梯", "", {"use": "lift"}))
    with pytest.raises(Refusal):
        actions.merge(COMMAND, kept.id, kept.version, lift.id, lift.version)


def test_a_blind_spot_shows_until_the_matrix_covers_it(
    county_db: str, scope_of: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    unit = unit_actions.add_unit(COMMAND, COUNTY, "县应急管理局")
    firm()
    firm(name="永安客运", number=2, division=VILLAGES[2], fields={"industry": "transport"})
    clerk, officer = scope_of("plan_clerk"), client_of("duty_officer")
    assert "2 个对象没有监管单位" in text(officer.get("/ledger/"))
    line = actions.add_duty(clerk, unit.id, "enterprise", "industry", "chemical", "三定〔2024〕9号")
    assert "1 个对象没有监管单位" in text(officer.get("/ledger/"))
    blind = text(officer.get("/ledger/enterprise/?blind=1"))
    assert "永安客运" in blind and "澄溪加油站" not in blind
    township = scope_of("township_cadre", TOWNSHIPS[0])
    assert queries.blind_spots(township) == [], "乡镇也看得到县里的职责清单"
    with pytest.raises(Conflict):
        actions.add_duty(clerk, unit.id, "enterprise", "industry", "chemical", "再来一次")
    with pytest.raises(Refusal):
        actions.add_duty(clerk, unit.id, "enterprise", "industry", "nothing", "x")
    actions.end_duty(clerk, line.id, line.version, "调整")
    assert "2 个对象没有监管单位" in text(officer.get("/ledger/"))


def test_a_township_sees_and_changes_its_own_only(
    county_db: str, scope_of: Callable[..., Any]
) -> None:
    mine, theirs = (
        scope_of("township_cadre", TOWNSHIPS[0]),
        scope_of("township_cadre", TOWNSHIPS[1]),
    )
    row = firm(mine)
    kind = type_of("enterprise")
    with theirs.open():
        assert list(queries.objects(theirs, kind, queries.Wanted())) == []
        for wanted in (
            queries.Wanted(sought="澄溪"),
            queries.Wanted(filters={"industry": "chemical"}),
        ):
            assert list(queries.objects(theirs, kind, wanted)) == []
    with pytest.raises(NotFound):
        queries.shown(theirs, row.id)
    with pytest.raises(NotFound):
        actions.end_object(theirs, row.id, row.version, "x")
    with pytest.raises(Denied):
        firm(theirs, number=2)
    officer = scope_of("duty_officer")
    with pytest.raises(Denied):
        firm(officer, number=3)
    assert queries.counts(officer) == {"enterprise": 1}


def test_an_exercise_reads_the_real_ledger_and_writes_its_own(
    county_db: str, owner_sql: Callable[..., Any]
) -> None:
    owner_sql(
        'INSERT INTO ground_world (id, kind, name, anchored_at, "offset", rate, started_at)'
        " VALUES (7, 'tabletop', '推演', now(), '0', 1, now())"
    )
    real = firm()
    there = COMMAND.in_world(7)
    assert queries.counts(there) == {"enterprise": 1}
    firm(there, name="演练企业", number=5)
    assert queries.counts(there) == {"enterprise": 2}
    assert queries.counts(COMMAND) == {"enterprise": 1}
    with pytest.raises(Refusal):
        actions.end_object(there, real.id, real.version, "演练里")


def test_every_write_is_in_the_history_and_the_journal(county_db: str) -> None:
    from anlan.ground.models import JournalLine

    row = firm()
    row = actions.edit_object(COMMAND, row.id, row.version,
                              Entry(VILLAGES[0], "改名", code(1), {"industry": "gas"}))  # fmt: skip
    same = actions.edit_object(COMMAND, row.id, row.version,
                               Entry(VILLAGES[0], "改名", code(1), {"industry": "gas"}))  # fmt: skip
    assert same.version == row.version, "没有改动就没有新的一版"
    actions.end_object(COMMAND, row.id, row.version, "迁出")
    with COMMAND.open():
        told = list(
            Change.objects.filter(object_id=row.id, object_kind=actions.KIND).order_by("id")
        )
        lines = JournalLine.objects.filter(object_kind=actions.KIND, object_id=str(row.id))
        assert [one.action for one in told] == [
            "ledger.object.add", "ledger.object.change", "ledger.object.end"]  # fmt: skip
        assert lines.count() == 3
    assert told[1].fields["行业"] == ["危险化学品", "燃气"]


def test_every_type_can_be_entered_by_its_form(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    clerk = client_of("plan_clerk")
    owner = firm()
    samples = {"text": "甲", "note": "甲", "whole": "1", "number": "1", "money": "1",
               "date": "2026-01-01", "yes_no": "是", "unit": ""}  # fmt: skip
    for name, kind in all_types().items():
        body = {"division": COUNTY, "name": f"{name} 样", "code": "", "source": "", "lat": "",
                "lon": ""}  # fmt: skip
        body["code"] = code(9) if name == "enterprise" else f"{name}-1"
        for field in kind.own_fields():
            value = samples.get(field.kind, "")
            if field.kind == "choice":
                value = next(iter(field.options))
            if field.kind == "object":
                value = owner.id if field.of == "enterprise" else ""
            body[field.input] = value
        made = clerk.post(f"/ledger/{name}/new/", body)
        assert made.status_code == 302, (name, text(made))
        assert f"{name} 样" in text(clerk.get(made.url))
        assert clerk.get(f"{made.url}edit/").status_code == 200
    assert queries.counts(COMMAND) == dict.fromkeys(all_types(), 1) | {"enterprise": 2}


def test_an_unknown_type_is_said_to_be_none(client_of: Callable[..., Any]) -> None:
    answer = client_of("plan_clerk").get("/ledger/spaceship/")
    assert answer.status_code == 404 and "没有这种监管对象" in text(answer)


def test_the_fact_view_counts_what_is_in_use(county_db: str) -> None:
    from django.db import connection

    row = firm(lat=30.1, lon=107.2)
    firm(name="乙", number=2)
    actions.end_object(COMMAND, row.id, row.version, "迁出")
    with COMMAND.open(), connection.cursor() as cursor:
        cursor.execute("SELECT type, state, coded, placed, label FROM ledger_fact_object")
        assert cursor.fetchall() == [("enterprise", "running", True, False, "乙")]
