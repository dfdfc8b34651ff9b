"""The wall as a room sees it: one screen of 3840 × 2160, large, live, and nothing to press."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.browser.conftest import WAIT_MS, Night

SIZE = {"width": 3840, "height": 2160}
FONT_PX_MIN = 30  # 3 m of screen: 23 mm, read from five metres
SMALLEST = """() => Math.min(...[...document.querySelectorAll('main h1, main h2, main b, main td, main span, .wall-foot')]
  .filter(e => e.offsetParent && e.textContent.trim() && !e.closest('#map')).map(e => parseFloat(getComputedStyle(e).fontSize)))"""


def test_it_fits_one_screen_and_every_word_is_large(
    night: Night, open_page: Callable[..., Any]
) -> None:
    page = open_page("/wall/", **SIZE)
    tall = page.evaluate(
        "[document.documentElement.scrollHeight, document.documentElement.scrollWidth]"
    )
    assert tall[0] <= SIZE["height"] and tall[1] <= SIZE["width"]
    assert page.evaluate(SMALLEST) >= FONT_PX_MIN
    assert (
        page.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)") >= 120
    )
    assert page.locator("a, button, form, input").count() == 0
    assert re.fullmatch(r"\d\d:\d\d:\d\d", page.inner_text("#wall-clock b"))
    assert "数据" in page.inner_text(".wall-foot")


def test_an_answer_reaches_it_without_a_hand(night: Night, open_page: Callable[..., Any]) -> None:
    page = open_page("/wall/")
    before = page.inner_text(".wall-figures")
    clock = page.inner_text("#wall-clock b")
    night.box.say(*night.box.ringing()[0])
    page.wait_for_function(
        "old => document.querySelector('.wall-figures').innerText !== old", arg=before,
        timeout=WAIT_MS * 2,
    )  # fmt: skip
    page.wait_for_function(
        "old => document.querySelector('#wall-clock b').innerText !== old", arg=clock
    )
