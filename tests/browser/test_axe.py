"""Every page that a person can reach by its links holds WCAG 2.2 AA, light and dark.

The walk follows links from today, one address for each pattern of the console, as each kind of
demonstration post; it takes minutes a post, so it belongs to the drill. What `make test` holds: the
palette, a draft and refusals here, the pages without account in `test_axe_answers`, while telephones
ring, the administrators' pages in `test_accounts`, which signs in as each of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import Resolver404, resolve

from tests.browser.axe import violations
from tests.browser.conftest import TEXT, Night

DUTY = "指挥部值班员"
POSTS = {"duty": DUTY, "township": "镇值班室", "leader": "带班领导", "chief": "县领导",
         "plan": "要点管理员", "head": "负责人"}  # fmt: skip
PAGES_MAX, PAGES_MIN = 120, 40
FILES = re.compile(
    r"\.(xlsx|pdf|csv|docx)$|/export|/photo/|/original|/template/|/table/$|/file\.|^/static/"
)
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
    row = page.locator("tr", has_text=post).first
    row.wait_for()
    if row.locator("button").count() == 0:  # it is this one already
        return
    with page.expect_navigation(wait_until="load"):
        row.locator("button").click()
    page.wait_for_selector(".who summary", state="attached")


def shown(page: Any, address: str) -> bool:
    """Whether the address shows a page; one that hands a file over is nothing to look at."""
    from playwright.sync_api import Error

    try:
        answer = page.goto(address)
    except Error as error:
        if "Download is starting" not in str(error):
            raise
        return False
    if "text/html" not in (answer.headers.get("content-type") or ""):
        return False
    assert answer.status == 200, address
    page.wait_for_selector("html[data-ready]", state="attached")
    return True


def walk(page: Any, console: str) -> tuple[list[str], int]:
    """Visit one address of each pattern; what axe found, and how many pages."""
    queue, seen, found, visited = ["/"], set[str](), [], 0
    while queue and visited < PAGES_MAX:
        path = queue.pop(0)
        pattern = pattern_of(path.partition("?")[0])
        if pattern in seen or not (pattern or path == "/"):
            continue
        seen.add(pattern)
        if not shown(page, console + path):
            continue
        visited += 1
        page.evaluate(OPEN_ALL)
        found += violations(page)
        for link in page.evaluate(LINKS):
            own = link.removeprefix(console)
            if link.startswith(console) and not own.startswith(LEFT) and not FILES.search(own):
                queue.append(own.partition("#")[0])
    return found, visited


@pytest.mark.drill
@pytest.mark.parametrize("post", POSTS.values(), ids=POSTS)
def test_every_page_that_a_post_reaches(
    night: Night, open_page: Callable[..., Any], post: str
) -> None:
    page = open_page("/demo/")
    try:
        become(page, night, post)
        found, visited = walk(page, night.console)
        print(f"{post}: {visited} pages")
        assert found == []
        assert visited >= (PAGES_MIN if post == DUTY else PAGES_MIN // 4)
    finally:
        become(page, night, DUTY)
        night.state = page.context.storage_state()


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
    page.wait_for_function("() => document.querySelector('wa-select')?.hasUpdated")
    found += violations(page)
    for path in ("/no-such-page/", "/access/", "/callout/999999/", "/phonebook/?q=没有这个人"):
        page.goto(night.console + path)
        found += violations(page)
    assert found == []
