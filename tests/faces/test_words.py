"""The shell speaks English: every word of its templates has one, and pages show it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from anlan.faces.console import words

ROOT = Path(__file__).resolve().parents[2] / "anlan"
PO = words.LOCALE / "en" / "LC_MESSAGES" / "django.po"


def marked() -> set[str]:
    found: set[str] = set()
    for path in ROOT.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'{% trans "([^"]+)" %}', text))
        for block in re.findall(r"{% blocktrans[^%]*%}(.*?){% endblocktrans %}", text, re.S):
            found.add(re.sub(r"{{ (\w+) }}", r"%(\1)s", block))
    return found


def test_every_marked_word_of_the_templates_has_its_english() -> None:
    known = words.read_po(PO)
    assert sorted(marked() - set(known)) == []


def test_placeholders_survive_translation() -> None:
    for original, english in words.read_po(PO).items():
        wanted = set(re.findall(r"%\(\w+\)[ds]", original))
        assert wanted == set(re.findall(r"%\(\w+\)[ds]", english)), original


def test_the_page_changes_its_language(county_db: str, client_of: Callable[..., Any]) -> None:
    words.main()
    from django.utils.translation import trans_real

    trans_real._translations.clear()
    client = client_of("duty_officer")
    client.cookies["django_language"] = "en"
    page = client.get("/").content.decode()
    assert '<html lang="en">' in page
    assert "A quiet night, nothing open" in page
    assert "Paste the bureau&#x27;s text" in page or "Paste the bureau's text" in page
