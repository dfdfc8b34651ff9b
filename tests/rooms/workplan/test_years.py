"""A plan of a year shows that year's own figures, on its rows, its board and for other programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from anlan.engines.indicators import compute, declare, rounds
from anlan.ground.scope import Scope
from anlan.rooms.workplan import actions, board_queries, board_states, demo, queries
from anlan.rooms.workplan.board_decisions import asked_on
from anlan.rooms.workplan.models import PlanVersion
from tests.conftest import VILLAGES
from tests.engines.indicators.facts import ROUND, call, entry

COMMAND = Scope.for_command("test")
SAYS = {"row": "4/40", "name": "抓好会商研判和处置应对", "says": "确保预警叫应直达基层"}


@pytest.fixture
def late(county_db: str, owner_sql: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """18 November 2030, after whatever day the machine has; two calls in 2029 (one answered), one answered in 2030."""
    owner_sql(
        "UPDATE ground_world SET \"offset\" = '2030-11-18 04:00+00' - clock_timestamp() WHERE id = 0"
    )
    found = {
        f"t.{period}": entry(period=period, plan_rows=[SAYS], target=100)
        for period in ("year", "month")
    }
    for module in (declare, compute):
        monkeypatch.setattr(module, "declared", lambda: found)
    call(datetime(2029, 12, 3, tzinfo=UTC), VILLAGES[0])
    call(datetime(2029, 12, 3, tzinfo=UTC), VILLAGES[1], answered=False)
    call(datetime(2030, 11, 3, tzinfo=UTC), VILLAGES[0])


def confirmed(year: int) -> PlanVersion:
    version = actions.import_plan(COMMAND, demo.document(year), demo.NAME, demo=True)
    return actions.confirm(COMMAND, version.id)


def targets() -> dict[str, tuple[str, Any]]:
    row = next(r for r in queries.status(COMMAND)["rows"] if (r["table"], r["row"]) == (4, 40))
    return {one["indicator"]: (one["state"], one["value"]) for one in row["targets"]}


def text(client: Any, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return str(answer.content.decode())


@pytest.mark.parametrize(
    ("year", "value", "periods", "others"),
    [(2029, ("missed", 50.0), ("2029年", "2029年12月"), ("2030年11月",)),
     (2030, ("met", 100.0), ("2030年", "2030年11月"), ("2029年12月",))],
)  # fmt: skip
def test_a_plan_shows_its_own_years_periods_everywhere(
    late: None, client_of: Callable[..., Any], year: int, value: Any, periods: Any, others: Any
) -> None:
    confirmed(year)
    assert targets() == {"t.year": value, "t.month": value}
    client = client_of("duty_officer")
    page = text(client, "/plan/4/40/")
    for period in periods:
        assert f"<span>{period}" in page, period
    for period in others:
        assert f"<span>{period}" not in page, period
    assert page.count("岗位") >= 2 * (2 if year == 2029 else 1), "the year's own records"
    board_states.keep(ROUND)
    line = board_queries.line_of(board_queries.board(COMMAND), 4, 40)
    assert line.state == value[0]
    assert {one["value"] for one in line.figures} == {value[1]}
    assert {one["period"] for one in line.figures} == set(periods)


def test_an_indicator_opens_at_the_period_that_the_plan_asks_for_and_steps_to_others(
    late: None, client_of: Callable[..., Any]
) -> None:
    confirmed(2029)
    client = client_of("duty_officer")
    page = text(client, "/plan/indicator/t.year/")
    assert "<span>2029年 · 1/2" in page and "?on=2030-12-31" in page and "?on=2028-12-31" in page
    page = text(client, "/plan/indicator/t.year/?on=2030-12-31")
    assert "<span>2030年 · 1/1" in page and "?on=2031" not in page, "no period that has not begun"
    text(client, "/plan/indicator/t.year/?on=明天", 400)


def test_a_post_signs_a_zero_for_the_year_that_is_over_from_the_page(
    late: None, client_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {"t.year": entry(period="year", plan_rows=[SAYS], where=[{"field": "level", "is": 77}],
                             measure="count", numerator=..., op="<=", target=0)}  # fmt: skip
    for module in (declare, compute):
        monkeypatch.setattr(module, "declared", lambda: found)
    confirmed(2029)
    client = client_of("duty_officer")
    page = text(client, "/plan/indicator/t.year/")
    assert 'name="on" value="2029-12-31"' in page and "零报告：2029年没有" in page
    done = client.post("/plan/indicator/t.year/zero/", {"on": "2029-12-31"})
    assert done["Location"].endswith("?on=2029-12-31")
    assert targets() == {"t.year": ("met", 0.0)}


def test_only_frozen_months_of_the_plans_year_stand_on_its_row(
    late: None, client_of: Callable[..., Any], owner_sql: Any
) -> None:
    confirmed(2030)
    rounds.freeze(ROUND)
    owner_sql(
        "INSERT INTO indicators_frozenfigure (division, world, version, indicator, declared_digest,"
        " label, month, starts_on, ends_on, state, unit, reason, frozen_at)"
        " SELECT division, world, 1, indicator, declared_digest, label, '2029-06-01', starts_on,"
        " '2029-06-30', state, unit, reason, frozen_at FROM indicators_frozenfigure"
        " WHERE month = '2030-10-01'"
    )
    page = text(client_of("duty_officer"), "/plan/4/40/")
    assert "t.year/2030-10/" in page and "2029-06" not in page


def test_next_years_plan_waits_for_its_year_and_a_real_one_displaces_the_demonstration(
    late: None, move_clock: Callable[[float], None], owner_sql: Any
) -> None:
    own, following = confirmed(2030), confirmed(2031)
    assert queries.current(COMMAND) == own
    move_clock(50 * 86400)
    assert queries.current(COMMAND) == following
    older = confirmed(2029)
    owner_sql("ALTER TABLE workplan_planversion DISABLE TRIGGER second_person")
    owner_sql("UPDATE workplan_planversion SET demo = false WHERE id = %s", (older.id,))
    assert queries.current(COMMAND) == older, "demonstration data gives way"


@pytest.mark.parametrize(
    ("year", "practised", "on"),
    [(2030, False, date(2030, 11, 18)), (2029, False, date(2029, 12, 31)),
     (2031, False, date(2031, 1, 1)), (None, False, date(2030, 11, 18)),
     (2028, True, date(2030, 11, 18))],
)  # fmt: skip
def test_the_day_that_a_plan_is_asked_for(year: int | None, practised: bool, on: date) -> None:
    assert asked_on(year, date(2030, 11, 18), practised) == on
