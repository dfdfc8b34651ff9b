"""Whose telephone is whose, as the county's own file says it: number → name and post.

A telephone network knows numbers only; the file is there so that a newcomer sees who it is that
does not answer. Without it, or where it cannot be read, the box shows numbers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FILE_BYTES_MAX = 20_000_000


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody: name and post, empty where nobody said."""

    name: str = ""
    post: str = ""


class Contacts:
    """Reads the file again whenever it has changed."""

    def __init__(self, path: Path | None):
        self.path = path
        self.changed_ns = 0
        self.known: dict[str, Contact] = {}

    def of(self, phone: str) -> Contact:
        """Who answers this telephone."""
        self._read()
        return self.known.get(phone, Contact())

    def named(self, sought: str) -> list[str]:
        """Telephones of those whose name or post holds what is sought."""
        self._read()
        return [
            phone for phone, one in self.known.items()
            if sought and sought in f"{one.post}{one.name}"
        ]  # fmt: skip

    def _read(self) -> None:
        if self.path is None:
            return
        try:
            found = self.path.stat()
            if found.st_mtime_ns == self.changed_ns or found.st_size > FILE_BYTES_MAX:
                return
            rows = json.loads(self.path.read_text(encoding="utf-8"))
            self.known = {
                str(phone): Contact(str(row.get("name", "")), str(row.get("post", "")))
                for phone, row in rows.items()
            }
            self.changed_ns = found.st_mtime_ns
        except (OSError, ValueError, AttributeError):
            return
