"""What the county's pages show: lists, one record with its history, a month of a roster.

All under the reader's scope. Numbers are masked; who wants the whole one says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from anlan.county import decisions, versions
from anlan.county.models import (
    Change,
    Division,
    Holding,
    Person,
    Post,
    RosterShift,
    Unit,
    UnitAlias,
    UnitMember,
)
from anlan.ground import clock, secrets
from anlan.ground.errors import NotFound
from anlan.ground.places import level, span
from anlan.ground.scope import Scope

ROWS = 50
PAGES_MAX = 400
CHOICES_MAX = 2_000
RECORDS_MAX = 100


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: its rows, how many there are in all, and the pages beside it."""

    rows: list[Any]
    total: int
    number: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // ROWS))

    @property
    def before(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def after(self) -> int | None:
        return self.number + 1 if self.number < min(self.pages, PAGES_MAX) else None


def paged(found: QuerySet[Any], number: int) -> Page:
    """The page of that number (1 and on), at most PAGES_MAX deep."""
    number = min(max(number, 1), PAGES_MAX)
    first = (number - 1) * ROWS
    return Page(list(found[first : first + ROWS]), found.order_by().count(), number)


def _one(model: type[models.Model], key: int) -> Any:
    row = model._default_manager.filter(pk=key).first()
    if row is None:
        raise NotFound("not-found", _("没有这条记录"), str(key), _("请返回列表重新选择"))
    return row


# divisions


@dataclass(frozen=True, slots=True)
class DivisionShown:
    """A division with what lies in it. outlines: its own and its children's, for the sketch."""

    row: Division
    parent: Division | None
    children: list[Division]
    posts: int
    people: int
    has_outline: bool
    sketch: Sketch | None
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Sketch:
    """The outline as an SVG path in tenths of a thousandth of a degree, with the label point."""

    view: str
    path: str
    x: int | None
    y: int | None
    r: int


def divisions(scope: Scope) -> list[tuple[Division, int, int]]:
    """Townships of the scope, each with how many villages and posts."""
    with scope.open():
        rows = list(Division.objects.filter(code__range=(scope.lo, scope.hi)).defer("outline"))
        posts = _counts(Post.objects.filter(ended_at=None).values_list("division", flat=True))
    villages = _counts(row.parent_id for row in rows if level(row.code) == "village"
                       and row.ended_on is None)  # fmt: skip
    shown = [row for row in rows if level(row.code) != "village"]
    return [
        (row, villages.get(row.code, 0), sum(n for code, n in posts.items()
                                             if _in(code, row.code)))
        for row in shown
    ]  # fmt: skip


def _in(code: int, area: int) -> bool:
    lo, hi = span(area)
    return lo <= code <= hi if level(area) != "county" else code == area


def _counts(keys: Any) -> dict[int, int]:
    found: dict[int, int] = {}
    for key in keys:
        found[key] = found.get(key, 0) + 1
    return found


def division(scope: Scope, code: int) -> DivisionShown:
    """One division of the county; out of the scope's span is as if it were not."""
    with scope.open():
        row = Division.objects.filter(pk=code).first()
        if row is None or not (scope.covers(code) or span(code)[0] <= scope.lo <= span(code)[1]):
            raise NotFound("not-found", _("没有这条记录"), str(code), _("请返回列表重新选择"))
        children = list(Division.objects.filter(parent=row).defer("outline"))
        return DivisionShown(
            row,
            Division.objects.filter(pk=row.parent_id).defer("outline").first(),
            [child for child in children if scope.covers(child.code)],
            Post.objects.filter(division=code, ended_at=None).count(),
            Person.objects.filter(division=code, ended_at=None).count(),
            row.outline is not None,
            _sketch(row),
            versions.history(scope, "county.division", code),
        )


LON_SCALE = 0.866  # a degree of longitude beside one of latitude at 30° north


def _sketch(row: Division) -> Sketch | None:
    if row.outline is None:
        return None
    import shapely

    shape = shapely.from_wkb(bytes(row.outline))
    parts = [shape] if shape.geom_type == "Polygon" else list(shape.geoms)
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
    path = " ".join(
        "M" + "L".join("{} {}".format(*_plane(x, y)) for x, y in ring.coords) + "Z"
        for ring in rings
    )
    west, south, east, north = shape.bounds
    (x0, y0), (x1, y1) = _plane(west, north), _plane(east, south)
    point = (None, None)
    if row.label_lat is not None and row.label_lon is not None:
        point = _plane(row.label_lon, row.label_lat)  # type: ignore[assignment]
    width, height = max(x1 - x0, 1), max(y1 - y0, 1)
    return Sketch(f"{x0} {y0} {width} {height}", path, *point, max(1, max(width, height) // 60))


def _plane(lon: float, lat: float) -> tuple[int, int]:
    return round(lon * 10000 * LON_SCALE), round(-lat * 10000)


# units


@dataclass(frozen=True, slots=True)
class UnitShown:
    """A unit with its other names, its members or memberships, its posts and its history."""

    row: Unit
    aliases: list[UnitAlias]
    members: list[UnitMember]
    memberships: list[UnitMember]
    posts: list[Post]
    changes: list[Change]


def units(scope: Scope, sought: str, ended: bool, number: int) -> Page:
    """Units by name or alias, those in use first."""
    with scope.open():
        found = Unit.objects.annotate(held=Count("posts", filter=Q(posts__ended_at=None)))
        if not ended:
            found = found.filter(ended_on=None)
        if sought:
            found = found.filter(
                Q(name__contains=sought)
                | Q(id__in=UnitAlias.objects.filter(name__contains=sought).values("unit_id"))
            )
        return paged(found.prefetch_related("aliases").order_by("order", "id"), number)


def unit(scope: Scope, unit_id: int) -> UnitShown:
    """One unit."""
    with scope.open():
        row = _one(Unit, unit_id)
        return UnitShown(
            row,
            list(row.aliases.order_by("valid_from", "id")),
            list(row.members.select_related("member").order_by("member__order", "id")),
            list(row.memberships.select_related("collective").order_by("id")),
            list(row.posts.filter(ended_at=None)[:RECORDS_MAX]),
            _changes_of_unit(scope, row),
        )


def _changes_of_unit(scope: Scope, row: Unit) -> list[Change]:
    own = Q(object_kind="county.unit", object_id=row.id)
    aliases = Q(object_kind="county.unitalias", object_id__in=row.aliases.values("id"))
    members = Q(object_kind="county.unitmember", object_id__in=row.members.values("id"))
    return list(Change.objects.filter(own | aliases | members).order_by("-id")[:RECORDS_MAX])


# posts


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
    names = _names(row.division for row in rows)
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


def _names(codes: Any) -> dict[int, str]:
    return dict(Division.objects.filter(code__in=set(codes)).values_list("code", "name"))


def post(scope: Scope, post_id: int) -> PostShown:
    """One post."""
    with scope.open():
        row, moment = _one(Post, post_id), clock.now()
        return PostShown(
            row,
            _names([row.division]).get(row.division, ""),
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


# people


@dataclass(frozen=True, slots=True)
class PersonShown:
    """A person with the posts held now, held before, the coming shifts and the history."""

    row: Person
    place: str
    number_masked: str
    terms: list[tuple[Term, str]]
    shifts: list[RosterShift]
    changes: list[Change]


def person(scope: Scope, person_id: int) -> PersonShown:
    """One person."""
    with scope.open():
        row, moment = _one(Person, person_id), clock.now()
        held = terms(Holding.objects.filter(person_id=person_id), moment)
        titles = dict(Post.objects.filter(id__in=[t.row.post_id for t in held])
                      .values_list("id", "title"))  # fmt: skip
        return PersonShown(
            row,
            _names([row.division]).get(row.division, ""),
            secrets.mask_phone(row.phone or ""),
            [(term, titles.get(term.row.post_id, "")) for term in held],
            list(RosterShift.objects.filter(
                person_id=person_id, cancelled_at=None, ends_at__gt=moment
            ).select_related("post").order_by("starts_at")[:RECORDS_MAX]),
            versions.history(scope, "county.person", person_id),
        )  # fmt: skip


# the roster of a post, month by month


@dataclass(frozen=True, slots=True)
class RosterDay:
    """A day of a roster: who is on duty when, and the hours without anybody."""

    day: date
    shifts: list[tuple[RosterShift, datetime, datetime]]
    gaps: list[decisions.Span]
    today: bool


@dataclass(frozen=True, slots=True)
class RosterMonth:
    """A month of a post. doubled: shifts of people who stand elsewhere at the same time."""

    post: Post
    first: date
    days: list[RosterDay]
    gap_hours: int
    doubled: list[tuple[RosterShift, RosterShift]]
    before: tuple[int, int]
    after: tuple[int, int]


def roster(scope: Scope, post_id: int, year: int, month: int) -> RosterMonth:
    """The month as the calendar shows it; gaps count from the first shift the post ever had."""
    with scope.open():
        row, moment = _one(Post, post_id), clock.now()
        days = decisions.days_of(year, month, clock.COUNTY_ZONE)
        start, end = days[0][1], days[-1][2]
        shifts = list(RosterShift.objects.filter(
            post_id=post_id, cancelled_at=None, starts_at__lt=end, ends_at__gt=start
        ).select_related("person").order_by("starts_at"))  # fmt: skip
        spans = [decisions.Span(s.starts_at, s.ends_at, s.person.name) for s in shifts]
        shown = [_day(day, a, b, shifts, spans, moment) for day, a, b in days]
        hours = sum((gap.end - gap.start for d in shown for gap in d.gaps), timedelta())
        return RosterMonth(
            row, days[0][0], shown, round(hours.total_seconds() / 3600),
            _doubled(shifts), decisions.month_after(year, month, -1),
            decisions.month_after(year, month, 1),
        )  # fmt: skip


def _day(
    day: date, start: datetime, end: datetime, shifts: Sequence[RosterShift],
    spans: Sequence[decisions.Span], moment: datetime,
) -> RosterDay:  # fmt: skip
    own = [
        (s, max(s.starts_at, start), min(s.ends_at, end))
        for s in shifts
        if s.starts_at < end and s.ends_at > start
    ]
    open_hours = decisions.gaps(decisions.clipped(spans, start, end), start, end) if spans else []
    return RosterDay(day, own, open_hours, start <= moment < end)


def _doubled(shifts: Sequence[RosterShift]) -> list[tuple[RosterShift, RosterShift]]:
    """Shifts whose person is on duty at another post in the same hours."""
    if not shifts:
        return []
    others = list(
        RosterShift.objects.filter(
            person_id__in={s.person_id for s in shifts}, cancelled_at=None,
            starts_at__lt=max(s.ends_at for s in shifts),
            ends_at__gt=min(s.starts_at for s in shifts),
        ).exclude(post_id=shifts[0].post_id).select_related("post")
    )  # fmt: skip
    return [
        (own, other)
        for own in shifts
        for other in others
        if other.person_id == own.person_id
        and other.starts_at < own.ends_at
        and own.starts_at < other.ends_at
    ]


# choices of forms


def division_choices(scope: Scope) -> list[tuple[str, str]]:
    """Divisions of the scope as a form offers them, villages under their township."""
    with scope.open():
        rows = Division.objects.filter(ended_on=None, code__range=(scope.lo, scope.hi))
        marks = {"county": "", "township": "　", "village": "　　"}
        return [(str(code), f"{marks[level(code)]}{name}")
                for code, name in rows.values_list("code", "name")]  # fmt: skip


def unit_choices(scope: Scope, kind: str = "unit") -> list[tuple[str, str]]:
    """Units in use."""
    with scope.open():
        rows = Unit.objects.filter(ended_on=None, kind=kind).order_by("order", "id")
        return [(str(key), name) for key, name in rows.values_list("id", "name")[:CHOICES_MAX]]


def post_choices(scope: Scope, division_code: int, own: int | None = None) -> list[tuple[str, str]]:
    """Posts that may be the superior of one at the division: its own place and those above."""
    from anlan.ground.places import county_of, township_of

    places = {division_code, township_of(division_code) or division_code, county_of(division_code)}
    with scope.open():
        rows = Post.objects.filter(ended_at=None, division__in=places).exclude(pk=own)
        return [(str(key), title) for key, title in rows.values_list("id", "title")[:CHOICES_MAX]]


def person_choices(scope: Scope, division_code: int) -> list[tuple[str, str]]:
    """People of the division, its township and the county's seat within the scope, nearest first.

    Two of one name are told apart by the last digits of their numbers.
    """
    from anlan.ground.places import county_of, township_of

    township = township_of(division_code)
    nearest = [division_code, *([township] if township else []), county_of(division_code)]
    with scope.open():
        found = Person.objects.filter(ended_at=None).filter(
            Q(division__in=nearest) | Q(division__range=span(township or division_code))
        )
        rows = list(found.order_by("division", "id")[:CHOICES_MAX])
        names = _names(row.division for row in rows)

    def distance(row: Person) -> tuple[int, str]:
        near = nearest.index(row.division) if row.division in nearest else len(nearest)
        return near, row.pinyin

    rows.sort(key=distance)
    return [
        (str(row.id), f"{row.name}　{(row.phone or '')[-4:]}　{names.get(row.division, '')}")
        for row in rows
    ]
