"""All writes of exercises: start, move the clock, put something in, end, record, findings.

The exercise itself, who took part and what was found are rows of the real world; what is put in is
a row of the exercise's own. Each is one transaction with its journal line in its world.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from anlan.county.models import Post
from anlan.engines.callout.models import Call
from anlan.ground import clock, journal, worlds
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.models import CountyFact, World
from anlan.ground.places import county_of
from anlan.ground.scope import Scope
from anlan.rooms.review.decisions import Line
from anlan.rooms.review.models import (
    FORMS,
    INJECTS,
    TOPICS,
    Exercise,
    Finding,
    Inject,
    Participation,
)
from anlan.rooms.review.nights import DELAY_S_MAX, Night

TEXT_CHARS_MAX = 2000
FINDING_CHARS_MAX = 500
INJECTS_MAX = 300
AHEAD_MAX = timedelta(days=3)
RINGING = ("waiting", "ringing", "fallback")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a controller asks for. starts_at None: the real time; night: whose events come in."""

    kind: str
    name: str
    form: str
    topics: tuple[str, ...] = ()
    rate: float = 1.0
    starts_at: datetime | None = None
    seed: int = 1
    player: bool = True
    silent: float = 0.3
    delay_s: tuple[int, int] = (20, 240)
    source: str = ""
    night: Night | None = None
    replay: bool = False
    driven: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an exercise, read in its world. people: persons who acted in it."""

    figures: dict[str, object]
    people: int
    places: tuple[tuple[int, datetime], ...]


@action("exercise.control", journal="exercise.start")
def start(scope: Scope, plan: Plan) -> Exercise:
    """A world is opened for it, and its row in the real one says what it is held for."""
    _real(scope)
    _check(plan)
    if plan.kind == "live" and _really_calling():
        raise Conflict(
            "real-first", _("真实叫应正在进行，不能开始实叫"), "", _("等它办完，或先做推演")
        )
    space = worlds.open_world(plan.kind, plan.name, plan.starts_at, plan.rate, plan.driven)
    row = Exercise.objects.create(
        division=_county(scope), world=0, space=space, kind=plan.kind, name=plan.name.strip(),
        form=plan.form, topics=list(plan.topics), source=plan.source, seed=plan.seed,
        player=plan.player and plan.kind == "tabletop", silent=plan.silent,
        delay_low_s=plan.delay_s[0], delay_high_s=plan.delay_s[1], replay=plan.replay,
        started_at=clock.now(), started_by=scope.actor.label,
    )  # fmt: skip
    journal.line(
        scope, "exercise.start", row, why=f"{plan.kind} {row.name} world {space}",
        after=[plan.kind, plan.form, list(plan.topics), plan.seed, plan.silent],
    )  # fmt: skip
    tell(scope, "exercise", row.division, exercise=space)
    return row


def _check(plan: Plan) -> None:
    if plan.form not in dict(FORMS):
        raise Refusal("exercise-form", _("请选择演练形式"), plan.form)
    if set(plan.topics) - set(dict(TOPICS)):
        raise Refusal("exercise-topic", _("没有这个演练重点"), "、".join(plan.topics))
    low, high = plan.delay_s
    if not (0 <= plan.silent <= 1 and 0 <= low <= high <= DELAY_S_MAX):
        raise Refusal(
            "exercise-player", _("演员的快慢或不应答的比例不对"), f"{plan.silent} {low}–{high}",
            _("比例 0 到 1，快慢 0 到 3600 秒"),
        )  # fmt: skip


def _really_calling() -> bool:
    return Call.objects.filter(
        callout__state="open", state__in=RINGING, due_at__isnull=False
    ).exists()


def _real(scope: Scope) -> None:
    if scope.world != 0:
        raise Refusal("other-world", _("这一步在真实的县里办"), "", _("请先回到真实"))


def _within(scope: Scope) -> World:
    """The open world that the scope stands in."""
    return worlds.world_open(scope.world)


def _controls(scope: Scope, space: int) -> None:
    """Who moves an exercise's clock or ends it stands where all of it lies."""
    row = Exercise.objects.filter(space=space).first()
    if row is not None and not scope.covers(row.division):
        raise Denied("not-yours", _("这场演练不归您组织"), row.name, _("请由组织它的岗位办理"))


def _county(scope: Scope) -> int:
    if scope.kind == "post":
        return county_of(scope.lo)
    return CountyFact.objects.values_list("code", flat=True).first() or 0


@action("exercise.read", journal="exercise.enter")
def enter(scope: Scope) -> World:
    """Somebody's screen stands in the exercise from now on; a line of its journal says so."""
    found = _within(scope)
    journal.line(
        scope, "exercise.enter", ("review.exercise", scope.world), division=max(scope.lo, 0)
    )
    return found


@action("exercise.control", journal="exercise.clock")
def set_rate(scope: Scope, rate: float) -> World:
    """Faster, slower, or 0: pause."""
    _controls(scope, scope.world)
    moved = worlds.set_rate(scope.world, rate)
    return _moved(scope, moved, f"rate {rate:g}")


@action("exercise.control", journal="exercise.clock")
def jump(scope: Scope, minutes: int) -> World:
    """The clock goes on by so many minutes at once; what falls due on the way is due now."""
    _controls(scope, scope.world)
    moved = worlds.jump(scope.world, timedelta(minutes=minutes))
    return _moved(scope, moved, f"jump {minutes} min")


def _moved(scope: Scope, moved: World, how: str) -> World:
    journal.line(scope, "exercise.clock", ("review.exercise", scope.world), why=how)
    tell(scope, "exercise", max(scope.lo, 0), exercise=scope.world)
    return moved


@action("exercise.control", journal="exercise.inject")
def add_inject(
    scope: Scope,
    kind: str,
    text: str,
    *,
    due_at: datetime | None = None,
    post_id: int | None = None,
    source: str = "",
) -> Inject:
    """Something that will come in at a time of the exercise's clock (None: now).

    message, bulletin: it arrives on the desk. road: the same, and it says so. silent: from then on
    nobody of the post answers; only the player of a 推演 can be told that.
    """
    own = _within(scope)
    _controls(scope, scope.world)
    now = clock.now()
    moment = due_at or now
    _check_inject(own, kind, text, post_id, moment - now)
    if Inject.objects.count() >= INJECTS_MAX:
        raise Refusal("injects-many", _("给出的情况太多"), f"{INJECTS_MAX}", _("请先取消一些"))
    post = Post.objects.filter(id=post_id, ended_at=None).first() if post_id else None
    if post_id and post is None:
        raise NotFound("post-unknown", _("没有这个岗位"), str(post_id))
    row = Inject.objects.create(
        division=post.division if post else _county(scope), world=scope.world, kind=kind,
        text=text.strip(), post_id=post_id, post_title=post.title if post else "",
        due_at=max(moment, now), made_by=scope.actor.label, source=source[:300],
    )  # fmt: skip
    journal.line(scope, "exercise.inject", row, why=kind, after=row.text)
    tell(scope, "exercise", row.division, exercise=scope.world)
    return row


def _check_inject(own: World, kind: str, text: str, post_id: int | None, ahead: timedelta) -> None:
    if kind not in dict(INJECTS):
        raise Refusal("inject-kind", _("没有这种情况"), kind)
    if not 0 < len(text.strip()) <= TEXT_CHARS_MAX:
        raise Refusal("inject-text", _("请写明情况"), "", _("1 到 2000 字"))
    if ahead > AHEAD_MAX:
        raise Refusal("inject-ahead", _("时间太远"), str(ahead), _("三天以内"))
    if kind == "silent" and own.kind != "tabletop":
        raise Refusal("inject-live", _("实叫里的人是真的，不能让他不应答"), own.name)
    if kind == "silent" and not post_id:
        raise Refusal("inject-post", _("请选哪个岗位叫不通"))


@action("exercise.control", journal="exercise.inject.cancel")
def cancel_inject(scope: Scope, inject_id: int) -> Inject:
    """What has not come in yet does not."""
    row = Inject.objects.select_for_update(of=("self",)).filter(id=inject_id).first()
    if row is None:
        raise NotFound("inject-unknown", _("没有这条情况"), str(inject_id))
    if row.state != "due":
        raise Conflict("inject-state", _("这条情况已经给出或取消"), row.get_state_display())
    row.state = "cancelled"
    row.version += 1
    row.save(update_fields=["state", "version"])
    journal.line(scope, "exercise.inject.cancel", row)
    tell(scope, "exercise", row.division, exercise=scope.world)
    return row


@action(None, open_to="the round that gives what is due in an exercise", journal="exercise.given",
        may_change_nothing=True)  # fmt: skip
def mark_given(scope: Scope, inject_id: int, inbound_id: int | None) -> bool:
    """It has come in, as the message with that id where it is one."""
    changed = Inject.objects.filter(id=inject_id, state="due").update(
        state="given", given_at=clock.now(), inbound_id=inbound_id
    )
    if changed:
        journal.line(scope, "exercise.given", ("review.inject", inject_id))
        tell(scope, "exercise", 0, exercise=scope.world)
    return bool(changed)


@action("exercise.control", journal="exercise.stop", may_change_nothing=True)
def stop(scope: Scope, space: int, why: str = "stopped") -> Exercise:
    """It ends and its clock stands still; nothing of it goes out any more. Safe to repeat."""
    _controls(scope, space)
    return _end(scope, space, why)


@action(None, open_to="the round that sees a real call-out start", journal="exercise.yield",
        may_change_nothing=True)  # fmt: skip
def give_way(scope: Scope, space: int) -> Exercise:
    """The real thing has begun: a 实叫 ends at once."""
    return _end(scope, space, "yielded")


def _end(scope: Scope, space: int, why: str) -> Exercise:
    _real(scope)
    row = Exercise.objects.select_for_update(of=("self",)).filter(space=space).first()
    if row is None:
        raise NotFound("exercise-unknown", _("没有这场演练"), str(space), _("请返回演练列表"))
    if worlds.end(space):
        row.ended_at, row.ended_by, row.ended_why = clock.now(), scope.actor.label, why
        row.version += 1
        row.save()
        journal.line(scope, "exercise.stop", row, why=why)
        tell(scope, "exercise", row.division, exercise=space)
        tell(scope.in_world(space), "exercise", row.division, exercise=space)
    return row


@action(None, open_to="the round that records what came of an exercise", journal="exercise.record",
        may_change_nothing=True)  # fmt: skip
def record(scope: Scope, space: int, outcome: Outcome) -> Exercise:
    """The evidence in the real world: figures, how many practised, which places took part. Once."""
    _real(scope)
    row = Exercise.objects.select_for_update(of=("self",)).get(space=space)
    if row.recorded_at is not None:
        return row
    row.recorded_at, row.figures, row.people = clock.now(), outcome.figures, outcome.people
    row.version += 1
    row.save()
    if not row.replay:
        Participation.objects.bulk_create(
            Participation(division=place, world=0, exercise=row, at=at)
            for place, at in outcome.places
        )
    journal.line(
        scope, "exercise.record", row, why=f"{outcome.people} people, {len(outcome.places)} places",
        after=outcome.figures,
    )  # fmt: skip
    tell(scope, "exercise", row.division, exercise=space)
    tell(scope, "indicator", row.division)
    return row


# findings


@action("exercise.control", journal="exercise.finding")
def write_finding(
    scope: Scope,
    space: int,
    text: str,
    owner_post_id: int,
    due_on: date,
    line: Line | None = None,
) -> Finding:
    """What is to be mended, by whom, until when. line: the comparison's line that it stands on."""
    _real(scope)
    exercise = Exercise.objects.filter(space=space).first()
    post = Post.objects.filter(id=owner_post_id, ended_at=None).first()
    if exercise is None or post is None:
        raise NotFound("finding-place", _("没有这场演练或这个岗位"), f"{space} {owner_post_id}")
    if not 0 < len(text.strip()) <= FINDING_CHARS_MAX:
        raise Refusal("finding-text", _("请写明问题"), "", _("1 到 500 字"))
    if due_on < clock.local(clock.now()).date():
        raise Refusal("finding-day", _("整改日期已经过了"), due_on.isoformat(), _("今天或以后"))
    code = line.code if line else ""
    if code and Finding.objects.filter(exercise=exercise, code=code).exists():
        raise Conflict("finding-known", _("这一条已记为问题"), text[:60])
    row = Finding.objects.create(
        division=post.division, world=0, exercise=exercise, code=code, text=text.strip(),
        asked=line.asked[:200] if line else "", done=line.done[:200] if line else "",
        owner_post_id=post.id, owner_title=post.title, due_on=due_on,
        written_by=scope.actor.label,
    )  # fmt: skip
    journal.line(scope, "exercise.finding", row, why=row.text, after=[post.title, str(due_on)])
    tell(scope, "exercise", row.division, exercise=space)
    return row


@action("exercise.control", journal="exercise.finding.close")
def close_finding(scope: Scope, finding_id: int, how: str) -> Finding:
    """It was mended, and how."""
    _real(scope)
    row = Finding.objects.select_for_update(of=("self",)).filter(id=finding_id).first()
    if row is None:
        raise NotFound("finding-unknown", _("没有这个问题"), str(finding_id))
    if row.state != "open":
        raise Conflict("finding-closed", _("这个问题已经整改"), row.closed_by)
    if not 0 < len(how.strip()) <= FINDING_CHARS_MAX:
        raise Refusal("how-empty", _("请写明怎样整改的"), "", _("1 到 500 字"))
    row.state, row.closed_at, row.closed_by = "closed", clock.now(), scope.actor.label
    row.closed_how = how.strip()
    row.version += 1
    row.save()
    journal.line(scope, "exercise.finding.close", row, why=row.closed_how)
    tell(scope, "exercise", row.division, exercise=row.exercise.space)
    return row


def night_injects(night: Night) -> Sequence[tuple[str, str, datetime, str, str]]:
    """(kind, text, at, post title, source) of what a recorded night puts on the desk."""
    return [
        (event.kind, event.text, event.at, event.post, event.source)
        for event in night.events if event.kind != "all_clear"
    ]  # fmt: skip
