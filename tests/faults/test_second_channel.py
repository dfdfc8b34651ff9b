"""The watchdog's other channel: a silent gateway, a round that only fails, an SMS of its own (R14)."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from anlan.engines.callout import gateway as smpp
from anlan.faces.watchdog import FAILING_S, GATEWAY, REMIND_S, RETRY_S, Bell, Well, bundled, failing
from anlan.ground.machine import alarm_sms, alarms
from anlan.ground.machine.site import Site
from anlan.ground.scope import Scope
from phonebox.store import Store
from tests.faults.real_county import real_county, until

NOTICED_S_MAX = 60.0
DUTY_PHONE = "10099999999"


def row(
    name: str, runs: int, ok_at: str, error: str = ""
) -> tuple[str, object, object, float, object, str]:
    return (name, runs, f"last {runs}", 5.0, ok_at, error)


def test_a_round_that_runs_and_only_fails_is_told_and_one_that_recovers_is_not() -> None:
    well: Well = {}
    assert failing(well, [row("evacuation.open", 1, "10:00")], 0.0) == {}
    bad = [row("evacuation.open", 9, "10:00", "KeyError: 'zone'")]
    assert failing(well, bad, FAILING_S) == {}
    found = failing(well, bad, FAILING_S + 1)
    assert (
        list(found) == ["failing evacuation.open"]
        and "KeyError" in found["failing evacuation.open"]
    )
    assert failing(well, [row("evacuation.open", 10, "10:01")], FAILING_S + 2) == {}


def test_a_round_that_stands_still_is_not_said_to_fail() -> None:
    """A worker that was stopped has made no mistake: its silence is told, and by its own words."""
    well: Well = {}
    still = [row("callout.send", 7, "10:00")]
    failing(well, still, 0.0)
    assert failing(well, still, 1000.0) == {}


def test_a_silent_centre_is_called_by_its_name() -> None:
    well: Well = {}
    failing(well, [row(GATEWAY, 1, "10:00")], 0.0)
    found = failing(well, [row(GATEWAY, 6, "10:00", "GatewaySilent: …")], FAILING_S + 1)
    assert "短信网关没有回应" in found["gateway"] and "请用电话叫应" in found["gateway"]


def test_the_gateways_look_fails_once_the_centre_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = smpp.SmppGateway(smpp.Centre("127.0.0.1", 1, "a", "b"), lambda *_a: None, True)
    scope = Scope.for_round("test")
    assert own.look(scope) == 0
    now = time.monotonic()
    monkeypatch.setattr(smpp.time, "monotonic", lambda: now + smpp.HEARD_S_MAX + 1)
    with pytest.raises(smpp.GatewaySilent, match="not bound"):
        own.look(scope)
    own._heard()
    assert own.look(scope) == 0


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the bell said; the first try fails."""
    said: list[str] = []

    def program(text: str) -> str:
        said.append(text)
        return "busy" if len(said) == 1 else ""

    monkeypatch.setenv("ANLAN_ALARM", "/a/program")
    monkeypatch.delenv("ANLAN_ALARM_TO", raising=False)
    monkeypatch.setattr("anlan.faces.watchdog.alarms.tell_outside", program)
    return said


def test_an_alarm_is_rung_until_a_channel_takes_it_and_again_while_it_stands(
    rung: list[str],
) -> None:
    bell = Bell(Site(Path("/nowhere"), {}, {"name": "垫江县"}))
    found = {"gateway": "短信网关没有回应"}
    bell.ring(found, 0.0)
    bell.ring(found, RETRY_S - 1)
    assert len(rung) == 1 and "垫江县" in rung[0]
    bell.ring(found, RETRY_S)
    assert len(rung) == 2, "nobody had taken it"
    bell.ring(found, RETRY_S + REMIND_S - 1)
    assert len(rung) == 2
    bell.ring(found, RETRY_S + REMIND_S)
    assert len(rung) == 3, "it still stands"
    bell.ring({}, RETRY_S + REMIND_S + 1)
    bell.ring(found, RETRY_S + REMIND_S + 2)
    assert len(rung) == 4, "it came back: new"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A real SMS centre as a program of its own."""
    doors = [socket.create_server(("127.0.0.1", 0)) for _n in range(2)]
    ports = [door.getsockname()[1] for door in doors]
    for door in doors:
        door.close()
    path = tmp_path / "box.db"
    own = subprocess.Popen(
        [sys.executable, "-m", "phonebox", "--smpp-port", str(ports[0]), "--http-port",
         str(ports[1]), "--store", str(path)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert str(ports[0]) in own.stdout.readline()  # type: ignore[union-attr]
        yield ports[0], path
    finally:
        own.kill()
        own.wait()


def test_the_watchdog_sends_its_own_sms_without_worker_or_database(
    box: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, path = box
    monkeypatch.setenv("ANLAN_ALARM_TO", f"{DUTY_PHONE}, 10088888888")
    monkeypatch.setenv("ANLAN_ALARM_SMPP", f"127.0.0.1:{port}")
    monkeypatch.setenv("ANLAN_ALARM_SMPP_PASSWORD", "anlan")
    found = alarm_sms.way(Site(Path("/nowhere"), {"smpp": 1}, {"demo": True}))
    assert found is not None and found.to == (DUTY_PHONE, "10088888888")
    assert alarm_sms.tell(found, "ALARM 垫江县 巡检 callout.send 停了 41 秒，叫应可能不走了") == ""
    texts = [str(message["text"]) for message in Store(path).of_phone(DUTY_PHONE)]
    assert any("callout.send" in text for text in texts)
    wrong = SimpleNamespace(**{f: getattr(found, f) for f in found.__slots__} | {"password": "no"})
    assert alarm_sms.tell(wrong, "x").startswith("ANLAN_ALARM_SMPP")  # type: ignore[arg-type]
    nobody = SimpleNamespace(**{f: getattr(found, f) for f in found.__slots__} | {"port": 1})
    assert alarm_sms.tell(nobody, "x").startswith("ANLAN_ALARM_SMPP")  # type: ignore[arg-type]


def test_a_worker_that_died_is_not_twenty_messages() -> None:
    found = {f"round {name}": f"巡检 {name} 停了" for name in
             ("callout.send", "inbox", "plan.board", "journal.seal", "duty.late")}  # fmt: skip
    told = bundled(found | {"disk": "磁盘已用 85%"})
    assert set(told) == {"round callout.send", "round inbox", "disk", "rounds"}
    assert told["rounds"].startswith("3 项巡检停了或出错，第一项：")
    assert bundled({"round duty.late": "x"}) == {"round duty.late": "x"}


def test_a_demonstration_county_rings_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANLAN_ALARM_TO", DUTY_PHONE)
    monkeypatch.setenv("ANLAN_ALARM_SMPP", "192.0.2.1:2775")
    assert alarm_sms.way(Site(Path("/nowhere"), {}, {"demo": True})) is None
    assert alarm_sms.way(Site(Path("/nowhere"), {}, {"demo": False})) is not None
    monkeypatch.delenv("ANLAN_ALARM_TO")
    assert alarm_sms.way(Site(Path("/nowhere"), {}, {"demo": False})) is None


def heard_by(tmp_path: Path) -> tuple[Path, Callable[[str], bool]]:
    heard, program = tmp_path / "heard", tmp_path / "siren"
    program.write_text(f'#!/bin/sh\ncat >> "{heard}"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program, lambda words: heard.exists() and words in heard.read_text()


@pytest.mark.drill
def test_a_centre_that_stands_still_is_told_within_a_minute_on_the_other_channel(
    tmp_path: Path,
) -> None:
    program, heard = heard_by(tmp_path)
    with real_county() as own:
        own.up(ANLAN_ALARM=str(program))
        centre = own.processes()["phonebox"]
        until(lambda: own.ask("SELECT 1 FROM ground_round WHERE name = 'callout.gateway'") != [])
        os.kill(centre, signal.SIGSTOP)
        stopped = time.monotonic()
        try:
            until(lambda: heard("短信网关没有回应"), NOTICED_S_MAX)
            print(f"told {time.monotonic() - stopped:.1f} s after the centre stood still")
            assert "gateway" in {alarm.name for alarm in alarms.current(own.home)}
        finally:
            os.kill(centre, signal.SIGCONT)
        until(lambda: not alarms.current(own.home))


@pytest.mark.drill
def test_a_worker_that_stands_still_is_told_by_the_watchdogs_own_sms(tmp_path: Path) -> None:
    with real_county() as own:
        own.up(ANLAN_ALARM_TO=DUTY_PHONE)
        worker = own.processes()["worker"]
        os.kill(worker, signal.SIGSTOP)
        stopped = time.monotonic()
        try:
            until(lambda: _has_sms(own), NOTICED_S_MAX)
            print(f"an SMS {time.monotonic() - stopped:.1f} s after the worker stood still")
        finally:
            os.kill(worker, signal.SIGCONT)


def _has_sms(own: Any) -> bool:
    import json
    import urllib.request

    address = str(own.run("status").answer["phonebox"]).rstrip("/")
    with urllib.request.urlopen(f"{address}/api/phones/{DUTY_PHONE}", timeout=10) as answer:
        return "巡检" in json.dumps(json.load(answer), ensure_ascii=False)
