"""What is missing, what is due, what is silent, when to try again. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

RANGES_MAX = 50
BACK_OFF_S_FIRST, BACK_OFF_S_MAX = 5, 300
BEAT = timedelta(minutes=5)
SILENT_AFTER = 3 * BEAT


def whole_to(known: int, numbers: Iterable[int]) -> int:
    """Up to where every number is here. numbers: those above `known`, rising."""
    for number in numbers:
        if number != known + 1:
            break
        known = number
    return known


def missing(known: int, numbers: Iterable[int], last: int) -> list[tuple[int, int]]:
    """Ranges, ends included, that are not here of known + 1 … last; the first RANGES_MAX.

    known: every number up to it is here. numbers: those above it, rising. last: the highest that
    the sender says there is.
    """
    found: list[tuple[int, int]] = []
    for number in [*numbers, last + 1]:
        if number > known + 1:
            found.append((known + 1, min(number - 1, last)))
        known = max(known, number)
        if known > last or len(found) == RANGES_MAX:
            break
    return found


def turn(before: datetime | None, every: timedelta, now: datetime) -> datetime | None:
    """The turn that is due now; None while the next one is still to come.

    Turns follow one another exactly `every` apart, so that a late pass shifts none of them; after
    a gap longer than one turn they begin anew, for what was not counted then cannot be told now.
    """
    if before is None:
        return now
    planned = before + every
    if planned > now:
        return None
    return planned if now - planned < every else now


def back_off(failures: int) -> timedelta:
    """How long a peer that does not answer is left alone: 5 s, 10 s … at most 5 min."""
    return timedelta(seconds=min(BACK_OFF_S_FIRST * 2 ** max(0, failures - 1), BACK_OFF_S_MAX))


def beat_due(asked_at: datetime | None, now: datetime) -> bool:
    """Whether it is time for a sign of life."""
    return asked_at is None or now - asked_at >= BEAT


def silent_since(heard_at: datetime | None, began_at: datetime, now: datetime) -> datetime | None:
    """Since when nothing proved came from a peer, where that is too long; else None."""
    since = heard_at if heard_at is not None and heard_at > began_at else began_at
    return since if now - since > SILENT_AFTER else None
