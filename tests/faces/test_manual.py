"""The manual is read in the console: every page, every link inside it, and nothing besides it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from anlan.faces.console import manual

HREF = re.compile(r'(?:href|src)="([^"]+)"')


def test_every_page_is_shown_to_whoever_has_not_signed_in(county_db: str) -> None:
    client, looked = Client(), 0
    index = client.get("/help/").content.decode()
    for name, own in manual.pages().items():
        answer = client.get(f"/help/{name}/")
        body = answer.content.decode()
        assert answer.status_code == 200 and escape(own.title) + " ·" in body, name
        assert f'href="/help/{name}/"' in index
        assert "<script>" not in body and " style=" not in body
        looked += 1
    assert looked >= 30


def test_every_link_inside_it_leads_somewhere(county_db: str) -> None:
    client, seen, lost = Client(), set(), []
    for name in manual.pages():
        for href in HREF.findall(str(manual.rendered(name))):
            target, _hash, anchor = href.partition("#")
            if not target.startswith("/") or (target, anchor) in seen:
                continue
            seen.add((target, anchor))
            answer = client.get(target)
            found = answer.status_code == 200
            if found and anchor:
                found = f'id="{anchor}"' in answer.content.decode()
            if not found:
                lost.append((name, href))
    assert lost == [] and len(seen) > 20


@pytest.mark.parametrize(
    "path", ["../README", "..%2fREADME", "how-to/../../README", "how-to", "how-to/none", "%00"]
)
def test_what_is_no_page_of_it_is_refused(county_db: str, path: str) -> None:
    assert Client().get(f"/help/{path}/").status_code in (400, 404)


@pytest.mark.parametrize("path", ["../LICENSE", "../docs/measured.md", "how-to/duty.md", "x.png"])
def test_only_its_own_pictures_are_handed_out(county_db: str, path: str) -> None:
    assert Client().get(f"/help/picture/{path}").status_code == 404


def test_a_drawing_opened_by_itself_runs_nothing(county_db: str) -> None:
    answer = Client().get("/help/picture/models/network-clearance.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert "sandbox" in answer["Content-Security-Policy"]


def test_html_in_a_file_stays_words(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad.md").write_text(
        "# 坏\n\n<script>alert(1)</script>\n\n[点](javascript:alert(1))\n"
    )
    monkeypatch.setattr(manual, "DOCS", tmp_path)
    manual.pages.cache_clear()
    manual.rendered.cache_clear()
    body = str(manual.rendered("bad"))
    manual.pages.cache_clear()
    manual.rendered.cache_clear()
    assert "<script>" not in body and 'href="javascript' not in body


def test_a_word_is_found_under_its_heading(county_db: str) -> None:
    found = manual.search("点名 批示")
    assert found and found[0][0].page.name == "how-to/duty"
    answer = Client().get("/help/", {"q": "点名 批示"}).content.decode()
    assert f'href="/help/how-to/duty/#{found[0][0].anchor}"' in answer
    assert "手册里没有这个词" in Client().get("/help/", {"q": "没有的词儿"}).content.decode()


def test_each_screen_leads_to_the_page_that_helps(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    client = client_of("duty_officer")
    for address, name in (("/warning/", "how-to/duty"), ("/plan/", "how-to/plan"), ("/", "")):
        wanted = f'href="/help/{name}/"' if name else 'href="/help/"'
        assert wanted in client.get(address).content.decode()
    assert set(manual.HELPS.values()) <= set(manual.pages())
