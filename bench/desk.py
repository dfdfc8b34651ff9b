"""The leader's page in seconds on a full night, and a telephone report in acts and seconds.

The page: the demonstration county whole, an orange warning over all 26 townships (some 330 posts
rung, nobody answers), its zones opened, 40 events with figures; the page is read, laid out as one
page of PDF, drawn as PNG.

The report: a county that runs and a browser, by keys alone. A script types it at a pace of a person
(CHINESE_MS a Chinese character, KEY_MS a digit or a key); it knows nothing but what the screen
says. It is a script and no person: who it is for has still to try it.

    python -m bench.desk [--pages 15] [--reports 3]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench.county import throw_away_county
from bench.sizes import measured

PAGES, REPORTS, EVENTS = 15, 3, 40
CHINESE_MS, KEY_MS = 1_000, 300
WAIT_MS = 60_000
TEXT = "垫江县气象台2024年7月10日22时15分发布暴雨橙色预警信号：预计未来3小时全县降雨持续。"


def full_night() -> Any:
    """The duty officer's scope in a county where everything runs at once."""
    from anlan.county import demo
    from anlan.county.models import Holding
    from anlan.county.rights import table
    from anlan.engines.callout.rounds import advance
    from anlan.ground.places import span
    from anlan.ground.scope import Actor, Scope
    from anlan.rooms.duty.actions import Incoming, receive_event
    from anlan.rooms.evacuation import demo as zones
    from anlan.rooms.evacuation import rounds as evacuation
    from anlan.rooms.warning import actions as warning

    command, round_ = Scope.for_command("bench"), Scope.for_round("bench")
    demo.make(command)
    zones.make(command)
    row = warning.paste(command, TEXT)
    changes: dict[str, Any] = {"divisions": [demo.CODE], "grade": "orange"}
    changes["settled"] = [doubt["code"] for doubt in row.doubts]
    row = warning.revise(command, row.id, row.version, changes)
    warning.override(command, row.id, row.version, "bench")
    evacuation.open_by_callout(round_)
    advance(round_)
    for number in range(EVENTS):
        receive_event(command, Incoming("phone", f"bench{number:05}", "滑坡，3人被困，1人受伤",
                                        kind="geohazard", place="澄溪镇"))  # fmt: skip
    with command.open():
        held = Holding.objects.select_related("post").filter(post__kind="duty_officer")[0]
    actor = Actor("account", 1, "值班员", held.person_id, held.post_id)
    return Scope("post", *span(demo.CODE), 0, actor, table().of("duty_officer"))


def pages(count: int) -> None:
    """The page, count times, from reading to picture."""
    from anlan.faces.console import leader
    from anlan.ground import pictures

    with throw_away_county("anlan"):
        scope = full_night()
        took: list[tuple[float, float, float]] = []
        for _page in range(count + 1):
            began = time.perf_counter()
            found = leader.brief(scope)
            read = time.perf_counter()
            content = leader.one_page(found)
            laid = time.perf_counter()
            picture = pictures.first_page(content)
            took.append((read - began, laid - read, time.perf_counter() - laid))
        first, rest = took[0], took[1:]
        whole = [sum(one) for one in rest]
        print(f"leader's page, first: {sum(first):.2f} s (read, lay out, draw: "
              f"{first[0]:.2f}, {first[1]:.2f}, {first[2]:.2f})")  # fmt: skip
        shown = f"{found.silent} silent posts, {len(found.zones)} zones, {len(found.events)} events"
        print(
            f"leader's page, {len(rest)} more: p50 {median(whole):.2f} s, worst {max(whole):.2f} s"
        )
        print(f"  {shown}, {pictures.page_count(content)} page, PNG {len(picture) // 1024} kB")


def reports(count: int) -> None:
    """Telephone reports by keys in a county that runs."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("NOT RUN: apt-get install chromium fonts-wqy-microhei")
        return
    root = Path(tempfile.mkdtemp(prefix="anlan-desk-"))
    try:
        link = _anlan(root, "up")["links"]["duty"]
        _by_keys(chromium, link, count)
    finally:
        _anlan(root, "down")
        shutil.rmtree(root, ignore_errors=True)


def _anlan(root: Path, word: str) -> dict[str, Any]:
    import json

    own = {k: v for k, v in os.environ.items() if not k.startswith(("ANLAN_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-m", "anlan", word, "--json"], capture_output=True, text=True,
        env=own | {"ANLAN_ROOT": str(root)}, check=True, timeout=600,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


def _by_keys(chromium: str, link: str, count: int) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as own:
        window = own.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = window.new_page(viewport={"width": 1440, "height": 900}, locale="zh-CN")
        page.set_default_timeout(WAIT_MS)
        page.goto(link)
        page.click("button.act")
        found = []
        for _report in range(count):
            page.wait_for_selector("html[data-ready]", state="attached")
            found.append(one_report(page))
        window.close()
    acts, seconds = found[0][0], [took for _acts, took in found]
    print(f"telephone report by keys: {acts} acts, {median(seconds):.1f} s (worst "
          f"{max(seconds):.1f} s), typing included at {CHINESE_MS} ms a character")  # fmt: skip


def one_report(page: Any) -> tuple[int, float]:
    """(acts, seconds) from the desk's key to the stored event. An act: a key or a field filled."""
    began, acts = time.monotonic(), 0

    def key(name: str) -> None:
        nonlocal acts
        acts += 1
        page.wait_for_timeout(KEY_MS)
        page.keyboard.press(name)

    def words(text: str) -> None:
        nonlocal acts
        acts += 1
        for sign in text:
            page.keyboard.type(sign)
            page.wait_for_timeout(KEY_MS if sign.isascii() else CHINESE_MS)

    key("g")
    key("d")
    page.wait_for_url("**/desk/")
    page.wait_for_selector("html[data-ready]", state="attached")
    key("n")
    page.wait_for_url("**/desk/new/")
    page.wait_for_selector("html[data-pick]", state="attached")
    words("王大爷")
    key("Tab")
    words("13912340000")
    key("Tab")
    words("东风村")
    page.wait_for_selector("#places-found li")
    key("ArrowDown")
    key("Enter")
    while page.evaluate("document.activeElement.id") != "what":
        key("Tab")
    words("山体滑坡堵了路，3人被困")
    while page.evaluate("document.activeElement.id") != "order":
        key("Tab")
    words("立即到现场核实")
    key("Control+Enter")
    page.wait_for_url("**/desk/event/*/")
    return acts, time.monotonic() - began


def main() -> None:
    with measured(__doc__, pages=(PAGES, 5), reports=(REPORTS, 1)) as options:
        pages(options.pages)
        reports(options.reports)


if __name__ == "__main__":
    main()
