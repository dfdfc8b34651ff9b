"""Takes the pictures of README.md: a demonstration county, a night in it, four pages of it.

    .venv/bin/python -m tests.browser.pictures

Writes PNG files of few colours to docs/images. The county is thrown away afterwards.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.browser.conftest import FLAGS, TEXT, Box, anlan, own_ports

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
COLOURS = 128
WAIT_MS = 180_000
ANSWERED_MIN = 15


def keep(page: Any, name: str) -> None:
    """The picture as a PNG of few colours."""
    from PIL import Image

    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    image.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
        IMAGES / f"{name}.png", optimize=True
    )


def a_night(page: Any, up: dict[str, Any]) -> tuple[str, str]:
    """Paste, read, submit, approve; back at the duty officer. Returns (warning, call-out)."""
    page.goto(up["links"]["duty"])
    page.click("button.act")
    page.fill("textarea[name=text]", TEXT)
    page.click("button.act")
    page.wait_for_selector("wa-select:defined")
    keep(page, "warning")
    page.click("button[name=then][value=submit]")
    warning = page.url
    page.click("main a[href^='/demo/']")
    page.locator("tr", has_text="带班领导").locator("button").click()
    page.wait_for_url(warning)
    page.click("button.act")
    page.wait_for_url("**/callout/*/")
    callout = page.url
    page.goto(up["console"].rstrip("/") + "/demo/")
    with page.expect_navigation(wait_until="load"):
        page.locator("tr", has_text="指挥部值班员").locator("button").click()
    return warning, callout


def look(browser: Any, up: dict[str, Any]) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    page.set_default_timeout(WAIT_MS)
    _warning, callout = a_night(page, up)
    Box(up["phonebox"]).ask("/api/auto", {"on": "1", "delay_s": [1, 20], "no_answer": 0.3})
    page.goto(callout)
    page.wait_for_function(
        "n => document.querySelectorAll('.state-answered').length >= n", arg=ANSWERED_MIN
    )
    keep(page, "tree")
    shown: list[tuple[str, str, Callable[[], object]]] = [
        ("map", "/map/", lambda: page.wait_for_selector("#map[data-drawn]")),
        ("wall", "/wall/", lambda: page.wait_for_selector("#map[data-drawn]")),
    ]
    for name, path, ready in shown:
        page.goto(up["console"].rstrip("/") + path)
        ready()
        keep(page, name)


def main() -> None:
    from playwright.sync_api import sync_playwright

    root = Path(tempfile.mkdtemp(prefix="anlan-pictures-"))
    root.chmod(0o755)
    own_ports(root)
    try:
        up = anlan(root, "up")
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            look(browser, up)
            browser.close()
    finally:
        anlan(root, "down")
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
