"""The public's report, what comes round, one case out of another, stops, objections, tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from anlan.county import unit_actions
from anlan.engines.cases import actions, clock_actions, door, rounds, side_actions
from anlan.engines.cases.actions import Given, Start
from anlan.engines.cases.door import Said
from anlan.engines.cases.models import Case, Deadline, DoorReport, Request
from anlan.engines.ledger import actions as ledger
from anlan.ground import clock
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.models import JournalLine
from anlan.ground.scope import Scope
from tests.conftest import COUNTY, VILLAGES
from tests.engines.cases.shots import in_days, sent
from tests.engines.cases.test_loop import DAY_S, FIVE, go, ordered, people, report

COMMAND, ROUND = Scope.for_command("test"), Scope.for_round("test")
__all__ = ["people"]
SAID = Said("仓库夜间违规动火", "甲村三组", "王举报", "13900001111")


def test_a_report_of_the_public_is_kept_sealed_and_becomes_one_case(
    people: dict[str, Scope], as_role: Callable[[str], None], owner_sql: Any
) -> None:
    as_role("public")
    nobody = Scope.nobody("10.0.0.1")
    assert door.leave(nobody, "hazards.tip", "public", "form-1", SAID)
    assert not door.leave(nobody, "hazards.tip", "public", "form-1", SAID)
    for bad, error in ((Said("", "x"), Refusal), (Said("长" * 501, "x"), Refusal)):
        with pytest.raises(error):
            door.leave(nobody, "hazards.tip", "public", "form-2", bad)
    with pytest.raises(NotFound):
        door.leave(nobody, "hazards.hazard", "found", "form-3", SAID)
    as_role("app")
    raw = owner_sql("SELECT t::text FROM cases_doorreport t")[0][0]
    assert "王举报" not in raw and "13900001111" not in raw and "动火" not in raw
    assert rounds.take_door(ROUND) == 1 and rounds.take_door(ROUND) == 0
    with people["unit"].open():
        row = Case.objects.get()
        assert (row.type, row.state, row.title) == ("hazards.tip", "received", SAID.text)
        assert "王举报" not in str(row.values)
    with pytest.raises(Denied):
        door.reveal_reporter(people["cadre"], row.id)
    assert door.reveal_reporter(people["unit"], row.id) == ("王举报", "13900001111")
    with COMMAND.open():
        assert JournalLine.objects.filter(action="cases.reporter", object_id=str(row.id)).exists()


def test_a_tip_that_is_true_leads_to_a_danger_once(people: dict[str, Scope]) -> None:
    tip = actions.open_case(people["unit"], "hazards.tip", "told", Start(VILLAGES[0]),
                            Given({"via": "phone", "what": "楼道堆物"}))  # fmt: skip
    start = Start(VILLAGES[0], source_id=tip.id)
    row = actions.open_case(people["unit"], "hazards.hazard", "from_tip", start, Given())
    assert row.values["what"] == "楼道堆物" and row.title == "楼道堆物"
    with pytest.raises(Conflict):
        actions.open_case(people["unit"], "hazards.hazard", "from_tip", start, Given())
    with pytest.raises(NotFound):
        actions.open_case(people["unit"], "hazards.hazard", "from_selfcheck", start, Given())
    with pytest.raises(NotFound):
        actions.open_case(people["other"], "hazards.hazard", "from_tip", start, Given())


def test_one_danger_leads_to_two_penalties(people: dict[str, Scope]) -> None:
    """一案双罚: the firm and the person, each a case of its own, both linked to the danger."""
    row = ordered(people)
    for opening in ("firm", "person"):
        actions.open_case(people["unit"], "hazards.penalty", opening,
                          Start(VILLAGES[0], source_id=row.id), Given())  # fmt: skip
    with people["unit"].open():
        assert sorted(row.led_to.values_list("case__opening", flat=True)) == ["firm", "person"]


def firm(name: str, small: str) -> Any:
    from anlan.engines.ledger.decisions import uscc_check

    first = f"91500231MA5U{abs(hash(name)) % 100000:05d}"
    entry = ledger.Entry(VILLAGES[0], name, first + uscc_check(first),
                         {"industry": "chemical", "staff": "3", "small": small})  # fmt: skip
    return ledger.add_object(COMMAND, "enterprise", entry)


def test_small_firms_have_one_selfcheck_a_month(
    people: dict[str, Scope], move_clock: Callable[..., None]
) -> None:
    small = firm("小卖部", "是")
    firm("大厂", "否")
    assert rounds.come_round(ROUND) == 1 and rounds.come_round(ROUND) == 0
    with people["cadre"].open():
        row = Case.objects.get()
        assert (row.object_id, row.state) == (small.id, "due")
        assert row.deadlines.get().key == "month"
    row = go(people["cadre"], row, "clean", {"check_photo": sent()}, checker="店主")
    assert row.ended
    move_clock(31 * DAY_S)
    assert rounds.come_round(ROUND) == 1
    with COMMAND.open():
        assert Case.objects.filter(object=small).count() == 2


def test_while_the_clock_stands_nothing_moves_and_its_days_do_not_count(
    people: dict[str, Scope], move_clock: Callable[..., None]
) -> None:
    row = ordered(people, 10)
    with pytest.raises(Denied):
        clock_actions.stop(people["cadre"], row.id, row.version, "rectify", "permit", "等审批")
    with pytest.raises(Refusal):
        clock_actions.stop(people["leader"], row.id, row.version, "rectify", "lazy", "懒")
    with pytest.raises(NotFound):
        clock_actions.stop(people["leader"], row.id, row.version, "assess", "permit", "等")
    row = clock_actions.stop(people["leader"], row.id, row.version, "rectify", "permit", "等审批")
    with pytest.raises(Conflict) as refused:
        go(people["cadre"], row, "finish", {"after": sent()}, report="好")
    assert refused.value.code == "case-stands"
    move_clock(4 * DAY_S)
    rounds.fall_due(ROUND)
    row = clock_actions.resume(people["leader"], row.id, row.version, "rectify", "批下来了")
    with COMMAND.open():
        own = Deadline.objects.get(case=row, key="rectify")
        left = clock.local(own.due_at).date() - clock.local(clock.now()).date()
    assert left.days == 10 and own.fell_at is None, "three of ten days were spent standing"
    with pytest.raises(Conflict):
        clock_actions.resume(people["leader"], row.id, row.version, "rectify", "再来")


def test_an_objection_holds_the_case_and_sends_it_back_when_it_is_right(
    people: dict[str, Scope],
) -> None:
    row = ordered(people)
    asked = side_actions.object_to(people["cadre"], row.id, row.version, "objection", "不是我们的")
    with COMMAND.open():
        row.refresh_from_db()
    with pytest.raises(Conflict) as refused:
        go(people["cadre"], row, "finish", {"after": sent()}, report="好")
    assert refused.value.code == "case-objected"
    with pytest.raises(Refusal):
        side_actions.object_to(people["cadre"], row.id, row.version, "objection", "再提")
    with pytest.raises(Refusal):
        side_actions.object_to(people["cadre"], row.id, row.version, "appeal", "太早")
    side_actions.decide_objection(people["leader"], asked.id, asked.version, True, "确实不是")
    with COMMAND.open():
        row.refresh_from_db()
        gone = Deadline.objects.get(case=row, key="rectify")
    assert row.state == "assessed" and gone.due_at is None and gone.ended_on is not None
    again = go(people["unit"], row, "order", due_on=in_days(9), **FIVE)
    with COMMAND.open():
        assert Deadline.objects.filter(case=again, key="rectify").count() == 2


def test_an_appeal_is_decided_by_somebody_else_again(people: dict[str, Scope]) -> None:
    row = ordered(people)
    first = side_actions.object_to(people["cadre"], row.id, row.version, "objection", "不服")
    side_actions.decide_objection(people["leader"], first.id, first.version, False, "应当整改")
    with COMMAND.open():
        row.refresh_from_db()
    second = side_actions.object_to(people["cadre"], row.id, row.version, "appeal", "还是不服")
    with pytest.raises(Denied):
        side_actions.decide_objection(people["leader"], second.id, second.version, False, "同前")
    side_actions.decide_objection(people["head"], second.id, second.version, False, "维持")
    with COMMAND.open():
        states = list(Request.objects.order_by("id").values_list("key", "state"))
    assert states == [("objection", "refused"), ("appeal", "refused")]


def test_parts_of_units_end_before_the_joint_closing(people: dict[str, Scope]) -> None:
    from datetime import date

    unit = unit_actions.add_unit(COMMAND, COUNTY, "县交通运输委")
    row = ordered(people)
    day = date.fromisoformat(in_days(3))
    part = side_actions.give_task(people["unit"], row.id, row.version, unit.id, "限行", day)
    with pytest.raises(Refusal):
        side_actions.give_task(people["unit"], row.id, row.version + 1, unit.id, " ", day)
    with COMMAND.open():
        row.refresh_from_db()
    with pytest.raises(Conflict) as refused:
        go(people["cadre"], row, "finish", {"after": sent()}, report="好")
    assert "1 项交办" in refused.value.message
    side_actions.finish_task(people["cadre"], part.id, part.version, "已限行")
    with pytest.raises(Conflict):
        side_actions.finish_task(people["cadre"], part.id, part.version + 1, "再办")
    with COMMAND.open():
        row.refresh_from_db()
    assert go(people["cadre"], row, "finish", {"after": sent()}, report="好").state == "done"
    with pytest.raises(Conflict):
        side_actions.give_task(people["unit"], row.id, row.version + 1, unit.id, "晚了", day)


def test_a_place_too_near_an_object_stops_the_move(
    people: dict[str, Scope], monkeypatch: pytest.MonkeyPatch
) -> None:
    from anlan.engines.cases import types

    entry = types.entries()["hazards.hazard"]
    moves = {**entry["moves"], "assess": {**entry["moves"]["assess"],
                                          "apart": {"type": "site", "metres": 100}}}  # fmt: skip
    changed = {"hazards.hazard": {**entry, "moves": moves}}
    monkeypatch.setattr(actions, "entries", lambda: changed)
    school = {"name": "小学", "code": "S1", "lat": 30.3, "lon": 107.3}
    fields = {f.key: next(iter(f.options)) for f in _needed("site")}
    ledger.add_object(COMMAND, "site", ledger.Entry(VILLAGES[0], fields=fields, **school))
    values = {"channel": "self", "what": "烟花"}

    def at(lat: float | None) -> Case:
        return actions.open_case(
            people["helper"], "hazards.hazard", "found",
            Start(VILLAGES[0], lat=lat, lon=None if lat is None else 107.3), Given(values),
        )  # fmt: skip

    with pytest.raises(Refusal) as near:
        go(people["unit"], at(30.3005), "assess", grade="general")
    assert near.value.code == "case-near" and "56 米" in near.value.message
    with pytest.raises(Refusal) as nowhere:
        go(people["unit"], at(None), "assess", grade="general")
    assert nowhere.value.code == "case-point"
    assert go(people["unit"], at(30.302), "assess", grade="general").state == "assessed"


def _needed(type_name: str) -> Any:
    from anlan.engines.ledger.types import type_of

    return [f for f in type_of(type_name).own_fields() if f.needed and f.kind == "choice"]


def test_the_public_page_takes_a_report_and_shows_nothing(
    people: dict[str, Scope], monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings
    from django.urls import clear_url_caches, set_urlconf

    monkeypatch.setattr(settings, "ROOT_URLCONF", "anlan.faces.portal.urls")
    monkeypatch.setattr(settings, "MIDDLEWARE", settings.PUBLIC_MIDDLEWARE)
    clear_url_caches()
    set_urlconf(None)
    client = Client()
    page = client.get("/t").content.decode()
    assert "举报隐患" in page and 'name="what" value="hazards.tip/public"' in page
    body = {"what": "hazards.tip/public", "text": "违规动火", "place": "甲村", "form_key": "a" * 32,
            "caller": "", "number": ""}  # fmt: skip
    for _turn in range(2):
        assert client.post("/t", body).status_code == 302
    with COMMAND.open():
        assert DoorReport.objects.count() == 1
    assert client.post("/t", body | {"state": "x"}).status_code == 400
    assert report(people["helper"])
    monkeypatch.undo()
    clear_url_caches()
