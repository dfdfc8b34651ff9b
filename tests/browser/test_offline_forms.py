"""A form filled in a cellar without network arrives once, with the time at which it was filled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.browser.conftest import WAIT_MS, Night

NO_WIRE = ("ERR_INTERNET_DISCONNECTED", "ERR_NETWORK", "ERR_FAILED")
WHAT = "地下一层配电间门口堆放纸箱，安全出口堵住"
STORED = """() => new Promise((done) => {
  const asked = indexedDB.open("anlan-forms", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("waiting", { keyPath: "key" });
  asked.onsuccess = () => {
    const all = asked.result.transaction("waiting").objectStore("waiting").getAll();
    all.onsuccess = () => { asked.result.close(); done(all.result.length); };
  };
})"""


def fill(page: Any) -> None:
    page.get_by_label("具体地点").fill("配电间")
    page.get_by_label("怎样发现").select_option(label="部门检查")
    page.get_by_label("隐患是什么").fill(WHAT)


def test_a_form_filled_without_network_arrives_once_with_both_times(
    night: Night, open_page: Callable[..., Any]
) -> None:
    page = open_page("/cases/", width=390, height=844, expected=NO_WIRE)
    page.locator("main a[href^='/cases/new/']").first.click()
    page.wait_for_selector("form[data-offline] textarea")
    page.context.set_offline(True)
    fill(page)
    page.locator("form[data-offline] button.act").click()
    page.wait_for_selector("[data-kept]:not([hidden])", timeout=WAIT_MS)
    assert "没有网络，已存在这部手机上" in page.inner_text("[data-kept]")
    assert page.evaluate(STORED) == 1
    filled = datetime.now(UTC)
    page.context.set_offline(False)
    page.wait_for_function(
        "() => document.querySelector('[data-kept]').innerText.includes('已送出')", timeout=WAIT_MS
    )
    assert page.evaluate(STORED) == 0
    page.goto(night.console + "/cases/?all=1")
    page.wait_for_selector("html[data-ready]", state="attached")
    links = page.locator("main tbody a[href^='/cases/']", has_text=WHAT[:6])
    assert links.count() == 1, "once"
    page.evaluate("dispatchEvent(new Event('online'))")
    page.reload()
    assert page.locator("main tbody a[href^='/cases/']", has_text=WHAT[:6]).count() == 1
    links.first.click()
    page.wait_for_selector(".story")
    story = page.inner_text("main")
    assert WHAT in story
    assert any(
        (filled + timedelta(hours=8, minutes=m)).strftime("%H:%M") in story for m in (-1, 0)
    ), story
