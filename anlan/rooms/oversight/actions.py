"""All writes of supervision: a round proposes, a person sends, the unit answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext as _

from anlan.county import queries as county
from anlan.county.models import Post
from anlan.ground import calendar, clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.scope import Scope
from anlan.rooms.oversight.decisions import TO_LEADER
from anlan.rooms.oversight.models import Letter

TEXT_CHARS_MAX = 8_000
ANSWER_CHARS_MAX = 4_000
WHY_CHARS_MAX = 200
DAYS_MAX = 60
LEADERS = ("county_leader",)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a round proposes: one target, its lead, and the words."""

    division: int
    plan_id: int
    row_key: str
    row_number: str
    row_name: str
    indicator: str
    label: str
    step: int
    before_id: int | None
    unit_id: int
    reason: str
    since: date
    facts: dict[str, Any]
    articles: list[dict[str, str]]
    title: str
    text: str
    demo: bool


@action("oversight.send", journal="oversight.propose")
def propose(scope: Scope, draft: Draft) -> Letter:
    """A letter is drafted; nothing leaves before a person sends it."""
    made = Letter.objects.create(
        division=draft.division, world=scope.world, plan_id=draft.plan_id, row_key=draft.row_key,
        row_number=draft.row_number, row_name=draft.row_name, indicator=draft.indicator,
        label=draft.label, step=draft.step, before_id=draft.before_id, unit_id=draft.unit_id,
        reason=draft.reason, since=draft.since, facts=draft.facts, articles=draft.articles,
        title=draft.title[:200], text=draft.text[:TEXT_CHARS_MAX], demo=draft.demo,
        proposed_at=clock.now(),
    )  # fmt: skip
    journal.line(scope, "oversight.propose", made, why=f"{draft.row_number} {draft.reason}")
    tell(scope, "letter", made.division, letter=made.id)
    return made


@action("oversight.send", journal="oversight.send")
def send(scope: Scope, letter_id: int, seen: int, days: int, text: str) -> Letter:
    """A person sends it: it gets its number, its addressee and its day, in working days."""
    row = _own(letter_id, "proposed")
    if row.version != seen:
        raise Conflict(
            "changed-meanwhile", _("这份函刚被别人改过"), row.title, _("请看新内容后再发")
        )
    if not 1 <= days <= DAYS_MAX:
        raise Refusal("letter-days", _("答复时限不对"), str(days), _("填 1 到 60 个工作日"))
    if not text.strip() or len(text) > TEXT_CHARS_MAX:
        raise Refusal("letter-text", _("正文是空的，或者太长"), f"{len(text)}", _("最多 8000 字"))
    post = _addressee(scope, row)
    moment = clock.now()
    counted = calendar.of_county(scope).add_working_days(clock.local(moment).date(), days)
    row.year = clock.local(moment).year
    row.serial = _serial(scope, row.year)
    row.number = f"督促函〔{row.year}〕{row.serial}号"
    row.text, row.state, row.sent_at = text.strip().replace("\r\n", "\n"), "sent", moment
    row.sent_by, row.sent_person = scope.actor.label, scope.actor.person_id
    row.to_post_id, row.to_title = post.id, post.title[:100]
    row.due_at, row.unsure = calendar.end_of_day(counted.on), not counted.sure
    return _changed(scope, row, "oversight.send", f"{row.number} {row.row_number} -> {post.title}")


def _addressee(scope: Scope, row: Letter) -> Post:
    """The unit's first post; for the second letter the leader in charge above it."""
    own = next(iter(county.posts_of_unit(scope, row.unit_id)), None)
    if own is None:
        raise Refusal("unit-no-post", _("这个单位还没有岗位，收不到函"), row.unit.name,
                      _("请先在县情里给它设岗位"))  # fmt: skip
    if row.step != TO_LEADER:
        return own
    leader = county.leader_above(scope, own.id, LEADERS)
    if leader is None:
        raise Refusal("leader-none", _("没有分管领导的岗位"), own.title,
                      _("请先在县情里给这个岗位写明上级"))  # fmt: skip
    return leader


def _serial(scope: Scope, year: int) -> int:
    """The next number of the year; two senders wait for one another."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
                       [f"letter/{scope.world}/{year}"])  # fmt: skip
    last: int | None = Letter.objects.filter(year=year).aggregate(last=Max("serial"))["last"]
    return (last or 0) + 1


@action("oversight.send", journal="oversight.drop")
def drop(scope: Scope, letter_id: int, why: str) -> Letter:
    """The draft is not sent, with its reason; it stays readable."""
    row = _own(letter_id, "proposed")
    return _close(scope, row, "dropped", "", why, "oversight.drop")


@action("oversight.answer", journal="oversight.acknowledge")
def acknowledge(scope: Scope, letter_id: int) -> Letter:
    """The unit's post has it in hand (签收)."""
    row = _own(letter_id, "sent")
    _addressed(scope, row)
    row.state, row.acknowledged_at = "acknowledged", clock.now()
    row.acknowledged_by = scope.actor.label
    return _changed(scope, row, "oversight.acknowledge", row.number)


@action("oversight.answer", journal="oversight.answer")
def answer(scope: Scope, letter_id: int, text: str, promised_on: date) -> Letter:
    """The unit answers, with the day by which it will be done. A late answer counts, and shows."""
    row = _own(letter_id, "sent", "acknowledged")
    _addressed(scope, row)
    if not text.strip() or len(text) > ANSWER_CHARS_MAX:
        raise Refusal("answer-text", _("答复是空的，或者太长"), f"{len(text)}", _("最多 4000 字"))
    moment = clock.now()
    if promised_on < clock.local(moment).date():
        raise Refusal(
            "answer-day", _("办结日期已经过了"), promised_on.isoformat(), _("填今天或以后")
        )
    if row.acknowledged_at is None:
        row.acknowledged_at, row.acknowledged_by = moment, scope.actor.label
    row.state, row.answered_at, row.answered_by = "answered", moment, scope.actor.label
    row.answer, row.promised_on = text.strip().replace("\r\n", "\n"), promised_on
    return _changed(scope, row, "oversight.answer", row.number)


@action("oversight.send", journal="oversight.close")
def close(scope: Scope, letter_id: int, why: str) -> Letter:
    """A person settles it: the answer is good enough, or the matter has ended otherwise."""
    row = _own(letter_id, "sent", "acknowledged", "answered")
    return _close(
        scope, row, "closed", "answered" if row.answered_at else "", why, "oversight.close"
    )


@action("oversight.send", journal="oversight.settle")
def settle(scope: Scope, letter_id: int, outcome: str, why: str) -> Letter:
    """What came of it by itself, as the round found: met, or a draft that fell away."""
    row = _own(letter_id, "proposed", "sent", "acknowledged", "answered")
    state = "dropped" if outcome == "dropped" else "closed"
    return _close(
        scope, row, state, "" if outcome == "dropped" else outcome, why, "oversight.settle"
    )


def _close(scope: Scope, row: Letter, state: str, outcome: str, why: str, name: str) -> Letter:
    if not why.strip():
        raise Refusal("why-empty", _("请写明原因"))
    row.state, row.outcome, row.closed_at = state, outcome, clock.now()
    row.closed_by, row.closed_why = scope.actor.label, why.strip()[:WHY_CHARS_MAX]
    return _changed(scope, row, name, why)


def _own(letter_id: int, *states: str) -> Letter:
    """The letter, locked; NotFound where it is not in the scope, Conflict in another state."""
    row = Letter.objects.select_for_update(of=("self",)).filter(id=letter_id).first()
    if row is None:
        raise NotFound("letter-unknown", _("没有这份督促函"), str(letter_id))
    if row.state not in states:
        raise Conflict("letter-state", _("这份函已不在这一步"), row.get_state_display(),
                       _("请看它现在的状态"))  # fmt: skip
    return row


def _addressed(scope: Scope, row: Letter) -> None:
    """Only the unit's own posts, and the leader whom the second letter names, answer it."""
    own = {post.id for post in county.posts_of_unit(scope, row.unit_id)} | {row.to_post_id}
    if scope.actor.post_id is None or scope.actor.post_id not in own:
        raise Denied("letter-not-yours", _("这份函不是发给您的岗位的"), row.to_title,
                     _("请由收函单位的岗位办理"))  # fmt: skip


def _changed(scope: Scope, row: Letter, name: str, why: str) -> Letter:
    row.version += 1
    row.save()
    journal.line(scope, name, row, why=why, after=row.state)
    tell(scope, "letter", row.division, letter=row.id)
    return row
