"""Two hundred trees of escalation, drawn, on a moved clock, against a slow model of one call.

Forty villages a night, five nights: each with its own holder, deputies, superiors, somebody who
knocks or nobody, who answers at which ring after how long, and a centre that refuses some messages
some times. Every message that goes out is held against the model: to whom, and when.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.engines.callout import actions, rounds
from anlan.engines.callout.models import Call
from anlan.engines.callout.rounds.sending import RETRIES_MAX, RETRY_S
from anlan.ground import clock
from anlan.ground.policy import values
from anlan.ground.scope import Scope
from tests.conftest import TOWNSHIPS
from tests.engines.callout.test_night import OUTSIDE, launch

ROUND = Scope.for_round("test")
NIGHTS, VILLAGES = 5, 40
MINUTES = 2
TICK_S = 5
SLACK_S = 10
FIRST_VILLAGE = TOWNSHIPS[0] + 100


@dataclass(frozen=True)
class Tree:
    """One call as drawn. answer: (at which ring, seconds after it); None: nobody ever."""

    own: int
    upper: int
    helper: bool
    answer: tuple[int, int] | None
    refusals: tuple[int, ...]


TREES = st.builds(
    Tree,
    own=st.integers(0, 4),
    upper=st.integers(0, 2),
    helper=st.booleans(),
    answer=st.none() | st.tuples(st.integers(0, 6), st.integers(0, 3 * MINUTES * 60)),
    refusals=st.lists(st.integers(0, 5), min_size=7, max_size=7).map(tuple),
)


@dataclass
class Grown:
    """A tree in the county: the numbers of its people."""

    tree: Tree
    division: int
    own: list[str] = field(default_factory=list)
    upper: list[str] = field(default_factory=list)
    helper: str = ""


def expected(grown: Grown) -> list[str]:
    """The slow model: everyone who is rung if nobody answers, in order."""
    order: list[str] = []
    if grown.own:
        order = [grown.own[0], grown.own[0], *grown.own[1:]]
    if grown.upper:
        order.append(grown.upper[0])
    if grown.helper:
        order.append(grown.helper)
    return order


def plant(trees: Sequence[Tree]) -> list[Grown]:
    """Villages, posts and people of their own for every tree."""
    from anlan.county.actions import number_fields
    from anlan.county.models import Division, Holding, Person, Post

    numbers = iter(range(10200000000, 10200100000))
    grown: list[Grown] = []

    def post(division: int, kind: str, title: str, people: int, superior: Post | None) -> Any:
        made = Post.objects.create(division=division, kind=kind, title=title, superior=superior)
        given = [str(next(numbers)) for _n in range(people)]
        for rank, number in enumerate(given):
            person = Person.objects.create(division=division, name="甲", **number_fields(number))
            Holding.objects.create(
                division=division, post=made, person=person, rank=rank, valid_from=now
            )
        return made, given

    with Scope.for_command("test").open():
        now = clock.now()
        for index, tree in enumerate(trees):
            code = FIRST_VILLAGE + index
            Division.objects.create(
                code=code, name=f"树{index}村", kind="村", parent_id=TOWNSHIPS[0]
            )
            own = Grown(tree, code)
            upper, own.upper = post(code, "tree_upper", f"上级{index}", tree.upper, None)
            _head, own.own = post(code, "village_head", f"树{index}", tree.own, upper)
            if tree.helper:
                _post, (own.helper,) = post(code, "village_helper", f"网格{index}", 1, None)
            grown.append(own)
    return grown


class Centre:
    """Refuses a message as often as its tree says, and notes who was rung when."""

    def __init__(self, grown: Sequence[Grown]):
        self.now_s = 0
        self.rings: dict[int, list[tuple[int, str]]] = defaultdict(list)
        self.submits: dict[tuple[int, int], list[int]] = defaultdict(list)
        self.by_number = {n: g for g in grown for n in [*g.own, *g.upper, g.helper] if n}
        self.ring_of: dict[str, int] = {}

    def ready(self) -> bool:
        return True

    def submit(self, batch: Sequence[rounds.Outgoing]) -> list[rounds.Outcome]:
        return [self._one(out) for out in batch]

    def _one(self, out: rounds.Outgoing) -> rounds.Outcome:
        grown = self.by_number.get(out.number)
        error = ""
        if grown is not None:
            link = out.text.rpartition("http")[2]
            ring = self.ring_of.get(link)
            if ring is None:
                ring = self.ring_of[link] = len(self.rings[grown.division])
                self.rings[grown.division].append((self.now_s, out.number))
            tries = self.submits[grown.division, ring]
            tries.append(self.now_s)
            refusals = grown.tree.refusals[min(ring, 6)]
            error = "smpp-0x58" if len(tries) <= refusals else ""
        return rounds.Outcome(out.attempt_id, out.lease, "" if error else "ref", error)


def answers_due(grown: Grown, centre: Centre) -> str:
    """The number that answers now, by its tree; empty where nobody does."""
    rung = centre.rings[grown.division]
    if grown.tree.answer is None or len(rung) <= grown.tree.answer[0]:
        return ""
    at_s, number = rung[grown.tree.answer[0]]
    if number == grown.helper or centre.now_s < at_s + grown.tree.answer[1]:
        return ""
    return number


def night(grown: list[Grown], move: Callable[[float], None]) -> tuple[Centre, dict[int, int]]:
    """Run the night to its end; who answered (division → second)."""
    centre, answered = Centre(grown), dict[int, int]()
    send = rounds.sender(centre)
    with ROUND.open():
        codes = dict(
            Call.objects.filter(division__gte=FIRST_VILLAGE).values_list("division", "code")
        )
    for _tick in range(9 * MINUTES * 60 // TICK_S):
        for one in grown:
            number = answers_due(one, centre) if one.division not in answered else ""
            if number:
                text = codes[one.division]
                actions.receive_message(OUTSIDE, "box", uuid.uuid4().hex, number, text)
                answered[one.division] = centre.now_s
        rounds.read(ROUND)
        rounds.advance(ROUND)
        send(ROUND)
        move(TICK_S)
        centre.now_s += TICK_S
    return centre, answered


def check(grown: Grown, centre: Centre, answered: dict[int, int]) -> None:
    """Who was rung and when is what the model says; each refused message was tried again."""
    rung = centre.rings[grown.division]
    order = expected(grown)
    until = answered.get(grown.division)
    assert [number for _at, number in rung] == order[: len(rung)], grown
    if until is None:
        assert len(rung) == len(order), grown
    else:
        assert all(at <= until for at, _number in rung), grown
        missed = len(rung) < len(order) and until > rung[-1][0] + MINUTES * 60 + SLACK_S
        assert not missed, "the next step was due before the answer"
    for (before, _a), (after, _b) in pairwise(rung):
        assert MINUTES * 60 <= after - before <= MINUTES * 60 + SLACK_S, grown
    assert not rung or rung[0][0] <= SLACK_S
    for ring in range(len(rung)):
        tries = centre.submits[grown.division, ring]
        wanted = min(grown.tree.refusals[min(ring, 6)], RETRIES_MAX) + 1
        assert len(tries) <= wanted, grown
        if until is None:
            assert len(tries) == wanted, grown
        for before, after in pairwise(tries):
            assert RETRY_S <= after - before <= RETRY_S + SLACK_S, grown


@pytest.fixture
def fresh(cluster: Any, small_template: str) -> Callable[[], Any]:
    """A copy of the small county for each night."""
    from contextlib import contextmanager

    from tests.conftest import _copy

    return contextmanager(lambda: _copy(cluster, small_template))


@pytest.mark.parametrize("nights", [1, pytest.param(NIGHTS, marks=pytest.mark.drill)])
def test_trees_ring_whom_the_model_rings_and_when(
    fresh: Callable[[], Any], move_clock: Callable[..., None], nights: int
) -> None:
    @settings(max_examples=nights, deadline=None, suppress_health_check=list(HealthCheck))
    @given(trees=st.lists(TREES, min_size=VILLAGES, max_size=VILLAGES))
    def one_night(trees: list[Tree]) -> None:
        with fresh():
            play(trees, move_clock)

    one_night()


def play(trees: list[Tree], move_clock: Callable[..., None]) -> None:
    """A night of forty trees in the open county, and everything that is checked of it."""
    command = Scope.for_command("test")
    values.save(command, "callout.minutes_orange", MINUTES, "test")
    values.save(command, "callout.wait_orange", 0, "test")
    grown = plant(trees)
    actions.open_callout(command, launch(approved_by=2, drafted_by=1))
    centre, answered = night(grown, move_clock)
    for one in grown:
        check(one, centre, answered)
    with ROUND.open():
        states = dict(
            Call.objects.filter(division__gte=FIRST_VILLAGE).values_list("division", "state")
        )
    for one in grown:
        if one.division not in answered:
            assert states[one.division] == ("fallback" if one.helper else "nobody") or (
                states[one.division] == "nobody"
            )
