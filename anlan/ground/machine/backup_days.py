"""When a county was last backed up, and where its daily backups go; read without Django.

Flows in: what the county set, and the note of the last backup. Flows out: whether one is due, and
what is to be said where it did not come. A backup that somebody removed counts as none.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from anlan.ground.machine import manifest
from anlan.ground.machine.manifest import Manifest
from anlan.ground.machine.site import Site, read_facts, write_facts, write_whole

DUE_S = 24 * 3600.0
OLD_S = 36 * 3600.0
LAST = "backup.json"
STAMP = "%Y%m%dT%H%M%SZ"


def folder(own: Site) -> Path | None:
    """Where the county wants its daily backups; None where it has not said."""
    told = str(read_facts(own.home).get("backup_folder", ""))
    return Path(told) if told else None


def choose(own: Site, place: Path | None) -> None:
    """Say where the daily backups go; None: nowhere any more."""
    facts = read_facts(own.home)
    facts.pop("backup_folder", None)
    if place is not None:
        facts["backup_folder"] = str(place.resolve())
    write_facts(own.home, facts)


def note(own: Site, place: Path, made: Manifest, seconds: float) -> None:
    """Remember the last backup, for its age is shown."""
    told = {"at": made.made_at, "folder": str(place), "bytes": made.all_bytes,
            "seconds": round(seconds, 1), "escrow": made.escrow}  # fmt: skip
    write_whole(own.home / LAST, json.dumps(told, ensure_ascii=False))


def last(own: Site) -> dict[str, object]:
    """The last backup as it was noted: at, folder, bytes, seconds, escrow; empty before any."""
    try:
        found = json.loads((own.home / LAST).read_text())
        return dict(found) if Path(str(found["folder"]), manifest.NAME).exists() else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def age_s(own: Site, now: datetime) -> float | None:
    """Seconds since the last backup that is still there; None without one."""
    told = last(own).get("at")
    return (now - datetime.fromisoformat(str(told))).total_seconds() if told else None


def ours(own: Site, place: Path) -> list[Path]:
    """The county's daily backups that stand in a folder, the oldest first."""
    return sorted(path.parent for path in place.glob(f"{own.code}-*Z/{manifest.NAME}"))


def name_at(own: Site, moment: datetime) -> str:
    """What the daily backup of a moment is called; by name they stand in order of time."""
    return f"{own.code}-{moment.astimezone(UTC).strftime(STAMP)}"


def _daily_age_s(own: Site, now: datetime) -> float | None:
    """Seconds since the newest daily backup, by its name; one made elsewhere by hand is none."""
    place = folder(own)
    found = ours(own, place) if place is not None else []
    if not found:
        return None
    made = datetime.strptime(found[-1].name.partition("-")[2], STAMP).replace(tzinfo=UTC)
    return (now - made).total_seconds()


def due(own: Site, now: datetime) -> bool:
    """Whether the daily backup is due."""
    if folder(own) is None:
        return False
    age = _daily_age_s(own, now)
    return age is None or age >= DUE_S


def overdue(own: Site, now: datetime) -> str:
    """What is to be said where daily backups are wanted and the last one is too old."""
    place = folder(own)
    age = _daily_age_s(own, now)
    if place is None or (age is not None and age < OLD_S):
        return ""
    said = "还没有每天的备份" if age is None else f"最近一次每天的备份在 {age / 3600:.0f} 小时前"
    return f"{said}（应每天备份到 {place}）"
