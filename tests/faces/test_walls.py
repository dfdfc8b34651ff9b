"""A wall screen: set up by the security administrator, opened once, read-only, ended at will."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.utils import InternalError
from django.test import Client

from anlan.county.rights import table
from anlan.faces.console import walls
from anlan.faces.console.models import Wall
from anlan.ground.errors import Denied, NotFound, Refusal
from anlan.ground.live import read_token
from anlan.ground.models import JournalLine
from anlan.ground.scope import NOWHERE, Actor, Scope
from tests.conftest import COUNTY, TOWNSHIPS

SECURITY = Scope("security", *NOWHERE, 0, Actor("account", 1, "安全管理员"),
                 table().of("security_admin"))  # fmt: skip


def opened(place: int = COUNTY) -> tuple[Wall, Client]:
    """A wall and its browser."""
    made, link = walls.make_wall(SECURITY, "大厅", place)
    client = Client()
    assert client.get(f"/wall/open/{link}").status_code == 200
    answer = client.post(f"/wall/open/{link}")
    assert (answer.status_code, answer["Location"]) == (302, "/wall/")
    cookie = answer.cookies["anlan_wall"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/wall/")
    return made, client


def test_the_wall_shows_the_night_without_names_or_numbers(night: Any) -> None:
    _made, client = opened()
    page = client.get("/wall/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "没有应答" in text
    assert "大厅" in text
    assert "岗位</td>" in text
    assert not re.search(r"1\d{2}\*{4}\d{4}|1[3-9]\d{9}", text)
    with Scope.for_round("test").open():
        from anlan.county.models import Person

        names = [n for n in Person.objects.values_list("name", flat=True) if len(n) > 1]
    assert [name for name in names if name in text] == []
    assert client.get("/wall/ground/").json()["areas"]["type"] == "FeatureCollection"
    assert client.get("/wall/points/").json()["points"]["type"] == "FeatureCollection"


def test_the_link_opens_once_within_its_hour_and_a_look_does_not_spend_it(
    county_db: str, move_clock: Callable[..., None]
) -> None:
    _made, link = walls.make_wall(SECURITY, "大厅", COUNTY)
    for _look in range(3):
        assert Client().get(f"/wall/open/{link}").status_code == 200
    assert Client().post(f"/wall/open/{link}").status_code == 302
    assert Client().post(f"/wall/open/{link}").status_code == 404
    assert Client().get("/wall/open/" + "A" * 43).status_code == 404
    _late, other = walls.make_wall(SECURITY, "走廊", COUNTY)
    move_clock(3601)
    assert Client().post(f"/wall/open/{other}").status_code == 404


def test_an_ended_wall_shows_nothing_and_its_screen_is_told(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    made, client = opened()
    assert client.get("/wall/").status_code == 200
    walls.end_wall(SECURITY, made.pk)
    for path in ("/wall/", "/wall/points/", "/wall/ground/"):
        assert client.get(path).status_code == 403
    assert "没有登记，或已撤销" in client.get("/wall/").content.decode()
    with pytest.raises(NotFound):
        walls.end_wall(SECURITY, made.pk)


def test_the_live_wire_knows_a_wall_until_it_is_ended(county_db: str) -> None:
    from anlan.faces.http import live

    made, client = opened()
    text = client.get("/wall/").content.decode()
    token = re.search(r"live\?token=([\w-]+)", text)
    assert token is not None
    known_by = read_token(token[1])[3]
    assert known_by == live.WALL_BASE + made.pk == walls.WALL_BASE + made.pk

    def standing() -> set[int]:
        with connection.cursor() as cursor:
            cursor.execute(live.WALLS, [live.WALL_BASE, [known_by, made.pk]])
            return {row[0] for row in cursor.fetchall()}

    assert standing() == {known_by}
    walls.end_wall(SECURITY, made.pk)
    assert standing() == set()


def test_a_wall_only_looks(night: Any) -> None:
    made, client = opened()
    for path in ("/", "/callout/", "/phonebook/", "/zones/", "/journal/", "/search/?q=a"):
        assert client.get(path).status_code in (302, 401), path
    assert client.post("/wall/").status_code == 405
    scope = walls.scope_of_wall(made)
    assert all(right.endswith(".read") for right in scope.rights)
    assert scope.rights <= set(table().labels)
    with pytest.raises(Denied):
        scope.need("callout.stop")
    with pytest.raises(InternalError, match="read-only"), walls.reading(scope):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE callout_callout SET title = 'x'")


def test_a_townships_wall_sees_its_township_only(night: Any) -> None:
    _made, client = opened(TOWNSHIPS[0])
    points = client.get("/wall/points/").json()
    states = {f["properties"]["code"] // 1000 * 1000 for f in points["points"]["features"]
              if f["properties"]["kind"] == "village" and f["properties"]["state"]}  # fmt: skip
    assert states <= {TOWNSHIPS[0]}
    assert states
    assert {town["code"] for town in points["towns"] if town["share"] is not None} == {TOWNSHIPS[0]}


def test_only_the_security_administrator_sets_one_up(
    county_db: str, client_of: Callable[..., Any], scope_of: Callable[..., Scope]
) -> None:
    officer = client_of("duty_officer")
    assert officer.get("/access/walls/").status_code == 403
    assert officer.post("/access/walls/make/", {"name": "x", "place": COUNTY}).status_code == 403
    with pytest.raises(Denied):
        walls.make_wall(scope_of("duty_officer"), "x", COUNTY)
    assert officer.get("/wall/").status_code == 200


@pytest.mark.parametrize(
    ("name", "place"), [("", COUNTY), ("  ", COUNTY), ("大厅", 1), ("大厅", 0)]
)
def test_a_wall_needs_a_name_and_a_place(county_db: str, name: str, place: int) -> None:
    with pytest.raises(Refusal):
        walls.make_wall(SECURITY, name, place)
    assert not Wall.objects.exists()


def test_each_step_is_a_journal_line_and_no_token_is_kept(county_db: str, owner_sql: Any) -> None:
    made, client = opened()
    walls.end_wall(SECURITY, made.pk)
    with Scope.for_round("test").open():
        lines = list(JournalLine.objects.filter(object_kind="console.wall").order_by("id"))
    assert [line.action for line in lines] == ["wall.make", "wall.open", "wall.end"]
    kept = owner_sql("SELECT token_hash FROM console_wall")[0][0]
    assert client.cookies["anlan_wall"].value.encode() not in bytes(kept)
