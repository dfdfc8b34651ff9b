"""The words of an all-clear, which sends nobody home into another warning.

Flows in: a released warning and the others that still stand. Flows out: the message of its
all-clear; the places where another red or orange warning stands are named in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from anlan.county import queries as county
from anlan.ground import clock
from anlan.ground.models import CountyFact
from anlan.ground.places import level, span
from anlan.ground.scope import Scope
from anlan.rooms.warning import draft as words
from anlan.rooms.warning.models import Warning

STANDING_STATES = ("released", "approved")
MOVING_GRADES = ("red", "orange")
PLACES_NAMED_MAX = 8


@dataclass(frozen=True, slots=True)
class Beside:
    """Another warning that still asks people to be away, and where it meets the one asked about."""

    title: str
    divisions: list[int]


def title(row: Warning) -> str:
    """暴雨橙色预警."""
    name = f"{row.kind_label}{words.grade_label(row.grade)}预警" if row.grade else row.kind_label
    return name + "解除" if row.act == "lift" else name


def overlap(these: Iterable[int], those: Iterable[int]) -> list[int]:
    """The places that lie in both: of two that contain each other the smaller, once, in order."""
    shared = set()
    for one in these:
        for other in those:
            if span(one)[0] <= other <= span(one)[1]:
                shared.add(other)
            elif span(other)[0] <= one <= span(other)[1]:
                shared.add(one)
    return sorted(shared)


def standing_beside(scope: Scope, row: Warning) -> list[Beside]:
    """Red and orange warnings, not lifted and other than this one, that reach into its places."""
    with scope.open():
        others = Warning.objects.filter(state__in=STANDING_STATES, grade__in=MOVING_GRADES)
        found = [
            Beside(title(other), overlap(row.divisions, other.divisions))
            for other in others.exclude(id=row.id).exclude(act="lift").order_by("id")
        ]
    return [beside for beside in found if beside.divisions]


def all_clear(scope: Scope, row: Warning) -> str:
    """The message of the all-clear, as things stand at this moment."""
    with scope.open():
        beside = standing_beside(scope, row)
        shared = sorted({code for other in beside for code in other.divisions})
        fact, now = CountyFact.objects.get(), clock.now()
        names = county.place_names(scope, shared)
    template = "all_clear"
    if beside:
        covered = all(
            any(span(code)[0] <= one <= span(code)[1] for code in shared) for one in row.divisions
        )
        template = "all_clear_still" if covered else "all_clear_partly"
    return words.message(
        template, fact.name, row.kind_label, row.grade, now, _named(shared, names), "", "",
        "、".join(dict.fromkeys(other.title for other in beside)),
    )  # fmt: skip


def _named(codes: list[int], names: dict[int, str]) -> str:
    if any(level(code) == "county" for code in codes):
        return "全县"
    listed = "、".join(names.get(code, str(code)) for code in codes[:PLACES_NAMED_MAX])
    return listed if len(codes) <= PLACES_NAMED_MAX else f"{listed}等{len(codes)}处"
