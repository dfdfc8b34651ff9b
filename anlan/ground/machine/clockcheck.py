"""Whether this machine's clock can be believed. Deadlines never ask it; people and logs do.

Three other sources stand beside it: the database's clock, the newest line the county ever wrote,
and the machine's own counter that nobody can set. More than `OFF_S` away from any is shouted
(console, status, log) and journalled, and stops nothing: a county that is cut off keeps working.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

OFF_S = 5.0
STEP_SHOWN_S = 3600.0


@dataclass(frozen=True, slots=True)
class ClockFault:
    """source: database, journal or counter. off_s: how far this machine runs ahead, seconds."""

    source: str
    off_s: float

    def text(self) -> str:
        words = {"database": "数据库的钟", "journal": "日志最后一行", "counter": "开机计时"}
        way = "快" if self.off_s > 0 else "慢"
        return (
            f"本机时钟比{words[self.source]}{way} {abs(self.off_s):.0f} 秒，请校准（timedatectl）"
        )


def faults(
    node: datetime, database: datetime, newest: datetime | None, step_s: float = 0.0
) -> list[ClockFault]:
    """What is wrong. newest: the journal's last time. step_s: how far the clock was set since the
    last look, against the counter; a clock behind the journal was set back."""
    found = []
    ahead_s = (node - database).total_seconds()
    if abs(ahead_s) > OFF_S:
        found.append(ClockFault("database", ahead_s))
    if newest is not None and newest - database > timedelta(seconds=OFF_S):
        found.append(ClockFault("journal", (database - newest).total_seconds()))
    if abs(step_s) > OFF_S:
        found.append(ClockFault("counter", step_s))
    return found
