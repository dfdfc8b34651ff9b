"""`anlan.status/1`: every state can arise from records, and a row is as good as its worst target."""

from __future__ import annotations

import json
from typing import Any

import pytest

from anlan.engines.indicators import actions as indicators
from anlan.engines.indicators import compute, declare
from anlan.engines.indicators.decisions import WORST_FIRST
from anlan.ground import clock
from anlan.ground.scope import Scope
from anlan.rooms.workplan import actions, demo, queries
from tests.conftest import COUNTY, VILLAGES
from tests.engines.indicators.facts import ROUND, call, entry

COMMAND = Scope.for_command("test")
# As in contracts.md: missed > not reported > no base > no indicator > awaiting the city > judged >
# not due > met; no objects counts as none unless all are.
ORDER = ("missed", "not_reported", "no_base", "no_indicator", "awaiting_city", "judged", "not_due",
         "met", "no_objects")  # fmt: skip
YEAR = {"period": "year", "measure": "count", "numerator": ...}
NOTHING = {"where": [{"field": "level", "is": 77}]}
RATIO = {"period": "year", "measure": "ratio"}
STATES: dict[str, dict[str, Any]] = {
    "met": YEAR | {"target": 2},
    "missed": YEAR | {"target": 99},
    "not_due": YEAR | {"target": 99, "due": "12-31"},
    "judged": YEAR | {"op": "judged", "target": None},
    "not_reported": YEAR | NOTHING | {"target": 1},
    "no_objects": RATIO | NOTHING | {"target": 1},
    "no_base": RATIO | {"base": "核定数", "target": 1},
    "awaiting_city": YEAR | NOTHING | {"by": "city", "target": 1},
    "no_indicator": YEAR | {"where": [{"field": "salary", "is": 1}], "target": 1},
}  # fmt: skip


@pytest.fixture
def plan(county_db: str, monkeypatch: pytest.MonkeyPatch, scope_of: Any) -> Any:
    """Nine rows, each answered by an indicator that comes to one of the states; two rows by two."""
    with COMMAND.open():
        year = compute.today(COMMAND).year
    version = actions.import_plan(COMMAND, demo.document(year), demo.NAME, demo=True)
    actions.confirm(COMMAND, version.id)
    with COMMAND.open():
        rows = list(version.rows.filter(table__in=(3, 5)).order_by("table", "row"))
        rows = [row for row in rows if len(row.text) > 10]
        said = [{"row": f"{r.table}/{r.row}", "name": r.name, "says": r.text[:60]} for r in rows]
    found = {
        f"t.{state}": entry(**changes, plan_rows=[said[at]])
        for at, (state, changes) in enumerate(STATES.items())
    }
    both = [said[10]]
    found["t.a"] = entry(**STATES["met"], plan_rows=both)
    found["t.b"] = entry(**STATES["no_base"], plan_rows=both)
    for module in (declare, compute):
        monkeypatch.setattr(module, "declared", lambda: found)
    with ROUND.open():
        moment = clock.now()
    call(moment, VILLAGES[0])
    call(moment, VILLAGES[2], answered=False)
    indicators.report_zero(scope_of("plan_clerk"), "t.no_objects")
    return said


def by_row() -> dict[str, Any]:
    found = json.loads(json.dumps(queries.status(COMMAND)))
    assert found["schema"] == "anlan.status/1" and len(found["rows"]) == 121
    return {f"{row['table']}/{row['row']}": row for row in found["rows"]}


def test_every_state_arises_and_says_why(plan: Any) -> None:
    assert ORDER == WORST_FIRST
    rows = by_row()
    for at, state in enumerate(STATES):
        row = rows[plan[at]["row"]]
        assert row["state"] == state, (plan[at], row)
        (target,) = row["targets"]
        assert target["state"] == state and target["indicator"] == f"t.{state}" and target["reason"]
    assert rows["4/1"] == {"table": 4, "row": 1, "state": "no_indicator", "targets": []}


def test_numbers_stand_beside_the_states_that_have_some_and_no_zero_is_made_up(plan: Any) -> None:
    rows = by_row()
    shown = {state: rows[plan[at]["row"]]["targets"][0] for at, state in enumerate(STATES)}
    assert (shown["met"]["value"], shown["met"]["op"], shown["met"]["target"]) == (2.0, ">=", 2.0)
    assert (shown["judged"]["value"], shown["judged"]["target"]) == (2.0, None)
    assert shown["no_base"]["numerator"] == 1 and shown["no_base"]["denominator"] == 2
    for state in ("not_reported", "awaiting_city", "no_indicator"):
        assert shown[state]["value"] is None, state
    assert shown["no_objects"]["value"] is None and shown["no_objects"]["completeness"] == 1.0


def test_a_rate_has_its_completeness_and_a_row_is_its_worst_target(plan: Any) -> None:
    rows = by_row()
    two = rows[plan[10]["row"]]
    assert {t["indicator"]: t["state"] for t in two["targets"]} == {"t.a": "met", "t.b": "no_base"}
    assert two["state"] == "no_base"
    indicators.set_base(COMMAND, "t.b", COUNTY, 8, "县统计局", compute.today(COMMAND), "统计公报")
    (rate,) = [t for t in by_row()[plan[10]["row"]]["targets"] if t["indicator"] == "t.b"]
    assert (rate["state"], rate["value"]) == ("met", 12.5)
    assert (rate["numerator"], rate["denominator"], rate["completeness"]) == (1, 8, 0.25)
