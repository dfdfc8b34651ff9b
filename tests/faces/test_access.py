"""Every address declares who may see it, and holds to it: anonymous, and without the right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anlan.county.rights import table
from anlan.engines.callout import actions as callout
from anlan.engines.callout.launch import Launch
from anlan.ground.scope import Scope
from tests.conftest import VILLAGES
from tests.night import CONSOLE, PORTAL, TEXT, address

ROUND = Scope.for_round("test")
COMMAND = Scope.for_command("test")
# One address for several acts: each action checks its own right.
OWN_RIGHT = "warning/<int:warning_id>/<slug:what>/"


@pytest.mark.parametrize("path", [*CONSOLE, *PORTAL])
def test_every_address_declares_its_right_or_why_it_has_none(path: str) -> None:
    access = (CONSOLE | PORTAL)[path].access
    if access.right is None:
        assert access.reason
    else:
        assert access.right in table().labels


def test_a_visitor_sees_nothing_but_the_sign_in(night: dict[str, int]) -> None:
    from django.test import Client

    for path, view in CONSOLE.items():
        if view.access.right is None:
            continue
        ask = Client().post if view.access.kind == "act" else Client().get
        answer = ask(address(path, night))
        assert answer.status_code == 302, path
        assert answer.url.startswith("/accounts/login/")


@pytest.mark.parametrize("kind", ["duty_officer", "village_helper", "plan_clerk"])
def test_who_lacks_the_right_is_refused(
    night: dict[str, int], client_of: Callable[..., Any], kind: str
) -> None:
    from tests.conftest import COUNTY

    client = client_of(kind, VILLAGES[0] if kind == "village_helper" else COUNTY)
    held = table().of(kind)
    for path, view in CONSOLE.items():
        if view.access.right is None:
            continue
        ask = client.post if view.access.kind == "act" else client.get
        status = ask(address(path, night)).status_code
        if view.access.right not in held:
            assert status == 403, path
        else:
            assert status != 403 or path in ("journal/", OWN_RIGHT), (path, status)


def test_a_disabled_account_is_out_at_its_next_request(
    night: dict[str, int], client_of: Callable[..., Any]
) -> None:
    from anlan.county import accounts
    from tests.conftest import COUNTY

    client = client_of("duty_officer")
    assert client.get("/").status_code == 200
    accounts.disable_account(COMMAND, f"duty_officer-{COUNTY}")
    assert client.get("/").status_code == 302


def test_pages_allow_no_inline_script_and_nothing_from_outside(
    night: dict[str, int], client_of: Callable[..., Any]
) -> None:
    answer = client_of("duty_officer").get("/")
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    page = answer.content.decode()
    assert "<style" not in page
    assert "onclick" not in page
    assert " style=" not in page


def test_a_link_page_answers_and_counts_without_account(
    county_db: str, scope_of: Callable[..., Any], as_role: Callable[[str], None], settings_urls: Any
) -> None:
    from django.test import Client

    callout.open_callout(
        scope_of("duty_officer"),
        Launch("warning.warning", 1, "warning/night", "orange", "暴雨橙色预警", "请注意防范。",
               (VILLAGES[0],), "k"),
    )  # fmt: skip
    from anlan.engines.callout.models import Call

    with ROUND.open():
        call = Call.objects.get(division=VILLAGES[0])
    url = callout.issue_link(ROUND, call.id, 5, "answer")
    path = "/a/" + url.rsplit("/", 1)[1]
    as_role("public")
    settings_urls("anlan.faces.portal.urls")
    client = Client()
    page = client.get(path)
    assert page.status_code == 200
    assert len(page.content) < 20_000
    assert client.post(path, {"kind": "received"}).status_code == 302
    assert client.post(path, {"kind": "drop table"}).status_code == 400
    assert "已记下" in client.get(path + "?done=received").content.decode()
    assert client.get("/a/forged").status_code == 404
    as_role("app")
    with ROUND.open():
        assert Call.objects.get(id=call.id).state == "answered"


@pytest.fixture
def settings_urls(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    from django.conf import settings
    from django.urls import clear_url_caches, set_urlconf

    from anlan.faces.settings import PUBLIC_MIDDLEWARE

    def use(name: str) -> None:
        monkeypatch.setattr(settings, "ROOT_URLCONF", name)
        monkeypatch.setattr(settings, "MIDDLEWARE", PUBLIC_MIDDLEWARE)
        clear_url_caches()
        set_urlconf(None)

    return use


def test_no_link_presses_a_button(night: dict[str, int], client_of: Callable[..., Any]) -> None:
    client = client_of("duty_officer")
    for path, view in CONSOLE.items():
        if view.access.kind == "act":
            assert client.get(address(path, night)).status_code == 405, path


def test_a_post_without_its_token_is_refused(
    night: dict[str, int], client_of: Callable[..., Any]
) -> None:
    from django.test import Client

    own = client_of("duty_officer")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = own.cookies
    assert strict.post("/warning/paste/", {"text": TEXT}).status_code == 403
