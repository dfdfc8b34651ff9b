"""Sign-in by its pages: links, passwords, codes, what a sign-in is worth and when it ends."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from anlan.county import access_queries, account_rounds, accounts, doors, sittings
from anlan.county.models import Account, Post, RosterShift, Sitting
from anlan.ground import clock
from anlan.ground.errors import Refusal
from anlan.ground.models import JournalLine
from anlan.ground.scope import Scope
from tests.conftest import COUNTY
from tests.totp import totp

COMMAND = Scope.for_command("test")
WORDS = {
    "system_admin": "Kastanien blühen 7 mal",
    "security_admin": "Vier Boote ohne Ruder 4",
    "audit_admin": "Der Regen zählt 31 Tage",
}
PASSWORD = "Grünes Licht um 6 Uhr"


def code_for(secret: str, steps: int = 0) -> str:
    """What the app shows now, or so many steps later."""
    return totp(secret, clock.now(0).timestamp() + 30 * steps)


def secret_of(page: Any) -> str:
    found = re.search(r'id="secret" readonly value="([A-Z2-7]+)"', page.content.decode())
    assert found
    return found[1]


def set_up() -> Client:
    token = accounts.make_link(COMMAND, "setup")
    client = Client()
    assert client.get(f"/first/setup/{token}").status_code == 200
    answer = client.post(f"/first/setup/{token}", WORDS)
    assert (answer.status_code, answer.url) == (302, "/accounts/login/")
    return client


def give_password(client: Client, name: str, word: str) -> Any:
    return client.post("/accounts/login/", {"login": name, "password": word})


def bind(client: Client) -> str:
    secret = secret_of(client.get("/accounts/2fa/totp/activate/"))
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code_for(secret)})
    assert (answer.status_code, answer.url) == (302, "/accounts/2fa/recovery-codes/")
    return secret


def officer(name: str = "wang.duty", kind: str = "duty_officer") -> Account:
    """An account without password for the holder of the post."""
    with COMMAND.open():
        post = Post.objects.get(kind=kind, division=COUNTY)
        holding = post.holdings.get(rank=0, valid_to=None)
        return accounts.make_account(
            COMMAND, name, "王值班", post_id=post.pk, person_id=holding.person_id
        )


def opened(name: str = "wang.duty") -> tuple[Client, str, Account]:
    """The officer's account with both factors; the client is signed in. (client, secret, account)"""
    account = officer(name)
    token = accounts.make_link(COMMAND, "first", account)
    client = Client()
    answer = client.post(f"/first/duty/{token}", {"password1": PASSWORD, "password2": PASSWORD})
    assert answer.url == "/accounts/2fa/totp/activate/"
    return client, bind(client), account


def sign_in(client: Client, name: str, word: str, code: str) -> Any:
    answer = give_password(client, name, word)
    assert (answer.status_code, answer.url) == (302, "/accounts/2fa/authenticate/")
    return client.post("/accounts/2fa/authenticate/", {"code": code})


def test_the_set_up_link_makes_three_administrators_who_bind_their_second_factor(
    county_db: str,
) -> None:
    set_up()
    for kind, home in (("system_admin", "/system/"), ("security_admin", "/access/"),
                       ("audit_admin", "/audit/")):  # fmt: skip
        client = Client()
        answer = give_password(client, kind, WORDS[kind])
        assert answer.status_code == 302
        for early in (home, "/accounts/", "/journal/", "/demo/", "/search/"):
            assert client.get(early).url == "/accounts/2fa/totp/activate/", early
        secret = bind(client)
        codes = re.findall(r"<code>(\d{12})</code>",
                           client.get("/accounts/2fa/recovery-codes/").content.decode())  # fmt: skip
        assert len(codes) == 10
        again = client.get("/accounts/2fa/recovery-codes/").content.decode()
        assert codes[0] not in again, "shown once"
        assert client.get("/").url == home
        assert client.get(home).status_code == 200
        for other in {"/system/", "/access/", "/audit/"} - {home}:
            assert client.get(other).status_code == 403
        later = Client()
        assert sign_in(later, kind, WORDS[kind], code_for(secret, 1)).url == home


def test_the_set_up_link_opens_once_and_only_while_there_are_no_administrators(
    county_db: str, move_clock: Callable[..., None]
) -> None:
    token = accounts.make_link(COMMAND, "setup")
    weak = WORDS | {"audit_admin": "short"}
    assert Client().post(f"/first/setup/{token}", weak).status_code == 400
    assert not Account.objects.exclude(admin_kind="").exists(), "all or none"
    same = dict.fromkeys(WORDS, WORDS["audit_admin"])
    assert Client().post(f"/first/setup/{token}", same).status_code == 400
    assert Client().post(f"/first/setup/{token}", WORDS).status_code == 302
    assert Client().get(f"/first/setup/{token}").status_code == 404
    second = accounts.make_link(COMMAND, "setup")
    assert Client().post(f"/first/setup/{second}", WORDS).status_code == 409
    late = accounts.make_link(COMMAND, "setup")
    move_clock(3601)
    assert Client().get(f"/first/setup/{late}").status_code == 404


def test_a_newer_link_voids_the_older_and_a_disabled_account_has_none(county_db: str) -> None:
    account = officer()
    older = accounts.make_link(COMMAND, "first", account)
    newer = accounts.make_link(COMMAND, "first", account)
    assert Client().get(f"/first/duty/{older}").status_code == 404
    assert Client().get(f"/first/duty/{newer}").status_code == 200
    accounts.disable_account(COMMAND, account.username)
    assert Client().get(f"/first/duty/{newer}").status_code == 404


def test_the_security_administrator_makes_an_account_and_its_person_works_with_it(
    county_db: str,
) -> None:
    set_up()
    chief = Client()
    give_password(chief, "security_admin", WORDS["security_admin"])
    bind(chief)
    found = chief.get("/access/", {"post": "县值班员"}).content.decode()
    post_id = re.search(r'name="post_id" value="(\d+)"', found)
    assert post_id
    assert "1010" not in found, "no number"
    made = chief.post("/access/make/", {"username": "Wang.Duty", "post_id": post_id[1]})
    link = re.search(r'value="(http://testserver/first/duty/[^"]+)"', made.content.decode())
    assert link
    client = Client()
    path = link[1].removeprefix("http://testserver")
    page = client.get(path)
    assert "wang.duty" in page.content.decode()
    assert page["Referrer-Policy"] == "strict-origin"
    assert client.post(path, {"password1": PASSWORD, "password2": "x"}).status_code == 400
    assert client.post(path, {"password1": PASSWORD, "password2": PASSWORD}).status_code == 302
    assert client.get("/").url == "/accounts/2fa/totp/activate/"
    bind(client)
    assert client.get("/").status_code == 200
    assert client.get("/warning/").status_code == 200
    assert client.get("/access/").status_code == 403
    assert Client().get(path).status_code == 404, "the link is spent"


def test_wrong_unknown_locked_and_disabled_look_alike(county_db: str) -> None:
    _client, _secret, account = opened()
    officer("off.duty")
    accounts.disable_account(COMMAND, "off.duty")

    def said(name: str, word: str) -> tuple[int, str]:
        doors.forget(doors.ADDRESS, "127.0.0.1")
        answer = give_password(Client(), name, word)
        page = re.sub(r'value="[^"]*"', "", answer.content.decode())
        return answer.status_code, page

    wrong = said(account.username, "wrong and long enough 1")
    assert said("nobody.here", "wrong and long enough 1") == wrong
    assert said("off.duty", "wrong and long enough 1") == wrong
    for _n in range(5):
        said(account.username, "wrong and long enough 1")
    assert said(account.username, PASSWORD) == wrong, "locked: even the right one looks wrong"


def test_five_failures_rest_for_thirty_minutes(
    county_db: str, move_clock: Callable[..., None]
) -> None:
    _client, secret, account = opened()
    for _n in range(5):
        give_password(Client(), account.username, "wrong and long enough 1")
    assert give_password(Client(), account.username, PASSWORD).status_code == 200
    move_clock(29 * 60)
    assert give_password(Client(), account.username, PASSWORD).status_code == 200
    move_clock(70)
    assert sign_in(Client(), account.username, PASSWORD, code_for(secret)).status_code == 302


def test_four_failures_and_a_success_begin_anew(county_db: str) -> None:
    _client, _secret, account = opened()
    for _round in range(3):
        doors.forget(doors.ADDRESS, "127.0.0.1")
        for _n in range(4):
            give_password(Client(), account.username, "wrong and long enough 1")
        assert give_password(Client(), account.username, PASSWORD).status_code == 302


def test_whoever_guesses_outside_does_not_keep_a_registered_device_out(county_db: str) -> None:
    client, secret, account = opened()
    client.post("/accounts/logout/")
    assert sign_in(client, account.username, PASSWORD, code_for(secret, 1)).status_code == 302
    assert doors.DEVICE_COOKIE in client.cookies
    client.post("/accounts/logout/")
    for _n in range(30):
        give_password(Client(), account.username, "wrong and long enough 1")
    outside = give_password(Client(), account.username, PASSWORD)
    assert outside.status_code == 429, "the address is over its limit"
    doors.forget(doors.ADDRESS, "127.0.0.1")
    assert give_password(Client(), account.username, PASSWORD).status_code == 200, "locked"
    for _n in range(30):
        give_password(Client(), account.username, "wrong and long enough 1")
    assert give_password(client, account.username, PASSWORD).status_code == 302
    stolen = Client()
    stolen.cookies[doors.DEVICE_COOKIE] = client.cookies[doors.DEVICE_COOKIE].value
    for _n in range(5):
        give_password(stolen, account.username, "wrong and long enough 1")
    assert give_password(stolen, account.username, PASSWORD).status_code == 200, "it locks too"


def test_a_device_of_another_account_or_before_a_reset_is_none(county_db: str) -> None:
    _client, _secret, account = opened()
    request = type("R", (), {"COOKIES": {doors.DEVICE_COOKIE: doors.device_token(account)}})()
    assert doors.device_of(request, account)
    assert not doors.device_of(request, officer("other.duty", "duty_leader"))
    accounts.reset_account(COMMAND, account.pk, "手机丢失")
    account.refresh_from_db()
    assert not doors.device_of(request, account)


def test_a_code_opens_once_even_at_another_browser(county_db: str) -> None:
    _client, secret, account = opened()
    code = code_for(secret, 1)
    assert sign_in(Client(), account.username, PASSWORD, code).status_code == 302
    assert sign_in(Client(), account.username, PASSWORD, code).status_code == 200
    older = code_for(secret, 0)
    assert sign_in(Client(), account.username, PASSWORD, older).status_code == 200


def test_a_code_goes_by_the_databases_clock(
    county_db: str, move_clock: Callable[..., None]
) -> None:
    _client, secret, account = opened()
    import time

    move_clock(3600)
    doors.forget(doors.ADDRESS, "127.0.0.1")
    assert (
        sign_in(Client(), account.username, PASSWORD, totp(secret, time.time())).status_code == 200
    )
    assert sign_in(Client(), account.username, PASSWORD, code_for(secret)).status_code == 302


def test_five_wrong_codes_rest_too(county_db: str) -> None:
    _client, secret, account = opened()
    client = Client()
    give_password(client, account.username, PASSWORD)
    for _n in range(5):
        client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    answer = client.post("/accounts/2fa/authenticate/", {"code": code_for(secret, 1)})
    assert answer.status_code == 200


def test_a_recovery_code_stands_for_the_app_once_and_never_for_the_password(
    county_db: str,
) -> None:
    client, _secret, account = opened()
    page = client.get("/accounts/2fa/recovery-codes/").content.decode()
    code = re.findall(r"<code>(\d{12})</code>", page)[0]
    assert sign_in(Client(), account.username, PASSWORD, code).status_code == 302
    assert sign_in(Client(), account.username, PASSWORD, code).status_code == 200
    assert give_password(Client(), account.username, code).status_code == 200
    with Scope.for_round("test").open():
        newest = Sitting.objects.order_by("-id").first()
    assert newest and newest.factor == "recovery"


def test_the_session_has_a_new_key_after_sign_in(county_db: str) -> None:
    _client, secret, account = opened()
    client = Client()
    give_password(client, account.username, PASSWORD)
    before = client.session.session_key
    client.post("/accounts/2fa/authenticate/", {"code": code_for(secret, 1)})
    assert client.session.session_key != before
    planted = Client()
    planted.cookies["sessionid"] = before or ""
    assert planted.get("/").status_code == 302


@pytest.mark.parametrize(("admin", "limit_s"), [(False, 30 * 60), (True, 15 * 60)])
def test_an_idle_sign_in_ends_by_the_databases_clock(
    county_db: str, move_clock: Callable[..., None], admin: bool, limit_s: int
) -> None:
    client, _secret, account = opened()
    if admin:
        Account.objects.filter(pk=account.pk).update(admin_kind="audit_admin", post_id=None)
    home = "/audit/" if admin else "/"
    assert client.get(home).status_code == 200
    move_clock(limit_s - 5)
    assert client.get(home).status_code == 200
    move_clock(limit_s + 5)
    assert client.get(home).status_code == 302
    assert client.get(home).status_code == 302
    with Scope.for_round("test").open():
        assert JournalLine.objects.filter(action="account.sign_out", why="idle").count() == 1


def test_a_screen_that_refreshes_itself_does_not_keep_a_sign_in_alive(
    county_db: str, move_clock: Callable[..., None]
) -> None:
    client, _secret, _account = opened()
    assert client.get("/").status_code == 200
    for _n in range(6):
        move_clock(5 * 60)
        client.get("/", headers={"X-Refresh": "1"})
    move_clock(60)
    assert client.get("/", headers={"X-Refresh": "1"}).status_code == 302


def test_a_sign_in_ends_after_twelve_hours_however_busy(
    county_db: str, move_clock: Callable[..., None]
) -> None:
    client, _secret, _account = opened()
    for _n in range(36):
        assert client.get("/").status_code == 200
        move_clock(20 * 60)
    move_clock(5)
    assert client.get("/").status_code == 302


def test_on_a_duty_shift_the_screen_stays_readable_and_acting_asks_again(
    county_db: str, move_clock: Callable[..., None]
) -> None:
    client, secret, account = opened()
    with COMMAND.open():
        now = clock.now()
        RosterShift.objects.create(
            division=COUNTY, post_id=account.post_id, person_id=account.person_id,
            starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=11),
        )  # fmt: skip
    move_clock(3 * 3600)
    assert client.get("/").status_code == 200
    assert client.get("/phonebook/").status_code == 200
    asked = client.post("/warning/paste/", {"text": "暴雨"},
                        headers={"Referer": "http://testserver/warning/"})  # fmt: skip
    assert (asked.status_code, asked.url) == (302, "/accounts/again/?next=%2Fwarning%2F")
    refused = client.post("/warning/paste/", {"text": "x"}, headers={"Accept": "application/json"})
    assert refused.status_code == 401
    wrong = client.post("/accounts/again/", {"password": PASSWORD, "code": "000000", "next": "/"})
    assert wrong.status_code == 200
    key = client.session.session_key
    given = {"password": PASSWORD, "code": code_for(secret, 1), "next": "/warning/"}
    assert client.post("/accounts/again/", given).url == "/warning/"
    assert client.session.session_key != key
    assert client.post("/warning/paste/", {"text": ""}).status_code == 400, "the act is judged now"
    move_clock(9 * 3600)
    assert client.get("/").status_code == 302, "the shift is over"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "/\\evil.example",
                                    "javascript:alert(1)", "http:///evil.example"])  # fmt: skip
def test_no_address_from_outside_sends_anybody_away(county_db: str, wanted: str) -> None:
    client, secret, account = opened()
    answer = client.post("/accounts/again/", {"password": PASSWORD, "code": code_for(secret, 1),
                                              "next": wanted})  # fmt: skip
    assert answer.url == "/"
    fresh = Client()
    answer = fresh.post(
        "/accounts/login/", {"login": account.username, "password": PASSWORD, "next": wanted}
    )
    assert answer.url == "/accounts/2fa/authenticate/"
    answer = fresh.post("/accounts/2fa/authenticate/", {"code": code_for(secret, 2)})
    assert "evil" not in answer.get("Location", "") and "javascript" not in answer.get(
        "Location", ""
    )
    client.post("/language/", {"language": "en"}, headers={"Referer": wanted})
    assert client.post("/language/", {"language": "en"}, headers={"Referer": wanted}).url == "/"


def test_whoever_left_the_post_signs_in_to_nothing_and_the_successor_does_the_work(
    county_db: str,
) -> None:
    from anlan.county import actions
    from anlan.county.models import Person

    client, _secret, account = opened()
    assert client.get("/warning/").status_code == 200
    with COMMAND.open():
        post = Post.objects.get(pk=account.post_id)
        other = Person.objects.exclude(pk=account.person_id).filter(division=COUNTY).first()
    assert other
    actions.hold(COMMAND, post.pk, other.pk, 0, post.version)
    for path in ("/", "/warning/", "/phonebook/"):
        assert client.get(path).status_code == 403, path
    assert client.post("/warning/paste/", {"text": "暴雨"}).status_code == 403
    with COMMAND.open():
        post.refresh_from_db()
    actions.hold(COMMAND, post.pk, account.person_id, 1, post.version)
    assert client.get("/warning/").status_code == 200, "as deputy again"


def test_a_browser_is_registered_when_its_app_is_bound(county_db: str) -> None:
    client, _secret, account = opened()
    assert doors.DEVICE_COOKIE in client.cookies
    for number in range(7):
        doors.forget(doors.ADDRESS, "127.0.0.1")
        give_password(Client(), account.username, f"wrong and long enough {number}")
    client.post("/accounts/logout/")
    assert give_password(client, account.username, PASSWORD).status_code == 302


def test_disabling_ends_every_sign_in_and_enabling_opens_none(county_db: str) -> None:
    client, secret, account = opened()
    other = Client()
    sign_in(other, account.username, PASSWORD, code_for(secret, 1))
    accounts.disable_account(COMMAND, account.username, "离岗")
    assert client.get("/").status_code == other.get("/").status_code == 302
    accounts.enable_account(COMMAND, account.username)
    assert client.get("/").status_code == other.get("/").status_code == 302


def test_a_reset_voids_both_factors_and_only_the_new_link_opens(county_db: str) -> None:
    client, _secret, account = opened()
    token = accounts.reset_account(COMMAND, account.pk, "手机丢失，已当面核对")
    assert client.get("/").status_code == 302
    assert give_password(Client(), account.username, PASSWORD).status_code == 200
    fresh = Client()
    word = "Anderes Wort, 9 Silben"
    assert fresh.post(f"/first/duty/{token}", {"password1": word, "password2": word}).url == (
        "/accounts/2fa/totp/activate/"
    )
    bind(fresh)
    assert fresh.get("/").status_code == 200


def test_a_changed_password_signs_the_others_out(county_db: str) -> None:
    client, secret, account = opened()
    other = Client()
    sign_in(other, account.username, PASSWORD, code_for(secret, 1))
    word = "Anderes Wort, 9 Silben"
    fields = {"old": PASSWORD, "new1": word, "new2": word}
    assert client.post("/accounts/password/", fields | {"old": "wrong"}).status_code == 400
    assert client.post("/accounts/password/", fields | {"new2": "wrong"}).status_code == 400
    assert client.post("/accounts/password/", fields).status_code == 302
    assert client.get("/").status_code == 200
    assert other.get("/").status_code == 302
    back = {"old": word, "new1": PASSWORD, "new2": PASSWORD}
    assert client.post("/accounts/password/", back).status_code == 400, "one of the last five"


def test_a_password_of_ninety_days_is_asked_for_anew(
    county_db: str, move_clock: Callable[..., None], settings_rules: Callable[[str], None]
) -> None:
    _client, secret, account = opened()
    move_clock(91 * 86400)
    client = Client()
    sign_in(client, account.username, PASSWORD, code_for(secret))
    assert client.get("/").url == "/accounts/password/"
    settings_rules("asvs")
    assert client.get("/").status_code == 200


@pytest.fixture
def settings_rules(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    from django.conf import settings

    return lambda rules: monkeypatch.setattr(settings, "PASSWORD_RULES", rules)


def test_an_account_unused_for_ninety_days_is_disabled_by_a_round(
    county_db: str, move_clock: Callable[..., None]
) -> None:
    _client, _secret, account = opened()
    never = officer("never.used", "duty_leader")
    demo = accounts.make_account(COMMAND, "demo.one", "演示", demo=True)
    move_clock(89 * 86400)
    assert account_rounds.rest_unused(Scope.for_round("test")) == 0
    move_clock(2 * 86400)
    assert account_rounds.rest_unused(Scope.for_round("test")) == 2
    for row, active in ((account, False), (never, False), (demo, True)):
        row.refresh_from_db()
        assert row.is_active is active


def test_old_tries_and_sessions_are_forgotten_and_a_round_that_found_none_says_none(
    county_db: str, move_clock: Callable[..., None], owner_sql: Any
) -> None:
    forget, round_ = account_rounds.forget_old, Scope.for_round("test")
    assert forget(round_) == 0
    opened()
    give_password(Client(), "nobody.here", "wrong and long enough 1")
    assert forget(round_) == 0, "too young"
    move_clock(3 * 3600)
    assert forget(round_) >= 2
    assert forget(round_) == 0
    assert owner_sql("SELECT count(*) FROM county_tries") == [(0,)]
    move_clock(3 * 86400)
    assert forget(round_) >= 1
    assert owner_sql("SELECT count(*) FROM django_session") == [(0,)]


def test_nobody_disables_or_resets_themselves(county_db: str) -> None:
    set_up()
    chief = Client()
    give_password(chief, "security_admin", WORDS["security_admin"])
    bind(chief)
    own = Account.objects.get(username="security_admin")
    assert chief.post(f"/access/{own.pk}/disable/", {"why": "x"}).status_code == 403
    assert chief.post(f"/access/{own.pk}/reset/", {"why": "x"}).status_code == 403


def test_a_sign_in_of_one_account_is_worth_nothing_to_another(county_db: str) -> None:
    client, _secret, _account = opened()
    other, _other_secret, _other = opened("li.duty")
    session = client.session
    session["sitting"] = other.session["sitting"]
    session.save()
    assert client.get("/").status_code == 302


def test_there_is_no_account_and_no_password_by_default(county_db: str) -> None:
    assert not Account.objects.exists()
    with pytest.raises(Refusal):
        accounts.make_account(COMMAND, "X", "bad name")


def test_unknown_names_are_not_written_down(county_db: str) -> None:
    secret = "MyPasswordInTheNameField9"
    give_password(Client(), secret, "wrong and long enough 1")
    with Scope.for_round("test").open():
        lines = list(JournalLine.objects.filter(action="account.sign_in", result="denied"))
    assert lines
    assert all(secret.casefold() not in f"{row.actor}{row.why}".casefold() for row in lines)


def test_sitting_states_are_asked_without_django_at_the_top() -> None:
    import subprocess
    import sys

    code = "import sys; import anlan.county.sittings; print('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert sittings.IDLE_ADMIN_S < sittings.IDLE_S < sittings.ABSOLUTE_S


def test_a_password_stands_alone_for_the_links_hour_and_then_a_new_link_is_needed(
    county_db: str, move_clock: Callable[[float], None]
) -> None:
    """Of an administrator, as of anybody whose authenticator was never bound."""
    assert timedelta(seconds=sittings.BIND_S) == accounts.LINK_LIFE
    set_up()
    early, late = Client(), Client()
    assert give_password(early, "system_admin", WORDS["system_admin"]).status_code == 302
    move_clock(sittings.BIND_S - 60)
    assert give_password(late, "audit_admin", WORDS["audit_admin"]).status_code == 302
    bind(late)
    move_clock(120)
    answer = early.get("/accounts/2fa/totp/activate/")
    assert answer.status_code == 302 and answer.url.startswith("/accounts/login/")
    refused = give_password(Client(), "system_admin", WORDS["system_admin"])
    assert (
        refused.status_code == 200 and "账号或口令不对，或暂时不能登录" in refused.content.decode()
    )
    own = Account.objects.get(username="system_admin")
    assert access_queries.account(own.pk).state == "late"
    assert access_queries.account(Account.objects.get(username="audit_admin").pk).state == "ready"
    assert late.get("/audit/").status_code == 200, "who bound in time stays"
    token = accounts.make_link(COMMAND, "first", own)
    fresh = Client()
    word = "Sieben Brücken im Nebel 8"
    answer = fresh.post(f"/first/duty/{token}", {"password1": word, "password2": word})
    assert answer.url == "/accounts/2fa/totp/activate/"
    bind(fresh)
    assert fresh.get("/system/").status_code == 200
