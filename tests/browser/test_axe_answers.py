"""The pages without account hold WCAG 2.2 AA: whoever is called opens them, and the telephone box."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.browser.axe import violations
from tests.browser.conftest import WAIT_MS, Night


def test_the_pages_of_whoever_answers(night: Night, open_page: Callable[..., Any]) -> None:
    """The answer, the headcount, and a link that is spent or forged."""
    page = open_page("/", width=390, height=844, expected=("404", "403", "410"))
    found, kinds = [], set()
    for phone, _code in night.box.ringing():
        for row in night.box.ask(f"/api/phones/{phone}"):
            link = re.search(r"http://\S+/([afh])/\S+", row["text"])
            if link and link[1] not in kinds:
                kinds.add(link[1])
                page.goto(link[0])
                found += violations(page)
                page.goto(link[0][:-4] + "AAAA")
                found += violations(page)
    assert "a" in kinds
    page.goto(night.box_url)
    page.wait_for_selector(".phones li", timeout=WAIT_MS)
    found += violations(page)
    page.locator(".phones a").first.click()
    page.wait_for_selector(".messages")
    found += violations(page)
    assert found == []
