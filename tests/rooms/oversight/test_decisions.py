"""Whether a late target is pressed, and how, as a table; what comes of a letter by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from anlan.rooms.oversight.decisions import Known, clock_of, next_letter, outcome_of

NOW = datetime(2025, 7, 10, 1, 0, tzinfo=UTC)
TODAY = date(2025, 7, 10)
AHEAD, OVER = NOW + timedelta(days=1), NOW - timedelta(seconds=1)
FIRST = Known(1, "sent", AHEAD)


@pytest.mark.parametrize(
    ("late", "confirmed", "known", "step", "reason"),
    [
        (False, True, [], 0, "not-late"),
        (True, False, [], 0, "lead-proposed"),
        (True, False, [Known(1, "sent", OVER)], 0, "lead-proposed"),
        (True, True, [], 1, "late"),
        (True, True, [Known(1, "proposed")], 0, "waits-to-be-sent"),
        (True, True, [FIRST], 0, "within-answer"),
        (True, True, [Known(1, "sent", NOW)], 0, "within-answer"),
        (True, True, [Known(1, "sent", OVER)], 2, "no-answer"),
        (True, True, [Known(1, "acknowledged", OVER)], 2, "no-answer"),
        (True, True, [Known(1, "answered", OVER, TODAY)], 0, "promised"),
        (True, True, [Known(1, "answered", AHEAD, TODAY - timedelta(days=1))], 2, "promise-broken"),
        (True, True, [Known(1, "closed", OVER)], 0, "settled-by-person"),
        (True, True, [Known(1, "dropped")], 0, "settled-by-person"),
        (True, True, [Known(1, "sent", OVER), Known(2, "sent", OVER)], 0, "pressed-twice"),
        (True, True, [Known(1, "sent", OVER), Known(2, "proposed")], 0, "pressed-twice"),
        (False, True, [Known(1, "sent", OVER)], 0, "not-late"),
    ],
)
def test_a_letter_goes_to_a_confirmed_lead_once_and_then_to_the_leader(
    late: bool, confirmed: bool, known: list[Known], step: int, reason: str
) -> None:
    found = next_letter(late, confirmed, known, NOW, TODAY)
    assert (found.step, found.reason) == (step, reason)


@pytest.mark.parametrize(
    ("state", "late", "same", "outcome"),
    [
        ("proposed", True, True, ""),
        ("proposed", False, True, "dropped"),
        ("proposed", True, False, "dropped"),
        ("sent", True, False, "moved"),
        ("sent", True, True, ""),
        ("sent", False, True, "met"),
        ("acknowledged", False, True, "met"),
        ("answered", False, False, "met"),
        ("answered", True, True, ""),
        ("closed", False, True, ""),
        ("dropped", False, True, ""),
    ],
)
def test_what_comes_of_a_letter_by_itself(state: str, late: bool, same: bool, outcome: str) -> None:
    assert outcome_of(state, late, same) == outcome


@pytest.mark.parametrize(
    ("state", "due", "answered", "said"),
    [
        ("proposed", None, None, "none"),
        ("sent", AHEAD, None, "running"),
        ("acknowledged", NOW, None, "running"),
        ("sent", OVER, None, "overdue"),
        ("answered", NOW, NOW, "in-time"),
        ("answered", OVER, NOW, "late-answer"),
        ("closed", OVER, None, "none"),
    ],
)
def test_the_clock_of_a_letter(
    state: str, due: datetime | None, answered: datetime | None, said: str
) -> None:
    assert clock_of(state, due, answered, NOW) == said
