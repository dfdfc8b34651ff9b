"""The server is gone: each live page keeps its last picture, says how old it is, and comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import WAIT_MS, Night

NO_WIRE = ("ERR_INTERNET_DISCONNECTED", "ERR_NETWORK", "ERR_FAILED")


@pytest.mark.parametrize("path", ["/", "/callout/", "/zones/", "/map/", "/wall/"])
def test_the_last_picture_stays_with_its_age(
    night: Night, open_page: Callable[..., Any], path: str
) -> None:
    page = open_page(path, expected=NO_WIRE)
    said = page.inner_text("h1")
    rows = page.locator("#main tr").count()
    page.context.set_offline(True)
    page.wait_for_selector("html.stale", state="attached", timeout=WAIT_MS * 4)
    # A last message of the wire may still come through and be taken for life: the age comes again.
    page.wait_for_function(
        "document.querySelector('#wire').innerText.includes('断线，画面是')", timeout=WAIT_MS * 4
    )
    assert page.inner_text("h1") == said
    assert page.locator("#main tr").count() == rows
    page.context.set_offline(False)
    page.wait_for_selector("html:not(.stale)", state="attached", timeout=WAIT_MS * 4)
    assert page.inner_text("#wire") == ""


def test_a_page_asked_for_while_the_database_is_away_says_so_and_tries_again(
    night: Night, open_page: Callable[..., Any]
) -> None:
    """The answer of the console without its database, as a browser shows it."""
    page = open_page("/", expected=("503",))
    body = page.evaluate("fetch('/health').then(r => r.status)")
    assert body == 200
    from django.template.loader import render_to_string

    away = render_to_string("away.html")
    page.route("**/callout/", lambda route: route.fulfill(
        status=503, content_type="text/html; charset=utf-8", body=away))  # fmt: skip
    page.goto(night.console + "/callout/")
    assert page.inner_text("h1") == "数据库暂时不可用"
    assert "5 秒" in page.inner_text(".cut")
    page.unroute("**/callout/")
    page.wait_for_selector(".who summary", timeout=WAIT_MS)
