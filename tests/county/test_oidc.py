"""The site's own sign-in, tried against a provider that is another program."""

from __future__ import annotations

import ipaddress
import json
import re
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client

from anlan.county import accounts, oidc
from anlan.county.models import Account, Sitting, UnitLogin
from anlan.ground import outside
from anlan.ground.errors import Conflict, Refusal
from anlan.ground.models import JournalLine
from anlan.ground.scope import Scope
from tests import oidc_provider
from tests.county.test_signin import COMMAND, PASSWORD, code_for, give_password, officer, opened

NAME, SECRET = "anlan", "SecretOfTheProgram0123456789"
CODE = "/accounts/2fa/authenticate/"
LOCAL = (ipaddress.ip_network("127.0.0.0/8"),)


def certificate(folder: Path) -> Path:
    """A certificate of sso.example with its key, made now and signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sso.example")])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(begin).not_valid_after(begin + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("sso.example")]), False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "sso.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))  # fmt: skip
    return path


@dataclass
class Server:
    """The provider's process, and a person's browser at it."""

    url: str
    file: str = ""

    def _open(self, request: urllib.request.Request) -> Any:
        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_words: Any) -> None:
                return None

        trust = ssl.create_default_context(cafile=self.file)
        trust.check_hostname = False
        ways = (Stay, urllib.request.HTTPSHandler(context=trust), urllib.request.ProxyHandler({}))
        try:
            return urllib.request.build_opener(*ways).open(request, timeout=20)
        except urllib.error.HTTPError as error:
            return error

    def _here(self, path: str) -> str:
        return f"https://127.0.0.1:{urlsplit(self.url).port}{path}"

    def tell(self, **told: Any) -> None:
        data = json.dumps({"sub": "u-1"} | told).encode()
        self._open(urllib.request.Request(self._here("/told"), data=data))

    def seen(self) -> list[str]:
        return json.loads(self._open(urllib.request.Request(self._here("/seen"))).read())  # type: ignore[no-any-return]

    def visit(self, address: str) -> str:
        """Follow the county's page to the provider and come back with where it sends us."""
        parts = urlsplit(address)
        assert f"https://{parts.netloc}" == self.url
        answer = self._open(urllib.request.Request(self._here(f"{parts.path}?{parts.query}")))
        return str(answer.headers["Location"])


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = certificate(tmp_path_factory.mktemp("sso"))
    own = subprocess.Popen(
        [sys.executable, oidc_provider.__file__, str(path), str(path), NAME, SECRET],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert own.stdout
    try:
        yield Server(own.stdout.readline().strip(), str(path))
    finally:
        own.terminate()
        own.wait(20)


@pytest.fixture
def server(county_db: str, process: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The provider, set as the county's; its name is resolved to this machine, for the test only."""
    whole = oidc.allowed

    def here(own: UnitLogin) -> outside.Allowed:
        return outside.Allowed(whole(own).hosts, LOCAL, lambda _host, _port: ["127.0.0.1"])

    checking = ssl.create_default_context(cafile=process.file)
    monkeypatch.setattr(oidc, "allowed", here)
    monkeypatch.setattr(outside, "_tls", lambda: checking)
    process.tell()
    setting(process)
    return process


def setting(process: Server, version: int = 0, secret: str = SECRET, **other: Any) -> UnitLogin:
    values = {"name": "县统一登录", "server_url": process.url, "client_id": NAME, "networks": "",
              "trusts": False, "second": [], "enabled": True}  # fmt: skip
    return oidc.save(COMMAND, version, values | other, secret)


def leave(client: Client, path: str, **fields: str) -> str:
    """Press the button; the page that leads away says where to."""
    answer = client.post(path, fields)
    assert answer.status_code == 200, answer.content.decode()[-2000:]
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', answer.content.decode())
    assert found
    return found[1].replace("&amp;", "&")


def back(client: Client, server: Server, path: str = "/accounts/oidc/") -> Any:
    """To the provider and back; the county's answer to the way back."""
    return client.get(server.visit(leave(client, path)).removeprefix("http://testserver"))


def tied(server: Server) -> tuple[Client, str, Account]:
    """An officer whose account is tied. (client, secret of the app, account)"""
    client, secret, account = opened()
    answer = back(client, server, "/accounts/oidc/tie/")
    assert (answer.status_code, answer.url) == (302, "/accounts/")
    return client, secret, account


def newest() -> str:
    with Scope.for_round("test").open():
        row = Sitting.objects.order_by("-id").first()
    assert row
    return row.factor


def test_a_tied_account_signs_in_there_and_gives_its_second_factor_here(server: Server) -> None:
    client, secret, account = tied(server)
    assert "已关联" in client.get("/accounts/").content.decode()
    fresh = Client()
    assert "县统一登录" in fresh.get("/accounts/login/").content.decode()
    answer = back(fresh, server)
    assert (answer.status_code, answer.url) == (302, CODE)
    assert fresh.get("/").url.startswith("/accounts/login/"), "nothing is open yet"
    answer = fresh.post(CODE, {"code": code_for(secret, 1)})
    assert (answer.status_code, answer.url) == (302, "/")
    assert fresh.get("/").status_code == 200
    assert newest() == "totp"
    with Scope.for_command("test").open():
        lines = list(JournalLine.objects.filter(action__startswith="account.oidc")
                     .order_by("id").values_list("action", flat=True))  # fmt: skip
    assert lines == ["account.oidc.save", "account.oidc.tie", "account.oidc.use"]
    assert account.username == "wang.duty"


def test_nothing_personal_of_the_provider_is_kept_and_nothing_in_clear(
    server: Server, owner_sql: Callable[..., Any]
) -> None:
    tied(server)
    back(Client(), server)
    rows = owner_sql("SELECT extra_data::text, provider, uid FROM socialaccount_socialaccount")
    assert len(rows) == 1 and set(json.loads(rows[0][0])) <= {"nonce", "amr", "acr"}
    for table in ("socialaccount_socialapp", "socialaccount_socialtoken"):
        assert owner_sql(f"SELECT count(*) FROM {table}") == [(0,)]
    kept = bytes(owner_sql("SELECT secret FROM county_unitlogin")[0][0])
    assert SECRET.encode() not in kept
    assert "/userinfo" not in server.seen()


def test_whoever_is_not_tied_gets_no_account(server: Server) -> None:
    before = Account.objects.count()
    fresh = Client()
    answer = back(fresh, server)
    assert answer.status_code == 403 and "没有关联" in answer.content.decode()
    assert Account.objects.count() == before
    assert fresh.get("/").url.startswith("/accounts/login/")


@pytest.mark.parametrize(("told", "chosen", "second"), [
    ({"amr": ["pwd", "mfa"]}, ["mfa"], True), ({"acr": "gov-2"}, ["gov-2"], True),
    ({"amr": ["pwd"]}, ["mfa"], False), ({}, ["mfa"], False), ({"amr": "mfa"}, ["mfa"], False),
    ({"amr": ["pwd", "mfa"]}, [], False), ({"amr": {"mfa": 1}, "acr": ["mfa"]}, ["mfa"], False),
])  # fmt: skip
def test_a_second_factor_there_counts_only_where_the_site_chose_it(
    server: Server, told: dict[str, Any], chosen: list[str], second: bool
) -> None:
    tied(server)
    setting(server, 1, "", trusts=bool(chosen), second=chosen)
    server.tell(**told)
    fresh = Client()
    answer = back(fresh, server)
    assert answer.url == ("/" if second else CODE)
    assert (fresh.get("/").status_code == 200) is second
    assert newest() == ("oidc" if second else "totp")


@pytest.mark.parametrize("cheat", [
    {"key": "stranger"}, {"algorithm": "none"}, {"no_id_token": True}, {"deny": True},
    {"claims": {"aud": "other"}}, {"claims": {"iss": "https://evil.example"}},
    {"claims": {"exp": 1_000_000_000}}, {"claims": {"nonce": "of another sign-in"}},
    {"token_endpoint": "https://evil.example/token"}, {"token_endpoint": "http://127.0.0.1:1/"},
    {"claims": {"sub": "u-2"}},
], ids=str)  # fmt: skip
def test_what_does_not_hold_opens_nothing(server: Server, cheat: dict[str, Any]) -> None:
    tied(server)
    server.tell(**cheat)
    fresh = Client()
    answer = back(fresh, server)
    assert answer.status_code in (403, 502), answer
    assert fresh.get("/").url.startswith("/accounts/login/")
    assert newest() == "totp"


def test_a_state_is_of_one_session_and_good_once(server: Server) -> None:
    tied(server)
    fresh = Client()
    address = server.visit(leave(fresh, "/accounts/oidc/")).removeprefix("http://testserver")
    thief = Client()
    thief.get("/accounts/login/")
    assert thief.get(address).status_code == 403
    assert fresh.get(address).url == CODE
    assert fresh.get(address).status_code == 403, "spent"
    assert Client().get("/accounts/oidc/callback/").status_code == 403


def test_a_tie_needs_both_factors_fresh_and_is_of_one_account(
    server: Server, move_clock: Callable[..., None]
) -> None:
    client, _secret, _account = tied(server)
    other, _other_secret, second = opened("li.duty")
    refused = back(other, server, "/accounts/oidc/tie/")
    assert refused.status_code == 409
    assert not SocialAccount.objects.filter(user=second).exists()
    move_clock(11 * 60)
    assert other.post("/accounts/oidc/tie/").url.startswith("/accounts/again/")
    assert client.post("/accounts/oidc/untie/").status_code == 302
    assert not SocialAccount.objects.exists()
    assert client.post("/accounts/oidc/untie/").status_code == 404


def test_a_tie_begun_before_signing_out_ties_nobody(server: Server) -> None:
    client, _secret, _account = opened()
    address = server.visit(leave(client, "/accounts/oidc/tie/")).removeprefix("http://testserver")
    client.post("/accounts/logout/")
    assert client.get(address).status_code == 403
    assert not SocialAccount.objects.exists()


def test_disabled_reset_and_unbound_accounts_do_not_open(server: Server) -> None:
    _client, _secret, account = tied(server)
    accounts.disable_account(COMMAND, account.username)
    assert back(Client(), server).status_code == 403
    accounts.enable_account(COMMAND, account.username)
    assert back(Client(), server).url == CODE
    accounts.reset_account(COMMAND, account.pk, "手机丢失")
    assert not SocialAccount.objects.exists(), "a tie stands for a factor"
    assert back(Client(), server).status_code == 403
    bare = officer("bare.duty", "duty_leader")
    SocialAccount.objects.create(user=bare, uid="u-1", provider=oidc.provider_id(oidc.row()))
    assert back(Client(), server).status_code == 403, "no second factor could be asked"


def test_another_server_leaves_the_ties_behind_and_off_is_off(server: Server) -> None:
    tied(server)
    setting(server, 1, "", client_id="another")
    assert oidc.tie(Account.objects.get(username="wang.duty")) is None
    setting(server, 2, "", enabled=False)
    fresh = Client()
    assert "县统一登录" not in fresh.get("/accounts/login/").content.decode()
    assert fresh.post("/accounts/oidc/").status_code == 404
    assert fresh.get("/accounts/oidc/callback/").status_code == 404
    assert give_password(fresh, "wang.duty", PASSWORD).status_code == 302, "the password stays"


def test_a_server_that_is_away_is_said_and_the_password_stays(
    server: Server,
) -> None:
    _client, secret, _account = tied(server)
    setting(server, 1, "", server_url="https://sso.example:9")
    answer = Client().post("/accounts/oidc/")
    assert answer.status_code == 502 and "没有回答" in answer.content.decode()
    fresh = Client()
    assert give_password(fresh, "wang.duty", PASSWORD).url == CODE
    assert fresh.post(CODE, {"code": code_for(secret, 1)}).status_code == 302


@pytest.mark.parametrize(("change", "code"), [
    ({"server_url": "http://sso.example"}, "oidc-url"), ({"server_url": "ftp://x"}, "oidc-url"),
    ({"server_url": "https://a:b@sso.example"}, "out-url"), ({"name": ""}, "oidc-empty"),
    ({"client_id": " "}, "oidc-empty"), ({"networks": "8.8.8.0/24"}, "out-network"),
    ({"trusts": True}, "oidc-second"), ({"second": ["x"] * 11}, "oidc-second"),
])  # fmt: skip
def test_settings_that_open_a_wrong_way_are_refused(
    county_db: str, change: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refusal) as found:
        setting(Server("https://sso.example"), **change)
    assert found.value.code == code
    assert oidc.row() is None


def test_loopback_is_refused_without_the_tests_own_door(county_db: str) -> None:
    setting(Server("https://127.0.0.1:9"))
    answer = Client().post("/accounts/oidc/")
    assert answer.status_code == 502 and "不能连接这个地址" in answer.content.decode()


def test_the_security_administrator_sets_it_on_a_page_and_the_secret_is_never_shown(
    county_db: str,
) -> None:
    from tests.county.test_signin import WORDS, bind, set_up

    set_up()
    chief = Client()
    give_password(chief, "security_admin", WORDS["security_admin"])
    bind(chief)
    fields = {"version": "0", "name": "县统一登录", "server_url": "https://sso.example/realms/x/",
              "client_id": NAME, "secret": SECRET, "networks": "10.1.0.0/16", "trusts": "1",
              "second": "mfa、otp", "enabled": "1"}  # fmt: skip
    assert chief.post("/access/oidc/", fields).status_code == 302
    page = chief.get("/access/oidc/").content.decode()
    assert SECRET not in page and "mfa、otp" in page
    assert "http://testserver/accounts/oidc/callback/" in page
    assert chief.post("/access/oidc/", fields).status_code == 409, "somebody was faster"
    with pytest.raises(Conflict):
        setting(Server("https://x.example"))
    kept = oidc.row()
    assert (
        kept and kept.server_url == "https://sso.example/realms/x" and kept.second == ["mfa", "otp"]
    )
    assert chief.post("/access/oidc/", fields | {"version": "1", "secret": ""}).status_code == 302
    kept = oidc.row()
    assert kept and kept.secret == SECRET
    client, _secret, _account = opened()
    assert client.get("/access/oidc/").status_code == 403
