"""What others ask of the county: places, who holds a post at a moment, the phone book.

All reads run under the reader's scope; numbers come out masked unless the engine asks to call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from anlan.county.models import Division, Holding, Person, Post, RosterShift
from anlan.ground import secrets
from anlan.ground.scope import Scope

PAGE_ROWS = 50
SEARCH_ROWS_MAX = 200


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
        rows = Division.objects.values_list("code", "name", "kind", "parent_id")
        found = [Place(*row) for row in rows]
    return [place for place in found if level is None or _level(place.code) == level]


def _level(code: int) -> str:
    from anlan.ground.places import level

    return level(code)


def place_names(scope: Scope, codes: Iterable[int]) -> dict[int, str]:
    """Names of the divisions by code."""
    with scope.open():
        rows = Division.objects.filter(code__in=set(codes)).values_list("code", "name")
        return dict(rows)


def contacts(scope: Scope, post_ids: Sequence[int], at: datetime) -> dict[int, list[Contact]]:
    """For each post, whom to call at the moment: on the roster now, the holder, deputies in order.

    A person stands once, at the first place; a post without anybody has an empty list.
    """
    found: dict[int, list[Contact]] = {post_id: [] for post_id in post_ids}
    with scope.open():
        shifts = RosterShift.objects.filter(
            post_id__in=post_ids, starts_at__lte=at, ends_at__gt=at
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
    with scope.open():
        shifts = RosterShift.objects.filter(post_id__in=ids, starts_at__lte=at, ends_at__gt=at)
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
    with scope.open():
        rows = (
            Holding.objects.filter(post_id__in=post_ids, rank=0, valid_from__lte=at)
            .exclude(valid_to__lte=at)
            .values_list("post_id", "person__name")
        )
        return dict(rows)


def person_names(scope: Scope, ids: Iterable[int]) -> dict[int, str]:
    """Names of people by id; who is not in the scope is missing."""
    with scope.open():
        return dict(Person.objects.filter(id__in=set(ids)).values_list("id", "name"))


def person_by_number(scope: Scope, number: str) -> int | None:
    """The person whose whole number this is, found by its keyed hash."""
    with scope.open():
        row = (
            Person.objects.filter(phone_hash=secrets.keyed_hash("phone", number))
            .values_list("id", flat=True)
            .first()
        )
    return row


def phone_book(scope: Scope, sought: str = "", rows: int = PAGE_ROWS) -> list[Entry]:
    """People by name, pinyin, initials, post or number (whole, or its last four digits)."""
    text = sought.strip().lower()
    with scope.open():
        people = Person.objects.all()
        if text.isdigit() and len(text) in (4, 11):
            column = "phone_hash" if len(text) == 11 else "phone_tail_hash"
            purpose = "phone" if len(text) == 11 else "phone_tail"
            people = people.filter(**{column: secrets.keyed_hash(purpose, text)})
        elif text:
            people = people.filter(id__in=_found(text))
        chosen = list(people.order_by("division", "id")[: min(rows, SEARCH_ROWS_MAX)])
        return _entries(scope, chosen)


def _found(text: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT county_people_found(%s) LIMIT %s", [text, SEARCH_ROWS_MAX])
        return [row[0] for row in cursor.fetchall()]


def _entries(scope: Scope, people: Sequence[Person]) -> list[Entry]:
    names = place_names(scope, (person.division for person in people))
    titles: dict[int, list[str]] = {}
    held = Holding.objects.filter(person_id__in=[p.id for p in people], valid_to=None)
    for person_id, title in held.order_by("rank").values_list("person_id", "post__title"):
        titles.setdefault(person_id, []).append(title)
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
