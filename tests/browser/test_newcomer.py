"""Where a newcomer stumbled: a button below the fold, a first answer that was not told, dead ends."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from typing import Any

from tests.browser.conftest import TEXT, WAIT_MS, Night


def drafted(open_page: Callable[..., Any], **options: Any) -> Any:
    page = open_page("/", **options)
    page.fill("#bulletin", TEXT)
    page.click("form[action='/warning/paste/'] button")
    page.wait_for_url("**/warning/*/")
    page.wait_for_selector("wa-select:defined")
    return page


def test_the_next_act_of_a_draft_is_in_sight_on_a_common_screen(
    open_page: Callable[..., Any],
) -> None:
    page = drafted(open_page)
    box = page.locator("button.act").bounding_box()
    assert box["y"] + box["height"] <= 900, box
    starts = page.locator("#starts")
    assert starts.evaluate("field => field.scrollWidth <= field.clientWidth")
    page = drafted(open_page, width=390, height=844)
    box = page.locator("button.act").bounding_box()
    assert box["y"] + box["height"] <= 844, "under the thumb"


def test_the_way_to_the_second_person_comes_back_and_shows_the_doubts_again(
    night: Night, open_page: Callable[..., Any]
) -> None:
    page = drafted(open_page)
    page.click("button.act")
    page.wait_for_selector("main a[href^='/demo/']")
    own = page.url
    assert page.locator("mark").count() == 2, "what was doubted stays marked"
    page.click("main a[href^='/demo/']")
    page.locator("tr", has_text="带班领导").locator("button").click()
    page.wait_for_url(own)
    assert "2 处存疑" in page.locator(".note").first.inner_text()
    page.click("text=退回修改")
    page.fill("#back-why", "范围少了一个镇")
    page.locator("form", has=page.locator("#back-why")).locator("button").click()
    page.wait_for_url(own)
    assert "退回：范围少了一个镇" in page.inner_text("main")
    page.goto(own.rsplit("/warning", 1)[0] + "/demo/?next=//elsewhere.example/")
    page.locator("tr", has_text="指挥部值班员").locator("button").click()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert "elsewhere" not in page.url


def test_what_happens_before_the_wire_is_open_shows_once_it_is(
    night: Night, open_page: Callable[..., Any]
) -> None:
    phone, code = night.box.ringing()[0]
    page = open_page("/warning/")
    held: list[Any] = []
    page.route("**/live?token=*", lambda route: held.append(route))
    page.goto(night.callout, wait_until="commit")
    page.wait_for_selector("html[data-ready]", state="attached")
    before = page.inner_text("h1")
    night.box.say(phone, code)
    count = "fetch(location.href).then(r => r.text()).then(t => !t.includes(old))".replace(
        "old", f"{before!r}"
    )
    page.wait_for_function(f"() => {count}", timeout=WAIT_MS)
    assert page.inner_text("h1") == before, "nobody told it yet"
    held[0].continue_()
    page.wait_for_function("o => document.querySelector('h1').innerText !== o", arg=before)


def test_those_who_were_called_before_the_crowd_was_switched_on_answer_too(
    night: Night,
) -> None:
    import time

    waiting = {phone for phone, _code in night.box.ringing()}
    night.box.ask("/api/auto", {"on": True, "no_answer": 0, "delay_s": [0, 0.1]})
    night.box.ask("/api/auto", {"on": True, "no_answer": 0, "delay_s": [0, 0.1]})
    try:
        deadline = time.monotonic() + 20
        while any(night.box.ask(f"/api/phones/{p}")[-1]["direction"] == "in" for p in waiting):
            assert time.monotonic() < deadline, "somebody was not woken"
    finally:
        night.box.ask("/api/auto", {"on": False})
    for phone in waiting:
        said = [row for row in night.box.ask(f"/api/phones/{phone}") if row["direction"] == "out"]
        assert len(said) == 1, "one answer each"


def test_a_call_is_found_by_initials_and_leads_to_the_number(
    night: Night, open_page: Callable[..., Any]
) -> None:
    page = open_page(night.callout.removeprefix(night.console))
    link = page.locator("#calls a.calm").first
    name, to = link.inner_text(), link.get_attribute("href")
    found = page.evaluate(
        "name => fetch('/phonebook/?q=' + encodeURIComponent(name)).then(r => r.ok)", name
    )
    assert found
    from anlan.county.names import pinyin_of

    page.fill("#main input[type=search]", pinyin_of(name)[1].upper())
    page.wait_for_function(
        "n => [...document.querySelectorAll('#calls a.calm')].every(a => a.innerText[0] === n[0])"
        " && document.querySelectorAll('#calls a.calm').length > 0 && location.search.includes('q=')",
        arg=name,
    )
    page.fill("#main input[type=search]", "zzzz")
    page.wait_for_selector("#calls .empty")
    assert "zzzz" in page.inner_text("#calls .empty")
    page.goto(night.console + to)
    assert name in page.inner_text("#found")


def test_no_false_alarm_of_the_machine_stands_over_the_page(
    night: Night, open_page: Callable[..., Any]
) -> None:
    page = open_page("/")
    assert page.locator("[role=alert].note").count() == 0
    with urllib.request.urlopen(night.console + "/accounts/login/", timeout=10) as answer:
        assert 'role="alert"' not in answer.read().decode()
