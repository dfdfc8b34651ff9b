"""The map really draws: pixels are looked at, for a map without font or worker still reports idle."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

from tests.browser.conftest import WAIT_MS, Night

POINTS = 10_000
REDRAWS = 60  # half seconds that a machine without graphics may take to draw an answer


def drawn(page: Any) -> Any:
    page.wait_for_selector("#map[data-drawn]", timeout=WAIT_MS * 6)
    return page


def pixels(page: Any) -> tuple[dict[str, int], int]:
    """How many pixels of the map are ink, paper and accent; and how many there are."""
    from PIL import Image

    image = Image.open(io.BytesIO(page.locator("#map").screenshot())).convert("RGB")
    counted = {"ink": 0, "paper": 0, "accent": 0}
    colours = image.getcolors(image.width * image.height)
    for count, (r, g, b) in colours:
        if max(r, g, b) < 90:
            counted["ink"] += count
        if min(r, g, b) > 245:
            counted["paper"] += count
        if g - r > 25 and b - r > 25:
            counted["accent"] += count
    return counted, image.width * image.height


def test_the_map_draws_outline_names_and_answers(
    night: Night, open_page: Callable[..., Any]
) -> None:
    page = drawn(open_page("/map/"))
    seen, whole = pixels(page)
    assert seen["ink"] > whole * 0.003, seen
    assert seen["paper"] > whole * 0.02, seen
    assert page.locator("#map-says").is_hidden()
    assert "高德" in page.inner_text("main") or "演示数据" in page.inner_text("main")
    requests = page.evaluate(
        "performance.getEntriesByType('resource').map(r => new URL(r.name).hostname)"
    )
    assert set(requests) <= {"localhost"}


def test_an_answer_changes_the_drawing_without_reload(
    night: Night, open_page: Callable[..., Any]
) -> None:
    page = drawn(open_page("/map/"))
    before, _whole = pixels(page)
    page.evaluate("window.still = 'here'")
    # The county answers first, then its townships; only then do villages ring and answer.
    answered = (
        "fetch('/map/points/').then(r => r.json()).then(d => d.points.features.filter("
        "f => f.properties.kind === 'village' && f.properties.state === 'answered').length)"
    )
    told, tries = page.evaluate(answered), 0
    while page.evaluate(answered) <= told and tries < REDRAWS:
        for phone, code in night.box.ringing(0)[:12]:
            night.box.say(phone, code)
        page.wait_for_timeout(1000)
        tries += 1
    assert page.evaluate(answered) > told
    after, tries = before, 0
    while after["accent"] <= before["accent"] and tries < REDRAWS:
        page.wait_for_timeout(500)
        after, tries = pixels(page)[0], tries + 1
    assert page.evaluate("window.still") == "here"
    assert after["accent"] > before["accent"]


def test_the_list_beside_the_map_moves_it_by_keyboard(open_page: Callable[..., Any]) -> None:
    page = drawn(open_page("/map/"))
    before = page.url
    page.keyboard.press("j")
    page.wait_for_function("old => location.href !== old", arg=before, timeout=WAIT_MS)
    assert "#" in page.url
    page.keyboard.press("Enter")
    page.wait_for_url("**/callout/*/?place=*")


def test_a_click_opens_the_record(open_page: Callable[..., Any], night: Night) -> None:
    """One village in the middle of the map, so that the click is sure of what it meets."""
    middle = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [107.45, 30.25]},
         "properties": {"code": 500231109001, "name": "中村", "kind": "village", "state": "nobody",
                        "word": "无人应答", "url": "/zones/"}}]}  # fmt: skip
    page = open_page("/warning/")
    page.route(
        "**/map/points/**", lambda route: route.fulfill(json={"points": middle, "towns": []})
    )
    page.goto(night.console + "/map/#11/30.25/107.45")
    drawn(page)
    page.locator("#map").click()
    page.wait_for_url("**/zones/")


def test_ten_thousand_points_do_not_choke_it(open_page: Callable[..., Any], night: Night) -> None:
    states = ("answered", "nobody", "waiting", "fallback")
    features = [
        {"type": "Feature",
         "geometry": {"type": "Point", "coordinates": [107.25 + (n % 100) * 0.004, 30.0 + (n // 100) * 0.005]},
         "properties": {"code": n, "name": f"村{n}", "kind": "village", "state": states[n % 4],
                        "word": "", "url": "/"}}
        for n in range(POINTS)
    ]  # fmt: skip
    body = json.dumps({"points": {"type": "FeatureCollection", "features": features}, "towns": []})
    page = open_page("/warning/")
    page.route(
        "**/map/points/**", lambda route: route.fulfill(body=body, content_type="application/json")
    )
    page.goto(night.console + "/map/")
    drawn(page)
    many, whole = pixels(page)
    assert many["ink"] > whole * 0.05
    spent = page.evaluate(
        """async () => { const began = performance.now(); let frames = 0;
        document.querySelector('#map canvas').dispatchEvent(new KeyboardEvent('keydown', {keyCode: 187, bubbles: true}));
        while (performance.now() - began < 1500) { await new Promise(requestAnimationFrame); frames += 1; } return frames; }"""
    )
    print(f"{POINTS} points: {spent} frames in 1.5 s while zooming, drawn in software")


def test_without_webgl_the_list_says_the_same(night: Night, open_page: Callable[..., Any]) -> None:
    page = open_page("/warning/", expected=("WebGL", "webgl"))
    page.context.add_init_script(
        "HTMLCanvasElement.prototype.getContext = new Proxy(HTMLCanvasElement.prototype.getContext,"
        " { apply: (f, self, [kind, ...rest]) => (kind.startsWith('webgl') ? null : f.call(self, kind, ...rest)) })"
    )
    page.goto(night.console + "/map/")
    page.wait_for_selector("#map-says:not([hidden])")
    page.wait_for_function(
        "() => document.querySelector('#map-says').textContent.includes('WebGL')", timeout=WAIT_MS
    )
    assert page.locator(".map-list tbody tr").count() >= 1
