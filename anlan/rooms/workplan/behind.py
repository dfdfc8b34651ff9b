"""Where the records behind a figure lie: a page for each kind of object that facts name.

Flows in: records of an indicator. Flows out: an address for each, within the reader's scope; a
kind that has no page yet gives none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from anlan.engines.callout.models import Call
from anlan.ground.scope import Scope
from anlan.rooms.evacuation.models import Opening
from anlan.rooms.review.models import Exercise, Participation

Finder = Callable[[Iterable[int]], dict[int, str]]


class Named(Protocol):
    """A record that names its object by kind and id."""

    @property
    def kind(self) -> str: ...

    @property
    def id(self) -> int: ...


def addresses(scope: Scope, records: Iterable[Named]) -> dict[tuple[str, int], str]:
    """The page of each record, by kind and id; none where the reader may not open it."""
    wanted: dict[str, list[int]] = {}
    for record in records:
        wanted.setdefault(record.kind, []).append(record.id)
    found: dict[tuple[str, int], str] = {}
    with scope.open():
        for kind, ids in wanted.items():
            finder, right = FINDERS.get(kind, (None, ""))
            if finder is None or not scope.may(right):
                continue
            for ident, url in finder(ids).items():
                found[kind, ident] = url
    return found


def _calls(ids: Iterable[int]) -> dict[int, str]:
    """A call stands in the tree of its call-out."""
    rows = Call.objects.filter(id__in=list(ids)).values_list("id", "callout_id")
    return {ident: f"/callout/{callout}/" for ident, callout in rows}


def _zones(ids: Iterable[int]) -> dict[int, str]:
    """A zone stands in its newest opening, else on its own page."""
    listed = list(ids)
    found = {ident: f"/zones/of/{ident}/" for ident in listed}
    for ident, opening in (
        Opening.objects.filter(zone_id__in=listed).order_by("id").values_list("zone_id", "id")
    ):
        found[ident] = f"/zones/{opening}/"
    return found


def _exercises(ids: Iterable[int]) -> dict[int, str]:
    """An exercise stands in its review."""
    rows = Exercise.objects.filter(id__in=list(ids)).values_list("id", "space")
    return {ident: f"/exercise/{space}/review/" for ident, space in rows}


def _drilled(ids: Iterable[int]) -> dict[int, str]:
    """A place stands in the newest exercise in which its people took part."""
    rows = Participation.objects.filter(division__in=list(ids)).order_by("id")
    found = rows.values_list("division", "exercise__space")
    return {place: f"/exercise/{space}/review/" for place, space in found}


FINDERS: dict[str, tuple[Finder, str]] = {
    "callout.call": (_calls, "callout.read"), "evacuation.zone": (_zones, "evacuation.read"),
    "review.exercise": (_exercises, "exercise.read"), "review.place": (_drilled, "exercise.read"),
}  # fmt: skip
