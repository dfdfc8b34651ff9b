"""One night as a newcomer walks it: from the pasted text to a counted village, and its telephones."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.browser.conftest import WAIT_MS, Night, anlan

ACTS_MAX = 12


def test_one_night_from_the_pasted_text_to_a_counted_village(
    night: Night, open_page: Callable[..., Any]
) -> None:
    print(f"{night.acts} acts, {night.seconds:.1f} s by a machine's hand")
    assert night.acts <= ACTS_MAX
    assert night.doubts == 2
    assert night.faults == []
    page = open_page(night.callout.removeprefix(night.console))
    assert "还没有应答" in page.inner_text("h1")
    silent = int(page.inner_text("h1").split()[0])
    before = numerator(night)
    phone, code = night.box.ringing()[0]
    night.box.say(phone, code)
    page.wait_for_function(
        "n => document.querySelector('h1').innerText.startsWith(String(n) + ' ')", arg=silent - 1,
        timeout=WAIT_MS,
    )  # fmt: skip
    assert numerator(night) == before + 1
    assert anlan(night.root, "journal", "verify")["whole"]


def numerator(night: Night) -> int:
    """How many posts the plan's row 4/40 counts."""
    rows = anlan(night.root, "plan", "status")["rows"]
    row = next(r for r in rows if (r["table"], r["row"]) == (4, 40))
    assert row["state"] in ("judged", "not_reported")
    return int(row["targets"][0]["numerator"] or 0)


def test_the_answer_page_is_light_and_works_on_a_slow_telephone(night: Night, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
    phone, _code = night.box.ringing()[-1]
    box = context.new_page()
    box.goto(f"{night.box_url}/phone/{phone}")
    url = box.locator(".messages a").first.get_attribute("href")
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000},
    )  # fmt: skip
    wire.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    size = [0]
    wire.on(
        "Network.loadingFinished", lambda e: size.__setitem__(0, size[0] + e["encodedDataLength"])
    )
    started = time.monotonic()
    page.goto(url, wait_until="load")
    elapsed = time.monotonic() - started
    print(f"answer page: {size[0] / 1000:.1f} kB, {elapsed:.2f} s at 400 kbit/s, 400 ms, CPU / 4")
    assert size[0] <= 100_000
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "20px"
    heights = page.eval_on_selector_all(
        "button", "all => all.map(b => b.getBoundingClientRect().height)"
    )
    assert min(heights) >= 60
    page.click("button.first")
    assert "已记下" in page.inner_text("main")
    context.close()


def test_a_village_counts_its_twelve_households_with_a_thumb(night: Night, browser: Any) -> None:
    """The head of a village answers, gets the link, and taps through the households on a telephone."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", has_touch=True
    )
    page = context.new_page()
    page.goto(headcount_link(night))
    homes = page.locator("fieldset.home")
    assert homes.count() == 12
    small = page.eval_on_selector_all(
        ".where label", "all => all.filter(l => l.getBoundingClientRect().height < 44).length"
    )
    assert small == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for number in range(11):
        homes.nth(number).locator("label").first.tap()
    people = [
        int(text)
        for text in page.eval_on_selector_all(
            "fieldset.home", "all => all.map(h => h.dataset.people)"
        )
    ]
    said = page.inner_text("[data-sum]")
    assert said == f"已转 {sum(people[:11])} 人，未转 {people[11]} 人，共 {sum(people)} 人"
    page.locator(".sum button").tap()
    page.wait_for_url("**done=1")
    assert f"未转 {people[11]} 人" in page.inner_text(".done[role=status]")
    context.close()


def headcount_link(night: Night) -> str:
    """Answers for everyone until a village is asked to count, and gives its link."""
    import re

    deadline = time.monotonic() + 60
    while True:
        for phone in night.box.ask("/api/phones"):
            for row in night.box.ask(f"/api/phones/{phone['phone']}"):
                link = re.search(r"http://\S+/h/\S+", row["text"])
                if link:
                    return link[0]
        for phone, code in night.box.ringing(0):
            night.box.say(phone, code)
        assert time.monotonic() < deadline, "no village was asked to count"
        time.sleep(0.5)
