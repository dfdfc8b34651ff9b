"""A plan is brought in by hand: dropped, its doubts settled by keys alone, confirmed by another."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import WAIT_MS, Night, anlan

FROZEN = Path(__file__).resolve().parents[1] / "rooms" / "workplan" / "frozen"


def sit_down(page: Any, night: Night, kind: str) -> None:
    """Signs in by a one-time link of its own, so that nobody else's sitting ends."""
    accounts = anlan(night.root, "user", "list")["accounts"]
    name = next(own["username"] for own in accounts if own["username"].startswith(kind))
    page.context.clear_cookies()
    page.goto(anlan(night.root, "user", "link", name)["link"])
    page.click("button.act")
    page.wait_for_load_state()


def ready(page: Any) -> None:
    page.wait_for_selector("html[data-ready]", state="attached")


def settle_by_keys(page: Any) -> tuple[int, int]:
    """Enter for what is proposed; e once, to say otherwise. Returns (accepted, edited)."""
    accepted = edited = 0
    while page.locator("[data-accept]").count():
        before = page.url + page.inner_text(".steps b")
        if not edited and page.locator("details[data-edit]").count():
            page.keyboard.press("e")
            page.wait_for_function("document.activeElement.id === 'f-name'")
            page.fill("#f-deadline", "2024-11-30")
            page.fill("#f-why", "照正文核对")
            page.keyboard.press("Control+Enter")
            edited += 1
        else:
            page.keyboard.press("Enter")
            accepted += 1
        page.wait_for_function(
            "old => location.href + (document.querySelector('.steps b')?.innerText ?? '') !== old",
            arg=before, timeout=WAIT_MS,
        )  # fmt: skip
        ready(page)
    return accepted, edited


@pytest.mark.parametrize(
    ("width", "scheme", "name"),
    [(1440, "light", "p04-shihong-2024.docx"), (390, "dark", "p01-lanxi-2025.docx")],
)
def test_a_document_is_dropped_settled_by_keys_confirmed_by_another_and_taken_back(
    night: Night, open_page: Callable[..., Any], width: int, scheme: str, name: str
) -> None:
    page = open_page("/", width=width, color_scheme=scheme, expected=("400",))
    sit_down(page, night, "plan_clerk")
    page.goto(night.console + "/plan/versions/")
    ready(page)
    page.set_input_files("#file", FROZEN / "n01-minutes.docx")
    page.click("form[data-upload] button.act")
    page.wait_for_selector("[data-refusal]:not([hidden])", timeout=WAIT_MS * 2)
    assert "请确认是政府印发的工作要点全文" in page.inner_text("[data-refusal]")
    page.set_input_files("#file", FROZEN / name)
    page.click("form[data-upload] button.act")
    page.wait_for_url(re.compile(r"/plan/versions/\d+/$"), timeout=WAIT_MS * 2)
    ready(page)
    version = page.url
    opened = int(re.search(r"\d+", page.inner_text("h1"))[0])  # type: ignore[index]
    first = page.inner_text(".steps b")
    page.keyboard.press("n")
    page.wait_for_function("old => document.querySelector('.steps b').innerText !== old", arg=first)
    ready(page)
    page.keyboard.press("p")
    page.wait_for_function("old => document.querySelector('.steps b').innerText === old", arg=first)
    ready(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width + 1
    here = page.locator("table.original td.here")
    assert here.count() > 0
    assert here.first.evaluate(
        "cell => { const pane = cell.closest('.pane').getBoundingClientRect();"
        " const own = cell.getBoundingClientRect(); return own.top < pane.bottom && own.bottom > pane.top; }"
    ), "the cell that the doubt is about stands in view"
    accepted, edited = settle_by_keys(page)
    assert accepted + edited == opened
    assert edited == 1
    assert page.inner_text("h1") == "存疑都定了，等另一人确认"
    assert page.locator("[data-confirm]").count() == 0, "who entered has no button to confirm"
    sit_down(page, night, "county_leader")
    page.goto(version)
    ready(page)
    page.click("[data-confirm]")
    page.wait_for_url("**/changes/*", timeout=WAIT_MS)
    assert page.locator("table tbody tr").count() > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width + 1
    page.goto(version)
    ready(page)
    assert page.inner_text("h1") == "这一版在用"
    page.click("details.fold summary")
    page.fill("#withdraw-why", "试完撤回")
    page.locator("details.fold button").click()
    page.wait_for_url("**/plan/versions/", timeout=WAIT_MS)
    assert "试完撤回" in page.inner_text("main")
    page.goto(night.console + "/plan/")
    assert "121 条" in page.inner_text("h1")
