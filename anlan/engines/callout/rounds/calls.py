"""Calls move on: the next ring, somebody who knocks, or an alarm, by whoever holds the post now.

A batch is one transaction of a handful of statements whatever its size. The most urgent grade is
planned first, so that a red warning overtakes an older backlog of blue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from anlan.county import queries as county
from anlan.county.models import Post
from anlan.engines.callout import launch as launching
from anlan.engines.callout import links, messages
from anlan.engines.callout.decisions import FIRST_RINGS, Decision, Next, after_fallback, decide
from anlan.engines.callout.models import Alarm, Answer, Attempt, Call, Callout, Fallback
from anlan.engines.callout.statements import run, together
from anlan.ground import clock, journal
from anlan.ground.live import tell
from anlan.ground.scope import Scope

ADVANCE_BATCH = 500
FALLBACK_TRY = 100
RINGS = ("first", "deputy", "superior")

KEEP = """
UPDATE callout_call c SET state = m.state, reason = m.reason, rings = m.rings, due_at = m.due_at,
  started_at = m.started_at, version = m.version
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::smallint[], %s::timestamptz[],
  %s::timestamptz[], %s::int[]) AS m(id, state, reason, rings, due_at, started_at, version)
WHERE c.id = m.id
"""

QUEUE = """
INSERT INTO callout_attempt (division, world, version, call_id, person_id, role, channel, try_no,
  priority, text, state, not_before, submits, retries, lease, gateway_ref, error, created_at)
SELECT m.division, w.world, 1, m.call_id, m.person_id, m.role, 'sms', m.try_no, m.priority,
  m.text, 'due', w.now, 0, 0, 0, '', '', w.now
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::int[], %s::int[],
  %s::text[]) AS m(division, call_id, person_id, role, try_no, priority, text),
  (VALUES (%s::int, %s::timestamptz)) AS w(world, now)
"""


@dataclass(frozen=True, slots=True)
class _Queued:
    """A message that a decision asks for."""

    call: Call
    person_id: int
    role: str
    template: str
    act: str
    try_no: int


@dataclass(slots=True)
class _Plan:
    """What a batch of decisions asks for, written down at its end."""

    now: datetime
    messages: list[_Queued] = field(default_factory=list)
    tasks: list[Fallback] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def alarm(self, call: Call, kind: str, text: str) -> None:
        self.alarms.append(
            Alarm(division=call.division, world=call.world, call=call, kind=kind,
                  text=text[:200], raised_at=self.now)
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _People:
    """Persons of the posts that a batch needs, as they stand now."""

    by_post: dict[int, list[int]]
    fallback: dict[tuple[int, str], tuple[int, str]]


def advance(scope: Scope) -> int:
    """Move on calls that are due; returns how many."""
    with scope.open():
        now = clock.now()
        due = _due(now)
        if not due:
            return 0
        people = _people_of(scope, due, now)
        tried = _tried(due)
        plan = _Plan(now)
        for call in due:
            _advance_one(call, people, tried.get(call.id, []), plan)
        _write(scope, plan)
        _keep(due)
        journal.line(
            scope, "callout.advance", None, division=0,
            why=" ".join(f"{reason} {n}" for reason, n in sorted(plan.reasons.items())),
        )  # fmt: skip
        for callout_id, division in {(call.callout_id, call.callout.division) for call in due}:
            tell(scope, "call", division, callout=callout_id)
    return len(due)


def _due(now: datetime) -> list[Call]:
    """Due calls in the order of urgency, locked; a stopped or closed call-out has none."""
    rows = list(
        Call.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(due_at__lte=now)
        .order_by("priority", "due_at")[:ADVANCE_BATCH]
    )
    callouts = Callout.objects.in_bulk({call.callout_id for call in rows})
    for call in rows:
        call.callout = callouts[call.callout_id]
    return [call for call in rows if call.callout.state == "open"]


def _keep(calls: Sequence[Call]) -> None:
    """Write the changed calls back in one statement; their rows are locked."""
    fields = ("id", "state", "reason", "rings", "due_at", "started_at", "version")
    with together() as own:
        run(own, KEEP, [[getattr(call, name) for call in calls] for name in fields])


def _write(scope: Scope, plan: _Plan) -> None:
    """The tasks, the alarms, the links and the attempts of a batch."""
    Fallback.objects.bulk_create(plan.tasks, ignore_conflicts=True)
    Alarm.objects.bulk_create(plan.alarms, ignore_conflicts=True)
    for alarm in plan.alarms:
        tell(scope, "alarm", alarm.division, call=alarm.call_id)
    queue = plan.messages
    if not queue:
        return
    made = links.make_many([(q.call, q.person_id, q.act, q.role) for q in queue])
    write = _writer(scope.world)
    columns: list[list[Any]] = [
        [q.call.division for q in queue], [q.call.id for q in queue],
        [q.person_id for q in queue], [q.role for q in queue], [q.try_no for q in queue],
        [launching.PRIORITY[q.call.callout.grade] for q in queue],
        [write(q, link) for q, link in zip(queue, made, strict=True)],
    ]  # fmt: skip
    with together() as own:
        run(own, QUEUE, [*columns, scope.world, plan.now])


def _writer(world: int) -> Callable[[_Queued, str], str]:
    """Fills texts; the chain of a call-out is looked up once."""
    chains: dict[str, launching.Chain] = {}

    def write(queued: _Queued, link: str) -> str:
        call = queued.call
        name = call.callout.chain
        if name not in chains:
            chains[name] = launching.chain(name)
        text = messages.fill(
            chains[name].texts[queued.template],
            text=call.callout.text,
            code=call.code,
            link=link,
            post=call.post_title,
            title=call.callout.title,
        )
        return messages.in_world(text, world)

    return write


def _people_of(scope: Scope, due: Sequence[Call], now: datetime) -> _People:
    wanted = {call.post_id for call in due} | {
        call.superior_post_id for call in due if call.superior_post_id
    }
    kinds = {call.fallback_kind for call in due if call.fallback_kind}
    helpers: list[Post] = []
    if kinds:
        places = {call.division for call in due}
        helpers = list(
            Post.objects.filter(kind__in=kinds, division__in=places, ended_at=None).order_by(
                "order"
            )
        )
    wanted |= {post.id for post in helpers}
    by_post = county.people_of_posts(scope, sorted(wanted), now)
    fallback: dict[tuple[int, str], tuple[int, str]] = {}
    for post in helpers:
        if by_post[post.id]:
            fallback.setdefault((post.division, post.kind), (by_post[post.id][0], post.title))
    return _People(by_post, fallback)


def _tried(due: Sequence[Call]) -> dict[int, list[int]]:
    """Whom each call has rung; who said that it is the wrong person is not rung again."""
    begun = [call.id for call in due if call.rings]
    if not begun:
        return {}
    found: dict[int, list[int]] = {ident: [] for ident in begun}
    rung = Attempt.objects.filter(call__in=begun, role__in=RINGS, retries=0)
    for call_id, person_id in rung.values_list("call_id", "person_id"):
        found[call_id].append(person_id)
    wrong = Answer.objects.filter(call__in=begun, kind="wrong", person_id__isnull=False)
    for call_id, wrong_person in wrong.values_list("call_id", "person_id"):
        found[call_id] += [wrong_person] * FIRST_RINGS
    return found


def _advance_one(call: Call, people: _People, tried: list[int], plan: _Plan) -> None:
    """Decide and note the change on the row; what must be written goes into the plan."""
    assert call.due_at is not None
    helper = people.fallback.get((call.division, call.fallback_kind))
    if call.state == "fallback":
        decision = after_fallback(call.due_at, plan.now)
    else:
        decision = decide(
            call.rings,
            people.by_post.get(call.post_id, []),
            people.by_post.get(call.superior_post_id or 0, []),
            helper[0] if helper else None,
            call.due_at,
            plan.now,
            call.callout.minutes,
            tried,
        )
    if decision.vacant:
        plan.alarm(call, "vacant", _("%(post)s 空缺") % {"post": call.post_title})
    if decision.next is Next.RING:
        _ring(call, decision, plan)
    elif decision.next is Next.FALLBACK and helper is not None:
        _fall_back(call, helper, plan)
    elif decision.next is Next.NOBODY:
        call.state = "nobody"
        plan.alarm(call, "nobody", _("%(post)s 无人应答") % {"post": call.post_title})
    call.reason = decision.reason
    call.due_at = decision.due_at
    call.version += 1
    plan.reasons[decision.reason] += 1


def _ring(call: Call, decision: Decision, plan: _Plan) -> None:
    assert decision.person_id is not None
    template = "superior" if decision.role == "superior" else "call"
    call.state = "ringing"
    call.rings += 1
    call.started_at = call.started_at or plan.now
    plan.messages.append(
        _Queued(call, decision.person_id, decision.role, template, "answer", call.rings)
    )


def _fall_back(call: Call, helper: tuple[int, str], plan: _Plan) -> None:
    person, title = helper
    plan.tasks.append(
        Fallback(
            division=call.division,
            world=call.world,
            call=call,
            step=launching.chain(call.callout.chain).fallback_step,
            person_id=person,
            post_title=title,
            given_at=plan.now,
        )
    )
    call.state = "fallback"
    plan.messages.append(_Queued(call, person, "fallback", "fallback", "fallback", FALLBACK_TRY))
