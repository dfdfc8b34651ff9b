"""The journal (日志): a line with every change, sealed within a second, verifiable afterwards.

Lines are written in the transaction of the change. The round `seal` then chains them: a seal
names the ids that it covers, so a line that commits late goes into a later seal and no writer
ever waits for the chain. `verify` reads everything again and names the first line that is broken.
Anchors outside the database (a file in the county's folder) show a cut tail.

While the journal's table cannot be written, what needs a line is refused. Only lines that were
named by `goes_on` (life-safety sends and answers) go to the spool instead, and into the journal
once it can be written again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection, models, transaction
from django.utils.translation import gettext as _

from anlan.ground import secrets, spool
from anlan.ground.errors import NotRunning
from anlan.ground.live import tell
from anlan.ground.scope import Scope, current, in_one_trip, prepared

WHY_CHARS_MAX = 2000
SEAL_LINES_MAX = 200_000
SETTLE_S = 900
DIGEST_BYTES = 8
ADVISORY_LOCK = 0x5EA1
GENESIS = b"\0" * 32
LOCK_MS_MAX = 2000
# For `Scope.in_one_trip`.
WAITS_NO_LONGER = f", set_config('lock_timeout', '{LOCK_MS_MAX}', true)"
INSERT = (
    f"INSERT INTO ground_journal ({', '.join(spool.COLUMNS)})"  # noqa: S608
    f" VALUES (%s{', %s' * (len(spool.COLUMNS) - 1)})"
)
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
    fields = [
        scope.world, where, actor.kind, actor.id, clean(actor.label, 200), actor.post_id,
        clean(actor.address, 64), action, kind, clean(ident, 64), clean(why),
        _digest(before), _digest(after), result, clean(actor.request_id, 64),
    ]  # fmt: skip
    if action in _GOING_ON:
        _write_or_spool(fields)
    else:
        _write_or_refuse(fields)
    _lines.set(_lines.get() + 1)
    tell(scope, "journal", where, action=action)


_GOING_ON: set[str] = set()


def goes_on(*actions: str) -> None:
    """Name the lines of life-safety sends: they go on while the journal cannot be written."""
    _GOING_ON.update(actions)


def _write_or_refuse(fields: list[Any]) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute(INSERT, fields)
    except DatabaseError as error:
        if _lost():
            raise
        raise NotRunning(
            "journal-away", _("日志写不进去，这一步没有办"), "ground_journal",
            _("请管理员修复日志表；叫应和应答不受影响"),
        ) from error  # fmt: skip


def _write_or_spool(fields: list[Any]) -> None:
    """In a savepoint, so that a journal that cannot be written takes nothing else with it.

    In one trip there is no way back to a savepoint: the whole trip fails there, and whoever made it
    goes again in steps. A table that somebody has locked is waited for LOCK_MS_MAX milliseconds
    only; a trip says so for all of its statements (`WAITS_NO_LONGER`).
    """
    if in_one_trip():
        prepared(connection.connection, INSERT, fields)
        return
    try:
        with transaction.atomic():
            _insert(fields)
    except DatabaseError:
        if _lost():
            raise
        spool.put(fields)


def _insert(fields: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [str(LOCK_MS_MAX)])
        cursor.execute(INSERT, fields)
        cursor.execute("SELECT set_config('lock_timeout', '0', true)")


def _lost() -> bool:
    """Whether the database itself went away: then nothing at all can be written."""
    own = connection.connection
    return own is None or bool(own.closed)


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
        last = cursor.fetchone() or (0, GENESIS)
        found = _unsealed(cursor)
        if not found:
            return 0
        ids = [row[0] for row in found]
        cursor.execute("SELECT clock_timestamp()")
        made = _Sealed(
            last[0] + 1, cursor.fetchone()[0], ids[0], ids[-1], list(_ranges(ids)), len(ids),
            b"".join(bytes(row[1])[:DIGEST_BYTES] for row in found), bytes(last[1]), b"", ids,
            b"".join(bytes(row[1]) for row in found),
        )  # fmt: skip
        cursor.execute(
            "INSERT INTO ground_seal (id, at, first_line, last_line, lines, count, line_digests,"
            " previous, digest) VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s)",
            [made.id, made.at, made.first_line, made.last_line, json.dumps(made.ranges),
             made.count, made.line_digests, made.previous, _chain(made, made.previous)],
        )  # fmt: skip
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


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A seal as it is kept, with the ids and digests of its lines as they are now."""

    id: int
    at: datetime
    first_line: int
    last_line: int
    ranges: list[list[int]]
    count: int
    line_digests: bytes
    previous: bytes
    digest: bytes
    found_ids: list[int]
    found: bytes


def _chain(seal: _Sealed, previous: bytes) -> bytes:
    """Keyed digest over every field of the seal, the lines it names and the seal before it."""
    named = json.dumps(
        [seal.id, seal.at.astimezone(UTC).isoformat(), seal.first_line, seal.last_line,
         seal.ranges, seal.count]
    ).encode()  # fmt: skip
    parts = (named, seal.line_digests, seal.found)
    content = previous + b"".join(hashlib.sha256(part).digest() for part in parts)
    return secrets.digest("seal", content)


def verify(scope: Scope, anchors: Path | None = None) -> Verdict:
    """Read every line and every seal again; name the first that does not hold."""
    previous, lines, seals, last_seal = GENESIS, 0, 0, None
    with scope.open(), connection.cursor() as cursor:
        for row in _seals(cursor):
            fault = _broken(row, seals + 1, previous)
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


def _seals(cursor: Any) -> Iterator[_Sealed]:
    """Each seal with the ids and digests of the lines as they are now, some seals at a time."""
    step, after = 500, -sys.maxsize
    while True:
        cursor.execute(
            "SELECT s.id, s.at, s.first_line, s.last_line, s.lines, s.count, s.line_digests,"
            " s.previous, s.digest, l.ids, l.found"
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
            ranges = row[4] if isinstance(row[4], list) else json.loads(row[4])
            yield _Sealed(
                row[0], row[1], row[2], row[3], ranges, row[5], bytes(row[6]), bytes(row[7]),
                bytes(row[8]), row[9] or [], bytes(row[10] or b""),
            )  # fmt: skip


def _broken(row: _Sealed, number: int, previous: bytes) -> Fault | None:
    """What is wrong with the seal that should be the number-th, and with which of its lines."""
    if row.id != number or not hmac.compare_digest(row.previous, previous):
        return None, row.id, "the seal before this one is missing or changed"
    expected = [n for first, last in row.ranges for n in range(first, last + 1)]
    if row.found_ids != expected:
        missing = sorted(set(expected) - set(row.found_ids))
        return next(iter(missing or expected), None), row.id, "a sealed line is missing"
    if hmac.compare_digest(row.digest, _chain(row, previous)):
        return None
    full = len(GENESIS)
    for place, line_id in enumerate(expected):
        kept = row.line_digests[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES]
        if kept != row.found[place * full : place * full + DIGEST_BYTES]:
            return line_id, row.id, "a sealed line was changed"
    return None, row.id, "the seal was changed"


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
