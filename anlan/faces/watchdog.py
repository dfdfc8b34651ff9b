"""The watchdog: looks from outside whether the supervisor lives and the rounds run.

It uses no Django and reads one table. A dead supervisor is started again. Rounds that stopped, a
database that does not answer, a clock that is off and a disk that fills become alarms: in the log,
in the county's alarm file (console and `anlan status` show it), and to the site's own program.
Silence is measured by this process's own counter, so that no clock that was set hides it (R14).
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from anlan.ground.errors import NotRunning, Refusal
from anlan.ground.machine import Site, alarms, backup_days, clockcheck, site, soundness
from anlan.ground.machine.processes import speak, start_detached, supervisor_pid

log = logging.getLogger("anlan.watchdog")
LOOK_EVERY_S = 2.0
SILENT_S = 40.0
AWAY_S = 20.0
SILENT_TURNS = 3
CONNECT_S_MAX = 5
SOUND_EVERY_S = 60.0
DISK_USED_FIRST, DISK_USED_LAST = 0.80, 0.90
SEEN = "SELECT name, runs, last_at::text, every_s FROM ground_round"
Seen = dict[str, tuple[object, float]]


@dataclass(slots=True)
class Watch:
    """What was seen when; seconds by the counter."""

    own: Site
    seen: Seen = field(default_factory=dict)
    answered_at: float = field(default_factory=time.monotonic)
    sound_at: float = 0.0
    unsound: dict[str, str] = field(default_factory=dict)

    def look(self) -> dict[str, str]:
        """Everything that is wrong now: name → words."""
        now = time.monotonic()
        found = self._rounds(now)
        if now - self.sound_at > SOUND_EVERY_S and "database" not in found:
            self.sound_at, self.unsound = now, self._unsound()
        return found | filling(self.own.home) | unsaved(self.own) | self.unsound

    def _rounds(self, now: float) -> dict[str, str]:
        try:
            with psycopg.connect(
                self.own.dsn("watchdog"), connect_timeout=CONNECT_S_MAX
            ) as connection:
                rows = connection.execute(SEEN).fetchall()
                clock = connection.execute("SELECT clock_timestamp()").fetchone()
        except (psycopg.Error, OSError) as error:
            if now - self.answered_at < AWAY_S:
                return {}
            return {"database": f"数据库 {now - self.answered_at:.0f} 秒没有回答：{_short(error)}"}
        self.answered_at = now
        found = {f.source: f.text() for f in clockcheck.faults(datetime.now(UTC), clock[0], None)}  # type: ignore[index]
        return found | silent(self.seen, rows, now)

    def _unsound(self) -> dict[str, str]:
        try:
            soundness.check([self.own.dsn("console"), self.own.dsn("public")])
        except NotRunning:
            return {}
        except Refusal as refusal:
            return {"durability": f"{refusal.message}。{refusal.mend}"}
        return {}


def filling(home: Path) -> dict[str, str]:
    """The county's disk from 80 % on, and again as a new alarm from 90 % on (R18).

    Of what this user may use: the part that the system keeps for root counts as none.
    """
    disk = shutil.disk_usage(home)
    room = disk.used + disk.free
    if disk.used < DISK_USED_FIRST * room:
        return {}
    used, free_mb = 100 * disk.used // room, disk.free // 1_000_000
    if disk.used < DISK_USED_LAST * room:
        return {"disk": f"磁盘已用 {used}%，还剩 {free_mb} MB，请腾出空间"}
    return {"disk full": f"磁盘快满了：已用 {used}%，只剩 {free_mb} MB，请马上腾出空间"}


def unsaved(own: Site) -> dict[str, str]:
    """The daily backup that the county wanted and that did not come."""
    late = backup_days.overdue(own, datetime.now(UTC))
    return {"backup": late} if late else {}


def silent(seen: Seen, rows: list[tuple[str, object, object, float]], now: float) -> dict[str, str]:
    """Rounds whose line has not changed for three of their turns, by the counter.

    rows: name, runs, last pass, seconds between two passes. Keeps `seen` up to date.
    """
    found: dict[str, str] = {}
    for name, runs, last_at, every_s in rows:
        mark = (runs, last_at)
        before = seen.get(name)
        if before is None or before[0] != mark:
            seen[name] = (mark, now)
        elif now - before[1] > max(SILENT_S, SILENT_TURNS * every_s):
            follows = "叫应可能不走了" if _of_calls(name) else "叫应不受影响"
            found[f"round {name}"] = f"巡检 {name} 停了 {now - before[1]:.0f} 秒，{follows}"
    return found


def _of_calls(name: str) -> bool:
    """Whether nobody is called, or no answer is read, while this round stands still."""
    return name.startswith("callout.") or name == "inbox"


def _short(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]


def tell(own: Site, found: dict[str, str]) -> None:
    """Write what stands, and say once what is new and what has ended."""
    try:
        new, ended = alarms.put(own.home, "watchdog", found)
    except OSError as error:
        log.error("alarm file: %s", error)
        return
    for alarm in new:
        log.error("ALARM %s: %s", alarm.name, alarm.text)
        failed = alarms.tell_outside(f"ALARM {own.facts.get('name', '')} {alarm.text}")
        if failed:
            log.error("%s", failed)
    for alarm in ended:
        log.warning("over: %s", alarm.name)


def main() -> None:
    speak()
    own = site()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_unused: stop.set())
    parent = os.getppid()
    watch = Watch(own)
    while not stop.wait(LOOK_EVERY_S):
        if os.getppid() != parent:
            if supervisor_pid(own) is None:
                log.error("the supervisor is gone: starting it again")
                start_detached(own)
            return
        tell(own, watch.look())
    tell(own, {})


if __name__ == "__main__":
    main()
