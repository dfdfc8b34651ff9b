"""Moves drawn at random: no state that the pack does not allow, and nothing moves after the end.

The oracle reads the pack's YAML itself: which state leads where, which right, who may not.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from anlan.county.rights import table
from anlan.engines.cases import decisions
from anlan.engines.cases.decisions import EMPTY, Reason, Who
from anlan.engines.cases.situations import working
from anlan.engines.cases.types import compiled
from anlan.ground.policy import packs

ENTRY: dict[str, Any] = packs.section("hazards", "cases")["hazard"]
KIND = compiled("hazards.hazard", ENTRY)
POSTS = sorted(table().posts)
PEOPLE = st.integers(1, 4)
START = date(2025, 1, 1)
MOVES = sorted(ENTRY["moves"])
SAMPLE = {"text": "甲", "note": "甲", "money": "1", "photo": "照片", "signature": "签字", "unit": 1,
          "yes_no": True}  # fmt: skip


class Cases(RuleBasedStateMachine):
    """One hidden danger in the hands of four people of any post."""

    @initialize(person=PEOPLE, grade=st.sampled_from(["general", "major"]))
    def open(self, person: int, grade: str) -> None:
        self.grade, self.day = grade, START
        self.made: dict[str, set[int]] = {}
        self.now = decisions.after(
            KIND, EMPTY, KIND.openings["found"], Who(person, frozenset()),
            {"channel": "self", "what": "油污"}, START, {}, working,
        )  # fmt: skip
        self.state = "reported"
        self.tasks, self.extended = 0, 0

    @rule(days=st.integers(0, 20))
    def time_goes_on(self, days: int) -> None:
        self.day += timedelta(days=days)

    @rule(count=st.integers(0, 2))
    def tasks_are_open(self, count: int) -> None:
        self.tasks = count
        self.now = replace(self.now, open_tasks=count)

    @rule(name=st.sampled_from(MOVES), person=PEOPLE, post=st.sampled_from(POSTS))
    def somebody_tries(self, name: str, person: int, post: str) -> None:
        entry = ENTRY["moves"][name]
        who = Who(person, table().of(post), post)
        verdict = decisions.may_move(KIND, self.now, KIND.moves[name], who)
        assert verdict.may == self.oracle(entry, person, post), (name, verdict)
        if verdict.may:
            said = self.said(entry)
            self.now = decisions.after(
                KIND, self.now, KIND.moves[name], who, said, self.day, {}, working
            )
            self.made.setdefault(name, set()).add(person)
            self.state = entry["to"]

    def oracle(self, entry: dict[str, Any], person: int, post: str) -> bool:
        clock = self.now.clocks.get("rectify")
        return (
            self.state in entry["from"]
            and entry["right"] in table().of(post)
            and ("when" not in entry or self.known().get("grade") == entry["when"]["is"])
            and all(person not in self.made.get(other, set()) for other in entry.get("other_than", []))
            and not (entry.get("joint") and self.tasks)
            and not (clock is not None and any(stop.until is None for stop in clock.stops)
                     and clock.ended_on is None)
        )  # fmt: skip

    def known(self) -> dict[str, Any]:
        return dict(self.now.values)

    def said(self, entry: dict[str, Any]) -> dict[str, Any]:
        found = {}
        for key, ask in entry.get("asks", {}).items():
            if ask["kind"] == "date":
                found[key] = (self.day + timedelta(days=10)).isoformat()
            elif ask["kind"] == "choice":
                found[key] = self.grade if key == "grade" else next(iter(ask["options"]))
            else:
                found[key] = SAMPLE[ask["kind"]]
        return found

    @precondition(lambda self: "rectify" in self.now.clocks)
    @rule(more=st.integers(1, 90), person=PEOPLE)
    def extended_once_at_most(self, more: int, person: int) -> None:
        clock = self.now.clocks["rectify"]
        due = decisions.due_on(clock, working)
        if due is None:
            return
        to_on = due + timedelta(days=more)
        found = decisions.may_grant(
            KIND.rules["rectify"], clock, to_on, self.day, working, 1,
            Who(person, frozenset({"cases.approve"})),
        )  # fmt: skip
        if found is decisions.Extends.MAY:
            assert person != 1 and self.day <= due and clock.runs
            moved = decisions.extended(clock, to_on, self.day)
            self.now = replace(self.now, clocks={**self.now.clocks, "rectify": moved})
            assert decisions.due_on(moved, working) == to_on

    @precondition(lambda self: "rectify" in self.now.clocks)
    @rule()
    def the_clock_stands_or_goes_on(self) -> None:
        clock = self.now.clocks["rectify"]
        if not clock.runs:
            return
        turn = decisions.resumed if clock.stands else decisions.stopped
        after = turn(clock, self.day)
        self.now = replace(self.now, clocks={**self.now.clocks, "rectify": after})

    @invariant()
    def the_state_is_the_oracles(self) -> None:
        if hasattr(self, "now"):
            assert self.now.state == self.state and self.state in ENTRY["states"]

    @invariant()
    def what_ended_has_no_running_deadline(self) -> None:
        if hasattr(self, "now") and ENTRY["states"][self.state].get("end"):
            assert not any(clock.runs for clock in self.now.clocks.values())
            for name in MOVES:
                who = Who(9, frozenset({"*"}))
                verdict = decisions.may_move(KIND, self.now, KIND.moves[name], who)
                assert verdict.reason is Reason.WRONG_STATE

    @invariant()
    def no_extension_is_made_twice(self) -> None:
        if hasattr(self, "now") and "rectify" in self.now.clocks:
            assert self.now.clocks["rectify"].extended <= 1


TestCases = Cases.TestCase
TestCases.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
