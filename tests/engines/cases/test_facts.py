"""From a record to the plan's figure: 未报 first, then what was entered, and back when it is void."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from anlan.engines.cases import rounds
from anlan.engines.cases.models import Deadline
from anlan.engines.indicators import compute, declare
from anlan.engines.indicators.rounds import freeze
from anlan.ground import clock
from anlan.ground.scope import Scope
from anlan.rooms.workplan import actions as plan_actions
from anlan.rooms.workplan import demo, queries
from tests.engines.cases.shots import sent
from tests.engines.cases.test_loop import DAY_S, closed, go, ordered, people, report

COMMAND, ROUND = Scope.for_command("test"), Scope.for_round("test")
__all__ = ["people"]


def row_of(table: int, row: int) -> tuple[str, float | None]:
    shown = queries.one(COMMAND, table, row)
    return shown.state, shown.figures[0].value


@pytest.fixture
def plan(county_db: str) -> Any:
    version = plan_actions.import_plan(COMMAND, demo.document(), demo.NAME, demo=True)
    return plan_actions.confirm(COMMAND, version.id)


def major(people: dict[str, Scope], row: Any) -> Any:
    row = go(people["leader"], row, "list", list_number="1号")
    row = go(people["cadre"], row, "finish_major", {"after": sent(), "principal": sent()},
             report="好", spent="1")  # fmt: skip
    row = go(people["duty"], row, "pass_major", {"check_photo": sent()}, checked="好")
    return go(people["leader"], row, "lift", lift_number="2号", resume="是")


def test_the_rate_of_major_ones_moves_row_4_17(
    plan: Any, people: dict[str, Scope], move_clock: Callable[..., None]
) -> None:
    assert row_of(4, 17) == ("not_reported", None)
    good = ordered(people, 3, "major")
    late = ordered(people, 3, "major")
    major(people, good)
    assert row_of(4, 17) == ("not_reported", None), "没有到期的不算"
    move_clock(4 * DAY_S)
    rounds.fall_due(ROUND)
    assert row_of(4, 17)[1] == 50.0
    major(people, late)
    assert row_of(4, 17)[1] == 50.0, "过期以后销号不把它变成按期"


def test_a_registered_danger_moves_row_4_5_and_a_void_one_takes_it_back(
    plan: Any, people: dict[str, Scope]
) -> None:
    assert row_of(4, 5) == ("not_reported", None)
    row = report(people["helper"])
    assert row_of(4, 5) == ("judged", 1.0)
    go(people["unit"], row, "dismiss", why_none="不是隐患")
    assert row_of(4, 5) == ("not_reported", None)


def test_the_last_second_of_the_year_belongs_to_the_year(
    people: dict[str, Scope], move_clock: Callable[..., None], owner_sql: Any
) -> None:
    """A deadline of 31 December ends at 24:00 and counts in the year that it ends."""
    with COMMAND.open():
        now = clock.local(clock.now())
    new_year = now.replace(month=12, day=28, hour=9, minute=0, second=0)
    move_clock((new_year - now).total_seconds())
    row = ordered(people, 3)
    with COMMAND.open():
        own = Deadline.objects.get(case=row, key="rectify")
    assert clock.local(own.due_at).strftime("%m-%d %H:%M") == "01-01 00:00"
    move_clock(5 * DAY_S)
    rounds.fall_due(ROUND)
    fell = owner_sql(
        "SELECT extract(year FROM happened_at AT TIME ZONE 'Asia/Shanghai')::int, in_time"
        " FROM cases_fact_deadline WHERE deadline = 'rectify'"
    )
    assert fell == [(new_year.year, False)]


def test_extended_ones_are_counted_beside_the_rate(
    plan: Any, people: dict[str, Scope], move_clock: Callable[..., None]
) -> None:
    from anlan.engines.cases import clock_actions

    row = ordered(people, 2, "major")
    with COMMAND.open():
        to_on = clock.local(clock.now()).date() + timedelta(days=6)
    asked = clock_actions.ask_extension(
        people["cadre"], row.id, row.version, "rectify", to_on, "配件未到"
    )
    clock_actions.decide_extension(people["leader"], asked.id, asked.version, True, "属实")
    with COMMAND.open():
        row.refresh_from_db()
    major(people, row)
    move_clock(3 * DAY_S)
    rounds.fall_due(ROUND)
    assert row_of(4, 17) == ("not_reported", None), "新的日期还没有到"
    move_clock(4 * DAY_S)
    rounds.fall_due(ROUND)
    assert row_of(4, 17)[1] == 100.0
    with COMMAND.open():
        assert compute.figure(COMMAND, "hazards.major_extended").value == 1


def test_a_late_deadline_calls_the_duty_post_and_then_goes_to_the_county(
    people: dict[str, Scope], move_clock: Callable[..., None]
) -> None:
    from anlan.engines.callout.models import Call

    row = ordered(people, 2)
    move_clock(3 * DAY_S)
    rounds.fall_due(ROUND)
    assert rounds.press(ROUND) == 1 and rounds.press(ROUND) == 0
    with COMMAND.open():
        call = Call.objects.select_related("callout").get()
        assert call.callout.origin_kind == "cases.case" and call.callout.origin_id == row.id
        assert "澄溪镇值班室" in call.post_title
        row.refresh_from_db()
        assert row.level == "township"
    move_clock(3 * DAY_S)
    assert rounds.press(ROUND) == 1
    with COMMAND.open():
        row.refresh_from_db()
    assert row.level == "county"
    closed(people, row)
    assert rounds.press(ROUND) == 0


def test_every_figure_of_the_pack_computes_and_freezes(county_db: str) -> None:
    names = [name for name in declare.declared() if name.startswith("hazards.")]
    assert len(names) == 5
    freeze(ROUND)
