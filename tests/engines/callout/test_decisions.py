"""Who is called next: a property over every chain, and the messages that go out and come in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.engines.callout import messages
from anlan.engines.callout.decisions import (
    Counts,
    Next,
    after_fallback,
    decide,
    finish_range_s,
    rings,
    weigh,
)

NOW = datetime(2024, 7, 10, 22, 15, tzinfo=UTC)
people = st.lists(st.integers(1, 30), max_size=5, unique=True)


def chain_of(own: list[int], upper: list[int], helper: int | None) -> list[tuple[str, int | None]]:
    """Slow reference: walk a call that nobody answers to its end."""
    walked, rung, now = [], 0, NOW
    while True:
        step = decide(rung, own, upper, helper, now, now, 10)
        walked.append((step.next.value + ":" + step.role, step.person_id))
        if step.next is not Next.RING:
            return walked
        rung, now = rung + 1, now + timedelta(minutes=10)


@given(people, people, st.none() | st.integers(31, 40))
def test_a_silent_call_goes_through_everyone_once_and_ends(
    own: list[int], upper: list[int], helper: int | None
) -> None:
    walked = chain_of(own, upper, helper)
    expected = [("ring:first", own[0])] * 2 if own else []
    expected += [("ring:deputy", person) for person in own[1:]]
    expected += [("ring:superior", p) for p in [u for u in upper if u not in own][:1]]
    expected += [("fallback:fallback", helper)] if helper else [("nobody:", None)]
    assert walked == expected


@given(st.integers(0, 10), people, people, st.integers(1, 3600))
def test_nothing_happens_before_it_is_due(
    rung: int, own: list[int], upper: list[int], early_s: int
) -> None:
    due = NOW + timedelta(seconds=early_s)
    step = decide(rung, own, upper, 5, due, NOW, 10)
    assert step.next is Next.WAIT and step.due_at == due


def test_a_vacant_post_goes_straight_to_its_superior_and_says_so() -> None:
    step = decide(0, [], [7], 9, NOW, NOW, 10)
    assert (step.next, step.person_id, step.vacant) == (Next.RING, 7, True)
    assert step.reason == "vacant-post"


def test_a_person_who_came_during_the_night_is_rung() -> None:
    assert decide(2, [1, 2], [], None, NOW, NOW, 10).person_id == 2


def test_a_superior_who_is_a_deputy_rings_once() -> None:
    assert [c.person_id for c in rings([1, 2], [2, 3])] == [1, 1, 2, 3]


def test_an_open_fallback_becomes_an_alarm_when_its_minutes_are_over() -> None:
    assert after_fallback(NOW + timedelta(seconds=1), NOW).next is Next.WAIT
    assert after_fallback(NOW, NOW).next is Next.NOBODY


@pytest.mark.parametrize(
    ("state", "kind", "weight"),
    [
        ("waiting", "received", Counts.DECIDES),
        ("ringing", "received", Counts.DECIDES),
        ("fallback", "help", Counts.DECIDES),
        ("nobody", "received", Counts.DECIDES),
        ("answered", "received", Counts.REPEATS),
        ("help", "received", Counts.REPEATS),
        ("stopped", "received", Counts.LATE),
        ("reached_by_fallback", "received", Counts.LATE),
        ("ringing", "wrong", Counts.WRONG),
    ],
)
def test_what_an_answer_does(state: str, kind: str, weight: Counts) -> None:
    assert weigh(state, kind) is weight


def test_the_finish_is_a_range_from_all_answer_to_nobody_answers() -> None:
    low, high = finish_range_s(600, 50.0, [(0, 4), (1, 5), (2, 4)], 15, 3)
    assert (low, high) == (12.0, 12.0 + 60 * max(4 * 15, 3 + 5 * 15, 6 + 4 * 15))


@pytest.mark.parametrize(
    ("text", "code", "kind"),
    [
        ("4821", "4821", "received"),
        (" 4821 1 ", "4821", "received"),
        ("48211", "4821", "received"),
        ("4821,2", "4821", "help"),
        ("４８２１　２", "4821", "help"),
        ("4821。9", "4821", "wrong"),
        ("4821\n", "4821", "received"),
    ],
)
def test_a_code_is_read_however_it_is_spaced(text: str, code: str, kind: str) -> None:
    assert messages.read_answer(text) == messages.ReadAnswer(code, kind)


@pytest.mark.parametrize(
    "text",
    ["", "收到", "482", "48213", "4821 3", "1", "转移37 剩2", "48211234", "四八二一", "4821x"],
)
def test_what_is_no_code_is_not_guessed(text: str) -> None:
    assert messages.read_answer(text) is None


@given(st.text(max_size=400))
def test_reading_never_fails_and_never_invents(text: str) -> None:
    found = messages.read_answer(text)
    assert found is None or len(found.code) == 4


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=600))
def test_parts_put_together_are_the_text_and_each_one_fits(text: str) -> None:
    pieces = messages.parts(text)
    assert "".join(pieces) == text
    limit = messages.SINGLE_CHARS if len(pieces) == 1 else messages.PART_CHARS
    assert all(messages.units(piece) <= limit for piece in pieces)


def test_only_our_placeholders_are_filled() -> None:
    assert messages.fill("回{code}。{link}", code="4821", link="x") == "回4821。x"
    with pytest.raises(ValueError, match="placeholder"):
        messages.fill("{0.__class__}")
