"""Under which post somebody acts: added by the security administrator, chosen for one sign-in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from anlan.county import accounts, acting, actions
from anlan.county.models import Account, ActingPost, Person, Post, RosterShift, Sitting
from anlan.ground import clock
from anlan.ground.errors import Conflict, Denied, NotFound
from anlan.ground.models import JournalLine
from anlan.ground.scope import Scope
from tests.conftest import COUNTY, TOWNSHIPS

COMMAND = Scope.for_command("test")
TEXT = (
    "垫江县气象台2024年7月10日22时15分发布暴雨橙色预警信号：过去3小时，澄溪、沙坪等乡镇降雨量已达"
    "50毫米以上，预计未来3小时降雨仍将持续，请注意防范。"
)


def post_of(kind: str, division: int = COUNTY) -> Post:
    with COMMAND.open():
        return Post.objects.filter(kind=kind, division=division, ended_at=None).earliest("id")


def account_of(name: str) -> Account:
    return Account.objects.get(username=name)


def officer(client_of: Callable[..., Any]) -> tuple[Any, Account]:
    """The county's duty officer, signed in."""
    client = client_of("duty_officer")
    return client, account_of(f"duty_officer-{COUNTY}")


def deputise(account: Account, post: Post) -> ActingPost:
    """The account's person becomes the first deputy of the post, and the account may act there."""
    assert account.person_id
    actions.hold(COMMAND, post.id, account.person_id, 1, post.version)
    return acting.add_post(COMMAND, account.pk, post.id)


def choose(client: Any, post: Post, status: int = 302) -> Any:
    answer = client.post("/accounts/posts/", {"post": str(post.id)})
    assert answer.status_code == status, answer.content.decode()[:500]
    return answer


def test_a_deputy_acts_under_the_post_that_they_chose_and_the_journal_says_so(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    client, account = officer(client_of)
    own, clerk = post_of("duty_officer"), post_of("plan_clerk")
    assert "换一个岗位办理" not in client.get("/").content.decode()
    deputise(account, clerk)
    assert "换一个岗位办理" in client.get("/").content.decode()
    assert client.post("/plan/import/").status_code == 403
    choose(client, clerk)
    assert f"现在以“{clerk.title}" in client.get("/accounts/posts/").content.decode()
    assert client.post("/warning/paste/", {"text": TEXT}).status_code == 403
    with COMMAND.open():
        chose = JournalLine.objects.filter(action="account.post.choose").latest("id")
        denied = JournalLine.objects.filter(result="denied").latest("id")
    assert (chose.post_id, chose.object_id) == (own.id, str(account.pk))
    assert denied.post_id == clerk.id and denied.actor.startswith(clerk.title)
    choose(client, own)
    assert Sitting.objects.get(account=account).post_id is None


def test_standing_at_a_post_opens_nothing_until_it_was_added_to_the_account(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    client, account = officer(client_of)
    clerk = post_of("plan_clerk")
    actions.hold(COMMAND, clerk.id, account.person_id or 0, 1, clerk.version)
    choose(client, clerk, 404)
    with pytest.raises(NotFound):
        acting.act_under(COMMAND, account.pk, 1, clerk.id)


def test_no_post_is_added_where_the_person_does_not_stand(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    _client, account = officer(client_of)
    with pytest.raises(Denied, match="不是本人任职"):
        acting.add_post(COMMAND, account.pk, post_of("plan_clerk").id)
    assert not ActingPost.objects.exists()


def test_whoever_left_the_post_acts_under_it_no_more_and_can_go_back(
    county_db: str, client_of: Callable[..., Any], move_clock: Callable[[float], None]
) -> None:
    from anlan.county.models import Holding

    client, account = officer(client_of)
    clerk = post_of("plan_clerk")
    deputise(account, clerk)
    choose(client, clerk)
    assert client.get("/plan/").status_code == 200
    with COMMAND.open():
        Holding.objects.filter(post=clerk, person_id=account.person_id).update(
            valid_to=clock.now() + timedelta(seconds=30)
        )
    move_clock(60)
    assert client.get("/plan/").status_code == 403
    answer = choose(client, clerk, 403)
    assert "现在不在这个岗位上" in answer.content.decode()
    choose(client, post_of("duty_officer"))
    assert client.get("/plan/").status_code == 200


def test_a_shift_opens_the_post_while_it_lasts(
    county_db: str, client_of: Callable[..., Any], move_clock: Callable[[float], None]
) -> None:
    client, account = officer(client_of)
    post = post_of("township_duty", TOWNSHIPS[0])
    with COMMAND.open():
        now = clock.now()
        RosterShift.objects.create(
            division=post.division, world=0, post=post, person_id=account.person_id,
            starts_at=now + timedelta(minutes=10), ends_at=now + timedelta(minutes=20),
        )  # fmt: skip
    acting.add_post(COMMAND, account.pk, post.id)
    choose(client, post, 403)
    move_clock(660)
    choose(client, post)
    page = client.get("/").content.decode()
    assert post.title in page, "the header says under which post one acts"
    move_clock(600)
    assert client.get("/zones/").status_code == 403, "the shift is over"


def test_acting_under_a_township_sees_that_township_and_no_more(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    client, account = officer(client_of)
    post = post_of("township_duty", TOWNSHIPS[0])
    deputise(account, post)
    before = client.get("/phonebook/").content.decode()
    choose(client, post)
    inside = client.get("/phonebook/").content.decode()
    with COMMAND.open():
        other = Person.objects.filter(division=TOWNSHIPS[1]).first()
    assert other is not None and other.name
    assert other.name in before and other.name not in inside


def test_the_second_person_is_a_person_and_no_post(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    """Who entered under one post does not confirm under another."""
    from anlan.county.signin import scope_for
    from anlan.county.sittings import standing
    from anlan.rooms.workplan import actions as workplan
    from anlan.rooms.workplan import demo

    client = client_of("plan_clerk")
    account = account_of(f"plan_clerk-{COUNTY}")
    second = actions.add_post(COMMAND, COUNTY, "plan_clerk", "要点复核员")
    deputise(account, second)
    version = workplan.import_plan(scope_for(account), demo.document(), demo.NAME)
    choose(client, second)
    own = standing(Sitting.objects.get(account=account).pk)
    scope = scope_for(account, own=own)
    assert (scope.actor.post_id, scope.actor.label[:5]) == (second.id, "要点复核员")
    with pytest.raises(Denied, match="录入人不能确认"):
        workplan.confirm(scope, version.id)


def test_a_post_taken_away_ends_the_sign_ins_that_act_under_it(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    client, account = officer(client_of)
    row = deputise(account, post_of("plan_clerk"))
    choose(client, post_of("plan_clerk"))
    acting.end_post(COMMAND, row.pk)
    assert client.get("/").url.startswith("/accounts/login/")
    with pytest.raises(NotFound):
        acting.end_post(COMMAND, row.pk)
    assert not acting.choices(account, None)[1:]


def test_the_security_administrator_adds_and_takes_away_on_the_accounts_page(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    from tests.county.test_signin import WORDS, bind, give_password, set_up

    _client, account = officer(client_of)
    clerk = post_of("plan_clerk")
    actions.hold(COMMAND, clerk.id, account.person_id or 0, 1, clerk.version)
    set_up()
    chief = Client()
    give_password(chief, "security_admin", WORDS["security_admin"])
    bind(chief)
    page = chief.get(f"/access/{account.pk}/").content.decode()
    assert "兼任和代理的岗位" in page and "副职" in page
    answer = chief.post(f"/access/{account.pk}/posts/", {"post_id": str(clerk.id)})
    assert answer.status_code == 302
    row = ActingPost.objects.get(ended_at=None)
    assert f"/access/posts/{row.pk}/end/" in chief.get(f"/access/{account.pk}/").content.decode()
    wrong = chief.post(f"/access/{account.pk}/posts/", {"post_id": "x"})
    assert wrong.status_code == 404
    assert chief.post(f"/access/posts/{row.pk}/end/").status_code == 302
    assert not ActingPost.objects.filter(ended_at=None).exists()


def test_an_account_has_a_bounded_number_of_posts(
    county_db: str, client_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _client, account = officer(client_of)
    monkeypatch.setattr(acting, "POSTS_MAX", 1)
    deputise(account, post_of("plan_clerk"))
    second = actions.add_post(COMMAND, COUNTY, "plan_clerk", "要点复核员")
    actions.hold(COMMAND, second.id, account.person_id or 0, 1, second.version)
    with pytest.raises(Conflict, match="最多兼 1 个岗位"):
        acting.add_post(COMMAND, account.pk, second.id)


def test_nobody_but_the_security_administrator_adds_posts(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    client, account = officer(client_of)
    clerk = post_of("plan_clerk")
    assert (
        client.post(f"/access/{account.pk}/posts/", {"post_id": str(clerk.id)}).status_code == 403
    )
    assert client.post("/access/posts/1/end/").status_code == 403
    assert Client().get("/accounts/posts/").status_code == 302
    assert not accounts.Account.objects.filter(acting__isnull=False).exists()
