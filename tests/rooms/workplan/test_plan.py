"""The plan in the county: versions, a second person, and two rows that the night moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anlan.engines.callout import actions as callout
from anlan.engines.callout.launch import Launch
from anlan.engines.callout.models import Call
from anlan.engines.indicators import actions as indicators
from anlan.engines.indicators import compute
from anlan.ground.errors import Conflict, Denied, Refusal
from anlan.ground.scope import Scope
from anlan.rooms.evacuation import actions as evacuation
from anlan.rooms.evacuation import register_actions as registers
from anlan.rooms.evacuation import rounds
from anlan.rooms.evacuation.decisions import Figures
from anlan.rooms.evacuation.models import Opening
from anlan.rooms.workplan import actions, demo, queries
from tests.answers import answered
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES

ROUND = Scope.for_round("test")
COMMAND = Scope.for_command("test")


@pytest.fixture
def plan(county_db: str) -> Any:
    with COMMAND.open():
        year = compute.today(COMMAND).year
    version = actions.import_plan(COMMAND, demo.document(year), demo.NAME, demo=True)
    return actions.confirm(COMMAND, version.id)


def state(table: int, row: int) -> tuple[str, float | None]:
    shown = queries.one(COMMAND, table, row)
    return shown.state, shown.figures[0].value


def test_the_plan_has_121_rows_and_none_is_green_without_records(plan: Any) -> None:
    found = queries.status(COMMAND)
    states = Counter(row["state"] for row in found["rows"])
    assert found["schema"] == "anlan.status/1"
    assert states == {"no_indicator": 114, "not_reported": 7}


def test_the_calls_of_the_night_move_row_4_40_and_without_them_it_is_unreported(
    plan: Any, scope_of: Callable[..., Any], owner_sql: Any
) -> None:
    assert state(4, 40) == ("not_reported", None)
    callout.open_callout(
        scope_of("duty_officer"),
        Launch("warning.warning", 1, "warning/night", "orange", "暴雨橙色预警", "请注意防范。",
               (TOWNSHIPS[0],), "k"),
    )  # fmt: skip
    assert state(4, 40) == ("judged", 0.0)
    with ROUND.open():
        calls = list(Call.objects.all())
    for call in calls[:2]:
        answered(call)
    assert state(4, 40) == ("judged", 40.0)
    behind = compute.records(COMMAND, "warning.reached_in_time")
    assert [record.counted for record in behind].count(True) == 2
    assert len(behind) == 5
    owner_sql("TRUNCATE callout_callout CASCADE")
    assert state(4, 40) == ("not_reported", None)


def test_a_counted_zone_moves_row_5_6(
    plan: Any, scope_of: Callable[..., Any], owner_sql: Any
) -> None:
    shelter = registers.add_shelter(COMMAND, VILLAGES[0], "小学", 100)
    for name in ("一片", "二片"):
        zone = registers.add_zone(COMMAND, VILLAGES[0], name, "rainstorm", shelter.id)
        registers.add_household(COMMAND, zone.id, "户主", 3)
    assert state(5, 6) == ("not_reported", None), "listed zones alone are no use of them"
    callout.open_callout(
        scope_of("duty_officer"),
        Launch("warning.warning", 1, "warning/night", "orange", "暴雨橙色预警", "请注意防范。",
               (TOWNSHIPS[0],), "k"),
    )  # fmt: skip
    rounds.open_by_callout(ROUND)
    with ROUND.open():
        first, second = Opening.objects.order_by("id")
    evacuation.record_headcount(ROUND, first.id, Figures(3, 3), "keyed")
    assert state(5, 6) == ("no_base", 50.0), "no authority has counted the zones"
    indicators.set_base(COMMAND, "warning.zones_used", COUNTY, 2, "县规划自然资源局",
                        compute.today(COMMAND), "垫规资〔2025〕1号")  # fmt: skip
    assert state(5, 6) == ("not_due", 50.0), "the year's end is its day"
    evacuation.record_headcount(ROUND, second.id, Figures(3, 2, 0, 0, 1), "keyed")
    assert state(5, 6) == ("met", 100.0)
    owner_sql("TRUNCATE evacuation_opening CASCADE")
    assert state(5, 6) == ("not_reported", None)


def test_who_enters_does_not_confirm(county_db: str, scope_of: Callable[..., Any]) -> None:
    clerk = scope_of("plan_clerk")
    version = actions.import_plan(clerk, demo.document(), demo.NAME)
    with pytest.raises(Denied):
        actions.confirm(clerk, version.id)
    assert queries.current(clerk).state == "entered"  # type: ignore[union-attr]


def test_the_same_file_twice_is_a_conflict_and_a_bad_one_is_refused(plan: Any) -> None:
    with pytest.raises(Conflict):
        actions.import_plan(COMMAND, demo.document(plan.year), demo.NAME)
    with pytest.raises(Refusal) as refusal:
        actions.import_plan(COMMAND, b"hello", "x.txt")
    assert refusal.value.mend


STATES = {"met", "missed", "not_due", "judged", "not_reported", "no_objects", "no_base",
          "awaiting_city", "no_indicator"}  # fmt: skip
TARGET_KEYS = {"indicator", "state", "value", "op", "target", "unit", "numerator", "denominator",
               "completeness", "reason"}  # fmt: skip


def test_the_status_is_exactly_what_other_programs_rely_on(plan: Any) -> None:
    import json
    from datetime import datetime

    found = json.loads(json.dumps(queries.status(COMMAND)))
    assert set(found) == {"schema", "as_of", "rows"}
    assert datetime.fromisoformat(found["as_of"]).tzinfo is not None
    assert len(found["rows"]) == 121
    for row in found["rows"]:
        assert set(row) == {"table", "row", "state", "targets"}
        assert row["state"] in STATES
        for target in row["targets"]:
            assert set(target) == TARGET_KEYS
            assert target["state"] in STATES
    answered = {(r["table"], r["row"]) for r in found["rows"] if r["targets"]}
    assert answered == {(4, 5), (4, 17), (4, 27), (4, 28), (4, 40), (4, 50), (5, 6)}


def test_no_python_file_names_a_sector_or_makes_a_figure_by_hand() -> None:
    root = Path(__file__).resolve().parents[3] / "anlan"
    places = [root / "engines" / "indicators", root / "rooms" / "workplan"]
    for place in places:
        for path in place.rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert "warning.reached" not in text and "zones_used" not in text, path
