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
    assert "All quiet, nothing open" in page
    assert "Paste the bureau&#x27;s text" in page or "Paste the bureau's text" in page


def test_every_word_of_the_scripts_and_of_the_faces_has_its_english() -> None:
    known = {key.split("\0")[0] for key in words.read_po(PO)}
    said: set[str] = set()
    for path in (ROOT / "faces" / "console" / "front" / "src").rglob("*.ts"):
        text = path.read_text(encoding="utf-8")
        said |= set(re.findall(r'\bt(?:n)?\(\s*"((?:[^"\\]|\\.)+)"', text))
    for path in (ROOT / "faces").rglob("*.py"):
        if "front" not in path.parts:
            said |= set(re.findall(r'(?<![\w.])_\(\s*"([^"]+)"', path.read_text(encoding="utf-8")))
    assert said, "no word found: the pattern is wrong"
    assert sorted(said - known) == []


def test_scripts_hold_no_word_outside_the_catalogue() -> None:
    """A Chinese string in TypeScript that does not go through t() would never be translated."""
    bare: list[str] = []
    for path in (ROOT / "faces" / "console" / "front" / "src").rglob("*.ts"):
        for line in path.read_text(encoding="utf-8").splitlines():
            code = re.sub(r"//.*|/\*\*?.*?\*/", "", line)
            code = re.sub(r'\bt(?:n)?\(\s*"(?:[^"\\]|\\.)+"', "", code)
            bare += [f"{path.name}: {line.strip()}"] if re.search(r"[一-鿿]", code) else []
    assert bare == []


def test_no_template_says_a_chinese_word_outside_gettext() -> None:
    """What stands between tags, or in a title or placeholder, goes through the catalogue."""
    bare: list[str] = []
    for path in ROOT.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"{% blocktrans.*?{% endblocktrans %}", "", text, flags=re.S)
        text = re.sub(r"{%.*?%}|{{.*?}}", "", text, flags=re.S)
        bare += [f"{path.name}: {word}" for word in re.findall(r"[一-鿿]+", text)]
    assert [entry for entry in bare if not entry.endswith(": 中文")] == []


def test_every_column_says_what_it_holds() -> None:
    """A head without a word is silence to who listens to the page; "unseen" hides it from the eye."""
    empty = [path.name for path in ROOT.rglob("*.html")
             if re.search(r"<th\b[^>]*>\s*</th>", path.read_text(encoding="utf-8"))]  # fmt: skip
    assert empty == []
