"""The palette finds pages, places, people and warnings, and nothing beyond the reader's rights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conftest import TOWNSHIPS, VILLAGES
from tests.night import CANARY


def asked(client: Any, sought: str) -> list[dict[str, str]]:
    return list(client.get("/search/", {"q": sought}).json()["results"])


def test_it_finds_each_kind_by_its_own_words(
    night: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    officer = client_of("duty_officer")
    assert asked(officer, "督办")[0]["url"] == "/oversight/"
    assert f"/warning/{night['warning_id']}/" in [row["url"] for row in asked(officer, "暴雨橙色")]
    found = asked(officer, "澄溪")
    assert f"/county/divisions/{TOWNSHIPS[0]}/" in [row["url"] for row in found]
    assert any(row["label"].startswith(CANARY) for row in asked(officer, "jsq"))
    assert asked(officer, "没有这样的东西") == []
    assert len(asked(officer, "")) >= 12


def test_a_neighbour_finds_no_person_and_no_warning_of_another_township(
    night: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    cadre = client_of("township_cadre", TOWNSHIPS[1])
    assert [row for row in asked(cadre, CANARY) if "phonebook" in row["url"]] == []
    helper = client_of("village_helper", VILLAGES[0])
    found = asked(helper, "暴雨") + asked(helper, "督办") + asked(helper, CANARY)
    assert [row for row in found if row["url"].startswith(("/warning/", "/oversight/"))] == []
    assert [row for row in found if row["url"].startswith("/phonebook/")] == []


def test_today_leads_nobody_to_a_page_that_they_may_not_open(
    night: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    """The clerk of the plan keeps no night: the one act is not a call-out's."""
    clerk = client_of("plan_clerk").get("/").content.decode()
    assert "/callout/" not in clerk
    assert "/callout/" in client_of("duty_officer").get("/").content.decode()
