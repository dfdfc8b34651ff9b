"""What is shown of an evacuation: zones, those not yet counted first, and totals that add up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from anlan.county import queries as county
from anlan.county.models import Post
from anlan.county.versions import history
from anlan.ground import clock
from anlan.ground.errors import NotFound
from anlan.ground.places import span, township_of
from anlan.ground.scope import Scope
from anlan.rooms.evacuation.actions import figures_of
from anlan.rooms.evacuation.decisions import Figures, total
from anlan.rooms.evacuation.models import Basis, Headcount, Household, Opening, Order, Shelter, Zone

ORDERS_MAX = 100
NIGHTS_MAX = 50
LIVING = Q(households__ended_at=None)


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
    """An opened zone with its figures and their age. titles: the warnings that it stands on."""

    row: Opening
    place: str
    figures: Figures
    counted_at: datetime | None
    titles: list[str]


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


def _within(rows: QuerySet[Any], place: int | None) -> QuerySet[Any]:
    """Those of the division and all that lies in it; all where there is none."""
    return rows if place is None else rows.filter(division__range=span(place))


def zones(scope: Scope, place: int | None = None) -> list[ZoneRow]:
    """Zones in use with households and people. place: only those of a division."""
    with scope.open():
        rows = list(
            _within(Zone.objects.filter(ended_at=None), place)
            .select_related("shelter")
            .annotate(
                homes=Count("households", filter=LIVING),
                people=Sum("households__people", filter=LIVING),
            )
            .order_by("division", "id")
        )
        weak = dict(
            Household.objects.filter(ended_at=None)
            .exclude(needs=None)
            .values_list("zone_id")
            .annotate(n=Count("id"))
            .values_list("zone_id", "n")
        )
        names = county.place_names(scope, (row.division for row in rows))
    return [
        ZoneRow(row, names.get(row.division, ""), row.homes, row.people or 0, weak.get(row.id, 0))
        for row in rows
    ]


def night(scope: Scope, only_open: bool = True, place: int | None = None) -> Night:
    """Openings, those not yet counted first, then most people still there."""
    with scope.open():
        rows = _within(Opening.objects.select_related("zone"), place)
        rows = rows.filter(state="open") if only_open else rows
        found = list(rows.order_by("division", "id"))
        names = county.place_names(scope, (row.division for row in found))
        titles: dict[int, list[str]] = {}
        standing = Basis.objects.filter(opening__in=[row.id for row in found], ended_at=None)
        for ident, title in standing.order_by("id").values_list("opening_id", "title"):
            titles.setdefault(ident, []).append(title)
    shown = [
        OpeningRow(
            row, names.get(row.division, ""), figures_of(row), row.counted_at,
            titles.get(row.id, []),
        )
        for row in found
    ]  # fmt: skip
    shown.sort(key=lambda o: (o.counted_at is not None, -o.figures.still_there, o.row.division))
    counted = sum(1 for entry in shown if entry.counted_at is not None)
    return Night(shown, total(entry.figures for entry in shown), counted)


def by_township(scope: Scope, shown: Night) -> list[tuple[str, Figures, int, int]]:
    """(township, figures of the zones that reported, how many reported, how many zones)."""
    grouped: dict[int, list[OpeningRow]] = {}
    for entry in shown.rows:
        grouped.setdefault(township_of(entry.row.division) or entry.row.division, []).append(entry)
    names = county.place_names(scope, grouped)
    return [
        (names.get(code, str(code)), total(e.figures for e in rows if e.counted_at),
         sum(1 for e in rows if e.counted_at), len(rows))
        for code, rows in sorted(grouped.items())
    ]  # fmt: skip


def zone_for_link(scope: Scope, opening_id: int) -> ZoneForLink:
    """The twelve households of an opening, with what was counted last."""
    with scope.open():
        row = Opening.objects.select_related("zone__shelter").filter(id=opening_id).first()
        if row is None:
            raise NotFound("opening-unknown", "没有这次转移", str(opening_id), "请打电话给乡镇")
        homes = list(_living(row.zone).select_related("helper"))
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


def _living(zone: Zone) -> QuerySet[Household]:
    return zone.households.filter(ended_at=None).order_by("order", "id")


def orders(scope: Scope, only_open: bool = True) -> list[Order]:
    """Orders to move, newest first."""
    with scope.open():
        rows = Order.objects.order_by("-id")
        return list(rows.filter(ended_at=None) if only_open else rows[:ORDERS_MAX])


def versions(scope: Scope, opening_id: int) -> list[Headcount]:
    """Every version of a zone's count, newest first."""
    with scope.open():
        return list(Headcount.objects.filter(opening_id=opening_id).order_by("-number"))


def bases(scope: Scope, opening_id: int) -> list[Basis]:
    """All that an opening stands or stood on, with their orders; what stands still comes first."""
    with scope.open():
        rows = Basis.objects.filter(opening_id=opening_id).select_related("order").order_by("id")
        return sorted(rows, key=lambda basis: basis.ended_at is not None)


def shelters(scope: Scope) -> list[Shelter]:
    """Places to go that are in use."""
    with scope.open():
        return list(Shelter.objects.filter(ended_at=None).order_by("division", "id"))


def opening_of_person(scope: Scope, person_id: int) -> Opening | None:
    """The open zone of the place where the person stands at a post now, if there is just one."""
    with scope.open():
        places = {post.division for post in county.posts_of_person(scope, person_id, clock.now())}
        rows = list(Opening.objects.filter(division__in=places, state="open")[:2])
        return rows[0] if len(rows) == 1 else None


# what stands by day


@dataclass(frozen=True, slots=True)
class ZoneShown:
    """A zone as it stands. lacks: why it does not count as complete, in an officer's words."""

    row: Zone
    place: str
    homes: list[Household]
    people: int
    lacks: list[str]
    openings: list[Opening]
    changes: list[Any]


@dataclass(frozen=True, slots=True)
class ShelterShown:
    """A place to go, with how many people of how many zones would come."""

    row: Shelter
    place: str
    keeper: str
    zones: list[Zone]
    people: int
    changes: list[Any]


def place_of(text: str) -> int | None:
    """The division that an address names; None where it names none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) == 12 else None


def homes(scope: Scope, zone_id: int) -> list[Household]:
    """The households of a zone in their order."""
    with scope.open():
        rows = Household.objects.filter(zone_id=zone_id, ended_at=None)
        return list(rows.select_related("helper").order_by("order", "id"))


def zone(scope: Scope, zone_id: int) -> ZoneShown:
    """One zone; NotFound where the scope has none."""
    with scope.open():
        row = Zone.objects.select_related("shelter").filter(id=zone_id).first()
        if row is None:
            raise NotFound("zone-unknown", _("没有这个片区"), str(zone_id), _("请返回列表"))
        own = homes(scope, zone_id)
        return ZoneShown(
            row, county.place_names(scope, [row.division]).get(row.division, ""), own,
            sum(home.people for home in own), _lacks(row, own),
            list(Opening.objects.filter(zone=row).order_by("-id")[:NIGHTS_MAX]),
            history(scope, "evacuation.zone", zone_id),
        )  # fmt: skip


def _lacks(row: Zone, own: list[Household]) -> list[str]:
    """What the plan's row 5/6 asks of a zone: people, helpers for whoever needs one, a shelter."""
    alone = sum(1 for home in own if home.needs is not None and home.helper_id is None)
    found = []
    if not own:
        found.append(_("还没有住户"))
    if alone:
        found.append(_("%(n)d 户需要帮助，还没有人来接") % {"n": alone})
    if row.shelter_id is None:
        found.append(_("还没有去处"))
    return found


def household(scope: Scope, household_id: int) -> Household:
    """One household; NotFound where the scope has none."""
    with scope.open():
        row = Household.objects.filter(id=household_id, ended_at=None).first()
    if row is None:
        raise NotFound("household-unknown", _("没有这一户"), str(household_id), _("请返回片区"))
    return row


def shelter_rows(scope: Scope) -> list[ShelterShown]:
    """Every place to go in use."""
    with scope.open():
        rows = shelters(scope)
        names = county.place_names(scope, (row.division for row in rows))
        return _shown(rows, names)


def shelter(scope: Scope, shelter_id: int) -> ShelterShown:
    """One place to go; NotFound where the scope has none."""
    with scope.open():
        row = Shelter.objects.filter(id=shelter_id).first()
        if row is None:
            raise NotFound(
                "shelter-unknown", _("没有这个避难场所"), str(shelter_id), _("请返回列表")
            )
        names = county.place_names(scope, [row.division])
        changes = history(scope, "evacuation.shelter", shelter_id)
        return replace(_shown([row], names)[0], changes=changes)


def _shown(rows: Sequence[Shelter], names: Mapping[int, str]) -> list[ShelterShown]:
    """Each with its keeper, the zones that go there and their people; three statements in all."""
    keepers = dict(
        Post.objects.filter(id__in=[row.keeper_post_id for row in rows]).values_list("id", "title")
    )
    zones: dict[int, list[Zone]] = defaultdict(list)
    own = Zone.objects.filter(shelter__in=rows, ended_at=None)
    for zone in own.order_by("division", "id"):
        zones[zone.shelter_id].append(zone)
    counted = Household.objects.filter(zone__shelter__in=rows, zone__ended_at=None, ended_at=None)
    people = dict(counted.values_list("zone__shelter").annotate(n=Sum("people")))
    return [
        ShelterShown(row, names.get(row.division, ""), keepers.get(row.keeper_post_id, ""),
                     zones[row.id], people.get(row.id) or 0, [])
        for row in rows
    ]  # fmt: skip
