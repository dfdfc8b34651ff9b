"""A request sent twice acts once: approvals, openings, headcounts; another body is a conflict."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.engines.callout.models import Callout
from anlan.ground import journal, repeats
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, Refusal
from anlan.ground.models import RequestKey
from anlan.ground.scope import Actor, Scope
from anlan.rooms.evacuation import opening_actions
from anlan.rooms.evacuation import register_actions as registers
from anlan.rooms.evacuation.models import Headcount, Opening
from anlan.rooms.warning import actions as warning
from tests.conftest import COUNTY, VILLAGES

ROUND = Scope.for_round("test")
COMMAND = Scope.for_command("test")
CLERK = Scope("post", COUNTY, COUNTY + 999_999, 0, Actor("account", 1, "甲"), frozenset({"a.do"}))
TEXT = "垫江县气象台2024年7月10日22时15分发布暴雨橙色预警信号，影响澄溪镇。"
KEY = "a-key-of-this-test"


@action("a.do")
def count_up(scope: Scope, by: int) -> list[int]:
    journal.line(scope, "a.do", None, after=by)
    return [by]


@action("a.do")
def twice_inside(scope: Scope) -> int:
    return count_up(scope, 1)[0] + count_up(scope, 1)[0]


def done(owner_sql: Any, action_name: str = "a.do") -> int:
    sql = "SELECT count(*) FROM ground_journal WHERE action = %s AND result = 'done'"
    return int(owner_sql(sql, (action_name,))[0][0])


def test_the_same_key_gives_the_first_answer_and_changes_nothing(
    empty_db: str, owner_sql: Any
) -> None:
    for _turn in range(5):
        with repeats.keyed(KEY, b"one"):
            assert count_up(CLERK, 7) == [7]
    assert done(owner_sql) == 1


def test_the_same_key_with_another_body_is_a_conflict(empty_db: str, owner_sql: Any) -> None:
    with repeats.keyed(KEY, b"one"):
        count_up(CLERK, 7)
    with pytest.raises(Conflict) as refusal, repeats.keyed(KEY, b"two"):
        count_up(CLERK, 8)
    assert refusal.value.code == "key-reused" and refusal.value.mend
    assert done(owner_sql) == 1


def test_without_a_key_every_request_counts(empty_db: str, owner_sql: Any) -> None:
    count_up(CLERK, 1)
    count_up(CLERK, 1)
    assert done(owner_sql) == 2


def test_another_person_may_use_the_same_key(empty_db: str, owner_sql: Any) -> None:
    other = Scope("post", CLERK.lo, CLERK.hi, 0, Actor("account", 2, "乙"), CLERK.rights)
    for scope in (CLERK, other):
        with repeats.keyed(KEY, b"one"):
            count_up(scope, 1)
    assert done(owner_sql) == 2


def test_two_acts_of_one_request_are_two_and_an_inner_act_is_no_request(
    empty_db: str, owner_sql: Any
) -> None:
    for _turn in range(2):
        with repeats.keyed(KEY, b"one"):
            assert twice_inside(CLERK) == 2
            assert count_up(CLERK, 5) == [5]
            assert count_up(CLERK, 6) == [6]
    assert done(owner_sql) == 4


def test_what_failed_may_be_tried_again_under_its_key(empty_db: str, owner_sql: Any) -> None:
    @action("a.do")
    def once_broken(scope: Scope) -> int:
        journal.line(scope, "a.do", None)
        if broken.pop():
            raise Refusal("not-yet", "还不行")
        return 1

    broken = [False, True]
    with pytest.raises(Refusal), repeats.keyed(KEY, b"one"):
        once_broken(CLERK)
    with repeats.keyed(KEY, b"one"):
        assert once_broken(CLERK) == 1
    assert done(owner_sql) == 1


@pytest.mark.parametrize("key", ["", "short", "有汉字的请求键键键", "a" * 101, "with a blank"])
def test_a_key_out_of_form_is_refused(key: str) -> None:
    with pytest.raises(Refusal, match="请求键"), repeats.keyed(key, b""):
        pass


def test_fifty_at_once_act_once(empty_db: str, owner_sql: Any) -> None:
    from django.db import connections

    answers: list[Any] = []

    def ask() -> None:
        with repeats.keyed(KEY, b"one"):
            answers.append(count_up(CLERK, 3))
        connections.close_all()

    for start in range(0, 50, 10):
        threads = [threading.Thread(target=ask) for _n in range(start, start + 10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [[3]] * 50
    assert done(owner_sql) == 1


@settings(max_examples=40, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
                    lambda own: st.lists(own, max_size=3) | st.tuples(own), max_leaves=6))  # fmt: skip
def test_an_answer_comes_back_as_it_went(answer: Any) -> None:
    import json

    kept = json.loads(json.dumps(repeats._encoded(answer)))
    assert repeats._decoded(kept) == answer


def test_keys_are_forgotten_after_a_week(empty_db: str, move_clock: Any) -> None:
    with repeats.keyed(KEY, b"one"):
        count_up(CLERK, 1)
    assert repeats.forget(ROUND) == 0
    move_clock((repeats.KEEP + timedelta(hours=1)).total_seconds())
    assert repeats.forget(ROUND) == 1


# through the pages


@pytest.fixture
def submitted(county_db: str, scope_of: Callable[..., Any]) -> Any:
    officer = scope_of("duty_officer")
    zone = registers.add_zone(COMMAND, VILLAGES[0], "甲村一片", "rainstorm", None)
    registers.add_household(COMMAND, zone.id, "户主甲", 3)
    row = warning.paste(officer, TEXT)
    row = warning.revise(officer, row.id, row.version, {"settled": [d["code"] for d in row.doubts]})
    return warning.submit(officer, row.id, row.version)


def test_an_approval_pressed_twice_is_one_callout(
    submitted: Any, client_of: Callable[..., Any]
) -> None:
    leader = client_of("duty_leader")
    url = f"/warning/{submitted.id}/approve/"
    page = leader.get(f"/warning/{submitted.id}/").content.decode()
    assert 'name="request_key"' in page
    fields = {"version": submitted.version, "request_key": KEY}
    first = leader.post(url, fields)
    again = leader.post(url, fields)
    assert (first.status_code, first.url) == (302, again.url)
    other = leader.post(url, fields | {"version": 99})
    assert other.status_code == 409
    without = leader.post(url, {"version": submitted.version})
    assert without.status_code == 409, "without its key it is a second approval"
    with ROUND.open():
        assert Callout.objects.count() == 1


def test_zones_opened_twice_under_a_key_are_opened_once(
    submitted: Any, scope_of: Callable[..., Any], owner_sql: Any
) -> None:
    opened = warning.approve(scope_of("duty_leader"), submitted.id, submitted.version)
    leader = scope_of("duty_leader")
    opener = opening_actions.Opener(
        "warning.warning", submitted.id, "暴雨橙色预警", "orange", opened.id
    )
    ids = []
    for _turn in range(2):
        with repeats.keyed(KEY, b"zones"):
            made = opening_actions.open_zones(leader, opener, [VILLAGES[0]])
            ids.append([row.id for row in made])
    assert ids[0] == ids[1] and len(ids[0]) == 1
    assert done(owner_sql, "evacuation.open") == 1


def test_a_headcount_sent_twice_is_one_version(
    submitted: Any, scope_of: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    from anlan.rooms.evacuation import rounds

    warning.approve(scope_of("duty_leader"), submitted.id, submitted.version)
    rounds.open_by_callout(ROUND)
    with ROUND.open():
        opening = Opening.objects.get()
    township = client_of("township_duty", VILLAGES[0] // 1000 * 1000)
    url = f"/zones/{opening.id}/count/"
    fields = {"sheltered": "3"}
    for _turn in range(3):
        assert township.post(url, fields, headers={"Idempotency-Key": KEY}).status_code == 302
    assert township.post(url, fields | {"sheltered": "2", "not_yet": "1"},
                         headers={"Idempotency-Key": KEY}).status_code == 409  # fmt: skip
    with ROUND.open():
        assert Headcount.objects.count() == 1
        assert RequestKey.objects.filter(key=KEY).count() == 1
    bad = township.post(url, fields, headers={"Idempotency-Key": "x"})
    assert bad.status_code == 400
    assert township.post(url, fields, headers={"Idempotency-Key": KEY + "2"}).status_code == 302
    with ROUND.open():
        assert Headcount.objects.count() == 2


def test_the_public_role_keeps_keys_of_its_links(
    county_db: str, scope_of: Callable[..., Any], as_role: Callable[[str], None]
) -> None:
    from anlan.engines.callout import actions as callout
    from anlan.engines.callout import links
    from anlan.engines.callout.evidence import by_link
    from anlan.engines.callout.launch import Launch
    from anlan.engines.callout.models import Answer, Call

    callout.open_callout(
        scope_of("duty_officer"),
        Launch("warning.warning", 1, "warning/night", "orange", "暴雨橙色预警", "请注意防范。",
               (VILLAGES[0],), "k"),
    )  # fmt: skip
    with ROUND.open():
        call = Call.objects.get(division=VILLAGES[0])
    token = callout.issue_link(ROUND, call.id, 5, "answer").rsplit("/", 1)[1]
    as_role("public")
    opened = links.open_link(token, "answer", "10.0.0.9")
    for _turn in range(3):
        with repeats.keyed(KEY, b"help"):
            said = callout.answer(opened.scope, call.id, "help", by_link(opened))
            assert said is callout.Counts.DECIDES
    as_role("app")
    with ROUND.open():
        assert Answer.objects.count() == 1
