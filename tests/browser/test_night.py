"""One night as a newcomer walks it: `anlan up`, a real browser, a telephone that answers.

The county, its processes and the telephone box are the real ones; the browser is Debian's.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TEXT = (
    "垫江县气象台2024年7月10日22时15分发布暴雨橙色预警信号：过去3小时，澄溪、沙坪等乡镇降雨量"
    "已达50毫米以上，预计未来3小时降雨仍将持续，请注意防范。"
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ACTS_MAX = 12
WAIT_MS = 20_000


def anlan(root: Path, *words: str) -> dict[str, Any]:
    own = {k: v for k, v in os.environ.items() if not k.startswith("ANLAN_")}
    done = subprocess.run(
        [sys.executable, "-m", "anlan", *words, "--json"], capture_output=True, text=True,
        env=own | {"ANLAN_ROOT": str(root), "DJANGO_SETTINGS_MODULE": ""}, check=False, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        print("NOT RUN: apt-get install chromium fonts-wqy-microhei")
        pytest.skip("NOT RUN: no chromium on this machine: apt-get install chromium")
    return found


@pytest.fixture(scope="module")
def county(chromium: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    root = Path(tempfile.mkdtemp(prefix="anlan-browser-"))
    root.chmod(0o755)
    try:
        yield root, anlan(root, "up")
    finally:
        anlan(root, "down")
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as own:
        window = own.chromium.launch(executable_path=chromium, args=FLAGS)
        yield window
        window.close()


def test_one_night_from_the_pasted_text_to_a_counted_village(
    county: tuple[Path, dict[str, Any]], browser: Any
) -> None:
    root, up = county
    faults: list[str] = []
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    page = context.new_page()
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    console, box_url = up["console"].rstrip("/"), up["phonebox"].rstrip("/")

    acts = 0
    page.goto(up["links"]["duty"])
    page.click("button.act")
    acts += 1
    page.fill("textarea[name=text]", TEXT)
    page.click("button.act")
    acts += 2
    assert "2 处存疑" in page.inner_text("h1")
    assert page.locator("mark").count() == 2
    page.click("button[name=then][value=submit]")
    acts += 1
    assert page.inner_text("h1") == "等第二人批准"
    assert page.locator("text=批准并发出叫应").count() == 0
    address = page.url

    page.goto(console + "/demo/")
    page.locator("tr", has_text="带班领导").locator("button").click()
    page.goto(address)
    acts += 3
    page.click("button.act")
    acts += 1
    assert acts <= ACTS_MAX
    assert "还没有应答" in page.inner_text("h1")
    silent = int(page.inner_text("h1").split()[0])

    phone = context.new_page()
    deadline = time.monotonic() + 30
    while True:
        phone.goto(box_url)
        ringing = phone.locator(".phones a", has_text="请回")
        if ringing.count():
            break
        assert time.monotonic() < deadline, "no telephone rang"
        time.sleep(0.3)
    ringing.first.click()
    phone.locator(".quick button").first.click()
    page.bring_to_front()
    page.wait_for_function(
        "n => document.querySelector('h1').innerText.startsWith(String(n) + ' ')", arg=silent - 1,
        timeout=WAIT_MS,
    )  # fmt: skip

    status = anlan(root, "plan", "status")
    row = next(r for r in status["rows"] if (r["table"], r["row"]) == (4, 40))
    assert row["state"] == "judged"
    assert row["targets"][0]["numerator"] == 1
    assert anlan(root, "journal", "verify")["whole"]
    assert faults == []
    context.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_fits_its_screen_and_says_something(
    county: tuple[Path, dict[str, Any]], browser: Any, width: int
) -> None:
    root, up = county
    users = anlan(root, "user", "list")["accounts"]
    name = next(u["username"] for u in users if u["username"].startswith("duty_officer"))
    link = anlan(root, "user", "link", name)["link"]
    context = browser.new_context(viewport={"width": width, "height": 844}, locale="zh-CN")
    page = context.new_page()
    page.goto(link)
    page.click("button.act")
    for path in ("/", "/map/", "/warning/", "/callout/", "/zones/", "/desk/", "/phonebook/",
                 "/plan/", "/journal/", "/county/"):  # fmt: skip
        answer = page.goto(up["console"].rstrip("/") + path)
        assert answer.status == 200, path
        assert page.inner_text("h1").strip(), path
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width + 1, (path, wide)
    context.close()


def test_the_answer_page_is_light_and_works_on_a_slow_telephone(
    county: tuple[Path, dict[str, Any]], browser: Any
) -> None:
    _root, up = county
    context = browser.new_context(viewport={"width": 390, "height": 844})
    box = context.new_page()
    box.goto(up["phonebox"] + "?q=/a/")
    box.locator(".phones a").first.click()
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
    page.click("button.first")
    assert "已记下" in page.inner_text("main")
    context.close()
