"""An empty, real county: a hidden danger goes by screen from its report to its closing, and the
plan's row from 未报 to a figure that opens into the record; a form filled without network arrives
once, with both times."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import WAIT_MS, Box, anlan
from tests.browser.first_county import CODE, NAME, Story, account, free_ports, shot, until
from tests.browser.test_empty_county import (
    test_the_clerk_of_the_vacant_post_brings_the_county_in as bring_in,
)
from tests.browser.test_empty_county import (
    test_the_plan_is_let_in_by_two_persons_and_says_nothing_reported as let_the_plan_in,
)
from tests.browser.test_empty_county import (
    test_three_administrators_set_themselves_up as set_up,
)
from tests.engines.cases.shots import photo

NEW = "/cases/new/hazards/hazard/found/"


@pytest.fixture(scope="module")
def county(chromium: str, browser: Any, tmp_path_factory: Any) -> Iterator[Story]:
    """An empty county with its people and its plan, and two accounts that work on cases."""
    root = Path(tempfile.mkdtemp(prefix="anlan-cases-"))
    root.chmod(0o755)
    home = root / "counties" / CODE
    home.mkdir(parents=True)
    ports = free_ports("console", "live", "public", "phonebox", "smpp")
    facts = {"code": CODE, "name": NAME, "demo": False, "ports": ports}
    (home / "county.json").write_text(json.dumps(facts, ensure_ascii=False))
    try:
        made = anlan(root, "county", "new", CODE, NAME)
        up = anlan(root, "up")
        up["links"] = up.get("links") or made["links"]
        story = Story(root, up, Box(f"http://127.0.0.1:{ports['phonebox']}"), browser)
        set_up(story)
        bring_in(story, tmp_path_factory.mktemp("book"))
        let_the_plan_in(story)
        account(story, "town", "白石镇值班室", "zhou.town")
        account(story, "unit", "水利局值班室", "sun.unit")
        yield story
    finally:
        anlan(root, "down")
        shutil.rmtree(root, ignore_errors=True)


def fill(page: Any, **said: str) -> None:
    """Fill a form by the words of its labels."""
    for label, value in said.items():
        one = page.locator(
            "#main form div", has=page.locator("label", has_text=re.compile(f"^{label}"))
        ).locator("input, select, textarea")
        tag = one.evaluate("e => e.tagName + (e.type === 'file' ? '-FILE' : '')")
        if tag == "INPUT-FILE":
            one.set_input_files({"name": value, "mimeType": "image/jpeg", "buffer": photo()})
        elif tag == "SELECT":
            text = one.locator("option", has_text=value).first.inner_text()
            one.select_option(label=text)
        else:
            one.fill(value)


def press(page: Any) -> None:
    page.locator("#main form button.act").click()
    page.wait_for_url(re.compile(r"/cases/\d+/$"), timeout=WAIT_MS)


def day(story: Story, days: int) -> str:
    return str(
        story.sql("SELECT ((anlan_now(0) AT TIME ZONE 'Asia/Shanghai')::date + %s)::text", days)[0][
            0
        ]
    )


def test_from_the_report_to_the_closing_and_from_unreported_to_a_figure(county: Story) -> None:
    assert county.rows()["4/5"]["state"] == "not_reported"
    page = county.at("town", "/cases/")
    shot(page, "cases-empty")
    assert "没有要办的事" in page.inner_text("h1")
    page.click("text=登记隐患")
    shot(page, "cases-new")
    fill(page, 所在区划="甲村", 怎样发现="乡镇日常检查", 隐患是什么="加油机接地线断开",
         现场照片="前.jpg")  # fmt: skip
    press(page)
    where = page.url.removeprefix(county.console)
    assert "待评估：加油机接地线断开" in page.inner_text("h1")
    until(lambda: county.rows()["4/5"]["state"] == "judged", "row 4/5 stayed unreported")
    page = county.at("unit", "/cases/")
    assert "1 件事要您办" in page.inner_text("h1")
    shot(page, "cases-mine")
    page = county.at("unit", where + "do/assess/")
    assert page.locator("text=判定标准和条款").is_hidden()
    fill(page, 级别="重大事故隐患")
    assert page.locator("label", has_text="判定标准和条款").is_visible()
    fill(page, 级别="一般隐患")
    press(page)
    county.at("unit", where + "do/order/")
    fill(page, 责任人="站长", 整改措施="重接接地线", 整改资金="600", 整改时限=day(county, 9),
         应急预案="停用该机")  # fmt: skip
    shot(page, "cases-order")
    press(page)
    page = county.at("town", where + "do/finish/")
    fill(page, 整改后照片="后.jpg", 怎样整改的="已重接并测试")
    press(page)
    page = county.at("unit", where)
    page.click("text=复查合格，销号")
    fill(page, 复查情况="接地电阻合格")
    press(page)
    assert "已销号" in page.inner_text("h1") and "后.jpg" in page.inner_text(".story")
    shot(page, "cases-closed")
    page = county.at("clerk", "/plan/4/5/")
    assert "加油机接地线断开" in page.inner_text("main")


def test_a_form_filled_in_a_cellar_arrives_once_with_both_times(county: Story) -> None:
    page = county.at("town", NEW)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 391
    page.context.set_offline(True)
    fill(page, 所在区划="乙村", 怎样发现="乡镇日常检查", 隐患是什么="地下室无通风",
         现场照片="暗.jpg")  # fmt: skip
    page.locator("#main form button.act").click()
    page.wait_for_selector("text=没有网络，已存在这部手机上", timeout=WAIT_MS)
    shot(page, "cases-offline-390")
    count = "SELECT count(*) FROM cases_case WHERE title = '地下室无通风'"
    assert county.sql(count)[0][0] == 0
    county.sql('UPDATE ground_world SET "offset" = "offset" + interval \'10 minutes\' WHERE id = 0')
    page.context.set_offline(False)
    page.wait_for_selector("text=份表已送出", timeout=WAIT_MS)
    for path in ("/cases/?all=1", NEW, "/cases/?all=1"):
        county.at("town", path)
    found = county.sql(
        "SELECT c.id, s.received_at - s.happened_at > interval '5 minutes' FROM cases_case c"
        " JOIN cases_step s ON s.case_id = c.id WHERE c.title = '地下室无通风'"
    )
    assert len(found) == 1 and found[0][1], "once, and later received than filled"
    page = county.at("town", f"/cases/{found[0][0]}/")
    assert "收到" in page.inner_text(".story") and "暗.jpg" in page.inner_text(".story")
    shot(page, "cases-case-390")
    faults = [one for one in county.faults if "ERR_INTERNET_DISCONNECTED" not in one]
    assert faults == []
