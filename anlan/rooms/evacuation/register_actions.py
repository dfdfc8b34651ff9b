"""Writes of what stands by day: shelters, zones, households, each with its version and history.

Flows in: forms of a clerk. Flows out: rows that a night opens, a `Change` of each with names
masked and needs never written out, a journal line. Nothing is deleted: what is no more ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from anlan.county import versions
from anlan.county.models import Post
from anlan.county.versions import facts, locked, made, saved, within
from anlan.ground import clock, secrets
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.live import tell
from anlan.ground.places import level
from anlan.ground.policy import packs
from anlan.ground.scope import Scope
from anlan.rooms.evacuation.models import RISKS, Household, Opening, Shelter, Zone

Row = TypeVar("Row", Shelter, Zone, Household)

HOUSEHOLDS_MAX = 60
PEOPLE_MAX = 50
CAPACITY_MAX = 100_000
LAT_RANGE, LON_RANGE = (3.0, 54.0), (73.0, 136.0)

_PLACED = {"lat": _lazy("纬度"), "lon": _lazy("经度"), "ended_at": _lazy("停用时间")}
versions.track("evacuation.shelter", {
    "division": _lazy("所在区划"), "name": _lazy("名称"), "capacity": _lazy("容量"),
    "keeper_post_id": _lazy("管护岗位"), **_PLACED,
})  # fmt: skip
versions.track("evacuation.zone", {
    "division": _lazy("所在区划"), "name": _lazy("名称"), "hazard": _lazy("灾种"),
    "risk": _lazy("风险"), "shelter_id": _lazy("去处"), **_PLACED,
})  # fmt: skip
versions.track("evacuation.household", {
    "zone_id": _lazy("片区"), "head": _lazy("户主"), "people": _lazy("人数"),
    "needs": _lazy("需要的帮助"), "helper_id": _lazy("谁来接"), "order": _lazy("顺序"),
    "ended_at": _lazy("停用时间"),
})  # fmt: skip
versions.NAMED.update(zone_id=(Zone, "name"), shelter_id=(Shelter, "name"),
                      keeper_post_id=(Post, "title"), helper_id=(Household, "head"))  # fmt: skip
versions.WORDED.update({
    ("evacuation.zone", "risk"): lambda: dict(RISKS),
    ("evacuation.zone", "hazard"): lambda: dict(hazards()),
})  # fmt: skip
versions.MASKED.update(head=secrets.mask_name, needs=lambda _text: _("（已填）"))


def hazards() -> list[tuple[str, str]]:
    """What a zone is endangered by: the kinds that the warning pack has words for."""
    kinds = packs.section("warning", "texts")["kinds"]
    return [(name, own["label"]) for name, own in kinds.items() if own["label"]]


@dataclass(frozen=True, slots=True)
class Home:
    """A household as it is written: helper names another household of the zone by its head."""

    head: str
    people: int
    needs: str = ""
    helper: str = ""


# shelters


@action("evacuation.edit", journal="evacuation.shelter.add")
def add_shelter(scope: Scope, division: int, name: str, capacity: int, **more: Any) -> Shelter:
    """A place to go. more: keeper_post_id, lat, lon (WGS-84 degrees)."""
    _check_shelter(name, capacity, more)
    row = Shelter.objects.create(
        division=within(scope, division), world=scope.world, name=name.strip(), capacity=capacity,
        **more,
    )  # fmt: skip
    made(scope, "evacuation.shelter.add", row)
    return row


@action("evacuation.edit", journal="evacuation.shelter.change", may_change_nothing=True)
def edit_shelter(
    scope: Scope, shelter_id: int, version: int, *, division: int, name: str, capacity: int,
    **more: Any,
) -> Shelter:  # fmt: skip
    """Another name, place, capacity or keeper."""
    row = _standing(locked(scope, Shelter, shelter_id, version))
    _check_shelter(name, capacity, more)
    return _set(scope, "evacuation.shelter.change", row, division=within(scope, division),
                name=name.strip(), capacity=capacity, **more)  # fmt: skip


@action("evacuation.edit", journal="evacuation.shelter.end")
def end_shelter(scope: Scope, shelter_id: int, version: int, why: str) -> Shelter:
    """No place to go any more; refused while a zone still goes there."""
    row = _standing(locked(scope, Shelter, shelter_id, version))
    zones = Zone.objects.filter(shelter=row, ended_at=None).values_list("name", flat=True)
    if zones:
        raise Refusal(
            "shelter-needed", _("还有片区以它为去处"), "、".join(zones[:5]),
            _("请先给这些片区换一个去处"),
        )  # fmt: skip
    return _end(scope, "evacuation.shelter.end", row, why)


def _check_shelter(name: str, capacity: int, more: dict[str, Any]) -> None:
    if not name.strip() or not 0 < capacity <= CAPACITY_MAX:
        raise Refusal(
            "shelter-form", _("请填写名称和 1 到 100,000 的容量"), f"{name} {capacity}",
            _("容量是能安置的人数"),
        )  # fmt: skip
    _check_point(more)


def _check_point(more: dict[str, Any]) -> None:
    """Both coordinates or none, and within the country: swapped ones are noticed."""
    lat, lon = more.get("lat"), more.get("lon")
    if lat is None and lon is None:
        return
    good = lat is not None and lon is not None and LAT_RANGE[0] <= lat <= LAT_RANGE[1] \
        and LON_RANGE[0] <= lon <= LON_RANGE[1]  # fmt: skip
    if not good:
        raise Refusal(
            "point", _("经纬度不对"), f"{lat} {lon}",
            _("纬度 3 到 54、经度 73 到 136（WGS-84），两项都填或都不填"),
        )  # fmt: skip


# zones


@action("evacuation.edit", journal="evacuation.zone.add")
def add_zone(
    scope: Scope, division: int, name: str, hazard: str, shelter_id: int | None, **more: Any
) -> Zone:
    """A zone of a village. more: risk (high, middle, low), lat, lon (WGS-84 degrees)."""
    _check_zone(division, name, more)
    row = Zone.objects.create(
        division=within(scope, division), world=scope.world, name=name.strip(), hazard=hazard,
        shelter=_shelter(shelter_id), **more,
    )  # fmt: skip
    made(scope, "evacuation.zone.add", row)
    tell(scope, "headcount", division, zone=row.id)
    return row


@action("evacuation.edit", journal="evacuation.zone.change", may_change_nothing=True)
def edit_zone(
    scope: Scope, zone_id: int, version: int, *, division: int, name: str, hazard: str,
    shelter_id: int | None, **more: Any,
) -> Zone:  # fmt: skip
    """Another name, village, hazard, risk or shelter; the households go along."""
    row = _standing(locked(scope, Zone, zone_id, version))
    _check_zone(division, name, more)
    if division != row.division:
        _not_tonight(row)
        within(scope, division)
        Household.objects.filter(zone=row).update(division=division)
    if shelter_id != row.shelter_id:
        _shelter(shelter_id)
    return _set(scope, "evacuation.zone.change", row, division=division, name=name.strip(),
                hazard=hazard, shelter_id=shelter_id, **more)  # fmt: skip


@action("evacuation.edit", journal="evacuation.zone.end")
def end_zone(scope: Scope, zone_id: int, version: int, why: str) -> Zone:
    """The zone is none any more; what was counted in it stays."""
    row = _standing(locked(scope, Zone, zone_id, version))
    _not_tonight(row)
    return _end(scope, "evacuation.zone.end", row, why)


def _check_zone(division: int, name: str, more: dict[str, Any]) -> None:
    if not name.strip():
        raise Refusal("zone-name", _("请填写片区名称"), "", _("例如：一组河边"))
    if level(division) != "village":
        raise Refusal(
            "zone-place", _("片区要落在村、社区"), str(division),
            _("叫应叫到村，清点链接发给村里应答的人，请选择村或社区"),
        )  # fmt: skip
    if more.get("risk", "high") not in dict(RISKS):
        raise Refusal("zone-risk", _("风险应为高、中、低"), str(more["risk"]), _("请选择一项"))
    _check_point(more)


def _shelter(shelter_id: int | None) -> Shelter | None:
    if shelter_id is None:
        return None
    found = Shelter.objects.filter(id=shelter_id, ended_at=None).first()
    if found is None:
        raise NotFound(
            "shelter-unknown", _("没有这个避难场所，或已停用"), str(shelter_id),
            _("请先添加避难场所"),
        )  # fmt: skip
    return found


# households


@action("evacuation.edit", journal="evacuation.household.add")
def add_household(
    scope: Scope, zone_id: int, head: str, people: int, needs: str = "",
    helper_id: int | None = None,
) -> Household:  # fmt: skip
    """A household of a zone: its head, how many, what help, and who fetches them."""
    zone = _zone(scope, zone_id)
    _check_home(head, people, zone.name)
    return _add(scope, zone, Home(head, people, needs), _helper(zone, helper_id, None))


@action("evacuation.edit", journal="evacuation.household.add")
def add_households(scope: Scope, zone_id: int, homes: list[Home]) -> list[Household]:
    """A whole list, or none of it: every fault is named by its line."""
    zone = _zone(scope, zone_id)
    known: dict[str, Household | None] = {}
    for home in _living(zone):
        known[str(home.head)] = None if str(home.head) in known else home
    _check_list(homes, set(known), zone.name)
    rows = [_add(scope, zone, home, None) for home in homes]
    known |= {str(row.head): row for row in rows}
    for home, row in zip(homes, rows, strict=True):
        helper = known[home.helper.strip()] if home.helper.strip() else None
        if helper is not None:
            before = facts(row)
            row.helper = helper
            saved(scope, "evacuation.household.change", row, before)
    return rows


def _check_list(homes: list[Home], known: set[str], place: str) -> None:
    if not homes:
        raise Refusal("homes-empty", _("没有一户"), place, _("一行一户"))
    heads = [home.head.strip() for home in homes]
    faults = []
    for number, home in enumerate(homes, 1):
        helper = home.helper.strip()
        if not home.head.strip() or not 0 < home.people <= PEOPLE_MAX:
            faults.append(_("第 %(n)d 行：请填写户主和 1 到 50 的人数") % {"n": number})
        if home.head.strip() in known or heads.count(home.head.strip()) > 1:
            faults.append(_("第 %(n)d 行：片区里已有这个户主") % {"n": number})
        if helper and (helper not in {*known, *heads} or helper == home.head.strip()):
            faults.append(_("第 %(n)d 行：来接的人不是片区里的另一户") % {"n": number})
    if faults:
        raise Refusal("homes-faults", _("%(n)d 处不对，一户都没有写入") % {"n": len(faults)},
                      "；".join(faults[:10]), _("请改好后重新提交"))  # fmt: skip


@action("evacuation.edit", journal="evacuation.household.change", may_change_nothing=True)
def edit_household(
    scope: Scope, household_id: int, version: int, *, head: str, people: int, needs: str,
    helper_id: int | None,
) -> Household:  # fmt: skip
    """Another head, number, need or helper."""
    row = _standing(locked(scope, Household, household_id, version))
    _check_home(head, people, row.zone.name)
    _helper(row.zone, helper_id, row.id)
    return _set(scope, "evacuation.household.change", row, head=head.strip(), people=people,
                needs=needs.strip() or None, helper_id=helper_id)  # fmt: skip


@action("evacuation.edit", journal="evacuation.household.end")
def end_household(scope: Scope, household_id: int, version: int, why: str) -> Household:
    """Nobody lives there any more; whoever was fetched by them needs another helper."""
    row = _standing(locked(scope, Household, household_id, version))
    _not_tonight(row.zone)
    for helped in Household.objects.filter(helper=row, ended_at=None):
        before = facts(helped)
        helped.helper = None
        saved(scope, "evacuation.household.change", helped, before, why=why)
    return _end(scope, "evacuation.household.end", row, why)


def _zone(scope: Scope, zone_id: int) -> Zone:
    """The zone, locked, so that two clerks do not pass its limit together."""
    found = Zone.objects.filter(id=zone_id, ended_at=None).first()
    if found is None:
        raise NotFound("zone-unknown", _("没有这个片区，或已停用"), str(zone_id), _("请返回列表"))
    return locked(scope, Zone, zone_id)


def _living(zone: Zone) -> Any:
    return zone.households.filter(ended_at=None).order_by("order", "id")


def _check_home(head: str, people: int, place: str) -> None:
    if not head.strip() or not 0 < people <= PEOPLE_MAX:
        raise Refusal(
            "household-form", _("请填写户主和 1 到 50 的人数"), place, _("人数是常住的人")
        )


def _helper(zone: Zone, helper_id: int | None, own: int | None) -> Household | None:
    if helper_id is None:
        return None
    found = _living(zone).filter(id=helper_id).exclude(id=own).first()
    if found is None:
        raise Refusal("helper", _("来接的人要是同一片区的另一户"), str(helper_id), _("请重新选择"))
    return found  # type: ignore[no-any-return]


def _add(scope: Scope, zone: Zone, home: Home, helper: Household | None) -> Household:
    order = _living(zone).count()
    if order >= HOUSEHOLDS_MAX:
        raise Refusal("zone-full", _("一个片区最多 60 户"), zone.name, _("请分成两个片区"))
    row = Household.objects.create(
        division=zone.division, world=scope.world, zone=zone, head=home.head.strip(),
        people=home.people, needs=home.needs.strip() or None, helper=helper, order=order,
    )  # fmt: skip
    made(scope, "evacuation.household.add", row)
    return row


# what all three have in common


def _standing(row: Row) -> Row:
    if row.ended_at is not None:
        raise Conflict("ended", _("这一条已停用"), str(row.pk), _("请刷新页面"))
    return row


def _not_tonight(zone: Zone) -> None:
    if Opening.objects.filter(zone=zone, state="open").exists():
        raise Refusal("zone-open", _("这个片区正在转移"), zone.name, _("请等转移结束后再改"))


def _set(scope: Scope, name: str, row: Row, /, **fields: Any) -> Row:
    before = facts(row)
    for field, value in fields.items():
        setattr(row, field, value)
    if facts(row) != before:
        saved(scope, name, row, before)
    return row


def _end(scope: Scope, name: str, row: Row, why: str) -> Row:
    if not why.strip():
        raise Refusal("why-empty", _("请写明原因"), "", _("例如：已搬走、已拆除"))
    before = facts(row)
    row.ended_at = clock.now()
    saved(scope, name, row, before, why=why)
    return row
