"""`cases.yaml`: what a schema cannot say is found with its key and its mend; hostile ones are off."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from anlan.ground.policy import check, packs

GOOD = packs.section("hazards", "cases")


def found(tmp_path: Path, data: Any) -> list[str]:
    folder = tmp_path / "hazards"
    folder.mkdir()
    (folder / "pack.yaml").write_text("label: 隐患\ntier: bronze\nquality: {done: [], todo: []}\n")
    (folder / "cases.yaml").write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False))
    faults = check.check(folder).faults
    assert all(fault.mend for fault in faults) and all(fault.line for fault in faults)
    return [fault.key for fault in faults]


def test_the_shipped_ones_are_whole(tmp_path: Path) -> None:
    assert found(tmp_path, copy.deepcopy(GOOD)) == []


Break = Callable[[dict[str, Any]], Any]
HAZARD: dict[str, tuple[Break, str]] = {
    "a state that is none": (lambda h: h["moves"]["assess"].update(to="gone"), "hazard.moves.assess.to"),
    "a source that is none": (lambda h: h["moves"]["assess"].update({"from": ["gone"]}),
                              "hazard.moves.assess.from.0"),
    "a move out of an end": (lambda h: h["moves"]["assess"]["from"].append("closed"),
                             "hazard.moves.assess.from.1"),
    "a right that is none": (lambda h: h["moves"]["assess"].update(right="system.manage"),
                             "hazard.moves.assess.right"),
    "a post that is none": (lambda h: h["moves"]["assess"].update(posts=["king"]),
                            "hazard.moves.assess.posts.0"),
    "a move of others that is none": (lambda h: h["moves"]["lift"].update(other_than=["gone"]),
                                      "hazard.moves.lift.other_than.0"),
    "a condition on nothing": (lambda h: h["moves"]["lift"].update(when={"field": "x", "is": "y"}),
                               "hazard.moves.lift.when.field"),
    "a condition on no option": (
        lambda h: h["moves"]["lift"].update(when={"field": "grade", "is": "huge"}),
        "hazard.moves.lift.when"),
    "two kinds of one field": (
        lambda h: h["moves"]["dismiss"]["asks"].update(grade={"label": "级别", "kind": "text"}),
        "hazard.moves.dismiss.asks.grade"),
    "a deadline of two lengths": (lambda h: h["deadlines"]["rectify"].update(days=3, counted="calendar"),
                                  "hazard.deadlines.rectify"),
    "a deadline of no length": (lambda h: h["deadlines"]["assess"].pop("value"),
                                "hazard.deadlines.assess"),
    "a rule value that is none": (lambda h: h["deadlines"]["assess"].update(value="hazards.none"),
                                  "hazard.deadlines.assess.value"),
    "a day that is not asked for": (lambda h: h["moves"]["order"]["asks"]["due_on"].pop("needed"),
                                    "hazard.deadlines.rectify.starts.0"),
    "a chain that is none": (lambda h: h["deadlines"]["rectify"]["missed"][0].update(chain="no/chain"),
                             "hazard.deadlines.rectify.missed.0.chain"),
    "a call without minutes": (lambda h: h["deadlines"]["rectify"]["missed"][0].pop("minutes"),
                               "hazard.deadlines.rectify.missed.0"),
    "a state nobody comes to": (lambda h: h["states"].update(lost={"label": "走失"}),
                                "hazard.states.lost"),
    "a state without a way out": (lambda h: [m.update({"from": ["reported"]})
                                             for k, m in h["moves"].items() if k in ("lift", "fail_major")],
                                  "hazard.states.lifting"),
    "an objection to nothing": (lambda h: h["objections"]["objection"].update(to="gone"),
                                "hazard.objections.objection.to"),
    "an objection back to an end": (lambda h: h["objections"]["objection"].update(back="closed"),
                                    "hazard.objections.objection.back"),
    "an object of no type": (lambda h: h["about"].update(types=["spaceship"]), "hazard.about.types.0"),
    "a grade that is none": (lambda h: h.update(grade="size"), "hazard.grade"),
    "an opening from nothing": (lambda h: h["opens"]["from_tip"].update({"from": "gas.leak"}),
                                "hazard.opens.from_tip.from"),
    "an opening like a move": (lambda h: h["opens"].update(assess=h["opens"]["found"]),
                               "hazard.opens.assess"),
    "a distance of nothing": (lambda h: h["moves"]["assess"].update(apart={"type": "site", "metres": 0}),
                              "hazard.moves.assess.apart.metres"),
    "sql": (lambda h: h["moves"]["assess"].update(sql="DROP TABLE cases_case"), "hazard.moves.assess.sql"),
    "code": (lambda h: h["moves"]["assess"].update(python="import os"), "hazard.moves.assess.python"),
    "a pattern": (lambda h: h["moves"]["assess"]["asks"]["grade"].update(pattern="(a+)+$"),
                  "hazard.moves.assess.asks.grade.pattern"),
    "a template": (lambda h: h["moves"]["order"]["paper"]["text"].append("第 {{ 7*7 }} 条"),
                   "hazard.moves.order.paper.text.3"),
    "an attribute": (lambda h: h["moves"]["order"]["paper"]["text"].append("看 {case.__class__}"),
                     "hazard.moves.order.paper.text.3"),
    "a placeholder in a label": (lambda h: h["moves"]["assess"].update(label="评 {password}"),
                                 "hazard.moves.assess.label"),
    "a signed column": (lambda h: h["moves"]["assess"].update(asks={"x;drop": {"label": "名", "kind": "text"}}),
                        "hazard.moves.assess.asks.x;drop"),
}  # fmt: skip


@pytest.mark.parametrize("name", HAZARD)
def test_each_fault_has_its_key(tmp_path: Path, name: str) -> None:
    breaks, key = HAZARD[name]
    data = copy.deepcopy(GOOD)
    breaks(data["hazard"])
    assert key in found(tmp_path, data)


@pytest.mark.parametrize(
    "data", [[], {"hazard": None}, {"hazard": {}}, {"Hazard": {}}, {"h": {"states": []}}]
)
def test_what_is_no_case_at_all_is_a_fault_and_no_crash(tmp_path: Path, data: Any) -> None:
    assert found(tmp_path, data) or data == []


def test_a_pack_that_cannot_be_read_is_off_and_the_others_run(
    county_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from anlan.engines.cases.types import all_kinds
    from anlan.ground.policy.packs import Fault, PackFault

    real = packs.section

    def section(pack: str, name: str, *rest: Any) -> Any:
        if (pack, name) == ("warning", "cases"):
            raise PackFault(Fault("warning/cases.yaml", 1, "", "坏了", "改好"))
        return real(pack, name, *rest)

    monkeypatch.setattr(packs, "section", section)
    assert "hazards.hazard" in all_kinds()
