"""The console under a person's hands: keys, palette, live without reload, stale, dark, narrow, paper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import WAIT_MS, Night

PAGES = ("/", "/map/", "/warning/", "/callout/", "/zones/", "/desk/", "/phonebook/", "/plan/",
         "/plan/4/40/", "/journal/", "/county/", "/demo/", "/no-such-page/")  # fmt: skip
NOT_FOUND = ("404",)


@pytest.mark.parametrize(
    ("width", "scheme"), [(390, "light"), (390, "dark"), (1440, "dark"), (3840, "light")]
)
def test_every_page_fits_its_screen_and_says_something(
    night: Night, open_page: Callable[..., Any], width: int, scheme: str
) -> None:
    page = open_page("/", width=width, color_scheme=scheme, expected=NOT_FOUND)
    shades = []
    own = (night.warning.removeprefix(night.console), night.callout.removeprefix(night.console))
    for path in (*PAGES, *own):
        answer = page.goto(night.console + path)
        assert answer.status == (404 if "no-such" in path else 200), path
        page.wait_for_selector("html[data-ready]", state="attached")
        assert page.inner_text("h1").strip(), path
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width + 1, (path, wide)
        assert page.evaluate("window.violations") == [], path
        shades.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    light = [sum(int(part) for part in shade[4:-1].split(",")) > 384 for shade in shades]
    assert all(light) if scheme == "light" else not any(light)


def test_the_choice_of_dark_is_sent_with_the_page(
    open_page: Callable[..., Any], night: Night
) -> None:
    page = open_page("/", color_scheme="light")
    page.click(".who summary")
    page.click("#theme")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    source = page.context.request.get(night.console + "/").text()
    assert 'data-theme="dark"' in source


def test_english_shell(open_page: Callable[..., Any]) -> None:
    page = open_page("/callout/", locale="en-GB")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.inner_text("#sound") == "Sound off"
    assert "Call-out" in page.inner_text("nav")


def test_keys_walk_the_rows_open_them_and_go_to_pages(open_page: Callable[..., Any]) -> None:
    page = open_page("/callout/")
    page.keyboard.press("j")
    assert page.locator("tr.at").count() == 1
    page.keyboard.press("Enter")
    page.wait_for_url("**/callout/*/")
    page.wait_for_selector("html[data-ready]", state="attached")
    page.keyboard.press("j")
    first = page.locator("tr.at").get_attribute("id")
    page.keyboard.press("j")
    second = page.locator("tr.at").get_attribute("id")
    assert first != second
    page.keyboard.press("k")
    assert page.locator("tr.at").get_attribute("id") == first
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.press("j")
    assert page.input_value("#main input[type=search]") == "j"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("#keys[open]").count() == 1
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("z")
    page.wait_for_url("**/zones/")


def test_the_palette_finds_a_page_and_a_person_by_initials(open_page: Callable[..., Any]) -> None:
    page = open_page("/phonebook/")
    name = page.locator("#found tbody tr td").first.inner_text()
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette[open] li")
    page.keyboard.type(name)
    page.wait_for_function(
        "n => document.querySelector('#palette li')?.textContent.includes(n)", arg=name
    )
    page.fill("#palette input", "转移")
    page.wait_for_function(
        "() => document.querySelector('#palette li[aria-selected=true]')?.textContent.includes('转移片区')"
    )
    page.keyboard.press("Enter")
    page.wait_for_url("**/zones/")


def test_an_answer_arrives_without_reload_and_leaves_hands_alone(
    night: Night, open_page: Callable[..., Any]
) -> None:
    page = open_page(night.callout.removeprefix(night.console))
    phone, code = night.box.ringing()[0]
    silent = page.inner_text("h1")
    page.evaluate("window.still = 'here'")
    page.locator("details.fold summary").last.click()
    page.fill("#why", "正在写原因")
    page.evaluate("scrollTo(0, 300)")
    page.evaluate("document.querySelector('#why').focus({preventScroll: true})")
    at = page.evaluate("scrollY")
    night.box.say(phone, code)
    page.wait_for_function(
        "old => document.querySelector('h1').innerText !== old", arg=silent, timeout=WAIT_MS
    )
    assert page.evaluate("window.still") == "here"
    assert page.evaluate("document.activeElement.id") == "why"
    assert page.input_value("#why") == "正在写原因"
    assert page.evaluate("scrollY") == at
    assert page.locator("details.fold[open] #why").count() == 1
    page.fill("#why", "")


def test_filters_stand_in_the_address_and_back_works(
    night: Night, open_page: Callable[..., Any]
) -> None:
    page = open_page(night.callout.removeprefix(night.console))
    page.locator(".filters a", has_text="已应答").click()
    page.wait_for_url("**state=answered*")
    page.wait_for_selector("html[data-ready]", state="attached")
    states = set(page.eval_on_selector_all("#calls .state", "all => all.map(s => s.className)"))
    assert states <= {"state state-answered", "state state-help"}
    page.fill("#main input[type=search]", "沙坪")
    page.wait_for_url("**q=*")
    page.go_back()
    page.wait_for_function("() => !location.search.includes('q=')")


def test_what_the_wire_does_not_renew_looks_old_and_comes_back(
    open_page: Callable[..., Any],
) -> None:
    page = open_page("/", expected=("ERR_INTERNET_DISCONNECTED", "ERR_NETWORK"))
    assert page.locator("html.stale").count() == 0
    page.context.set_offline(True)
    page.wait_for_selector("html.stale", state="attached", timeout=WAIT_MS)
    assert "断线，画面是" in page.inner_text("#wire")
    page.context.set_offline(False)
    page.wait_for_selector("html:not(.stale)", state="attached", timeout=WAIT_MS)
    assert page.inner_text("#wire") == ""


def test_several_townships_are_chosen_in_one_field(
    night: Night, open_page: Callable[..., Any]
) -> None:
    """The library's select works under the content policy and sends every choice."""
    from tests.browser.conftest import TEXT

    page = open_page("/warning/")
    page.locator("details.fold summary").click()
    page.fill("textarea[name=text]", TEXT.replace("22时", "21时"))
    page.locator("main button.act").click()
    page.wait_for_selector("wa-select:defined")
    chosen = page.evaluate("document.querySelector('wa-select').value.length")
    page.locator("wa-select").click()
    page.locator("wa-option", has_text="白家镇").click()
    page.keyboard.press("Escape")
    assert page.evaluate("document.querySelector('wa-select').value.length") == chosen + 1
    page.click("button[name=then][value=save]")
    page.wait_for_load_state()
    assert "白家镇" in page.inner_text(".lead")


def test_paper_carries_source_and_time_and_no_buttons(
    night: Night, open_page: Callable[..., Any]
) -> None:
    page = open_page("/zones/")
    page.emulate_media(media="print")
    assert page.locator("header.top").is_hidden()
    assert page.locator("button:visible").count() == 0
    assert "演示数据" in page.inner_text(".printed")
    assert len(page.pdf(format="A4")) > 10_000


def test_a_warning_is_one_sheet_and_a_tree_is_not_shrunk(
    night: Night, open_page: Callable[..., Any]
) -> None:
    """What is wider than the sheet makes the browser print all of it smaller."""
    import pypdfium2

    page = open_page(night.warning.removeprefix(night.console))
    assert len(pypdfium2.PdfDocument(page.pdf(format="A4", prefer_css_page_size=True))) == 1
    page.goto(night.callout)
    page.wait_for_selector("html[data-ready]", state="attached")
    page.evaluate("document.querySelectorAll('details#over-time').forEach(d => { d.open = true; })")
    page.set_viewport_size({"width": 640, "height": 900})
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 641


def test_pages_without_map_do_not_load_the_map(open_page: Callable[..., Any]) -> None:
    page = open_page("/")
    loaded = page.evaluate("performance.getEntriesByType('resource').map(r => r.name)")
    assert any("/shell-" in name for name in loaded)
    heavy = ("map", "parts", "draw", "wall")
    assert not [n for n in loaded if n.rsplit("/", 1)[1].split("-")[0] in heavy]


def test_a_call_out_is_drawn_from_its_table_and_follows_the_theme(
    night: Night, open_page: Callable[..., Any]
) -> None:
    page = open_page(night.callout.removeprefix(night.console))
    night.box.say(*night.box.ringing()[0])
    page.wait_for_selector("#over-time", state="attached", timeout=WAIT_MS * 2)
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    page.evaluate("document.querySelector('#over-time').open = true")
    page.wait_for_selector("#answers-chart[data-drawn] canvas")
    rows = page.locator("#answers tbody tr").count()
    assert int(page.get_attribute("#answers-chart", "data-drawn")) == rows >= 3
    light = page.locator("#answers-chart").screenshot()
    page.click(".who summary")
    ink = page.get_attribute("#answers-chart", "data-ink")
    page.click("#theme")
    page.wait_for_function(
        "old => document.querySelector('#answers-chart').dataset.ink !== old", arg=ink
    )
    assert page.locator("#answers-chart").screenshot() != light
    last = page.locator("#answers tbody tr").last.locator("td").nth(2).text_content()
    assert int(last) >= 1
