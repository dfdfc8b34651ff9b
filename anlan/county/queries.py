"""What others ask of the county: places, who holds a post at a moment, the phone book.

All reads run under the reader's scope; numbers come out masked unless the engine asks to call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import BigIntegerField, Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL

from anlan.county.models import (
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
from anlan.ground.scope import Scope

PAGE_ROWS = 50
PAGES_MAX = 400
WORDS_MAX = 6
TAIL_DIGITS = 4
NUMBER_DIGITS_MIN = 7
SUPERIORS_MAX = 8
# Where the names of units and places stand, for whoever keeps what was made of them (ground/kept).
NAMES_SEEN = {"county_unit": "", "county_unitalias": "", "county_division": ""}


@dataclass(frozen=True, slots=True)
class Place:
    """A division by code and name."""

    code: int
    name: str
    kind: str
    parent: int | None


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to call for a post. role: roster, holder or deputy."""

    person_id: int
    name: str
    role: str
    number: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the phone book; the number is masked."""

    person_id: int
    name: str
    division: int
    division_name: str
    posts: tuple[str, ...]
    number_masked: str


def places(scope: Scope, level: str | None = None) -> list[Place]:
    """All divisions of the county, or those of one level (kind county, township, village)."""
    with scope.open():
        rows = Division.objects.filter(ended_on=None).values_list(
            "code", "name", "kind", "parent_id"
        )
        found = [Place(*row) for row in rows]
    return [place for place in found if level is None or _level(place.code) == level]


def outlined(
    scope: Scope, level: str
) -> list[tuple[int, str, bytes | None, float | None, float | None]]:
    """(code, name, outline as WKB in WGS-84, label latitude, label longitude) of a level."""
    with scope.open():
        rows = Division.objects.filter(ended_on=None).values_list(
            "code", "name", "outline", "label_lat", "label_lon"
        )
        return [
            (code, name, bytes(outline) if outline is not None else None, lat, lon)
            for code, name, outline, lat, lon in rows if _level(code) == level
        ]  # fmt: skip


def _level(code: int) -> str:
    from anlan.ground.places import level

    return level(code)


def place_names(scope: Scope, codes: Iterable[int]) -> dict[int, str]:
    """Names of the divisions by code."""
    with scope.open():
        rows = Division.objects.filter(code__in=set(codes)).values_list("code", "name")
        return dict(rows)


def nobody_to_call(scope: Scope) -> bool:
    """Whether the county of the scope has not one person yet: a county that was just founded."""
    with scope.open():
        return not Person.objects.filter(ended_at=None).exists()


def moment_of(scope: Scope, at: datetime) -> datetime:
    """When the county is asked for: at the moment itself, or in an exercise as it stands today.

    An exercise may play a night of two years ago; who practises it are the people of today.
    """
    return at if scope.world == 0 else clock.now(0)


def contacts(scope: Scope, post_ids: Sequence[int], at: datetime) -> dict[int, list[Contact]]:
    """For each post, whom to call at the moment: on the roster now, the holder, deputies in order.

    A person stands once, at the first place; a post without anybody has an empty list.
    """
    found: dict[int, list[Contact]] = {post_id: [] for post_id in post_ids}
    at = moment_of(scope, at)
    with scope.open():
        shifts = RosterShift.objects.filter(
            post_id__in=post_ids, starts_at__lte=at, ends_at__gt=at, cancelled_at=None
        ).select_related("person")
        for shift in shifts.order_by("starts_at", "id"):
            _add(found[shift.post_id], shift.person, "roster")
        holdings = (
            Holding.objects.filter(post_id__in=post_ids, valid_from__lte=at)
            .exclude(valid_to__lte=at)
            .select_related("person")
            .order_by("rank", "id")
        )
        for holding in holdings:
            _add(found[holding.post_id], holding.person, "deputy" if holding.rank else "holder")
    return found


def people_of_posts(scope: Scope, post_ids: Sequence[int], at: datetime) -> dict[int, list[int]]:
    """As `contacts`, persons only: no name or number is read, so thousands of posts are quick."""
    found: dict[int, list[int]] = {post_id: [] for post_id in post_ids}
    ids = list(post_ids)
    at = moment_of(scope, at)
    with scope.open():
        shifts = RosterShift.objects.filter(
            post_id__in=ids, starts_at__lte=at, ends_at__gt=at, cancelled_at=None
        )
        rows = list(shifts.order_by("starts_at", "id").values_list("post_id", "person_id"))
        held = Holding.objects.filter(post_id__in=ids, valid_from__lte=at)
        held = held.exclude(valid_to__lte=at).order_by("rank", "id")
        rows += held.values_list("post_id", "person_id")
    for post_id, person_id in rows:
        if person_id not in found[post_id]:
            found[post_id].append(person_id)
    return found


def _add(chain: list[Contact], person: Person, role: str) -> None:
    if any(contact.person_id == person.id for contact in chain):
        return
    chain.append(Contact(person.id, person.name, role, person.phone or ""))


def posts(scope: Scope, kinds: Sequence[str], within: Sequence[tuple[int, int]]) -> list[Post]:
    """Posts of the kinds whose division lies in one of the spans, in the order of protocol."""
    with scope.open():
        rows = Post.objects.filter(kind__in=kinds, ended_at=None).order_by("division", "order")
        return [row for row in rows if any(lo <= row.division <= hi for lo, hi in within)]


def holder_names(scope: Scope, post_ids: Sequence[int], at: datetime) -> dict[int, str]:
    """Who held each post at the moment; a vacant one is missing."""
    at = moment_of(scope, at)
    with scope.open():
        rows = (
            Holding.objects.filter(post_id__in=post_ids, rank=0, valid_from__lte=at)
            .exclude(valid_to__lte=at)
            .values_list("post_id", "person__name")
        )
        return dict(rows)


@dataclass(frozen=True, slots=True)
class Held:
    """Who stood at a post at a moment. role: roster, holder or deputy; rank: 0 for the holder."""

    person_id: int
    name: str
    role: str
    rank: int
    since: datetime
    until: datetime | None


def holders_at(scope: Scope, post_ids: Sequence[int], at: datetime) -> dict[int, list[Held]]:
    """Everybody of each post at the moment, past or to come: on duty, holder, deputies in order.

    A past moment is answered as it stood then, whoever holds the post today.
    """
    found: dict[int, list[Held]] = {post_id: [] for post_id in post_ids}
    with scope.open():
        shifts = RosterShift.objects.filter(
            post_id__in=post_ids, starts_at__lte=at, ends_at__gt=at, cancelled_at=None
        ).values_list("post_id", "person_id", "person__name", "starts_at", "ends_at")
        for post_id, person_id, name, since, until in shifts.order_by("starts_at", "id"):
            found[post_id].append(Held(person_id, name or "", "roster", 0, since, until))
        holdings = (
            Holding.objects.filter(post_id__in=post_ids, valid_from__lte=at)
            .exclude(valid_to__lte=at)
            .values_list("post_id", "person_id", "person__name", "rank", "valid_from", "valid_to")
        )
        for post_id, person_id, name, rank, since, until in holdings.order_by("rank", "id"):
            role = "deputy" if rank else "holder"
            found[post_id].append(Held(person_id, name or "", role, rank, since, until))
    return found


def posts_of_person(scope: Scope, person_id: int, at: datetime) -> list[Post]:
    """The posts at which the person stands at the moment: on duty first, then by rank.

    Who holds a post until an announced handover holds it until then, and not a moment longer.
    """
    at = moment_of(scope, at)
    with scope.open():
        shifts = RosterShift.objects.filter(
            person_id=person_id, starts_at__lte=at, ends_at__gt=at, cancelled_at=None
        ).select_related("post")
        found = [shift.post for shift in shifts.order_by("starts_at", "id")]
        held = Holding.objects.filter(person_id=person_id, valid_from__lte=at)
        rows = held.exclude(valid_to__lte=at).select_related("post").order_by("rank", "id")
        found += [row.post for row in rows]
    unique = {post.id: post for post in found if post is not None and post.ended_at is None}
    return list(unique.values())


def unit_by_name(scope: Scope, name: str, on: date) -> int | None:
    """The unit that bears the name, or bore it as an alias on the day (both ends inclusive)."""
    with scope.open():
        own = Unit.objects.filter(name=name).values_list("id", flat=True).first()
        if own is not None:
            return int(own)
        alias = (
            UnitAlias.objects.filter(name=name)
            .filter(Q(valid_from=None) | Q(valid_from__lte=on))
            .filter(Q(valid_to=None) | Q(valid_to__gte=on))
        )
        return alias.values_list("unit_id", flat=True).first()


def unit_names(scope: Scope, on: date) -> list[tuple[int, str, str, tuple[str, ...]]]:
    """(id, name, kind, aliases of the day) of every unit in use, in the order of protocol."""
    with scope.open():
        aliases: dict[int, list[str]] = {}
        rows = UnitAlias.objects.filter(Q(valid_from=None) | Q(valid_from__lte=on)).filter(
            Q(valid_to=None) | Q(valid_to__gte=on)
        )
        for unit_id, name in rows.order_by("id").values_list("unit_id", "name"):
            aliases.setdefault(unit_id, []).append(name)
        units = Unit.objects.filter(Q(ended_on=None) | Q(ended_on__gte=on)).order_by("order", "id")
        return [(own.id, own.name, own.kind, tuple(aliases.get(own.id, ()))) for own in units]


def members_on(scope: Scope, collective_id: int, on: date) -> list[Unit]:
    """The units of a collective on the day, in the order of protocol."""
    with scope.open():
        rows = (
            UnitMember.objects.filter(collective_id=collective_id)
            .filter(Q(valid_from=None) | Q(valid_from__lte=on))
            .filter(Q(valid_to=None) | Q(valid_to__gte=on))
            .select_related("member")
        )
        return [row.member for row in rows.order_by("member__order", "member_id")]


def person_names(scope: Scope, ids: Iterable[int]) -> dict[int, str]:
    """Names of people by id; who is not in the scope is missing."""
    with scope.open():
        return dict(Person.objects.filter(id__in=set(ids)).values_list("id", "name"))


def person_by_number(scope: Scope, number: str) -> int | None:
    """The person whose whole number this is, found by its keyed hash; one who left comes last."""
    with scope.open():
        row = (
            Person.objects.filter(phone_hash=secrets.keyed_hash("phone", number))
            .order_by(Case(When(ended_at=None, then=Value(0)), default=Value(1)), "id")
            .values_list("id", flat=True)
            .first()
        )
    return row


def phone_book(scope: Scope, sought: str = "", rows: int = PAGE_ROWS, page: int = 1) -> list[Entry]:
    """A page of people who fit every word: a name, its pinyin or initials, a post, unit or place,
    a whole number or its last four digits. Names that begin so come first.
    """
    first = (min(max(page, 1), PAGES_MAX) - 1) * rows
    with scope.open():
        people = _sought(sought)
        return _entries(scope, list(people[first : first + rows]))


def phone_book_count(scope: Scope, sought: str = "") -> int:
    """How many people `phone_book` finds in all."""
    with scope.open():
        return _sought(sought).order_by().count()


def _sought(sought: str) -> QuerySet[Person]:
    people = Person.objects.filter(ended_at=None)
    words = sought.replace("\0", " ").lower().split()[:WORDS_MAX]
    texts = []
    for word in words:
        whole = word.replace("-", "")
        if word.isascii() and word.isdigit() and len(word) == TAIL_DIGITS:
            people = people.filter(phone_tail_hash=secrets.keyed_hash("phone_tail", word))
        elif whole.isascii() and whole.isdigit() and len(whole) >= NUMBER_DIGITS_MIN:
            people = people.filter(phone_hash=secrets.keyed_hash("phone", whole))
        else:
            texts.append(word)
    if texts:
        found = RawSQL(
            "SELECT county_people_sought(%s::text[], %s)", [texts, clock.now(0)],
            output_field=BigIntegerField(),
        )  # fmt: skip
        people = people.filter(id__in=found)
        people = people.annotate(fit=_fit(texts)).order_by("fit", "division", "id")
        return people
    return people.order_by("division", "id")


def _fit(words: Sequence[str]) -> Case:
    """0 where a word is the name, 1 where name or initials begin with it, else 2."""
    is_name, begins = Q(), Q()
    for word in words:
        is_name |= Q(name=word)
        begins |= Q(name__startswith=word) | Q(initials__startswith=word)
    return Case(
        When(is_name, then=Value(0)), When(begins, then=Value(1)), default=Value(2),
        output_field=IntegerField(),
    )  # fmt: skip


def _entries(scope: Scope, people: Sequence[Person]) -> list[Entry]:
    names = place_names(scope, (person.division for person in people))
    titles: dict[int, list[str]] = {}
    moment = clock.now(0)
    held = Holding.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=moment),
        person_id__in=[p.id for p in people], valid_from__lte=moment,
    )  # fmt: skip
    for person_id, title in held.order_by("rank").values_list("person_id", "post__title"):
        titles.setdefault(person_id, []).append(title or "")
    return [
        Entry(
            person.id,
            person.name,
            person.division,
            names.get(person.division, str(person.division)),
            tuple(titles.get(person.id, [])),
            secrets.mask_phone(person.phone or ""),
        )
        for person in people
    ]


@dataclass(frozen=True, slots=True)
class NamedUnit:
    """A unit of the county by id, name and kind (unit, collective). order: of protocol."""

    id: int
    name: str
    kind: str
    order: int


def units_by_name(scope: Scope, on: date) -> dict[str, NamedUnit]:
    """Every name that a unit bears on the day, its own and its aliases (both ends inclusive)."""
    with scope.open():
        units = {
            row[0]: NamedUnit(*row)
            for row in Unit.objects.filter(Q(ended_on=None) | Q(ended_on__gt=on)).values_list(
                "id", "name", "kind", "order"
            )
        }
        aliases = list(
            UnitAlias.objects.filter(unit_id__in=list(units))
            .filter(Q(valid_from=None) | Q(valid_from__lte=on))
            .filter(Q(valid_to=None) | Q(valid_to__gte=on))
            .order_by("-id").values_list("name", "unit_id")
        )  # fmt: skip
    found = {name: units[ident] for name, ident in aliases}
    return found | {unit.name: unit for unit in units.values()}


def collectives_of(scope: Scope, unit_id: int, on: date) -> list[str]:
    """Names of the collectives to which the unit belongs on the day."""
    with scope.open():
        rows = (
            UnitMember.objects.filter(member_id=unit_id)
            .filter(Q(valid_from=None) | Q(valid_from__lte=on))
            .filter(Q(valid_to=None) | Q(valid_to__gte=on))
        )
        return list(rows.order_by("collective__order").values_list("collective__name", flat=True))


def posts_of_unit(scope: Scope, unit_id: int) -> list[Post]:
    """The posts of a unit that exist now, in the order of protocol."""
    with scope.open():
        return list(Post.objects.filter(unit_id=unit_id, ended_at=None).order_by("order", "id"))


def leader_above(scope: Scope, post_id: int, kinds: Sequence[str]) -> Post | None:
    """The nearest superior of the post that is of one of the kinds; None where there is none."""
    with scope.open():
        row = Post.objects.filter(id=post_id).first()
        for _step in range(SUPERIORS_MAX):
            row = row.superior if row is not None else None
            if row is None or (row.kind in kinds and row.ended_at is None):
                return row
    return None
