"""Stories of a call-out on a moved clock: every message that goes out is expected, or it fails."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from anlan.county import actions as county_actions
from anlan.county.models import Post
from anlan.engines.callout import actions, queries, rounds
from anlan.engines.callout.decisions import Counts
from anlan.engines.callout.evidence import Evidence, by_link, by_message
from anlan.engines.callout.launch import Launch
from anlan.engines.callout.models import Alarm, Answer, Call, Callout, Fallback, Inbound
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.scope import Scope
from tests.conftest import TOWNSHIPS, VILLAGES

ROUND = Scope.for_round("test")
OUTSIDE = Scope.for_gateway("box")
MINUTES, WAIT = 15, 3


class Box:
    """Stands for the SMS centre: keeps what was handed over, in order."""

    def __init__(self) -> None:
        self.sent: list[rounds.Outgoing] = []

    def ready(self) -> bool:
        return True

    def submit(self, batch: Sequence[rounds.Outgoing]) -> list[rounds.Outcome]:
        self.sent += batch
        return [rounds.Outcome(out.attempt_id, out.lease, f"ref-{out.attempt_id}") for out in batch]


@pytest.fixture
def box() -> Box:
    return Box()


def launch(**changes: Any) -> Launch:
    fields: dict[str, Any] = {
        "origin_kind": "test", "origin_id": 1, "chain": "warning/night", "grade": "orange",
        "title": "暴雨橙色预警", "text": "【垫江】暴雨橙色预警，请注意防范。",
        "divisions": (TOWNSHIPS[0],), "key": "k1",
    }  # fmt: skip
    return Launch(**(fields | changes))


def turn(box: Box) -> list[str]:
    """One turn of the loop; the numbers that got a message, in order."""
    before = len(box.sent)
    while rounds.advance(ROUND):
        pass
    send = rounds.sender(box)
    while send(ROUND):
        pass
    rounds.expire(ROUND)
    while rounds.read(ROUND):
        pass
    rounds.leave_rest(ROUND)
    while rounds.advance(ROUND):
        pass
    while send(ROUND):
        pass
    return [out.number for out in box.sent[before:]]


def number_of(kind: str, division: int, rank: int = 0) -> str:
    from anlan.county.models import Holding

    with ROUND.open():
        held = Holding.objects.select_related("person").get(
            post__kind=kind, division=division, rank=rank, valid_to=None
        )
        return str(held.person.phone)


def code_of(kind: str, division: int) -> str:
    with ROUND.open():
        post = Post.objects.get(kind=kind, division=division)
        return Call.objects.get(post_id=post.id).code


def sms(number: str, text: str, ident: str = "") -> None:
    actions.receive_message(OUTSIDE, "box", ident or f"{number}-{text}", number, text)


def message_from(number: str) -> Evidence:
    """The evidence of a message that came in from the number just now."""
    row = actions.receive_message(OUTSIDE, "box", uuid.uuid4().hex, number, "4821")
    assert row is not None
    return by_message(row)


def states() -> dict[str, str]:
    with ROUND.open():
        return {call.post_title: call.state for call in Call.objects.all()}


@pytest.fixture
def opened(county_db: str, scope_of: Callable[..., Any]) -> Callout:
    return actions.open_callout(scope_of("duty_officer"), launch())


def test_only_the_county_is_called_first(opened: Callout, box: Box) -> None:
    leaders = {number_of("unit_duty", 500231000000), number_of("county_leader", 500231000000)}
    assert set(turn(box)) == leaders


def test_the_next_level_starts_when_its_superior_answers(opened: Callout, box: Box) -> None:
    turn(box)
    sms(number_of("unit_duty", 500231000000), code_of("unit_duty", 500231000000))
    assert turn(box) == [number_of("township_duty", TOWNSHIPS[0])]
    sms(number_of("township_duty", TOWNSHIPS[0]), code_of("township_duty", TOWNSHIPS[0]) + " 1")
    assert set(turn(box)) == {number_of("village_head", v) for v in VILLAGES[:2]}


def test_a_silent_superior_delays_the_next_level_by_the_wait_at_most(
    opened: Callout, box: Box, move_clock: Callable[..., None]
) -> None:
    turn(box)
    move_clock(WAIT * 60 - 5)
    assert turn(box) == []
    move_clock(10)
    assert turn(box) == [number_of("township_duty", TOWNSHIPS[0])]
    move_clock(WAIT * 60)
    assert set(turn(box)) == {number_of("village_head", v) for v in VILLAGES[:2]}


def test_nobody_answers_again_deputy_superior_then_somebody_knocks_then_an_alarm(
    opened: Callout, box: Box, move_clock: Callable[..., None]
) -> None:
    village = VILLAGES[0]
    turn(box)
    for _minute in range(2):
        move_clock(WAIT * 60 + 1)
        turn(box)
    mine = [
        number_of("village_head", village),
        number_of("village_head", village, 1),
        number_of("township_cadre", TOWNSHIPS[0]),
        number_of("village_helper", village),
    ]
    heard = [out.number for out in box.sent if out.number in mine]
    for _step in range(5):
        move_clock(MINUTES * 60 + 1)
        heard += [number for number in turn(box) if number in mine]
    expected = [mine[0], mine[0], mine[1], mine[2], mine[3]]
    cadre_for_both_villages = [number for number in heard if number != mine[2]]
    assert cadre_for_both_villages == [n for n in expected if n != mine[2]]
    with ROUND.open():
        call = Call.objects.get(division=village)
        assert (call.state, call.reason) == ("nobody", "fallback-not-closed")
        assert Alarm.objects.filter(call=call, kind="nobody").count() == 1
        assert Fallback.objects.get(call=call).step


def test_a_fallback_is_closed_with_proof_and_is_not_an_answer(
    opened: Callout, box: Box, move_clock: Callable[..., None], scope_of: Callable[..., Any]
) -> None:
    turn(box)
    for _step in range(8):
        move_clock(MINUTES * 60 + 1)
        turn(box)
    helper = scope_of("village_helper", VILLAGES[0])
    with ROUND.open():
        call = Call.objects.get(division=VILLAGES[0])
    with pytest.raises(Refusal) as refusal:
        actions.close_fallback(helper, call.id, "  ")
    assert refusal.value.mend
    with pytest.raises(Refusal) as refusal:
        actions.close_fallback(helper, call.id, "敲门当面告知，在家")
    assert refusal.value.code == "proof-place"
    actions.close_fallback(helper, call.id, "敲门当面告知，在家", place="一组")
    tree = queries.tree(ROUND, opened.id)
    assert tree is not None and tree.counts.reached == 1 and tree.counts.answered == 0


def test_a_vacant_post_is_an_alarm_and_its_superior_is_called(
    county_db: str, box: Box, scope_of: Callable[..., Any], move_clock: Callable[..., None]
) -> None:
    command = Scope.for_command("test")
    with command.open():
        post = Post.objects.get(kind="village_head", division=VILLAGES[0])
    for rank in (0, 1):
        county_actions.vacate(command, post.id, rank, post.version + rank)
    actions.open_callout(scope_of("duty_officer"), launch())
    move_clock(2 * WAIT * 60 + 1)
    assert number_of("township_cadre", TOWNSHIPS[0]) in turn(box)
    assert [alarm.kind for alarm in queries.alarms(ROUND)] == ["vacant"]


def test_an_answer_ends_the_ringing(
    opened: Callout, box: Box, move_clock: Callable[..., None]
) -> None:
    turn(box)
    number, code = number_of("unit_duty", 500231000000), code_of("unit_duty", 500231000000)
    sms(number, code)
    turn(box)
    move_clock(10 * MINUTES * 60)
    assert number not in turn(box)
    assert states()["县水利局值班室"] == "answered"


def test_a_deputy_who_was_called_may_answer(
    opened: Callout, box: Box, move_clock: Callable[..., None]
) -> None:
    turn(box)
    for _ring in range(2):
        move_clock(MINUTES * 60 + 1)
        turn(box)
    sms(number_of("unit_duty", 500231000000, 1), code_of("unit_duty", 500231000000))
    turn(box)
    with ROUND.open():
        call = Call.objects.get(post_title="县水利局值班室")
        assert (call.state, call.answered_role) == ("answered", "deputy")


def test_a_code_from_a_stranger_or_a_neighbour_is_no_answer(opened: Callout, box: Box) -> None:
    turn(box)
    code = code_of("unit_duty", 500231000000)
    sms("10109999999", code)
    sms(number_of("village_head", VILLAGES[2]), code)
    turn(box)
    assert states()["县水利局值班室"] == "ringing"
    assert [row.why for row in queries.desk(ROUND)] == ["号码不在电话簿", "内容不明确"]


def test_what_is_unclear_waits_on_the_desk_with_the_senders_post(
    opened: Callout, box: Box, scope_of: Callable[..., Any]
) -> None:
    sms(number_of("village_head", VILLAGES[0]), "水快上来了，咋办")
    turn(box)
    row = queries.desk(scope_of("duty_officer"))[0]
    assert (row.post_title, row.text) == ("甲村负责人", "水快上来了，咋办")
    actions.settle_message(scope_of("duty_officer"), row.id, "已电话告知转移")
    assert queries.desk(ROUND) == []


def test_the_same_message_twice_is_one(opened: Callout, box: Box) -> None:
    for _again in range(3):
        sms("10100000001", "收到", "same-id")
    with ROUND.open():
        assert Inbound.objects.count() == 1


def test_wrong_person_makes_the_next_step_due_at_once(opened: Callout, box: Box) -> None:
    turn(box)
    number, code = number_of("unit_duty", 500231000000), code_of("unit_duty", 500231000000)
    sms(number, code + " 9")
    assert turn(box) == [number_of("unit_duty", 500231000000, 1)]


def test_help_is_an_answer_and_an_alarm(opened: Callout, box: Box) -> None:
    turn(box)
    sms(number_of("unit_duty", 500231000000), code_of("unit_duty", 500231000000) + " 2")
    turn(box)
    assert states()["县水利局值班室"] == "help"
    assert [alarm.kind for alarm in queries.alarms(ROUND)] == ["help"]


def test_the_same_launch_fifty_times_at_once_is_one_callout(
    county_db: str, scope_of: Callable[..., Any], owner_sql: Any
) -> None:
    from django.db import connections

    officer = scope_of("duty_officer")
    made: list[int] = []

    def go() -> None:
        made.append(actions.open_callout(officer, launch()).id)
        connections.close_all()

    threads = [threading.Thread(target=go) for _n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 50 and len(set(made)) == 1
    lines = owner_sql("SELECT count(*) FROM ground_journal WHERE action = 'callout.open'")
    assert lines == [(1,)]
    assert owner_sql("SELECT count(*) FROM callout_callout") == [(1,)]


def test_the_same_key_with_another_body_is_a_conflict(
    opened: Callout, scope_of: Callable[..., Any]
) -> None:
    with pytest.raises(Conflict) as refusal:
        actions.open_callout(scope_of("duty_officer"), launch(text="另一份内容"))
    assert refusal.value.status == 409


def test_the_preview_is_what_is_sent_and_touches_no_gateway(
    county_db: str, box: Box, scope_of: Callable[..., Any], move_clock: Callable[..., None]
) -> None:
    officer = scope_of("duty_officer")
    preview = queries.preview(officer, launch())
    assert box.sent == []
    actions.open_callout(officer, launch())
    move_clock(2 * WAIT * 60 + 1)
    turn(box)
    sent = {out.number[-4:] for out in box.sent}
    assert {entry.number_masked[-4:] for entry in preview.recipients} == sent
    assert len(preview.recipients) == len(box.sent)
    from anlan.engines.callout.messages import parts

    assert preview.parts_total >= sum(len(parts(out.text)) for out in box.sent)
    assert 0 < preview.reached_low_s < preview.reached_high_s


def test_a_township_sees_its_own_calls_only(opened: Callout, scope_of: Callable[..., Any]) -> None:
    own = queries.tree(scope_of("township_duty", TOWNSHIPS[0]), opened.id)
    other = queries.tree(scope_of("township_duty", TOWNSHIPS[1]), opened.id)
    assert own is not None and own.counts.total == 3
    assert other is not None and other.counts.total == 0


def test_a_failed_submit_is_tried_three_times_fifteen_seconds_apart(
    opened: Callout, move_clock: Callable[..., None]
) -> None:
    class Refusing(Box):
        def submit(self, batch: Sequence[rounds.Outgoing]) -> list[rounds.Outcome]:
            self.sent += batch
            return [rounds.Outcome(out.attempt_id, out.lease, "", "smpp-0x8") for out in batch]

    own = Refusing()
    turn(own)
    counts = [len(own.sent)]
    for _try in range(5):
        move_clock(14)
        turn(own)
        move_clock(2)
        turn(own)
        counts.append(len(own.sent))
    assert counts == [2, 4, 6, 8, 8, 8]


def test_stopping_ends_everything_and_says_how_many_went_out(
    opened: Callout, box: Box, scope_of: Callable[..., Any], move_clock: Callable[..., None]
) -> None:
    turn(box)
    officer = scope_of("duty_officer")
    with pytest.raises(Refusal):
        actions.stop_callout(officer, opened.id, "")
    sent, _stopped = actions.stop_callout(officer, opened.id, "发错范围")
    move_clock(24 * 3600)
    assert sent == 2 and turn(box) == []


def test_who_may_not_open_cannot(county_db: str, scope_of: Callable[..., Any]) -> None:
    with pytest.raises(Denied):
        actions.open_callout(scope_of("village_head", VILLAGES[0]), launch())


def test_a_link_answers_for_one_person_and_ends_after_a_day(
    opened: Callout, box: Box, move_clock: Callable[..., None], as_role: Callable[[str], None]
) -> None:
    from anlan.engines.callout import links

    turn(box)
    text = next(o.text for o in box.sent if o.number == number_of("unit_duty", 500231000000))
    token = text.split("/a/")[1].split()[0]
    as_role("public")
    opened_link = links.open_link(token, "answer", "10.1.2.3")
    for _again in range(2):
        actions.answer(
            opened_link.scope, opened_link.call_id, "received", by_link(opened_link),
            role=opened_link.role,
        )  # fmt: skip
    as_role("app")
    assert states()["县水利局值班室"] == "answered"
    with ROUND.open():
        assert Answer.objects.count() == 1
    for bad in (token[:-4] + "AAAA", "x", "", token + "A" * 8):
        with pytest.raises(NotFound):
            links.open_link(bad, "answer")
    with pytest.raises(NotFound):
        links.open_link(token, "headcount")
    move_clock(24 * 3600 + 1)
    with pytest.raises(NotFound):
        links.open_link(token, "answer")


def test_the_public_role_reads_no_number_no_journal_and_no_neighbour(
    opened: Callout, as_role: Callable[[str], None]
) -> None:
    from django.db import connection, transaction
    from django.db.utils import ProgrammingError

    from anlan.ground.scope import Actor

    as_role("public")
    own = Scope.for_link(VILLAGES[0], VILLAGES[0], 0, Actor("link"), "answer")
    with own.open():
        assert {call.division for call in Call.objects.all()} == {VILLAGES[0]}
    for table in ("county_person", "ground_journal", "callout_inbound", "county_account"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM {table}")


@pytest.mark.parametrize("answer", [Counts.REPEATS])
def test_a_repeat_changes_nothing(opened: Callout, box: Box, answer: Counts) -> None:
    turn(box)
    with ROUND.open():
        call = Call.objects.get(post_title="县水利局值班室")
    number = number_of("unit_duty", 500231000000)
    actions.answer(ROUND, call.id, "received", message_from(number))
    assert actions.answer(ROUND, call.id, "received", message_from(number)) is answer
    with ROUND.open():
        assert Answer.objects.count() == 1


def test_an_answer_that_comes_while_the_inbox_is_read_does_not_land_on_the_desk(
    opened: Callout, box: Box
) -> None:
    turn(box)
    up_to = rounds.newest(ROUND)
    rounds.read(ROUND)
    sms(number_of("unit_duty", 500231000000), code_of("unit_duty", 500231000000))
    rounds.leave_rest(ROUND, up_to)
    rounds.read(ROUND)
    assert queries.desk(ROUND) == []
    assert states()["县水利局值班室"] == "answered"
