"""The desk through its pages: taken in, sent on, joined, mended; nothing that was said is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from anlan.engines.callout import actions as callout
from anlan.engines.callout.models import Attempt, Call, Callout, Inbound
from anlan.engines.callout.rounds import advance
from anlan.ground.errors import Denied, Refusal
from anlan.ground.models import JournalLine
from anlan.ground.scope import Scope
from anlan.rooms.duty import actions, rounds
from anlan.rooms.duty.actions import Incoming, receive_event
from anlan.rooms.duty.models import Event, Figure, LogLine, Report, Source, Task
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES
from tests.rooms.duty.conftest import ROUND


def page(client: Any, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return str(answer.content.decode())


def rows(model: Any, **wanted: Any) -> list[Any]:
    with ROUND.open():
        return list(model.objects.filter(**wanted).order_by("id"))


def test_a_telephone_report_finds_its_place_kind_and_figures_and_says_what_it_read(
    take: Any, officer: Any
) -> None:
    event = take("山体滑坡堵了路，3人被困", "甲村三组", caller="王大爷", number="13912340000")
    assert event.division == VILLAGES[0] and event.place_label == "澄溪镇甲村"
    assert event.kind == "geohazard" and [d["code"] for d in event.doubts] == ["kind", "figures"]
    assert [(f.name, f.value, f.source) for f in rows(Figure)] == [("trapped", 3, "电话接报")]
    shown = page(officer, f"/desk/event/{event.id}/")
    assert "澄溪镇甲村地质灾害" in shown and "王大爷" in shown and "139****0000" in shown
    assert "13912340000" not in shown and "种类由文字读出" in shown
    assert "澄溪镇甲村地质灾害" in page(officer, "/desk/")
    assert any("接报：" in line.text for line in rows(LogLine))
    with ROUND.open():
        assert JournalLine.objects.filter(action="duty.receive").count() == 1


def test_what_was_keyed_stands_above_what_was_read(take: Any) -> None:
    event = take("起火，2人受伤", "乙村", kind="gas", injured="4", dead="0")
    assert event.kind == "gas" and event.doubts == []
    assert {(f.name, f.value) for f in rows(Figure)} == {("injured", 4), ("dead", 0)}


def test_a_place_that_is_not_found_is_kept_as_said_and_doubted(take: Any, officer: Any) -> None:
    event = take("路断了", "谁也不知道的地方", kind="other")
    assert event.division == COUNTY and event.place == "谁也不知道的地方"
    assert "没有对上" in page(officer, f"/desk/event/{event.id}/")
    form = {"version": str(event.version), "kind": "flood", "place": "永安镇", "choice": "",
            "what": "路断了，水淹"}  # fmt: skip
    assert officer.post(f"/desk/event/{event.id}/mend/", form).status_code == 302
    mended = rows(Event)[0]
    assert mended.division == TOWNSHIPS[1] and mended.kind == "flood" and mended.doubts == []
    assert rows(Source)[0].division == TOWNSHIPS[1], "its sources are where it is"
    assert officer.post(f"/desk/event/{event.id}/mend/", form).status_code == 409, "an old version"


def test_first_orders_ring_the_townships_duty_post_by_the_callout(take: Any, officer: Any) -> None:
    event = take("滑坡", "甲村", order="立即到现场核实", order_min="20")
    task, opened = rows(Task)[0], rows(Callout)[0]
    assert task.to_title == "澄溪镇值班室" and task.minutes == 20 and task.origin_id == event.id
    assert (opened.kind, opened.grade, opened.origin_kind) == ("task", "", "duty.task")
    assert [call.post_id for call in rows(Call)] == [task.to_post_id]
    advance(ROUND)
    assert "立即到现场核实" in rows(Attempt)[0].text and "请回" in rows(Attempt)[0].text
    assert "澄溪镇值班室" in page(officer, f"/desk/event/{event.id}/")
    assert page(officer, "/callout/").count("交办") == 0, "tasks do not crowd the list of warnings"


def test_an_order_that_cannot_be_given_loses_no_report(officer: Any, take: Any) -> None:
    answer = officer.post(
        "/desk/new/", {"what": "有人呼救", "place": "不知道哪里", "order": "快去"}, follow=True
    )
    assert "先期指令没有发出" in answer.content.decode() and len(rows(Event)) == 1
    assert rows(Task) == []


@pytest.mark.parametrize(
    "fields",
    [{"what": " "}, {"what": "滑坡", "dead": "-1"}, {"what": "滑坡", "dead": "很多"},
     {"what": "滑坡", "ago": "99999"}, {"what": "滑坡", "kind": "nonsense"},
     {"what": "滑坡", "rights": "*"}],
)  # fmt: skip
def test_a_wrong_form_is_refused_whole(officer: Any, fields: dict[str, str]) -> None:
    assert officer.post("/desk/new/", fields).status_code == 400
    assert rows(Event) == [] and rows(Source) == []


def test_the_same_form_sent_twice_is_one_report(officer: Any) -> None:
    form = {"what": "滑坡", "place": "甲村", "key": "0" * 32}
    first, second = officer.post("/desk/new/", form), officer.post("/desk/new/", form)
    assert first.url == second.url and len(rows(Event)) == 1


def test_who_may_not_take_reports_is_refused_and_a_township_takes_its_own(
    client_of: Callable[..., Any], officer: Any
) -> None:
    form = {"what": "塘坝漫水", "place": "甲村"}
    assert client_of("unit_duty").post("/desk/new/", form).status_code == 403
    own = client_of("township_duty", TOWNSHIPS[0])
    assert own.post("/desk/new/", form).status_code == 302
    assert rows(Event)[0].division == VILLAGES[0]
    assert "甲村" in page(officer, "/desk/"), "the county sees it at once"
    other = client_of("township_duty", TOWNSHIPS[1])
    assert "甲村" not in page(other, "/desk/")
    assert other.get(f"/desk/event/{rows(Event)[0].id}/").status_code == 404
    outside = own.post("/desk/new/", {"what": "淹水", "place": "丙村"})
    assert outside.status_code == 302 and rows(Event)[1].division == TOWNSHIPS[0]
    assert "不在您的范围内" in rows(Event)[1].doubts[-1]["message"]


def test_doubles_are_proposed_joined_and_parted_and_no_source_is_lost(
    take: Any, officer: Any, move_clock: Any
) -> None:
    first = take("滑坡，房子埋了", "甲村", kind="geohazard")
    move_clock(600)
    second = take("后山垮了", "澄溪镇甲村", kind="geohazard", trapped="2")
    elsewhere = take("滑坡", "丙村", kind="geohazard")
    assert "同一件事" in page(officer, f"/desk/event/{second.id}/")
    assert "同一件事" not in page(officer, f"/desk/event/{elsewhere.id}/")
    assert (
        officer.post(f"/desk/event/{second.id}/join/", {"into": str(first.id)}).status_code == 302
    )
    shown = page(officer, f"/desk/event/{first.id}/")
    assert "房子埋了" in shown and "后山垮了" in shown and "2 个" in shown
    assert f'id="event-{second.id}"' not in page(officer, "/desk/")
    again = officer.post(f"/desk/event/{second.id}/join/", {"into": str(elsewhere.id)})
    assert again.status_code == 409
    assert "已并入" in page(officer, f"/desk/event/{second.id}/")
    assert officer.post(f"/desk/event/{second.id}/part/").status_code == 302
    assert [s.event_id for s in rows(Source)] == [first.id, second.id, elsewhere.id]
    assert officer.post(f"/desk/event/{first.id}/join/", {"into": str(first.id)}).status_code == 400


def test_a_joined_event_with_people_hurt_hands_its_report_on(take: Any, officer: Any) -> None:
    first = take("滑坡", "甲村", kind="geohazard")
    second = take("滑坡，1人死亡", "甲村", kind="geohazard")
    assert [r.event_id for r in rows(Report)] == [second.id]
    officer.post(f"/desk/event/{second.id}/join/", {"into": str(first.id)})
    assert [(r.event_id, r.state) for r in rows(Report)] == [
        (second.id, "dropped"), (first.id, "due"),
    ]  # fmt: skip


def test_an_unclear_message_becomes_an_event_once_with_the_message_as_its_source(
    officer: Any,
) -> None:
    gateway = Scope.for_gateway("smpp")
    callout.receive_message(gateway, "smpp", "m1", "13900001111", "甲村 滑坡了 快来人")
    inbound = rows(Inbound)[0]
    callout.leave_on_desk(ROUND, inbound.id, "unclear")
    assert "转为接报" in page(officer, "/desk/")
    path = f"/desk/{inbound.id}/event/"
    answer = officer.post(path)
    event, source = rows(Event)[0], rows(Source)[0]
    assert answer.url == f"/desk/event/{event.id}/" and event.division == VILLAGES[0]
    assert (source.via, source.origin_kind, source.origin_id) == (
        "sms",
        "callout.inbound",
        inbound.id,
    )
    assert str(source.text) == "甲村 滑坡了 快来人" and str(source.number) == "13900001111"
    settled = rows(Inbound)[0]
    assert settled.state == "settled" and f"{event.id} 号" in settled.why
    assert officer.post(path).status_code == 404 and len(rows(Event)) == 1


def test_a_source_of_any_kind_arrives_once_by_the_one_door(county_db: str) -> None:
    """Sensors and CAP come in by the same call; two at once are one event."""
    said = Incoming("sensor", "st-1/2024-07-10T18:00", "甲村雨量站 3 小时 92 毫米", kind="flood",
                    point=(30.232, 107.332), origin_kind="sensing.event", origin_id=5)  # fmt: skip
    made: list[int] = []

    def send() -> None:
        from django.db import connection

        made.append(receive_event(Scope.for_gateway("sensor"), said).id)
        connection.close()

    threads = [threading.Thread(target=send) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1 and len(made) == 4 and len(rows(Source)) == 1
    assert rows(Event)[0].place_how == "point"
    with pytest.raises(Refusal, match="不知道是从哪里来的"):
        receive_event(ROUND, Incoming("pigeon", "1", "x"))


def test_a_post_without_the_right_is_refused_at_the_door_itself(
    county_db: str, scope_of: Callable[..., Any]
) -> None:
    with pytest.raises(Denied):
        receive_event(scope_of("unit_duty"), Incoming("phone", "k" * 8, "滑坡"))


def test_web_reports_come_to_the_desk_each_once_and_a_flood_of_them_starves_none(
    county_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = Scope.nobody("203.0.113.9")
    for n in range(5):
        assert actions.leave_web_report(visitor, f"form{n}", f"水淹到门口 {n}", "甲村", "", "")
    assert not actions.leave_web_report(visitor, "form0", "水淹到门口 0", "甲村", "", "")
    monkeypatch.setattr("anlan.rooms.duty.queries.WEB_REPORTS_MAX", 2)
    assert [rounds.take_web_reports(ROUND) for _pass in range(4)] == [2, 2, 1, 0]
    assert [str(s.text) for s in rows(Source)] == [f"水淹到门口 {n}" for n in range(5)]
    assert {e.division for e in rows(Event)} == {VILLAGES[0]}


def test_the_whole_number_is_shown_with_a_reason_and_a_journal_line(
    take: Any, officer: Any
) -> None:
    take(number="13912340000")
    path = f"/desk/source/{rows(Source)[0].id}/number/"
    assert officer.post(path, {"why": ""}).status_code == 400
    assert "13912340000" in officer.post(path, {"why": "回电核实"}).content.decode()
    with ROUND.open():
        assert JournalLine.objects.get(action="duty.number").why == "回电核实"


def test_a_landmark_is_found_by_the_next_callers_words(take: Any, officer: Any) -> None:
    form = {"name": "石拱桥", "place": "甲村", "choice": ""}
    assert officer.post("/desk/landmarks/", form).status_code == 302
    assert officer.post("/desk/landmarks/", form).status_code == 409
    assert (
        officer.post("/desk/landmarks/", form | {"name": "某桥", "place": "?"}).status_code == 400
    )
    event = take("车掉下河", "石拱桥下面")
    assert event.division == VILLAGES[0] and event.place_how == "landmark"
    found = officer.get("/desk/places/?q=sgq").json()["results"]
    assert [row["label"] for row in found] == ["甲村石拱桥"] and found[0]["note"] == "地标"
    from anlan.rooms.duty.models import Landmark

    officer.post(f"/desk/landmarks/{rows(Landmark)[0].id}/end/")
    assert officer.get("/desk/places/?q=sgq").json()["results"] == []


def test_another_world_sees_nothing_of_this_desk(take: Any, scope_of: Callable[..., Any], owner_sql: Any
                                                 ) -> None:  # fmt: skip
    from anlan.rooms.duty import hall_queries, queries

    take("滑坡，1人死亡", "甲村", order="去看")
    owner_sql(
        'INSERT INTO ground_world (id, kind, name, anchored_at, "offset", rate, started_at)'
        " VALUES (7, 'tabletop', '演练', now(), '0', 1, now())"
    )
    other = scope_of("duty_officer").in_world(7)
    assert queries.events(other) == [] and queries.open_reports(other) == []
    assert hall_queries.tasks(other) == [] and hall_queries.log(other) == []
    made = receive_event(other, Incoming("phone", "exercise1", "演练滑坡", place="甲村"))
    assert made.world == 7 and "演练" not in str(queries.events(scope_of("duty_officer")))
