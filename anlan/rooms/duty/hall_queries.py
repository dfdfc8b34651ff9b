"""What is shown of the hall: tasks with their clocks, a roll-call by township, log, handovers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from anlan.county import queries as county
from anlan.engines.callout import queries as calls
from anlan.engines.callout.models import Call
from anlan.ground import clock
from anlan.ground.errors import NotFound
from anlan.ground.policy import values
from anlan.ground.scope import Scope
from anlan.rooms.duty.models import Handover, LogLine, RollCall, Task

ROWS_MAX = 300
LOG_ROWS = 200


@dataclass(frozen=True, slots=True)
class TaskShown:
    """A task with its call. clock: running, late, in-time, late-answer; told: whether the post has
    answered the ring (which is not yet an answer to the matter)."""

    row: Task
    clock: str
    call: Call | None
    mine: bool


def tasks(scope: Scope, only_open: bool = True) -> list[TaskShown]:
    """Tasks and instructions: late ones first, then by their time, then what was answered."""
    with scope.open():
        rows = Task.objects.order_by("due_at", "id")
        rows = rows.exclude(state="closed") if only_open else rows.order_by("-id")
        found = list(rows[:ROWS_MAX])
        shown = shown_of(scope, found)
    order = {"late": 0, "running": 1}
    return sorted(shown, key=lambda one: (order.get(one.clock, 2), one.row.due_at))


def task(scope: Scope, task_id: int) -> TaskShown:
    """One task; NotFound out of scope."""
    with scope.open():
        row = Task.objects.filter(id=task_id).first()
        if row is None:
            raise NotFound("task-unknown", _("没有这件交办"), str(task_id), _("请返回列表"))
        return shown_of(scope, [row])[0]


def shown_of(scope: Scope, rows: list[Task]) -> list[TaskShown]:
    """Tasks with their clocks and calls."""
    by_callout = calls.calls_of(scope, [row.callout_id for row in rows if row.callout_id])
    now = clock.now()
    found = []
    for row in rows:
        own = by_callout.get(row.callout_id or 0, [])
        mine = scope.actor.post_id is not None and scope.actor.post_id == row.to_post_id
        found.append(TaskShown(row, task_clock(row, now), own[0] if own else None, mine))
    return found


def task_clock(row: Task, now: datetime) -> str:
    """running, late, in-time or late-answer."""
    if row.answered_at is not None:
        return "late-answer" if row.answered_at > row.due_at else "in-time"
    return "late" if row.due_at < now else "running"


def minutes_of(scope: Scope, name: str) -> tuple[int, bool]:
    """(minutes that a form proposes, whether the value is the county's own or checked)."""
    found = values.value(scope, name)
    return int(found.value), found.runs


@dataclass(frozen=True, slots=True)
class Present:
    """A township's duty post in a roll-call. state: in-time, late, absent (time is up), waiting.

    late_s: seconds past the minutes, of an answer or until now.
    """

    call: Call
    place: str
    state: str
    answered_at: datetime | None
    late_s: float


@dataclass(frozen=True, slots=True)
class Roll:
    """A roll-call with everybody in it: absent first, then late, waiting, present."""

    row: RollCall
    due_at: datetime
    posts: list[Present]

    def count(self, *states: str) -> int:
        return sum(1 for one in self.posts if one.state in states)

    @property
    def present(self) -> int:
        return self.count("in-time", "late")

    @property
    def late(self) -> int:
        return self.count("late")

    @property
    def absent(self) -> int:
        return self.count("absent")

    @property
    def waiting(self) -> int:
        return self.count("waiting")


ROLL_ORDER = {"absent": 0, "waiting": 1, "late": 2, "in-time": 3}


def rolls(scope: Scope) -> list[Roll]:
    """Roll-calls, newest first."""
    with scope.open():
        rows = list(RollCall.objects.order_by("-id")[:30])
        return _rolls(scope, rows)


def roll(scope: Scope, rollcall_id: int) -> Roll:
    """One roll-call; NotFound out of scope."""
    with scope.open():
        row = RollCall.objects.filter(id=rollcall_id).first()
        if row is None:
            raise NotFound("roll-unknown", _("没有这次点名"), str(rollcall_id), _("请返回列表"))
        return _rolls(scope, [row])[0]


def _rolls(scope: Scope, rows: list[RollCall]) -> list[Roll]:
    by_callout = calls.calls_of(scope, [row.callout_id for row in rows if row.callout_id])
    now = clock.now()
    every = [call for found in by_callout.values() for call in found]
    names = county.place_names(scope, (call.division for call in every))
    return [_roll(row, by_callout.get(row.callout_id or 0, []), names, now) for row in rows]


def _roll(row: RollCall, own: list[Call], names: dict[int, str], now: datetime) -> Roll:
    due = row.asked_at + timedelta(minutes=row.minutes)
    posts = [_present(call, names.get(call.division, ""), due, now) for call in own]
    posts.sort(key=lambda one: (ROLL_ORDER[one.state], -one.late_s, one.call.division))
    return Roll(row, due, posts)


def _present(call: Call, place: str, due: datetime, now: datetime) -> Present:
    """An answer by the post itself counts; one by a superior says only that the post was silent."""
    own = call.answered_at if call.answered_role in ("first", "deputy") else None
    late_s = ((own or now) - due).total_seconds()
    if own is not None:
        return Present(call, place, "late" if late_s > 0 else "in-time", own, max(late_s, 0))
    return Present(call, place, "absent" if late_s > 0 else "waiting", None, max(late_s, 0))


def log(scope: Scope, before: int | None = None) -> list[LogLine]:
    """The shift's log, newest first. before: only lines older than this id."""
    with scope.open():
        rows = LogLine.objects.order_by("-id")
        return list((rows.filter(id__lt=before) if before else rows)[:LOG_ROWS])


def log_since(scope: Scope, since: datetime) -> list[LogLine]:
    """Lines since a moment, oldest first."""
    with scope.open():
        return list(LogLine.objects.filter(at__gte=since).order_by("id")[:ROWS_MAX])


def handovers(scope: Scope) -> list[Handover]:
    """Handovers: one that waits for its second signature first, then the newest."""
    with scope.open():
        rows = list(Handover.objects.order_by("-id")[:30])
    return sorted(rows, key=lambda row: (row.state != "offered", -row.id))


def handover(scope: Scope, handover_id: int) -> Handover:
    """One handover; NotFound out of scope."""
    with scope.open():
        row = Handover.objects.filter(id=handover_id).first()
        if row is None:
            raise NotFound("handover-unknown", _("没有这份交接班"), str(handover_id))
        return row
