"""Every page that a person can reach by its links holds WCAG 2.2 AA, light and dark.

The walk follows links from today, one address for each pattern of the console, as each kind of
demonstration post; then the pages without account, and the telephone box. The administrators'
pages are held by `test_accounts`, which signs in as each of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.urls import Resolver404, resolve

from tests.browser.axe import violations
from tests.browser.conftest import TEXT, WAIT_MS, Night

POSTS = ("指挥部值班员", "带班领导", "县领导", "要点管理员", "镇值班室", "负责人")
PAGES_MAX, PAGES_MIN = 120, 40
FILES = re.compile(r"\.(xlsx|pdf|csv|docx)$|/export|/photo/|/original|/template/|^/static/")
LEFT = ("/accounts/logout/", "/demo/")
LINKS = "[...document.querySelectorAll('a[href]')].map(a => new URL(a.getAttribute('href'), location.href).href)"
OPEN_ALL = "document.querySelectorAll('details').forEach(d => { d.open = true; })"


def pattern_of(path: str) -> str:
    try:
        return str(resolve(path, "anlan.faces.http.urls").route)
    except Resolver404:
        return ""


def become(page: Any, night: Night, post: str) -> None:
    """Another demonstration post; the sign-in before it is over with that."""
    page.goto(night.console + "/demo/")
    if page.locator("tr", has_text=post).first.locator("button").count() == 0:
        return
    with page.expect_navigation(wait_until="load"):
        page.locator("tr", has_text=post).first.locator("button").click()
    page.wait_for_selector(".who summary")


def walk(page: Any, console: str, seen: set[str]) -> tuple[list[str], int]:
    """Visit one address of each pattern; returns what axe found and how many were looked at."""
    queue, found, looked = ["/"], [], 0
    while queue and looked < PAGES_MAX:
        path = queue.pop(0)
        pattern = pattern_of(path.partition("?")[0])
        first = looked == 0 and path == "/"
        if not first and (not pattern or pattern in seen):
            continue
        seen.add(pattern)
        answer = page.goto(console + path)
        if "text/html" not in (answer.headers.get("content-type") or ""):
            continue
        assert answer.status == 200, path
        page.wait_for_selector("html[data-ready]", state="attached")
        page.evaluate(OPEN_ALL)
        looked += 1
        found += violations(page)
        for link in page.evaluate(LINKS):
            own = link.removeprefix(console)
            if link.startswith(console) and not own.startswith(LEFT) and not FILES.search(own):
                queue.append(own.partition("#")[0])
    return found, looked


def test_every_page_of_every_post(night: Night, browser: Any) -> None:
    """What one post has shown is not looked at again for the next: the template is the same."""
    seen: set[str] = set()
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, storage_state=night.state, locale="zh-CN"
    )
    try:
        page = context.new_page()
        page.goto(night.console + "/demo/")
        found, total = violations(page), 0
        for post in POSTS:
            become(page, night, post)
            more, looked = walk(page, night.console, seen)
            print(f"{post}: {looked} pages")
            found, total = found + more, total + looked
        assert total >= PAGES_MIN
        assert found == []
    finally:
        become(page, night, POSTS[0])
        night.state = context.storage_state()
        context.close()


def test_what_is_open_only_for_a_moment(night: Night, open_page: Callable[..., Any]) -> None:
    """The palette, the keys, a draft with its doubts, a refusal, a page that is not there."""
    page = open_page("/", expected=("404", "403", "400"))
    found = []
    page.keyboard.press("?")
    found += violations(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette[open] li")
    found += violations(page)
    page.keyboard.press("Escape")
    page.goto(night.console + "/warning/")
    page.locator("details.fold summary").click()
    page.fill("textarea[name=text]", TEXT.replace("22时", "20时"))
    page.locator("main button.act").click()
    page.wait_for_function("document.querySelector('wa-select')?.hasUpdated")
    found += violations(page)
    for path in ("/no-such-page/", "/access/", "/callout/999999/", "/phonebook/?q=没有这个人"):
        page.goto(night.console + path)
        found += violations(page)
    assert found == []


def test_the_pages_of_whoever_answers(night: Night, open_page: Callable[..., Any]) -> None:
    """The answer, the headcount, and a link that is spent or forged."""
    page = open_page("/", width=390, height=844, expected=("404", "403", "410"))
    found, kinds = [], set()
    for phone, _code in night.box.ringing():
        for row in night.box.ask(f"/api/phones/{phone}"):
            link = re.search(r"http://\S+/([afh])/\S+", row["text"])
            if link and link[1] not in kinds:
                kinds.add(link[1])
                page.goto(link[0])
                found += violations(page)
                page.goto(link[0][:-4] + "AAAA")
                found += violations(page)
    assert "a" in kinds
    page.goto(night.box_url)
    page.wait_for_selector(".phones li", timeout=WAIT_MS)
    found += violations(page)
    page.locator(".phones a").first.click()
    page.wait_for_selector(".messages")
    found += violations(page)
    assert found == []
