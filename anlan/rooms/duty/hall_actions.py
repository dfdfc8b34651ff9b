"""All writes of the hall: tasks and instructions, roll-calls, the log, handovers.

Posts are told by the call-out engine, so that nobody is told twice and who has not answered shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from anlan.county.models import Post
from anlan.engines.callout import actions as callout
from anlan.engines.callout.launch import Launch
from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.inputs import IN_CHINESE, shown
from anlan.ground.live import tell
from anlan.ground.policy import values
from anlan.ground.scope import Scope
from anlan.rooms.duty.log import note
from anlan.rooms.duty.models import Handover, LogLine, RollCall, Task
from anlan.rooms.duty.rows import county_division

TEXT_CHARS_MAX = 300
ANSWER_CHARS_MAX = 2_000
NOTE_CHARS_MAX = 2_000
MINUTES_MAX = 30 * 24 * 60
ITEMS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Given:
    """A task as it is given. minutes: until it must be answered. said_by: of an instruction.

    origin_kind, origin_id: what it came of.
    """

    text: str
    post_id: int
    minutes: int
    kind: str = "task"
    said_by: str = ""
    said_at: datetime | None = None
    origin_kind: str = ""
    origin_id: int | None = None


@action("duty.assign", journal="duty.task")
@override(IN_CHINESE)
def give_task(scope: Scope, given: Given) -> Task:
    """A post is told what to do and by when; the call-out engine rings it until it answers."""
    text = " ".join(shown(given.text.strip()).split())
    _check_task(given, text)
    post = Post.objects.filter(id=given.post_id, ended_at=None).first()
    if post is None or not scope.covers(post.division):
        raise NotFound("post-unknown", _("没有这个岗位，或不在您的范围内"), str(given.post_id))
    now = clock.now()
    row = Task.objects.create(
        division=post.division, world=scope.world, kind=given.kind, text=text,
        said_by=given.said_by.strip()[:100], said_at=min(given.said_at or now, now),
        origin_kind=given.origin_kind, origin_id=given.origin_id, to_post_id=post.id,
        to_title=post.title, minutes=given.minutes, due_at=now + timedelta(minutes=given.minutes),
        given_by=scope.actor.label, given_person=scope.actor.person_id,
    )  # fmt: skip
    opened = callout.open_callout(
        scope,
        Launch(
            origin_kind="duty.task", origin_id=row.id, chain="duty/task", grade="", kind="task",
            title=f"{row.get_kind_display()}：{text}"[:80], text=_message(row),
            divisions=(post.division,), key=f"duty-task-{row.id}", posts=(post.id,),
            minutes=int(values.running(scope, "duty.task_ring_min")),
        ),
    )  # fmt: skip
    row.callout_id = opened.id
    row.save(update_fields=["callout_id"])
    said = _("%(kind)s%(to)s：%(text)s") % {
        "kind": row.get_kind_display(), "to": post.title, "text": text,
    }  # fmt: skip
    note(scope, said, row, row.division)
    journal.line(scope, "duty.task", row, why=f"{row.kind} {post.title}", after=text)
    return row


def _check_task(given: Given, text: str) -> None:
    if given.kind not in ("task", "instruction"):
        raise Refusal("task-kind", _("只有交办和批示两种"), given.kind[:20])
    if not text or len(text) > TEXT_CHARS_MAX:
        raise Refusal("task-text", _("内容是空的，或者太长"), str(len(text)), _("最多 300 字"))
    if "{" in text:
        raise Refusal("launch-braces", _("短信内容不能含有花括号"), "", _("请删去花括号"))
    if not 0 < given.minutes <= MINUTES_MAX:
        raise Refusal("task-minutes", _("答复时限应在 1 分钟到 30 天之间"), str(given.minutes))
    if given.kind == "instruction" and not given.said_by.strip():
        raise Refusal("instruction-who", _("请写明是谁批示的"), "", _("例如：县长"))


def _message(row: Task) -> str:
    at = clock.local(row.due_at).strftime("%m-%d %H:%M")
    if row.kind == "instruction":
        return _("%(who)s批示：%(text)s。请于%(at)s前答复办理情况。") % {
            "who": row.said_by, "text": row.text.rstrip("。"), "at": at,
        }  # fmt: skip
    return _("县值班室交办：%(text)s。请于%(at)s前答复。") % {
        "text": row.text.rstrip("。"), "at": at,
    }  # fmt: skip


@action("duty.answer", journal="duty.task.answer")
@override(IN_CHINESE)
def answer_task(scope: Scope, task_id: int, version: int, text: str) -> Task:
    """What came of it: by the post itself, or keyed by the officer who heard it by telephone."""
    row = _own_task(task_id, version, "open", "answered")
    own = scope.actor.post_id is not None and scope.actor.post_id == row.to_post_id
    if not own and not scope.may("duty.assign"):
        raise Denied("task-not-yours", _("这件事不是交给您的岗位的"), row.to_title,
                     _("请由承办岗位答复，或由县值班员代录"))  # fmt: skip
    if not text.strip() or len(text) > ANSWER_CHARS_MAX:
        raise Refusal("answer-text", _("答复是空的，或者太长"), str(len(text)), _("最多 2000 字"))
    row.state, row.answer = "answered", shown(text.strip(), ANSWER_CHARS_MAX)
    row.answered_at, row.answered_by = clock.now(), scope.actor.label
    row.answered_via = "own" if own else "keyed"
    late = row.answered_at > row.due_at
    said = _("%(to)s答复%(kind)s%(late)s：%(text)s") % {
        "to": row.to_title, "kind": row.get_kind_display(), "text": row.answer,
        "late": _("（超时）") if late else "",
    }  # fmt: skip
    note(scope, said, row, row.division)
    return _task_changed(scope, row, "duty.task.answer", why=row.answered_via, after=row.answer)


@action("duty.assign", journal="duty.task.close")
@override(IN_CHINESE)
def close_task(scope: Scope, task_id: int, version: int) -> Task:
    """The answer is good: nothing more is to be done."""
    row = _own_task(task_id, version, "answered")
    row.state, row.closed_at, row.closed_by = "closed", clock.now(), scope.actor.label
    note(scope, _("%(kind)s办结：%(text)s") % {"kind": row.get_kind_display(), "text": row.text},
         row, row.division)  # fmt: skip
    return _task_changed(scope, row, "duty.task.close")


@action(None, open_to="the round that finds what is late", journal="duty.task.late",
        may_change_nothing=True)  # fmt: skip
@override(IN_CHINESE)
def tell_late(scope: Scope, task_id: int) -> bool:
    """Say once that nobody answered in time: in the shift's log and to the screens."""
    row = Task.objects.select_for_update(of=("self",)).get(id=task_id)
    now = clock.now()
    if row.told_late_at is not None or row.state != "open" or row.due_at > now:
        return False
    row.told_late_at = now
    said = _("%(kind)s到时没有答复：%(to)s，%(text)s") % {
        "kind": row.get_kind_display(), "to": row.to_title, "text": row.text,
    }  # fmt: skip
    note(scope, said, row, row.division)
    _task_changed(scope, row, "duty.task.late", why=said)
    return True


def _own_task(task_id: int, version: int, *states: str) -> Task:
    row = Task.objects.select_for_update(of=("self",)).filter(id=task_id).first()
    if row is None:
        raise NotFound("task-unknown", _("没有这件交办"), str(task_id))
    if row.version != version:
        raise Conflict("changed-meanwhile", _("这件事刚被别人改过"), f"v{row.version}",
                       _("请看新内容后再办"))  # fmt: skip
    if row.state not in states:
        raise Conflict("task-state", _("这件交办已不在这一步"), row.get_state_display(),
                       _("请看它现在的状态"))  # fmt: skip
    return row


def _task_changed(scope: Scope, row: Task, name: str, **line: Any) -> Task:
    row.version += 1
    row.save()
    journal.line(scope, name, row, **line)
    tell(scope, "duty", row.division, task=row.id)
    return row


@action("duty.roll_call", journal="duty.roll_call")
@override(IN_CHINESE)
def call_roll(scope: Scope, text: str, minutes: int) -> RollCall:
    """The duty posts of every township are rung at once; who answers after the minutes is late."""
    words = " ".join(shown(text.strip()).split())
    if not words or len(words) > 200 or "{" in words:
        raise Refusal("roll-text", _("点名的话是空的、太长，或有花括号"), "", _("最多 200 字"))
    if not 0 < minutes <= 24 * 60:
        raise Refusal("roll-minutes", _("应答时限应在 1 分钟到 24 小时之间"), str(minutes))
    county = county_division()
    now = clock.now()
    row = RollCall.objects.create(
        division=county, world=scope.world, text=words, minutes=minutes, asked_at=now,
        asked_by=scope.actor.label,
    )  # fmt: skip
    opened = callout.open_callout(
        scope,
        Launch(
            origin_kind="duty.rollcall", origin_id=row.id, chain="duty/roll_call", grade="",
            kind="roll_call", text=words,
            title=_("值班点名 %(at)s") % {"at": clock.local(now).strftime("%H:%M")},
             divisions=(county,), key=f"duty-roll-{row.id}", minutes=minutes,
        ),
    )  # fmt: skip
    row.callout_id = opened.id
    row.save(update_fields=["callout_id"])
    note(scope, _("点名：%(text)s") % {"text": words}, row, county)
    journal.line(scope, "duty.roll_call", row, why=words)
    return row


@action("duty.hand_over", journal="duty.log")
def write_log(scope: Scope, text: str) -> LogLine:
    """A line of the shift's log by hand; what is written stays written."""
    words = shown(text.strip(), 500)
    if not words:
        raise Refusal("log-empty", _("没有内容"), "", _("请写一句"))
    row = note(
        scope, words, None, scope.lo if scope.kind == "post" else county_division(), by_hand=True
    )
    journal.line(scope, "duty.log", row, after=words)
    return row


@action("duty.hand_over", journal="duty.handover.offer")
@override(IN_CHINESE)
def offer_handover(scope: Scope, items: list[dict[str, Any]], text: str) -> Handover:
    """Who goes signs the list of what is open, as it is at this moment."""
    if len(items) > ITEMS_MAX or len(text) > NOTE_CHARS_MAX:
        raise Refusal("handover-long", _("交接的内容太多"), str(len(items)))
    _signer(scope)
    try:
        with transaction.atomic():
            row = Handover.objects.create(
                division=county_division(), world=scope.world, items=items,
                note=shown(text.strip(), NOTE_CHARS_MAX), out_at=clock.now(),
                out_by=scope.actor.label, out_account=scope.actor.id,
                out_person=scope.actor.person_id,
            )  # fmt: skip
    except IntegrityError:
        raise Conflict("handover-open", _("已经有一份交接班在等签字"), "",
                       _("请接班人签字，或先撤回")) from None  # fmt: skip
    note(scope, _("交班签字：%(n)d 项未完") % {"n": len(items)}, row, row.division)
    journal.line(scope, "duty.handover.offer", row, after=items)
    return row


@action("duty.hand_over", journal="duty.handover.accept")
@override(IN_CHINESE)
def accept_handover(
    scope: Scope, handover_id: int, version: int, seen: str, items: list[dict[str, Any]], text: str
) -> Handover:
    """Who comes signs, under their own sign-in: the same list, and what is new since.

    items: what is open now. seen: the mark of the list that the page showed (`mark_of`): signed is
    what was read.
    """
    row = _own_handover(handover_id, version)
    _signer(scope)
    if scope.actor.id == row.out_account or scope.actor.person_id == row.out_person:
        raise Denied("handover-self", _("交班人不能替接班人签字"), scope.actor.label,
                     _("请接班人用自己的账号登录后签字"))  # fmt: skip
    if seen != mark_of(items):
        raise Conflict("handover-news", _("您看的时候又有新的变化"), "", _("请看新的清单后再签"))
    row.state, row.in_at, row.in_by = "signed", clock.now(), scope.actor.label
    row.in_account, row.in_person = scope.actor.id, scope.actor.person_id
    row.in_note, row.news = shown(text.strip(), NOTE_CHARS_MAX), news(row.items, items)
    row.version += 1
    row.save()
    note(scope, _("接班签字：%(out)s → %(in)s") % {"out": row.out_by, "in": row.in_by}, row,
         row.division)  # fmt: skip
    journal.line(scope, "duty.handover.accept", row, after=items)
    return row


@action("duty.hand_over", journal="duty.handover.withdraw")
@override(IN_CHINESE)
def withdraw_handover(scope: Scope, handover_id: int, version: int) -> Handover:
    """Whoever signed first takes it back, to sign anew later."""
    row = _own_handover(handover_id, version)
    if scope.actor.id != row.out_account:
        raise Denied("handover-not-yours", _("只有交班人能撤回"), row.out_by)
    row.state = "withdrawn"
    row.version += 1
    row.save()
    note(scope, _("交班签字撤回"), row, row.division)
    journal.line(scope, "duty.handover.withdraw", row)
    return row


def _own_handover(handover_id: int, version: int) -> Handover:
    row = Handover.objects.select_for_update(of=("self",)).filter(id=handover_id).first()
    if row is None:
        raise NotFound("handover-unknown", _("没有这份交接班"), str(handover_id))
    if row.version != version or row.state != "offered":
        raise Conflict("handover-state", _("这份交接班已经签过或撤回"), row.get_state_display())
    return row


def _signer(scope: Scope) -> None:
    """A signature is somebody's own: a person signed in at a post of the county's own desk."""
    if scope.kind != "post" or scope.actor.person_id is None:
        raise Denied("handover-person", _("请用本人的账号签字"), scope.actor.label)


def mark_of(items: list[dict[str, Any]]) -> str:
    """What a list says, as a short mark: kinds, ids and versions of its items."""
    import hashlib

    said = "|".join(f"{one['kind']}/{one['id']}/{one['version']}" for one in items)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def news(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was opened or changed since, and what was done with; each says which."""
    old = {(one["kind"], one["id"]): one for one in before}
    new = {(one["kind"], one["id"]): one for one in now}
    found = [
        {**one, "change": "new" if key not in old else "changed"}
        for key, one in new.items()
        if key not in old or old[key]["version"] != one["version"]
    ]
    return found + [{**one, "change": "done"} for key, one in old.items() if key not in new]
