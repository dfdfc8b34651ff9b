"""Units, divisions, posts and rosters: what is written, what is refused, and who is told what."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from anlan.county import (
    actions,
    division_actions,
    division_lists,
    post_lists,
    queries,
    roster_lists,
    unit_actions,
)
from anlan.county.models import Change, Division, Holding, Person, Post, Unit, UnitAlias
from anlan.ground import clock
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.scope import Scope
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES

COMMAND = Scope.for_command("test")
MINE, SIBLING = TOWNSHIPS


def post_of(kind: str, division: int) -> Post:
    with COMMAND.open():
        return Post.objects.get(kind=kind, division=division)


def somebody(division: int, name: str = "新来的", number: str = "10199990001") -> Person:
    return actions.add_person(COMMAND, division, name, number)


def journal(owner_sql: Any, action: str) -> list[Any]:
    return owner_sql("SELECT before, after FROM ground_journal WHERE action = %s", (action,))


# two clerks


def test_a_slower_clerk_is_told_who_changed_what(county_db: str, owner_sql: Any) -> None:
    unit = unit_actions.add_unit(COMMAND, COUNTY, "县水务局")
    unit_actions.edit_unit(COMMAND, unit.id, 1, division=COUNTY, name="县水利局", order=3)
    with pytest.raises(Conflict) as refusal:
        unit_actions.edit_unit(COMMAND, unit.id, 1, division=COUNTY, name="别的", order=0)
    assert "名称 县水务局→县水利局" in refusal.value.place
    assert "顺序 0→3" in refusal.value.place
    before, after = journal(owner_sql, "county.unit.edit")[0]
    assert before
    assert after


def test_a_change_keeps_a_number_masked(county_db: str) -> None:
    person = somebody(COUNTY)
    actions.change_number(COMMAND, person.id, 1, "10188887777")
    with COMMAND.open():
        told = Change.objects.filter(object_kind="county.person").latest("id")
    assert told.fields == {"phone": ["101****0001", "101****7777"]}


def test_what_changes_nothing_writes_nothing(county_db: str, owner_sql: Any) -> None:
    unit = unit_actions.add_unit(COMMAND, COUNTY, "县水务局")
    same = unit_actions.edit_unit(COMMAND, unit.id, 1, division=COUNTY, name="县水务局", order=0)
    assert same.version == 1
    assert journal(owner_sql, "county.unit.edit") == []


def test_every_write_tells_the_open_screens(county_db: str, cluster: Any) -> None:
    import psycopg
    from django.db import connection

    with psycopg.connect(
        cluster.dsn("superuser", connection.settings_dict["NAME"]), autocommit=True
    ) as wire:
        wire.execute("LISTEN anlan_live")
        unit_actions.add_unit(COMMAND, COUNTY, "县水务局")
        told = [json.loads(n.payload) for n in wire.notifies(timeout=2, stop_after=2)]
    assert {"topic": "county", "world": 0, "division": COUNTY} in told


# units


def test_a_renamed_unit_is_still_found_under_its_old_name(county_db: str) -> None:
    unit = unit_actions.add_unit(COMMAND, COUNTY, "县水务局")
    unit_actions.edit_unit(
        COMMAND, unit.id, 1, division=COUNTY, name="县水利局", order=0, keep_old_name=True
    )
    today = clock.local(clock.now(0)).date()
    assert queries.unit_by_name(COMMAND, "县水务局", today) == unit.id
    assert queries.unit_by_name(COMMAND, "县水务局", today + timedelta(days=1)) is None
    assert queries.unit_by_name(COMMAND, "县水利局", today) == unit.id


def test_an_alias_belongs_to_one_unit_a_day(county_db: str) -> None:
    first = unit_actions.add_unit(COMMAND, COUNTY, "甲局")
    second = unit_actions.add_unit(COMMAND, COUNTY, "乙局")
    unit_actions.add_alias(COMMAND, first.id, "老局", None, date(2024, 6, 30))
    with pytest.raises(Conflict) as refusal:
        unit_actions.add_alias(COMMAND, second.id, "老局", date(2024, 6, 30))
    assert "甲局" in refusal.value.message
    unit_actions.add_alias(COMMAND, second.id, "老局", date(2024, 7, 1))
    assert queries.unit_by_name(COMMAND, "老局", date(2024, 6, 30)) == first.id
    assert queries.unit_by_name(COMMAND, "老局", date(2024, 7, 1)) == second.id


def test_the_database_itself_refuses_an_alias_twice(county_db: str) -> None:
    from django.db import IntegrityError

    unit = unit_actions.add_unit(COMMAND, COUNTY, "甲局")
    unit_actions.add_alias(COMMAND, unit.id, "老局")
    with pytest.raises(IntegrityError), COMMAND.open():
        UnitAlias.objects.create(division=COUNTY, world=0, unit=unit, name="老局")


def test_a_collective_has_the_members_of_the_day(county_db: str) -> None:
    whole = unit_actions.add_unit(COMMAND, COUNTY, "县安委会各成员单位", "collective")
    part = unit_actions.add_unit(COMMAND, COUNTY, "甲局")
    row = unit_actions.add_member(COMMAND, whole.id, part.id, date(2024, 1, 1))
    unit_actions.end_member(COMMAND, row.id, 1, date(2024, 12, 31))
    for on, wanted in ((date(2023, 12, 31), []), (date(2024, 1, 1), ["甲局"]),
                       (date(2024, 12, 31), ["甲局"]), (date(2025, 1, 1), [])):  # fmt: skip
        assert [unit.name for unit in queries.members_on(COMMAND, whole.id, on)] == wanted, on
    with pytest.raises(Refusal):
        unit_actions.add_member(COMMAND, part.id, whole.id)
    with pytest.raises(NotFound):
        unit_actions.add_member(COMMAND, whole.id, whole.id)


def test_a_unit_with_posts_does_not_end_and_an_ended_one_comes_back(county_db: str) -> None:
    unit = unit_actions.add_unit(COMMAND, COUNTY, "甲局")
    post = actions.add_post(COMMAND, COUNTY, "unit_duty", "甲局值班室", unit_id=unit.id)
    with pytest.raises(Refusal) as refusal:
        unit_actions.end_unit(COMMAND, unit.id, 1, date(2026, 1, 1))
    assert "甲局值班室" in refusal.value.place
    actions.end_post(COMMAND, post.id, 1)
    unit_actions.end_unit(COMMAND, unit.id, 1, date(2026, 1, 1))
    with pytest.raises(Conflict):
        unit_actions.add_unit(COMMAND, COUNTY, "甲局")
    unit_actions.reopen_unit(COMMAND, unit.id, 2)
    with COMMAND.open():
        assert Unit.objects.get(pk=unit.id).ended_on is None


# posts and who holds them


def test_a_handover_at_a_stated_moment_takes_place_then(
    county_db: str, move_clock: Callable[..., None]
) -> None:
    head = post_of("village_head", VILLAGES[0])
    fresh = somebody(VILLAGES[0])
    at = clock.now(0) + timedelta(days=2)
    actions.hold(COMMAND, head.id, fresh.id, 0, head.version, at)
    before = queries.holders_at(COMMAND, [head.id], at - timedelta(seconds=1))[head.id]
    after = queries.holders_at(COMMAND, [head.id], at)[head.id]
    assert before[0].name != "新来的"
    assert (after[0].name, after[0].role) == ("新来的", "holder")
    assert [held.role for held in after] == ["holder", "deputy"]
    assert before[0].name in [e.name for e in queries.phone_book(COMMAND, head.title)]
    move_clock(3 * 24 * 3600)
    assert "新来的" in [e.name for e in queries.phone_book(COMMAND, head.title)]


def test_an_announced_handover_can_be_changed_before_it_begins(county_db: str) -> None:
    head = post_of("village_head", VILLAGES[0])
    first, second = somebody(VILLAGES[0], "甲"), somebody(VILLAGES[0], "乙", "10199990002")
    at = clock.now(0) + timedelta(days=2)
    actions.hold(COMMAND, head.id, first.id, 0, head.version, at)
    actions.hold(COMMAND, head.id, second.id, 0, head.version + 1, at + timedelta(days=1))
    during = queries.holders_at(COMMAND, [head.id], at + timedelta(hours=1))[head.id]
    later = queries.holders_at(COMMAND, [head.id], at + timedelta(days=2))[head.id]
    assert later[0].name == "乙"
    assert during[0].name == "甲"
    actions.hold(COMMAND, head.id, second.id, 0, head.version + 2)
    assert queries.holders_at(COMMAND, [head.id], at)[head.id][0].name == "乙"


def test_a_late_entry_needs_its_reason_and_reaches_back_a_month_at_most(
    county_db: str, move_clock: Callable[..., None]
) -> None:
    move_clock(40 * 24 * 3600)
    head = post_of("village_head", VILLAGES[0])
    fresh = somebody(VILLAGES[0])
    yesterday = clock.now(0) - timedelta(days=1)
    with pytest.raises(Refusal, match="原因"):
        actions.hold(COMMAND, head.id, fresh.id, 0, head.version, yesterday)
    with pytest.raises(Refusal, match="一个月"):
        actions.hold(
            COMMAND, head.id, fresh.id, 0, head.version, clock.now(0) - timedelta(days=32), "补录"
        )
    actions.hold(COMMAND, head.id, fresh.id, 0, head.version, yesterday, "昨日已交接")
    assert queries.holders_at(COMMAND, [head.id], yesterday)[head.id][0].name == "新来的"
    with pytest.raises(Refusal, match="已经交接过"):
        actions.vacate(COMMAND, head.id, 0, head.version + 1, yesterday - timedelta(days=1), "更早")


def test_last_months_call_still_names_who_held_the_post(
    county_db: str, move_clock: Callable[..., None], scope_of: Callable[..., Any]
) -> None:
    from anlan.engines.callout import actions as callout
    from anlan.engines.callout import rounds
    from anlan.engines.callout.launch import Launch
    from anlan.engines.callout.models import Attempt, Call

    round_scope = Scope.for_round("test")
    callout.open_callout(
        scope_of("duty_officer"),
        Launch("warning.warning", 1, "warning/night", "orange", "暴雨橙色预警", "请注意防范。",
               (VILLAGES[0],), "k"),
    )  # fmt: skip
    move_clock(3600)
    rounds.advance(round_scope)
    with round_scope.open():
        call = Call.objects.get(division=VILLAGES[0])
        rung = list(Attempt.objects.filter(call=call).values_list("person_id", "not_before"))
    assert rung
    old, at = rung[0]
    move_clock(20 * 24 * 3600)
    head = post_of("village_head", VILLAGES[0])
    fresh = somebody(VILLAGES[0])
    actions.hold(COMMAND, head.id, fresh.id, 0, head.version)
    move_clock(10 * 24 * 3600)
    actions.edit_post(
        COMMAND, head.id, head.version + 1, division=VILLAGES[1], kind="village_head",
        title="改了名的岗位", superior_id=None, unit_id=None, order=0,
    )  # fmt: skip
    then = queries.holders_at(COMMAND, [head.id], at)[head.id]
    assert then[0].person_id == old
    with round_scope.open():
        call.refresh_from_db()
        assert call.post_title == "甲村负责人"
        assert old in Attempt.objects.filter(call=call).values_list("person_id", flat=True)
    now = queries.contacts(COMMAND, [head.id], clock.now(0))[head.id]
    assert now[0].person_id == fresh.id
    shown = post_lists.post(COMMAND, head.id)
    assert [term.state for term in shown.terms if term.row.rank == 0] == ["now", "past"]


def test_a_post_that_moves_takes_its_holders_along(county_db: str) -> None:
    head = post_of("village_head", VILLAGES[0])
    actions.edit_post(
        COMMAND, head.id, head.version, division=VILLAGES[1], kind="village_head",
        title=head.title, superior_id=head.superior_id, unit_id=None, order=0,
    )  # fmt: skip
    with COMMAND.open():
        places = set(Holding.objects.filter(post=head).values_list("division", flat=True))
    assert places == {VILLAGES[1]}


def test_no_post_stands_above_itself(county_db: str) -> None:
    leader, cadre = post_of("township_leader", MINE), post_of("township_cadre", MINE)
    with pytest.raises(Refusal, match="绕成了圈"):
        actions.edit_post(
            COMMAND, leader.id, leader.version, division=MINE, kind="township_leader",
            title=leader.title, superior_id=cadre.id, unit_id=None, order=0,
        )  # fmt: skip


def test_a_post_with_juniors_does_not_end_and_an_ended_one_is_not_held(county_db: str) -> None:
    cadre = post_of("township_cadre", MINE)
    with pytest.raises(Refusal, match="上级"):
        actions.end_post(COMMAND, cadre.id, cadre.version)
    helper = post_of("village_helper", VILLAGES[0])
    actions.end_post(COMMAND, helper.id, helper.version, "撤销")
    assert queries.holders_at(COMMAND, [helper.id], clock.now(0)) == {helper.id: []}
    with pytest.raises(Refusal, match="停用"):
        actions.hold(COMMAND, helper.id, somebody(VILLAGES[0]).id, 0, helper.version + 1)
    assert helper.id not in [
        p.id for p in queries.posts(COMMAND, ["village_helper"], [(0, 10**12)])
    ]


def test_somebody_who_is_counted_on_does_not_leave(county_db: str) -> None:
    head = post_of("village_head", VILLAGES[0])
    with COMMAND.open():
        person = Person.objects.get(holdings__post=head, holdings__rank=0)
    with pytest.raises(Refusal) as refusal:
        actions.end_person(COMMAND, person.id, person.version)
    assert head.title in refusal.value.place
    actions.vacate(COMMAND, head.id, 0, head.version)
    actions.end_person(COMMAND, person.id, person.version, "退休")
    assert queries.phone_book(COMMAND, person.name) == []
    with pytest.raises(NotFound):
        actions.hold(COMMAND, head.id, person.id, 0, head.version + 1)


# rosters


def test_a_shift_is_not_held_by_two(county_db: str) -> None:
    duty = post_of("township_duty", MINE)
    first, second = somebody(MINE, "甲"), somebody(MINE, "乙", "10199990002")
    now = clock.now(0)
    shift = actions.add_shift(COMMAND, duty.id, first.id, now, now + timedelta(hours=12))
    with pytest.raises(Conflict) as refusal:
        actions.add_shift(
            COMMAND, duty.id, second.id, now + timedelta(hours=11), now + timedelta(hours=20)
        )
    assert "甲" in refusal.value.place
    actions.add_shift(
        COMMAND, duty.id, second.id, now + timedelta(hours=12), now + timedelta(hours=20)
    )
    with pytest.raises(Conflict):
        actions.edit_shift(COMMAND, shift.id, 1, first.id, now, now + timedelta(hours=13))
    actions.edit_shift(COMMAND, shift.id, 1, second.id, now, now + timedelta(hours=12))
    during = queries.contacts(COMMAND, [duty.id], now + timedelta(hours=1))[duty.id]
    assert (during[0].name, during[0].role) == ("乙", "roster")


def test_the_database_itself_refuses_a_shift_twice(county_db: str) -> None:
    from django.db import IntegrityError

    from anlan.county.models import RosterShift

    duty, person, now = post_of("township_duty", MINE), somebody(MINE), clock.now(0)
    actions.add_shift(COMMAND, duty.id, person.id, now, now + timedelta(hours=12))
    with pytest.raises(IntegrityError), COMMAND.open():
        RosterShift.objects.create(
            division=MINE, world=0, post=duty, person=person, starts_at=now,
            ends_at=now + timedelta(hours=1),
        )  # fmt: skip


def test_a_cancelled_shift_calls_nobody_and_a_past_one_stays(
    county_db: str, move_clock: Callable[..., None]
) -> None:
    duty, person, now = post_of("township_duty", MINE), somebody(MINE), clock.now(0)
    coming = actions.add_shift(
        COMMAND, duty.id, person.id, now + timedelta(hours=1), now + timedelta(hours=9)
    )
    actions.cancel_shift(COMMAND, coming.id, 1)
    at = now + timedelta(hours=2)
    assert "roster" not in [c.role for c in queries.contacts(COMMAND, [duty.id], at)[duty.id]]
    running = actions.add_shift(COMMAND, duty.id, person.id, now, now + timedelta(hours=9))
    move_clock(3600)
    actions.cancel_shift(COMMAND, running.id, 1)
    half = queries.holders_at(COMMAND, [duty.id], now + timedelta(minutes=30))[duty.id]
    assert half[0].role == "roster"
    with pytest.raises(Refusal, match="已结束"):
        actions.cancel_shift(COMMAND, running.id, 2)


def test_a_month_shows_gaps_and_who_stands_at_two_posts(county_db: str) -> None:
    duty, other = post_of("township_duty", MINE), post_of("township_leader", MINE)
    person = somebody(MINE)
    today = clock.local(clock.now(0)).replace(hour=8, minute=0, second=0, microsecond=0)
    actions.add_shift(COMMAND, duty.id, person.id, today, today + timedelta(hours=12))
    actions.add_shift(
        COMMAND, other.id, person.id, today + timedelta(hours=11), today + timedelta(hours=14)
    )
    month = roster_lists.roster(COMMAND, duty.id, today.year, today.month)
    day = next(d for d in month.days if d.day == today.date())
    told = [(clock.local(g.start).hour, clock.local(g.end).hour) for g in day.gaps]
    assert told == [(0, 8), (20, 0)]
    assert month.gap_hours == len(month.days) * 24 - 12
    assert [theirs.post_id for _mine, theirs in month.doubled] == [other.id]


# two sibling townships


@pytest.fixture
def cadre(county_db: str, scope_of: Callable[..., Any]) -> Any:
    return scope_of("township_cadre", MINE)


def test_a_cadre_edits_within_the_township(cadre: Any) -> None:
    person = actions.add_person(cadre, VILLAGES[0], "村里人", "10155550001")
    post = actions.add_post(cadre, VILLAGES[0], "village_helper", "新网格员")
    actions.hold(cadre, post.id, person.id, 0, post.version)
    assert [e.name for e in queries.phone_book(cadre, "新网格员")] == ["村里人"]


def test_a_cadre_writes_nothing_in_the_sibling_township(cadre: Any, owner_sql: Any) -> None:
    theirs = post_of("village_head", VILLAGES[2])
    with COMMAND.open():
        person = Person.objects.filter(division=VILLAGES[2]).first()
    assert person is not None
    mine = actions.add_person(cadre, VILLAGES[0], "村里人", "10155550001")
    count = owner_sql("SELECT count(*) FROM county_change")
    acts: list[tuple[type[Refusal], Callable[[], object]]] = [
        (Denied, lambda: actions.add_person(cadre, VILLAGES[2], "外人", "10155550002")),
        (Denied, lambda: actions.add_post(cadre, SIBLING, "township_duty", "别镇")),
        (Denied, lambda: unit_actions.add_unit(cadre, COUNTY, "县里的局")),
        (NotFound, lambda: actions.edit_person(
            cadre, person.id, person.version, division=VILLAGES[2], name="改名")),
        (NotFound, lambda: actions.hold(cadre, theirs.id, mine.id, 0, theirs.version)),
        (NotFound, lambda: actions.vacate(cadre, theirs.id, 0, theirs.version)),
        (NotFound, lambda: actions.end_post(cadre, theirs.id, theirs.version)),
        (NotFound, lambda: actions.change_number(cadre, person.id, person.version, "10155550003")),
        (NotFound, lambda: actions.reveal_number(
            Scope("post", cadre.lo, cadre.hi, 0, cadre.actor, frozenset({"phonebook.reveal"})),
            person.id, "核实")),
        (Denied, lambda: actions.edit_person(
            cadre, mine.id, mine.version, division=VILLAGES[2], name="搬走")),
        (Denied, lambda: division_actions.add_division(
            cadre, "500231109009", "新村", "村", source="x")),
        (NotFound, lambda: actions.hold(
            cadre, post_of("village_head", VILLAGES[0]).id, person.id, 0,
            post_of("village_head", VILLAGES[0]).version)),
    ]  # fmt: skip
    for kind, act in acts:
        with pytest.raises(kind):
            act()
    assert owner_sql("SELECT count(*) FROM county_change") == count


def test_row_level_security_holds_where_an_action_forgets(cadre: Any) -> None:
    from django.db import ProgrammingError

    with pytest.raises(ProgrammingError, match="row-level security"), cadre.open():
        Person.objects.create(division=VILLAGES[2], world=0, name="越界")
    with cadre.open():
        assert Person.objects.filter(division=VILLAGES[2]).update(name="越界") == 0
        assert not Change.objects.filter(division=VILLAGES[2]).exists()
        assert not Change.objects.exclude(division__range=(cadre.lo, cadre.hi)).exists()


def test_an_exercise_changes_no_real_person(county_db: str, owner_sql: Any) -> None:
    owner_sql(
        'INSERT INTO ground_world (id, kind, name, anchored_at, "offset", rate, started_at)'
        " VALUES (7, 'tabletop', '推演', now(), '0', 1, now())"
    )
    person = somebody(COUNTY)
    with pytest.raises(Refusal, match="演练"):
        actions.change_number(COMMAND.in_world(7), person.id, 1, "10155550003")


# divisions and outlines


def outline(*features: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def square(code: int | str, x: float = 107.3, y: float = 30.2, size: float = 0.05) -> Any:
    ring = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    return {"type": "Feature", "properties": {"code": str(code)},
            "geometry": {"type": "Polygon", "coordinates": [ring]}}  # fmt: skip


def test_a_village_comes_under_its_township_with_its_source(county_db: str) -> None:
    row = division_actions.add_division(
        COMMAND, "500231109009", "戊村", "村", source="统计用区划代码 2023"
    )
    assert (row.parent_id, row.source) == (MINE, "统计用区划代码 2023")
    for code, kind, match in (
        ("500231109009", "村", "已有"), ("500231999001", "村", "上级"), ("50023110900x", "村", "位数字"),
        ("500232109001", "村", "本县"), ("500231109010", "镇", "层级"),
    ):  # fmt: skip
        with pytest.raises(Refusal, match=match):
            division_actions.add_division(COMMAND, code, "某村", kind, source="x")
    with pytest.raises(Refusal, match="来源"):
        division_actions.add_division(COMMAND, "500231109010", "己村", "村", source=" ")
    with pytest.raises(Refusal, match="国内"):
        division_actions.add_division(
            COMMAND, "500231109010", "己村", "村", source="x", label_lat=107.3, label_lon=30.2
        )


def test_a_division_in_use_does_not_end(county_db: str) -> None:
    with pytest.raises(Refusal, match="在用"):
        division_actions.end_division(COMMAND, VILLAGES[0], 1, date(2026, 1, 1))
    row = division_actions.add_division(COMMAND, "500231109009", "戊村", "村", source="x")
    division_actions.end_division(COMMAND, row.code, 1, date(2026, 1, 1), "并入甲村")
    assert row.code not in [place.code for place in queries.places(COMMAND)]
    assert queries.place_names(COMMAND, [row.code]) == {row.code: "戊村"}


def test_outlines_come_with_their_source_and_a_label_point(county_db: str) -> None:
    row = division_actions.add_division(COMMAND, "500231109009", "戊村", "村", source="x")
    done = division_actions.import_outlines(
        COMMAND, outline(square(row.code), square(MINE)), "a.geojson", "县规资局 2024-03"
    )
    assert done == 2
    with COMMAND.open():
        kept = Division.objects.get(pk=row.code)
    assert kept.outline_source == "县规资局 2024-03"
    assert kept.outline
    assert 30.2 < float(kept.label_lat or 0) < 30.25
    assert division_lists.division(COMMAND, row.code).sketch is not None


BOWTIE = [[107.3, 30.2], [107.4, 30.3], [107.4, 30.2], [107.3, 30.3], [107.3, 30.2]]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "GeoJSON"),
        (b"{]", "GeoJSON"),
        (b'{"type": "FeatureCollection", "features": []}', "GeoJSON"),
        (b"[" * 100_000, "GeoJSON"),
        (outline(square(999999999999)), "没有代码"),
        (outline(square("x")), "代码"),
        (outline(square(MINE, 30.2, 107.3)), "国内"),
        (outline(square(MINE), square(MINE)), "两次"),
        (outline({"type": "Feature", "properties": {"code": str(MINE)}, "geometry": {
            "type": "Polygon", "coordinates": [BOWTIE]}}), "不合法"),
        (outline({"type": "Feature", "properties": {"code": str(MINE)}, "geometry": {
            "type": "Polygon", "coordinates": [[[1, "x"]]]}}), "读不出来"),
        (outline({"type": "Feature", "properties": {"code": str(MINE)}, "geometry": {
            "type": "Point", "coordinates": [107.3, 30.2]}}), "不是面"),
    ],
)  # fmt: skip
def test_a_bad_outline_file_is_refused_whole(county_db: str, content: bytes, match: str) -> None:
    with pytest.raises(Refusal) as refusal:
        division_actions.import_outlines(COMMAND, content, "a.geojson", "某处")
    assert match in refusal.value.message + refusal.value.place
    with COMMAND.open():
        assert not Division.objects.exclude(outline=None).exists()
