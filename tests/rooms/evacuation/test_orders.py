"""Zones that a warning opens stand under an order: whose, by which article, on whose yes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anlan.ground.scope import Scope
from anlan.rooms.evacuation import queries, register_actions, rounds
from anlan.rooms.evacuation.models import Opening, Order
from anlan.rooms.warning import actions as warnings
from tests.conftest import VILLAGES
from tests.rooms.warning.test_warning import settled

ROUND = Scope.for_round("test")
COMMAND = Scope.for_command("test")


@pytest.fixture
def zone(county_db: str) -> Any:
    own = register_actions.add_zone(COMMAND, VILLAGES[0], "河边", "flood", None)
    register_actions.add_household(COMMAND, own.id, "张三", 4)
    return own


def test_a_released_warning_gives_one_order_in_the_name_of_its_authority(
    zone: Any, scope_of: Callable[..., Any], owner_sql: Any
) -> None:
    row = settled(scope_of("duty_officer"))
    opened = warnings.approve(scope_of("duty_leader"), row.id, row.version)
    for _again in range(3):
        rounds.open_by_callout(ROUND)
    with ROUND.open():
        order = Order.objects.get()
        opening = Opening.objects.get()
    assert order.authority == "垫江县人民政府" and "第六十七条" in order.articles
    assert order.approved_by == scope_of("duty_leader").actor.label
    assert (order.callout_id, opening.order_id) == (opened.id, order.id)
    assert order.given_at <= opening.opened_at and order.text
    lines = owner_sql("SELECT why FROM ground_journal WHERE action = 'evacuation.order'")
    assert len(lines) == 1 and "垫江县人民政府" in lines[0][0]
    assert [found.id for found in queries.orders(ROUND)] == [order.id]


def test_an_urgent_release_says_so_in_its_order(zone: Any, scope_of: Callable[..., Any]) -> None:
    row = settled(scope_of("duty_officer"))
    warnings.override(scope_of("duty_leader"), row.id, row.version, "房屋进水")
    rounds.open_by_callout(ROUND)
    with ROUND.open():
        assert Order.objects.get().approved_by == "紧急发布：房屋进水"


def test_the_order_ends_with_the_all_clear(zone: Any, scope_of: Callable[..., Any]) -> None:
    officer, leader = scope_of("duty_officer"), scope_of("duty_leader")
    row = settled(officer)
    warnings.approve(leader, row.id, row.version)
    rounds.open_by_callout(ROUND)
    lifted = warnings.propose_lift(officer, row.id, row.version)
    warnings.approve_lift(leader, lifted.id, lifted.version)
    rounds.close_by_all_clear(ROUND)
    with ROUND.open():
        assert Order.objects.get().ended_at is not None
    assert queries.orders(ROUND) == []
