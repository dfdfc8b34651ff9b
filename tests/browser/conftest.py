"""A county that really runs, a real browser, and one night in it: what every browser test needs.

The county, its processes and the telephone box are the real ones; the browser is Debian's. One
county serves the whole run; a test that changes it says so in figures that it reads itself.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from anlan.faces.cli.start import DEMO
from anlan.faces.console import built

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
WAIT_MS = 20_000
WAIT_S = 30.0
BEHIND = ("test_empty_county", "test_desk", "test_plan_review", "test_plan_newcomer", "test_axe")
WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (e) => violations.push(e.violatedDirective + " " + e.blockedURI + " " + e.sourceFile));
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs no ringing telephone comes behind the others: a call-out of the night runs out."""
    here = Path(__file__).parent
    places = [n for n, item in enumerate(items) if item.path.parent == here]
    own = sorted(
        (items[n] for n in places),
        key=lambda item: BEHIND.index(item.path.stem) + 1 if item.path.stem in BEHIND else 0,
    )
    for place, item in zip(places, own, strict=True):
        items[place] = item


def anlan(root: Path, *words: str) -> dict[str, Any]:
    own = {k: v for k, v in os.environ.items() if not k.startswith("ANLAN_")}
    done = subprocess.run(
        [sys.executable, "-m", "anlan", *words, "--json"], capture_output=True, text=True,
        env=own | {"ANLAN_ROOT": str(root), "DJANGO_SETTINGS_MODULE": ""}, check=False, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        print("NOT RUN: apt-get install chromium fonts-wqy-microhei")
        pytest.skip("NOT RUN: no chromium on this machine: apt-get install chromium")
    if not built.is_built():
        print("NOT RUN: make setup")
        pytest.skip("NOT RUN: the front end is not built: make setup")
    return found


def own_ports(root: Path) -> None:
    """Ports that the kernel gave, so that two runs on one machine never ask for the same ones."""
    names = ("console", "live", "public", "phonebox", "smpp")
    doors = [socket.socket() for _name in names]
    for door in doors:
        door.bind(("127.0.0.1", 0))
    ports = {name: door.getsockname()[1] for name, door in zip(names, doors, strict=True)}
    for door in doors:
        door.close()
    home = root / "counties" / DEMO["code"]
    home.mkdir(parents=True)
    (home / "county.json").write_text(json.dumps(DEMO | {"ports": ports}, ensure_ascii=False))


@pytest.fixture(scope="package")
def county(chromium: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    root = Path(tempfile.mkdtemp(prefix="anlan-browser-"))
    root.chmod(0o755)
    own_ports(root)
    try:
        yield root, anlan(root, "up")
    finally:
        anlan(root, "down")
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Any]:
    """One browser for this folder and no longer: its event loop runs in the thread of the tests,
    where Django then refuses every question to the database."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as own:
        window = own.chromium.launch(executable_path=chromium, args=FLAGS)
        yield window
        window.close()


class Box:
    """The telephone box, by its JSON."""

    def __init__(self, address: str):
        self.address = address.rstrip("/")

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        call = urllib.request.Request(
            self.address + path, data, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(call, timeout=10) as answer:
            return json.load(answer)

    def ringing(self, count: int = 1) -> list[tuple[str, str]]:
        """(telephone, code) of those whose last message asks for an answer; waits until there are."""
        import re

        deadline = time.monotonic() + WAIT_S
        while True:
            found = []
            for phone in self.ask("/api/phones"):
                rows = self.ask(f"/api/phones/{phone['phone']}")
                code = re.search(r"收到请回(\d{4,6})", rows[-1]["text"]) if rows else None
                if code and rows[-1]["direction"] == "in":
                    found.append((phone["phone"], code[1]))
            if len(found) >= count:
                return found
            assert time.monotonic() < deadline, "no telephone rang"
            time.sleep(0.3)

    def say(self, phone: str, text: str) -> None:
        self.ask(f"/api/phones/{phone}/send", {"text": text})


@dataclass
class Night:
    """A night with a call-out: where it stands, and how a newcomer got there."""

    root: Path
    console: str
    box: Box
    box_url: str
    warning: str
    callout: str
    acts: int
    doubts: int
    seconds: float
    state: dict[str, Any]
    faults: list[str] = field(default_factory=list)


def officer(root: Path, browser: Any) -> dict[str, Any]:
    """The cookies of a new sitting of the duty officer, by a one-time link."""
    accounts = anlan(root, "user", "list")["accounts"]
    name = next(one["username"] for one in accounts if "指挥部值班员" in one["label"])
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(anlan(root, "user", "link", name)["link"])
    page.click("button.act")
    page.wait_for_selector(".who summary", state="attached")
    state: dict[str, Any] = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="package")
def night(county: tuple[Path, dict[str, Any]], browser: Any) -> Night:
    """Pasted, read, submitted by the duty officer; approved by the leader in charge."""
    root, up = county
    faults: list[str] = []
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    page = context.new_page()
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    console, box_url = up["console"].rstrip("/"), up["phonebox"].rstrip("/")
    began, acts = time.monotonic(), 0
    page.goto(up["links"]["duty"])
    page.click("button.act")
    acts += 1
    page.fill("textarea[name=text]", TEXT)
    page.click("button.act")
    acts += 2
    assert "2 处存疑" in page.inner_text("h1")
    doubts = page.locator("mark").count()
    page.click("button[name=then][value=submit]")
    acts += 1
    assert page.inner_text("h1") == "等第二人批准"
    assert page.locator("text=批准并发出叫应").count() == 0
    warning = page.url
    page.click("main a[href^='/demo/']")
    page.locator("tr", has_text="带班领导").locator("button").click()
    page.wait_for_url(warning)
    acts += 2
    page.click("button.act")
    acts += 1
    page.wait_for_url("**/callout/*/")
    callout, seconds = page.url, time.monotonic() - began
    context.close()
    state = officer(root, browser)
    return Night(
        root, console, Box(box_url), box_url, warning, callout, acts, doubts, seconds, state, faults
    )


@pytest.fixture
def open_page(night: Night, browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page as the duty officer; afterwards no console error and no broken content policy."""
    opened: list[tuple[Any, Any, list[str]]] = []

    def open_at(path: str, width: int = 1440, height: int = 900, **options: Any) -> Any:
        expected = options.pop("expected", ())
        context = browser.new_context(
            viewport={"width": width, "height": height}, storage_state=night.state,
            **({"locale": "zh-CN"} | options),
        )  # fmt: skip
        context.add_init_script(WATCH)
        page = context.new_page()
        faults: list[str] = []

        def hear(message: Any) -> None:
            if message.type == "error" and not any(word in message.text for word in expected):
                faults.append(message.text)

        page.on("console", hear)
        page.on("pageerror", lambda error: faults.append(str(error)))
        opened.append((context, page, faults))
        page.goto(night.console + path)
        if "/accounts/login/" in page.url:  # a test before took another post, which ends a sitting
            night.state.clear()
            night.state.update(officer(night.root, browser))
            context.add_cookies(night.state["cookies"])
            page.goto(night.console + path)
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    yield open_at
    for context, page, faults in opened:
        violations = page.evaluate("window.violations ?? []")
        context.close()
        assert faults == []
        assert violations == []
