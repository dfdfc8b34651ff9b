"""Passkeys by the pages: where they are offered, that they hold, and what they never skip (R42)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator as Factor
from django.test import Client

from anlan.county import access_queries, accounts, doors, passkeys
from anlan.county.models import Account, Sitting
from anlan.ground.models import JournalLine
from anlan.ground.scope import Scope
from tests.authenticator import Authenticator
from tests.county.test_signin import (
    COMMAND,
    PASSWORD,
    code_for,
    give_password,
    officer,
    opened,
    sign_in,
)

ORIGIN = "http://localhost"
ADD, CODE, OWN = "/accounts/2fa/passkeys/add/", "/accounts/2fa/authenticate/", "/accounts/"


def at_host() -> Client:
    """A browser at a host name."""
    return Client(HTTP_HOST="localhost")


def asked(page: Any) -> dict[str, Any]:
    """What the page gives the script: the challenge and its terms."""
    found = re.search(r'<script id="passkey-data" type="application/json">(.*?)</script>',
                      page.content.decode())  # fmt: skip
    assert found
    return json.loads(found[1])  # type: ignore[no-any-return]


def offered(page: Any) -> bool:
    return "passkey-use" in page.content.decode()


def first_link(account: Account) -> Client:
    """Opened by its link at a host name, with a password and no second factor yet."""
    token = accounts.make_link(COMMAND, "first", account)
    client = at_host()
    answer = client.post(f"/first/duty/{token}", {"password1": PASSWORD, "password2": PASSWORD})
    assert answer.url == "/accounts/2fa/totp/activate/"
    return client


def added(client: Client, device: Authenticator, name: str = "值班室电脑") -> Any:
    options = asked(client.get(ADD))
    return client.post(ADD, {"name": name, "credential": device.create(options)})


def with_passkey() -> tuple[Client, Authenticator, Account]:
    """The officer's account whose only second factor is a passkey. (client, device, account)"""
    account, device = officer(), Authenticator(ORIGIN)
    client = first_link(account)
    assert added(client, device).url == "/accounts/2fa/recovery-codes/"
    return client, device, account


def second_step(account: Account, client: Client | None = None) -> tuple[Client, Any]:
    """After the password: the browser and the page that asks for the second factor."""
    client = client or at_host()
    assert give_password(client, account.username, PASSWORD).url == CODE
    return client, client.get(CODE)


def newest_factor() -> str:
    with Scope.for_round("test").open():
        row = Sitting.objects.order_by("-id").first()
    assert row
    return row.factor


def test_a_passkey_is_a_first_second_factor_and_opens_with_the_password(county_db: str) -> None:
    client, device, account = with_passkey()
    assert client.get("/").status_code == 200
    assert newest_factor() == "passkey"
    assert access_queries.account(account.pk).state == "ready"
    fresh, page = second_step(account)
    assert offered(page) and fresh.get("/").status_code == 302, "the password alone opens nothing"
    answer = fresh.post(CODE, {"credential": device.get(asked(page))})
    assert (answer.status_code, answer.url) == (302, "/")
    assert fresh.get("/").status_code == 200
    assert doors.DEVICE_COOKIE in fresh.cookies, "the browser is registered"
    with Scope.for_command("test").open():
        said = JournalLine.objects.filter(action="account.factor").values_list("why", flat=True)
        assert list(said) == ["passkey"]


def test_without_a_password_no_passkey_opens(county_db: str) -> None:
    _client, device, account = with_passkey()
    fresh, page = second_step(account)
    said = device.get(asked(page))
    assert at_host().post(CODE, {"credential": said}).url.startswith("/accounts/login/")
    assert fresh.post(CODE, {"credential": said}).status_code == 302


def test_an_answer_opens_once_and_only_for_its_own_challenge(county_db: str) -> None:
    _client, device, account = with_passkey()
    fresh, page = second_step(account)
    other, other_page = second_step(account)
    said = device.get(asked(page))
    assert other.post(CODE, {"credential": said}).status_code == 200, "another session's challenge"
    assert fresh.post(CODE, {"credential": said}).status_code == 302
    again, _page = second_step(account)
    assert again.post(CODE, {"credential": said}).status_code == 200, "a repeat"
    late = device.get(asked(other_page))
    assert other.post(CODE, {"credential": late}).status_code == 200, "its challenge was used up"


def test_what_a_false_site_was_given_opens_nothing(county_db: str) -> None:
    _client, device, account = with_passkey()
    for cheat in ({"origin": "https://anlan.example"}, {"host": "anlan.example"}):
        fresh, page = second_step(account)
        assert fresh.post(CODE, {"credential": device.get(asked(page), **cheat)}).status_code == 200
        assert fresh.get("/").status_code == 302


def test_another_devices_key_opens_nothing(county_db: str) -> None:
    _client, device, account = with_passkey()
    thief = Authenticator(ORIGIN, ident=device.ident)
    fresh, page = second_step(account)
    assert fresh.post(CODE, {"credential": thief.get(asked(page))}).status_code == 200


def test_a_copied_authenticator_is_found_by_its_count(county_db: str) -> None:
    _client, device, account = with_passkey()
    copy = Authenticator(ORIGIN, ident=device.ident, key=device.key, counter=device.counter)
    for _n in range(2):
        fresh, page = second_step(account)
        assert fresh.post(CODE, {"credential": device.get(asked(page))}).status_code == 302
    fresh, page = second_step(account)
    assert fresh.post(CODE, {"credential": copy.get(asked(page))}).status_code == 200
    doors.forget(doors.CODE, f"{account.pk}/")
    synced = Authenticator(ORIGIN, counts=False)
    client = fresh
    assert client.post(CODE, {"credential": device.get(asked(client.get(CODE)))}).status_code == 302
    assert added(client, synced).status_code == 302
    for _n in range(2):
        fresh, page = second_step(account)
        assert fresh.post(CODE, {"credential": synced.get(asked(page))}).status_code == 302


def test_five_wrong_answers_rest_with_the_codes(county_db: str) -> None:
    _client, device, account = with_passkey()
    thief = Authenticator(ORIGIN, ident=device.ident)
    fresh, page = second_step(account)
    for _n in range(5):
        page = fresh.post(CODE, {"credential": thief.get(asked(page))})
    page = fresh.post(CODE, {"credential": device.get(asked(page))})
    assert page.status_code == 200 and "没有认出来" in page.content.decode()
    with Scope.for_command("test").open():
        said = JournalLine.objects.filter(action="account.sign_in", result="denied")
        assert said.filter(why="passkey locked").count() == 1


@pytest.mark.parametrize("said", [
    "", "x", "null", "[]", "{}", "1", "[" * 5000, '{"id": 1}', '{"id": "AA", "rawId": "AA"}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": 5}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "AA",'
    ' "authenticatorData": "AA", "signature": "AA"}}',
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "e30",'
    ' "authenticatorData": "AA", "attestationObject": "gg"}}',
    "A" * 20_000,
])  # fmt: skip
def test_bad_input_is_refused_in_words(county_db: str, said: str) -> None:
    client, _device, account = with_passkey()
    fresh, _page = second_step(account)
    answer = fresh.post(CODE, {"credential": said})
    assert answer.status_code == 200 and 'role="alert"' in answer.content.decode()
    client.get(ADD)
    answer = client.post(ADD, {"name": "x", "credential": said})
    assert answer.status_code == 200 and 'role="alert"' in answer.content.decode()
    wrong = {"password": PASSWORD, "credential": said, "code": "000000"}
    assert client.post("/accounts/again/", wrong).status_code == 200
    assert len(passkeys.of_account(account)) == 1


def test_an_address_by_number_offers_the_app_only(county_db: str) -> None:
    _client, device, account = with_passkey()
    for host in ("127.0.0.1", "127.0.0.1:8000"):
        fresh = Client(HTTP_HOST=host)
        _same, page = second_step(account, fresh)
        assert not offered(page)
        forged = {"request_options": {"publicKey": {"challenge": "AAAA", "rpId": "127.0.0.1"}}}
        assert fresh.post(CODE, {"credential": device.get(forged)}).status_code == 200
    client, _secret, _account = opened("li.duty")
    assert client.get(ADD).status_code == 400, "no encryption at testserver"
    assert "passkeys/add" not in client.get(OWN).content.decode()
    assert client.get(ADD, secure=True).status_code == 200


def test_a_passkey_of_another_host_is_not_offered_and_does_not_open(county_db: str) -> None:
    _client, device, account = with_passkey()
    fresh = Client()
    assert fresh.post("/accounts/login/", {"login": account.username, "password": PASSWORD},
                      secure=True).url == CODE  # fmt: skip
    page = fresh.get(CODE, secure=True)
    assert not offered(page)
    forged = {"request_options": {"publicKey": {"challenge": "AAAA", "rpId": "localhost"}}}
    assert fresh.post(CODE, {"credential": device.get(forged)}, secure=True).status_code == 200


def test_recovery_codes_and_the_app_stand_beside_a_passkey(county_db: str) -> None:
    client, device, account = with_passkey()
    codes = re.findall(r"<code>(\d{12})</code>",
                       client.get("/accounts/2fa/recovery-codes/").content.decode())  # fmt: skip
    secret = bind_beside(client)
    assert sign_in(at_host(), account.username, PASSWORD, code_for(secret, 1)).status_code == 302
    assert newest_factor() == "totp"
    assert sign_in(Client(HTTP_HOST="127.0.0.1"), account.username, PASSWORD,
                   codes[0]).status_code == 302  # fmt: skip
    assert sign_in(at_host(), account.username, PASSWORD, codes[0]).status_code == 200, "once"
    fresh, page = second_step(account)
    assert fresh.post(CODE, {"credential": device.get(asked(page))}).status_code == 302


def bind_beside(client: Client) -> str:
    """The app, bound by an account that has a passkey already."""
    from tests.county.test_signin import secret_of

    secret = secret_of(client.get("/accounts/2fa/totp/activate/"))
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code_for(secret)})
    assert (answer.status_code, answer.url) == (302, "/accounts/")
    return secret


def test_a_reset_never_skips_the_second_factor(county_db: str) -> None:
    client, device, account = with_passkey()
    token = accounts.reset_account(COMMAND, account.pk, "电脑丢失，已当面核对")
    assert client.get("/").status_code == 302
    assert not Factor.objects.filter(user=account).exists()
    word = "Anderes Wort, 9 Silben"
    fresh = at_host()
    fresh.post(f"/first/duty/{token}", {"password1": word, "password2": word})
    for early in ("/", "/accounts/", "/warning/", "/phonebook/", "/accounts/password/"):
        answer = fresh.get(early)
        assert answer.status_code == (403 if "password" in early else 302), early
    assert fresh.post("/warning/paste/", {"text": "暴雨"}).url == "/accounts/2fa/totp/activate/"
    fresh.post("/accounts/2fa/recovery-codes/generate/", {})
    assert not Factor.objects.filter(user=account).exists(), "no codes before a factor"
    answer = give_password(at_host(), account.username, word)
    assert answer.status_code == 302
    assert added(fresh, device).status_code == 302
    assert fresh.get("/").status_code == 200


def test_adding_and_removing_ask_for_both_factors_again(
    county_db: str, move_clock: Callable[..., None]
) -> None:
    client, device, account = with_passkey()
    second = Authenticator(ORIGIN)
    move_clock(11 * 60)
    assert client.get(ADD).url.startswith("/accounts/again/")
    ident = passkeys.of_account(account)[0].id
    assert client.post(f"/accounts/2fa/passkeys/{ident}/remove/").url.startswith("/accounts/again/")
    page = client.get("/accounts/again/")
    assert offered(page)
    wrong = {"password": "not this one 1 2 3", "credential": device.get(asked(page))}
    page = client.post("/accounts/again/", wrong)
    assert page.status_code == 200 and "不对" in page.content.decode()
    good = {"password": PASSWORD, "credential": device.get(asked(page)), "next": ADD}
    assert client.post("/accounts/again/", good).url == ADD
    assert added(client, second, "第二把").status_code == 302
    assert "第二把" in client.get(OWN).content.decode()


def test_the_last_second_factor_stays(county_db: str) -> None:
    client, _device, account = with_passkey()
    ident = passkeys.of_account(account)[0].id
    refused = client.post(f"/accounts/2fa/passkeys/{ident}/remove/")
    assert refused.status_code == 400 and "最后一个" in refused.content.decode()
    other, _secret, _other = opened("li.duty")
    assert other.post(f"/accounts/2fa/passkeys/{ident}/remove/").status_code == 404, "not theirs"
    bind_beside(client)
    assert client.post(f"/accounts/2fa/passkeys/{ident}/remove/").status_code == 302
    assert passkeys.of_account(account) == []
    assert client.post(f"/accounts/2fa/passkeys/{ident}/remove/").status_code == 404


def test_the_same_device_twice_and_a_sixth_are_refused(county_db: str) -> None:
    client, device, account = with_passkey()
    options = asked(client.get(ADD))
    known = options["creation_options"]["publicKey"]["excludeCredentials"]
    assert [one["id"] for one in known] == [json.loads(device.get(
        {"request_options": {"publicKey": {"challenge": "AA", "rpId": "localhost"}}}))["id"]]  # fmt: skip
    for _n in range(passkeys.PASSKEYS_MAX - 1):
        assert added(client, Authenticator(ORIGIN)).status_code == 302
    assert client.get(ADD).status_code == 400
    assert len(passkeys.of_account(account)) == passkeys.PASSKEYS_MAX


def test_a_demonstration_account_has_no_factor_of_its_own(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    demo = accounts.make_account(COMMAND, "demo.one", "演示", demo=True)
    token = accounts.make_link(COMMAND, "first", demo)
    client = at_host()
    assert client.post(f"/first/duty/{token}").status_code == 302
    assert client.get(ADD).status_code == 403


def test_a_recovery_code_that_comes_twice_at_once_opens_once(
    county_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    from django.db import connections

    from anlan.county.doors import _factor

    client, _secret, account = opened()
    code = re.findall(r"<code>(\d{12})</code>",
                      client.get("/accounts/2fa/recovery-codes/").content.decode())[0]  # fmt: skip
    start, found = threading.Barrier(6), []

    def try_it() -> None:
        start.wait()
        found.append(_factor(account, code))
        connections.close_all()

    threads = [threading.Thread(target=try_it) for _n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [""] * 5 + ["recovery"]
