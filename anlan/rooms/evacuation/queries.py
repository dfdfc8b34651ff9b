"""What is shown of an evacuation: zones, those not yet counted first, and totals that add up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Sum

from anlan.county import queries as county
from anlan.ground.errors import NotFound
from anlan.ground.scope import Scope
from anlan.rooms.evacuation.actions import figures_of
from anlan.rooms.evacuation.decisions import Figures, total
from anlan.rooms.evacuation.models import Headcount, Household, Opening, Order, Shelter, Zone

ORDERS_MAX = 100


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """A zone of the list."""

    zone: Zone
    place: str
    homes: int
    people: int
    weak: int


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """An opened zone with its figures and their age."""

    row: Opening
    place: str
    figures: Figures
    counted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Night:
    """All openings of the scope with their sum."""

    rows: list[OpeningRow]
    total: Figures
    counted: int


@dataclass(frozen=True, slots=True)
class Home:
    """A household as the village head sees it."""

    id: int
    head: str
    people: int
    needs: str
    helper: str
    where: str
    moved: int


@dataclass(frozen=True, slots=True)
class ZoneForLink:
    """What a headcount link opens."""

    opening: Opening
    zone_name: str
    shelter: str
    homes: list[Home]
    figures: Figures


def zones(scope: Scope) -> list[ZoneRow]:
    """Zones with households and people."""
    with scope.open():
        rows = list(
            Zone.objects.select_related("shelter")
            .annotate(homes=Count("households"), people=Sum("households__people"))
            .order_by("division", "id")
        )
        weak = dict(
            Household.objects.exclude(needs=None)
            .values_list("zone_id")
            .annotate(n=Count("id"))
            .values_list("zone_id", "n")
        )
        names = county.place_names(scope, (row.division for row in rows))
    return [
        ZoneRow(row, names.get(row.division, ""), row.homes, row.people or 0, weak.get(row.id, 0))
        for row in rows
    ]


def night(scope: Scope, only_open: bool = True) -> Night:
    """Openings, those not yet counted first, then most people still there."""
    with scope.open():
        rows = Opening.objects.select_related("zone")
        rows = rows.filter(state="open") if only_open else rows
        found = list(rows.order_by("division", "id"))
        names = county.place_names(scope, (row.division for row in found))
    shown = [
        OpeningRow(row, names.get(row.division, ""), figures_of(row), row.counted_at)
        for row in found
    ]
    shown.sort(key=lambda o: (o.counted_at is not None, -o.figures.still_there, o.row.division))
    counted = sum(1 for entry in shown if entry.counted_at is not None)
    return Night(shown, total(entry.figures for entry in shown), counted)


def zone_for_link(scope: Scope, opening_id: int) -> ZoneForLink:
    """The twelve households of an opening, with what was counted last."""
    with scope.open():
        row = Opening.objects.select_related("zone__shelter").filter(id=opening_id).first()
        if row is None:
            raise NotFound("opening-unknown", "没有这次转移", str(opening_id), "请打电话给乡镇")
        homes = list(row.zone.households.select_related("helper").order_by("order", "id"))
        last = Headcount.objects.filter(opening=row).order_by("-number").first()
    said = last.households if last else {}
    return ZoneForLink(
        row, row.zone.name, row.zone.shelter.name if row.zone.shelter else "",
        [_home(home, said.get(str(home.id))) for home in homes], figures_of(row),
    )  # fmt: skip


def _home(home: Household, said: list[object] | None) -> Home:
    where, moved = (str(said[0]), int(str(said[1]))) if said else ("not_yet", home.people)
    helper = str(home.helper.head) if home.helper else ""
    return Home(home.id, str(home.head), home.people, str(home.needs or ""), helper, where, moved)


def orders(scope: Scope, only_open: bool = True) -> list[Order]:
    """Orders to move, newest first."""
    with scope.open():
        rows = Order.objects.order_by("-id")
        return list(rows.filter(ended_at=None) if only_open else rows[:ORDERS_MAX])


def versions(scope: Scope, opening_id: int) -> list[Headcount]:
    """Every version of a zone's count, newest first."""
    with scope.open():
        return list(Headcount.objects.filter(opening_id=opening_id).order_by("-number"))


def shelters(scope: Scope) -> list[Shelter]:
    """Places to go."""
    with scope.open():
        return list(Shelter.objects.order_by("division", "id"))


def opening_of_person(scope: Scope, person_id: int) -> Opening | None:
    """The newest open zone of the village whose post the person holds."""
    from anlan.county.models import Holding

    with scope.open():
        places = list(
            Holding.objects.filter(person_id=person_id, valid_to=None).values_list(
                "division", flat=True
            )
        )
        rows = Opening.objects.filter(division__in=places, state="open")
        return rows.order_by("-id").first() if rows.count() == 1 else None
