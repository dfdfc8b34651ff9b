"""The board and a letter under a person's hands: row to records by keys; proposed, sent, answered."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anlan.ground.machine import site
from anlan.ground.machine.processes import environment
from tests.browser.conftest import DEMO, Night

OF_THIS_RUN = ("ANLAN_TEST", "ANLAN_KEYS", "ANLAN_FILES")
PRESS = """
import django; django.setup()
from anlan.ground.scope import Scope
from anlan.rooms.oversight import rounds
print(rounds.press(Scope.for_round("oversight.press")))
"""
# The demonstration plan is of this year, so that nothing of it is late before its end.
FELL_DUE = """
import sys
from datetime import timedelta
import django; django.setup()
from anlan.engines.indicators import compute
from anlan.ground.scope import Scope
from anlan.rooms.workplan import queries
scope = Scope.for_command("test")
with scope.open():
    day = compute.today(scope) - timedelta(days=1)
    rows = queries.current(scope).rows.filter(table=4, row=27)
    print(rows.get().deadline)
    rows.update(deadline=sys.argv[1] if len(sys.argv) > 1 else day.isoformat())
"""


def become(page: Any, night: Night, post: str) -> None:
    page.goto(night.console + "/demo/")
    page.locator("tr", has_text=post).locator("button").first.click()
    page.wait_for_selector("html[data-ready]", state="attached")


def run(root: Path, script: str, *said: str) -> str:
    """What the script says last, run as the county's worker."""
    county = site(root / "counties" / DEMO["code"])
    own = {k: v for k, v in environment(county, "worker").items() if k not in OF_THIS_RUN}
    done = subprocess.run(
        [sys.executable, "-c", script, *said], env=own, capture_output=True,
        text=True, check=True, timeout=120,
    )  # fmt: skip
    return done.stdout.strip().splitlines()[-1]


@pytest.fixture
def late_row(night: Night) -> Iterator[str]:
    """Row 4/27, of which nothing was reported, fell due yesterday."""
    was = run(night.root, FELL_DUE)
    yield "/plan/4/27/"
    run(night.root, FELL_DUE, was)


def fits(page: Any, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width + 1


@pytest.mark.parametrize(
    ("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light"), (3840, "light")]
)
def test_from_the_board_to_a_row_to_the_records_behind(
    night: Night, open_page: Callable[..., Any], tmp_path: Path, width: int, scheme: str
) -> None:
    page = open_page(
        "/plan/", width=width, height=2160 if width > 2000 else 900, color_scheme=scheme
    )
    assert "121" in page.inner_text("h1")
    fits(page, width)
    page.screenshot(path=tmp_path / f"board-{width}-{scheme}.png")
    maps = page.locator(".maps svg.heat:not(.heads)")
    assert maps.count() == 6 and maps.first.is_visible() == (width > 700)
    if width > 700:
        box = page.locator(".maps").bounding_box()
        assert box["height"] < (900 if width < 2000 else 2160), "one glance"
    page.goto(page.url.split("?")[0] + "?point=15&table=4")
    page.wait_for_selector("html[data-ready]", state="attached")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.locator("tr.at").get_attribute("id") == "row-4-40"
    page.keyboard.press("Enter")
    page.wait_for_url("**/plan/4/40/")
    page.wait_for_selector("html[data-ready]", state="attached")
    fits(page, width)
    page.screenshot(path=tmp_path / f"row-{width}-{scheme}.png", full_page=True)
    page.locator("td a[href^='/callout/']").first.click()
    page.wait_for_url("**/callout/*/")
    page.goto(night.console + "/plan/unit/县应急管理局/")
    fits(page, width)
    page.screenshot(path=tmp_path / f"unit-{width}-{scheme}.png")
    page.goto(night.console + "/plan/?by=unit")
    page.screenshot(path=tmp_path / f"units-{width}-{scheme}.png")


def test_a_letter_is_proposed_sent_and_answered(
    night: Night, late_row: str, open_page: Callable[..., Any], tmp_path: Path
) -> None:
    page = open_page("/plan/")
    become(page, night, "工作要点管理员")
    page.goto(night.console + "/oversight/")
    assert "不能发函" in page.inner_text("main")
    page.goto(night.console + late_row)
    page.select_option("select[name=unit]", label="县水利局")
    page.fill("#document", "分工表")
    page.click("text=确认由它牵头")
    page.wait_for_selector("text=牵头，已确认")
    assert int(run(night.root, PRESS)) >= 1
    page.goto(night.console + "/oversight/")
    page.screenshot(path=tmp_path / "letters.png")
    page.click("tbody a[href^='/oversight/']")
    page.wait_for_url("**/oversight/*/")
    page.wait_for_selector("html[data-ready]", state="attached")
    letter = page.url
    assert "没有报送（未报）" in page.input_value("#text")
    page.screenshot(path=tmp_path / "draft.png", full_page=True)
    page.click("text=发出督促函")
    page.wait_for_selector("h1:has-text('待签收')")
    become(page, night, "县水利局值班室")
    page.goto(night.console + "/oversight/")
    assert "1 份函等您的岗位办理" in page.inner_text("h1")
    page.goto(letter)
    page.set_viewport_size({"width": 390, "height": 844})
    fits(page, 390)
    page.screenshot(path=tmp_path / "letter-390.png", full_page=True)
    page.click("button:has-text('签收')")
    page.wait_for_selector("h1:has-text('待答复')")
    page.fill("#reply", "已经核实，三日内补报。")
    page.fill("#promised_on", "2099-12-31")
    page.click("text=答复这份函")
    page.wait_for_selector("h1:has-text('已答复')")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=tmp_path / "answered-dark.png", full_page=True)
    become(page, night, "工作要点管理员")
    page.goto(night.console + "/oversight/")
    assert "已答复" in page.inner_text("tbody") and "2099-12-31" in page.inner_text("tbody")
    page.emulate_media(media="print")
    page.goto(letter)
    page.screenshot(path=tmp_path / "print.png", full_page=True)
