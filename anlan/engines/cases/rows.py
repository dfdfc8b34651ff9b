"""Between the rows of a case and what decisions see of it.

Flows in: a case with its steps, deadlines, tasks and links. Flows out: a `Standing`, and the rows
that a changed one asks for. No decision is made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from anlan.county.models import Post
from anlan.engines.cases import decisions
from anlan.engines.cases.decisions import Clock, Objects, Standing, Stop, Who, Working
from anlan.engines.cases.kinds import Kind, Objection, Rule
from anlan.engines.cases.models import Case, Deadline, Request
from anlan.engines.cases.types import kept
from anlan.ground import calendar, clock
from anlan.ground.policy import values
from anlan.ground.scope import Scope


def kind_of_case(row: Case) -> Kind:
    """The kind as it was when the case was opened."""
    return kept(row.type, row.grammar.content)


def who_of(scope: Scope) -> Who:
    """Who acts, as decisions see them. A round is nobody and may nothing."""
    post = scope.actor.post_id
    kind = Post.objects.filter(pk=post).values_list("kind", flat=True).first() if post else ""
    return Who(scope.actor.person_id, scope.rights, kind or "")


def standing_of(row: Case) -> Standing:
    """The case as decisions see it."""
    made: dict[str, set[int | None]] = {}
    made_on: dict[str, date] = {}
    for step in row.steps.filter(kind__in=("open", "move")).order_by("id"):
        made.setdefault(step.key, set()).add(step.person_id)
        made_on[step.key] = clock.local(step.happened_at).date()
    objected = Request.objects.filter(case=row, kind="object", state="asked")
    return Standing(
        row.state, row.values, {key: frozenset(who) for key, who in made.items()}, made_on,
        {one.key: clock_of(one) for one in current(row).values()},
        row.tasks.filter(done_at=None).count(),
        frozenset(row.led_to.filter(case__ended=False).values_list("kind", flat=True)),
        frozenset(objected.values_list("key", flat=True)),
    )  # fmt: skip


def current(row: Case) -> dict[str, Deadline]:
    """The newest deadline of each key that is not void."""
    rows = row.deadlines.order_by("id")
    return {one.key: one for one in rows if not (one.due_at is None and one.ended_on)}


def clock_of(row: Deadline) -> Clock:
    """A deadline's row as decisions see it."""
    stops = tuple(
        Stop(date.fromisoformat(since), date.fromisoformat(until) if until else None)
        for since, until in row.stops
    )
    return Clock(row.key, row.start_on, row.days, row.working, stops, row.extended,
                 row.first_due_on, row.ended_on)  # fmt: skip


def working_of(own: calendar.Calendar) -> Working:
    """Whether a day is worked, on the county's calendar."""
    return lambda day: own.day(day).working


def lengths(scope: Scope, kind: Kind) -> dict[str, int]:
    """Days of the rule values that may run, by rule or objection."""
    found = {}
    timed: list[Rule | Objection] = [*kind.rules.values(), *kind.objections.values()]
    for one in timed:
        if one.value:
            said = values.value(scope, one.value)
            if said.runs:
                found[one.key] = int(said.value)
        elif one.days is not None:
            found[one.key] = one.days
    return found


def keep_clocks(
    scope: Scope, row: Case, before: Mapping[str, Clock], after: Mapping[str, Clock],
    own: calendar.Calendar, kind: Kind,
) -> None:  # fmt: skip
    """Write what became of the deadlines; a new one stands beside the one that ended."""
    rows = current(row)
    for key, now in after.items():
        was = before.get(key)
        if now == was:
            continue
        fresh = was is None or (not was.runs and now.runs)
        kept_row = Deadline(case=row, key=key, division=row.division, world=scope.world) if fresh \
            else rows[key]  # fmt: skip
        _write(kept_row, now, own, kind, row.grade)
    for key in set(before) - set(after):
        gone = rows[key]
        gone.due_at, gone.next_at, gone.fell_at, gone.in_time = None, None, None, None
        gone.ended_on = gone.ended_on or clock.local(clock.now()).date()
        gone.version += 1
        gone.save()


def _write(
    row: Deadline, now: Clock, own: calendar.Calendar, kind: Kind, grade: str
) -> None:  # fmt: skip
    due = decisions.due_on(now, working_of(own))
    row.start_on, row.days, row.working = now.start_on, now.days, now.working
    row.stops = [[s.since.isoformat(), s.until.isoformat() if s.until else None] for s in now.stops]
    row.extended, row.grade = now.extended, grade
    row.first_due_on = now.first_due_on or now.start_on
    row.due_at = calendar.end_of_day(due) if due else None
    row.unsure = due is not None and now.working and _unsure(own, now.start_on, due)
    if now.ended_on and row.ended_at is None:
        row.ended_on, row.ended_at = now.ended_on, clock.now()
    if row.fell_at is not None and due is not None:
        row.in_time = now.ended_on is not None and now.ended_on <= due
    missed = kind.rules[now.key].missed
    row.next_at = None
    if now.runs and due is not None and row.missed_done < len(missed):
        days = missed[row.missed_done].after_days
        row.next_at = calendar.end_of_day(due + timedelta(days=days))
    row.version += 0 if row.pk is None else 1
    row.save()


def _unsure(own: calendar.Calendar, first: date, last: date) -> bool:
    """Whether any day between is known from its weekday only."""
    days = (last - first).days
    return any(own.day(first + timedelta(days=n)).status == "unverified" for n in range(days + 1))


def object_verdict(scope: Scope, row: Case, kind: Kind, own: Objection) -> Objects:
    """Whether it may be raised today; where the days are 待核 there is no last day."""
    asked = Request.objects.filter(case=row, kind="object").order_by("id")
    before = {one.key: one for one in asked}
    first = before.get(own.after)
    decided_on = clock.local(first.decided_at).date() if first and first.decided_at else None
    length = lengths(scope, kind).get(own.key, decisions.DAYS_MAX - 1)
    return decisions.may_object(
        kind, own, standing_of(row), {key: one.state for key, one in before.items()},
        decided_on, clock.local(clock.now()).date(), length, working_of(calendar.of_county(scope)),
    )  # fmt: skip
