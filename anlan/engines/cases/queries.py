"""Reads of cases under the reader's scope: mine today, a list, one case with its story.

"Mine" is what the reader's rights can move now: state by state, so that the list keeps its index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Min, Q, QuerySet

from anlan.county.lists import Page, names_of, one, paged
from anlan.county.models import Unit
from anlan.engines.cases import decisions, rows
from anlan.engines.cases.decisions import Verdict
from anlan.engines.cases.kinds import Kind, Move, Opening
from anlan.engines.cases.models import Case, Deadline, Link, Paper, Request, Step, Task
from anlan.engines.cases.types import all_kinds
from anlan.engines.ledger.models import RegulatedObject
from anlan.engines.ledger.queries import text_of
from anlan.ground import clock
from anlan.ground.places import span
from anlan.ground.scope import Scope

STORY_MAX = 500
LINKS_MAX = 50
REQUESTS_MAX = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list asks for. mine: what the reader can move; late: past a deadline."""

    mine: bool = True
    late: bool = False
    ended: bool = False
    type: str = ""
    division: int | None = None
    sought: str = ""
    object_id: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a list."""

    case: Case
    kind: Kind
    place: str
    state: str
    grade: str
    grave: bool
    due_at: datetime | None
    late: bool
    next: str


@dataclass(frozen=True, slots=True)
class Told:
    """A line of a case's story: what, by whom, when it happened and when it was received."""

    step: Step
    what: str
    values: list[tuple[str, str]]
    papers: list[tuple[Paper, str]]
    late_form: bool


@dataclass(frozen=True, slots=True)
class Running:
    """A deadline as a page shows it."""

    row: Deadline
    label: str
    due_on: date | None
    days_left: int | None
    stands: bool
    may_extend: bool
    may_stop: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One case: how it stands, what may be done with it and by whom, its story."""

    case: Case
    kind: Kind
    place: str
    state: str
    grade: str
    moves: list[tuple[Move, Verdict]]
    clocks: list[Running]
    story: list[Told]
    requests: list[Request]
    objections: list[Any]
    tasks: list[Task]
    links: list[tuple[Link, Case, str]]
    leads: list[tuple[str, Any]]
    may_task: bool

    @property
    def open_moves(self) -> list[Move]:
        return [move for move, verdict in self.moves if verdict.may]


def movable(scope: Scope) -> dict[str, list[str]]:
    """States in which the reader's rights can move a case, by kind."""
    return {
        name: sorted({s for m in kind.moves.values() if scope.may(m.right) for s in m.sources})
        for name, kind in all_kinds().items()
    }


def cases(scope: Scope, wanted: Wanted) -> QuerySet[Case]:
    """Cases as wanted: the one whose next deadline comes first stands first, the undated behind."""
    found = Case.objects.filter(ended=wanted.ended).select_related("grammar", "object")
    if wanted.mine and not wanted.ended:
        asked = Q(pk=None)
        for name, states in movable(scope).items():
            asked |= Q(type=name, state__in=states)
        if scope.may("cases.approve"):
            asked |= Q(requests__state="asked")
        found = found.filter(asked).distinct()
    if wanted.type:
        found = found.filter(type=wanted.type)
    if wanted.division is not None:
        found = found.filter(division__range=span(wanted.division))
    if wanted.object_id is not None:
        found = found.filter(object_id=wanted.object_id)
    if wanted.sought:
        found = found.filter(title__contains=wanted.sought[:40])
    running = Q(deadlines__ended_on=None)
    found = found.annotate(next_due=Min("deadlines__due_at", filter=running))
    if wanted.late:
        found = found.filter(next_due__lte=clock.now())
    if wanted.ended:
        return found.order_by("-ended_at", "-id")
    return found.order_by("next_due", "-id")


def page(scope: Scope, wanted: Wanted, number: int) -> tuple[Page, list[Row]]:
    """A page of the list, with its lines."""
    with scope.open():
        found = paged(cases(scope, wanted), number)
        places, now = names_of(row.division for row in found.rows), clock.now()
        return found, [_row(scope, row, places, now) for row in found.rows]


def late_count(scope: Scope, wanted: Wanted) -> int:
    """How many of what is wanted are past a deadline."""
    with scope.open():
        return cases(scope, replace(wanted, late=True)).order_by().count()


def _row(scope: Scope, row: Any, places: Mapping[int, str], now: datetime) -> Row:
    kind = rows.kind_of_case(row)
    own = [m for m in kind.moves.values() if row.state in m.sources and scope.may(m.right)
           and (m.when is None or m.when.holds(row.values))]  # fmt: skip
    return Row(
        row, kind, places.get(row.division, str(row.division)), state_of(kind, row),
        grade_of(kind, row), row.grade in kind.grave, row.next_due,
        bool(row.next_due and row.next_due <= now), "、".join(m.label for m in own),
    )  # fmt: skip


def state_of(kind: Kind, row: Case) -> str:
    own = kind.states.get(row.state)
    return own.label if own else row.state


def grade_of(kind: Kind, row: Case) -> str:
    own = kind.field(kind.grade) if kind.grade else None
    return own.options.get(row.grade, "") if own else ""


def shown(scope: Scope, case_id: int) -> Shown:
    """One case whole."""
    with scope.open():
        row: Case = one(Case, case_id)
        kind, now, who = rows.kind_of_case(row), rows.standing_of(row), rows.who_of(scope)
        moves = [(m, decisions.may_move(kind, now, m, who)) for m in kind.moves.values()
                 if row.state in m.sources
                 and (m.when is None or m.when.holds(row.values))]  # fmt: skip
        return Shown(
            row, kind, names_of([row.division]).get(row.division, str(row.division)),
            state_of(kind, row), grade_of(kind, row), moves, running(scope, row, kind),
            story(row, kind), list(row.requests.order_by("-id")[:REQUESTS_MAX]),
            _objections(scope, row, kind), list(row.tasks.order_by("id")), _links(row),
            _leads(scope, row), kind.states[row.state].tasks and scope.may("cases.judge"),
        )  # fmt: skip


def _objections(scope: Scope, row: Case, kind: Kind) -> list[Any]:
    """Objections that may be raised now."""
    if not scope.may("cases.act"):
        return []
    return [own for own in kind.objections.values()
            if rows.object_verdict(scope, row, kind, own).value == "may"]  # fmt: skip


def running(scope: Scope, row: Case, kind: Kind) -> list[Running]:
    """The newest deadline of each key, with what is left."""
    today, found = clock.local(clock.now()).date(), []
    for key, own in rows.current(row).items():
        rule = kind.rules.get(key)
        due = None
        if own.due_at is not None:
            due = (
                clock.local(own.due_at)
                .date()
                .fromordinal(clock.local(own.due_at).date().toordinal() - 1)
            )
        left = (due - today).days if due and own.ended_on is None else None
        stands = own.due_at is None and own.ended_on is None
        open_ = own.ended_on is None and (left is None or left >= 0)
        found.append(Running(
            own, rule.label if rule else key, due, left, stands,
            bool(rule and open_ and not stands and own.extended < rule.extend_times
                 and scope.may("cases.act")),
            bool(rule and open_ and rule.stops and scope.may("cases.approve")),
        ))  # fmt: skip
    return found


def story(row: Case, kind: Kind) -> list[Told]:
    """Every step, oldest first, in an officer's words."""
    found = list(row.steps.order_by("id").prefetch_related("papers")[:STORY_MAX])
    names = _names(kind, found)
    return [_told(kind, one_, names) for one_ in found]


def _told(kind: Kind, own: Step, names: Mapping[tuple[str, int], str]) -> Told:
    step = kind.moves.get(own.key) or kind.openings.get(own.key)
    what = step.label if step and own.kind in ("open", "move") else own.get_kind_display()
    values = []
    for key, value in own.values.items():
        field_ = kind.field(key)
        if field_ is not None and field_.kind not in ("photo", "file", "signature"):
            values.append((field_.head, text_of(field_, value, names)))
    papers = [(p, f.label if (f := kind.field(p.key)) else p.key) for p in own.papers.all()]
    gap = (own.received_at - own.happened_at).total_seconds()
    return Told(own, what, values, papers, gap > 60)


def _names(kind: Kind, steps: list[Step]) -> dict[tuple[str, int], str]:
    """Names of units and objects that values point at."""
    wanted: dict[str, set[int]] = {"unit": set(), "object": set()}
    for own in steps:
        for key, value in own.values.items():
            field_ = kind.field(key)
            if field_ is not None and field_.kind in wanted:
                wanted[field_.kind].add(int(value))
    units = Unit.objects.filter(pk__in=wanted["unit"]).values_list("id", "name")
    objects = RegulatedObject.objects.filter(pk__in=wanted["object"]).values_list("id", "name")
    return {("unit", k): n for k, n in units} | {("object", k): n for k, n in objects}


def _links(row: Case) -> list[tuple[Link, Case, str]]:
    """(link, the other case, what it is to this one)."""
    found = []
    for own in row.led_to.select_related("case__grammar")[:LINKS_MAX]:
        found.append((own, own.case, rows.kind_of_case(own.case).links.get(own.kind, own.kind)))
    for own in row.came_of.select_related("source__grammar")[:LINKS_MAX]:
        found.append((own, own.source, rows.kind_of_case(row).links.get(own.kind, own.kind)))
    return found


def _leads(scope: Scope, row: Case) -> list[tuple[str, Any]]:
    """(kind, opening) of cases that this one may lead to."""
    if row.outcome == "void":
        return []
    done = set(row.led_to.exclude(case__outcome="void").values_list("case__opening", flat=True))
    return [
        (name, opening)
        for name, kind in all_kinds().items() for opening in kind.openings.values()
        if opening.by == "case" and opening.source == row.type and scope.may(opening.right)
        and opening.key not in done
    ]  # fmt: skip


def openings(scope: Scope) -> list[tuple[Kind, Any]]:
    """What the reader may open."""
    return [
        (kind, opening) for kind in all_kinds().values() for opening in kind.openings.values()
        if opening.by == "person" and scope.may(opening.right)
    ]  # fmt: skip


def paper(scope: Scope, paper_id: int) -> Paper:
    """A file of a step."""
    with scope.open():
        row: Paper = one(Paper, paper_id)
        return row


def request(scope: Scope, request_id: int) -> Request:
    """A request with its case."""
    with scope.open():
        row: Request = one(Request, request_id)
        return row


def task(scope: Scope, task_id: int) -> Task:
    """A part of a case."""
    with scope.open():
        row: Task = one(Task, task_id)
        return row


def period_key(opening: Opening, object_id: int, today: date) -> str:
    """What makes a case that comes round the only one of its object and period."""
    return f"{decisions.period_of(today, opening.every)[1]}-{object_id}"


def without_case(kind: Kind, opening: Opening, today: date, rows_max: int) -> list[RegulatedObject]:
    """Objects that the opening is for and that have no case of the period yet."""
    name = decisions.period_of(today, opening.every)[1]
    known = Case.objects.filter(type=kind.name, period_key__startswith=f"{name}-")
    found = RegulatedObject.objects.filter(type=opening.object, ended_at=None).exclude(
        pk__in=known.values("object_id")
    )
    if opening.where is not None:
        found = found.filter(**{f"fields__{opening.where.field}__in": list(opening.where.values)})
    return list(found.order_by("id")[:rows_max])
