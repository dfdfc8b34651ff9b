"""A pid counts as ours only where the process itself says so."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from anlan.ground.machine import pids


def sleeper(**environment: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "print(flush=True); import time; time.sleep(60)", "word"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | environment)
    assert process.stdout is not None
    process.stdout.readline()
    return process


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = sleeper(ANLAN_HOME=str(tmp_path), ANLAN_CHILD="worker")
    yield process
    process.kill()
    process.wait()


def test_a_child_is_found_by_what_it_was_given(
    ours: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    assert pids.of_county(tmp_path) == {ours.pid: "worker"}
    assert pids.of_county(tmp_path / "beside") == {}
    assert pids.of_county(tmp_path.parent) == {}
    ours.kill()
    while ours.poll() is None:
        pass
    assert pids.of_county(tmp_path) == {}


def test_a_shell_in_the_county_is_not_the_countys(tmp_path: Path) -> None:
    """Whoever typed ANLAN_HOME=… make up is no child of ours."""
    process = sleeper(ANLAN_HOME=str(tmp_path))
    try:
        assert pids.of_county(tmp_path) == {}
    finally:
        process.kill()
        process.wait()


def test_the_dead_that_nobody_waited_for_are_not_alive(ours: subprocess.Popen[bytes]) -> None:
    assert pids.alive(ours.pid) and pids.was_typed(ours.pid, "word")
    assert not pids.was_typed(ours.pid, "anlan.ground.machine.processes")
    ours.kill()
    os.waitid(os.P_PID, ours.pid, os.WEXITED | os.WNOWAIT)
    assert not pids.alive(ours.pid)


def test_a_server_is_ours_by_its_data_folder_only(cluster: object) -> None:
    pid, data = cluster.server_pid(), cluster.data  # type: ignore[attr-defined]
    assert pids.is_postgres_of(pid, data)
    assert not pids.is_postgres_of(pid, data.parent / "other")
    assert not pids.is_postgres_of(os.getpid(), data)
    assert not pids.is_supervisor(pid) and not pids.was_typed(2**22 + 1, "x")
