"""Reads of supervision: what is pressed, since when, what came of it, what cannot be pressed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from anlan.county import queries as county
from anlan.ground import calendar, clock
from anlan.ground.errors import NotFound
from anlan.ground.papers import Paper
from anlan.ground.policy import values
from anlan.ground.scope import Scope
from anlan.rooms.oversight.decisions import OPEN_STATES, TO_LEADER, clock_of
from anlan.rooms.oversight.models import Letter
from anlan.rooms.workplan import board_queries
from anlan.rooms.workplan.board_queries import TargetNow

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


def paper(shown: Shown) -> Paper:
    """The letter as an official paper; a draft says that it is one."""
    row = shown.letter
    draft = row.sent_at is None
    to = row.to_title if row.step == TO_LEADER and row.to_title else row.unit.name
    return Paper(
        row.title + (_("（草稿，未发）") if draft else ""), row.text.split("\n"), clock.now(),
        _("安澜·督办"), number=row.number, to=to, signed_by=row.sent_by,
        signed_on=clock.local(row.sent_at).date() if row.sent_at else None, demo=row.demo,
    )  # fmt: skip
