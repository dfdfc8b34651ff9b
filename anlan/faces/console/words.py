"""Compiles the words of other languages: `.po` into the `.mo` that Django reads.

Run at set-up (`python -m anlan.faces.console.words`); the compiled files are never committed.
The format is that of GNU gettext, "The Format of GNU MO Files".
"""

from __future__ import annotations

import ast
import struct
from pathlib import Path

LOCALE = Path(__file__).parent / "locale"
MAGIC = 0x950412DE


def read_po(path: Path) -> dict[str, str]:
    """msgid (with its plural after a NUL) → msgstr (plural forms joined by NUL)."""
    found: dict[str, str] = {}
    fields: dict[str, str] = {}
    name = ""
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        text = line.strip()
        if not text or text.startswith("#"):
            _keep(fields, found)
            fields = {} if not text else fields
            continue
        if not text.startswith('"'):
            name, _space, text = text.partition(" ")
        fields[name] = fields.get(name, "") + ast.literal_eval(text)
    return found


def _keep(fields: dict[str, str], found: dict[str, str]) -> None:
    if "msgid" not in fields:
        return
    if "msgid_plural" in fields:
        key = fields["msgid"] + "\0" + fields["msgid_plural"]
        found[key] = fields["msgstr[0]"] + "\0" + fields["msgstr[1]"]
    else:
        found[fields["msgid"]] = fields["msgstr"]


def write_mo(words: dict[str, str], path: Path) -> None:
    """Sorted tables of originals and translations, then the strings."""
    pairs = sorted((k.encode(), v.encode()) for k, v in words.items() if v)
    count = len(pairs)
    at = 28 + 16 * count
    tables, strings = [], b""
    for column in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<II", len(pair[column]), at + len(strings)))
            strings += pair[column] + b"\0"
    head = struct.pack("<7I", MAGIC, 0, count, 28, 28 + 8 * count, 0, at)
    path.write_bytes(head + b"".join(tables) + strings)


def main() -> None:
    for source in LOCALE.rglob("*.po"):
        write_mo(read_po(source), source.with_suffix(".mo"))


if __name__ == "__main__":
    main()
