"""What forms offer to choose from, within the reader's scope.

Under the reader's scope; numbers are masked.
"""

from __future__ import annotations

from django.db.models import Q

from anlan.county.lists import CHOICES_MAX, names_of
from anlan.county.models import (
    Division,
    Person,
    Post,
    Unit,
)
from anlan.ground.places import level, span
from anlan.ground.scope import Scope


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
        names = names_of(row.division for row in rows)

    def distance(row: Person) -> tuple[int, str]:
        near = nearest.index(row.division) if row.division in nearest else len(nearest)
        return near, row.pinyin

    rows.sort(key=distance)
    return [
        (str(row.id), f"{row.name}　{(row.phone or '')[-4:]}　{names.get(row.division, '')}")
        for row in rows
    ]
