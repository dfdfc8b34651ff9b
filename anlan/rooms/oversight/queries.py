"""Reads of supervision: what is pressed, since when, what came of it, what cannot be pressed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from anlan.county import queries as county
from anlan.ground import calendar, clock
from anlan.ground.errors import NotFound
from anlan.ground.papers import Paper
from anlan.ground.policy import values
from anlan.ground.scope import Scope
from anlan.rooms.oversight.decisions import OPEN_STATES, TO_LEADER, clock_of
from anlan.rooms.oversight.draft import until
from anlan.rooms.oversight.models import Letter
from anlan.rooms.workplan import board_queries
from anlan.rooms.workplan.board_queries import TargetNow
from anlan.rooms.workplan.exports import Listing

LETTERS_MAX = 300
DAYS_VALUE = "oversight.answer_working_days"


@dataclass(frozen=True, slots=True)
class Shown:
    """A letter with its clock. clock: running, overdue, in-time, late-answer, none; left: working
    days until its answer is due, negative when it is over."""

    letter: Letter
    clock: str
    left: int | None
    mine: bool


def letters(scope: Scope) -> list[Shown]:
    """Letters of the scope: open ones first, overdue before the others, then the newest."""
    with scope.open():
        rows = list(Letter.objects.select_related("unit").order_by("-id")[:LETTERS_MAX])
        own = calendar.of_county(scope)
        now = clock.now()
        found = [_shown(scope, row, own, now) for row in rows]
    order = {"overdue": 0, "running": 1}
    return sorted(
        found, key=lambda one: (one.letter.state not in OPEN_STATES, order.get(one.clock, 2))
    )


def letter(scope: Scope, letter_id: int) -> Shown:
    """One letter; NotFound out of scope."""
    with scope.open():
        row = Letter.objects.select_related("unit", "before").filter(id=letter_id).first()
        if row is None:
            raise NotFound("letter-unknown", _("没有这份督促函"), str(letter_id))
        return _shown(scope, row, calendar.of_county(scope), clock.now())


def _shown(scope: Scope, row: Letter, own: calendar.Calendar, now: datetime) -> Shown:
    said = clock_of(row.state, row.due_at, row.answered_at, now)
    left = None
    if said in ("running", "overdue") and row.due_at is not None:
        today = clock.local(now).date()
        last = clock.local(row.due_at - timedelta(days=1)).date()
        left = own.working_days_between(today, last)
    mine = scope.actor.post_id is not None and (
        scope.actor.post_id == row.to_post_id
        or scope.actor.post_id in {post.id for post in county.posts_of_unit(scope, row.unit_id)}
    )
    return Shown(row, said, left, mine)


def about(scope: Scope, row_key: str, indicator: str) -> list[Letter]:
    """Every letter about a target, the oldest first."""
    with scope.open():
        rows = Letter.objects.filter(row_key=row_key, indicator=indicator)
        return list(rows.select_related("unit").order_by("id"))


def not_pressed(scope: Scope) -> list[TargetNow]:
    """Late targets whose lead nobody confirmed: they are shown, and no letter is drafted."""
    with scope.open():
        found = board_queries.targets(scope, lambda answers: not answers.confirmed)
        return [one for one in found if one.late.late]


def answer_days(scope: Scope) -> tuple[int, bool]:
    """(working days that the form proposes, whether the value is the county's own or checked)."""
    found = values.value(scope, DAYS_VALUE)
    return int(found.value), found.runs


def last_day(row: Letter) -> date | None:
    """The last day on which its answer is in time; None before it is sent."""
    return None if row.due_at is None else clock.local(row.due_at - timedelta(days=1)).date()


@dataclass(frozen=True, slots=True)
class Standing:
    """A letter for the list: how many days its target is past its day, and what came of it."""

    shown: Shown
    days: int
    came: str


def standings(scope: Scope, state: str = "") -> list[Standing]:
    """What is pressed, since when, and what came of it; state: one only."""
    with scope.open():
        today = clock.local(clock.now()).date()
        found = [one for one in letters(scope) if not state or one.letter.state == state]
    return [Standing(one, _days_past(one.letter, today), came_of(one.letter)) for one in found]


def _days_past(row: Letter, today: date) -> int:
    """Calendar days from the target's last day until today, or until the letter was settled."""
    until_ = clock.local(row.closed_at).date() if row.closed_at else today
    return max(0, (until_ - row.since).days)


def came_of(row: Letter) -> str:
    """What came of a letter, in a few words; empty while nothing did."""
    if row.outcome == "met":
        return _("目标已不再过期")
    if row.closed_why:
        return row.closed_why
    if row.answered_at and row.promised_on:
        return _("答复承诺 %(d)s 前办结") % {"d": row.promised_on.isoformat()}
    return _("还没有答复") if row.sent_at else ""


def listing(scope: Scope, state: str = "") -> Listing:
    """The list as it is printed."""
    found = standings(scope, state)
    rows = []
    for one in found:
        row, due = one.shown.letter, last_day(one.shown.letter)
        sent = clock.local(row.sent_at).strftime("%Y-%m-%d") if row.sent_at else _("未发")
        to = row.to_title if row.step == TO_LEADER and row.to_title else row.unit.name
        over = _("，过期没有答复") if one.shown.clock == "overdue" else ""
        rows.append((
            row.number or "—", f"{row.row_number} {row.row_name}：{row.label}", to,
            _("%(d)s，已过 %(n)d 天") % {"d": row.since.isoformat(), "n": one.days}, sent,
            f"{row.get_state_display()}{over}", due.isoformat() if due else "—", one.came or "—",
        ))  # fmt: skip
    open_ = sum(1 for one in found if one.shown.letter.state in OPEN_STATES[1:])
    late = sum(1 for one in found if one.shown.clock == "overdue")
    lead = _("共 %(n)d 份，在办 %(o)d 份，其中过期没有答复 %(l)d 份。") % {
        "n": len(found), "o": open_, "l": late,
    }  # fmt: skip
    heads = (_("文号"), _("督促什么"), _("发给谁"), _("过期自"), _("发出"), _("状态"),
             _("答复时限"), _("结果"))  # fmt: skip
    demo = any(one.shown.letter.demo for one in found)
    return Listing(_("督办情况表"), lead, heads, tuple(rows), _("安澜·督办"), demo,
                   shares=(15, 30, 12, 14, 9, 10, 10, 20))  # fmt: skip


def paper(shown: Shown) -> Paper:
    """The letter as an official paper; a draft says that it is one."""
    row = shown.letter
    draft = row.sent_at is None
    to = row.to_title if row.step == TO_LEADER and row.to_title else row.unit.name
    words, due = row.text.split("\n"), last_day(row)
    if due is not None:
        words.append(until(due, row.unsure))
    return Paper(
        row.title + (_("（草稿，未发）") if draft else ""), words, clock.now(),
        _("安澜·督办"), number=row.number, to=to, signed_by=row.sent_by,
        signed_on=clock.local(row.sent_at).date() if row.sent_at else None, demo=row.demo,
    )  # fmt: skip
