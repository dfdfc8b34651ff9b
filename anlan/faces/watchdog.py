"""The watchdog: looks from outside whether the supervisor lives and the rounds run.

It uses no Django and reads one table. A dead supervisor is started again. Rounds that stopped, a
database that does not answer, an SMS centre that is silent, a clock that is off and a disk that
fills become alarms: in the log, in the county's alarm file (console and `anlan status` show it),
and on another channel, the site's own program or an SMS by a way of its own, until one took it.
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
from anlan.ground.machine import Site, alarm_sms, alarms, backup_days, clockcheck, site, soundness
from anlan.ground.machine.processes import speak, start_detached, supervisor_pid

log = logging.getLogger("anlan.watchdog")
LOOK_EVERY_S = 2.0
SILENT_S = 40.0
AWAY_S = 20.0
SILENT_TURNS = 3
CONNECT_S_MAX = 5
SOUND_EVERY_S = 60.0
DISK_USED_FIRST, DISK_USED_LAST = 0.80, 0.90
SEEN = "SELECT name, runs, last_at::text, every_s, last_ok_at::text, last_error FROM ground_round"
# A round that runs and only fails is as dead as one that stands still.
FAILING_S = 20.0
GATEWAY = "callout.gateway"
RETRY_S, REMIND_S = 30.0, 900.0
Seen = dict[str, tuple[object, float]]
Well = dict[str, tuple[tuple[object, object], float]]


@dataclass(slots=True)
class Watch:
    """What was seen when; seconds by the counter."""

    own: Site
    seen: Seen = field(default_factory=dict)
    well: Well = field(default_factory=dict)
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
        still = silent(self.seen, [row[:4] for row in rows], now)
        bad = failing(self.well, [row for row in rows if f"round {row[0]}" not in still], now)
        return found | still | bad

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


def failing(
    well: Well, rows: list[tuple[str, object, object, float, object, str]], now: float
) -> dict[str, str]:
    """Rounds that ran and have only failed for three of their turns, by the counter.

    rows: name, runs, last pass, seconds between two passes, last pass without error, last error.
    Keeps `well` up to date.
    """
    found: dict[str, str] = {}
    for name, runs, _last_at, every_s, ok_at, error in rows:
        before = well.get(name)
        if before is None or before[0][0] != ok_at:
            well[name] = ((ok_at, runs), now)
        elif runs == before[0][1]:
            continue  # it has not run since: that is silence, and told as such
        elif now - before[1] > max(FAILING_S, SILENT_TURNS * every_s):
            for_s = f"{now - before[1]:.0f} 秒"
            if name == GATEWAY:
                found["gateway"] = f"短信网关没有回应，已 {for_s}，短信发不出去，请用电话叫应"
            else:
                found[f"failing {name}"] = f"巡检 {name} 一直出错，已 {for_s}：{error[:120]}"
    return found


def _of_calls(name: str) -> bool:
    """Whether nobody is called, or no answer is read, while this round stands still."""
    return name.startswith("callout.") or name == "inbox"


def _short(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]


@dataclass(slots=True)
class Bell:
    """The other channels, rung until one of them took it, and again while the alarm stands.

    told: by name, (when it was last tried, whether a channel took it); seconds by the counter.
    """

    own: Site
    told: dict[str, tuple[float, bool]] = field(default_factory=dict)

    def ring(self, found: dict[str, str], now: float) -> None:
        """Tell what is new at once, what nobody took every RETRY_S, what stands every REMIND_S.

        Rounds that call nobody are told together: a worker that died is one thing, not twenty.
        """
        found = bundled(found)
        self.told = {name: said for name, said in self.told.items() if name in found}
        for name, text in found.items():
            tried = self.told.get(name)
            if tried is not None and now - tried[0] < (REMIND_S if tried[1] else RETRY_S):
                continue
            self.told[name] = (now, self._taken(text))

    def _taken(self, text: str) -> bool:
        """Whether a channel took it; True where the site named none: nothing is to be tried."""
        said = f"ALARM {self.own.facts.get('name', '')} {text}"
        answers = []
        if os.environ.get("ANLAN_ALARM"):
            answers.append(alarms.tell_outside(said))
        by_sms = alarm_sms.way(self.own)
        if by_sms is not None:
            answers.append(alarm_sms.tell(by_sms, said))
        for failed in filter(None, answers):
            log.error("%s", failed)
        return not answers or "" in answers


def bundled(found: dict[str, str]) -> dict[str, str]:
    """Those of the rounds of calls and of everything else each by itself, other rounds as one."""
    others = {
        name: text
        for name, text in found.items()
        if name.startswith(("round ", "failing ")) and not _of_calls(name.partition(" ")[2])
    }
    kept = {name: text for name, text in found.items() if name not in others}
    if len(others) < 2:
        return kept | others
    return kept | {
        "rounds": f"{len(others)} 项巡检停了或出错，第一项：{next(iter(others.values()))}"
    }


def tell(own: Site, found: dict[str, str]) -> None:
    """Write what stands, and say once what is new and what has ended."""
    try:
        new, ended = alarms.put(own.home, "watchdog", found)
    except OSError as error:
        log.error("alarm file: %s", error)
        return
    for alarm in new:
        log.error("ALARM %s: %s", alarm.name, alarm.text)
    for alarm in ended:
        log.warning("over: %s", alarm.name)


def main() -> None:
    speak()
    own = site()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_unused: stop.set())
    parent = os.getppid()
    watch, bell = Watch(own), Bell(own)
    while not stop.wait(LOOK_EVERY_S):
        if os.getppid() != parent:
            if supervisor_pid(own) is None:
                log.error("the supervisor is gone: starting it again")
                start_detached(own)
            return
        found = watch.look()
        tell(own, found)
        bell.ring(found, time.monotonic())
    tell(own, {})


if __name__ == "__main__":
    main()
