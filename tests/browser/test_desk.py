"""A telephone report by the keyboard alone: acts counted, the mouse never touched."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

ACTS_MAX = 25


class Hands:
    """Presses keys and types, and counts: an act is a key, or one field filled."""

    def __init__(self, page: Any):
        self.page, self.acts = page, 0

    def key(self, name: str) -> None:
        self.acts += 1
        self.page.keyboard.press(name)

    def words(self, text: str) -> None:
        self.acts += 1
        self.page.keyboard.type(text)

    def tab_to(self, ident: str) -> None:
        for _step in range(15):
            if self.page.evaluate("document.activeElement.id") == ident:
                return
            self.key("Tab")
        raise AssertionError(f"Tab never came to {ident}")


def no_mouse(page: Any) -> None:
    """From here on a click that no key made is a fault of the test."""
    page.evaluate("window.mice = 0; addEventListener('pointerdown', () => window.mice++, true)")


def test_a_newcomer_takes_a_telephone_report_by_keys_alone(open_page: Callable[..., Any]) -> None:
    page = open_page("/")
    hands, began = Hands(page), time.monotonic()
    hands.key("g")
    hands.key("d")
    page.wait_for_url("**/desk/")
    page.wait_for_selector("html[data-ready]", state="attached")
    assert "接电话" in page.inner_text("a.act") and "n" in page.inner_text("a.act kbd")
    hands.key("n")
    page.wait_for_url("**/desk/new/")
    page.wait_for_selector("html[data-pick]", state="attached")
    no_mouse(page)
    assert page.evaluate("document.activeElement.id") == "caller", "the first field waits"
    hands.words("王大爷")
    hands.key("Tab")
    hands.words("13912340000")
    hands.key("Tab")
    hands.words("东风村")
    page.wait_for_selector("#places-found li >> nth=1")
    first = page.inner_text("#places-found li >> nth=0")
    hands.key("ArrowDown")
    hands.key("Enter")
    chosen = page.input_value("#place")
    assert chosen and chosen not in first, "the second of two villages of one name"
    assert page.url.endswith("/desk/new/"), "Enter took the place and sent nothing"
    hands.tab_to("what")
    hands.words("山体滑坡堵了路，3人被困")
    hands.tab_to("order")
    hands.words("立即到现场核实")
    box = page.locator("button.act").first.bounding_box()
    assert box["y"] + box["height"] <= 900, "the act is in sight"
    assert page.evaluate("window.mice") == 0
    hands.key("Control+Enter")
    page.wait_for_url("**/desk/event/*/")
    page.wait_for_selector("html[data-ready]", state="attached")
    print(f"telephone report: {hands.acts} acts, {time.monotonic() - began:.1f} s of a script")
    assert hands.acts <= ACTS_MAX
    text = page.inner_text("main")
    assert chosen in text and "地质灾害" in text and "139****0000" in text
    assert "立即到现场核实" in text and "值班室" in text


def test_the_event_the_report_and_the_hall_go_by_letters(open_page: Callable[..., Any]) -> None:
    page = open_page("/desk/new/")
    page.wait_for_selector("html[data-pick]", state="attached")
    page.focus("#place")
    page.keyboard.type("澄溪镇")
    page.keyboard.press("Escape")
    page.focus("#what")
    page.keyboard.type("起火，1人受伤")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/desk/event/*/")
    page.wait_for_selector("html[data-ready]", state="attached")
    page.keyboard.press("f")
    assert page.evaluate("document.activeElement.id") == "f-name", "the fold opened at its field"
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.wait_for_url("**/duty/report/*/")
    page.wait_for_selector("html[data-ready]", state="attached")
    page.keyboard.press("d")
    page.wait_for_selector("text=等签发")
    assert "受伤1人" in page.input_value("#text")


def test_a_point_is_taken_from_the_map_by_arrows_and_enter(open_page: Callable[..., Any]) -> None:
    page = open_page("/desk/new/")
    page.wait_for_selector("html[data-pick]", state="attached")
    no_mouse(page)
    page.keyboard.press("Alt+m")
    page.wait_for_selector("#pick[data-drawn]", timeout=60_000)
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#place').value !== ''")
    before = page.input_value("#place")
    page.keyboard.press("Alt+m")
    page.wait_for_function(
        "old => document.querySelector('#pick-says').innerText === old", arg=before
    )
    page.keyboard.press("ArrowUp")
    page.wait_for_function(
        "old => document.querySelector('#pick-says').innerText !== old", arg=before
    )
    page.keyboard.press("Enter")
    page.wait_for_function("old => document.querySelector('#place').value !== old", arg=before)
    assert page.evaluate("window.mice") == 0
    lat, lon = (float(part) for part in page.input_value("#place").split(","))
    assert 29.9 < lat < 30.7 and 107.0 < lon < 107.8


def test_the_desk_fits_a_telephone(open_page: Callable[..., Any]) -> None:
    for path in ("/desk/", "/desk/new/", "/duty/tasks/", "/duty/roll/", "/handover/", "/leader/"):
        page = open_page(path, width=390, height=844)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, (path, wide)
