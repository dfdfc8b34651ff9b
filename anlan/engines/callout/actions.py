"""All writes of the call-out: open, answer, fall back, stop, take in a message.

Each is one transaction with its journal line. What must follow is a row that a round finds.
"""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from anlan.county import queries as county
from anlan.engines.callout import launch as launching
from anlan.engines.callout import links, messages
from anlan.engines.callout.decisions import Counts, weigh
from anlan.engines.callout.evidence import Evidence
from anlan.engines.callout.launch import Launch
from anlan.engines.callout.models import Alarm, Answer, Attempt, Call, Callout, Fallback, Inbound
from anlan.engines.callout.photos import Photo
from anlan.ground import clock, journal, secrets
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.inputs import shown
from anlan.ground.live import tell
from anlan.ground.places import span
from anlan.ground.policy import values
from anlan.ground.scope import Scope

PROOF_CHARS_MAX = 500
PLACE_CHARS_MAX = 100
MORE_TRY = 200  # apart from the tries of rings, so that neither takes the other's number
OPEN_STATES = ("waiting", "ringing", "fallback", "nobody")


@action("callout.open", may_change_nothing=True)
def open_callout(scope: Scope, launch: Launch) -> Callout:
    """A call-out with a row for everyone to be reached; the same key again gives the same one."""
    launching.check(launch)
    body = _body_digest(launch)
    known = Callout.objects.filter(world=scope.world, key=launch.key).first()
    if known is not None:
        return _same(scope, known, body)
    reached = launching.reached(scope, launch)
    _second_person(scope, launch, len(reached))
    moment = clock.now()
    try:
        with transaction.atomic():
            callout = _create(scope, launch, body, moment)
    except IntegrityError:
        return _same(scope, Callout.objects.get(world=scope.world, key=launch.key), body)
    _create_calls(callout, reached, moment)
    if launch.follows is not None:
        _end_ringing(launch.follows, over=launch.kind == "all_clear")
    journal.line(
        scope, "callout.open", callout, why=launch.title, division=scope.lo,
        after=[launch.title, launch.text, len(reached)],
    )  # fmt: skip
    tell(scope, "callout", scope.lo, callout=callout.id)
    return callout


def _end_ringing(callout_id: int, over: bool) -> None:
    """The danger is over, or another warning took its place: nobody is rung about it any more.

    Whoever had not answered stays unanswered in the records.
    """
    calls = Call.objects.filter(callout_id=callout_id)
    calls.filter(state="waiting").update(
        state="stopped", due_at=None, reason="all-clear" if over else "changed"
    )
    calls.filter(due_at__isnull=False).update(
        due_at=None, reason="all-clear" if over else "changed"
    )
    Attempt.objects.filter(call__callout_id=callout_id, state="due").update(state="cancelled")


def _create(scope: Scope, launch: Launch, body: bytes, moment: datetime) -> Callout:
    return Callout.objects.create(
        division=scope.lo if scope.kind == "post" else min(launch.divisions),
        world=scope.world, kind=launch.kind, origin_kind=launch.origin_kind,
        origin_id=launch.origin_id, chain=launch.chain, grade=launch.grade, title=launch.title,
        text=launch.text, divisions=list(launch.divisions), key=launch.key, body_digest=body,
        follows_id=launch.follows, minutes=launching.minutes(scope, launch),
        wait_minutes=launching.wait_minutes(scope, launch.grade), opened_at=moment,
        opened_by=scope.actor.label,
    )  # fmt: skip


def _create_calls(callout: Callout, reached: list[launching.Reached], moment: datetime) -> None:
    """One row a post; a lower level is due after its wait, or when the level above answers."""
    coder = random.SystemRandom()
    rows = [
        Call(
            division=entry.post.division, world=callout.world, callout=callout,
            level=entry.level, priority=launching.PRIORITY[callout.grade],
            post_id=entry.post.id, post_title=entry.post.title,
            superior_post_id=entry.post.superior_id, fallback_kind=entry.fallback_kind,
            code=f"{coder.randint(1000, 9999)}",
            due_at=moment + timedelta(minutes=callout.wait_minutes * entry.level),
            created_at=moment,
        )
        for entry in reached
    ]  # fmt: skip
    Call.objects.bulk_create(rows, batch_size=1000)


def _body_digest(launch: Launch) -> bytes:
    content = [
        launch.origin_kind, launch.origin_id, launch.chain, launch.grade, launch.title,
        launch.text, sorted(launch.divisions), launch.kind, launch.follows,
    ]  # fmt: skip
    if launch.kind in launching.UNGRADED:
        content += [launch.minutes, sorted(launch.posts)]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).digest()


def _same(scope: Scope, known: Callout, body: bytes) -> Callout:
    if bytes(known.body_digest) != body:
        raise Conflict(
            "key-reused", _("同一请求键已用于另一份内容"), known.key, _("请重新打开页面")
        )
    return known


def _second_person(scope: Scope, launch: Launch, people: int) -> None:
    limit = int(values.running(scope, "callout.second_person_over"))
    if people <= limit:
        return
    known = launch.drafted_by is not None and launch.approved_by is not None
    if not known or launch.approved_by == launch.drafted_by:
        raise Denied(
            "second-person",
            _("叫应超过 %(n)d 人，须由第二人批准") % {"n": limit},
            mend=_("请提交审批"),
        )


@action(None, open_to="a signed link, the sender of an SMS, or who keys an answer in",
        journal="callout.answer", may_change_nothing=True)  # fmt: skip
def answer(
    scope: Scope,
    call_id: int,
    kind: str,
    evidence: Evidence,
    *,
    role: str = "",
    happened_at: datetime | None = None,
) -> Counts:
    """Take an answer: the first decides the call, a repeat changes nothing, a late one is kept."""
    if scope.kind == "post":
        scope.need("callout.answer_for")
    call = Call.objects.select_for_update(of=("self",)).filter(id=call_id).first()
    if call is None:
        raise NotFound("call-unknown", _("没有这条叫应"), str(call_id))
    moment = clock.now()
    weight = weigh(call.state, kind)
    via, person_id = evidence.via, evidence.person_id
    if weight is Counts.REPEATS and call.answered_by == person_id and kind == _said(call):
        return weight
    if weight is Counts.WRONG and _said_wrong(call, person_id):
        return Counts.REPEATS
    Answer.objects.create(
        division=call.division, world=call.world, call=call, role=role, kind=kind,
        counts=weight is Counts.DECIDES, happened_at=happened_at or moment, **asdict(evidence),
    )  # fmt: skip
    if weight is Counts.DECIDES:
        _settle(call, kind, via, person_id, role or "first", moment)
    elif weight is Counts.WRONG and call.state == "ringing":
        call.due_at, call.reason = moment, "wrong-person"
        call.save(update_fields=["due_at", "reason"])
    if kind == "help":
        raise_alarm(call, "help", _("%(post)s 需要支援") % {"post": call.post_title}, moment)
    journal.line(scope, "callout.answer", call, why=f"{kind} {via} {weight.value}")
    tell(scope, "call", call.division, callout=call.callout_id, call=call.id)
    return weight


def _said_wrong(call: Call, person_id: int | None) -> bool:
    """Said once is enough: again, it would burn through the chain in seconds."""
    return Answer.objects.filter(call=call, person_id=person_id, kind="wrong").exists()


def _said(call: Call) -> str:
    return "help" if call.state == "help" else "received"


def _settle(
    call: Call, kind: str, via: str, person_id: int | None, role: str, moment: datetime
) -> None:
    """The call is answered: nothing more rings, and the level below it starts."""
    call.state = "help" if kind == "help" else "answered"
    call.answered_at, call.answered_by = moment, person_id
    call.answered_via, call.answered_role = via, role
    call.reason, call.due_at = f"answered-{role}", None
    call.started_at = call.started_at or moment
    call.version += 1
    call.save()
    Attempt.objects.filter(call=call, state="due").update(state="cancelled")
    _start_below(call, moment, "superior-answered")


def _start_below(call: Call, moment: datetime, reason: str) -> None:
    """The next level within the call's place need not wait any longer."""
    Call.objects.filter(
        callout_id=call.callout_id, level=call.level + 1, state="waiting",
        division__range=span(call.division), due_at__gt=moment,
    ).update(due_at=moment, reason=reason)  # fmt: skip


def raise_alarm(call: Call, kind: str, text: str, moment: datetime) -> None:
    """An alarm of a call, once a kind; part of the action or round that found it."""
    _alarm, new = Alarm.objects.get_or_create(
        call=call,
        kind=kind,
        defaults={"division": call.division, "world": call.world, "text": text[:200],
                  "raised_at": moment},
    )  # fmt: skip
    if new:
        tell(Scope.for_round("alarm", call.world), "alarm", call.division, call=call.id)


@action("callout.read", journal="callout.alarm.seen")
def see_alarm(scope: Scope, alarm_id: int) -> None:
    """Somebody has seen the alarm; it stays in the list, quiet."""
    found = Alarm.objects.filter(id=alarm_id).first()
    if found is None:
        raise NotFound("alarm-unknown", _("没有这条警报"), str(alarm_id))
    if found.seen_at is None:
        found.seen_at, found.seen_by = clock.now(), scope.actor.label
        found.save(update_fields=["seen_at", "seen_by"])
    journal.line(scope, "callout.alarm.seen", found)
    tell(scope, "alarm", found.division)


@action(None, open_to="a signed link, or whoever holds callout.fallback",
        journal="callout.fallback.close")  # fmt: skip
def close_fallback(
    scope: Scope,
    call_id: int,
    proof: str,
    *,
    place: str = "",
    happened_at: datetime | None = None,
    lat: float | None = None,
    lon: float | None = None,
    photo: Photo | None = None,
) -> Fallback:
    """Somebody was there: with time and proof. Reached by a fallback is never "answered".

    proof: a note, which needs a place (words, or lat and lon); or a photo. happened_at: when they
    were there; None: now.
    """
    if scope.kind == "post":
        scope.need("callout.fallback")
    _check_proof(proof, place, lat, photo)
    call = Call.objects.select_for_update(of=("self",)).filter(id=call_id).first()
    task = Fallback.objects.select_for_update(of=("self",)).filter(call_id=call_id).first()
    if call is None or task is None:
        raise NotFound("fallback-unknown", _("没有这条兜底任务"), str(call_id))
    moment = clock.now()
    if task.closed_at is None:
        task.closed_at, task.happened_at = moment, min(happened_at or moment, moment)
        task.proof, task.place = proof.strip()[:PROOF_CHARS_MAX], place.strip()[:PLACE_CHARS_MAX]
        task.lat, task.lon = lat, lon
        if photo is not None:
            task.proof_file, task.photo_says = photo.sha256, photo.says
        task.version += 1
        task.save()
        if call.state in ("fallback", "nobody"):
            call.state, call.reason, call.due_at = "reached_by_fallback", "fallback-closed", None
            call.save(update_fields=["state", "reason", "due_at"])
            _start_below(call, moment, "superior-reached")
    journal.line(scope, "callout.fallback.close", task, after=[task.proof, task.proof_file])
    tell(scope, "call", call.division, callout=call.callout_id, call=call.id)
    return task


def _check_proof(proof: str, place: str, lat: float | None, photo: Photo | None) -> None:
    if photo is not None:
        return
    if not proof.strip():
        raise Refusal(
            "proof-empty", _("请写明怎样告知的，或附一张照片"), "",
            _("例如：敲门当面告知，户主在家"),
        )  # fmt: skip
    if not place.strip() and lat is None:
        raise Refusal(
            "proof-place", _("请写明在哪里告知的"), "", _("例如：三组张家门口，或附上位置")
        )


@action("callout.stop", journal="callout.stop")
def stop_callout(scope: Scope, callout_id: int, why: str, yielded: bool = False) -> tuple[int, int]:
    """Nothing more goes out; returns (messages sent, messages stopped).

    yielded: an exercise gave way to the real thing, and its calls say so.
    """
    callout = Callout.objects.select_for_update(of=("self",)).filter(id=callout_id).first()
    if callout is None:
        raise NotFound("callout-unknown", _("没有这次叫应"), str(callout_id))
    if not why.strip():
        raise Refusal("why-empty", _("请写明原因"), "", _("例如：发错范围"))
    # Calls first: a round that is planning holds them, and what it plans is then seen below.
    Call.objects.filter(callout=callout, state__in=OPEN_STATES).update(
        state="stopped", due_at=None, reason="yielded" if yielded else "stopped"
    )
    attempts = Attempt.objects.filter(call__callout=callout)
    stopped = attempts.filter(state="due").update(state="cancelled")
    sent = attempts.filter(submits__gt=0).count()
    callout.state, callout.ended_at = "stopped", clock.now()
    callout.save(update_fields=["state", "ended_at"])
    journal.line(scope, "callout.stop", callout, why=why, after=[sent, stopped])
    tell(scope, "callout", callout.division, callout=callout.id)
    return sent, stopped


@action(None, open_to="the SMS gateway: what arrives is stored before it is acknowledged",
        journal="callout.message", may_change_nothing=True)  # fmt: skip
def receive_message(
    scope: Scope, gateway: str, message_id: str, number: str, text: str
) -> Inbound | None:
    """Store a message once; None where this message_id is here already."""
    number = plain_number(number)
    person = county.person_by_number(scope, number)
    place = _place_of(person)
    inbound, new = Inbound.objects.get_or_create(
        gateway=gateway,
        message_id=message_id,
        defaults={
            "division": place, "world": scope.world, "number": number[:30],
            "number_hash": secrets.keyed_hash("phone", number), "person_id": person,
            "post_title": _post_of(scope, person), "text": shown(text),
        },
    )  # fmt: skip
    if not new:
        return None
    journal.line(scope, "callout.message", inbound)
    tell(scope, "desk", place, inbound=inbound.id)
    return inbound


def plain_number(number: str) -> str:
    """A number as the phone book has it: without the country's code."""
    return number.removeprefix("+86").removeprefix("86") if len(number) > 11 else number


def _place_of(person_id: int | None) -> int:
    from anlan.county.models import Person
    from anlan.ground.models import CountyFact

    if person_id is not None:
        return int(Person.objects.values_list("division", flat=True).get(id=person_id))
    return CountyFact.objects.values_list("code", flat=True).first() or 0


def _post_of(scope: Scope, person_id: int | None) -> str:
    """The post at which the sender stands now; nothing where they stand at none."""
    found = county.posts_of_person(scope, person_id, clock.now()) if person_id else []
    return found[0].title if found else ""


@action(None, open_to="the round of the room that understood the message",
        journal="callout.message.take", may_change_nothing=True)  # fmt: skip
def take_message(scope: Scope, inbound_id: int, by: str, state: str = "taken") -> bool:
    """Mark a new message as understood by `by`; False where somebody was faster."""
    changed = Inbound.objects.filter(id=inbound_id, state="new").update(state=state, taken_by=by)
    if changed:
        journal.line(scope, "callout.message.take", ("callout.inbound", inbound_id), why=by)
    return bool(changed)


@action(None, open_to="the round that found nobody who understands it",
        journal="callout.message.desk", may_change_nothing=True)  # fmt: skip
def leave_on_desk(scope: Scope, inbound_id: int, why: str) -> bool:
    """The message waits on the desk for a person."""
    row = Inbound.objects.filter(id=inbound_id, state="new").first()
    if row is None:
        return False
    row.state, row.why = "desk", why
    row.save(update_fields=["state", "why"])
    journal.line(scope, "callout.message.desk", row, why=why)
    tell(scope, "desk", row.division, inbound=row.id)
    return True


@action("desk.settle", journal="callout.message.settle")
def settle_message(scope: Scope, inbound_id: int, how: str) -> None:
    """A person has dealt with a message on the desk and says how."""
    row = Inbound.objects.select_for_update(of=("self",)).filter(id=inbound_id).first()
    if row is None or row.state != "desk":
        raise NotFound("message-settled", _("这条短信已处理"), str(inbound_id))
    if not how.strip():
        raise Refusal("how-empty", _("请写明如何处理"), "", _("例如：已电话核实，按应答登记"))
    row.state, row.taken_by, row.why = "settled", scope.actor.label[:40], how.strip()[:200]
    row.save(update_fields=["state", "taken_by", "why"])
    journal.line(scope, "callout.message.settle", row, why=how)
    tell(scope, "desk", row.division, inbound=row.id)


@action(None, open_to="rooms that open a page for the holder of a call",
        journal="callout.link")  # fmt: skip
def issue_link(
    scope: Scope, call_id: int, person_id: int, act: str, object_id: int | None = None
) -> str:
    """The address of a link for one person, one call, one kind of act."""
    call = Call.objects.filter(id=call_id).first()
    if call is None:
        raise NotFound("call-unknown", _("没有这条叫应"), str(call_id))
    made = links.make(call, person_id, act, object_id=object_id)
    journal.line(scope, "callout.link", call, why=act)
    return made


@action(None, open_to="rooms that send a call's holder one more message",
        journal="callout.send")  # fmt: skip
def send_more(scope: Scope, call_id: int, person_id: int, text: str) -> Attempt:
    """One more message to a person of a call (a headcount link, say), through the same queue."""
    call = Call.objects.select_related("callout").filter(id=call_id).first()
    if call is None:
        raise NotFound("call-unknown", _("没有这条叫应"), str(call_id))
    tries = Attempt.objects.filter(call=call, person_id=person_id).count()
    attempt = Attempt.objects.create(
        division=call.division, world=call.world, call=call, person_id=person_id, role="more",
        try_no=MORE_TRY + tries, priority=launching.PRIORITY[call.callout.grade],
        text=messages.in_world(text, call.world),
        not_before=clock.now(),
    )  # fmt: skip
    journal.line(scope, "callout.send", attempt)
    return attempt
