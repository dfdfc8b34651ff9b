"""Messages of all telephones in one SQLite file; a message is stored before it is acknowledged."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

MESSAGES_MAX = 200_000
SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
  id INTEGER PRIMARY KEY AUTOINCREMENT, phone TEXT NOT NULL, direction TEXT NOT NULL,
  peer TEXT NOT NULL, text TEXT NOT NULL, at REAL NOT NULL, reference INTEGER,
  seen INTEGER NOT NULL DEFAULT 0, delivered INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS message_phone ON message (phone, id);
CREATE INDEX IF NOT EXISTS message_out ON message (delivered, id) WHERE direction = 'out';
"""


Method = TypeVar("Method", bound=Callable[..., Any])


def _locked(method: Method) -> Method:
    """One statement at a time: the centre and the pages run in threads of their own."""

    @wraps(method)
    def run(self: Store, *args: Any, **kwargs: Any) -> Any:
        with self.lock:
            return method(self, *args, **kwargs)

    return run  # type: ignore[return-value]


class Store:
    """`in` is what a telephone got, `out` what it sends."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self.base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.base.row_factory = sqlite3.Row
        self.base.execute("PRAGMA journal_mode = WAL")
        self.base.execute("PRAGMA synchronous = NORMAL")
        self.base.executescript(SCHEMA)

    @_locked
    def add(self, phone: str, direction: str, peer: str, text: str, reference: int | None) -> int:
        """Store a message; the oldest go when there are too many."""
        cursor = self.base.execute(
            "INSERT INTO message (phone, direction, peer, text, at, reference)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (phone, direction, peer, text, time.time(), reference),
        )
        ident = int(cursor.lastrowid or 0)
        if ident % 1000 == 0:
            self.base.execute("DELETE FROM message WHERE id <= ?", (ident - MESSAGES_MAX,))
        return ident

    @_locked
    def phones(
        self, sought: str = "", named: Sequence[str] = (), limit: int = 300
    ) -> list[dict[str, Any]]:
        """Telephones with unread messages first, then the newest message first.

        sought: part of the number or of a message; named: numbers that count as found too.
        """
        like = f"%{sought}%"
        rows = self.base.execute(
            "SELECT m.phone, m.text, m.at, m.direction, (SELECT count(*) FROM message u WHERE"
            " u.phone = m.phone AND u.direction = 'in' AND u.seen = 0) AS unread FROM message m"
            " JOIN (SELECT phone, max(id) AS id FROM message WHERE phone LIKE ? OR text LIKE ?"
            " OR phone IN (SELECT value FROM json_each(?))"
            " GROUP BY phone) last ON last.id = m.id ORDER BY unread > 0 DESC, m.id DESC LIMIT ?",
            (like, like, json.dumps(list(named)), limit),
        )
        return [dict(row) for row in rows]

    @_locked
    def of_phone(
        self, phone: str, mark_seen: bool = False, limit: int = 200
    ) -> list[dict[str, Any]]:
        """One telephone's messages, oldest first."""
        if mark_seen:
            self.base.execute("UPDATE message SET seen = 1 WHERE phone = ? AND seen = 0", (phone,))
        rows = self.base.execute(
            "SELECT * FROM (SELECT * FROM message WHERE phone = ? ORDER BY id DESC LIMIT ?)"
            " ORDER BY id",
            (phone, limit),
        )
        return [dict(row) for row in rows]

    @_locked
    def unanswered(self, limit: int = MESSAGES_MAX) -> list[dict[str, Any]]:
        """The newest message of each telephone that has not sent one since, oldest first."""
        rows = self.base.execute(
            "SELECT m.* FROM message m JOIN (SELECT max(id) AS id FROM message GROUP BY phone) last"
            " ON last.id = m.id WHERE m.direction = 'in' ORDER BY m.id LIMIT ?",
            (limit,),
        )
        return [dict(row) for row in rows]

    @_locked
    def since(self, ident: int, limit: int = 1000) -> list[dict[str, Any]]:
        """Messages after an id."""
        rows = self.base.execute(
            "SELECT * FROM message WHERE id > ? ORDER BY id LIMIT ?", (ident, limit)
        )
        return [dict(row) for row in rows]

    @_locked
    def undelivered(self, limit: int = 50) -> list[dict[str, Any]]:
        """Answers that no bound client has taken yet."""
        rows = self.base.execute(
            "SELECT * FROM message WHERE direction = 'out' AND delivered = 0 ORDER BY id LIMIT ?",
            (limit,),
        )
        return [dict(row) for row in rows]

    @_locked
    def mark_delivered(self, ident: int) -> None:
        self.base.execute("UPDATE message SET delivered = 1 WHERE id = ?", (ident,))

    @_locked
    def last_id(self) -> int:
        return int(self.base.execute("SELECT coalesce(max(id), 0) FROM message").fetchone()[0])
