"""A red warning behind an older backlog of blue, counted message by message on a moved clock.

`tests/drills/test_red_first.py` tries the same with real processes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from anlan.engines.callout import actions, rounds
from anlan.engines.callout.models import Attempt, Call, Callout
from anlan.engines.callout.rounds import calls, sending
from anlan.ground import clock
from anlan.ground.scope import Scope
from tests.conftest import COUNTY, TOWNSHIPS
from tests.engines.callout.test_night import Box, launch

ROUND = Scope.for_round("test")
POSTS = 250
SIZE = 20


class Counting(Box):
    """Notes the grade of each message handed over, and lets something happen at a batch."""

    def __init__(self) -> None:
        super().__init__()
        self.at_batch: dict[int, Callable[[], Any]] = {}
        self.batches = 0

    def submit(self, batch: Sequence[rounds.Outgoing]) -> list[rounds.Outcome]:
        self.batches += 1
        told = super().submit(batch)
        self.at_batch.pop(self.batches, lambda: None)()
        return told

    def grades(self) -> list[str]:
        with ROUND.open():
            of = dict(Attempt.objects.values_list("id", "call__callout__grade"))
        return [of[out.attempt_id] for out in self.sent]


@pytest.fixture
def backlog(county_db: str, scope_of: Callable[..., Any]) -> None:
    """Blue messages to hundreds of posts of the county, queued and not sent yet."""
    from anlan.county.actions import number_fields
    from anlan.county.models import Holding, Person, Post

    with Scope.for_command("test").open():
        now = clock.now()
        for n in range(POSTS):
            person = Person.objects.create(
                division=COUNTY, name="甲", **number_fields(f"102{n:08d}")
            )
            post = Post.objects.create(division=COUNTY, kind="unit_duty", title=f"单位{n}")
            Holding.objects.create(division=COUNTY, post=post, person=person, valid_from=now)
    actions.open_callout(scope_of("duty_officer"), launch(grade="blue", key="blue"))
    while rounds.advance(ROUND):
        pass
    with Scope.for_command("test").open():
        # Red calls the duty post of the waterworks and the township's, not these again.
        Post.objects.filter(title__startswith="单位").update(kind="other")


def red(scope_of: Callable[..., Any]) -> None:
    actions.open_callout(
        scope_of("duty_officer"), launch(grade="red", key="red", divisions=TOWNSHIPS)
    )
    rounds.advance(ROUND)


def test_red_waits_for_no_more_than_the_batch_in_hand(
    backlog: None, scope_of: Callable[..., Any]
) -> None:
    box = Counting()
    box.at_batch[3] = lambda: red(scope_of)
    send = rounds.sender(box, SIZE)
    while send(ROUND):
        pass
    grades = box.grades()
    count = Counter(grades)
    assert count["blue"] >= POSTS and count["red"] >= 2
    first, last = grades.index("red"), len(grades) - 1 - grades[::-1].index("red")
    assert first == 3 * SIZE, "the batches that went out before it was opened, and no more"
    assert last - first + 1 == count["red"], "no blue goes out between two reds"
    assert len(box.sent) == len({out.attempt_id for out in box.sent}), "nobody is rung twice"


def test_the_second_ring_of_red_comes_before_what_blue_is_still_waiting(
    backlog: None, scope_of: Callable[..., Any], move_clock: Callable[..., None]
) -> None:
    box = Counting()
    red(scope_of)
    rounds.mark(ROUND, box.submit(rounds.claim(ROUND, SIZE)))
    with ROUND.open():
        minutes = Callout.objects.get(grade="red").minutes
        rung = Call.objects.filter(callout__grade="red", rings=1).count()
    move_clock(minutes * 60 + 1)
    rounds.advance(ROUND)
    with ROUND.open():
        due = Attempt.objects.filter(open=True, call__callout__grade="red")
        again, fresh = due.filter(try_no=2).count(), due.count()
    assert again == rung > 0
    box.sent.clear()
    rounds.mark(ROUND, box.submit(rounds.claim(ROUND, fresh + SIZE)))
    assert box.grades() == ["red"] * fresh + ["blue"] * SIZE


def test_red_is_planned_before_blue_that_was_due_earlier(
    backlog: None, scope_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch,
    move_clock: Callable[..., None],
) -> None:  # fmt: skip
    monkeypatch.setattr(calls, "ADVANCE_BATCH", 10)
    move_clock(24 * 3600 - 60)
    actions.open_callout(scope_of("duty_officer"), launch(grade="red", key="red"))
    with ROUND.open():
        due = Call.objects.filter(due_at__lte=clock.now())
        assert due.filter(callout__grade="blue").count() >= POSTS, "all of blue is due again"
        fresh = due.filter(callout__grade="red").count()
    rounds.advance(ROUND)
    with ROUND.open():
        assert not Call.objects.filter(callout__grade="red", state="waiting", rings=0,
                                       due_at__lte=clock.now()).exists() and fresh <= 10  # fmt: skip


def test_mutant_a_queue_in_the_order_of_arrival_is_caught(
    backlog: None, scope_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant = sending.CLAIM.replace("ORDER BY priority, id LIMIT", "ORDER BY id LIMIT")
    assert mutant != sending.CLAIM
    monkeypatch.setattr(sending, "CLAIM", mutant)
    with pytest.raises(AssertionError):
        test_red_waits_for_no_more_than_the_batch_in_hand(None, scope_of)
