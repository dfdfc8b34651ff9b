"""What stands by day: zones, shelters and households through their screens, kept with their history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anlan.county.models import Change
from anlan.ground.errors import Conflict, Denied, Refusal
from anlan.ground.scope import Scope
from anlan.rooms.evacuation import opening_actions, queries, register_actions
from anlan.rooms.evacuation.models import Household, Opening, Shelter, Zone
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES

COMMAND = Scope.for_command("test")


def text(answer: Any) -> str:
    return answer.content.decode()


@pytest.fixture
def clerk(client_of: Callable[..., Any]) -> Any:
    return client_of("township_cadre", TOWNSHIPS[0])


@pytest.fixture
def zone(county_db: str) -> Zone:
    shelter = register_actions.add_shelter(COMMAND, VILLAGES[0], "甲村小学", 20)
    return register_actions.add_zone(COMMAND, VILLAGES[0], "河边", "flash_flood", shelter.id)


def changes(kind: str) -> list[Change]:
    with COMMAND.open():
        return list(Change.objects.filter(object_kind=kind).order_by("id"))


def test_a_township_enters_a_shelter_a_zone_and_a_list_of_households(clerk: Any) -> None:
    made = clerk.post("/zones/shelters/new/", {
        "division": VILLAGES[0], "name": "村小学", "capacity": 30, "lat": 30.2, "lon": 107.3})  # fmt: skip
    with COMMAND.open():
        shelter = Shelter.objects.get()
    assert made.url == f"/zones/shelters/{shelter.id}/"
    made = clerk.post("/zones/new/", {
        "division": VILLAGES[0], "name": "一组", "hazard": "rainstorm", "risk": "high",
        "shelter_id": shelter.id})  # fmt: skip
    zone_page = text(clerk.get(made.url))
    assert "还没有住户" in zone_page
    homes = "张三\t3\n李四,2，卧床，张三\n\n王五\t40"
    assert clerk.post(made.url + "homes/", {"homes": homes}).status_code == 302
    shown = text(clerk.get(made.url))
    assert "3 户 45 人" in shown and "卧床" in shown
    assert "要来 45 人，只容 30 人" in text(clerk.get(f"/zones/shelters/{shelter.id}/"))
    assert "一组" in text(clerk.get("/zones/"))


@pytest.mark.parametrize(
    ("homes", "said"),
    [
        ("张三\t三", "第 1 行读不出"),
        ("张三", "第 1 行读不出"),
        ("张三\t3\t\t\t多了", "第 1 行读不出"),
        ("张三\t99999", "第 1 行读不出"),
        ("张三\t0", "第 1 行：请填写户主"),
        ("张三\t51", "第 1 行：请填写户主"),
        ("张三\t3\n张三\t2", "第 2 行：片区里已有这个户主"),
        ("户主\t3", "第 1 行：片区里已有这个户主"),
        ("张三\t3\t卧床\t李四", "第 1 行：来接的人不是片区里的另一户"),
        ("张三\t3\t卧床\t张三", "第 1 行：来接的人不是片区里的另一户"),
        ("\n".join(f"户{n}\t1" for n in range(61)), "一次最多 60 户"),
        ("\n".join(f"户{n}\t1" for n in range(60)), "一个片区最多 60 户"),
    ],
)
def test_a_list_with_one_wrong_line_writes_no_household(
    zone: Zone, clerk: Any, homes: str, said: str
) -> None:
    register_actions.add_household(COMMAND, zone.id, "户主", 2)
    answer = clerk.post(f"/zones/of/{zone.id}/homes/", {"homes": homes})
    assert answer.status_code == 400 and said in text(answer)
    with COMMAND.open():
        assert Household.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"division": TOWNSHIPS[0]}, "选择一个有效的选项"),
        ({"division": VILLAGES[2]}, "选择一个有效的选项"),
        ({"hazard": "moonquake"}, "选择一个有效的选项"),
        ({"risk": "x"}, "选择一个有效的选项"),
        ({"name": "  "}, "这个字段是必填项"),
        ({"lat": "107.3", "lon": "30.2"}, "经纬度不对"),
        ({"lat": "30.2", "lon": ""}, "经纬度不对"),
        ({"rights": "x"}, "rights"),
    ],
)
def test_a_zone_that_cannot_be_is_refused_with_its_reason(
    clerk: Any, values: dict[str, Any], said: str
) -> None:
    good = {"division": VILLAGES[0], "name": "一组", "hazard": "rainstorm", "risk": "high"}
    answer = clerk.post("/zones/new/", good | values)
    assert answer.status_code == 400 and said in text(answer), text(answer)[-1500:]
    with COMMAND.open():
        assert not Zone.objects.exists()


def test_a_zone_lies_in_a_village_whoever_asks(county_db: str) -> None:
    with pytest.raises(Refusal, match="村、社区"):
        register_actions.add_zone(COMMAND, COUNTY, "全县", "rainstorm", None)


def test_who_was_slower_sees_what_the_other_changed(zone: Zone, clerk: Any) -> None:
    home = register_actions.add_household(COMMAND, zone.id, "张三丰", 3)
    fields = {"head": "张三丰", "people": 4, "needs": "卧床，需担架", "helper_id": ""}
    path = f"/zones/homes/{home.id}/"
    assert clerk.post(path, fields | {"version": 1}).status_code == 302
    late = clerk.post(path, fields | {"version": 1, "people": 5})
    assert late.status_code == 409 and "人数 3→4" in text(late)
    with COMMAND.open():
        assert Household.objects.get().people == 4


def test_names_are_masked_and_needs_are_never_written_out_in_changes(zone: Zone) -> None:
    home = register_actions.add_household(COMMAND, zone.id, "张三丰", 3, "卧床，需担架")
    register_actions.edit_household(
        COMMAND, home.id, 1, head="张无忌", people=3, needs="", helper_id=None
    )
    kept = str([change.fields for change in changes("evacuation.household")])
    assert "张**" in kept and "张三丰" not in kept and "张无忌" not in kept and "卧床" not in kept


def test_a_change_that_changes_nothing_writes_nothing(zone: Zone) -> None:
    register_actions.edit_zone(
        COMMAND, zone.id, 1, division=VILLAGES[0], name="河边", hazard="flash_flood",
        shelter_id=zone.shelter_id,
    )  # fmt: skip
    assert [change.to_version for change in changes("evacuation.zone")] == [1]


def test_households_go_along_when_their_zone_moves(zone: Zone) -> None:
    register_actions.add_household(COMMAND, zone.id, "张三", 3)
    register_actions.edit_zone(
        COMMAND, zone.id, 1, division=VILLAGES[1], name="河边", hazard="rainstorm",
        shelter_id=zone.shelter_id,
    )  # fmt: skip
    with COMMAND.open():
        assert Household.objects.get().division == VILLAGES[1]


def test_what_has_ended_is_opened_no_more_and_stays_on_record(zone: Zone) -> None:
    home = register_actions.add_household(COMMAND, zone.id, "张三", 3)
    helped = register_actions.add_household(COMMAND, zone.id, "李四", 2, "卧床", home.id)
    with pytest.raises(Refusal, match="还有片区以它为去处"):
        register_actions.end_shelter(COMMAND, zone.shelter_id or 0, 1, "拆了")
    with pytest.raises(Refusal, match="请写明原因"):
        register_actions.end_household(COMMAND, home.id, 1, " ")
    register_actions.end_household(COMMAND, home.id, 1, "搬走")
    shown = queries.zone(COMMAND, zone.id)
    assert [row.id for row in shown.homes] == [helped.id] and shown.people == 2
    assert shown.lacks == ["1 户需要帮助，还没有人来接"]
    opening_actions.open_zones(COMMAND, opening_actions.Opener("test", 1, "测试"), [TOWNSHIPS[0]])
    with COMMAND.open():
        assert Opening.objects.get().to_move == 2
    with pytest.raises(Refusal, match="正在转移"):
        register_actions.end_zone(COMMAND, zone.id, 1, "不用了")
    opening_actions.end_bases(COMMAND, "test", 1)
    register_actions.end_zone(COMMAND, zone.id, 1, "不用了")
    with pytest.raises(Conflict, match="已停用"):
        register_actions.end_zone(COMMAND, zone.id, 2, "再来")
    later = opening_actions.Opener("test", 2, "测试")
    assert opening_actions.open_zones(COMMAND, later, [TOWNSHIPS[0]]) == []
    assert queries.zones(COMMAND) == []
    with COMMAND.open():
        assert Household.objects.count() == 2


def test_an_ended_zone_is_no_fact_of_the_plan(zone: Zone) -> None:
    from django.db import connection

    def facts() -> int:
        with COMMAND.open(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM evacuation_fact_zone")
            return int(cursor.fetchone()[0])

    assert facts() == 1
    register_actions.end_zone(COMMAND, zone.id, 1, "不用了")
    assert facts() == 0


def test_a_neighbour_neither_sees_nor_changes_a_zone(
    zone: Zone, client_of: Callable[..., Any], scope_of: Callable[..., Any]
) -> None:
    other = client_of("township_cadre", TOWNSHIPS[1])
    assert other.get(f"/zones/of/{zone.id}/").status_code == 404
    assert other.post(f"/zones/of/{zone.id}/homes/", {"homes": "甲\t1"}).status_code == 404
    with pytest.raises(Denied):
        register_actions.add_shelter(
            scope_of("township_cadre", TOWNSHIPS[1]), VILLAGES[0], "别处", 5
        )
    with pytest.raises(Denied):
        register_actions.end_zone(scope_of("duty_officer"), zone.id, 1, "无权")


def test_the_list_of_a_place_shows_that_place_alone(zone: Zone, client_of: Any) -> None:
    register_actions.add_zone(COMMAND, VILLAGES[2], "山坡", "geohazard", None)
    officer = client_of("duty_officer")
    here = text(officer.get(f"/zones/?place={VILLAGES[0]}"))
    assert "河边" in here and "山坡" not in here and "只看 甲村" in here
    assert "山坡" in text(officer.get("/zones/?place=1x"))
    town = text(officer.get(f"/zones/?place={TOWNSHIPS[1]}"))
    assert "山坡" in town and "河边" not in town
