"""Every address declares who may see it, and holds to it: anonymous, without right, out of scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from anlan.county.rights import table
from anlan.engines.callout import actions as callout
from anlan.engines.callout.launch import Launch
from anlan.ground.scope import Scope
from anlan.rooms.evacuation import actions as evacuation
from anlan.rooms.evacuation import rounds as evacuation_rounds
from anlan.rooms.warning import actions as warning
from tests.conftest import TOWNSHIPS, VILLAGES

ROUND = Scope.for_round("test")
COMMAND = Scope.for_command("test")
# One address for several acts: each action checks its own right.
OWN_RIGHT = "warning/<int:warning_id>/<slug:what>/"
THIRD_PARTY = ("^static/",)
TEXT = "垫江县气象台2024年7月10日22时15分发布暴雨橙色预警信号，影响澄溪镇。"


def patterns(node: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in node.url_patterns:
        path = prefix + str(entry.pattern)
        if path.startswith(THIRD_PARTY):
            continue
        if isinstance(entry, URLResolver):
            yield from patterns(entry, path)
        elif isinstance(entry, URLPattern):
            yield path, entry.callback


CONSOLE = dict(patterns(get_resolver("anlan.faces.http.urls")))
PORTAL = dict(patterns(get_resolver("anlan.faces.portal.urls")))


@pytest.mark.parametrize("path", [*CONSOLE, *PORTAL])
def test_every_address_declares_its_right_or_why_it_has_none(path: str) -> None:
    access = (CONSOLE | PORTAL)[path].access
    if access.right is None:
        assert access.reason
    else:
        assert access.right in table().labels


@pytest.fixture
def night(county_db: str, scope_of: Callable[..., Any]) -> dict[str, int]:
    """A warning, its call-out, an alarm's worth of rows, and an opened zone."""
    officer, leader = scope_of("duty_officer"), scope_of("duty_leader")
    row = warning.paste(officer, TEXT)
    row = warning.revise(officer, row.id, row.version, {"settled": [d["code"] for d in row.doubts]})
    row = warning.submit(officer, row.id, row.version)
    zone = evacuation.add_zone(COMMAND, VILLAGES[0], "甲村一片", "rainstorm", None)
    evacuation.add_household(COMMAND, zone.id, "户主甲", 3)
    opened = warning.approve(leader, row.id, row.version)
    evacuation_rounds.open_by_callout(ROUND)
    from anlan.engines.callout.models import Call
    from anlan.rooms.evacuation.models import Opening

    with ROUND.open():
        call = Call.objects.get(division=VILLAGES[0])
        opening = Opening.objects.get()
    return {
        "warning_id": row.id, "callout_id": opened.id, "call_id": call.id,
        "opening_id": opening.id, "person_id": 1, "inbound_id": 1, "alarm_id": 1,
        "table": 4, "row": 40, "version_id": 1, "account_id": 1, "sitting_id": 1,
        "code": 500231000000, "unit_id": 1, "alias_id": 1, "membership_id": 1, "post_id": 1,
        "shift_id": 1, "transfer_id": 1,
        "year": 2024, "month": 7, "report_id": 1,
    }  # fmt: skip


def address(path: str, ids: dict[str, int]) -> str:
    out = "/" + path
    for name, value in ids.items():
        out = out.replace(f"<int:{name}>", str(value))
    out = out.replace("<str:name>", "warning.reached_in_time")
    return out.replace("<slug:what>", "submit").replace("<str:token>", "x")


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


@pytest.mark.parametrize("page", ["/", "/callout/{callout_id}/", "/zones/", "/zones/{opening_id}/",
                                  "/map/", "/phonebook/", "/desk/", "/search/?q=甲"])  # fmt: skip
def test_a_township_sees_no_name_of_its_neighbour(
    night: dict[str, int], client_of: Callable[..., Any], page: str
) -> None:
    own = client_of("township_duty", TOWNSHIPS[1]).get(page.format(**night))
    text = own.content.decode()
    for canary in ("户主甲", "甲村一片", "甲责人", "甲村负责人", "10100000"):
        assert canary not in text, (page, canary)
    seen = client_of("township_duty", TOWNSHIPS[0]).get("/callout/{callout_id}/".format(**night))
    assert "甲村负责人" in seen.content.decode()


def test_a_neighbour_cannot_act_on_what_it_does_not_see(
    night: dict[str, int], client_of: Callable[..., Any]
) -> None:
    client = client_of("township_duty", TOWNSHIPS[1])
    for path, fields in (
        ("/callout/{callout_id}/{call_id}/answer/", {"kind": "received"}),
        ("/callout/{callout_id}/{call_id}/fallback/", {"proof": "x"}),
        ("/zones/{opening_id}/count/", {"sheltered": "3"}),
    ):
        assert client.post(path.format(**night), fields).status_code == 404, path


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


@pytest.mark.parametrize("path", [p for p, view in CONSOLE.items() if view.access.kind == "act"])
def test_no_link_presses_a_button(
    night: dict[str, int], client_of: Callable[..., Any], path: str
) -> None:
    assert client_of("duty_officer").get(address(path, night)).status_code == 405


def test_a_post_without_its_token_is_refused(
    night: dict[str, int], client_of: Callable[..., Any]
) -> None:
    from django.test import Client

    own = client_of("duty_officer")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = own.cookies
    assert strict.post("/warning/paste/", {"text": TEXT}).status_code == 403
