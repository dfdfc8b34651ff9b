"""The all-clear goes by the same chain to whom the warning went, and to who joined since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anlan.county import actions as county_actions
from anlan.engines.callout import actions, queries, rounds
from anlan.engines.callout.models import Call, Callout
from anlan.ground.scope import Scope
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES
from tests.engines.callout.test_night import (
    MINUTES,
    WAIT,
    Box,
    code_of,
    launch,
    number_of,
    sms,
    turn,
)

ROUND = Scope.for_round("test")
COMMAND = Scope.for_command("test")


@pytest.fixture
def opened(county_db: str, scope_of: Callable[..., Any]) -> Callout:
    return actions.open_callout(scope_of("duty_officer"), launch())


def lift(scope: Any, first: Callout) -> Callout:
    clear = launch(kind="all_clear", key="clear", text="可以回家。", follows=first.id)
    return actions.open_callout(scope, clear)


def posts_of(callout: Callout) -> set[str]:
    with ROUND.open():
        return set(Call.objects.filter(callout=callout).values_list("post_title", flat=True))


def test_only_whom_the_warning_reached_hears_that_it_is_over(
    opened: Callout, scope_of: Callable[..., Any], move_clock: Callable[..., None]
) -> None:
    """The county was rung, its townships not yet: they hear neither warning nor all-clear."""
    turn(Box())
    clear = lift(scope_of("duty_officer"), opened)
    assert posts_of(clear) == {"县水利局值班室", "县领导"}
    box = Box()
    move_clock(10 * MINUTES * 60)
    turn(box)
    assert {out.text[:5] for out in box.sent if "可以回家" not in out.text} == set()


def test_who_knocked_and_who_joined_since_hear_it_too(
    opened: Callout, scope_of: Callable[..., Any], move_clock: Callable[..., None]
) -> None:
    for _step in range(8):
        turn(Box())
        move_clock(MINUTES * 60 + 1)
    post = county_actions.add_post(COMMAND, VILLAGES[0], "village_head", "新负责人", None)
    person = county_actions.add_person(COMMAND, VILLAGES[0], "甲新", "10177770001")
    county_actions.hold(COMMAND, post.id, person.id, 0, post.version)
    clear = lift(scope_of("duty_officer"), opened)
    told = posts_of(clear)
    assert posts_of(opened) <= told
    assert {"甲村网格员", "乙村网格员", "新负责人", "澄溪镇驻村干部"} <= told
    assert not {title for title in told if "丙村" in title or "永安" in title}
    move_clock(2 * WAIT * 60 + 1)
    box = Box()
    turn(box)
    assert "10177770001" in {out.number for out in box.sent}
    assert number_of("village_helper", VILLAGES[0]) in {out.number for out in box.sent}


def test_after_the_all_clear_nobody_is_rung_about_the_warning(
    opened: Callout, scope_of: Callable[..., Any], move_clock: Callable[..., None]
) -> None:
    turn(Box())
    sms(number_of("unit_duty", COUNTY), code_of("unit_duty", COUNTY))
    rounds.read(ROUND)
    lift(scope_of("duty_officer"), opened)
    move_clock(10 * MINUTES * 60)
    box = Box()
    for _step in range(3):
        turn(box)
        move_clock(MINUTES * 60 + 1)
    assert all(
        "解除" in out.text or "可以回家" in out.text or "未应答" in out.text for out in box.sent
    )
    with ROUND.open():
        states = dict(Call.objects.filter(callout=opened).values_list("post_title", "state"))
    assert states["县水利局值班室"] == "answered"
    assert states["县领导"] == "ringing", "who had not answered stays unanswered in the records"
    assert states["甲村负责人"] == "stopped"


def test_an_all_clear_before_anybody_was_rung_calls_nobody(
    opened: Callout, scope_of: Callable[..., Any]
) -> None:
    clear = lift(scope_of("duty_officer"), opened)
    box = Box()
    turn(box)
    assert posts_of(clear) == set() and box.sent == []


def test_counts_by_division_agree_with_the_tree_and_keep_the_scope(
    opened: Callout, scope_of: Callable[..., Any], move_clock: Callable[..., None]
) -> None:
    for _step in range(8):
        turn(Box())
        move_clock(MINUTES * 60 + 1)
    sms(number_of("unit_duty", COUNTY), code_of("unit_duty", COUNTY))
    turn(Box())
    rows = {row.division: row for row in queries.counts_by_division(ROUND, opened.id)}
    counts = queries.counts(ROUND, opened.id)
    assert sum(row.total for row in rows.values()) == counts.total
    assert sum(row.nobody for row in rows.values()) == counts.nobody
    assert sum(row.answered for row in rows.values()) == counts.answered == 1
    assert {code: row.worst for code, row in rows.items()} == queries.states_by_division(
        ROUND, opened.id
    )
    own = queries.counts_by_division(scope_of("township_duty", TOWNSHIPS[0]), opened.id)
    assert {row.division for row in own} == {TOWNSHIPS[0], *VILLAGES[:2]}
    assert queries.counts_by_division(scope_of("township_duty", TOWNSHIPS[1]), opened.id) == []
