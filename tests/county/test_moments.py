"""Who stands at a post is asked at a moment: announced handovers, rights that go, shifts that swap."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from anlan.county import access_queries, accounts, actions, queries
from anlan.county.models import Account, Holding, Person, Post, RosterShift
from anlan.county.signin import scope_for
from anlan.county.workbook import actions as workbook
from anlan.engines.callout import actions as callout
from anlan.ground import clock
from anlan.ground.errors import Denied
from anlan.ground.scope import Scope
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES

COMMAND = Scope.for_command("test")
SECURITY = Scope.for_command("test")


def post_of(kind: str, division: int = COUNTY) -> Post:
    with COMMAND.open():
        return Post.objects.get(kind=kind, division=division)


def holder_of(post: Post) -> Person:
    with COMMAND.open():
        return Holding.objects.select_related("person").get(post=post, rank=0, valid_to=None).person


def announce(post: Post, hours: float) -> tuple[Person, Person]:
    """The holder now, and who takes over in so many hours."""
    before = holder_of(post)
    after = actions.add_person(COMMAND, post.division, "新来的", "13911112222")
    with COMMAND.open():
        post.refresh_from_db()
        at = clock.now() + timedelta(hours=hours)
    actions.hold(COMMAND, post.id, after.id, 0, post.version, at)
    return before, after


def test_an_announced_handover_leaves_the_post_with_its_holder_until_then(
    county_db: str, move_clock: Callable[[float], None]
) -> None:
    post = post_of("village_head", VILLAGES[0])
    before, after = announce(post, 2)

    def posts(person: Person) -> list[int]:
        with COMMAND.open():
            return [p.id for p in queries.posts_of_person(COMMAND, person.id, clock.now())]

    assert (posts(before), posts(after)) == ([post.id], [])
    move_clock(2 * 3600 + 1)
    assert (posts(before), posts(after)) == ([], [post.id])


def test_a_message_carries_the_post_of_a_holder_whose_handover_is_announced(
    county_db: str,
) -> None:
    post = post_of("village_head", VILLAGES[0])
    before, _after = announce(post, 2)
    inbound = callout.receive_message(
        Scope.for_gateway("smpp"), "smpp", "m1", str(before.phone), "水大"
    )
    assert inbound is not None and inbound.post_title == post.title


def test_the_security_administrator_sees_who_holds_the_post_now(
    county_db: str, move_clock: Callable[[float], None]
) -> None:
    post = post_of("duty_officer")
    before, after = announce(post, 2)
    assert access_queries.post_for_account(SECURITY, post.id).person_id == before.id
    assert [p.person_id for p in access_queries.posts_for_accounts(SECURITY, post.title)] == [
        before.id
    ]
    move_clock(2 * 3600 + 1)
    assert access_queries.post_for_account(SECURITY, post.id).person_id == after.id


def test_a_handover_takes_the_rights_away_and_the_new_ones_account_has_them(
    county_db: str, move_clock: Callable[[float], None]
) -> None:
    post = post_of("duty_officer")
    before, after = announce(post, 2)
    old = accounts.make_account(COMMAND, "old.duty", "旧", post_id=post.id, person_id=before.id)
    new = accounts.make_account(COMMAND, "new.duty", "新", post_id=post.id, person_id=after.id)
    assert scope_for(old).may("warning.draft") and not scope_for(new).may("warning.read")
    move_clock(2 * 3600 + 1)
    assert scope_for(new).may("warning.draft") and not scope_for(old).may("warning.read")
    assert not scope_for(old).covers(COUNTY)


def test_an_account_moves_with_its_person_only_where_the_person_holds_the_post(
    county_db: str,
) -> None:
    """Whoever keeps the posts cannot give themselves rights: the security administrator moves."""
    clerk, officer = post_of("plan_clerk"), post_of("duty_officer")
    person = holder_of(clerk)
    own = accounts.make_account(COMMAND, "one.clerk", "要点", post_id=clerk.id, person_id=person.id)
    with pytest.raises(Denied, match="不是本人任职"):
        accounts.move_account(COMMAND, own.pk, officer.id, holder_of(officer).id, "x")
    assert access_queries.other_posts(SECURITY, own.pk) == []
    actions.hold(COMMAND, officer.id, person.id, 0, officer.version)
    own.refresh_from_db()
    assert not scope_for(own).may("warning.draft"), "a change of holder opens nothing by itself"
    found = access_queries.other_posts(SECURITY, own.pk)
    assert [row.post_id for row in found] == [officer.id]
    accounts.move_account(COMMAND, own.pk, officer.id, found[0].person_id, "县值班员")
    own.refresh_from_db()
    assert scope_for(own).may("warning.draft") and not scope_for(own).may("plan.enter")


def test_an_account_of_a_vacant_post_is_that_of_its_first_holder(
    county_db: str, move_clock: Callable[[float], None]
) -> None:
    post = actions.add_post(COMMAND, COUNTY, "plan_clerk", "要点复核员")
    own = accounts.make_account(COMMAND, "first.clerk", "要点复核员", post_id=post.id)
    assert scope_for(own).may("county.edit") and scope_for(own).actor.person_id is None
    first = actions.add_person(COMMAND, COUNTY, "头一个", "13911113333")
    actions.hold(COMMAND, post.id, first.id, 0, 1)
    move_clock(60)
    assert scope_for(own).may("county.edit") and scope_for(own).actor.person_id == first.id
    second = actions.add_person(COMMAND, COUNTY, "第二个", "13911114444")
    actions.hold(COMMAND, post.id, second.id, 0, 2)
    move_clock(60)
    assert not scope_for(own).may("county.read"), "the post went to somebody else"
    assert Account.objects.get(pk=own.pk).person_id is None


def test_an_account_without_a_person_does_not_confirm_its_own_plan(county_db: str) -> None:
    from anlan.rooms.workplan import actions as workplan

    post = actions.add_post(COMMAND, COUNTY, "plan_clerk", "空缺的要点管理员")
    own = accounts.make_account(COMMAND, "alone", "空缺的要点管理员", post_id=post.id)
    from anlan.rooms.workplan import demo

    version = workplan.import_plan(scope_for(own), demo.document(), demo.NAME)
    with pytest.raises(Denied, match="录入人不能确认"):
        workplan.confirm(scope_for(own), version.id)
    first = actions.add_person(COMMAND, COUNTY, "头一个", "13911113333")
    actions.hold(COMMAND, post.id, first.id, 0, 1)
    with pytest.raises(Denied, match="录入人不能确认"):
        workplan.confirm(scope_for(own), version.id)


def test_a_cancelled_shift_opens_nothing_and_rings_nobody(county_db: str) -> None:
    post = post_of("duty_officer")
    stranger = actions.add_person(COMMAND, COUNTY, "替班的", "13911115555")
    with COMMAND.open():
        now = clock.now()
    shift = actions.add_shift(
        COMMAND, post.id, stranger.id, now + timedelta(seconds=1), now + timedelta(hours=9)
    )
    actions.cancel_shift(COMMAND, shift.id, 1)
    own = accounts.make_account(COMMAND, "subst", "替班", post_id=post.id, person_id=stranger.id)
    at = now + timedelta(hours=1)
    assert stranger.id not in queries.people_of_posts(COMMAND, [post.id], at)[post.id]
    assert not scope_for(own).may("today.read")


def test_two_shifts_change_places_in_one_workbook(county_db: str) -> None:
    from openpyxl import load_workbook

    post = post_of("township_duty", TOWNSHIPS[0])
    with COMMAND.open():
        people = [h.person for h in Holding.objects.filter(post=post).select_related("person")]
        start = clock.now().replace(second=0, microsecond=0) + timedelta(days=2)
    spans = [(start, start + timedelta(hours=12)),
             (start + timedelta(hours=12), start + timedelta(hours=24))]  # fmt: skip
    shifts = [
        actions.add_shift(COMMAND, post.id, person.id, *span)
        for person, span in zip(people, spans, strict=True)
    ]
    book = load_workbook(io.BytesIO(workbook.export(COMMAND, "换班", True)))
    sheet = book["排班"]
    heads = {str(cell.value).rstrip("*"): cell.column for cell in sheet[1]}
    for head in ("开始", "结束"):
        one, two = sheet.cell(2, heads[head]), sheet.cell(3, heads[head])
        one.value, two.value = two.value, one.value
    out = io.BytesIO()
    book.save(out)
    sent = workbook.send_in(COMMAND, out.getvalue(), "换班.xlsx")
    assert sent.transfer is not None, sent.plan.faults
    workbook.confirm(COMMAND, sent.transfer)
    with COMMAND.open():
        now = {row.id: (row.starts_at, row.ends_at) for row in RosterShift.objects.all()}
    assert now == {shifts[0].id: spans[1], shifts[1].id: spans[0]}


def test_the_rule_that_two_shifts_never_overlap_still_stands(
    county_db: str, owner_sql: Callable[..., Any]
) -> None:
    """Held at the end of the statement, and of the transaction: an overlap does not get in."""
    from psycopg.errors import ExclusionViolation

    post = post_of("duty_officer")
    with COMMAND.open():
        now = clock.now()
    actions.add_shift(
        COMMAND, post.id, holder_of(post).id, now + timedelta(hours=1), now + timedelta(hours=2)
    )
    with pytest.raises(ExclusionViolation):
        owner_sql(
            "INSERT INTO county_rostershift (division, world, version, post_id, person_id,"
            " starts_at, ends_at) SELECT division, world, 1, post_id, person_id, starts_at,"
            " ends_at FROM county_rostershift"
        )


def test_a_person_is_named_in_changes_and_a_post_by_its_kind(
    county_db: str, client_of: Any
) -> None:
    person = actions.add_person(COMMAND, VILLAGES[0], "张三", "13911116666")
    actions.edit_person(COMMAND, person.id, 1, division=VILLAGES[0], name="张三丰")
    shown = client_of("plan_clerk").get(f"/county/people/{person.id}/").content.decode()
    assert "姓名 张三→张三丰" in shown and "名称 张三" not in shown
    post = actions.add_post(COMMAND, VILLAGES[0], "village_helper", "二号网格员")
    shown = client_of("plan_clerk").get(f"/county/posts/{post.id}/").content.decode()
    assert "village_helper" not in shown.split("改动记录")[1]
