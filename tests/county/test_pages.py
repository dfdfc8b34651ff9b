"""The county's pages: made, changed and ended by hand; strict forms; two sibling townships."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from anlan.county import actions, queries
from anlan.county.models import Division, Holding, Person, Post, RosterShift, Unit
from anlan.ground import clock
from anlan.ground.scope import Scope
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES

COMMAND = Scope.for_command("test")
MINE, SIBLING = TOWNSHIPS


def one(model: Any, **wanted: Any) -> Any:
    with COMMAND.open():
        return model.objects.get(**wanted)


@pytest.fixture
def clerk(county_db: str, client_of: Callable[..., Any]) -> Any:
    return client_of("plan_clerk")


@pytest.fixture
def cadre(county_db: str, client_of: Callable[..., Any]) -> Any:
    return client_of("township_cadre", MINE)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_unit_is_made_changed_ended_and_comes_back(clerk: Any) -> None:
    answer = clerk.post("/county/units/new/", {
        "division": COUNTY, "name": "县水务局", "kind": "unit", "order": 1})  # fmt: skip
    assert answer.status_code == 302
    where = answer.url
    assert "县水务局" in text(clerk.get(where))
    answer = clerk.post(where + "edit/", {
        "version": 1, "division": COUNTY, "name": "县水利局", "order": 1, "keep_old_name": "on"})  # fmt: skip
    assert answer.url == where
    page = text(clerk.get(where))
    assert "县水利局" in page
    assert "县水务局" in page
    assert "县水务局→县水利局" in page
    assert (
        clerk.post(where + "alias/", {"name": "水利局", "valid_from": "2025-01-01"}).status_code
        == 302
    )
    assert "水利局" in text(clerk.get("/county/units/?q=水利"))
    assert (
        clerk.post(where + "end/", {"version": 2, "on": "2026-01-01", "why": "并入"}).status_code
        == 302
    )
    assert "县水利局" not in text(clerk.get("/county/units/"))
    assert "县水利局" in text(clerk.get("/county/units/?ended=1"))
    assert clerk.post(where + "reopen/", {"version": 3}).status_code == 302
    assert "县水利局" in text(clerk.get("/county/units/"))


def test_a_collective_gets_dated_members(clerk: Any) -> None:
    whole = clerk.post("/county/units/new/", {
        "division": COUNTY, "name": "各成员单位", "kind": "collective", "order": 0}).url  # fmt: skip
    clerk.post(
        "/county/units/new/", {"division": COUNTY, "name": "甲局", "kind": "unit", "order": 0}
    )
    unit = one(Unit, name="甲局")
    assert (
        clerk.post(whole + "member/", {"member": unit.id, "valid_from": "2024-01-01"}).status_code
        == 302
    )
    page = text(clerk.get(whole))
    assert "甲局" in page
    end = re.search(r'action="(member/\d+/end/)"', page)
    assert end
    assert clerk.post(whole + end[1], {"version": 1, "on": "2024-12-31"}).status_code == 302
    assert "至 2024-12-31" in text(clerk.get(whole))


def test_a_post_is_made_held_handed_over_vacated_and_ended(clerk: Any) -> None:
    where = clerk.post("/county/posts/new/", {
        "division": COUNTY, "title": "县水利局值班室二", "kind": "unit_duty", "order": 0}).url  # fmt: skip
    assert "空缺" in text(clerk.get(where))
    person = clerk.post("/county/people/new/", {
        "division": COUNTY, "name": "曾国强", "number": "10177770001"}).url  # fmt: skip
    key = int(person.split("/")[-2])
    assert clerk.post(where + "hold/", {"version": 1, "person": key, "rank": 0}).status_code == 302
    assert "曾国强" in text(clerk.get(where))
    assert "县水利局值班室二" in text(clerk.get(person))
    assert "曾国强" in text(clerk.get("/phonebook/?q=zgq"))
    assert clerk.post(where + "vacate/", {"version": 2, "rank": 0}).status_code == 302
    page = text(clerk.get(where))
    assert "空缺" in page
    assert "曾国强" in page
    assert clerk.post(where + "end/", {"version": 3, "why": "撤销"}).status_code == 302
    assert "县水利局值班室二" not in text(clerk.get("/county/posts/"))
    assert clerk.post(person + "end/", {"version": 1, "why": "调走"}).status_code == 302
    assert "曾国强" not in text(clerk.get("/phonebook/?q=zgq"))


def test_a_roster_shows_its_hours_and_refuses_two(clerk: Any) -> None:
    post = one(Post, kind="duty_officer")
    with COMMAND.open():
        people = list(Person.objects.filter(division=COUNTY)[:2])
    base = f"/county/posts/{post.id}/roster/"
    shift = {"person": people[0].id, "starts_at": "2027-03-10T08:00", "ends_at": "2027-03-11T08:00"}
    assert clerk.post(base + "add/", shift).url.endswith("?month=2027-03")
    page = text(clerk.get(base + "?month=2027-03"))
    assert "08:00–24:00" in page
    assert "00:00–08:00" in page
    refused = clerk.post(base + "add/", shift | {"person": people[1].id})
    assert refused.status_code == 409
    assert people[0].name in text(refused)
    row = one(RosterShift, post=post)
    changed = clerk.post(
        f"/county/shifts/{row.id}/", shift | {"version": 1, "person": people[1].id}
    )
    assert changed.status_code == 302
    assert people[1].name in text(clerk.get(base + "?month=2027-03"))
    assert clerk.post(f"/county/shifts/{row.id}/cancel/", {"version": 2}).status_code == 302
    assert "08:00–24:00" not in text(clerk.get(base + "?month=2027-03"))
    for strange in ("x", "0000-13", "9999-01", "2027-00", "２０２７-03", "2027"):
        assert clerk.get(base, {"month": strange}).status_code == 200, strange


def test_a_division_is_made_changed_drawn_and_ended(clerk: Any) -> None:
    answer = clerk.post("/county/divisions/new/", {
        "code": "500231109009", "name": "戊村", "kind": "村", "source": "区划代码 2023"})  # fmt: skip
    assert answer.url == "/county/divisions/500231109009/"
    ring = "[[107.3,30.2],[107.4,30.2],[107.4,30.3],[107.3,30.2]]"
    file = io.BytesIO((
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":'
        f'"500231109009"}},"geometry":{{"type":"Polygon","coordinates":[{ring}]}}}}]}}').encode())  # fmt: skip
    file.name = "a.geojson"
    assert clerk.post("/county/outlines/", {"file": file, "source": "县规资局"}).status_code == 302
    page = text(clerk.get(answer.url))
    assert "<svg" in page
    assert "县规资局" in page
    assert clerk.post(answer.url + "edit/", {
        "version": 2, "name": "戊社区", "kind": "社区", "source": "改名"}).status_code == 302  # fmt: skip
    assert clerk.post(answer.url + "end/", {"version": 3, "on": "2026-01-01"}).status_code == 302
    assert one(Division, pk=500231109009).ended_on is not None


# strict forms and two clerks


@pytest.mark.parametrize("extra", ["world", "demo", "phone_hash", "id", "rights", "ended_at"])
def test_a_field_that_the_form_does_not_declare_is_refused(clerk: Any, extra: str) -> None:
    good = {"division": COUNTY, "name": "某局", "kind": "unit", "order": 0}
    answer = clerk.post("/county/units/new/", good | {extra: "1"})
    assert answer.status_code == 400
    assert extra in text(answer)
    with COMMAND.open():
        assert not Unit.objects.filter(name="某局").exists()


def test_a_single_field_that_comes_twice_is_refused(clerk: Any) -> None:
    answer = clerk.post(
        "/county/units/new/", f"division={COUNTY}&name=a&name=b&kind=unit&order=0",
        content_type="application/x-www-form-urlencoded",
    )  # fmt: skip
    assert answer.status_code == 400


def test_every_write_of_the_county_refuses_a_stranger(clerk: Any) -> None:
    """Whatever the address, a field that nobody declared stops it (R53)."""
    from tests.night import CONSOLE, address

    own = {path for path in CONSOLE if path.startswith(("county/", "phonebook/<"))}
    post, person = one(Post, kind="plan_clerk"), one(Person, pk=1)
    unit = int(clerk.post("/county/units/new/", {
        "division": COUNTY, "name": "局", "kind": "collective", "order": 0}).url.split("/")[-2])  # fmt: skip
    now = clock.now(0)
    shift = actions.add_shift(COMMAND, post.id, person.id, now, now + timedelta(hours=1))
    ids = {"code": VILLAGES[0], "unit_id": unit, "post_id": post.id, "person_id": person.id,
           "shift_id": shift.id, "alias_id": 1, "membership_id": 1, "transfer_id": 1}  # fmt: skip
    tried = 0
    for path in sorted(own):
        view = CONSOLE[path]
        if view.access.right not in ("county.edit", "phonebook.reveal") and "export" not in path:
            continue
        if view.access.right == "phonebook.reveal" or path == "county/workbook/<int:transfer_id>/":
            continue
        answer = clerk.post(address(path, ids), {"stranger": "1"})
        assert answer.status_code == 400, path
        assert "stranger" in text(answer), path
        tried += 1
    assert tried > 20


def test_a_stale_form_comes_back_with_what_changed(clerk: Any) -> None:
    person = one(Person, holdings__post__title="甲村负责人", holdings__rank=0)
    actions.edit_person(COMMAND, person.id, 1, division=VILLAGES[0], name="先改的")
    answer = clerk.post(f"/county/people/{person.id}/edit/", {
        "version": 1, "division": VILLAGES[0], "name": "后改的", "number": "", "pinyin": ""})  # fmt: skip
    assert answer.status_code == 409
    page = text(answer)
    assert "先改的" in page
    assert 'value="后改的"' in page
    assert one(Person, pk=person.id).name == "先改的"


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (
            "/county/people/new/",
            {"division": COUNTY, "name": "甲\u202e乙", "number": "10177770001"},
        ),
        ("/county/people/new/", {"division": COUNTY, "name": "x" * 61, "number": "10177770001"}),
        ("/county/people/new/", {"division": COUNTY, "name": "甲", "number": "123"}),
        (
            "/county/people/new/",
            {"division": "500232000000", "name": "甲", "number": "10177770001"},
        ),
        ("/county/posts/new/", {"division": COUNTY, "title": "x", "kind": "皇帝", "order": 0}),
        (
            "/county/posts/new/",
            {"division": COUNTY, "title": "x", "kind": "unit_duty", "order": "1e9"},
        ),
        (
            "/county/divisions/new/",
            {"code": "5002311090099", "name": "x", "kind": "村", "source": "x"},
        ),
        ("/county/outlines/", {"source": "x"}),
        ("/county/workbook/send/", {}),
    ],
)
def test_bad_input_comes_back_as_a_refusal(clerk: Any, path: str, fields: dict[str, Any]) -> None:
    assert clerk.post(path, fields).status_code == 400


def test_a_page_writes_nothing_when_it_is_read(clerk: Any, owner_sql: Any) -> None:
    lines = owner_sql("SELECT count(*) FROM ground_journal")
    for path in ("/county/", "/county/units/", "/county/posts/", "/county/workbook/", "/phonebook/",
                 f"/county/divisions/{MINE}/", "/county/posts/1/", "/county/people/1/",
                 "/county/posts/1/roster/", "/county/posts/1/hold/"):  # fmt: skip
        assert clerk.get(path).status_code == 200, path
    assert owner_sql("SELECT count(*) FROM ground_journal") == lines


# siblings


def test_a_cadre_sees_and_edits_the_own_township_only(cadre: Any) -> None:
    theirs = one(Post, kind="village_head", division=VILLAGES[2])
    held = one(Holding, post=theirs, rank=0)
    for path in (f"/county/posts/{theirs.id}/", f"/county/people/{held.person_id}/",
                 f"/county/divisions/{VILLAGES[2]}/", f"/county/posts/{theirs.id}/roster/",
                 f"/county/posts/{theirs.id}/edit/", f"/county/people/{held.person_id}/edit/",
                 f"/county/posts/{theirs.id}/hold/"):  # fmt: skip
        assert cadre.get(path).status_code == 404, path
    for path, fields in (
        (f"/county/posts/{theirs.id}/vacate/", {"version": 3, "rank": 0}),
        (f"/county/posts/{theirs.id}/end/", {"version": 3, "why": "x"}),
        (f"/county/people/{held.person_id}/end/", {"version": 1, "why": "x"}),
    ):
        assert cadre.post(path, fields).status_code == 404, path
    assert cadre.post("/county/people/new/", {
        "division": VILLAGES[2], "name": "外人", "number": "10177770001"}).status_code == 400  # fmt: skip
    for path in ("/county/", "/county/posts/", "/county/units/", "/phonebook/?q=丙", "/phonebook/?q=永安",
                 "/county/posts/new/", "/county/people/new/"):  # fmt: skip
        page = text(cadre.get(path))
        for canary in ("丙村", "丁村", "永安镇"):
            assert canary not in page.replace('value="丙"', "").replace('value="永安"', ""), path
    assert one(Holding, post=theirs, rank=0, valid_to=None).person_id == held.person_id


def test_who_may_only_look_finds_no_button(county_db: str, client_of: Callable[..., Any]) -> None:
    officer = client_of("duty_officer")
    post = one(Post, kind="village_head", division=VILLAGES[0])
    for path in (f"/county/posts/{post.id}/", "/county/units/", "/county/posts/", "/county/",
                 f"/county/posts/{post.id}/roster/"):  # fmt: skip
        page = text(officer.get(path))
        assert "new/" not in page
        assert "hold/" not in page
        assert "add/" not in page
    assert (
        officer.post(f"/county/posts/{post.id}/vacate/", {"version": 3, "rank": 0}).status_code
        == 403
    )


# the phone book


@pytest.mark.parametrize(
    ("sought", "wanted"),
    [
        ("甲责人", "甲责人0"),
        ("jia ze", "甲责人0"),
        ("jzr", "甲责人0"),
        ("甲村负责人", "甲责人0"),
        ("澄溪 jzr", "甲责人0"),
        ("澄溪 负责人 jzr", "甲责人0"),
        ("水利局", "垫班室0"),
        ("垫江县 值班室 dbs", "垫班室1"),
    ],
)
def test_the_phone_book_takes_several_words_in_any_order(
    county_db: str, sought: str, wanted: str
) -> None:
    assert wanted in [entry.name for entry in queries.phone_book(COMMAND, sought)]
    flipped = " ".join(reversed(sought.split()))
    if sought.split()[0].isascii() is False:
        assert wanted in [entry.name for entry in queries.phone_book(COMMAND, flipped)]


def test_a_word_that_does_not_fit_finds_nobody(county_db: str) -> None:
    assert queries.phone_book(COMMAND, "永安 甲责人") == []
    for strange in ("%", "_", "\\", "'; drop table", "%%%", "\0", "　"):
        queries.phone_book(COMMAND, strange)
    assert queries.phone_book(COMMAND, "甲%人") == []


def test_the_phone_book_finds_by_unit_and_its_alias(clerk: Any) -> None:
    from anlan.county import unit_actions

    unit = unit_actions.add_unit(COMMAND, COUNTY, "县气象局")
    unit_actions.add_alias(COMMAND, unit.id, "气象台")
    post = actions.add_post(COMMAND, COUNTY, "unit_duty", "预报值班", unit_id=unit.id)
    person = actions.add_person(COMMAND, COUNTY, "曾看天", "10177770001")
    actions.hold(COMMAND, post.id, person.id, 0, 1)
    for sought in ("气象局", "气象台", "气象 zkt", "气象局 0001", "10177770001", "预报 zeng"):
        assert "曾看天" in [entry.name for entry in queries.phone_book(COMMAND, sought)], sought
    assert "曾看天" not in [e.name for e in queries.phone_book(COMMAND, "水利 zkt")]


def test_the_phone_book_is_paged_and_counts(clerk: Any) -> None:
    for number in range(60):
        actions.add_person(COMMAND, COUNTY, f"翻页{number:02d}", f"101777{number:05d}")
    assert queries.phone_book_count(COMMAND, "翻页") == 60
    seen = [e.name for page in (1, 2, 3) for e in queries.phone_book(COMMAND, "翻页", page=page)]
    assert len(seen) == len(set(seen)) == 60
    page = text(clerk.get("/phonebook/?q=翻页"))
    assert "找到 60 人" in page
    assert "page=2" in page
    assert text(clerk.get("/phonebook/?q=翻页&page=2")).count("翻页") >= 10
    for strange in ("0", "x", "99999999", "-1"):
        assert clerk.get(f"/phonebook/?page={strange}").status_code == 200


def test_a_whole_number_is_shown_with_a_reason_only(
    county_db: str, client_of: Callable[..., Any], owner_sql: Any
) -> None:
    officer = client_of("duty_officer")
    person = one(Person, pk=1)
    assert person.phone not in text(officer.get(f"/county/people/{person.id}/"))
    assert officer.post(f"/phonebook/{person.id}/", {"why": " "}).status_code == 400
    assert officer.post(f"/phonebook/{person.id}/", {"why": "x", "also": "1"}).status_code == 400
    assert person.phone in text(officer.post(f"/phonebook/{person.id}/", {"why": "叫应"}))
    lines = owner_sql("SELECT why FROM ground_journal WHERE action = 'phonebook.reveal'")
    assert lines == [("叫应",)]


# workbooks by page


def test_a_workbook_goes_out_and_comes_in_by_page(clerk: Any) -> None:
    from tests.county.test_workbook import book

    out = clerk.post("/county/workbook/export/", {})
    assert out["Content-Disposition"].startswith("attachment")
    assert out["X-Content-Type-Options"] == "nosniff"
    assert clerk.get("/county/workbook/template/").content[:2] == b"PK"
    file = io.BytesIO(book(人员=[{"区划代码": str(MINE), "姓名": "曾国强", "号码": "10177770001"}]))
    file.name = "人员.xlsx"
    answer = clerk.post("/county/workbook/send/", {"file": file})
    assert answer.status_code == 302
    page = text(clerk.get(answer.url))
    assert "将写入 1 处改动" in page
    assert "曾国强" in page
    assert clerk.post(answer.url + "confirm/", {}).status_code == 302
    assert "曾国强" in text(clerk.get("/phonebook/?q=zgq"))
    assert clerk.get(answer.url).status_code == 409
    bad = io.BytesIO(book(人员=[{"区划代码": str(MINE), "姓名": "乙", "号码": "x"}]))
    bad.name = "a.xlsx"
    refused = clerk.post("/county/workbook/send/", {"file": bad})
    assert refused.status_code == 400
    assert "1 处不对" in text(refused)
    assert "人员" in text(refused)


def test_a_dropped_workbook_writes_nothing(clerk: Any) -> None:
    from tests.county.test_workbook import book

    file = io.BytesIO(book(人员=[{"区划代码": str(MINE), "姓名": "曾国强", "号码": "10177770001"}]))
    file.name = "a.xlsx"
    where = clerk.post("/county/workbook/send/", {"file": file}).url
    assert clerk.post(where + "drop/", {}).status_code == 302
    assert clerk.post(where + "confirm/", {}).status_code == 409
    with COMMAND.open():
        assert not Person.objects.filter(name="曾国强").exists()
