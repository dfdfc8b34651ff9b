"""The county: who holds a post at a moment, the phone book under scope, no lost update."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from anlan.county import accounts, actions, queries
from anlan.county.models import Person, Post
from anlan.ground import clock
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.scope import Scope
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES

COMMAND = Scope.for_command("test")


def post_of(kind: str, division: int) -> Post:
    with COMMAND.open():
        return Post.objects.get(kind=kind, division=division)


def test_a_change_of_post_moves_every_duty_and_keeps_last_month(
    county_db: str, move_clock: Callable[..., None]
) -> None:
    head = post_of("village_head", VILLAGES[0])
    before = clock.now(0)
    move_clock(30 * 24 * 3600)
    fresh = actions.add_person(COMMAND, VILLAGES[0], "新来的", "10199999999")
    actions.hold(COMMAND, head.id, fresh.id, 0, head.version)
    now = clock.now(0) + timedelta(seconds=1)
    assert queries.contacts(COMMAND, [head.id], now)[head.id][0].name == "新来的"
    assert queries.holder_names(COMMAND, [head.id], before)[head.id] != "新来的"


def test_the_roster_is_called_before_the_holder_and_deputies_follow(county_db: str) -> None:
    duty = post_of("township_duty", TOWNSHIPS[0])
    person = actions.add_person(COMMAND, TOWNSHIPS[0], "今晚值班", "10188888888")
    now = clock.now(0)
    actions.add_shift(COMMAND, duty.id, person.id, now, now + timedelta(hours=8))
    chain = queries.contacts(COMMAND, [duty.id], now + timedelta(hours=1))[duty.id]
    assert [contact.role for contact in chain] == ["roster", "holder", "deputy"]
    after = queries.contacts(COMMAND, [duty.id], now + timedelta(hours=9))[duty.id]
    assert [contact.role for contact in after] == ["holder", "deputy"]


def test_a_vacant_post_has_nobody(county_db: str) -> None:
    duty = post_of("township_duty", TOWNSHIPS[0])
    actions.vacate(COMMAND, duty.id, 0, duty.version)
    actions.vacate(COMMAND, duty.id, 1, duty.version + 1)
    later = clock.now(0) + timedelta(seconds=1)
    assert queries.contacts(COMMAND, [duty.id], later) == {duty.id: []}


def test_two_clerks_at_once_lose_no_change(county_db: str) -> None:
    with COMMAND.open():
        person = Person.objects.order_by("id").first()
    assert person is not None
    actions.change_number(COMMAND, person.id, person.version, "10177777777")
    with pytest.raises(Conflict) as refusal:
        actions.change_number(COMMAND, person.id, person.version, "10166666666")
    assert refusal.value.mend
    assert queries.person_by_number(COMMAND, "10177777777") == person.id


@pytest.mark.parametrize("sought", ["甲责人", "jia ze", "jzr", "10100000013", "甲村负责人"])
def test_the_phone_book_finds_by_name_pinyin_initials_number_and_post(
    county_db: str, sought: str
) -> None:
    with COMMAND.open():
        held = Person.objects.get(
            holdings__post__kind="village_head", holdings__rank=0, division=VILLAGES[0]
        )
        wanted = held.phone if sought.isdigit() else sought
    found = queries.phone_book(COMMAND, str(wanted))
    assert held.id in [entry.person_id for entry in found]


def test_the_phone_book_masks_numbers(county_db: str) -> None:
    assert all("****" in entry.number_masked for entry in queries.phone_book(COMMAND))


def test_a_township_finds_no_neighbour(county_db: str, scope_of: Callable[..., Any]) -> None:
    own = scope_of("township_duty", TOWNSHIPS[0])
    for sought in ("", "丙", "bing", "永安镇值班室"):
        assert all(
            entry.division // 1000 == TOWNSHIPS[0] // 1000
            for entry in queries.phone_book(own, sought)
        )


def test_revealing_a_number_is_journalled_and_needs_the_right(
    county_db: str, scope_of: Callable[..., Any], owner_sql: Any
) -> None:
    officer = scope_of("duty_officer")
    person = queries.phone_book(officer)[0].person_id
    assert actions.reveal_number(officer, person, "核实").startswith("101")
    with pytest.raises(Denied):
        actions.reveal_number(scope_of("village_head", VILLAGES[0]), person)
    rows = owner_sql("SELECT result FROM ground_journal WHERE action = 'phonebook.reveal'")
    assert [row[0] for row in rows] == ["done", "denied"]


@pytest.mark.parametrize("number", ["", "12", "1380013800a", "１３８００１３８０００", "1" * 13])
def test_what_is_no_number_is_refused_with_a_mend(county_db: str, number: str) -> None:
    with pytest.raises(Refusal) as refusal:
        actions.add_person(COMMAND, COUNTY, "甲", number)
    assert refusal.value.mend


def test_a_one_time_link_opens_once_and_within_its_hour(
    county_db: str, move_clock: Callable[..., None]
) -> None:
    account = accounts.make_account(COMMAND, "jia", "甲", demo=True)
    token = accounts.make_link(COMMAND, "first", account)
    assert accounts.use_link(Scope.nobody(), token, "first") == account
    with pytest.raises(NotFound):
        accounts.use_link(Scope.nobody(), token, "first")
    late = accounts.make_link(COMMAND, "first", account)
    move_clock(3601)
    with pytest.raises(NotFound):
        accounts.use_link(Scope.nobody(), late, "first")


def test_no_dump_shows_a_number(county_db: str, owner_sql: Any) -> None:
    rows = owner_sql("SELECT county_person::text FROM county_person")
    assert rows and not any("101000000" in row[0] for row in rows)


def test_the_demonstration_county_is_whole(full_county: str) -> None:
    scope = Scope.for_round("test")
    assert len(queries.places(scope, "township")) == 26
    assert len(queries.places(scope, "village")) == 301
    with scope.open():
        assert Person.objects.filter(demo=False).count() == 0
        assert Post.objects.filter(kind="village_head").count() == 301
        assert all(str(p.phone).startswith("100") for p in Person.objects.all()[:50])
