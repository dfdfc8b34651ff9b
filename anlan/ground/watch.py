"""How the rounds run (巡检): when each ran last, how late it is, and what it last failed with.

Flows in: the rows that the loop writes. Flows out: what the page and `anlan status` show.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from anlan.ground.models import RoundRun

GRACE = timedelta(seconds=30)
LATE_TURNS = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """A round as it stands. lag: since the last pass; failing: its last pass did not end well."""

    row: RoundRun
    lag: timedelta | None
    late: bool
    failing: bool


def real_now() -> datetime:
    """The database's own clock, by which rounds run; no world moves it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def judge(row: RoundRun, now: datetime) -> Seen:
    """Late: no pass within three of its turns and the grace."""
    if row.last_at is None:
        return Seen(row, None, True, False)
    lag = now - row.last_at
    late = lag > LATE_TURNS * timedelta(seconds=row.every_s) + GRACE
    failing = row.failed_at is not None and (
        row.last_ok_at is None or row.failed_at >= row.last_ok_at
    )
    return Seen(row, lag, late, failing)


def seen(rows: Iterable[RoundRun]) -> list[Seen]:
    """The failing and the late first, then by name."""
    now = real_now()
    found = [judge(row, now) for row in rows]
    return sorted(found, key=lambda one: (not one.failing, not one.late, one.row.name))


def as_dict(one: Seen) -> dict[str, Any]:
    """For programs: times with offset, seconds as numbers."""
    row = one.row
    return {
        "name": row.name, "last_at": row.last_at.isoformat() if row.last_at else None,
        "last_error": row.last_error, "handled": row.handled, "runs": row.runs,
        "failed_at": row.failed_at.isoformat() if row.failed_at else None,
        "every_s": row.every_s, "last_ms": row.last_ms,
        "lag_s": None if one.lag is None else round(one.lag.total_seconds(), 1),
        "late": one.late, "failing": one.failing,
    }  # fmt: skip


def as_line(one: Seen) -> str:
    """For people: one line a round."""
    row = one.row
    last = row.last_at.isoformat(timespec="seconds") if row.last_at else _("还没有")
    marks = [_("迟了") if one.late else "", row.last_error if one.failing else ""]
    return f"  {row.name:22} {last} " + " ".join(mark for mark in marks if mark)
