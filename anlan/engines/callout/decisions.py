"""Who is called next, and why: pure, with the clock and the numbers passed in.

    ring the person on duty → again → each deputy → the superior → somebody who knocks → alarm

A step is taken when the county's minutes have passed without an answer. The reason of each decision
is stored with the call and shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

FIRST_RINGS = 2


class Next(Enum):
    """What happens to a call now."""

    WAIT = "wait"
    RING = "ring"
    FALLBACK = "fallback"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be called. role: first (roster or holder), deputy or superior."""

    person_id: int
    role: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, to whom, why, and when to look again."""

    next: Next
    person_id: int | None
    role: str
    reason: str
    due_at: datetime | None
    vacant: bool = False


def rings(own: Sequence[int], superiors: Sequence[int]) -> list[Candidate]:
    """The rings of a call in order: the first person twice, each deputy once, one superior once.

    own: persons of the post, the one on duty first. A superior who is also a deputy rings once.
    """
    order = [Candidate(person, "deputy") for person in own[1:]]
    if own:
        order = [Candidate(own[0], "first")] * FIRST_RINGS + order
    called = set(own)
    upper = [person for person in superiors if person not in called][:1]
    return order + [Candidate(person, "superior") for person in upper]


def decide(
    rung: int,
    own: Sequence[int],
    superiors: Sequence[int],
    fallback_person: int | None,
    due_at: datetime,
    now: datetime,
    minutes: int,
    tried: Sequence[int] | None = None,
) -> Decision:
    """The next step of a call that nobody has answered.

    rung: how many rings were given. own, superiors: persons as they stand now, so that a change of
    post during the night is followed. fallback_person: who would knock. due_at: when the step is
    due. tried: whom the call has rung, one entry a ring, so that a change of shift skips nobody;
    None: the first `rung` of the order. Returns WAIT before that.
    """
    if now < due_at:
        return Decision(Next.WAIT, None, "", "not-due", due_at)
    order = rings(own, superiors)
    later = now + timedelta(minutes=minutes)
    vacant = rung == 0 and not own
    left = order[rung:] if tried is None else _left(order, tried)
    if left:
        chosen = left[0]
        reason = "vacant-post" if vacant else _ring_reason(rung, chosen)
        return Decision(Next.RING, chosen.person_id, chosen.role, reason, later, vacant)
    if fallback_person is not None:
        return Decision(
            Next.FALLBACK, fallback_person, "fallback", "nobody-answered", later, vacant
        )
    return Decision(Next.NOBODY, None, "", "nobody-left", None, vacant)


def _left(order: Sequence[Candidate], tried: Sequence[int]) -> list[Candidate]:
    """The rings that are still to be given: each one given takes one of its person away."""
    given, left = Counter(tried), []
    for candidate in order:
        if given[candidate.person_id] > 0:
            given[candidate.person_id] -= 1
        else:
            left.append(candidate)
    return left


def _ring_reason(rung: int, chosen: Candidate) -> str:
    if rung == 0:
        return "first-ring"
    return {"first": "again", "deputy": "deputy", "superior": "superior"}[chosen.role]


def after_fallback(due_at: datetime, now: datetime) -> Decision:
    """A fallback that was not closed in its minutes is an alarm; it may still be closed later."""
    if now < due_at:
        return Decision(Next.WAIT, None, "", "not-due", due_at)
    return Decision(Next.NOBODY, None, "", "fallback-not-closed", None)


class Counts(Enum):
    """What an answer does to its call."""

    DECIDES = "decides"
    REPEATS = "repeats"
    LATE = "late"
    WRONG = "wrong"


def weigh(state: str, kind: str) -> Counts:
    """Exactly one answer decides a call; a repeat changes nothing, a late one is recorded.

    An answer after a fallback was given still decides: the person is awake after all. `wrong`
    (not me) never ends a call, it only makes the next step due.
    """
    if kind == "wrong":
        return Counts.WRONG
    if state in ("answered", "help"):
        return Counts.REPEATS
    if state in ("stopped", "reached_by_fallback"):
        return Counts.LATE
    return Counts.DECIDES


def finish_range_s(
    parts: int, parts_per_s: float, levels: Sequence[tuple[int, int]], minutes: int, wait: int
) -> tuple[float, float]:
    """(low, high) seconds until the last post is answered or in fallback.

    levels: for each level (index of its delay 0, 1, …; most rings of any of its posts). Low: all
    messages are sent and everybody answers at once. High: nobody answers, each level starts as
    late as its wait allows and every ring takes its minutes.
    """
    sending = parts / parts_per_s
    worst = max((delay * wait + count * minutes for delay, count in levels), default=0)
    return sending, sending + worst * 60.0
