"""What a hostile page, host, frame or visitor meets: headers, cookies, hosts, errors, limits."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from anlan.county import accounts
from anlan.county.models import Account, Division
from anlan.ground.errors import Conflict, Denied
from anlan.ground.models import CountyFact
from anlan.ground.scope import Scope
from tests.night import CONSOLE, PORTAL, address

COMMAND = Scope.for_command("test")


def test_every_answer_carries_its_walls(
    night: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    client = client_of("duty_officer")
    for path, view in CONSOLE.items():
        if view.access.kind == "act" or path.startswith("accounts/logout"):
            continue
        answer = client.get(address(path, night))
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy and "*" not in policy and "default-src 'none'" in policy, path
        assert "frame-ancestors 'none'" in policy and "form-action 'self'" in policy
        assert answer["X-Content-Type-Options"] == "nosniff", path
        assert answer["X-Frame-Options"] == "DENY", path
        assert answer["Referrer-Policy"] in ("same-origin", "strict-origin"), path
        assert "no-store" in answer["Cache-Control"], path
        assert answer["X-Request-ID"], path
        assert "Strict-Transport-Security" not in answer, "not over plain HTTP"


def test_the_public_pages_carry_them_too(
    night: dict[str, Any], as_role: Callable[[str], None], portal: Callable[[], None]
) -> None:
    as_role("public")
    portal()
    for path in PORTAL:
        answer = Client().get(address(path, night))
        assert "unsafe" not in answer["Content-Security-Policy"], path
        assert answer["X-Content-Type-Options"] == "nosniff", path


def test_a_page_of_the_public_process_is_limited_by_address_and_a_link_by_itself(
    night: dict[str, Any], as_role: Callable[[str], None], portal: Callable[[], None]
) -> None:
    as_role("public")
    portal()
    client = Client()
    said = [client.get(f"/a/forged{n}").status_code for n in range(65)]
    assert said[:60] == [404] * 60 and set(said[60:]) == {429}
    assert client.get(f"/a/{night['token']}").status_code == 200, "a signed link is counted apart"
    assert client.get("/health").status_code == 200


def test_the_limit_is_a_minute_long_and_holds_a_bounded_number_of_addresses() -> None:
    from anlan.faces.http import middleware

    limit = middleware.PublicLimit(lambda _request: None)  # type: ignore[arg-type,return-value]
    assert all(limit.allowed("a", 0.0) for _n in range(60))
    assert not limit.allowed("a", 59.9)
    assert limit.allowed("a", 60.1)
    for number in range(middleware.KEYS_MAX + 100):
        limit.allowed(str(number), 61.0)
    assert len(limit.counts) == middleware.KEYS_MAX


def test_an_unknown_host_is_refused(county_db: str) -> None:
    assert Client().get("/health", headers={"Host": "evil.example"}).status_code == 400


def test_an_error_of_ours_shows_no_trace(
    night: dict[str, Any], client_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> Any:
        raise RuntimeError("the secret of the inside")

    monkeypatch.setattr("anlan.county.queries.phone_book", broken)
    client = client_of("duty_officer")
    client.raise_request_exception = False
    answer = client.get("/phonebook/")
    assert answer.status_code == 500
    page = answer.content.decode()
    assert "secret of the inside" not in page and "Traceback" not in page and ".py" not in page


def test_every_post_of_the_console_wants_its_token(
    night: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    own = client_of("duty_officer")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = own.cookies
    for path, view in CONSOLE.items():
        if view.access.fields is not None:
            assert strict.post(address(path, night)).status_code == 403, path


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(county_db: str) -> None:
    from tests.county.test_signin import PASSWORD, code_for, opened, sign_in

    _client, secret, account = opened()
    client = Client()
    sign_in(client, account.username, PASSWORD, code_for(secret, 1))
    for name, site in (("sessionid", "Lax"), ("anlan_device", "Strict")):
        cookie = client.cookies[name]
        assert cookie["httponly"] and cookie["samesite"] == site, name
    assert client.cookies["anlan_device"]["path"] == "/accounts/"
    assert not client.cookies["sessionid"]["max-age"], "gone with the browser"


DEPLOY = """
import django; django.setup()
from django.conf import settings
from django.core.management import call_command
call_command("check", "--deploy", "--fail-level", "WARNING")
print(settings.SECURE_HSTS_SECONDS, settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE)
"""


@pytest.mark.parametrize("role", ["console", "public"])
def test_the_deployment_check_of_django_finds_nothing_behind_a_host_name(role: str) -> None:
    own = os.environ | {"ANLAN_HOSTS": "anlan.example.cn", "ANLAN_ROLE": role}
    done = subprocess.run(
        [sys.executable, "-c", DEPLOY], env=own, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split()[-3:] == ["31536000", "True", "True"]


# 演示


def test_the_demonstration_posts_are_closed_in_a_real_county(
    night: dict[str, Any], client_of: Callable[..., Any], owner_sql: Any
) -> None:
    client = client_of("duty_officer")
    leader = client_of("duty_leader")
    assert leader.get("/demo/").status_code == 200
    target = Account.objects.get(label="带班领导")
    owner_sql("UPDATE ground_county SET demo = false")
    assert client.get("/demo/").status_code == 404
    assert client.post("/demo/", {"account": target.pk}).status_code == 404
    with pytest.raises(Denied):
        accounts.make_account(COMMAND, "demo.again", "演示", demo=True)


def test_a_real_account_is_never_taken_over_by_the_demonstration_page(
    night: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    client = client_of("duty_officer")
    real = Account.objects.get(username="canary.account")
    assert client.post("/demo/", {"account": real.pk}).status_code == 404
    assert client.post("/demo/", {"account": "1 OR 1=1"}).status_code == 404
    accounts.disable_account(COMMAND, "duty_officer-500231000000")
    assert client.post("/demo/", {"account": "1"}).status_code == 302


def test_the_flag_is_refused_where_real_people_are(
    empty_db: str, owner_sql: Any, tmp_path: Any
) -> None:
    from anlan.county import actions, demo

    with COMMAND.open():
        village = Division.objects.create(code=500231999001, name="某村", kind="village")
    actions.add_person(COMMAND, village.code, "真人", "13800000000")
    with pytest.raises(Denied):
        demo.make_divisions(COMMAND, demo.DIVISIONS / "divisions_500231.csv", "垫江县", True)
    assert not CountyFact.objects.exists()
    demo.make_divisions(COMMAND, demo.DIVISIONS / "divisions_500231.csv", "垫江县", False)
    with pytest.raises(Conflict):
        demo.make_divisions(COMMAND, demo.DIVISIONS / "divisions_500231.csv", "垫江县", True)


def test_a_database_holds_one_county_and_the_application_cannot_flag_it(
    county_db: str, cluster: Any
) -> None:
    import psycopg

    with psycopg.connect(cluster.dsn("app", county_db), autocommit=True) as own:
        own.execute("SELECT set_config('anlan.kind', 'command', false)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            own.execute("INSERT INTO ground_county (code, name, demo) VALUES (1, 'x', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            own.execute("UPDATE ground_county SET demo = true")


def test_administrators_have_no_place_in_the_database_either(night: dict[str, Any]) -> None:
    from django.apps import apps

    from anlan.ground.scope import NOWHERE, Actor

    for kind in ("admin", "security", "audit"):
        with Scope(kind, *NOWHERE, 0, Actor("account")).open():
            for model in apps.get_models():
                names = {field.name for field in model._meta.fields}
                # Law values and the published plan, as it was read, are everybody's.
                shared = ("ground_journal", "policy_value", "workplan_plan")
                if {"division", "world"} <= names and not model._meta.db_table.startswith(shared):
                    assert not model.objects.exists(), (kind, model)
