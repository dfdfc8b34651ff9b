"""What the pages of units show: a list by name or alias, one unit with its members and history.

Under the reader's scope; numbers are masked.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from anlan.county.lists import RECORDS_MAX, Page, one, paged
from anlan.county.models import (
    Change,
    Post,
    Unit,
    UnitAlias,
    UnitMember,
)
from anlan.ground.scope import Scope


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
        row = one(Unit, unit_id)
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
