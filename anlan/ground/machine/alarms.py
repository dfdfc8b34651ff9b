"""Alarms of the machine itself: a file a source in the county's folder, readable without database.

The watchdog and the clock's round write here; the console, `anlan status` and `anlan doctor` show
it. An alarm stands while its source says so. `ANLAN_ALARM` names a program of the site (a modem, a
siren) that is given each new alarm on standard input: the second channel.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

COMMAND_S_MAX = 20
TEXT_CHARS_MAX = 500
ALARMS_MAX = 50


@dataclass(frozen=True, slots=True)
class Alarm:
    """name: what it is about. since: UTC with offset."""

    source: str
    name: str
    text: str
    since: str


def current(home: Path) -> list[Alarm]:
    """What stands now, oldest first; an unreadable file counts as empty."""
    found: list[Alarm] = []
    for path in sorted((home / "run" / "alarms").glob("*.json")):
        try:
            found += [Alarm(**row) for row in json.loads(path.read_text())]
        except (OSError, ValueError, TypeError):
            continue
    return sorted(found, key=lambda alarm: alarm.since)[:ALARMS_MAX]


def put(home: Path, source: str, texts: dict[str, str]) -> tuple[list[Alarm], list[Alarm]]:
    """What the source says now, by name. Returns (new, ended); keeps since of what stood before."""
    folder = home / "run" / "alarms"
    before = {alarm.name: alarm for alarm in current(home) if alarm.source == source}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    stands = [
        Alarm(source, name, text[:TEXT_CHARS_MAX], before[name].since if name in before else now)
        for name, text in list(texts.items())[:ALARMS_MAX]
    ]
    new = [alarm for alarm in stands if alarm.name not in before]
    ended = [alarm for name, alarm in before.items() if name not in texts]
    if new or ended or any(before[a.name].text != a.text for a in stands if a.name in before):
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f"{source}.new"
        fresh.write_text(json.dumps([asdict(alarm) for alarm in stands], ensure_ascii=False))
        fresh.replace(folder / f"{source}.json")
    return new, ended


def tell_outside(text: str) -> str:
    """Give the text to the site's own program; returns why that failed, else an empty string."""
    program = os.environ.get("ANLAN_ALARM", "")
    if not program:
        return ""
    try:
        done = subprocess.run(
            [program], input=text + "\n", text=True, timeout=COMMAND_S_MAX, check=False,
            capture_output=True,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"ANLAN_ALARM: {error}"
    return f"ANLAN_ALARM ended with {done.returncode}" if done.returncode else ""
