"""The journal (日志): a line with every change, sealed within a second, verifiable afterwards.

Lines are written in the transaction of the change. The round `seal` then chains them: a seal
names the ids that it covers, so a line that commits late goes into a later seal and no writer
ever waits for the chain. `verify` reads everything again and names the first line that is broken.
Anchors outside the database (a file in the county's folder) show a cut tail.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import unicodedata
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, models

from anlan.ground import secrets
from anlan.ground.live import tell
from anlan.ground.scope import Scope, current

WHY_CHARS_MAX = 2000
SEAL_LINES_MAX = 200_000
SETTLE_S = 900
DIGEST_BYTES = 8
ADVISORY_LOCK = 0x5EA1
GENESIS = b"\0" * 32
Fault = tuple[int | None, int | None, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `verify` found. broken_line, broken_seal: None where all holds."""

    lines: int
    seals: int
    unsealed: int
    broken_line: int | None
    broken_seal: int | None
    reason: str
    anchor_seal: int | None
    anchor_at: str | None

    @property
    def whole(self) -> bool:
        return self.broken_line is None and self.broken_seal is None


def clean(text: str, limit: int = WHY_CHARS_MAX) -> str:
    """Text without line breaks, control, bidirectional or invisible marks: it forges no line."""
    plain = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in str(text))
    return plain.replace("\u2028", " ").replace("\u2029", " ")[:limit]


def line(
    scope: Scope,
    action: str,
    obj: models.Model | tuple[str, object] | None,
    *,
    why: str = "",
    before: object = None,
    after: object = None,
    division: int | None = None,
    result: str = "done",
) -> None:
    """Write one line in the open transaction. before, after: kept as keyed digests only."""
    kind, ident, place = _subject(obj)
    where = division if division is not None else place if place is not None else max(scope.lo, 0)
    actor = scope.actor
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ground_journal (world, division, actor_kind, actor_id, actor, post_id,"
            " address, action, object_kind, object_id, why, before, after, result, request_id)"
            " VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)",
            [
                scope.world, where, actor.kind, actor.id, clean(actor.label, 200), actor.post_id,
                clean(actor.address, 64), action, kind, clean(ident, 64), clean(why),
                _digest(before), _digest(after), result, clean(actor.request_id, 64),
            ],
        )  # fmt: skip
    _lines.set(_lines.get() + 1)
    tell(scope, "journal", where, action=action)


_lines: ContextVar[int] = ContextVar("anlan_journal_lines", default=0)


def lines_written() -> int:
    """How many lines this thread has written; an action must raise it."""
    return _lines.get()


def denied(scope: Scope, action: str, why: str) -> None:
    """A line for what was refused, in a transaction of its own."""
    if current() is not None:
        return
    with scope.open():
        line(scope, action, None, why=why, result="denied")


def _subject(obj: models.Model | tuple[str, object] | None) -> tuple[str, str, int | None]:
    if obj is None:
        return "", "", None
    if isinstance(obj, tuple):
        return obj[0], str(obj[1]), None
    return obj._meta.label_lower, str(obj.pk), getattr(obj, "division", None)


def _digest(value: object) -> bytes | None:
    if value is None:
        return None
    content = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str).encode()
    return secrets.digest("journal", content)


def seal(scope: Scope) -> int:
    """Chain the lines that no seal names yet; returns how many. One sealer at a time."""
    with scope.open(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ADVISORY_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute("SELECT id, digest FROM ground_seal ORDER BY id DESC LIMIT 1")
        last = cursor.fetchone()
        previous = bytes(last[1]) if last else GENESIS
        found = _unsealed(cursor)
        if not found:
            return 0
        ids = [row[0] for row in found]
        digests = b"".join(bytes(row[1])[:DIGEST_BYTES] for row in found)
        ranges = list(_ranges(ids))
        whole = _chain(previous, ranges, b"".join(bytes(row[1]) for row in found))
        cursor.execute(
            "INSERT INTO ground_seal (first_line, last_line, lines, count, line_digests,"
            " previous, digest) VALUES (%s,%s,%s,%s,%s,%s,%s)",
            [ids[0], ids[-1], json.dumps(ranges), len(ids), digests, previous, whole],
        )
    return len(ids)


def _unsealed(cursor: Any) -> list[tuple[int, bytes]]:
    """Lines beyond the settled ones that no recent seal names (see SETTLE_S)."""
    cursor.execute(
        "WITH settled AS (SELECT coalesce(max(last_line), 0) AS id FROM ground_seal"
        "   WHERE at < clock_timestamp() - make_interval(secs => %s)),"
        " recent AS (SELECT range_agg(int8range((r->>0)::bigint, (r->>1)::bigint, '[]')) AS ids"
        "   FROM ground_seal s, jsonb_array_elements(s.lines) r, settled"
        "   WHERE s.last_line > settled.id)"
        " SELECT j.id, ground_line_digest(j) FROM ground_journal j, settled, recent"
        " WHERE j.id > settled.id AND NOT coalesce(recent.ids @> j.id, false)"
        " ORDER BY j.id LIMIT %s",
        [SETTLE_S, SEAL_LINES_MAX],
    )
    return list(cursor.fetchall())


def _ranges(ids: Iterable[int]) -> Iterator[list[int]]:
    first = last = None
    for number in ids:
        if last is not None and number == last + 1:
            last = number
            continue
        if first is not None and last is not None:
            yield [first, last]
        first = last = number
    if first is not None and last is not None:
        yield [first, last]


def _chain(previous: bytes, ranges: list[list[int]], digests: bytes) -> bytes:
    named = json.dumps(ranges).encode()
    content = previous + hashlib.sha256(named).digest() + hashlib.sha256(digests).digest()
    return secrets.digest("seal", content)


def verify(scope: Scope, anchors: Path | None = None) -> Verdict:
    """Read every line and every seal again; name the first that does not hold."""
    previous, lines, seals, last_seal = GENESIS, 0, 0, None
    with scope.open(), connection.cursor() as cursor:
        for row in _seals(cursor):
            fault = _broken(row, previous)
            if fault is not None:
                return Verdict(lines, seals, 0, *fault, *_anchor(anchors))
            previous, last_seal = row.digest, row.id
            lines += row.count
            seals += 1
        late = _cut_tail(anchors, last_seal, cursor) or _outside(cursor)
        if late is not None:
            return Verdict(lines, seals, 0, *late, *_anchor(anchors))
        cursor.execute("SELECT count(*) FROM ground_journal")
        total = cursor.fetchone()[0]
    return Verdict(total, seals, total - lines, None, None, "", *_anchor(anchors))


@dataclass(frozen=True, slots=True)
class _Sealed:
    id: int
    ranges: list[list[int]]
    count: int
    line_digests: bytes
    previous: bytes
    digest: bytes
    found_ids: list[int]
    found: bytes


def _seals(cursor: Any) -> Iterator[_Sealed]:
    """Each seal with the ids and digests of the lines as they are now, some seals at a time."""
    step, after = 500, 0
    while True:
        cursor.execute(
            "SELECT s.id, s.lines, s.count, s.line_digests, s.previous, s.digest, l.ids, l.found"
            " FROM (SELECT * FROM ground_seal WHERE id > %s ORDER BY id LIMIT %s) s,"
            " LATERAL (SELECT array_agg(j.id ORDER BY j.id) AS ids,"
            "   string_agg(ground_line_digest(j), ''::bytea ORDER BY j.id) AS found"
            "   FROM jsonb_array_elements(s.lines) r JOIN ground_journal j"
            "   ON j.id BETWEEN (r->>0)::bigint AND (r->>1)::bigint) l ORDER BY s.id",
            [after, step],
        )
        rows = cursor.fetchall()
        if not rows:
            return
        for row in rows:
            after = row[0]
            ranges = row[1] if isinstance(row[1], list) else json.loads(row[1])
            yield _Sealed(
                row[0], ranges, row[2], bytes(row[3]), bytes(row[4]), bytes(row[5]),
                row[6] or [], bytes(row[7] or b""),
            )  # fmt: skip


def _broken(row: _Sealed, previous: bytes) -> Fault | None:
    if not hmac.compare_digest(row.previous, previous):
        return None, row.id, "the seal before this one is missing or changed"
    expected = [n for first, last in row.ranges for n in range(first, last + 1)]
    if row.found_ids != expected:
        missing = sorted(set(expected) - set(row.found_ids))
        return (missing or [expected[0]])[0], row.id, "a sealed line is missing"
    full = len(GENESIS)
    for place, number in enumerate(expected):
        kept = row.line_digests[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES]
        if kept != row.found[place * full : place * full + DIGEST_BYTES]:
            return number, row.id, "a sealed line was changed"
    if row.count != len(expected):
        return expected[0], row.id, "the seal's count was changed"
    if not hmac.compare_digest(row.digest, _chain(previous, row.ranges, row.found)):
        return None, row.id, "the seal was changed"
    return None


def _outside(cursor: Any) -> Fault | None:
    """A line whose id lies among settled lines and that no seal names was put in later."""
    cursor.execute(
        "WITH settled AS (SELECT coalesce(max(last_line), 0) AS id FROM ground_seal"
        "   WHERE at < clock_timestamp() - make_interval(secs => %s)),"
        " named AS (SELECT range_agg(int8range((r->>0)::bigint, (r->>1)::bigint, '[]')) AS ids"
        "   FROM ground_seal s, jsonb_array_elements(s.lines) r)"
        " SELECT min(j.id) FROM ground_journal j, settled, named"
        " WHERE j.id <= settled.id AND NOT coalesce(named.ids @> j.id, false)",
        [SETTLE_S],
    )
    found = cursor.fetchone()[0]
    return None if found is None else (found, None, "a line that no seal names")


def anchor(scope: Scope, path: Path) -> int:
    """Append the newest seal to a file outside the database; returns the seal's id."""
    with scope.open(), connection.cursor() as cursor:
        cursor.execute("SELECT id, digest, at FROM ground_seal ORDER BY id DESC LIMIT 1")
        newest = cursor.fetchone()
    if newest is None:
        return 0
    moment: datetime = newest[2]
    entry = {"seal": newest[0], "digest": bytes(newest[1]).hex(), "at": moment.isoformat()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        handle.write(json.dumps(entry) + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    return int(newest[0])


def _anchors(path: Path | None) -> list[dict[str, Any]]:
    if path is None or not path.exists():
        return []
    return [json.loads(entry) for entry in path.read_text().splitlines() if entry.strip()]


def _anchor(path: Path | None) -> tuple[int | None, str | None]:
    entries = _anchors(path)
    return (entries[-1]["seal"], entries[-1]["at"]) if entries else (None, None)


def _cut_tail(path: Path | None, last: int | None, cursor: Any) -> Fault | None:
    """Seals that an anchor names and that are gone or differ: the tail was cut."""
    for entry in _anchors(path):
        cursor.execute("SELECT digest FROM ground_seal WHERE id = %s", [entry["seal"]])
        found = cursor.fetchone()
        if found is None or bytes(found[0]).hex() != entry["digest"]:
            return None, entry["seal"], f"the anchored seal is gone; the last one is {last}"
    return None
