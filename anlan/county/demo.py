"""The demonstration county 垫江县 (演示): real codes and names, made-up people, by a seed.

Codes and names of 26 townships and 301 villages are facts; village points, outlines, people, posts
and numbers are 演示数据. The numbers begin with 100, which no mobile number in China does.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path

from anlan.county.accounts import real_people
from anlan.county.actions import number_fields
from anlan.county.models import Division, Holding, Person, Post, Unit, UnitAlias, UnitMember
from anlan.county.names import pinyin_of
from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, Denied, Refusal
from anlan.ground.models import CountyFact
from anlan.ground.places import county_of, level, parent, parse
from anlan.ground.policy import values
from anlan.ground.scope import Scope

DIVISIONS = Path(__file__).resolve().parents[1] / "packs" / "_core"
SEED = 20240711
CODE = 500231000000
SURNAMES = "王李张刘陈杨黄赵周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红建国志海春梅秀珍德福成林永祥"
UNITS: tuple[tuple[str, str], ...] = (
    ("县应急管理局", "县应急局"),
    ("县水利局", ""),
    ("县规划自然资源局", "县规资局"),
    ("县气象局", ""),
    ("县消防救援大队", "县消防救援局"),
    ("县公安局", ""),
    ("县交通运输委", "县交通委"),
    ("县住房城乡建委", "县城市管理局"),
    ("县经济信息委", "县经信委"),
    ("县农业农村委", ""),
    ("县教委", ""),
    ("县卫生健康委", "县卫健委"),
    ("县文化旅游委", "县文旅委"),
    ("县市场监管局", ""),
    ("县林业局", ""),
    ("县民政局", ""),
    ("县财政局", ""),
    ("县发展改革委", "县发改委"),
)
COLLECTIVES = ("各乡镇（街道）", "县安委会各成员单位", "县防减救灾委各成员单位")
DUTY_UNITS = 8
NUMBERS = "100"  # no mobile number in China begins with it
VACANT_VILLAGES = (500231112003, 500231119005)


class _Maker:
    """Collects rows by the seed and writes each kind in one statement."""

    def __init__(self, world: int):
        self.random = random.Random(SEED)
        self.world = world
        self.number = 0
        self.now = clock.now()
        self.holdings: list[Holding] = []

    def person(self, division: int) -> Person:
        self.number += 1
        name = self.random.choice(SURNAMES) + "".join(
            self.random.sample(GIVEN, self.random.choice((1, 2, 2)))
        )
        pinyin, initials = pinyin_of(name)
        return Person(
            division=division,
            world=self.world,
            name=name,
            pinyin=pinyin,
            initials=initials,
            demo=True,
            **number_fields(f"{NUMBERS}{self.number:08d}"),
        )

    def post(
        self, division: int, kind: str, title: str, people: int, superior: Post | None = None,
        unit: Unit | None = None,
    ) -> Post:  # fmt: skip
        """A post with a holder and deputies, `people` in all; 0 is vacant."""
        post = Post.objects.create(
            division=division, world=self.world, kind=kind, title=title, superior=superior,
            unit=unit,
        )  # fmt: skip
        made = Person.objects.bulk_create([self.person(division) for _n in range(people)])
        self.holdings += [
            Holding(
                division=division, world=self.world, post=post, person=person, rank=rank,
                valid_from=self.now,
            )
            for rank, person in enumerate(made)
        ]  # fmt: skip
        return post


def read_divisions(path: Path) -> list[dict[str, str]]:
    """Rows code, name, kind, lat, lon, population, source; Refusal with the line that is wrong."""
    rows = []
    with path.open(encoding="utf-8") as handle:
        for number, row in enumerate(csv.DictReader(handle), start=2):
            try:
                parse(row["code"])
            except (KeyError, ValueError) as error:
                raise Refusal("division-code", str(error), f"{path.name}:{number}") from error
            rows.append(row)
    return rows


@action("county.edit", journal="county.make")
def make_divisions(scope: Scope, path: Path, name: str, demo: bool) -> int:
    """The county's divisions from a file, and what the county is. Returns how many."""
    if CountyFact.objects.exists():
        raise Conflict("county-exists", "本县已经建立", name, "一个数据库只放一个县")
    if demo and real_people():
        raise Denied("demo-refused", "这里有真实数据，不能设为演示县", name, "请另建一个县")
    rows = read_divisions(path)
    codes = {parse(row["code"]) for row in rows}
    Division.objects.bulk_create(
        [
            Division(
                code=(code := parse(row["code"])),
                name=row["name"],
                kind=row["kind"],
                parent_id=parent(code) if parent(code) in codes else None,
                label_lat=float(row["lat"]) if row.get("lat") else None,
                label_lon=float(row["lon"]) if row.get("lon") else None,
                population=int(row["population"]) if row.get("population") else None,
                source=row.get("source", ""),
                demo=row.get("source") == "演示数据",
            )
            for row in sorted(rows, key=lambda row: parse(row["code"]))
        ]
    )
    county = county_of(min(codes))
    CountyFact.objects.create(code=county, name=name, demo=demo)
    journal.line(scope, "county.make", ("ground.county", county), why=name, division=county)
    return len(rows)


@action("county.edit", journal="county.demo")
def make_people(scope: Scope) -> int:
    """Units, posts and people of the demonstration county; returns how many people."""
    if not CountyFact.objects.filter(demo=True).exists():
        raise Refusal("demo-refused", "只有演示县可以生成演示数据", "", "请用 anlan county new")
    maker = _Maker(scope.world)
    units = _units(scope.world)
    leader = maker.post(CODE, "county_leader", "县领导（分管应急）", 2)
    duty_leader = maker.post(CODE, "duty_leader", "县应急指挥部带班领导", 2, leader)
    maker.post(CODE, "duty_officer", "县应急指挥部值班员", 3, duty_leader)
    maker.post(CODE, "plan_clerk", "工作要点管理员", 1, duty_leader)
    for unit in units[:DUTY_UNITS]:
        maker.post(CODE, "unit_duty", f"{unit.name}值班室", 2, leader, unit)
    divisions = {row.code: row for row in Division.objects.all()}
    for code, row in divisions.items():
        if level(code) == "township":
            _township(maker, row, [v for v in divisions.values() if v.parent_id == code])
    Holding.objects.bulk_create(maker.holdings)
    journal.line(scope, "county.demo", None, why=f"演示数据 {maker.number} 人", division=CODE)
    return maker.number


def _units(world: int) -> list[Unit]:
    made = [
        Unit.objects.create(division=CODE, world=world, name=name, order=order)
        for order, (name, _alias) in enumerate(UNITS)
    ]
    UnitAlias.objects.bulk_create(
        UnitAlias(division=CODE, world=world, unit=unit, name=alias)
        for unit, (_name, alias) in zip(made, UNITS, strict=True)
        if alias
    )
    for order, name in enumerate(COLLECTIVES, start=len(UNITS)):
        own = Unit.objects.create(
            division=CODE, world=world, name=name, kind="collective", order=order
        )
        if name != COLLECTIVES[0]:
            UnitMember.objects.bulk_create(
                UnitMember(division=CODE, world=world, collective=own, member=unit) for unit in made
            )
    return made


def _township(maker: _Maker, township: Division, villages: list[Division]) -> None:
    name = township.name
    leader = maker.post(township.code, "township_leader", f"{name}主要领导", 1)
    maker.post(township.code, "township_duty", f"{name}值班室", 3, leader)
    cadres = [
        maker.post(township.code, "township_cadre", f"{name}驻村干部{n}", 1, leader) for n in (1, 2)
    ]
    for number, village in enumerate(villages):
        vacant = village.code in VACANT_VILLAGES
        short = village.name.removesuffix("村民委员会").removesuffix("居民委员会")
        cadre = cadres[number % 2]
        maker.post(village.code, "village_head", f"{short}负责人", 0 if vacant else 2, cadre)
        maker.post(village.code, "village_helper", f"{short}网格员", 1, cadre)


def make(scope: Scope) -> None:
    """The whole demonstration county, in transactions of one kind each; safe to repeat."""
    from anlan.county.outlines import draw

    with scope.open():
        if CountyFact.objects.exists():
            return
    with scope.open():
        make_divisions(scope, DIVISIONS / "divisions_500231.csv", "垫江县", True)
        draw(scope)
        values.save_demo(scope)
        make_people(scope)


def contacts(scope: Scope) -> dict[str, dict[str, str]]:
    """Number → name and post of the people that the seed made; for the telephone box beside it.

    Only in a demonstration county, and only numbers that no real telephone has.
    """
    with scope.open():
        if not CountyFact.objects.filter(demo=True).exists():
            return {}
        held = {
            row.person_id: row.post.title
            for row in Holding.objects.filter(valid_to=None, world=0)
            .select_related("post").order_by("-rank", "-id")
        }  # fmt: skip
        people = Person.objects.filter(demo=True, world=0, ended_at=None).exclude(phone=None)
        return {
            person.phone: {"name": person.name, "post": held.get(person.id, "")}
            for person in people
            if str(person.phone).startswith(NUMBERS)
        }
