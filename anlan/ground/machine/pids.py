"""Which process is which: a pid in a file proves nothing until the process itself says so.

Pids are used again by other programs, after a restart of the machine above all. So a pid counts
as ours only where the kernel tells of it what we wrote into it: the county's folder in its
environment, or the data folder on its command line.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

PROC = Path("/proc")


def alive(pid: int) -> bool:
    """Whether a process of this pid runs; one that has ended and was not waited for does not."""
    try:
        state = (PROC / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()[0]
    except (OSError, IndexError):
        return False
    return state != "Z"


def is_postgres_of(pid: int, data: Path) -> bool:
    """Whether the process is the PostgreSQL server of this data folder, as it was started."""
    try:
        name = (PROC / str(pid) / "comm").read_text()
        command = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return name.startswith("postgres") and alive(pid) and os.fsencode(data) in command


def of_county(home: Path) -> dict[int, str]:
    """What was started for the county of this folder and still runs: pid → its name.

    Found by the environment that the supervisor gives to whatever it starts, so that a child whose
    pid was never written down is found too, and no other program ever is.
    """
    mark = b"ANLAN_HOME=" + os.fsencode(home)
    found = {}
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        name = next((e[12:] for e in environment if e.startswith(b"ANLAN_CHILD=")), b"")
        if name and mark in environment and alive(int(folder.name)):
            found[int(folder.name)] = name.decode(errors="replace")
    return found


def is_supervisor(pid: int) -> bool:
    """Whether the process is a supervisor, whatever started it."""
    return was_typed(pid, "anlan.ground.machine.processes")


def was_typed(pid: int, word: str) -> bool:
    """Whether the process was started by a command line with this word in it."""
    try:
        return word.encode() in (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return False


def signal_group(pid: int, number: signal.Signals) -> None:
    """Signal the process and whoever it started; nobody there is fine."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return
