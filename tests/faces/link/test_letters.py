"""What leaves and what came: once each, in any order, with what is missing asked for again (R69)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.faces.link import actions, decisions, letters, queries, rounds
from anlan.faces.link.models import Peer, Subscription
from anlan.ground.errors import Conflict, Denied, Refusal
from anlan.ground.scope import Scope
from tests.faces.link.sides import (
    BODY,
    FIGURES,
    GATEWAY,
    ROUND,
    Side,
    count,
    inbox,
    make_side,
    open_zones,
    outbox,
    stream,
    subscribe,
)


def refusal(run: Callable[[], Any]) -> Refusal:
    with pytest.raises(Refusal) as refused:
        run()
    assert refused.value.code and refused.value.message
    return refused.value


# subscriptions


def test_nothing_leaves_before_a_second_person_said_yes(
    side: Side, scope_of: Callable[..., Any]
) -> None:
    open_zones(scope_of)
    officer, leader = scope_of("duty_officer"), scope_of("duty_leader")
    row = actions.propose(officer, side.peer.pk, "headcount", 1800)
    assert rounds.compose(ROUND) == 0 and outbox() == []
    with pytest.raises(Denied):
        actions.approve(officer, row.pk, row.version)
    actions.approve(leader, row.pk, row.version)
    assert rounds.compose(ROUND) == 1


def test_who_proposed_does_not_approve_under_another_account_either(
    side: Side, scope_of: Callable[..., Any]
) -> None:
    from dataclasses import replace

    leader = scope_of("duty_leader")
    row = actions.propose(leader, side.peer.pk, "headcount", 1800)
    same = replace(leader, actor=replace(leader.actor, id=999_999))
    assert refusal(lambda: actions.approve(same, row.pk, row.version)).code == "second-person"


def test_a_subscription_is_refused_where_it_is_there_too_often_or_of_nothing(
    side: Side, subscribed: Subscription, scope_of: Callable[..., Any]
) -> None:
    officer = scope_of("duty_officer")
    for what, every, code in (
        ("headcount", 1800, "subscribed"), ("orders", 10, "every-range"),
        ("names", 1800, "subject-unknown"),
    ):  # fmt: skip
        assert refusal(lambda: actions.propose(officer, side.peer.pk, what, every)).code == code
    with pytest.raises(Conflict):
        actions.end(officer, subscribed.pk, 1, "旧页面")
    assert refusal(lambda: actions.end(officer, subscribed.pk, subscribed.version, " ")).code == (
        "why-empty"
    )
    actions.end(officer, subscribed.pk, subscribed.version, "改由市局取数")
    open_zones(scope_of)
    assert rounds.compose(ROUND) == 0


# what leaves


def test_a_headcount_leaves_every_half_hour_while_zones_are_open_and_says_when_it_is_over(
    side: Side, subscribed: Subscription, scope_of: Callable[..., Any],
    move_clock: Callable[..., None],
) -> None:  # fmt: skip
    assert rounds.compose(ROUND) == 0, "nothing is open"
    open_zones(scope_of)
    assert [rounds.compose(ROUND) for _turn in range(3)] == [1, 0, 0]
    for _turn in range(3):
        move_clock(1790)
        assert rounds.compose(ROUND) == 0
        move_clock(12)
        assert rounds.compose(ROUND) == 1
    turns = [row.due_at for row in outbox()]
    assert {b - a for a, b in pairwise(turns)} == {timedelta(minutes=30)}
    with ROUND.open():
        from anlan.rooms.evacuation.models import Opening

        Opening.objects.update(state="closed")
    assert [rounds.compose(ROUND) for _turn in range(2)] == [1, 0]
    assert queries.body_of(outbox()[-1]) == {"open": False}
    assert [row.number for row in outbox()] == [1, 2, 3, 4, 5]


def test_totals_leave_and_no_name_and_what_was_not_reported_is_left_out_and_said(
    side: Side, subscribed: Subscription, scope_of: Callable[..., Any]
) -> None:
    first, _second = open_zones(scope_of)
    rounds.compose(ROUND)
    told = queries.body_of(outbox()[0])
    assert (told["zones"], told["reported"], told["ordered"]) == (2, 0, 10)
    assert "figures" not in told and all("figures" not in one for one in told["places"])
    count(first, sheltered=3, refused=1, not_yet=1)
    actions.end(scope_of("duty_officer"), subscribed.pk, subscribed.version, "重新约定")
    subscribe(side, scope_of, "headcount")
    rounds.compose(ROUND)
    row = outbox()[-1]
    told = queries.body_of(row)
    assert told["figures"] == FIGURES and (told["zones"], told["reported"]) == (2, 1)
    assert [(one["name"], "figures" in one) for one in told["places"]] == [
        ("永安镇", True), ("澄溪镇", False),
    ]  # fmt: skip
    for name in ("张三", "李四", "片区", "村"):
        assert name not in row.letter


def test_an_order_to_move_leaves_once_when_given_and_once_when_ended(
    side: Side, scope_of: Callable[..., Any]
) -> None:
    from anlan.rooms.evacuation.models import Order

    subscribe(side, scope_of, "orders")
    open_zones(scope_of)
    assert [rounds.compose(ROUND) for _turn in range(3)] == [1, 0, 0]
    told = queries.body_of(outbox()[0])
    assert (told["zones"], told["to_move"]) == (2, 10) and "ended_at" not in told
    assert "text" not in told and "approved_by" not in told
    with ROUND.open() as scope:
        from anlan.ground import clock

        Order.objects.update(ended_at=clock.now(scope.world))
    assert [rounds.compose(ROUND) for _turn in range(2)] == [1, 0]
    assert queries.body_of(outbox()[1])["ended_at"]


def test_what_leaves_holds_where_it_arrives(
    side: Side, subscribed: Subscription, scope_of: Callable[..., Any]
) -> None:
    from anlan.faces.link.subjects import SUBJECTS

    first, _second = open_zones(scope_of)
    subscribe(side, scope_of, "orders")
    count(first, sheltered=5)
    rounds.compose(ROUND)
    for row in outbox():
        letter = letters.read_letter(row.letter.encode(), "x")
        SUBJECTS[letter.kind].check(letter.body, "x")
        assert letter.text() == row.letter and letter.demo


# receipts


def composed(scope_of: Callable[..., Any], move_clock: Callable[..., None], many: int) -> None:
    open_zones(scope_of)
    for _turn in range(many):
        assert rounds.compose(ROUND) == 1
        move_clock(1801)


def test_a_letter_waits_until_its_receipt_and_is_sent_again_each_minute(
    side: Side, subscribed: Subscription, scope_of: Callable[..., Any],
    move_clock: Callable[..., None],
) -> None:  # fmt: skip
    composed(scope_of, move_clock, 1)
    assert [len(actions.claim(ROUND, side.peer.pk)) for _turn in range(2)] == [1, 0]
    move_clock(61)
    again = actions.claim(ROUND, side.peer.pk)
    assert [(row.number, row.tries) for row in again] == [(1, 2)]
    side.takes(side.receipt(1))
    move_clock(61)
    assert actions.claim(ROUND, side.peer.pk) == [] and outbox()[0].receipt_at is not None


def test_a_receipt_says_what_is_missing_and_only_that_is_sent_again(
    side: Side, subscribed: Subscription, scope_of: Callable[..., Any],
    move_clock: Callable[..., None],
) -> None:  # fmt: skip
    composed(scope_of, move_clock, 6)
    actions.claim(ROUND, side.peer.pk)
    side.takes(side.receipt(6, missing=((2, 3), (5, 5))))
    waiting = [row.number for row in outbox() if row.receipt_at is None]
    assert waiting == [2, 3, 5]
    assert [row.number for row in actions.claim(ROUND, side.peer.pk)] == [2, 3, 5]


def test_what_a_restored_receiver_lost_is_sent_again(
    side: Side, subscribed: Subscription, scope_of: Callable[..., Any],
    move_clock: Callable[..., None],
) -> None:  # fmt: skip
    composed(scope_of, move_clock, 4)
    side.takes(side.receipt(4))
    assert actions.claim(ROUND, side.peer.pk) == []
    assert side.takes(side.receipt(0, state="known", highest=2, missing=((3, 4),))) == 2
    assert [row.number for row in actions.claim(ROUND, side.peer.pk)] == [3, 4]


def test_after_the_restore_of_our_own_backup_numbers_go_on_behind_what_was_taken(
    side: Side, subscribed: Subscription, scope_of: Callable[..., Any],
    move_clock: Callable[..., None],
) -> None:  # fmt: skip
    composed(scope_of, move_clock, 1)
    error = {"code": "number-reused", "message": "x", "place": "1", "mend": ""}
    side.takes(side.receipt(1, state="refused", highest=7, error=error))
    assert [row.number for row in outbox()] == [8]
    letter = letters.read_letter(outbox()[0].letter.encode(), "x")
    assert letter.number == letter.last == 8
    rounds.compose(ROUND)
    assert [row.number for row in outbox()] == [8, 9]
    side.takes(side.receipt(0, state="known", highest=20, missing=()))
    move_clock(1801)
    rounds.compose(ROUND)
    assert outbox()[-1].number == 21


def test_a_refused_letter_waits_with_its_reason_and_hides_no_other(
    side: Side, subscribed: Subscription, scope_of: Callable[..., Any],
    move_clock: Callable[..., None],
) -> None:  # fmt: skip
    composed(scope_of, move_clock, 2)
    actions.claim(ROUND, side.peer.pk)
    error = {"code": "letter-demo", "message": "演示县不互送", "place": "demo", "mend": "核对"}
    side.takes(side.receipt(1, state="refused", highest=0, error=error))
    assert outbox()[0].said == "演示县不互送 · demo · 核对"
    side.takes(side.receipt(2, highest=2, missing=((1, 1),)))
    assert [row.receipt_at is None for row in outbox()] == [True, False]


def test_a_receipt_of_another_link_or_world_is_refused(
    side: Side, subscribed: Subscription, scope_of: Callable[..., Any],
    move_clock: Callable[..., None],
) -> None:  # fmt: skip
    composed(scope_of, move_clock, 1)
    for strange in ({"sender": 500101000000}, {"receiver": 500101000000}, {"stream": 3}):
        assert refusal(lambda: side.takes(side.receipt(1, **strange))).code == "receipt-strange"
    assert outbox()[0].receipt_at is None


# what came


def test_doubles_and_any_order_leave_one_of_each(side: Side) -> None:
    for number in (3, 1, 3, 2, 5, 1):
        side.says(side.letter(number))
    assert [(row.number, row.times) for row in inbox()] == [(1, 2), (2, 1), (3, 2), (5, 1)]
    row = stream(side.peer.pk)
    assert (row.whole_to, row.highest) == (3, 5)
    assert side.says(side.state(7)).missing == ((4, 4), (6, 7))


def test_the_answer_to_a_double_is_the_same_and_writes_no_line(side: Side, owner_sql: Any) -> None:
    first = side.says(side.letter(1))
    lines = owner_sql("SELECT count(*) FROM ground_journal")
    second = side.says(side.letter(1))
    assert (first.state, second.state) == ("taken", "known")
    assert (first.highest, first.missing) == (second.highest, second.missing) == (1, ())
    assert owner_sql("SELECT count(*) FROM ground_journal") == lines


def test_a_number_with_other_words_is_refused_and_says_how_far_the_numbers_go(side: Side) -> None:
    for number in (1, 2):
        side.says(side.letter(number))
    other = side.letter(1, BODY | {"ordered": 10})
    refused = refusal(lambda: side.says(other))
    receipt = actions.answer_of(other, refused)
    assert (refused.code, receipt.state, receipt.highest) == ("number-reused", "refused", 2)
    assert inbox()[0].body == BODY


def wrong(**more: Any) -> dict[str, Any]:
    return json.loads(json.dumps(BODY | more))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (wrong(figures=FIGURES | {"to_move": 6}), "headcount-sum"),
        (wrong(reported=2), "headcount-sum"),
        (wrong(zones=3), "headcount-sum"),
        (wrong(ordered=4), "headcount-sum"),
        (wrong(reported=0), "headcount-unreported"),
        (wrong(reported=3), "headcount-zones"),
        (wrong(names=["张三"]), "letter-schema"),
        (wrong(figures=FIGURES | {"not_yet": -1}), "letter-schema"),
        (wrong(zones=True), "letter-schema"),
        (wrong(zones="2"), "letter-schema"),
        ({"open": False, "figures": FIGURES}, "letter-schema"),
        ({}, "letter-schema"),
    ],
)
def test_a_count_that_does_not_hold_is_refused_whole(side: Side, body: Any, code: str) -> None:
    refused = refusal(lambda: side.says(side.letter(1, body)))
    assert refused.code == code and "body" in refused.place and refused.mend
    assert inbox() == []


def test_only_the_other_side_of_this_link_of_the_same_kind_of_county_is_taken(side: Side) -> None:
    for strange, code in (
        ({"sender": 500101000000}, "letter-ends"), ({"receiver": 500101000000}, "letter-ends"),
        ({"demo": False}, "letter-demo"),
    ):  # fmt: skip
        assert refusal(lambda: side.says(side.letter(1, **strange))).code == code
    assert inbox() == []


BAD = [
    b"", b"{", b"\xff\xfe", b"[]", b'"x"', b"NaN", b'{"schema": NaN}', b"[" * 5000,
    b'{"a":' * 5000, b'{"schema":"anlan.letter/1","schema":"anlan.letter/1"}', b"1" * 5000,
    b"x" * (letters.LETTER_BYTES_MAX + 1), b'{"schema": "anlan.letter/2"}',
]  # fmt: skip


@pytest.mark.parametrize("content", BAD, ids=range(len(BAD)))
def test_bytes_that_are_no_letter_are_refused_with_their_place(content: bytes) -> None:
    refused = refusal(lambda: letters.read_letter(content, "甲.json"))
    assert "甲.json" in refused.place and refused.mend


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_do_more_than_be_refused(content: bytes) -> None:
    with pytest.raises(Refusal):
        letters.read_letter(content, "x")


@settings(max_examples=200, deadline=None)
@given(st.sets(st.integers(1, 60)), st.integers(0, 60))
def test_missing_is_what_a_slow_model_says(here: set[int], last: int) -> None:
    rising = sorted(here)
    known = decisions.whole_to(0, rising)
    assert set(range(1, known + 1)) <= here and known + 1 not in here
    above = [number for number in rising if number > known]
    said = decisions.missing(known, above, max(last, max(here, default=0)))
    told = {number for low, high in said for number in range(low, high + 1)}
    wanted = set(range(1, max(last, max(here, default=0)) + 1)) - here
    assert told == wanted if len(said) < decisions.RANGES_MAX else told <= wanted


CODES = iter(range(500301000000, 500999000000))


@settings(max_examples=20, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.permutations([1, 2, 3, 4, 4, 2, 5]))
def test_any_permutation_ends_in_the_same_state(county_db: str, order: list[int]) -> None:
    code = next(CODES)
    own = make_side(code=code, name=str(code))
    last = [own.says(own.letter(number)) for number in order][-1]
    row = stream(own.peer.pk)
    assert [one.number for one in inbox() if one.peer_id == own.peer.pk] == [1, 2, 3, 4, 5]
    assert (row.whole_to, row.highest, last.highest) == (5, 5, 5)
    assert own.says(own.state(5)).missing == ()


# exercises


def exercise() -> int:
    from anlan.rooms.review import actions as review

    plan = review.Plan(kind="tabletop", name="防汛推演", form="comprehensive", topics=("moving",))
    return int(review.start(Scope.for_command("test"), plan).space)


def test_an_exercise_leaves_only_to_a_receiver_with_the_exercise_flag(
    side: Side, subscribed: Subscription, scope_of: Callable[..., Any]
) -> None:
    world = exercise()
    open_zones(scope_of, world)
    assert rounds.compose(ROUND.in_world(world)) == 0
    with ROUND.open():
        Peer.objects.update(exercise=True)
    assert rounds.compose(ROUND.in_world(world)) == 1
    letter = letters.read_letter(outbox(world)[0].letter.encode(), "x")
    assert letter.stream == world and '"exercise":true' in outbox(world)[0].letter
    assert outbox() == [], "nothing of it stands in the real world"


def test_what_came_of_an_exercise_stands_in_our_exercise_and_never_in_the_real_world(
    county_db: str,
) -> None:
    side = make_side(exercise=True)
    letter = side.letter(1, stream=9)
    assert refusal(lambda: opened(letter)).code == "exercise-none"
    world = exercise()
    assert opened(letter) == world
    side.says(letter, world)
    assert [row.number for row in inbox(world)] == [1] and inbox() == []
    exercise()
    assert refusal(lambda: opened(letter)).code == "exercise-none", "which of the two?"


def opened(letter: letters.Letter) -> int:
    with GATEWAY.open():
        return actions.world_of(letter)


def test_without_the_flag_no_exercise_is_taken(side: Side) -> None:
    world = exercise()
    assert refusal(lambda: side.says(side.letter(1, stream=9), world)).code == "letter-exercise"


def test_an_exercise_of_theirs_stays_in_the_one_of_ours_in_which_it_began(county_db: str) -> None:
    from anlan.rooms.review import actions as review

    side = make_side(exercise=True)
    first = exercise()
    side.says(side.letter(1, stream=9), first)
    review.stop(Scope.for_command("test"), first)
    second = exercise()
    assert refusal(lambda: side.says(side.letter(2, stream=9), second)).code == "exercise-ended"


# silence


def test_a_peer_that_is_silent_for_a_quarter_of_an_hour_is_told_and_its_coming_back_too(
    side: Side, move_clock: Callable[..., None], owner_sql: Any
) -> None:
    from anlan.ground.machine import alarms, site

    def stands() -> list[str]:
        rounds.watch(ROUND)
        return [one.text for one in alarms.current(site().home) if one.source == "link"]

    assert stands() == []
    move_clock(16 * 60)
    assert ["忠县" in text for text in stands()] == [True]
    from anlan.faces.link import peer_actions

    peer_actions.record_heard(ROUND, side.peer.pk)
    assert stands() == []
    lines = owner_sql(
        "SELECT action, result FROM ground_journal WHERE action LIKE 'link.%%' ORDER BY id"
    )
    assert lines[-2:] == [("link.silent", "alarm"), ("link.back", "done")]
