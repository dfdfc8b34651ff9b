"""The hall: tasks and instructions to their answer, roll-call, log, handover, consultation."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from anlan.engines.callout import actions as callout
from anlan.engines.callout.models import Attempt, Call, Callout, Inbound
from anlan.engines.callout.rounds import advance, read
from anlan.ground.scope import Scope
from anlan.rooms.command.models import Consultation, Opinion
from anlan.rooms.duty import hall_queries, rounds
from anlan.rooms.duty.models import Handover, LogLine, RollCall, Task
from tests.conftest import TOWNSHIPS
from tests.rooms.duty.conftest import ROUND, Seat
from tests.rooms.duty.test_desk import page, rows


def post_id(kind: str, division: int | None = None) -> int:
    from anlan.county.models import Post
    from tests.conftest import COUNTY

    with ROUND.open():
        return int(Post.objects.get(kind=kind, division=division or COUNTY).id)


def instruct(officer: Any, text: str = "查清原因", **more: str) -> Task:
    form = {"kind": "instruction", "text": text, "post": str(post_id("unit_duty")),
            "minutes": "60", "said_by": "县长", "said_at": ""} | more  # fmt: skip
    answer = officer.post("/duty/tasks/", form)
    assert answer.status_code == 302, answer.content.decode()
    found: Task = rows(Task)[-1]
    return found


def test_an_instruction_rings_its_post_and_is_followed_to_its_answer(
    officer: Any, client_of: Callable[..., Any], move_clock: Any
) -> None:
    task = instruct(officer)
    assert task.to_title == "县水利局值班室" and task.said_by == "县长"
    advance(ROUND)
    assert "县长批示：查清原因" in rows(Attempt)[0].text
    unit, other = Seat(client_of, "unit_duty"), client_of("township_duty", TOWNSHIPS[0])
    assert "有 1 件等您答复" in page(unit, "/duty/tasks/")
    path, form = f"/duty/tasks/{task.id}/answer/", {"version": str(task.version), "text": "已查清"}
    assert other.post(path, form).status_code == 404
    assert unit.post(path, form | {"text": " "}).status_code == 400
    move_clock(61 * 60)
    assert rounds.tell_late(ROUND) == 1 and rounds.tell_late(ROUND) == 0
    assert "到时没有答复" in page(officer, "/duty/tasks/")
    task = rows(Task)[0]
    assert unit.post(path, form | {"version": str(task.version)}).status_code == 302
    task = rows(Task)[0]
    assert (task.state, task.answered_via) == ("answered", "own")
    assert "超时答复" in page(officer, f"/duty/tasks/{task.id}/")
    close = f"/duty/tasks/{task.id}/close/"
    assert unit.post(close, {"version": str(task.version)}).status_code == 403
    assert officer.post(close, {"version": str(task.version)}).status_code == 302
    assert "没有未完的交办和批示" in page(officer, "/duty/tasks/")
    said = [line.text for line in rows(LogLine)]
    assert any(t.startswith("批示县水利局值班室") for t in said) and any(
        "（超时）" in t for t in said
    )


def test_an_answer_by_telephone_is_keyed_by_the_officer_and_says_so(officer: Any) -> None:
    task = instruct(officer)
    form = {"version": str(task.version), "text": "电话说已到场"}
    assert officer.post(f"/duty/tasks/{task.id}/answer/", form).status_code == 302
    assert rows(Task)[0].answered_via == "keyed" and "代录" in page(
        officer, f"/duty/tasks/{task.id}/"
    )
    assert officer.post(f"/duty/tasks/{task.id}/answer/", form).status_code == 409


def test_an_unanswered_ring_goes_on_to_deputy_and_superior(officer: Any, move_clock: Any) -> None:
    instruct(officer)
    for _step in range(4):
        advance(ROUND)
        move_clock(11 * 60)
    assert [a.role for a in rows(Attempt)] == ["first", "first", "deputy", "superior"]


@pytest.mark.parametrize(
    "change",
    [{"text": ""}, {"text": "长" * 301}, {"text": "{code}"}, {"minutes": "0"}, {"minutes": "x"},
     {"post": "999999"}, {"kind": "wish"}, {"said_by": ""}, {"said_at": "昨天"}],
)  # fmt: skip
def test_a_wrong_instruction_rings_nobody(officer: Any, change: dict[str, str]) -> None:
    form = {"kind": "instruction", "text": "查清原因", "post": str(post_id("unit_duty")),
            "minutes": "60", "said_by": "县长", "said_at": ""} | change  # fmt: skip
    assert officer.post("/duty/tasks/", form).status_code in (400, 404)
    assert rows(Task) == [] and rows(Callout) == []


def answer_by_sms(call: Call, key: str, role: str = "first") -> None:
    """The message comes in by the gateway, and the round reads it, as at night."""
    from anlan.county.models import Person

    with ROUND.open():
        rung = Attempt.objects.filter(call=call, role=role).order_by("-id").first()
        number = str(Person.objects.get(id=rung.person_id).phone)
    callout.receive_message(Scope.for_gateway("smpp"), "smpp", key, number, call.code)
    assert read(ROUND) == 1


def test_a_roll_call_rings_every_township_and_says_who_was_late(
    officer: Any, move_clock: Any
) -> None:
    form = {"text": "值班点名，请应答。", "minutes": "10"}
    assert officer.post("/duty/roll/", form).status_code == 302
    roll = rows(RollCall)[0]
    opened = rows(Callout)[0]
    assert (opened.kind, opened.grade, opened.minutes) == ("roll_call", "", 10)
    assert {c.post_title for c in rows(Call)} == {"澄溪镇值班室", "永安镇值班室"}
    advance(ROUND)
    assert "在岗请回" in rows(Attempt)[0].text
    assert "2 个乡镇街道还没有应答" in page(officer, f"/duty/roll/{roll.id}/")
    first, second = rows(Call)
    answer_by_sms(first, "m1")
    move_clock(11 * 60)
    assert "1 个乡镇街道到时没有应答" in page(officer, f"/duty/roll/{roll.id}/")
    move_clock(2 * 60)
    answer_by_sms(second, "m2")
    shown = hall_queries.roll(Scope.for_round("x"), roll.id)
    states = [(p.call.id, p.state) for p in shown.posts]
    assert states == [(second.id, "late"), (first.id, "in-time")], "who was late stands first"
    assert 179 <= shown.posts[0].late_s <= 200
    assert "都应答了，1 个迟到" in page(officer, "/duty/roll/")


def test_a_roll_call_is_no_warning_and_its_answers_count_in_no_indicator(
    officer: Any, owner_sql: Callable[..., Any]
) -> None:
    officer.post("/duty/roll/", {"text": "点名", "minutes": "10"})
    assert owner_sql("SELECT DISTINCT callout_kind FROM callout_fact_call") == [("roll_call",)]
    assert "还没有叫应" in page(officer, "/callout/")
    for form in ({"text": "", "minutes": "10"}, {"text": "点名", "minutes": "0"},
                 {"text": "点名", "minutes": "2000"}, {"text": "点{code}名", "minutes": "10"}):  # fmt: skip
        assert officer.post("/duty/roll/", form).status_code == 400, form
    assert len(rows(RollCall)) == 1


def test_an_answer_by_a_superior_does_not_make_the_post_present(
    officer: Any, move_clock: Any
) -> None:
    officer.post("/duty/roll/", {"text": "点名", "minutes": "10"})
    for _step in range(4):
        advance(ROUND)
        move_clock(11 * 60)
    answer_by_sms(rows(Call)[0], "m1", "superior")
    assert rows(Call)[0].answered_role == "superior"
    shown = hall_queries.roll(Scope.for_round("x"), rows(RollCall)[0].id)
    assert {p.state for p in shown.posts} == {"absent"}


def test_what_is_written_in_the_log_stays_written(
    officer: Any, owner_sql: Any, as_role: Any
) -> None:
    import psycopg
    from django.db import connection
    from django.db.utils import ProgrammingError

    assert officer.post("/duty/log/", {"text": "接市局电话询问雨情"}).status_code == 302
    assert officer.post("/duty/log/", {"text": " "}).status_code == 400
    assert "接市局电话询问雨情" in page(officer, "/duty/log/")
    with (
        pytest.raises((ProgrammingError, psycopg.Error)),
        ROUND.open(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE duty_logline SET text = 'x'")


def test_a_shift_is_handed_over_by_two_signatures_under_two_sign_ins(
    officer: Any, leader: Any, take: Any, client_of: Callable[..., Any]
) -> None:
    take("滑坡，1人死亡", "甲村", kind="geohazard")
    instruct(officer)
    gateway = Scope.for_gateway("smpp")
    callout.receive_message(gateway, "smpp", "m9", "13900001111", "看不懂的话")
    callout.leave_on_desk(ROUND, rows(Inbound)[0].id, "unclear")
    shown = page(officer, "/handover/")
    for group in ("接报", "报送", "批示", "不明确的短信"):
        assert f"<h2>{group} " in shown, group
    assert client_of("unit_duty").get("/handover/").status_code == 403
    assert officer.post("/handover/", {"text": "盯住甲村"}).status_code == 302
    row = rows(Handover)[0]
    kinds = sorted({one["kind"] for one in row.items})
    assert kinds == ["callout.inbound", "duty.event", "duty.report", "duty.task"]
    assert "看不懂的话" not in str(row.items), "no copy of what somebody wrote"
    assert officer.post("/handover/", {"text": ""}).status_code == 409, "one at a time"
    mark = page(leader, f"/handover/{row.id}/").split('name="seen" value="')[1].split('"')[0]
    form = {"version": str(row.version), "seen": mark, "text": ""}
    assert officer.post(f"/handover/{row.id}/accept/", form).status_code == 403, "not by oneself"
    take("起火", "丙村", kind="fire")
    assert leader.post(f"/handover/{row.id}/accept/", form).status_code == 409, "it was not read"
    fresh = page(leader, f"/handover/{row.id}/")
    assert "交班签字以后的变化" in fresh and "永安镇丙村火灾" in fresh
    form["seen"] = fresh.split('name="seen" value="')[1].split('"')[0]
    assert leader.post(f"/handover/{row.id}/accept/", form).status_code == 302
    row = rows(Handover)[0]
    assert (
        row.state == "signed"
        and row.in_person != row.out_person
        and row.in_account != row.out_account
    )
    assert [one["change"] for one in row.news] == ["new"]
    assert "双方都签了字" in page(officer, f"/handover/{row.id}/")
    assert leader.post(f"/handover/{row.id}/accept/", form).status_code == 409


def test_the_first_signature_can_be_taken_back_by_its_owner_only(officer: Any, leader: Any) -> None:
    officer.post("/handover/", {"text": ""})
    row = rows(Handover)[0]
    form = {"version": str(row.version)}
    assert leader.post(f"/handover/{row.id}/withdraw/", form).status_code == 403
    assert officer.post(f"/handover/{row.id}/withdraw/", form).status_code == 302
    assert officer.post("/handover/", {"text": ""}).status_code == 302, "signed anew"


def test_a_consultation_keeps_its_inputs_as_they_were_and_its_orders_ring(
    officer: Any, leader: Any, take: Any, client_of: Callable[..., Any]
) -> None:
    from docx import Document

    event = take("山洪，1人失联", "甲村", kind="flood")
    form = {"title": "甲村山洪", "chair": "县长", "event": str(event.id)}
    assert officer.post("/consult/", form | {"event": "999"}).status_code == 404
    assert officer.post("/consult/", form).status_code == 302
    row = rows(Consultation)[0]
    path = f"/consult/{row.id}/"
    assert f'value="duty.event/{event.id}"' in page(officer, path)
    freeze = {"version": str(row.version), "attendees": "水利局、应急局", "input": []}
    assert officer.post(path + "freeze/", freeze).status_code == 400, "on nothing"
    wrong = freeze | {"input": ["duty.event/999"]}
    assert officer.post(path + "freeze/", wrong).status_code == 400
    assert officer.post(path + "freeze/", freeze | {"input": [f"duty.event/{event.id}"]}
                        ).status_code == 302  # fmt: skip
    officer.post(
        f"/desk/event/{event.id}/figure/", {"name": "missing", "value": "5", "source": "镇里"}
    )
    row = rows(Consultation)[0]
    assert row.inputs[0]["words"] == "失踪失联 1 人" and "missing1" in row.inputs[0]["version"]
    unit = client_of("unit_duty")
    assert unit.post(path + "say/", {"who": "水利局", "text": "上游还在涨"}).status_code == 302
    assert (
        unit.post(path + "decide/", {"version": str(row.version), "decision": "x"}).status_code
        == 403
    )
    order = {
        "order": "立即转移",
        "order_to": str(post_id("township_duty", TOWNSHIPS[0])),
        "order_min": "30",
    }
    assert officer.post(path + "order/", order).status_code == 400, "before the decision"
    decide = {"version": str(row.version), "decision": "转移甲村"}
    assert officer.post(path + "decide/", decide).status_code == 403
    assert leader.post(path + "decide/", decide).status_code == 302
    assert officer.post(path + "say/", {"who": "x", "text": "y"}).status_code == 409, "it is over"
    assert officer.post(path + "order/", order).status_code == 302
    task = rows(Task)[0]
    assert (task.origin_kind, task.origin_id) == ("command.consultation", row.id) and rows(Callout)
    words = officer.get(path + "file.docx").content
    document = Document(io.BytesIO(words))
    text = "\n".join(p.text for p in document.paragraphs) + "".join(
        c.text for t in document.tables for r in t.rows for c in r.cells
    )
    for said in ("失踪失联 1 人", "水利局：上游还在涨", "转移甲村", "澄溪镇值班室：立即转移",
                 f"duty.event {event.id} v"):  # fmt: skip
        assert said in text, said
    assert officer.get(path + "file.pdf").content.startswith(b"%PDF")
    assert [o.who for o in rows(Opinion)] == ["水利局"]


def test_the_leaders_page_is_one_page_and_a_picture_however_much_there_is(
    night: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    from dataclasses import replace
    from datetime import UTC, datetime

    from PIL import Image

    from anlan.faces.console import leader as page_of
    from anlan.ground import pictures

    client = client_of("duty_officer")
    shown = client.get("/leader/").content.decode()
    assert "没有应答" in shown and "没有转移" in shown
    answer = client.get("/leader/file.pdf")
    assert answer.content.startswith(b"%PDF") and pictures.page_count(answer.content) == 1
    picture = client.get("/leader/file.png")
    if picture.status_code == 503:
        pytest.skip("NOT RUN: no Chinese font: apt-get install fonts-wqy-microhei")
    image = Image.open(io.BytesIO(picture.content))
    assert image.format == "PNG" and image.size[0] == pictures.WIDTH_PX
    assert image.convert("L").getextrema()[0] < 90, "there are letters on it"
    found = page_of.brief(client_scope(client_of))
    at = datetime(2024, 7, 11, tzinfo=UTC)
    full = replace(
        found, events=[(f"某镇某村{n}洪涝", "受灾人口 43,000 人" * 3, at) for n in range(200)],
        needs=[page_of.Need(f"某镇{n}值班室", "立即核实并报告" * 8, True) for n in range(200)],
    )  # fmt: skip
    content = page_of.one_page(full)
    assert pictures.page_count(content) == 1
    import pypdfium2

    text = pypdfium2.PdfDocument(content)[0].get_textpage().get_text_range()
    assert "另有" in text, "what was cut is counted"
    assert client.get("/leader/file.exe").status_code == 404
    assert client_of("township_duty", TOWNSHIPS[0]).get("/leader/").status_code == 403


def client_scope(_client_of: Callable[..., Any]) -> Any:
    from tests import small_county

    return small_county.scope_of("duty_officer")
