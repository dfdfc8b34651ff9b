"""A worker that dies at its N-th word to the outside (R01), for many N, under strace.

The worker claims, writes each message into a file (the world outside: what is in it was sent) and
marks. strace kills it at the N-th `sendto`, which is how it speaks to the database, or at the N-th
`write` to the file; a second one then finishes the work. Nobody is lost, and no attempt goes out
more than twice.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from anlan.engines.callout import actions, rounds
from anlan.engines.callout.models import Attempt
from anlan.engines.callout.rounds import sending
from anlan.ground.scope import Scope
from tests.engines.callout.test_night import launch

ROUND = Scope.for_round("test")
SAMPLE = [("sendto", n) for n in range(1, 15)] + [("pwrite64", n) for n in (1, 2, 3, 5, 7, 9)]
ALL = [("sendto", n) for n in range(1, 61)] + [("pwrite64", n) for n in range(1, 21)]
ATTACH_S_MAX = 20.0
WORK_S_MAX = 60.0
BATCH = 2

pytestmark = pytest.mark.skipif(
    shutil.which("strace") is None, reason="NOT RUN: apt-get install strace"
)


class Outside:
    """A gateway whose other side is a file: a line a message."""

    def __init__(self, path: Path):
        self.file = os.open(path, os.O_RDWR | os.O_CREAT)

    def ready(self) -> bool:
        return True

    def submit(self, batch: Sequence[rounds.Outgoing]) -> list[rounds.Outcome]:
        for out in batch:
            end = os.lseek(self.file, 0, os.SEEK_END)
            os.pwrite(self.file, f"{out.attempt_id}\n".encode(), end)
        return [rounds.Outcome(out.attempt_id, out.lease, "ref") for out in batch]


def work(path: Path) -> None:
    send = rounds.sender(Outside(path), BATCH)
    while send(ROUND):
        pass


def die_at(call: str, number: int, path: Path) -> bool:
    """Fork a worker and kill it at its N-th call; whether it died."""
    from django.db import connections

    ready, go = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            for name in list(connections):
                # The parent's socket is not ours to close: a fresh one is opened.
                os.close(os.dup(connections[name].connection.fileno()))
                connections[name].connection = None
            os.write(ready[1], b"1")
            os.read(go[0], 1)
            work(path)
        finally:
            os._exit(0)
    os.read(ready[0], 1)
    tracer = subprocess.Popen(
        ["strace", "-qq", "-f", "-p", str(pid), "-e", f"trace={call}",
         "-e", f"inject={call}:signal=KILL:when={number}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until(lambda: _traced(pid))
        os.write(go[1], b"1")
        _pid, status = os.waitpid(pid, 0)
        tracer.wait(WORK_S_MAX)
    finally:
        for end in (*ready, *go):
            os.close(end)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _traced(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    return "TracerPid:\t0\n" not in status


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + ATTACH_S_MAX
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("sweep", [SAMPLE, pytest.param(ALL, marks=pytest.mark.drill)], ids=len)
def test_whatever_word_it_dies_at_nobody_is_lost_or_called_three_times(
    county_db: str, scope_of: Callable[..., Any], move_clock: Callable[..., None],
    tmp_path: Path, owner_sql: Any, sweep: list[tuple[str, int]],
) -> None:  # fmt: skip
    died = 0
    for index, (call, number) in enumerate(sweep):
        actions.open_callout(
            scope_of("duty_officer"), launch(key=f"{index}", divisions=(500231000000,))
        )
        owner_sql("UPDATE callout_call SET due_at = now() - interval '1 day' WHERE rings = 0")
        rounds.advance(ROUND)
        with ROUND.open():
            own = set(Attempt.objects.filter(open=True).values_list("id", flat=True))
        path = tmp_path / f"{index}"
        died += die_at(call, number, path)
        move_clock(sending.LEASE_S + 1)
        work(path)
        rounds.expire(ROUND)
        heard = Counter(int(line) for line in path.read_text().split())
        with ROUND.open():
            states = Counter(Attempt.objects.filter(id__in=own).values_list("state", flat=True))
            assert max(Attempt.objects.values_list("submits", flat=True)) <= 2
        assert set(heard) == own, (call, number, "lost")
        assert max(heard.values()) <= 2
        assert sum(count > 1 for count in heard.values()) <= BATCH, (call, number)
        assert set(states) == {"submitted"}, states
        owner_sql("UPDATE callout_call SET due_at = NULL")
    print(f"{len(sweep)} deaths tried, {died} died there")
    assert died >= len(sweep) * 3 // 4
