"""Zones, households and shelters of the demonstration county, by a seed; all 演示数据."""

from __future__ import annotations

import random

from anlan.county.demo import CODE, GIVEN, SURNAMES
from anlan.county.models import Division
from anlan.ground import journal
from anlan.ground.actions import action
from anlan.ground.errors import Refusal
from anlan.ground.models import CountyFact
from anlan.ground.places import level, township_of
from anlan.ground.scope import Scope
from anlan.rooms.evacuation.models import Household, Shelter, Zone

SEED = 71120240
WHOLE_TOWNSHIP = 500231109000
EVERY_NTH_VILLAGE = 7
HOMES = 12
NEEDS = ("独居老人，行动不便", "卧床，需担架", "视力障碍", "孕妇", "需人背")
HAZARDS = ("rainstorm", "geohazard", "flash_flood")


@action("evacuation.edit", journal="evacuation.demo", may_change_nothing=True)
def make(scope: Scope) -> int:
    """A zone of twelve households in every village of 澄溪镇 and in each seventh elsewhere."""
    if not CountyFact.objects.filter(demo=True).exists():
        raise Refusal("demo-refused", "只有演示县可以生成演示数据")
    if Zone.objects.exists():
        return 0
    made = random.Random(SEED)
    villages = [row for row in Division.objects.all() if level(row.code) == "village"]
    chosen = [
        row
        for number, row in enumerate(villages)
        if township_of(row.code) == WHOLE_TOWNSHIP or number % EVERY_NTH_VILLAGE == 0
    ]
    for row in chosen:
        _zone(scope, made, row)
    journal.line(scope, "evacuation.demo", None, why=f"演示数据 {len(chosen)} 片", division=CODE)
    return len(chosen)


def _zone(scope: Scope, made: random.Random, village: Division) -> None:
    lat, lon = village.label_lat or 0.0, village.label_lon or 0.0
    short = village.name.removesuffix("村民委员会").removesuffix("居民委员会")
    shelter = Shelter.objects.create(
        division=village.code, world=scope.world, name=f"{short}小学", capacity=200,
        lat=lat + 0.004, lon=lon + 0.003, demo=True,
    )  # fmt: skip
    zone = Zone.objects.create(
        division=village.code, world=scope.world, name=f"{short}一片",
        hazard=made.choice(HAZARDS), shelter=shelter, lat=lat, lon=lon, demo=True,
    )  # fmt: skip
    rows = Household.objects.bulk_create(
        Household(
            division=village.code, world=scope.world, zone=zone, order=order,
            head=made.choice(SURNAMES) + "".join(made.sample(GIVEN, 2)),
            people=made.randint(1, 6), needs=made.choice(NEEDS) if order % 4 == 1 else None,
            demo=True,
        )
        for order in range(HOMES)
    )  # fmt: skip
    for order, row in enumerate(rows):
        if row.needs is not None:
            row.helper = rows[(order + 1) % HOMES]
            row.save(update_fields=["helper"])
