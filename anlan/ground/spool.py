"""Lines that the journal could not take, kept in an append-only file until it can again.

Flows in: lines of life-safety sends (call-outs that ring, answers, headcounts) while the journal's
table cannot be written. Flows out: the same lines in the journal, none missing and none twice.
An entry is on disk before its transaction commits and names that transaction, so that a line of
what was rolled back is dropped; it carries a keyed mark, so that a forged one is set aside.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.db import connection, transaction

from anlan.ground import secrets
from anlan.ground.errors import NotRunning
from anlan.ground.machine import site
from anlan.ground.scope import Scope

log = logging.getLogger("anlan.journal")

SPOOL_BYTES_MAX = 1_000_000_000
MERGE_LINES_MAX = 50_000
COLUMNS = (
    "world", "division", "actor_kind", "actor_id", "actor", "post_id", "address", "action",
    "object_kind", "object_id", "why", "before", "after", "result", "request_id",
)  # fmt: skip
# Asked about a transaction that has not begun, `pg_xact_status` would be an error.
STATUS = """
SELECT CASE WHEN %(xid)s::xid8 < pg_snapshot_xmax(pg_current_snapshot())
  THEN pg_xact_status(%(xid)s::xid8) ELSE 'in progress' END
"""
BINARY = frozenset({"before", "after"})


def path() -> Path:
    """The spool of this county, outside its database."""
    return site().home / "spool" / "journal"


def waiting() -> int:
    """How many lines wait in the spool."""
    own = path()
    return sum(1 for _entry in own.open("rb")) if own.exists() else 0


def put(fields: list[Any]) -> None:
    """Append one line of the open transaction, durably; NotRunning where the spool is full."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text, clock_timestamp()")
        xid, at = cursor.fetchone()
    entry = {
        "id": uuid.uuid4().hex, "xid": xid, "at": at.isoformat(),
        **{name: _plain(value) for name, value in zip(COLUMNS, fields, strict=True)},
    }  # fmt: skip
    text = json.dumps(entry, ensure_ascii=False, sort_keys=True)
    with _locked("ab") as handle:
        if handle.tell() > SPOOL_BYTES_MAX:
            raise NotRunning("spool-full", "日志缓存已满", str(path()), "请修复日志表")
        handle.write(f"{_mark(text)} {text}\n".encode())
        handle.flush()
        os.fsync(handle.fileno())
    log.error("the journal cannot be written: a line of %s was spooled", entry["action"])


def _plain(value: Any) -> Any:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def _mark(text: str) -> str:
    return secrets.digest("spool", text.encode()).hex()


@contextmanager
def _locked(mode: str) -> Iterator[IO[bytes]]:
    """The spool under its lock; opened again when it was replaced while we waited."""
    own = path()
    own.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    while True:
        with open(os.open(own, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), mode) as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if own.exists() and os.fstat(handle.fileno()).st_ino == own.stat().st_ino:
                yield handle
                return


def merge(scope: Scope) -> int:
    """Bring the spooled lines into the journal; returns how many. Safe to repeat after a kill."""
    if not path().exists():
        return 0
    with _locked("rb") as handle:
        handle.seek(0)
        entries = handle.read().splitlines(keepends=True)
        if not entries:
            return 0
        with scope.open(), transaction.atomic():
            merged, later, broken = _merge(entries[:MERGE_LINES_MAX])
        _set_aside(broken)
        _replace(later + entries[MERGE_LINES_MAX:])
    if merged or broken:
        log.warning("%d spooled lines merged, %d set aside", merged, len(broken))
    return merged


def _merge(entries: list[bytes]) -> tuple[int, list[bytes], list[bytes]]:
    """(merged, entries whose transaction still runs, entries that are not ours)."""
    merged, later, broken = 0, [], []
    with connection.cursor() as cursor:
        for raw in entries:
            entry = _read(raw)
            if entry is None:
                broken.append(raw)
                continue
            cursor.execute(STATUS, {"xid": entry["xid"]})
            status = cursor.fetchone()[0]
            if status == "in progress":
                later.append(raw)
            elif status != "aborted":
                merged += _insert(cursor, entry)
    return merged, later, broken


def _read(raw: bytes) -> dict[str, Any] | None:
    """The entry, or None where its mark does not hold (half a line, or one that is not ours)."""
    try:
        mark, text = raw.decode().rstrip("\n").split(" ", 1)
        found: dict[str, Any] = json.loads(text)
    except ValueError:
        return None
    return found if mark == _mark(text) else None


def _insert(cursor: Any, entry: dict[str, Any]) -> int:
    """One line with the time at which it happened, once however often it is merged."""
    cursor.execute(
        "INSERT INTO ground_spooled (id) VALUES (%s) ON CONFLICT DO NOTHING", [entry["id"]]
    )
    if not cursor.rowcount:
        return 0
    values = [
        bytes.fromhex(entry[name]) if name in BINARY and entry[name] else entry[name]
        for name in COLUMNS
    ]
    cursor.execute(
        f"INSERT INTO ground_journal (at, {', '.join(COLUMNS)})"  # noqa: S608
        f" VALUES (%s{', %s' * len(COLUMNS)})",
        [entry["at"], *values],
    )
    return 1


def _set_aside(broken: list[bytes]) -> None:
    if broken:
        with path().with_suffix(".broken").open("ab") as handle:
            handle.writelines(broken)
            handle.flush()
            os.fsync(handle.fileno())


def _replace(rest: list[bytes]) -> None:
    fresh = path().with_suffix(".new")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
        handle.writelines(rest)
        handle.flush()
        os.fsync(handle.fileno())
    fresh.rename(path())
