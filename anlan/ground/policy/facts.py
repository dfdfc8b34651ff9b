"""Which fact views rooms and engines publish, and their columns, read from their `facts.sql`.

Flows in: `engines/*/facts.sql` and `rooms/*/facts.sql`. Flows out: column names by view, without a
database, so that `anlan packs check` runs anywhere. A test holds them against the catalogue.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

ANLAN = Path(__file__).resolve().parents[2]
VIEW = re.compile(
    r"CREATE\s+VIEW\s+(\w+)\s+WITH\s*\(\s*security_invoker\s*=\s*true\s*\)\s+AS\s+", re.I
)
ITEM = re.compile(r"(?:\bAS\s+)?\"?([a-z_][a-z0-9_]*)\"?\s*$", re.I)


@lru_cache(maxsize=4)
def published(root: Path = ANLAN) -> dict[str, frozenset[str]]:
    """Columns by published view."""
    found: dict[str, frozenset[str]] = {}
    for path in sorted([*root.glob("engines/*/facts.sql"), *root.glob("rooms/*/facts.sql")]):
        text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
        for match in VIEW.finditer(text):
            items = _items(text[match.end() :])
            found[match[1]] = frozenset(name for item in items if (name := _name(item)))
    return found


def _items(body: str) -> list[str]:
    """The items of the outermost SELECT: split at commas outside brackets, up to its FROM."""
    found, item, depth, at = [], "", 0, re.match(r"\s*SELECT\s", body, re.I)
    rest = body[at.end() :] if at else ""
    for word in re.findall(r"'[^']*'|\w+|\s+|[^\w\s]", rest):
        depth += (word == "(") - (word == ")")
        if depth == 0 and word.upper() == "FROM":
            break
        if depth == 0 and word == ",":
            found.append(item)
            item = ""
        else:
            item += word
    return [*found, item]


def _name(item: str) -> str:
    match = ITEM.search(item.strip())
    return match[1] if match else ""
