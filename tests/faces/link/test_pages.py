"""What the duty hall and the system administrator see of links, and do with them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from anlan.faces.link import proof, rounds
from anlan.faces.link.models import Peer, Subscription
from tests.conftest import TOWNSHIPS
from tests.faces.link.sides import (
    BODY,
    ROUND,
    THERE,
    VALUES,
    Side,
    fresh,
    open_zones,
    subscribe,
)


def text(client: Any, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return re.sub(r"\s+", " ", answer.content.decode())


def head(page: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page)
    assert found is not None
    return re.sub(r"<[^>]+>", "", found[1]).strip()


def administrator(client_of: Callable[..., Any]) -> Any:
    from tests.attacks.test_fields import client_for

    return client_for("system.manage", client_of)


def only(model: Any) -> Any:
    with ROUND.open():
        return model.objects.get()


def test_an_empty_county_says_what_comes_first(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    page = text(client_of("duty_officer"), "/link/")
    assert head(page) == "还没有和别的县联通" and "先由系统管理员登记对方" in page


def test_one_proposes_another_approves_and_the_headcount_leaves(
    side: Side, client_of: Callable[..., Any], scope_of: Callable[..., Any]
) -> None:
    officer, leader = client_of("duty_officer"), client_of("duty_leader")
    sent = {"peer": side.peer.pk, "what": "headcount", "minutes": "30"}
    assert officer.post("/link/propose/", sent).status_code == 302
    row = only(Subscription)
    page = text(officer, "/link/")
    assert head(page) == "1 个订阅等批准" and "批准，报给" not in page
    mine = officer.post(f"/link/subscription/{row.pk}/approve/", {"version": row.version})
    assert mine.status_code == 403
    assert "批准，报给忠县" in text(leader, "/link/")
    yes = leader.post(f"/link/subscription/{row.pk}/approve/", {"version": row.version})
    assert yes.status_code == 302
    open_zones(scope_of)
    rounds.compose(ROUND)
    page = text(officer, "/link/")
    assert head(page) == "1 条联通有没送到的" and "每 30 分钟" in page
    page = text(officer, f"/link/{side.peer.pk}/")
    assert head(page) == "忠县：1 份没有回执"
    side.takes(side.receipt(1))
    assert head(text(officer, "/link/")) == "1 条联通都有回执"
    assert head(text(officer, f"/link/{side.peer.pk}/")) == "忠县：双方都收齐了"


def test_what_came_is_shown_with_what_was_not_reported_and_what_is_missing(
    side: Side, client_of: Callable[..., Any]
) -> None:
    side.says(side.letter(1))
    side.says(side.letter(4, BODY | {"ordered": 12}))
    page = text(client_of("duty_officer"), "/link/")
    assert "已报片区应转 5，已转 3，未转 2" in page and "报了 1/2 个片区，全部应转 12" in page
    assert "白公街道" in page and "2–3" in page
    own = text(client_of("duty_officer"), f"/link/{side.peer.pk}/")
    assert head(own) == "忠县：对方的编号有缺"
    side.says(side.letter(5, {key: value for key, value in BODY.items() if key != "figures"} | {
        "reported": 0, "places": [{"name": "忠州街道", "zones": 2, "reported": 0}]}))  # fmt: skip
    page = text(client_of("duty_officer"), "/link/")
    assert "2 个片区都未报，应转 9 人" in page and "已转 0" not in page
    side.says(side.letter(6, {"open": False}))
    assert "没有片区在转移了" in text(client_of("duty_officer"), "/link/")


def test_a_silent_link_stands_first(
    side: Side, client_of: Callable[..., Any], move_clock: Callable[..., None]
) -> None:
    move_clock(1200)
    page = text(client_of("duty_officer"), "/link/")
    assert head(page) == "1 条联通没有回音：忠县"


def test_an_order_of_theirs_is_shown(
    side: Side, client_of: Callable[..., Any], scope_of: Callable[..., Any]
) -> None:
    body = {"order": 3, "authority": "忠县人民政府", "articles": "第六十七条第六项",
            "places": ["忠州街道"], "zones": 2, "to_move": 40,
            "given_at": "2024-07-10T22:20:00+08:00"}  # fmt: skip
    side.says(side.letter(1, body, kind="orders"))
    page = text(client_of("county_leader"), "/link/")
    assert "忠县人民政府：下达转移指令 · 忠州街道 · 2 个片区，应转 40 人" in page


def test_whoever_has_no_right_sees_and_changes_nothing(
    side: Side, client_of: Callable[..., Any], scope_of: Callable[..., Any]
) -> None:
    row = subscribe(side, scope_of, "headcount")
    for kind, place in (("township_duty", TOWNSHIPS[0]), ("unit_duty", None)):
        client = client_of(kind, *([place] if place else []))
        for url in ("/link/", f"/link/{side.peer.pk}/", "/system/links/"):
            assert client.get(url).status_code == 403, (kind, url)
        ended = client.post(f"/link/subscription/{row.pk}/end/", {"version": 2, "why": "x"})
        assert ended.status_code == 403
    leader = client_of("county_leader")
    assert leader.post("/link/propose/", {"peer": side.peer.pk}).status_code == 403
    assert only(Subscription).state == "standing"


@pytest.mark.parametrize(
    "sent",
    [
        {"peer": "999", "what": "headcount", "minutes": "30"},
        {"what": "headcount", "minutes": "30"},
        {"peer": "P", "what": "names", "minutes": "30"},
        {"peer": "P", "what": "headcount", "minutes": "1"},
        {"peer": "P", "what": "headcount", "minutes": "x"},
    ],
)
def test_a_proposal_that_is_not_whole_is_refused(
    side: Side, client_of: Callable[..., Any], sent: dict[str, str]
) -> None:
    told = {name: str(side.peer.pk) if value == "P" else value for name, value in sent.items()}
    assert client_of("duty_officer").post("/link/propose/", told).status_code == 400
    with ROUND.open():
        assert not Subscription.objects.exists()


# the administrator


def form(**more: Any) -> dict[str, Any]:
    told = {name: value for name, value in VALUES.items() if name != "exercise"}
    return told | more


def test_an_administrator_enters_a_link_makes_its_key_once_and_sees_no_business(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    client = administrator(client_of)
    assert head(text(client, "/system/links/")) == "还没有登记联通"
    assert client.post("/system/links/add/", form()).status_code == 302
    row = only(Peer)
    assert (row.code, row.url, row.exercise) == (THERE, VALUES["url"], False)
    page = text(client, f"/system/links/{row.pk}/")
    assert head(page) == "忠县：还没有密钥" and "/in/link" in page
    shown = client.post(f"/system/links/{row.pk}/make/", {"version": row.version})
    row = fresh(row)
    assert row.key and row.key in shown.content.decode()
    assert row.key not in text(client, f"/system/links/{row.pk}/")
    assert client.get("/link/").status_code == 403
    told = form(exercise="on", version=row.version, name="忠县应急")
    assert client.post(f"/system/links/{row.pk}/change/", told).status_code == 302
    row = fresh(row)
    assert (row.name, row.exercise) == ("忠县应急", True)
    for what, paused in (("pause", True), ("resume", False)):
        client.post(f"/system/links/{row.pk}/{what}/", {"version": row.version})
        row = fresh(row)
        assert row.paused is paused


def test_the_key_of_the_other_side_is_typed_in_and_kept_sealed(
    side: Side, client_of: Callable[..., Any], owner_sql: Any
) -> None:
    key = proof.new_key()
    client = administrator(client_of)
    wrong = client.post(
        f"/system/links/{side.peer.pk}/take/", {"version": side.peer.version, "key": "x"}
    )
    assert wrong.status_code == 400 and fresh(side.peer).key == side.key
    spaced = f" {key[:20]} {key[20:]}\n"
    good = client.post(
        f"/system/links/{side.peer.pk}/take/", {"version": side.peer.version, "key": spaced}
    )
    assert good.status_code == 302 and fresh(side.peer).key == key
    raw = bytes(owner_sql("SELECT key FROM link_peer")[0][0])
    assert key.encode() not in raw and proof.read_key(key) not in raw
    stale = client.post(f"/system/links/{side.peer.pk}/make/", {"version": side.peer.version})
    assert stale.status_code == 409 and fresh(side.peer).key == key


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "file:///etc/passwd"},
        {"url": "http://a:b@zhong.example/in/link"},
        {"url": ""},
        {"networks": "127.0.0.0/8"},
        {"networks": "x"},
        {"code": "500231000000"},
        {"code": "5002"},
        {"authority": "no certificate"},
        {"adapter": "ftp"},
        {"side": "enemy"},
        {"name": ""},
    ],
)
def test_a_link_that_would_open_a_way_it_must_not_is_refused(
    county_db: str, client_of: Callable[..., Any], wrong: dict[str, str]
) -> None:
    answer = administrator(client_of).post("/system/links/add/", form(**wrong))
    assert answer.status_code in (400, 502), answer.status_code
    with ROUND.open():
        assert not Peer.objects.exists()


def test_two_links_to_one_county_are_a_conflict(side: Side, client_of: Callable[..., Any]) -> None:
    answer = administrator(client_of).post("/system/links/add/", form(name="又一个"))
    assert answer.status_code == 409


def test_a_change_of_the_countys_own_keys_takes_the_links_key_along() -> None:
    from anlan.ground import upkeep

    assert ("link_peer", "key") in {(one.table, one.column) for one in upkeep.sealed_columns()}
