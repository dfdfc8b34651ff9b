"""Two warnings over the same places: a household is to move once, and goes home after the last.

Orange then red, two hazards that overlap in part, the same text pasted twice, the all-clear of the
first, an exercise beside the real night, two workers at the same moment.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError

from anlan.engines.callout import actions as callout
from anlan.engines.callout import queries as callouts
from anlan.engines.callout import rounds as callout_rounds
from anlan.engines.callout.evidence import by_message
from anlan.engines.callout.launch import Launch
from anlan.engines.callout.models import Attempt, Call, Callout
from anlan.ground.scope import Scope
from anlan.rooms.evacuation import actions, opening_actions, queries, register_actions, rounds
from anlan.rooms.evacuation.decisions import Figures, highest
from anlan.rooms.evacuation.models import Basis, Opening, Order
from anlan.rooms.warning import actions as warnings
from anlan.rooms.warning import queries as warning_queries
from anlan.rooms.warning.lifting import overlap
from anlan.rooms.warning.models import Warning
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES
from tests.rooms.warning.test_warning import TEXT

ROUND = Scope.for_round("test")
COMMAND = Scope.for_command("test")
OUTSIDE = Scope.for_gateway("box")
PEOPLE = 4
EXERCISE = 7
THREADS_S_MAX = 20.0


@pytest.fixture
def zones(county_db: str) -> dict[int, Any]:
    """A zone of one household of four in each of the four villages."""
    made = {}
    for village in VILLAGES:
        own = register_actions.add_zone(COMMAND, village, f"{village}片", "rainstorm", None)
        register_actions.add_household(COMMAND, own.id, "张三", PEOPLE)
        made[village] = own
    return made


@pytest.fixture
def two(scope_of: Callable[..., Any]) -> Callable[[int], list[Scope]]:
    """Whoever drafts and whoever approves, in a world."""
    return lambda world: [scope_of(p).in_world(world) for p in ("duty_officer", "duty_leader")]


@pytest.fixture
def warn(two: Callable[[int], list[Scope]]) -> Callable[..., Warning]:
    """A warning that a second person released, its zones opened."""

    def release(
        grade: str, divisions: list[int], kind: str = "rainstorm", world: int = 0
    ) -> Warning:
        officer, leader = two(world)
        row = warnings.paste(officer, TEXT)
        changes = {"settled": [doubt["code"] for doubt in row.doubts], "grade": grade,
                   "kind": kind, "divisions": divisions}  # fmt: skip
        row = warnings.revise(officer, row.id, row.version, changes)
        row = warnings.submit(officer, row.id, row.version)
        warnings.approve(leader, row.id, row.version)
        turn(world)
        return row

    return release


@pytest.fixture
def lift(two: Callable[[int], list[Scope]]) -> Callable[..., Callout]:
    """The all-clear of a warning, by two persons, with what follows from it."""

    def clear(row: Warning, world: int = 0) -> Callout:
        officer, leader = two(world)
        with officer.open():
            version = Warning.objects.get(id=row.id).version
        row = warnings.propose_lift(officer, row.id, version)
        sent = warnings.approve_lift(leader, row.id, row.version)
        turn(world)
        return sent

    return clear


def turn(world: int = 0) -> None:
    """The rounds, more often than needed: what they did they do not do again."""
    for _again in range(2):
        rounds.open_by_callout(ROUND.in_world(world))
        rounds.close_by_all_clear(ROUND.in_world(world))


def standing(world: int = 0) -> dict[int, str]:
    """The grade of the open zone of each village."""
    with ROUND.in_world(world).open():
        return dict(Opening.objects.filter(state="open").values_list("division", "grade"))


def to_move(world: int = 0) -> int:
    return queries.night(ROUND.in_world(world)).total.to_move


def test_orange_then_red_moves_each_household_once(
    zones: Any, warn: Callable[..., Warning], owner_sql: Any
) -> None:
    orange = warn("orange", [TOWNSHIPS[0]])
    assert standing() == {VILLAGES[0]: "orange", VILLAGES[1]: "orange"}
    red = warn("red", [TOWNSHIPS[0]])
    assert standing() == {VILLAGES[0]: "red", VILLAGES[1]: "red"}, "the level is raised"
    assert to_move() == 2 * PEOPLE, "nobody is to move twice"
    with ROUND.open():
        orders = list(Order.objects.order_by("id").values_list("origin_id", flat=True))
        bases = list(Basis.objects.order_by("id").values_list("origin_id", "order__origin_id"))
    assert orders == [orange.id, red.id], "each has its own order"
    assert bases == [(orange.id, orange.id)] * 2 + [(red.id, red.id)] * 2
    said = owner_sql("SELECT why FROM ground_journal WHERE action = 'evacuation.join'")
    assert len(said) == 1 and "暴雨红色预警" in said[0][0] and "2" in said[0][0]


def test_what_was_counted_before_the_level_rose_stays_counted(
    zones: Any, warn: Callable[..., Warning]
) -> None:
    warn("orange", [VILLAGES[0]])
    with ROUND.open():
        opening = Opening.objects.get()
    actions.record_headcount(ROUND, opening.id, Figures(PEOPLE, 3, not_yet=1), "keyed")
    warn("red", [VILLAGES[0]])
    night = queries.night(ROUND)
    assert night.total == Figures(PEOPLE, 3, not_yet=1) and night.counted == 1
    assert night.rows[0].titles == ["暴雨橙色预警", "暴雨红色预警"]


def test_a_lower_level_later_lowers_nothing(zones: Any, warn: Callable[..., Warning]) -> None:
    warn("red", [VILLAGES[0]])
    warn("orange", [VILLAGES[0]])
    assert standing() == {VILLAGES[0]: "red"} and to_move() == PEOPLE


def test_the_same_text_pasted_twice_opens_nothing_twice(
    zones: Any, warn: Callable[..., Warning]
) -> None:
    for _again in range(3):
        warn("orange", [TOWNSHIPS[0]])
    assert to_move() == 2 * PEOPLE
    with ROUND.open():
        assert Basis.objects.count() == 6 and Opening.objects.count() == 2


def test_the_all_clear_of_the_higher_level_leaves_the_lower_standing(
    zones: Any, warn: Callable[..., Warning], lift: Callable[..., Callout]
) -> None:
    orange = warn("orange", [VILLAGES[0]])
    red = warn("red", [VILLAGES[0]])
    lift(red)
    assert standing() == {VILLAGES[0]: "orange"}
    assert [order.origin_id for order in queries.orders(ROUND)] == [orange.id]
    lift(orange)
    assert standing() == {} and queries.orders(ROUND) == []


def test_two_hazards_that_overlap_in_part_are_sent_home_place_by_place(
    zones: Any, warn: Callable[..., Warning], lift: Callable[..., Callout]
) -> None:
    rain = warn("orange", [VILLAGES[0], VILLAGES[1]])
    slide = warn("red", [VILLAGES[1], VILLAGES[2]], kind="geohazard")
    assert to_move() == 3 * PEOPLE
    assert standing() == {VILLAGES[0]: "orange", VILLAGES[1]: "red", VILLAGES[2]: "red"}
    lift(rain)
    assert standing() == {VILLAGES[1]: "red", VILLAGES[2]: "red"}
    lift(slide)
    assert standing() == {}


def test_a_whole_county_warning_joins_what_a_township_opened(
    zones: Any, warn: Callable[..., Warning], lift: Callable[..., Callout]
) -> None:
    warn("red", [TOWNSHIPS[0]])
    whole = warn("orange", [COUNTY])
    assert to_move() == len(VILLAGES) * PEOPLE
    lift(whole)
    assert set(standing()) == {VILLAGES[0], VILLAGES[1]}


def test_the_all_clear_tells_nobody_to_go_home_where_another_warning_stands(
    zones: Any, warn: Callable[..., Warning], lift: Callable[..., Callout],
    scope_of: Callable[..., Any],
) -> None:  # fmt: skip
    rain = warn("orange", list(TOWNSHIPS))
    slide = warn("red", [TOWNSHIPS[1]], kind="geohazard")
    shown = warning_queries.shown(scope_of("duty_officer"), rain.id)
    partly = lift(rain).text
    assert shown.lift_sms == partly, "the page showed beforehand what was sent"
    assert "先不要回家" in partly and "地质灾害气象风险红色预警" in partly
    assert "永安镇" in partly and "澄溪" not in partly and "其他地方" in partly
    plain = lift(slide).text
    assert "不要回家" not in plain and "可以回家" in plain


def test_an_all_clear_wholly_within_another_warning_sends_nobody_home(
    zones: Any, warn: Callable[..., Warning], lift: Callable[..., Callout]
) -> None:
    rain = warn("orange", [VILLAGES[0]])
    warn("red", [COUNTY], kind="geohazard")
    text = lift(rain).text
    assert "可以回家" not in text and "先不要回家" in text
    assert VILLAGES[0] in standing()


def test_a_blue_or_yellow_warning_keeps_nobody_away(
    zones: Any, warn: Callable[..., Warning], lift: Callable[..., Callout]
) -> None:
    orange = warn("orange", [VILLAGES[0]])
    warn("yellow", [VILLAGES[0]])
    assert "不要回家" not in lift(orange).text and standing() == {}


def test_after_everybody_went_home_a_new_warning_opens_anew(
    zones: Any, warn: Callable[..., Warning], lift: Callable[..., Callout]
) -> None:
    first = warn("orange", [VILLAGES[0]])
    with ROUND.open():
        opening = Opening.objects.get()
    actions.record_headcount(ROUND, opening.id, Figures(PEOPLE, PEOPLE), "keyed")
    lift(first)
    warn("orange", [VILLAGES[0]])
    night = queries.night(ROUND)
    assert night.total == Figures(PEOPLE, not_yet=PEOPLE) and night.counted == 0
    with ROUND.open():
        opening.refresh_from_db()
        assert (opening.state, opening.sheltered) == ("closed", PEOPLE)


def test_an_exercise_beside_the_real_night_opens_its_own_and_closes_its_own(
    zones: Any, warn: Callable[..., Warning], lift: Callable[..., Callout], owner_sql: Any
) -> None:
    owner_sql(
        'INSERT INTO ground_world (id, kind, name, anchored_at, "offset", rate, started_at)'
        " VALUES (%s, 'tabletop', '推演', now(), '0', 1, now())", (EXERCISE,),
    )  # fmt: skip
    played = warn("red", [TOWNSHIPS[0]], world=EXERCISE)
    assert standing() == {} and to_move(EXERCISE) == 2 * PEOPLE
    real = warn("orange", [TOWNSHIPS[0]])
    assert standing() == {VILLAGES[0]: "orange", VILLAGES[1]: "orange"}
    assert standing(EXERCISE) == {VILLAGES[0]: "red", VILLAGES[1]: "red"}
    assert (to_move(), to_move(EXERCISE)) == (2 * PEOPLE, 2 * PEOPLE)
    text = lift(played, EXERCISE).text
    assert "不要回家" not in text, "the real warning is none of the exercise's"
    assert standing(EXERCISE) == {} and len(standing()) == 2
    lift(real)
    assert standing() == {}


def head_of(village: int) -> str:
    from anlan.county.models import Holding

    with ROUND.open():
        held = Holding.objects.select_related("person").get(
            post__kind="village_head", division=village, rank=0
        )
        return str(held.person.phone)


def answer_for(village: int, warning_id: int, ident: str) -> None:
    with ROUND.open():
        call = Call.objects.get(division=village, callout__origin_id=warning_id)
    message = callout.receive_message(OUTSIDE, "box", ident, head_of(village), "4821")
    assert message is not None
    callout.answer(ROUND, call.id, "received", by_message(message))


def links_sent() -> int:
    with ROUND.open():
        return Attempt.objects.filter(role="more").count()


def test_a_count_by_sms_is_still_taken_under_two_call_outs(
    zones: Any, warn: Callable[..., Warning]
) -> None:
    warn("orange", [TOWNSHIPS[0]])
    warn("red", [TOWNSHIPS[0]])
    callout.receive_message(OUTSIDE, "box", "m1", head_of(VILLAGES[0]), "转移3 剩1")
    callout_rounds.read(ROUND)
    rounds.read_messages(ROUND)
    callout_rounds.leave_rest(ROUND)
    assert callouts.desk(ROUND) == []
    assert queries.night(ROUND).total == Figures(2 * PEOPLE, 3, not_yet=1 + PEOPLE)


def test_whoever_answered_twice_gets_one_link_and_after_a_day_a_new_one(
    zones: Any, warn: Callable[..., Warning], move_clock: Callable[..., None]
) -> None:
    first = warn("orange", [VILLAGES[0]])
    answer_for(VILLAGES[0], first.id, "a")
    assert rounds.send_links(ROUND) == 1 and links_sent() == 1
    second = warn("red", [VILLAGES[0]])
    answer_for(VILLAGES[0], second.id, "b")
    assert rounds.send_links(ROUND) == 1 and rounds.send_links(ROUND) == 0
    assert links_sent() == 1, "the same person holds a good link already"
    move_clock(25 * 3600)
    third = warn("red", [VILLAGES[0]])
    answer_for(VILLAGES[0], third.id, "c")
    rounds.send_links(ROUND)
    assert links_sent() == 2, "the first link has run out"


def test_whoever_answers_the_second_call_out_only_gets_the_link_of_the_same_count(
    zones: Any, warn: Callable[..., Warning]
) -> None:
    warn("orange", [VILLAGES[0]])
    second = warn("red", [VILLAGES[0]])
    answer_for(VILLAGES[0], second.id, "b")
    assert rounds.send_links(ROUND) == 1 and links_sent() == 1
    from anlan.engines.callout.models import Link

    with ROUND.open():
        assert Link.objects.get(act="headcount").object_id == Opening.objects.get().id


def test_villages_that_do_not_answer_hold_no_link_of_others_back(
    zones: Any, warn: Callable[..., Warning], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "LINKS_MAX", 1)
    row = warn("orange", list(VILLAGES))
    answer_for(VILLAGES[3], row.id, "a")
    assert rounds.send_links(ROUND) == 1


def test_call_outs_where_nobody_lives_hold_no_other_back(
    zones: Any, warn: Callable[..., Warning], scope_of: Callable[..., Any]
) -> None:
    for number in range(12):
        callout.open_callout(
            scope_of("duty_officer"),
            Launch("test", number, "warning/night", "orange", "无片区", "注意。",
                   (COUNTY + 500_000 + number * 1000,), f"nowhere-{number}"),
        )  # fmt: skip
    warn("red", [VILLAGES[2]])
    assert standing() == {VILLAGES[2]: "red"}


def test_a_call_out_whose_all_clear_went_out_first_opens_nothing(
    zones: Any, scope_of: Callable[..., Any]
) -> None:
    own = Launch("warning.warning", 1, "warning/night", "red", "暴雨红色预警", "注意。",
                 (TOWNSHIPS[0],), "k")  # fmt: skip
    first = callout.open_callout(scope_of("duty_officer"), own)
    clear = replace(own, key="k2", kind="all_clear", follows=first.id)
    callout.open_callout(scope_of("duty_officer"), clear)
    turn()
    with ROUND.open():
        assert not Opening.objects.exists()


def test_two_workers_with_two_call_outs_at_once_open_each_zone_once(
    zones: Any, scope_of: Callable[..., Any]
) -> None:
    from django.db import connections

    start, failed = threading.Barrier(4), []

    def open_own(number: int) -> None:
        opener = opening_actions.Opener("test", number % 2, f"第{number % 2}次", "red", None)
        start.wait(THREADS_S_MAX)
        try:
            opening_actions.open_zones(ROUND, opener, list(TOWNSHIPS))
        except Exception as error:
            failed.append(error)
        connections.close_all()

    threads = [threading.Thread(target=open_own, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(THREADS_S_MAX)
    assert failed == [] and to_move() == len(VILLAGES) * PEOPLE
    with ROUND.open():
        assert Opening.objects.count() == len(VILLAGES)
        assert Basis.objects.count() == 2 * len(VILLAGES)


def test_the_database_refuses_a_zone_that_is_open_twice(
    zones: Any, warn: Callable[..., Warning]
) -> None:
    warn("orange", [VILLAGES[0]])
    with ROUND.open():
        row = Opening.objects.get()
        row.pk = None
        row.origin_id += 1
    with pytest.raises(IntegrityError, match="opening_once"), ROUND.open():
        row.save(force_insert=True)


def test_a_night_that_was_open_twice_before_the_upgrade_is_open_once_after_it(
    zones: Any, warn: Callable[..., Warning], owner_sql: Any
) -> None:
    from importlib import import_module

    migration = import_module("anlan.rooms.evacuation.migrations.0005_once_while_open")
    first = warn("orange", [VILLAGES[0]])
    answer_for(VILLAGES[0], first.id, "a")
    rounds.send_links(ROUND)
    second = warn("red", [VILLAGES[0]])
    owner_sql("DROP INDEX opening_once")
    owner_sql(
        "INSERT INTO evacuation_opening (division, world, version, zone_id, origin_kind, origin_id,"
        " callout_id, state, opened_at, to_move, sheltered, relatives, elsewhere, refused, missing,"
        " not_yet, counts, counted_at, grade) SELECT division, world, 1, zone_id, origin_kind, %s,"
        " (SELECT id FROM callout_callout ORDER BY id DESC LIMIT 1), 'open', opened_at, 4, 4, 0, 0,"
        " 0, 0, 0, 1, now(), '' FROM evacuation_opening", (second.id,),
    )  # fmt: skip
    owner_sql("DELETE FROM evacuation_basis")
    owner_sql(migration.FREE + migration.FOUND + migration.FORCE)
    with ROUND.open():
        row = Opening.objects.get(state="open")
        assert (row.sheltered, row.grade) == (PEOPLE, "red"), "the one that was counted stays"
        titles = set(row.bases.values_list("title", flat=True))
    assert titles == {"暴雨橙色预警", "暴雨红色预警"}
    moved = owner_sql("SELECT object_id FROM callout_link WHERE act = 'headcount'")
    assert moved == [(row.id,)], "the link of the other opening opens this one"
    assert to_move() == PEOPLE


def test_row_5_6_counts_a_zone_once_and_row_4_40_each_call_once(
    zones: Any, warn: Callable[..., Warning]
) -> None:
    from anlan.engines.indicators import compute

    warn("orange", [VILLAGES[0]])
    with ROUND.open():
        calls = Call.objects.count()
        opening = Opening.objects.get()
    warn("red", [VILLAGES[0]])
    actions.record_headcount(ROUND, opening.id, Figures(PEOPLE, PEOPLE), "keyed")
    used = compute.records(COMMAND, "warning.zones_used")
    assert len([row for row in used if row.id == zones[VILLAGES[0]].id]) == 1
    assert len(used) == len(VILLAGES)
    called = compute.records(COMMAND, "warning.reached_in_time")
    assert len(called) == len({row.id for row in called}) == 2 * calls


def test_the_page_of_a_zone_says_what_it_stands_on(
    zones: Any, warn: Callable[..., Warning], lift: Callable[..., Callout],
    client_of: Callable[..., Any],
) -> None:  # fmt: skip
    orange = warn("orange", [VILLAGES[0]])
    warn("red", [VILLAGES[0]], kind="geohazard")
    lift(orange)
    with ROUND.open():
        opening = Opening.objects.get()
    client = client_of("duty_officer")
    page = client.get(f"/zones/{opening.id}/").content.decode()
    table = page.split("为什么启用", 1)[1]
    assert table.index("地质灾害气象风险红色预警") < table.index("暴雨橙色预警"), "standing first"
    assert "未解除" in table and "垫江县人民政府" in table
    listed = client.get("/zones/").content.decode()
    assert "应转 4 人" in listed and "地质灾害气象风险红色预警" in listed
    assert "暴雨橙色预警" not in listed, "what was lifted keeps nobody away"


def test_the_highest_grade_is_red_and_what_is_no_grade_is_none() -> None:
    assert highest(["blue", "red", "orange"]) == "red"
    assert highest(["", "purple"]) == "" and highest([]) == ""


def test_the_overlap_of_places_is_the_smaller_of_the_two() -> None:
    assert overlap([COUNTY], [TOWNSHIPS[0]]) == [TOWNSHIPS[0]]
    assert overlap([VILLAGES[0]], [TOWNSHIPS[0]]) == [VILLAGES[0]]
    assert overlap([TOWNSHIPS[0]], [TOWNSHIPS[1]]) == []
    assert overlap(TOWNSHIPS, [COUNTY]) == sorted(TOWNSHIPS)
