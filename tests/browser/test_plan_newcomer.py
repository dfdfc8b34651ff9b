"""A newcomer with only a task: bring this plan in, and say what the transport commission owes
before the flood season. Every act is counted; a stumble that comes back makes the count grow."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.browser.conftest import WAIT_MS, Night
from tests.browser.test_plan_review import ready, sit_down

FILE = (
    Path(__file__).resolve().parents[1]
    / "rooms" / "workplan" / "frozen" / "p09-pingliao-2025.pdf"
)  # fmt: skip
UNIT = "县交通运输委"
ACTS_MAX = 7


class Hand:
    """What a person does, one act at a time; each thing that is touched must be in sight."""

    def __init__(self, page: Any):
        self.page, self.acts, self.began = page, 0, time.monotonic()

    def _seen(self, place: Any) -> Any:
        place.first.wait_for(state="visible", timeout=WAIT_MS)
        self.acts += 1
        return place.first

    def click(self, place: Any) -> None:
        own = self._seen(place)
        box = own.bounding_box()
        assert box and box["y"] + box["height"] <= 900, f"below the fold: {own.inner_text()}"
        own.click()
        ready(self.page)

    def choose(self, label: str, words: str) -> None:
        lists = self.page.get_by_role("combobox", name=label, exact=True)
        self._seen(lists).select_option(label=words)


def test_a_newcomer_brings_a_plan_in_and_finds_what_a_unit_owes_before_the_flood_season(
    night: Night, open_page: Callable[..., Any]
) -> None:
    page = open_page("/")
    sit_down(page, night, "plan_clerk")
    ready(page)
    hand = Hand(page)
    hand.click(page.get_by_role("link", name="要点", exact=True))
    hand.click(page.get_by_role("link", name="导入和各版"))
    page.set_input_files("#file", FILE)
    hand.acts += 1
    hand.click(page.get_by_role("button", name="读入这份文件"))
    page.wait_for_url(re.compile(r"/plan/versions/\d+/$"), timeout=WAIT_MS)
    ready(page)
    version = page.url
    hand.choose("单位", UNIT)
    hand.choose("时限", "汛前")
    hand.click(page.locator("section form.filters button", has_text="筛选"))
    rows = page.locator("section[aria-label='条目'] tbody tr")
    assert [row.inner_text().split()[0] for row in rows.all()] == ["1/3"]
    assert "隐患排查" in rows.inner_text() and "2025-04-30" in rows.inner_text()
    said = page.inner_text("section[aria-label='条目'] h2")
    assert UNIT in said and "汛前（2025-04-30 以前）" in said and "1 条" in said
    print(f"\nnewcomer: {hand.acts} acts, {time.monotonic() - hand.began:.1f} s")
    assert hand.acts <= ACTS_MAX
    hand.click(page.get_by_role("link", name="清除"))
    assert rows.count() > 1
    page.goto(version)
    ready(page)
    page.click("details.fold summary:has-text('撤销这一版')")
    page.fill("#undo-why", "试完撤销")
    page.locator("details.fold[open] button", has_text="撤销这一版").click()
    page.wait_for_url("**/plan/versions/", timeout=WAIT_MS)


def test_in_the_plan_that_runs_it_is_a_choice_and_a_click_and_the_list_goes_out_as_it_is_shown(
    night: Night, open_page: Callable[..., Any]
) -> None:
    page = open_page("/plan/")
    hand = Hand(page)
    hand.choose("一个单位欠什么", UNIT)
    hand.click(page.get_by_role("button", name="看清单"))
    assert UNIT in page.inner_text("h1")
    whole = page.locator("main tbody tr").count()
    assert whole > 10
    hand.click(page.get_by_role("link", name=re.compile("^汛前")))
    assert hand.acts == 3
    assert page.inner_text("h1") == f"{UNIT}：没有汛前到期的条目"
    assert "重庆市防汛抗旱条例 第二十二条" in page.inner_text("main")
    assert page.locator("main .empty").count() == 1
    href = page.get_by_role("link", name="导出 XLSX").get_attribute("href")
    assert href.endswith("file.xlsx?due=season")
    counts = [(own.inner_text().split()[0], int(own.locator("b").inner_text()))
              for own in page.locator("nav.filters a").all()]  # fmt: skip
    assert counts[:2] == [("全部", whole), ("汛前", 0)]
    assert sum(n for _word, n in counts[2:]) == whole, "each row falls due at one time"
