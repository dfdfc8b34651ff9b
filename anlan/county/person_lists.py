"""What the page of a person shows: posts held and before, coming shifts, history.

Under the reader's scope; numbers are masked.
"""

from __future__ import annotations

from dataclasses import dataclass

from anlan.county import versions
from anlan.county.lists import RECORDS_MAX, names_of, one
from anlan.county.models import (
    Change,
    Holding,
    Person,
    Post,
    RosterShift,
)
from anlan.county.post_lists import Term, terms
from anlan.ground import clock, secrets
from anlan.ground.scope import Scope


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
        row, moment = one(Person, person_id), clock.now()
        held = terms(Holding.objects.filter(person_id=person_id), moment)
        titles = dict(Post.objects.filter(id__in=[t.row.post_id for t in held])
                      .values_list("id", "title"))  # fmt: skip
        return PersonShown(
            row,
            names_of([row.division]).get(row.division, ""),
            secrets.mask_phone(row.phone or ""),
            [(term, titles.get(term.row.post_id, "")) for term in held],
            list(RosterShift.objects.filter(
                person_id=person_id, cancelled_at=None, ends_at__gt=moment
            ).select_related("post").order_by("starts_at")[:RECORDS_MAX]),
            versions.history(scope, "county.person", person_id),
        )  # fmt: skip
