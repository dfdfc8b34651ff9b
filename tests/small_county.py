"""A small county for tests: two townships, two villages each, every post held."""

from __future__ import annotations

from typing import Any

from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES

NAMES = {
    COUNTY: "垫江县",
    TOWNSHIPS[0]: "澄溪镇",
    TOWNSHIPS[1]: "永安镇",
    VILLAGES[0]: "甲村",
    VILLAGES[1]: "乙村",
    VILLAGES[2]: "丙村",
    VILLAGES[3]: "丁村",
}


def make() -> None:
    """Divisions, posts with a holder and a deputy, numbers 10100000001 and on."""
    from anlan.county import actions
    from anlan.county.models import Division
    from anlan.ground import journal
    from anlan.ground.models import CountyFact
    from anlan.ground.places import level, parent
    from anlan.ground.policy import values
    from anlan.ground.scope import Scope

    scope = Scope.for_command("test")
    with scope.open():
        CountyFact.objects.create(code=COUNTY, name="垫江县", demo=True)
        for order, (code, name) in enumerate(NAMES.items()):
            Division.objects.create(
                code=code,
                name=name,
                kind={"county": "县", "township": "镇", "village": "村"}[level(code)],
                parent_id=parent(code),
                label_lat=30.2 + order / 100,
                label_lon=107.3 + order / 100,
            )
        journal.line(scope, "test.make", None, division=COUNTY)
    values.save_demo(scope)
    numbers = iter(range(10100000001, 10100009999))

    def post(division: int, kind: str, title: str, people: int = 2, superior: Any = None) -> Any:
        made = actions.add_post(scope, division, kind, title, superior.id if superior else None)
        for rank in range(people):
            person = actions.add_person(
                scope, division, f"{NAMES[division][0]}{title[-2:]}{rank}", str(next(numbers))
            )
            actions.hold(scope, made.id, person.id, rank, made.version + rank)
        return made

    leader = post(COUNTY, "county_leader", "县领导", 1)
    duty_leader = post(COUNTY, "duty_leader", "带班领导", 1, leader)
    post(COUNTY, "duty_officer", "县值班员", 1, duty_leader)
    post(COUNTY, "plan_clerk", "要点管理员", 1, duty_leader)
    post(COUNTY, "unit_duty", "县水利局值班室", 2, leader)
    for township in TOWNSHIPS:
        head = post(township, "township_leader", f"{NAMES[township]}主要领导", 1)
        post(township, "township_duty", f"{NAMES[township]}值班室", 2, head)
        cadre = post(township, "township_cadre", f"{NAMES[township]}驻村干部", 1, head)
        for village in VILLAGES:
            if village // 1000 == township // 1000:
                post(village, "village_head", f"{NAMES[village]}负责人", 2, cadre)
                post(village, "village_helper", f"{NAMES[village]}网格员", 1, cadre)


def scope_of(kind: str, division: int = COUNTY, world: int = 0) -> Any:
    """The scope of whoever holds the post of this kind at the division."""
    from anlan.county.models import Holding, Post
    from anlan.county.rights import table
    from anlan.ground.places import span
    from anlan.ground.scope import Actor, Scope

    with Scope.for_round("test").open():
        post = Post.objects.get(kind=kind, division=division)
        held = Holding.objects.get(post=post, rank=0, valid_to=None)
    actor = Actor("account", post.id, post.title, held.person_id, post.id, "127.0.0.1")
    return Scope("post", *span(division), world, actor, table().of(kind))


def client_of(kind: str, division: int = COUNTY) -> Any:
    """A signed-in test client of the post."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.test import Client

    from anlan.county import accounts
    from anlan.county.models import Account
    from anlan.ground.scope import Scope

    own = scope_of(kind, division)
    name = f"{kind}-{division}"
    command = Scope.for_command("test")
    with command.open():
        account = Account.objects.filter(username=name).first()
    if account is None:
        account = accounts.make_account(
            command, name, own.actor.label, post_id=own.actor.post_id,
            person_id=own.actor.person_id, demo=True,
        )  # fmt: skip
    session = SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    seat = accounts.Seat("127.0.0.1", "test", "demo")
    session["sitting"] = accounts.record_sign_in(Scope.nobody(), account.pk, seat)
    session.save()
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client
