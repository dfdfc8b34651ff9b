"""Headcounts add up, in every way they come in, and what does not goes to a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.engines.callout import actions as callout
from anlan.engines.callout import links
from anlan.engines.callout import queries as callouts
from anlan.engines.callout import rounds as callout_rounds
from anlan.engines.callout.evidence import by_message
from anlan.engines.callout.launch import Launch
from anlan.engines.callout.models import Attempt, Callout
from anlan.engines.indicators import kept as kept_counts
from anlan.ground.errors import Denied, Refusal
from anlan.ground.models import FactMark
from anlan.ground.scope import Scope
from anlan.rooms.evacuation import actions, queries, register_actions, rounds
from anlan.rooms.evacuation.decisions import (
    Fault,
    Figures,
    ReadCount,
    adds_up,
    from_sms,
    read_headcount,
    total,
)
from anlan.rooms.evacuation.models import Household, Opening
from tests.conftest import TOWNSHIPS, VILLAGES

ROUND = Scope.for_round("test")
OUTSIDE = Scope.for_gateway("box")
COMMAND = Scope.for_command("test")
few = st.integers(0, 60)


@pytest.mark.parametrize(
    ("text", "moved", "left"),
    [
        ("转移37 剩2", 37, 2),
        ("剩2转移37", 37, 2),
        ("转移三十七人，还剩2人", 37, 2),
        ("已转移３７人　剩余２人", 37, 2),
        ("转37剩2", 37, 2),
        ("转移 37\n剩 2", 37, 2),
        ("转移37", 37, None),
        ("还剩两人", None, 2),
        ("未转0 转移39", 39, 0),
    ],
)
def test_a_headcount_is_read_in_any_order_spacing_and_width(
    text: str, moved: int | None, left: int | None
) -> None:
    assert read_headcount(text) == ReadCount(moved, left)


@pytest.mark.parametrize(
    "text",
    ["", "收到", "转移", "转移很多人", "转移37 剩2 水大", "转移37 转移38", "4821", "转移3.5", "转移-3",
     "转移99999999"],
)  # fmt: skip
def test_what_is_not_clear_is_not_guessed(text: str) -> None:
    assert read_headcount(text) is None


@given(st.text(max_size=100))
def test_no_text_breaks_the_reader(text: str) -> None:
    read_headcount(text)


@given(few, few, few, few, few, few)
def test_figures_made_of_their_parts_add_up(a: int, b: int, c: int, d: int, e: int, f: int) -> None:
    own = Figures(a + b + c + d + e + f, a, b, c, d, e, f)
    assert adds_up(own).fault is None
    assert own.moved + own.still_there == own.to_move
    assert adds_up(total([own, own])).fault is None


@given(few, few, st.integers(-20, 20).filter(bool))
def test_one_person_more_or_less_is_noticed(a: int, b: int, off: int) -> None:
    verdict = adds_up(Figures(to_move=a + b + 100 - off, sheltered=a + 100, not_yet=b))
    assert verdict.fault is Fault.DOES_NOT_ADD_UP and verdict.off_by == off


@given(few, few, few, st.none() | few, st.none() | few)
def test_an_sms_never_makes_figures_that_do_not_add_up(
    sheltered: int, relatives: int, not_yet: int, moved: int | None, left: int | None
) -> None:
    before = Figures(sheltered + relatives + not_yet, sheltered, relatives, not_yet=not_yet)
    if moved is None and left is None:
        return
    after = from_sms(ReadCount(moved, left), before)
    if after is None:
        assert moved is None or left is None or moved + left != before.to_move
    else:
        assert adds_up(after).fault is None and after.to_move == before.to_move


@pytest.fixture
def zone(county_db: str) -> Any:
    """Twelve households in 甲村; the second needs help from the first."""
    shelter = register_actions.add_shelter(COMMAND, VILLAGES[0], "甲村小学", 200)
    own = register_actions.add_zone(COMMAND, VILLAGES[0], "甲村一片", "rainstorm", shelter.id)
    first = register_actions.add_household(COMMAND, own.id, "户主0", 3)
    for number in range(1, 12):
        register_actions.add_household(
            COMMAND, own.id, f"户主{number}", 3, "独居老人" if number == 1 else "",
            first.id if number == 1 else None,
        )  # fmt: skip
    return own


@pytest.fixture
def opened(zone: Any, scope_of: Callable[..., Any]) -> Opening:
    callout.open_callout(
        scope_of("duty_officer"),
        Launch("warning.warning", 1, "warning/night", "orange", "暴雨橙色预警", "请注意防范。",
               (TOWNSHIPS[0],), "k"),
    )  # fmt: skip
    rounds.open_by_callout(ROUND)
    rounds.open_by_callout(ROUND)
    with ROUND.open():
        return Opening.objects.get()


def head_number() -> str:
    from anlan.county.models import Holding

    with ROUND.open():
        held = Holding.objects.select_related("person").get(
            post__kind="village_head", division=VILLAGES[0], rank=0
        )
        return str(held.person.phone)


def village_call() -> Any:
    from anlan.engines.callout.models import Call

    with ROUND.open():
        return Call.objects.get(division=VILLAGES[0])


def read_all() -> None:
    callout_rounds.read(ROUND)
    rounds.read_messages(ROUND)
    callout_rounds.leave_rest(ROUND)


def test_a_zone_opens_once_with_all_its_people_still_there(opened: Opening) -> None:
    assert (opened.to_move, opened.not_yet) == (36, 36)
    night = queries.night(ROUND)
    assert night.total.to_move == 36 and night.counted == 0


def test_the_village_head_gets_a_link_to_count(
    opened: Opening, as_role: Callable[[str], None]
) -> None:
    assert rounds.send_links(ROUND) == 0, "nobody of the village has been reached yet"
    message = callout.receive_message(OUTSIDE, "box", "answer", head_number(), "4821")
    assert message is not None
    callout.answer(ROUND, village_call().id, "received", by_message(message))
    assert rounds.send_links(ROUND) == 1 and rounds.send_links(ROUND) == 0
    with ROUND.open():
        attempt = Attempt.objects.get(role="more")
    assert attempt.person_id == message.person_id
    token = attempt.text.split("/h/")[1].split()[0]
    kept_counts.recompute(ROUND)
    as_role("public")
    link = links.open_link(token, "headcount")
    page = queries.zone_for_link(link.scope, link.object_id or 0)
    assert len(page.homes) == 12 and page.shelter == "甲村小学"
    assert page.homes[1].needs == "独居老人" and page.homes[1].helper == "户主0"
    people = {home.id: home.people for home in page.homes}
    said = {home.id: ("sheltered", 3) for home in page.homes[:10]}
    said[page.homes[10].id] = ("relatives", 2)
    said[page.homes[11].id] = ("refused", 3)
    figures = actions.tally(people, said)
    kept = {str(ident): list(entry) for ident, entry in said.items()}
    for _again in range(2):
        actions.record_headcount(link.scope, opened.id, figures, "link", households=kept)
    as_role("app")
    with ROUND.open():
        marked = set(FactMark.objects.values_list("fact", "division"))
    assert marked == {("evacuation_fact_zone", TOWNSHIPS[0])}, "a village's answer moves the figure"
    night = queries.night(ROUND)
    assert night.total == Figures(36, 30, 2, 0, 3, 0, 1) and night.counted == 1
    assert len(queries.versions(ROUND, opened.id)) == 2


def test_a_count_that_does_not_add_up_is_refused_with_the_difference(opened: Opening) -> None:
    with pytest.raises(Refusal) as refusal:
        actions.record_headcount(ROUND, opened.id, Figures(36, 30), "keyed")
    assert refusal.value.code == "does-not-add-up" and "6" in refusal.value.place
    assert queries.versions(ROUND, opened.id) == []


def test_a_headcount_by_sms_is_taken(opened: Opening) -> None:
    callout.receive_message(OUTSIDE, "box", "m1", head_number(), "转移34 剩2")
    read_all()
    assert queries.night(ROUND).total == Figures(36, sheltered=34, not_yet=2)
    assert callouts.desk(ROUND) == []


@pytest.mark.parametrize("text", ["转移37 剩2", "转移五十", "转移34 剩2 路断了"])
def test_an_sms_that_contradicts_or_says_more_is_on_the_desk(opened: Opening, text: str) -> None:
    callout.receive_message(OUTSIDE, "box", "m1", head_number(), text)
    read_all()
    assert [row.text for row in callouts.desk(ROUND)] == [text]
    assert queries.night(ROUND).counted == 0


def test_a_sheet_is_keyed_later_with_both_times(
    opened: Opening, scope_of: Callable[..., Any]
) -> None:
    from datetime import timedelta

    from anlan.ground import clock

    cadre = scope_of("township_cadre", TOWNSHIPS[0])
    earlier = clock.now(0) - timedelta(hours=3)
    count = actions.record_headcount(
        cadre, opened.id, Figures(36, 36), "keyed", happened_at=earlier
    )
    assert count.happened_at == earlier < count.received_at and count.keyed_by
    with pytest.raises(Refusal):
        actions.record_headcount(
            scope_of("township_cadre", TOWNSHIPS[1]), opened.id, Figures(36, 36), "keyed"
        )
    with pytest.raises(Denied):
        actions.record_headcount(scope_of("plan_clerk"), opened.id, Figures(36, 36), "keyed")


def test_the_all_clear_closes_the_zones(opened: Opening, scope_of: Callable[..., Any]) -> None:
    with ROUND.open():
        first = Callout.objects.get()
    callout.open_callout(
        scope_of("duty_officer"),
        Launch("warning.warning", 1, "warning/night", "orange", "解除", "可以回家。",
               (TOWNSHIPS[0],), "k2", kind="all_clear", follows=first.id),
    )  # fmt: skip
    assert rounds.close_by_all_clear(ROUND) == 1
    with pytest.raises(Refusal):
        actions.record_headcount(ROUND, opened.id, Figures(36, 36), "keyed")


def test_no_dump_shows_a_household(zone: Any, owner_sql: Any) -> None:
    rows = owner_sql("SELECT evacuation_household::text FROM evacuation_household")
    assert rows and not any("户主" in row[0] or "独居" in row[0] for row in rows)
    with ROUND.open():
        assert Household.objects.filter(needs=None).count() == 11
