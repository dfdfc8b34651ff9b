"""An exercise from its start to its figures: what comes in, what was done, what is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from anlan.engines.callout import actions as callout
from anlan.engines.callout import played, rounds
from anlan.engines.callout.launch import Launch
from anlan.engines.callout.models import Attempt, Call, Inbound
from anlan.engines.indicators import compute
from anlan.ground import clock
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.scope import Scope
from anlan.rooms.review import actions, queries
from anlan.rooms.review import rounds as review
from anlan.rooms.review.models import Inject, Participation
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES
from tests.rooms.review.exercises import COMMAND, started

REAL = Scope.for_round("test")
NIGHT = datetime(2024, 7, 10, 14, 15, tzinfo=UTC)
TEXT = "垫江县气象台2024年7月10日22时15分发布暴雨橙色预警信号，影响澄溪镇。"


def within(space: int) -> Scope:
    return Scope.for_round("test", space)


def post_of(kind: str, division: int = COUNTY) -> int:
    from anlan.county.models import Post

    with COMMAND.open():
        return int(Post.objects.get(kind=kind, division=division).id)


def call_out(scope: Scope, **changes: Any) -> Any:
    fields: dict[str, Any] = {
        "origin_kind": "test", "origin_id": 1, "chain": "warning/night", "grade": "orange",
        "title": "暴雨橙色预警", "text": "【垫江】暴雨橙色预警。", "divisions": (TOWNSHIPS[0],), "key": "k",
    }  # fmt: skip
    return callout.open_callout(scope, Launch(**(fields | changes)))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"form": "x"}, "演练形式"), ({"topics": ("x",)}, "演练重点"), ({"silent": 1.5}, "演员的快慢"),
     ({"delay_s": (9, 3)}, "演员的快慢"), ({"name": " "}, "类型和名称"), ({"kind": "real"}, "类型和名称"),
     ({"rate": 9999}, "快慢应在"), ({"kind": "live", "rate": 2}, "实叫的时钟")],
)  # fmt: skip
def test_a_start_that_cannot_be_is_refused_and_leaves_nothing(
    county_db: str, wrong: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refusal, match=said):
        started(**wrong)
    assert queries.exercises(COMMAND) == []


def test_only_who_may_starts_one_and_not_from_inside_another(
    county_db: str, scope_of: Callable[..., Any]
) -> None:
    with pytest.raises(Denied):
        started(scope=scope_of("plan_clerk"))
    space = started(scope=scope_of("duty_officer")).space
    with pytest.raises(Refusal, match="真实的县里办"):
        started(scope=scope_of("duty_officer").in_world(space))


def test_deadlines_follow_the_exercises_clock(county_db: str) -> None:
    space = started(starts_at=NIGHT, rate=0.0).space
    call_out(COMMAND.in_world(space))
    while rounds.advance(within(space)):
        pass
    with within(space).open():
        assert set(Call.objects.exclude(rings=0).values_list("rings", flat=True)) == {1}
    actions.jump(COMMAND.in_world(space), 16)
    while rounds.advance(within(space)):
        pass
    with within(space).open():
        assert 2 in set(Call.objects.values_list("rings", flat=True)), "minutes passed on its clock"
        assert clock.now() == NIGHT + timedelta(minutes=16)


def test_who_practises_are_the_people_of_today_whatever_the_clock_says(county_db: str) -> None:
    space = started(starts_at=NIGHT, rate=0.0).space
    call_out(COMMAND.in_world(space))
    while rounds.advance(within(space)):
        pass
    with within(space).open():
        assert not Call.objects.filter(reason="vacant-post").exists()
        assert Attempt.objects.count() == 2


# what is put in


def test_a_message_put_in_arrives_on_the_desk_at_its_time_from_its_post(county_db: str) -> None:
    space = started(starts_at=NIGHT, rate=0.0).space
    inside = COMMAND.in_world(space)
    post = post_of("township_duty", TOWNSHIPS[0])
    actions.add_inject(
        inside, "message", "打渔溪涨水", due_at=NIGHT + timedelta(minutes=5), post_id=post
    )
    assert review.give_injects(within(space)) == 0
    actions.jump(inside, 5)
    assert review.give_injects(within(space)) == 1
    assert review.give_injects(within(space)) == 0
    rounds.leave_rest(within(space))
    from anlan.engines.callout import queries as shown

    desk = shown.desk(within(space))
    assert [(str(row.text), row.post_title) for row in desk] == [("打渔溪涨水", "澄溪镇值班室")]
    assert shown.desk(REAL) == []


def test_nobody_of_a_post_that_is_silenced_answers(county_db: str, player_of: Any) -> None:
    space = started(starts_at=NIGHT, rate=0.0).space
    inside = COMMAND.in_world(space)
    post = post_of("unit_duty")
    actions.add_inject(inside, "silent", "水利局停电，电话打不通", post_id=post)
    review.give_injects(within(space))
    call_out(inside)
    while rounds.advance(within(space)):
        pass
    player = player_of(played.token(space))
    player.turn()
    actions.jump(inside, 1)
    assert player.turn().answered >= 1
    with within(space).open():
        assert Call.objects.get(post_id=post).state == "ringing"
        assert Call.objects.get(post_title="县领导").state in ("answered", "help")


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [("flood", "x", "没有这种情况"), ("message", " ", "请写明情况"), ("silent", "x", "哪个岗位")],
)
def test_what_cannot_be_put_in_is_refused(county_db: str, kind: str, text: str, said: str) -> None:
    inside = COMMAND.in_world(started().space)
    with pytest.raises(Refusal, match=said):
        actions.add_inject(inside, kind, text)
    with pytest.raises(NotFound):
        actions.add_inject(inside, "message", "x", post_id=987654)
    with pytest.raises(Refusal, match="太远"):
        actions.add_inject(inside, "message", "x", due_at=clock.now(0) + timedelta(days=9))


def test_real_people_cannot_be_silenced(county_db: str) -> None:
    inside = COMMAND.in_world(started("live").space)
    with pytest.raises(Refusal, match="人是真的"):
        actions.add_inject(inside, "silent", "x", post_id=post_of("unit_duty"))


def test_what_was_cancelled_does_not_come(county_db: str) -> None:
    space = started(starts_at=NIGHT, rate=0.0).space
    inside = COMMAND.in_world(space)
    row = actions.add_inject(inside, "road", "断道", due_at=NIGHT + timedelta(minutes=5))
    actions.cancel_inject(inside, row.id)
    actions.jump(inside, 30)
    assert review.give_injects(within(space)) == 0
    with pytest.raises(Conflict):
        actions.cancel_inject(inside, row.id)


def test_an_exercise_from_a_recorded_night_gets_its_events_once(county_db: str) -> None:
    from anlan.rooms.review import nights

    night = nights.shipped()["2024-07-10"]
    space = started(source="2024-07-10", night=night, starts_at=night.starts_at, rate=0.0).space
    review.give_injects(within(space))
    review.give_injects(within(space))
    with within(space).open():
        rows = list(Inject.objects.order_by("due_at"))
        assert len(rows) == len([e for e in night.events if e.kind != "all_clear"])
        assert rows[0].kind == "bulletin" and rows[0].state == "given"
        assert all(row.source for row in rows)
        assert [str(row.text) for row in Inbound.objects.all()] == [rows[0].text]


# the end, the record, the figures


def test_a_night_by_two_people_is_an_exercise_and_a_program_alone_is_none(
    county_db: str, scope_of: Callable[..., Any], player_of: Any
) -> None:
    """4/27: by those who drafted and approved; 4/28: by the places whose own people acted."""
    from anlan.rooms.warning import actions as warning

    assert compute.figure(COMMAND, "drills.county_exercise").state == "not_reported"
    alone = started().space
    actions.stop(COMMAND, alone)
    assert review.record(REAL) == 1
    assert queries.exercise(COMMAND, alone).people == 0
    assert compute.figure(COMMAND, "drills.county_exercise").state == "not_reported"

    space = started(starts_at=NIGHT, rate=0.0).space
    officer, leader = (scope_of(k).in_world(space) for k in ("duty_officer", "duty_leader"))
    row = warning.paste(officer, TEXT)
    row = warning.revise(officer, row.id, row.version, {"settled": [d["code"] for d in row.doubts]})
    row = warning.submit(officer, row.id, row.version)
    warning.approve(leader, row.id, row.version)
    while rounds.advance(within(space)):
        pass
    player = player_of(played.token(space))
    player.turn()
    actions.jump(officer, 1)
    assert player.turn().answered >= 1
    actions.stop(scope_of("duty_leader"), space)
    assert review.record(REAL) == 1 and review.record(REAL) == 0
    found = queries.exercise(COMMAND, space)
    assert (found.people, found.figures["calls"]["posts"] > 2) == (2, True)
    figure = compute.figure(COMMAND, "drills.county_exercise")
    assert (figure.state, figure.value, figure.evidence) == ("met", 1, "evidenced")
    with REAL.open():
        assert not Participation.objects.exists(), "what the player answered is nobody's practice"
    assert compute.figure(COMMAND, "drills.township_drills").state == "not_reported"


def test_people_who_answer_a_live_one_have_practised(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    from anlan.county import queries as county
    from anlan.engines.callout.evidence import by_message

    space = started("live").space
    inside = COMMAND.in_world(space)
    call_out(inside, divisions=(COUNTY,), grade="red")
    while rounds.advance(within(space)):
        pass

    def answer(post: int, n: str) -> None:
        with within(space).open():
            call = Call.objects.get(post_id=post)
            number = county.contacts(within(space), [post], clock.now())[post][0].number
        outside = Scope.for_gateway("box", space)
        message = callout.receive_message(outside, "box", n, number, call.code)
        assert message is not None
        callout.answer(within(space), call.id, "received", by_message(message), role="first")

    answer(post_of("township_duty", TOWNSHIPS[0]), "a")
    answer(post_of("village_head", VILLAGES[0]), "b")
    actions.stop(COMMAND, space)
    review.record(REAL)
    with REAL.open():
        assert set(Participation.objects.values_list("division", flat=True)) == {
            TOWNSHIPS[0], VILLAGES[0]
        }  # fmt: skip
    towns = compute.figure(COMMAND, "drills.township_drills")
    assert (towns.numerator, towns.denominator, towns.value) == (1, 2, 50)
    villages = compute.figure(COMMAND, "drills.village_drills")
    assert (villages.numerator, villages.denominator, villages.value) == (1, 4, 25)
    assert queries.exercise(COMMAND, space).people == 2

    from anlan.rooms.workplan import behind

    records = compute.records(COMMAND, "drills.township_drills")
    urls = behind.addresses(COMMAND, records)
    assert urls["review.place", TOWNSHIPS[0]] == f"/exercise/{space}/review/"
    page = client_of("duty_leader").get(f"/exercise/{space}/review/")
    assert page.status_code == 200 and "drill-band" in page.content.decode()


def test_an_exercise_of_another_year_or_without_the_subject_counts_for_no_place(
    county_db: str, owner_sql: Any
) -> None:
    space = started("live", topics=()).space
    with REAL.open():
        row = queries.exercise(REAL, space)
        Participation.objects.create(
            division=TOWNSHIPS[0], world=0, exercise=row, at=row.started_at
        )
    actions.stop(COMMAND, space)
    review.record(REAL)
    assert compute.figure(COMMAND, "drills.township_drills").state == "not_reported"
    owner_sql("UPDATE review_exercise SET topics = '[\"moving\"]'")
    assert compute.figure(COMMAND, "drills.township_drills").numerator == 1
    owner_sql("UPDATE review_exercise SET ended_at = ended_at - interval '366 days'")
    assert compute.figure(COMMAND, "drills.township_drills").state == "not_reported"


# findings


def test_what_fell_short_becomes_a_finding_with_owner_and_day(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    space = started(starts_at=NIGHT, rate=0.0).space
    inside = COMMAND.in_world(space)
    call_out(inside)
    while rounds.advance(within(space)):
        pass
    actions.jump(inside, 60)
    lines = {line.code: line for line in queries.comparison(within(space))}
    assert lines["answers-late"].verdict == "short" and lines["answers-late"].done == "0/2"
    client = client_of("duty_officer")
    page = client.get(f"/exercise/{space}/review/").content.decode()
    assert "处没有做到" in page and "被叫的岗位按时应答" in page
    owner = post_of("unit_duty")
    good = {"code": "answers-late", "text": "县水利局夜里没有人接", "owner": str(owner),
            "due_on": "2099-01-01"}  # fmt: skip
    url = f"/exercise/{space}/finding/"
    assert client.post(url, good | {"due_on": "2001-01-01"}).status_code == 400
    assert client.post(url, good | {"text": ""}).status_code == 400
    assert client.post(url, good | {"code": "no-such-line"}).status_code == 409
    assert client.post(url, good).status_code == 302
    assert client.post(url, good).status_code == 409, "once is enough"
    found = queries.findings(COMMAND, space)
    assert [(f.owner_title, f.due_on, f.done) for f in found] == [
        ("县水利局值班室", date(2099, 1, 1), "0/2")
    ]
    assert "已记为问题" in client.get(f"/exercise/{space}/review/").content.decode()
    close = f"/exercise/{space}/finding/{found[0].id}/close/"
    assert client.post(close, {"how": ""}).status_code == 400
    assert client.post(close, {"how": "加了一部值班电话"}).status_code == 302
    assert client.post(close, {"how": "再一次"}).status_code == 409


# the pages


def test_the_controller_starts_moves_and_ends_it_on_the_page(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    client = client_of("duty_officer")
    bad = {"kind": "tabletop", "name": "推演", "form": "comprehensive", "rate": "abc"}
    assert client.post("/exercise/", bad).status_code == 400
    answer = client.post("/exercise/", bad | {"rate": "5", "starts_at": "2024-07-10T22:15",
                                             "topics": ["moving"], "player": "1"})  # fmt: skip
    assert answer.status_code == 302
    url = answer.url
    space = int(url.strip("/").rpartition("/")[2])
    page = client.get(url).content.decode()
    assert "时钟走 5 倍" in page and "2024-07-10 22:1" in page and "进入这场演练" in page
    assert client.post(f"{url}rate/", {"rate": "0"}).status_code == 302
    assert "时钟停着" in client.get(url).content.decode()
    assert client.post(f"{url}jump/", {"minutes": "60"}).status_code == 302
    assert client.post(f"{url}jump/", {"minutes": "9999"}).status_code == 400
    give = {"kind": "road", "text": "G243断道", "due_at": "2024-07-10T23:40"}
    assert client.post(f"{url}inject/", give).status_code == 302
    page = client.get(url).content.decode()
    assert "G243断道" in page and "未到" in page
    assert client.post(f"{url}stop/").status_code == 302
    assert "这场演练已经结束" in client.get(url).content.decode()
    assert client.post(f"{url}rate/", {"rate": "1"}).status_code == 409
    listed = client.get("/exercise/").content.decode()
    assert "控制员结束" in listed and f"/exercise/{space}/review/" in listed
    assert client.get("/exercise/98765432109876/").status_code == 404
    assert client.get("/exercise/0/").status_code == 404


def test_the_player_is_told_of_its_exercises_by_files(county_db: str, tmp_path: Any) -> None:
    import json

    keep = review.hand_to_player(tmp_path / "player", "http://localhost:1")
    assert keep(REAL) == 0 and not (tmp_path / "player").exists()
    space = started(seed=7, silent=0.2, delay_s=(1, 2)).space
    started("live")
    started(player=False)
    assert keep(REAL) == 1 and keep(REAL) == 0
    file = tmp_path / "player" / f"{space}.json"
    told = json.loads(file.read_text())
    assert (told["seed"], told["silent"], told["delay_s"]) == (7, 0.2, [1, 2])
    assert played.player(told["token"]).world == space
    actions.stop(COMMAND, space)
    assert keep(REAL) == 1 and not file.exists()
