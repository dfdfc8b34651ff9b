"""Who may move a case and what follows, when it is due, what an objection does: pure, with reasons.

Days are days of the county's wall clock. A deadline of n days that starts on day s ends with the
n-th counted day after s: every day, or every working day; a day on which the clock stands does not
count. The clock stands from the day of the stop up to the day before it goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum
from math import asin, cos, radians, sin, sqrt
from typing import Any

from anlan.engines.cases.kinds import Ask, Kind, Move, Objection, Opening, Rule

ONE = timedelta(days=1)
DAYS_MAX = 3660
EARTH_M = 6_371_000.0
Working = Callable[[date], bool]
Person = int | str | None


class Reason(Enum):
    """Why a move may be made, or why not."""

    MAY = "may"
    UNKNOWN = "unknown"
    WRONG_STATE = "wrong_state"
    NO_RIGHT = "no_right"
    OTHER_POST = "other_post"
    SAME_PERSON = "same_person"
    NOT_FOR_IT = "not_for_it"
    STANDS = "stands"
    TASKS_OPEN = "tasks_open"
    LINKS_OPEN = "links_open"
    OBJECTED = "objected"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, and what decided it: a right, a post, a person's earlier move, a number."""

    reason: Reason
    detail: str = ""

    @property
    def may(self) -> bool:
        return self.reason is Reason.MAY


@dataclass(frozen=True, slots=True)
class Who:
    """Who wants to move: a person (None where no person is known), the rights, the post's kind."""

    person: Person
    rights: frozenset[str]
    post: str = ""

    def may(self, right: str) -> bool:
        return right in self.rights or "*" in self.rights


@dataclass(frozen=True, slots=True)
class Stop:
    """The clock stood from a day on, until a day; until None: it stands."""

    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A deadline that runs or ran. days count from start_on; first_due_on: as first set."""

    key: str
    start_on: date
    days: int
    working: bool = False
    stops: tuple[Stop, ...] = ()
    extended: int = 0
    first_due_on: date | None = None
    ended_on: date | None = None

    @property
    def runs(self) -> bool:
        return self.ended_on is None

    @property
    def stands(self) -> bool:
        return self.runs and any(stop.until is None for stop in self.stops)


@dataclass(frozen=True, slots=True)
class Standing:
    """A case as decisions see it. made: who made which step; open_links: kinds still open."""

    state: str = ""
    values: Mapping[str, Any] = ()  # type: ignore[assignment]
    made: Mapping[str, frozenset[Person]] = ()  # type: ignore[assignment]
    made_on: Mapping[str, date] = ()  # type: ignore[assignment]
    clocks: Mapping[str, Clock] = ()  # type: ignore[assignment]
    open_tasks: int = 0
    open_links: frozenset[str] = frozenset()
    objected: frozenset[str] = frozenset()


EMPTY = Standing("", {}, {}, {}, {})


def may_open(opening: Opening | None, who: Who) -> Verdict:
    """Whether a person may open a case in this way."""
    if opening is None or opening.by not in ("person", "case"):
        return Verdict(Reason.UNKNOWN)
    return Verdict(Reason.MAY) if who.may(opening.right) else Verdict(
        Reason.NO_RIGHT, opening.right)  # fmt: skip


def may_move(kind: Kind, now: Standing, move: Move | None, who: Who) -> Verdict:
    """Whether this person may make this move now; the first reason against it."""
    if move is None:
        return Verdict(Reason.UNKNOWN)
    if kind.ended(now.state) or now.state not in move.sources:
        return Verdict(Reason.WRONG_STATE, now.state)
    if not who.may(move.right):
        return Verdict(Reason.NO_RIGHT, move.right)
    if move.posts and who.post not in move.posts:
        return Verdict(Reason.OTHER_POST, "、".join(move.posts))
    if move.when is not None and not move.when.holds(now.values):
        return Verdict(Reason.NOT_FOR_IT, move.when.field)
    for earlier in move.other_than:
        if who.person is None or who.person in now.made.get(earlier, frozenset()):
            return Verdict(Reason.SAME_PERSON, earlier)
    if now.objected:
        return Verdict(Reason.OBJECTED, "、".join(sorted(now.objected)))
    standing = [clock.key for clock in now.clocks.values() if clock.stands]
    if standing:
        return Verdict(Reason.STANDS, standing[0])
    if move.joint and now.open_tasks:
        return Verdict(Reason.TASKS_OPEN, str(now.open_tasks))
    waited = sorted(now.open_links & set(move.after_links))
    return Verdict(Reason.LINKS_OPEN, waited[0]) if waited else Verdict(Reason.MAY)


def asked(asks: Iterable[Ask], values: Mapping[str, Any]) -> list[Ask]:
    """What is asked for of these: those without a condition, or whose condition holds."""
    return [one for one in asks if one.when is None or one.when.holds(values)]


def lacking(asks: Sequence[Ask], known: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """Labels of what is needed and was not given."""
    whole = {**known, **given}
    return [
        one.field.label for one in asked(asks, whole)
        if one.field.needed and given.get(one.key) in (None, "")
    ]  # fmt: skip


def day_faults(asks: Sequence[Ask], given: Mapping[str, Any], on: date) -> list[str]:
    """Labels of dates that do not lie ahead, or too far ahead, of the day of the act."""
    found = []
    for one in asks:
        said = given.get(one.key)
        if said is None or one.field.kind != "date":
            continue
        days = (date.fromisoformat(str(said)) - on).days
        if (one.ahead and days < 0) or (one.most_days is not None and days > one.most_days):
            found.append(one.field.label)
    return found


def after(
    kind: Kind, now: Standing, step: Opening | Move, who: Who, given: Mapping[str, Any], on: date,
    lengths: Mapping[str, int], working: Working,
) -> Standing:  # fmt: skip
    """The case after the step: state, values, clocks. lengths: days of rule values by rule; a
    rule value that may not run yet (待核) starts no clock.

    The step must have been found to be allowed. What is not asked for under its condition is
    dropped.
    """
    copies = step.copies if isinstance(step, Opening) else ()
    values = {**now.values, **{key: given[key] for key in copies if key in given}}
    for one in asked(step.asks, {**values, **given}):
        if given.get(one.key) not in (None, ""):
            values[one.key] = given[one.key]
    clocks = {**now.clocks}
    for rule in kind.rules.values():
        clock = clocks.get(rule.key)
        if clock is not None and clock.runs and step.key in rule.ends:
            clocks[rule.key] = replace(clock, ended_on=on)
        elif step.key in rule.starts and (rule.when is None or rule.when.holds(values)):
            known = not rule.value or rule.key in lengths
            if known and (clock is None or not clock.runs):
                clocks[rule.key] = start(rule, values, on, lengths.get(rule.key), working)
    made = {**now.made, step.key: now.made.get(step.key, frozenset()) | {who.person}}
    if kind.ended(step.to):
        clocks = {k: c if not c.runs else replace(c, ended_on=on) for k, c in clocks.items()}
    return replace(now, state=step.to, values=values, made=made, clocks=clocks,
                   made_on={**now.made_on, step.key: on})  # fmt: skip


def start(
    rule: Rule, values: Mapping[str, Any], on: date, length: int | None, working: Working
) -> Clock:
    """A deadline that begins on a day: until a date that was given, or so many days."""
    if rule.until:
        days = (date.fromisoformat(str(values[rule.until])) - on).days
        fresh = Clock(rule.key, on, days)
    else:
        fresh = Clock(rule.key, on, rule.days if length is None else length, rule.working)  # type: ignore[arg-type]
    return replace(fresh, first_due_on=due_on(fresh, working))


def due_on(clock: Clock, working: Working) -> date | None:
    """The last day of the deadline; None while the clock stands."""
    counts = working if clock.working else _every
    due = _add(clock.start_on, clock.days, counts)
    for stop in joined(clock.stops):
        first = max(stop.since, clock.start_on + ONE)
        if first > due:
            break
        if stop.until is None:
            return None
        last = stop.until - ONE
        if last < first:
            continue
        lost = _between(first, min(last, due), counts)
        due = _add(max(due, last), lost, counts)
    return due


def joined(stops: Iterable[Stop]) -> list[Stop]:
    """The stops in order, those that touch made one."""
    found: list[Stop] = []
    for stop in sorted(stops, key=lambda one: one.since):
        before = found[-1] if found else None
        if before is not None and (before.until is None or stop.since <= before.until):
            ends = None if None in (before.until, stop.until) else max(before.until, stop.until)  # type: ignore[type-var]
            found[-1] = Stop(before.since, ends)
        else:
            found.append(stop)
    return found


def _every(_day: date) -> bool:
    return True


def _add(day: date, count: int, counts: Working) -> date:
    """The count-th counted day after the day; the day itself for none."""
    if counts is _every:
        return day + timedelta(days=count)
    for _turn in range(DAYS_MAX):
        if count <= 0:
            return day
        day += ONE
        count -= counts(day)
    raise ValueError(f"a deadline longer than {DAYS_MAX} days")


def _between(first: date, last: date, counts: Working) -> int:
    if counts is _every:
        return max(0, (last - first).days + 1)
    return sum(counts(first + timedelta(days=n)) for n in range((last - first).days + 1))


class Extends(Enum):
    """Why a deadline may be extended, or why not."""

    MAY = "may"
    NONE = "none"
    OVER = "over"
    LATE = "late"
    STANDS = "stands"
    TIMES = "times"
    DAYS = "days"
    SAME_PERSON = "same_person"


def may_extend(
    rule: Rule, clock: Clock | None, to_on: date, today: date, working: Working
) -> Extends:
    """Whether an extension to a day may be asked for, and granted, today."""
    if clock is None or not rule.extend_times:
        return Extends.NONE
    if not clock.runs:
        return Extends.OVER
    due = due_on(clock, working)
    if due is None:
        return Extends.STANDS
    if today > due:
        return Extends.LATE
    if clock.extended >= rule.extend_times:
        return Extends.TIMES
    return Extends.MAY if 0 < (to_on - due).days <= rule.extend_days else Extends.DAYS


def may_grant(
    rule: Rule, clock: Clock | None, to_on: date, today: date, working: Working,
    asked_by: Person, who: Who,
) -> Extends:  # fmt: skip
    """Whether this person may grant it: nobody grants what they asked for themselves."""
    if who.person is None or who.person == asked_by:
        return Extends.SAME_PERSON
    return may_extend(rule, clock, to_on, today, working)


def extended(clock: Clock, to_on: date, today: date) -> Clock:
    """The clock after its extension: it runs from today to the new day, stops before are spent."""
    return replace(
        clock, start_on=today, days=(to_on - today).days, working=False, stops=(),
        extended=clock.extended + 1,
    )  # fmt: skip


def stopped(clock: Clock, today: date) -> Clock:
    """The clock after it was stopped today."""
    return replace(clock, stops=(*clock.stops, Stop(today)))


def resumed(clock: Clock, today: date) -> Clock:
    """The clock after it goes on today, which counts again."""
    stops = tuple(
        Stop(one.since, max(today, one.since)) if one.until is None else one for one in clock.stops
    )
    return replace(clock, stops=stops)


def upheld(kind: Kind, now: Standing, own: Objection) -> Standing:
    """The case after an objection was found right: back, and what the step had started is void."""
    void = {rule.key for rule in kind.rules.values() if own.to in rule.starts}
    clocks = {key: clock for key, clock in now.clocks.items() if key not in void}
    return replace(now, state=own.back, clocks=clocks, objected=frozenset())


class Objects(Enum):
    """Why an objection may be raised, or why not."""

    MAY = "may"
    NOTHING = "nothing"
    LATE = "late"
    TWICE = "twice"
    ENDED = "ended"


def may_object(
    kind: Kind, own: Objection, now: Standing, raised: Mapping[str, str], decided_on: date | None,
    today: date, length: int, working: Working,
) -> Objects:  # fmt: skip
    """Whether an objection may be raised today. raised: earlier ones by key, with their outcome.

    A second one (after) needs that the first was refused, and counts from that day (decided_on).
    """
    if own.key in raised:
        return Objects.TWICE
    if kind.ended(now.state) and kind.states[now.state].end == "void":
        return Objects.ENDED
    base = now.made_on.get(own.to)
    if own.after:
        if raised.get(own.after) != "refused":
            return Objects.NOTHING
        base = decided_on
    if base is None:
        return Objects.NOTHING
    last = due_on(Clock(own.key, base, length, own.working), working)
    return Objects.MAY if last is None or today <= last else Objects.LATE


def metres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The distance of two points on the sphere, in metres (haversine)."""
    north, east = radians(other_lat - lat) / 2, radians(other_lon - lon) / 2
    part = sin(north) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(east) ** 2
    return 2 * EARTH_M * asin(min(1.0, sqrt(part)))


def period_of(day: date, every: str) -> tuple[date, str]:
    """(first day, name) of the month, quarter, half year or year that the day lies in."""
    months = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}[every]
    month = (day.month - 1) // months * months + 1
    return date(day.year, month, 1), f"{every}-{day.year}-{month:02d}"
