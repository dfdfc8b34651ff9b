"""What the pages of posts show: who holds them now, who did, who will.

Under the reader's scope; numbers are masked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from anlan.county import versions
from anlan.county.lists import RECORDS_MAX, Page, names_of, one, paged
from anlan.county.models import (
    Change,
    Holding,
    Person,
    Post,
    RosterShift,
    Unit,
)
from anlan.ground import clock
from anlan.ground.places import span
from anlan.ground.scope import Scope


@dataclass(frozen=True, slots=True)
class PostLine:
    """A post in a list, with who holds it now."""

    row: Post
    place: str
    holder: str
    deputies: int
    on_duty: str


@dataclass(frozen=True, slots=True)
class Term:
    """Who held a post from when to when, as its page tells it."""

    row: Holding
    name: str
    state: str  # now, coming, past or called_off


@dataclass(frozen=True, slots=True)
class PostShown:
    """A post with who holds it, who did, its superior and its history."""

    row: Post
    place: str
    unit: Unit | None
    superior: Post | None
    juniors: list[Post]
    terms: list[Term]
    on_duty: list[RosterShift]
    changes: list[Change]

    @property
    def now(self) -> list[Term]:
        return [term for term in self.terms if term.state == "now"]

    @property
    def next_rank(self) -> int:
        return max((term.row.rank for term in self.now), default=-1) + 1

    @property
    def vacant(self) -> bool:
        return all(term.row.rank for term in self.now)


def posts(
    scope: Scope, *, sought: str = "", kind: str = "", division_code: int | None = None,
    vacant: bool = False, number: int = 1,
) -> Page:  # fmt: skip
    """Posts in use by title, kind, place; vacant: only those that nobody holds."""
    with scope.open():
        moment = clock.now()
        found = Post.objects.filter(ended_at=None)
        if sought:
            found = found.filter(title__contains=sought)
        if kind:
            found = found.filter(kind=kind)
        if division_code is not None:
            found = found.filter(division__range=span(division_code))
        if vacant:
            found = found.exclude(id__in=_running(moment).filter(rank=0).values("post_id"))
        page = paged(found.order_by("division", "order", "id"), number)
        return Page(_lines(page.rows, moment), page.total, page.number)


def _running(moment: datetime) -> QuerySet[Holding]:
    return Holding.objects.filter(Q(valid_to=None) | Q(valid_to__gt=moment), valid_from__lte=moment)


def _lines(rows: Sequence[Post], moment: datetime) -> list[PostLine]:
    ids = [row.id for row in rows]
    held = list(_running(moment).filter(post_id__in=ids).values_list(
        "post_id", "rank", "person__name"))  # fmt: skip
    duty = dict(
        RosterShift.objects.filter(
            post_id__in=ids, cancelled_at=None, starts_at__lte=moment, ends_at__gt=moment
        ).values_list("post_id", "person__name")
    )
    names = names_of(row.division for row in rows)
    return [
        PostLine(
            row,
            names.get(row.division, ""),
            next((name or _("范围外的人") for post, rank, name in held
                  if post == row.id and rank == 0), ""),
            sum(1 for post, rank, _name in held if post == row.id and rank),
            duty.get(row.id) or "",
        )
        for row in rows
    ]  # fmt: skip


def post(scope: Scope, post_id: int) -> PostShown:
    """One post."""
    with scope.open():
        row, moment = one(Post, post_id), clock.now()
        return PostShown(
            row,
            names_of([row.division]).get(row.division, ""),
            Unit.objects.filter(pk=row.unit_id).first(),
            Post.objects.filter(pk=row.superior_id).first(),
            list(Post.objects.filter(superior_id=post_id, ended_at=None)[:RECORDS_MAX]),
            terms(Holding.objects.filter(post_id=post_id), moment),
            list(RosterShift.objects.filter(
                post_id=post_id, cancelled_at=None, starts_at__lte=moment, ends_at__gt=moment,
            )),
            versions.history(scope, "county.post", post_id),
        )  # fmt: skip


def terms(found: QuerySet[Holding], moment: datetime) -> list[Term]:
    """Holdings with their state at the moment: running ones by rank, then the newest first."""
    rows = list(found.order_by("-valid_from", "rank", "id")[:RECORDS_MAX])
    people = dict(Person.objects.filter(id__in=[r.person_id for r in rows])
                  .values_list("id", "name"))  # fmt: skip
    shown = [
        Term(row, people.get(row.person_id, _("范围外的人")), state_of(row, moment)) for row in rows
    ]
    order = {"now": 0, "coming": 1, "past": 2, "called_off": 3}
    return sorted(shown, key=lambda term: (order[term.state], term.row.rank
                                           if term.state == "now" else 0))  # fmt: skip


def state_of(row: Holding, moment: datetime) -> str:
    """now, coming, past, or called_off before it began."""
    if row.valid_to is not None and row.valid_to <= row.valid_from:
        return "called_off"
    if row.valid_from > moment:
        return "coming"
    return "now" if row.valid_to is None or row.valid_to > moment else "past"
