"""What is due: calls to move on, messages to send, answers to read. Safe to run many times at once.

advance   calls whose `due_at` has passed → next ring, somebody who knocks, or an alarm
send      attempts → claimed (counted before sending) → gateway → marked
expire    attempts that died twice between claim and mark → unknown
read      messages from outside → answers; what nobody understands goes to the desk
close     call-outs with nothing open and past their day
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.db import connection
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext as _

from anlan.county import queries as county
from anlan.county.models import Post
from anlan.engines.callout import actions, links, messages
from anlan.engines.callout import launch as launching
from anlan.engines.callout.decisions import (
    FIRST_RINGS,
    Decision,
    Next,
    after_fallback,
    decide,
)
from anlan.engines.callout.models import Answer, Attempt, Call, Callout, Fallback, Inbound
from anlan.ground import clock, journal
from anlan.ground.live import tell
from anlan.ground.scope import Scope

log = logging.getLogger("anlan.callout")

BATCH = 100
ADVANCE_BATCH = 200
LEASE_S = 60
RETRY_S = 15
RETRIES_MAX = 3
CLOSE_AFTER = timedelta(hours=24)
FALLBACK_TRY = 100
REF_CHARS_MAX = 70
RINGS = ("first", "deputy", "superior")
URGENCY = Case(
    *(When(callout__grade=grade, then=Value(rank)) for grade, rank in launching.PRIORITY.items()),
    default=Value(len(launching.PRIORITY)),
)

KEEP = """
UPDATE callout_call c SET state = m.state, reason = m.reason, rings = m.rings, due_at = m.due_at,
  started_at = m.started_at, version = m.version
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::smallint[], %s::timestamptz[],
  %s::timestamptz[], %s::int[]) AS m(id, state, reason, rings, due_at, started_at, version)
WHERE c.id = m.id
"""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as the gateway gets it."""

    attempt_id: int
    lease: int
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the gateway said of a message. error empty: taken, under `ref`."""

    attempt_id: int
    lease: int
    ref: str
    error: str = ""


class Gateway(Protocol):
    """A way out of the county, and in again."""

    def ready(self) -> bool: ...

    def submit(self, batch: Sequence[Outgoing]) -> list[Outcome]: ...


# advance


def advance(scope: Scope) -> int:
    """Move on calls that are due; one transaction a batch, a few statements whatever its size."""
    with scope.open():
        now = clock.now()
        due = list(
            Call.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(due_at__lte=now, callout__state="open")
            .select_related("callout")
            .order_by(URGENCY, "due_at")[:ADVANCE_BATCH]
        )
        if not due:
            return 0
        people = _people_of(scope, due, now)
        tried = _tried(due)
        queue: list[_Queued] = []
        for call in due:
            _advance_one(call, people, tried[call.id], now, queue)
        _write(queue, now)
        _keep(due)
        for callout_id, division in {(call.callout_id, call.callout.division) for call in due}:
            tell(scope, "call", division, callout=callout_id)
    return len(due)


def _keep(calls: list[Call]) -> None:
    """Write the changed calls back in one statement; their rows are locked."""
    fields = ("id", "state", "reason", "rings", "due_at", "started_at", "version")
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [[getattr(call, name) for call in calls] for name in fields])


@dataclass(frozen=True, slots=True)
class _Queued:
    """A message that a decision asks for."""

    call: Call
    person_id: int
    role: str
    template: str
    act: str
    try_no: int


def _write(queue: list[_Queued], now: datetime) -> None:
    """The links and the attempts of a batch."""
    made = links.make_many([(q.call, q.person_id, q.act, q.role) for q in queue])
    Attempt.objects.bulk_create(
        Attempt(
            division=q.call.division,
            world=q.call.world,
            call=q.call,
            person_id=q.person_id,
            role=q.role,
            try_no=q.try_no,
            priority=launching.PRIORITY[q.call.callout.grade],
            text=_text(q, link),
            not_before=now,
        )
        for q, link in zip(queue, made, strict=True)
    )


def _text(queued: _Queued, link: str) -> str:
    call = queued.call
    return messages.fill(
        launching.chain(call.callout.chain).texts[queued.template],
        text=call.callout.text,
        code=call.code,
        link=link,
        post=call.post_title,
        title=call.callout.title,
    )


@dataclass(frozen=True, slots=True)
class _People:
    """Persons of the posts that a batch needs, as they stand now."""

    by_post: dict[int, list[int]]
    fallback: dict[tuple[int, str], tuple[int, str]]


def _people_of(scope: Scope, due: list[Call], now: datetime) -> _People:
    wanted = {call.post_id for call in due} | {
        call.superior_post_id for call in due if call.superior_post_id
    }
    kinds = {call.fallback_kind for call in due if call.fallback_kind}
    places = {call.division for call in due}
    helpers = list(
        Post.objects.filter(kind__in=kinds, division__in=places, ended_at=None).order_by("order")
    )
    wanted |= {post.id for post in helpers}
    contacts = county.contacts(scope, sorted(wanted), now)
    fallback: dict[tuple[int, str], tuple[int, str]] = {}
    for post in helpers:
        if contacts[post.id]:
            person = contacts[post.id][0].person_id
            fallback.setdefault((post.division, post.kind), (person, post.title))
    by_post = {post: [contact.person_id for contact in own] for post, own in contacts.items()}
    return _People(by_post, fallback)


def _tried(due: list[Call]) -> dict[int, list[int]]:
    """Whom each call has rung; who said that it is the wrong person is not rung again."""
    found: dict[int, list[int]] = {call.id: [] for call in due}
    rung = Attempt.objects.filter(call__in=due, role__in=RINGS, retries=0)
    for call_id, person_id in rung.values_list("call_id", "person_id"):
        found[call_id].append(person_id)
    wrong = Answer.objects.filter(call__in=due, kind="wrong", person_id__isnull=False)
    for call_id, wrong_person in wrong.values_list("call_id", "person_id"):
        found[call_id] += [wrong_person] * FIRST_RINGS
    return found


def _advance_one(
    call: Call, people: _People, tried: list[int], now: datetime, queue: list[_Queued]
) -> None:
    """Decide and note the change on the row; what must be sent goes to the queue."""
    assert call.due_at is not None
    helper = people.fallback.get((call.division, call.fallback_kind))
    if call.state == "fallback":
        decision = after_fallback(call.due_at, now)
    else:
        decision = decide(
            call.rings,
            people.by_post.get(call.post_id, []),
            people.by_post.get(call.superior_post_id or 0, []),
            helper[0] if helper else None,
            call.due_at,
            now,
            call.callout.minutes,
            tried,
        )
    if decision.vacant:
        text = _("%(post)s 空缺") % {"post": call.post_title}
        actions.raise_alarm(call, "vacant", text, now)
    if decision.next is Next.RING:
        _ring(call, decision, now, queue)
    elif decision.next is Next.FALLBACK and helper is not None:
        _fall_back(call, helper, now, queue)
    elif decision.next is Next.NOBODY:
        call.state = "nobody"
        text = _("%(post)s 无人应答") % {"post": call.post_title}
        actions.raise_alarm(call, "nobody", text, now)
    call.reason = decision.reason
    call.due_at = decision.due_at
    call.version += 1


def _ring(call: Call, decision: Decision, now: datetime, queue: list[_Queued]) -> None:
    assert decision.person_id is not None
    template = "superior" if decision.role == "superior" else "call"
    call.state = "ringing"
    call.rings += 1
    call.started_at = call.started_at or now
    queue.append(_Queued(call, decision.person_id, decision.role, template, "answer", call.rings))


def _fall_back(call: Call, helper: tuple[int, str], now: datetime, queue: list[_Queued]) -> None:
    person, title = helper
    Fallback.objects.get_or_create(
        call=call,
        defaults={
            "division": call.division,
            "world": call.world,
            "step": launching.chain(call.callout.chain).fallback_step,
            "person_id": person,
            "post_title": title,
            "given_at": now,
        },
    )
    call.state = "fallback"
    queue.append(_Queued(call, person, "fallback", "fallback", "fallback", FALLBACK_TRY))


# send

CLAIM = """
UPDATE callout_attempt SET state = 'claimed', submits = submits + 1,
  lease_until = anlan_now() + make_interval(secs => %s), lease = %s
WHERE id IN (SELECT id FROM callout_attempt WHERE world = anlan_world() AND submits < 2
  AND ((state = 'due' AND not_before <= (SELECT anlan_now()))
    OR (state = 'claimed' AND lease_until < (SELECT anlan_now())
      AND (SELECT c.state <> 'stopped' FROM callout_call c WHERE c.id = call_id)))
  ORDER BY priority, id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id, person_id, text, priority
"""

MARK = """
UPDATE callout_attempt a SET state = CASE WHEN m.error = '' THEN 'submitted' ELSE 'failed' END,
  submitted_at = anlan_now(), gateway_ref = m.ref, error = m.error, lease_until = NULL
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) AS m(id, lease, ref, error)
WHERE a.id = m.id AND a.lease = m.lease AND a.state = 'claimed'
"""

RETRY = """
INSERT INTO callout_attempt (division, world, version, call_id, person_id, role, channel, try_no,
  priority, text, state, not_before, submits, retries, lease, gateway_ref, error)
SELECT a.division, a.world, 1, a.call_id, a.person_id, a.role, a.channel, a.try_no + 1000,
  a.priority, a.text, 'due', anlan_now() + make_interval(secs => %s), 0, a.retries + 1, 0, '', ''
FROM callout_attempt a JOIN callout_call c ON c.id = a.call_id
WHERE a.id = ANY(%s) AND a.state = 'failed' AND a.retries < %s
  AND (c.state IN ('waiting', 'ringing', 'fallback', 'nobody')
    OR (a.role = 'more' AND c.state <> 'stopped'))
ON CONFLICT DO NOTHING
"""


def sender(gateway: Gateway) -> Callable[[Scope], int]:
    """The round that sends through the gateway; nothing is claimed while it is not ready.

    Outcomes that could not be written down because the database went away are written first
    when it is back, so that what was sent is not sent again.
    """
    unwritten: list[Outcome] = []

    def send(scope: Scope) -> int:
        if scope.world != 0:
            return 0
        if unwritten:
            mark(scope, unwritten)
            unwritten.clear()
        if not gateway.ready():
            return 0
        batch = claim(scope)
        if batch:
            unwritten.extend(gateway.submit(batch))
            mark(scope, unwritten)
            unwritten.clear()
        return len(batch)

    return send


def claim(scope: Scope, size: int = BATCH) -> list[Outgoing]:
    """Count and lease a batch before anything is sent; committed when this returns."""
    lease = random.SystemRandom().getrandbits(62)
    with scope.open(), connection.cursor() as cursor:
        cursor.execute(CLAIM, [LEASE_S, lease, size])
        rows = sorted(cursor.fetchall(), key=lambda row: (row[3], row[0]))
        numbers = _numbers({row[1] for row in rows})
    return [Outgoing(row[0], lease, numbers.get(row[1], ""), row[2]) for row in rows]


def _numbers(people: set[int]) -> dict[int, str]:
    from anlan.county.models import Person

    return dict(Person.objects.filter(id__in=people).values_list("id", "phone"))


def mark(scope: Scope, outcomes: list[Outcome]) -> None:
    """Write down what the gateway said. A failure is tried again RETRY_S later, three times, as
    an attempt of its own (try_no + 1000): no attempt is ever submitted more than twice.
    """
    if not outcomes:
        return
    with scope.open(), connection.cursor() as cursor:
        columns = [
            [o.attempt_id for o in outcomes], [o.lease for o in outcomes],
            [o.ref.replace("\0", "")[:REF_CHARS_MAX] for o in outcomes],
            [o.error[:100] for o in outcomes],
        ]  # fmt: skip
        cursor.execute(MARK, columns)
        failed = [o.attempt_id for o in outcomes if o.error]
        if failed:
            cursor.execute(RETRY, [RETRY_S, failed, RETRIES_MAX])
        journal.line(
            scope, "callout.sent", None, why=f"{len(outcomes) - len(failed)}/{len(outcomes)}",
            division=0,
        )  # fmt: skip


def expire(scope: Scope) -> int:
    """Never marked, and twice claimed or stopped meanwhile: unknown; escalation goes on."""
    with scope.open():
        return (
            Attempt.objects.filter(state="claimed", lease_until__lt=clock.now())
            .filter(Q(submits__gte=2) | Q(call__state="stopped"))
            .update(state="unknown", lease_until=None)
        )


# read


def read(scope: Scope) -> int:
    """Turn messages that carry a code into answers; the others wait for other rooms' rounds."""
    with scope.open():
        rows = list(
            Inbound.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state="new")
            .order_by("id")[:BATCH]
        )
        handled = 0
        for row in rows:
            said = messages.read_answer(str(row.text))
            if said is not None:
                handled += _answer_from(scope, row, said)
    return handled


def _answer_from(scope: Scope, row: Inbound, said: messages.ReadAnswer) -> int:
    """An answer counts only from the number that was called with this code."""
    attempt = (
        Attempt.objects.filter(
            call__code=said.code, person_id=row.person_id, call__callout__state="open"
        )
        .exclude(role="fallback")
        .order_by("-id")
        .first()
        if row.person_id
        else None
    )
    if attempt is None:
        return 0
    actions.answer(
        scope, attempt.call_id, said.kind, "sms", person_id=row.person_id, role=attempt.role,
        happened_at=row.received_at,
    )  # fmt: skip
    actions.take_message(scope, row.id, "callout")
    return 1


def newest(scope: Scope) -> int:
    """The id of the newest message; what comes after it is for the next pass."""
    with scope.open():
        return Inbound.objects.order_by("-id").values_list("id", flat=True).first() or 0


def leave_rest(scope: Scope, up_to: int | None = None) -> int:
    """What no room has taken is for a person: it goes to the desk.

    up_to: the newest message that the rooms have had before them in this pass.
    """
    before = {} if up_to is None else {"id__lte": up_to}
    with scope.open():
        rows = list(
            Inbound.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state="new", **before)
            .order_by("id")[:BATCH]
        )
        for row in rows:
            known = _("号码不在电话簿") if row.person_id is None else _("内容不明确")
            actions.leave_on_desk(scope, row.id, known)
    return len(rows)


# close


def close(scope: Scope) -> int:
    """Close call-outs a day after opening; their links end with them."""
    with scope.open():
        now = clock.now()
        rows = list(
            Callout.objects.select_for_update(skip_locked=True, of=("self",)).filter(
                state="open", opened_at__lt=now - CLOSE_AFTER
            )
        )
        for callout in rows:
            callout.state, callout.ended_at = "closed", now
            callout.save(update_fields=["state", "ended_at"])
            Call.objects.filter(callout=callout).update(due_at=None)
            journal.line(scope, "callout.close", callout)
    return len(rows)


__all__ = [
    "Gateway", "Outcome", "Outgoing", "advance", "claim", "close", "expire", "leave_rest", "mark",
    "read", "sender",
]  # fmt: skip
