"""推演 touches no gateway, 实叫 says 演练 first and yields, and a screen stands in one world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from anlan.engines.callout import actions as callout
from anlan.engines.callout import played, rounds
from anlan.engines.callout.launch import Launch
from anlan.engines.callout.models import Attempt, Call, Callout, Inbound
from anlan.engines.callout.routing import world_of
from anlan.ground.errors import Conflict, Denied, Refusal
from anlan.ground.scope import Scope
from anlan.rooms.review import actions, queries
from anlan.rooms.review import rounds as review
from tests.conftest import COUNTY, TOWNSHIPS
from tests.rooms.review.exercises import COMMAND, started

REAL = Scope.for_round("test")


class Box:
    """Stands for the SMS centre, and counts."""

    def __init__(self) -> None:
        self.sent: list[rounds.Outgoing] = []

    def ready(self) -> bool:
        return True

    def submit(self, batch: Sequence[rounds.Outgoing]) -> list[rounds.Outcome]:
        self.sent += batch
        return [rounds.Outcome(out.attempt_id, out.lease, f"ref-{out.attempt_id}") for out in batch]


def within(space: int) -> Scope:
    return Scope.for_round("test", space)


def call_out(scope: Scope, key: str = "k", **changes: Any) -> Callout:
    fields: dict[str, Any] = {
        "origin_kind": "test", "origin_id": 1, "chain": "warning/night", "grade": "red",
        "title": "暴雨红色预警", "text": "【垫江】暴雨红色预警，立即行动。", "divisions": (COUNTY,),
        "key": key,
    }  # fmt: skip
    return callout.open_callout(scope, Launch(**(fields | changes)))


def send(box: Box, *worlds: int) -> list[rounds.Outgoing]:
    """One pass of the round that sends, in each world in their order."""
    before = len(box.sent)
    for world in worlds:
        while rounds.advance(within(world)):
            pass
        rounds.sender(box)(within(world))
    return box.sent[before:]


def test_a_tabletop_makes_no_gateway_call_whatever_is_called_out(county_db: str) -> None:
    space, box = started().space, Box()
    call_out(COMMAND.in_world(space))
    assert send(box, 0, space) == []
    with within(space).open():
        assert Attempt.objects.filter(state="due").count() > 0, "there was something to send"


def test_mutant_a_sender_that_does_not_ask_for_the_kind_is_seen(
    county_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    space, box = started().space, Box()
    call_out(COMMAND.in_world(space))
    monkeypatch.setattr("anlan.engines.callout.rounds.sending.worlds_that_send", lambda _w: True)
    assert send(box, space) != []


def test_a_live_one_reaches_telephones_and_says_so_before_anything_else(county_db: str) -> None:
    space, box = started("live").space, Box()
    call_out(COMMAND.in_world(space))
    sent = send(box, 0, space)
    assert sent and all(out.text.startswith("【演练】【垫江】") for out in sent)
    call_out(COMMAND, key="real")
    assert all(not out.text.startswith("【演练】") for out in send(box, 0))


def test_the_preview_of_an_exercise_shows_what_would_be_sent(county_db: str) -> None:
    from anlan.engines.callout import queries as shown

    space = started().space
    launch = Launch("t", 1, "warning/night", "red", "红", "内容", (COUNTY,), "p")
    there = shown.preview(COMMAND.in_world(space), launch).recipients[0].text
    here = shown.preview(COMMAND, launch).recipients[0].text
    assert there == f"【演练】{here}"


def test_a_live_one_stops_before_the_next_batch_once_a_real_call_out_has_started(
    county_db: str, move_clock: Callable[..., None]
) -> None:
    space, box = started("live").space, Box()
    exercise = call_out(COMMAND.in_world(space))
    move_clock(1)
    call_out(COMMAND, key="real")
    assert send(box, space) == [], "no batch of it goes out any more"
    move_clock(1)  # the round runs every half second; two seconds are the promise
    assert review.give_way(REAL) == 1
    row = queries.exercise(COMMAND, space)
    assert (row.ended_why, row.ended_at is not None) == ("yielded", True)
    with within(space).open():
        assert Callout.objects.get(id=exercise.id).state == "stopped"
        assert set(Call.objects.values_list("state", "reason")) == {("stopped", "yielded")}
        assert not Attempt.objects.filter(state="due").exists()
    assert review.give_way(REAL) == 0, "once is enough"
    with REAL.open():
        assert Call.objects.filter(state="waiting").exists(), "the real one goes on"


def test_how_often_it_is_looked_at_keeps_the_two_seconds() -> None:
    from anlan.faces.worker import rounds as listed

    entry = next(one for one in listed(None) if one.name == "exercise.yield")  # type: ignore[attr-defined]
    assert entry.every_s <= 1.0 and not entry.each_world  # type: ignore[attr-defined]
    others = {one.name for one in listed(None) if one.lane == entry.lane}  # type: ignore[attr-defined]
    assert "callout.send" not in others and "callout.advance" not in others


def test_a_tabletop_goes_on_beside_the_real_thing(county_db: str) -> None:
    space = started().space
    call_out(COMMAND, key="real")
    assert review.give_way(REAL) == 0
    assert queries.exercise(COMMAND, space).ended_at is None


def test_no_live_one_begins_while_people_are_really_being_called(county_db: str) -> None:
    real = call_out(COMMAND, key="real")
    with pytest.raises(Conflict, match="真实叫应正在进行"):
        started("live")
    assert started("tabletop").space
    callout.stop_callout(COMMAND, real.id, "办完了")
    assert started("live").space


def test_an_answer_by_sms_goes_to_the_exercise_only_where_nothing_real_waits_for_it(
    county_db: str,
) -> None:
    space, box = started("live").space, Box()
    call_out(COMMAND.in_world(space))
    out = send(box, space)[0]
    with within(space).open():
        code = Attempt.objects.get(id=out.attempt_id).call.code
    assert world_of(out.number, code) == space
    assert world_of("13800009999", code) == 0, "somebody who was not called"
    assert world_of(out.number, "这是真的吗") == space
    assert world_of(out.number, "9999" if code != "9999" else "1111") == 0
    call_out(COMMAND, key="real")
    send(box, 0)
    assert world_of(out.number, "这是真的吗") == 0, "in doubt it is real"
    assert world_of(out.number, code) == space
    actions.stop(COMMAND, space)
    assert world_of(out.number, code) == space, "a late answer is none of the real desk's"


def test_what_people_send_into_a_live_one_stays_in_it(county_db: str) -> None:
    space, box = started("live").space, Box()
    call_out(COMMAND.in_world(space))
    out = send(box, space)[0]
    with within(space).open():
        code = Attempt.objects.get(id=out.attempt_id).call.code
    scope = Scope.for_gateway("smpp", world_of(out.number, code))
    callout.receive_message(scope, "smpp", "m1", out.number, code)
    rounds.read(within(space))
    with within(space).open():
        assert Call.objects.filter(state="answered").count() == 1
    with REAL.open():
        assert not Inbound.objects.exists()


def test_the_outbox_is_the_players_alone_and_gives_no_number(county_db: str, door_of: Any) -> None:
    from anlan.county.models import Person

    space = started().space
    call_out(COMMAND.in_world(space))
    while rounds.advance(within(space)):
        pass
    door = door_of(played.token(space))
    _now, found = door.outbox([])
    assert found and all(message.text.startswith("【演练】") for message in found)
    with REAL.open():
        numbers = {str(person.phone) for person in Person.objects.all()}
        names = {person.name for person in Person.objects.all()}
    told = " ".join(message.text for message in found)
    assert not [one for one in numbers | names if one in told]
    again = door.outbox([])[1]
    assert [m.id for m in again] == [m.id for m in found], "given again until it is had"
    assert door.outbox([m.id for m in found])[1] == []
    with within(space).open():
        rows = list(Attempt.objects.values_list("state", "submits"))
    assert set(rows) == {("submitted", 1)}


@pytest.mark.parametrize("wrong", ["", "x", "A" * 40])
def test_a_forged_token_opens_nothing(county_db: str, wrong: str) -> None:
    with pytest.raises(Denied, match="令牌不对"):
        played.player(wrong)


def test_the_outbox_of_the_real_world_and_of_a_live_one_is_closed(county_db: str) -> None:
    live = started("live", silent=0.1)
    call_out(COMMAND, key="real")
    while rounds.advance(REAL):
        pass
    for world in (0, live.space, 999):
        with pytest.raises(Refusal, match="已经结束"):
            played.take_outbox(played.player(played.token(world)), [])
    with REAL.open():
        assert Attempt.objects.filter(state="due").exists()


def test_a_link_of_an_exercise_that_ended_opens_nothing_more(county_db: str, door_of: Any) -> None:
    space = started().space
    call_out(COMMAND.in_world(space))
    while rounds.advance(within(space)):
        pass
    door = door_of(played.token(space))
    message = door.outbox([])[1][0]
    path = "/a/" + message.text.rsplit("/a/", 1)[1]
    page = door.page(path)
    assert page is not None and "这是演练" in page
    actions.stop(COMMAND, space)
    assert door.page(path) is None and not door.press(path, {"kind": "received"})


# the screen


def switch(client: Any, space: int) -> Any:
    return client.post("/exercise/enter/", {"exercise": str(space)})


def test_a_screen_enters_an_exercise_and_says_so_on_every_page(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    space = started(name="汛前推演").space
    client = client_of("duty_officer")
    assert "drill-band" not in client.get("/").content.decode()
    assert switch(client, space).status_code == 302
    for path in ("/", "/warning/", "/callout/", "/zones/", "/desk/", "/map/", "/plan/", "/county/"):
        page = client.get(path).content.decode()
        assert "drill-band" in page and "汛前推演" in page and 'class="exercise"' in page, path
    switch(client, 0)
    assert "drill-band" not in client.get("/").content.decode()


def test_it_is_entered_and_left_from_whatever_page_shows_the_button(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    """The exercise's own page shows its world before the reader's screens stand in it."""
    space = started().space
    client = client_of("duty_officer")
    for shown, wanted in ((space, space), (space, 0), (0, space), (space, 0)):
        said = {"exercise": str(wanted), "shown_world": str(shown)}
        assert client.post("/exercise/enter/", said).status_code == 302
        assert ("drill-band" in client.get("/").content.decode()) == bool(wanted)
    own = {"rate": "0", "shown_world": str(space)}
    assert client.post(f"/exercise/{space}/rate/", own).status_code == 302
    assert client.post(f"/exercise/{space}/rate/", own | {"shown_world": "0"}).status_code == 409


def test_an_exercise_that_ended_leaves_the_screen_in_the_real_county(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    space = started().space
    client = client_of("duty_officer")
    switch(client, space)
    actions.stop(COMMAND, space)
    assert "drill-band" not in client.get("/").content.decode()
    assert switch(client, space).status_code == 409
    assert switch(client, 12345).status_code == 404


def test_a_form_shown_in_one_world_never_acts_in_another(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    from anlan.rooms.warning.models import Bulletin

    space = started().space
    client = client_of("duty_officer")
    text = "垫江县气象台2024年7月10日22时15分发布暴雨橙色预警信号，影响澄溪镇。"
    switch(client, space)
    stale = client.post("/warning/paste/", {"text": text, "shown_world": "0"})
    assert stale.status_code == 409 and "世界不同" in stale.content.decode()
    switch(client, 0)
    other = client.post("/warning/paste/", {"text": text, "shown_world": str(space)})
    assert other.status_code == 409
    for world in (0, space):
        with within(world).open():
            assert not Bulletin.objects.exists()
    assert client.post("/warning/paste/", {"text": text, "shown_world": "0"}).status_code == 302


def test_every_form_of_a_page_carries_the_world_that_it_shows(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    import re

    space = started().space
    client = client_of("duty_officer")
    switch(client, space)
    for path in ("/", "/warning/", "/exercise/", f"/exercise/{space}/"):
        page = client.get(path).content.decode()
        forms = re.findall(r"<form[^>]*method=\"post\"[^>]*>(.*?)</form>", page, re.S)
        assert forms
        for form in forms:
            if "csrfmiddlewaretoken" in form:
                assert f'name="shown_world" value="{space}"' in form, path


def test_a_screens_wire_hears_its_own_world_only(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    import re

    from anlan.faces.http import live

    space = started().space
    client = client_of("duty_officer")

    def screen() -> live.Screen:
        page = client.get("/").content.decode()
        token = re.search(r"live\?token=([A-Za-z0-9_-]+)", page)
        assert token is not None
        return live.Screen(*live.read_token(token[1]))

    event = {"topic": "call", "division": COUNTY, "world": space}
    assert not screen().hears(event)
    switch(client, space)
    assert screen().hears(event) and not screen().hears(event | {"world": 0})


def test_a_township_enters_but_does_not_organise(
    county_db: str, client_of: Callable[..., Any], scope_of: Callable[..., Any]
) -> None:
    space = started().space
    client = client_of("township_duty", TOWNSHIPS[0])
    assert switch(client, space).status_code == 302
    assert client.post(f"/exercise/{space}/stop/").status_code == 403
    from dataclasses import replace

    own = scope_of("township_duty", TOWNSHIPS[0])
    strong = replace(own, rights=frozenset({"exercise.control"}))
    with pytest.raises(Denied, match="不归您组织"):
        actions.set_rate(strong.in_world(space), 5)
    with pytest.raises(Denied):
        started(scope=strong)


def test_the_county_cannot_be_changed_from_inside_an_exercise(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    from anlan.ground.policy import values

    space = started().space
    inside = COMMAND.in_world(space)
    before = values.value(COMMAND, "callout.minutes_red").value
    values.save(inside, "callout.minutes_red", 1, "推演里改的")
    assert values.value(inside, "callout.minutes_red").value == 1
    assert values.value(COMMAND, "callout.minutes_red").value == before, "the real one is untouched"
