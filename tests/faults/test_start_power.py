"""Power back after a cut in mid call-out (R65), and a watchdog that tells (R14)."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from anlan.faces import watchdog
from anlan.faces.watchdog import SILENT_S, silent
from anlan.ground.machine import alarms
from anlan.ground.machine.processes import bound_logs
from tests.faults import nights
from tests.faults.real_county import RealCounty, real_county, until

RESUME_S_MAX = 60.0
NOTICED_S_MAX = 60.0
SENT = "SELECT coalesce(sum(submits), 0) FROM callout_attempt"
DUE = "SELECT count(*) FROM callout_attempt WHERE state = 'due'"


@pytest.fixture(scope="module")
def county() -> Iterator[RealCounty]:
    with real_county() as own:
        own.up()
        yield own


def test_after_a_cut_in_mid_callout_calls_resume_without_a_person(county: RealCounty) -> None:
    """Only the supervisor is started, as the machine's own service does after a boot."""
    box = county.processes()["phonebox"]
    os.kill(box, signal.SIGSTOP)  # calls stay on their way
    nights.begin(county)
    until(lambda: county.ask("SELECT 1 FROM callout_attempt LIMIT 1") != [])
    county.kill_all()
    started = time.monotonic()
    subprocess.Popen(
        [sys.executable, "-m", "anlan.ground.machine.processes"], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
        env=county.own_environment() | {"ANLAN_HOME": str(county.home)},
    )  # fmt: skip
    until(county.cluster.running)

    def resumed() -> bool:
        try:
            return int(county.ask(SENT)[0][0]) > 0
        except Exception:
            return False

    until(resumed, RESUME_S_MAX)
    print(f"the first call left {time.monotonic() - started:.1f} s after the cold start")
    until(lambda: county.ask(DUE)[0][0] == 0)
    assert county.ask("SELECT max(submits) FROM callout_attempt")[0][0] <= 2


def test_rounds_that_stand_still_are_silent_by_the_counter_alone() -> None:
    seen: dict[str, tuple[object, float]] = {}
    rows: list[tuple[str, object, object, float]] = [
        ("callout.send", 7, "2026-01-01", 0.2), ("other", 1, "x", 1.0)
    ]  # fmt: skip
    assert silent(seen, rows, 0.0) == {}
    assert silent(seen, [rows[0], ("other", 2, "y", 1.0)], SILENT_S - 1) == {}
    found = silent(seen, [rows[0], ("other", 3, "z", 1.0)], SILENT_S + 1)
    assert list(found) == ["round callout.send"] and "可能不走" in found["round callout.send"]
    moved_back: tuple[str, object, object, float] = ("callout.send", 8, "2020-01-01", 0.2)
    assert silent(seen, [moved_back], SILENT_S + 2) == {}, "it ran, whatever the clock says"


def test_a_round_is_given_its_own_pause_before_it_is_said_to_stand_still() -> None:
    """The list of rounds says how often each runs: nobody keeps a second list here."""
    from anlan.faces.worker import rounds

    seen: dict[str, tuple[object, float]] = {}
    rows = [(one.name, 1, "x", one.every_s) for one in rounds(None)]  # type: ignore[arg-type]
    assert silent(seen, rows, 0.0) == {}
    patient = {f"round {one.name}" for one in rounds(None) if one.every_s > SILENT_S}  # type: ignore[arg-type]
    said = set(silent(seen, rows, SILENT_S + 1))
    assert patient and not said & patient
    assert "round callout.send" in said
    assert set(silent(seen, rows, 100_000.0)) == {f"round {row[0]}" for row in rows}


def test_a_round_that_runs_once_an_hour_is_not_called_dead_after_a_minute() -> None:
    seen: dict[str, tuple[object, float]] = {}
    rows: list[tuple[str, object, object, float]] = [("requests.forget", 1, "x", 3600.0)]
    assert silent(seen, rows, 0.0) == {}
    assert silent(seen, rows, 3 * 3600.0) == {}
    found = silent(seen, rows, 3 * 3600.0 + 1)
    assert "不受影响" in found["round requests.forget"]


@pytest.mark.drill
def test_a_worker_that_stands_still_is_told_within_a_minute_on_another_channel(
    tmp_path: Path,
) -> None:
    heard, program = tmp_path / "heard", tmp_path / "siren"
    program.write_text(f'#!/bin/sh\ncat >> "{heard}"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    with real_county() as own:
        own.up(ANLAN_ALARM=str(program))
        worker = own.processes()["worker"]
        os.kill(worker, signal.SIGSTOP)
        stopped = time.monotonic()
        until(lambda: heard.exists() and "callout.send" in heard.read_text(), NOTICED_S_MAX)
        print(f"told {time.monotonic() - stopped:.1f} s after the worker stood still")
        names = {alarm.name for alarm in alarms.current(own.home)}
        assert "round callout.send" in names
        assert any("callout.send" in a["text"] for a in own.run("status").answer["alarms"])
        assert own.run("doctor").code == 1
        os.kill(worker, signal.SIGCONT)
        until(lambda: not alarms.current(own.home))


@pytest.mark.parametrize(
    ("used", "said"), [(79, []), (80, ["disk"]), (89, ["disk"]), (90, ["disk full"])]
)
def test_a_disk_that_fills_is_told_at_80_and_again_at_90_percent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, used: int, said: list[str]
) -> None:
    from types import SimpleNamespace

    # 5 of 105 are kept by the system for root: nobody else can use them
    disk = SimpleNamespace(total=105 * 10**9, used=used * 10**9, free=(100 - used) * 10**9)
    monkeypatch.setattr("anlan.faces.watchdog.shutil.disk_usage", lambda _home: disk)
    found = watchdog.filling(tmp_path)
    assert list(found) == said
    assert all(f"{used}%" in text and f"{100 - used}000 MB" in text for text in found.values())


def test_a_disk_past_90_percent_is_an_alarm_of_its_own(tmp_path: Path) -> None:
    alarms.put(tmp_path, "watchdog", {"disk": "磁盘已用 89%"})
    new, ended = alarms.put(tmp_path, "watchdog", {"disk full": "磁盘已用 91%"})
    assert [a.name for a in new] == ["disk full"] and [a.name for a in ended] == ["disk"]


def test_an_alarm_is_told_once_and_ends_when_its_source_says_so(tmp_path: Path) -> None:
    new, ended = alarms.put(tmp_path, "watchdog", {"disk": "磁盘已用 95%"})
    assert [a.text for a in new] == ["磁盘已用 95%"] and ended == []
    new, ended = alarms.put(tmp_path, "watchdog", {"disk": "磁盘已用 96%"})
    assert new == [] and ended == []
    assert [a.text for a in alarms.current(tmp_path)] == ["磁盘已用 96%"]
    alarms.put(tmp_path, "clock", {"database": "慢"})
    new, ended = alarms.put(tmp_path, "watchdog", {})
    assert [a.name for a in ended] == ["disk"]
    assert [a.source for a in alarms.current(tmp_path)] == ["clock"]
    (tmp_path / "run" / "alarms" / "clock.json").write_text("[{")
    assert alarms.current(tmp_path) == []


def test_logs_stay_within_their_limit_while_their_writer_goes_on(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    path = tmp_path / "log" / "worker.log"
    with path.open("ab") as writer:
        writer.write(b"x" * 2000)
        writer.flush()
        bound_logs(tmp_path, 1000)
        writer.write(b"after\n")
        writer.flush()
    assert path.read_bytes() == b"after\n"
    assert (tmp_path / "log" / "worker.log.1").stat().st_size == 2000
    bound_logs(tmp_path, 1000)
    assert path.read_bytes() == b"after\n"


def test_a_full_log_folder_stops_nothing(tmp_path: Path) -> None:
    bound_logs(tmp_path / "nowhere")
