"""The box says who it is beside the number, finds them by name, and puts the unread first."""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from phonebox.centre import Centre
from phonebox.contacts import Contacts
from phonebox.crowd import Crowd
from phonebox.pages import Box, serve
from phonebox.store import Store

WHO = {"10000000001": {"name": "王娟强", "post": "东印村负责人"},
       "10000000002": {"name": "<b>曹</b>", "post": ""}}  # fmt: skip


@pytest.fixture
def box(tmp_path: Path) -> Iterator[tuple[str, Store, Path]]:
    path = tmp_path / "who.json"
    path.write_text(json.dumps(WHO))
    store = Store(tmp_path / "box.db")
    centre = Centre(store, "anlan", "anlan")
    server = serve(Box(store, centre, Crowd(centre.answer), Contacts(path)), 0)
    yield f"http://127.0.0.1:{server.server_address[1]}", store, path
    server.shutdown()
    server.server_close()


def read(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.read().decode()


def test_name_and_post_stand_beside_the_number(box: tuple[str, Store, Path]) -> None:
    address, store, _path = box
    for phone in (*WHO, "10000000003"):
        store.add(phone, "in", "12379", "收到请回1234", None)
    page = read(address)
    assert "<b>王娟强</b><small>东印村负责人 · 10000000001</small>" in page
    assert "<b>&lt;b&gt;曹&lt;/b&gt;</b>" in page and "<b>曹</b>" not in page
    assert "<b>10000000003</b>" in page
    assert "<h1>王娟强</h1>" in read(address + "/phone/10000000001")


def test_unread_first_then_the_newest(box: tuple[str, Store, Path]) -> None:
    address, store, _path = box
    for phone in (*WHO, "10000000003"):
        store.add(phone, "in", "12379", "收到请回1234", None)
    read(address + "/phone/10000000003")
    store.add("10000000003", "out", "12379", "1234", None)
    order = re.findall(r'href="/phone/(\d+)"', read(address))
    assert order == ["10000000002", "10000000001", "10000000003"]


def test_found_by_name_and_by_post(box: tuple[str, Store, Path]) -> None:
    address, store, _path = box
    for phone in WHO:
        store.add(phone, "in", "12379", "收到请回1234", None)
    for sought in ("王娟", "东印村"):
        found = json.loads(read(f"{address}/api/phones?q={urllib.parse.quote(sought)}"))
        assert [row["phone"] for row in found] == ["10000000001"]
    assert json.loads(read(f"{address}/api/phones?q=99999")) == []


def test_the_file_is_read_again_and_a_broken_one_changes_nothing(
    box: tuple[str, Store, Path], tmp_path: Path
) -> None:
    _address, _store, path = box
    own = Contacts(path)
    assert own.of("10000000001").name == "王娟强"
    path.write_text("{ not json")
    assert own.of("10000000001").name == "王娟强"
    path.write_text(json.dumps({"10000000001": {"name": "李明", "post": ""}}))
    assert own.of("10000000001").name == "李明"
    assert Contacts(None).of("10000000001").name == ""
    assert Contacts(tmp_path / "none.json").of("10000000001").name == ""


def test_the_county_writes_only_numbers_that_no_telephone_has(
    county_db: str, owner_sql: Any
) -> None:
    """The small county of the tests holds real-looking numbers: none of them is told to the box."""
    from anlan.county import demo
    from anlan.county.models import Person
    from anlan.ground.scope import Scope

    scope = Scope.for_command("test")
    with scope.open():
        person = Person.objects.order_by("id").first()
        assert person is not None
        Person.objects.update(demo=True)
        person.phone = "10000000009"
        person.save(update_fields=["phone"])
    owner_sql("UPDATE ground_county SET demo = false")
    assert demo.contacts(scope) == {}
    owner_sql("UPDATE ground_county SET demo = true")
    assert set(demo.contacts(scope)) == {"10000000009"}
    assert demo.contacts(scope)["10000000009"]["name"] == person.name
