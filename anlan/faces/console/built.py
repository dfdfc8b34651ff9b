"""The built front end, as the templates ask for it: which file is which, and its words.

Flows in: `static/console/manifest.json` and `words.json`, written by the build. Flows out: tags for
a page's head. Where nothing was built, the page says what to type instead of looking broken.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

STATIC = Path(__file__).resolve().parent / "static" / "console"
ENTRIES = {"shell": "src/shell.ts", "map": "src/map/page.ts", "parts": "src/parts.ts",
           "wall": "src/wall.ts", "pick": "src/pick.ts"}  # fmt: skip
# A count of one has a form of its own in English; the scripts ask for it under this mark.
ONE = "\x01"


@lru_cache(maxsize=4)
def _read(name: str, changed_ns: int) -> Any:
    return json.loads((STATIC / name).read_text(encoding="utf-8"))


def _load(name: str) -> Any:
    """The file as it stands now; None where the front end was not built."""
    try:
        return _read(name, (STATIC / name).stat().st_mtime_ns)
    except (OSError, ValueError):
        return None


def files(entry: str) -> tuple[list[str], list[str]]:
    """(styles, scripts) of an entry, styles of what it imports first."""
    manifest = _load("manifest.json") or {}
    styles: list[str] = []

    def walk(key: str) -> None:
        part = manifest.get(key, {})
        for other in part.get("imports", []):
            walk(other)
        styles.extend(name for name in part.get("css", []) if name not in styles)

    walk(ENTRIES[entry])
    script = manifest.get(ENTRIES[entry], {}).get("file")
    return styles, [script] if script else []


def tags(entry: str) -> SafeString:
    """`<link>` and `<script>` of an entry."""
    styles, scripts = files(entry)
    links = format_html_join(
        "", '<link rel="stylesheet" href="/static/console/{}">', ((name,) for name in styles)
    )
    own = format_html_join(
        "", '<script type="module" src="/static/console/{}"></script>', ((n,) for n in scripts)
    )
    return format_html("{}{}", links, own)


def words() -> dict[str, str]:
    """What the scripts say, in the reader's language; empty where that is the source's."""
    found: dict[str, str] = {}
    for word in _load("words.json") or []:
        if "%(n)d" in word:
            for key, n in ((word, 2), (word + ONE, 1)):
                said = ngettext(word, word, n)
                if said != word:
                    found[key] = said
        elif (said := gettext(word)) != word:
            found[word] = said
    return found


def is_built() -> bool:
    """Whether there is anything to show."""
    return _load("manifest.json") is not None
