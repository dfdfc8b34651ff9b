"""What is shown of exercises: the list, one with its clock, its steps, the comparison, findings.

An exercise is read under its own world's scope, and the row that says what it is stands in the
real one, where every world reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Min, Q

from anlan.county import queries as county
from anlan.county.models import Post
from anlan.engines.callout.models import Alarm, Answer, Attempt, Call, Callout, Fallback, Inbound
from anlan.ground import clock
from anlan.ground.errors import NotFound
from anlan.ground.models import JournalLine, World
from anlan.ground.places import level, township_of
from anlan.ground.policy import values
from anlan.ground.scope import Scope
from anlan.rooms.evacuation.models import Headcount, Opening, Order
from anlan.rooms.review import decisions
from anlan.rooms.review.actions import Outcome
from anlan.rooms.review.decisions import Called, Injected, Line, Step, Zoned
from anlan.rooms.review.models import Exercise, Finding, Inject, Participation
from anlan.rooms.warning.models import Approval, Bulletin, Warning

ROWS_MAX = 200
MOVING = ("red", "orange")


@dataclass(frozen=True, slots=True)
class Row:
    """An exercise of the list."""

    exercise: Exercise
    world: World
    places: int
    findings: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One exercise with what its page needs. now: its clock."""

    exercise: Exercise
    world: World
    now: datetime
    injects: list[Inject]
    steps: list[Step]
    calls: dict[str, int]


def exercises(scope: Scope) -> list[Row]:
    """Open ones first, then the newest."""
    with scope.open():
        rows = list(Exercise.objects.order_by("-id")[:ROWS_MAX])
        spaces = World.objects.in_bulk([row.space for row in rows])
        places: dict[int, int] = {}
        for ident in Participation.objects.filter(exercise__in=rows).values_list(
            "exercise_id", flat=True
        ):
            places[ident] = places.get(ident, 0) + 1
        open_findings: dict[int, int] = {}
        for ident in Finding.objects.filter(exercise__in=rows, state="open").values_list(
            "exercise_id", flat=True
        ):
            open_findings[ident] = open_findings.get(ident, 0) + 1
    found = [
        Row(row, spaces[row.space], places.get(row.id, 0), open_findings.get(row.id, 0))
        for row in rows
    ]
    return sorted(found, key=lambda row: (row.world.ended_at is not None, -row.exercise.id))


def exercise(scope: Scope, space: int) -> Exercise:
    """The exercise whose world this is; NotFound where there is none."""
    with scope.open():
        row = Exercise.objects.filter(space=space).first()
    if row is None:
        raise NotFound("exercise-unknown", "没有这场演练", str(space), "请返回演练列表")
    return row


def shown(scope: Scope) -> Shown:
    """The exercise that the scope stands in."""
    with scope.open():
        row = exercise(scope, scope.world)
        own = World.objects.get(id=scope.world)
        injects = list(Inject.objects.order_by("due_at", "id")[:ROWS_MAX])
        return Shown(row, own, clock.now(), injects, steps(scope), calls(scope))


def injects_due(scope: Scope) -> list[Inject]:
    """What has come due and was not given yet, locked."""
    with scope.open():
        return list(
            Inject.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state="due", due_at__lte=clock.now()).order_by("due_at", "id")[:50]
        )  # fmt: skip


def silent_posts(scope: Scope) -> set[int]:
    """Posts of which nobody shall answer any more."""
    with scope.open():
        given = Inject.objects.filter(kind="silent", state="given", post_id__isnull=False)
        return {int(post) for post in given.values_list("post_id", flat=True) if post}


def number_of_post(scope: Scope, post_id: int) -> str:
    """The number of whoever is to be called first at the post; empty where nobody is."""
    people = county.contacts(scope, [post_id], clock.now())[post_id]
    return people[0].number if people else ""


def post_by_title(scope: Scope, title: str) -> int | None:
    """The post that bears the title; None where none or several do."""
    with scope.open():
        found = list(
            Post.objects.filter(title=title, ended_at=None).values_list("id", flat=True)[:2]
        )
    return int(found[0]) if len(found) == 1 else None


def posts(scope: Scope) -> list[Post]:
    """Posts that a controller may choose, county first."""
    with scope.open():
        rows = Post.objects.filter(ended_at=None).exclude(
            kind__in=("village_head", "village_helper")
        )
        return list(rows.order_by("division", "order", "id")[:ROWS_MAX])


# what happened


def steps(scope: Scope) -> list[Step]:
    """The steps of the night in their order, each where it happened.

    judged and run come from what the bureau's text itself says (grade and amount; its forecast),
    at the moment it was read: no model of ours has run.
    """
    with scope.open():
        found = {**_desk_steps(), **_call_steps(), **_moving_steps()}
    return [Step(name, *told) for name in decisions.STEPS if (told := found.get(name))]


def _desk_steps() -> dict[str, tuple[datetime, int] | None]:
    texts = list(Bulletin.objects.order_by("received_at", "id"))
    drafts = list(Warning.objects.order_by("id").values_list("created_at", flat=True))
    yes = list(
        Approval.objects.filter(act="release")
        .order_by("approved_at")
        .values_list("approved_at", flat=True)
    )
    read = [text for text in texts if text.reading.get("grade") or text.reading.get("observed")]
    foretold = [text for text in texts if text.reading.get("forecast_hours")]
    return {
        "input": _first([text.received_at for text in texts]),
        "judged": _first([text.received_at for text in read]),
        "run": _first([text.received_at for text in foretold]),
        "draft": _first(drafts), "approved": _first(yes),
    }  # fmt: skip


def _call_steps() -> dict[str, tuple[datetime, int] | None]:
    rung = Call.objects.filter(callout__kind="warning", started_at__isnull=False)
    answers = Answer.objects.filter(call__callout__kind="warning", counts=True)
    clear = Callout.objects.filter(kind="all_clear")
    first = rung.aggregate(at=Min("started_at"))["at"]
    last = answers.aggregate(at=Max("happened_at"))["at"]
    over = clear.aggregate(at=Max("opened_at"))["at"]
    told = Call.objects.filter(callout__in=clear).count()
    return {
        "first_ring": (first, rung.count()) if first else None,
        "last_answer": (last, answers.values("call_id").distinct().count()) if last else None,
        "all_clear": (over, told) if over else None,
    }  # fmt: skip


def _moving_steps() -> dict[str, tuple[datetime, int] | None]:
    given = Order.objects.aggregate(at=Min("given_at"))["at"]
    counted = Opening.objects.filter(counted_at__isnull=False)
    last = counted.aggregate(at=Max("counted_at"))["at"]
    return {
        "order": (given, Order.objects.count()) if given else None,
        "counted": (last, counted.count()) if last else None,
    }


def _first(moments: list[datetime]) -> tuple[datetime, int] | None:
    return (moments[0], len(moments)) if moments else None


def calls(scope: Scope) -> dict[str, int]:
    """How the posts of the warnings ended: answered, reached by a fallback, nobody."""
    with scope.open():
        rows = Call.objects.filter(callout__kind="warning")
        states = list(rows.values_list("state", flat=True))
        knocked = Fallback.objects.filter(call__in=rows).exclude(closed_at=None).count()
    return {
        "posts": len(states), "answered": sum(s in ("answered", "help") for s in states),
        "fallback": knocked, "nobody": states.count("nobody"),
    }  # fmt: skip


def headcount(scope: Scope) -> dict[str, int]:
    """The zones' figures together; they add up where each does."""
    with scope.open():
        rows = list(Opening.objects.all())
    return {
        "to_move": sum(r.to_move for r in rows), "sheltered": sum(r.sheltered for r in rows),
        "relatives": sum(r.relatives for r in rows), "elsewhere": sum(r.elsewhere for r in rows),
        "still_there": sum(r.refused + r.missing + r.not_yet for r in rows),
    }  # fmt: skip


def report(scope: Scope) -> dict[str, object]:
    """`anlan.replay/1` of the scope's world; seconds by the exercise's own clock."""
    row = exercise(scope, scope.world)
    found = steps(scope)
    began = found[0].at if found else None
    return {
        "schema": "anlan.replay/1", "world": scope.world, "seed": row.seed,
        "steps": [
            {"step": step.step, "at": clock.local(step.at).isoformat(),
             "seconds_from_start": round((step.at - began).total_seconds()) if began else 0,
             "count": step.count}
            for step in found
        ],
        "calls": calls(scope), "headcount": headcount(scope),
    }  # fmt: skip


def outcome(scope: Scope) -> Outcome:
    """What is recorded of an exercise: its report, who acted, and which places' own people did.

    A person acts by an account (a line of the exercise's journal), or in a 实叫 by answering or
    counting. What the player of a 推演 answered is nobody's act.
    """
    with scope.open():
        live = exercise(scope, scope.world).kind == "live"
        lines = JournalLine.objects.filter(world=scope.world, actor_kind="account", result="done")
        acts = lines.exclude(action__startswith="exercise.")
        people = {("account", ident) for ident in acts.values_list("actor_id", flat=True)}
        by_post = dict(acts.exclude(post_id=None).values_list("post_id").annotate(at=Min("at")))
        at_place = {
            place: by_post[ident]
            for ident, place in Post.objects.filter(id__in=by_post).values_list("id", "division")
        }
        if live:
            people |= {("person", ident) for ident in _answering()}
            at_place |= _places_that_answered() | at_place
    places = tuple(
        sorted((place, at) for place, at in at_place.items() if level(place) != "county")
    )
    return Outcome(report(scope), len(people), places)


def _answering() -> set[int]:
    answers = Answer.objects.filter(via__in=("sms", "link"), person_id__isnull=False)
    counts = Headcount.objects.filter(person_id__isnull=False)
    return {
        int(ident) for rows in (answers, counts)
        for ident in rows.values_list("person_id", flat=True) if ident is not None
    }  # fmt: skip


def _places_that_answered() -> dict[int, datetime]:
    rows = Answer.objects.filter(counts=True, via__in=("sms", "link"))
    found: dict[int, datetime] = {}
    for place, at in rows.order_by("-happened_at").values_list("division", "happened_at"):
        found[int(place)] = at
    return found


# the comparison


def comparison(scope: Scope) -> list[Line]:
    """What was done and when, held against the county's minutes, the orders and what was put in."""
    with scope.open():
        rows = list(
            Call.objects.filter(callout__kind="warning").select_related("callout")
            .order_by("level", "division", "id")
        )  # fmt: skip
        tasks = {task.call_id: task for task in Fallback.objects.filter(call__in=rows)}
        grades = {row.callout.grade for row in rows}
        saved = all(values.value(scope, f"callout.minutes_{grade}").runs for grade in grades)
        night = decisions.Night(
            clock.now(), steps(scope), [_called(row, tasks.get(row.id)) for row in rows],
            [
                Zoned(row.zone.name, row.to_move, row.refused + row.missing + row.not_yet,
                      row.counted_at)
                for row in Opening.objects.select_related("zone").order_by("division", "id")
            ],
            _injected(), saved, bool(grades & set(MOVING)),
            Alarm.objects.filter(seen_at=None).count(),
        )  # fmt: skip
    return decisions.compare(night)


def _called(row: Call, task: Fallback | None) -> Called:
    return Called(
        row.post_title, row.state, row.started_at, row.answered_at,
        task.given_at if task else None, task.closed_at if task else None, row.callout.minutes,
    )  # fmt: skip


def _injected() -> list[Injected]:
    """What came in on the desk, and when somebody settled it or drafted from it."""
    rows = list(
        Inject.objects.filter(Q(inbound_id__isnull=False), state="given").order_by("given_at")
    )
    texts = dict(Bulletin.objects.order_by("-received_at").values_list("text", "received_at"))
    known = Inbound.objects.in_bulk([row.inbound_id for row in rows if row.inbound_id])
    found = []
    for row in rows:
        message = known.get(row.inbound_id or 0)
        drafted = texts.get(row.text)
        done = drafted is not None or (message is not None and message.state == "settled")
        assert row.given_at is not None
        found.append(Injected(row.text, row.given_at, done, drafted))
    return found


def findings(scope: Scope, space: int | None = None) -> list[Finding]:
    """Findings of one exercise or of all, open ones first, the nearest day first."""
    with scope.open():
        rows = Finding.objects.select_related("exercise")
        rows = rows.filter(exercise__space=space) if space is not None else rows
        return list(rows.order_by("-state", "due_on", "id")[:ROWS_MAX])


def townships(places: list[int]) -> int:
    """How many different townships the places lie in."""
    return len({township_of(place) for place in places} - {None})


def sent(scope: Scope) -> int:
    """Messages that went out of the exercise, to a telephone or to its player."""
    with scope.open():
        return Attempt.objects.filter(submits__gt=0).count()
