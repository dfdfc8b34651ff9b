"""The first start: interrupted at every step, on a full disk, as whoever, wherever, cut off.

Also what `make setup` says where Python, its venv module or the folder is not as it must be.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from anlan.ground.machine import pids
from tests.faults.real_county import CODE, RealCounty, heard, real_county, until

CHECKOUT = Path(__file__).resolve().parents[2]
ROOT_ONLY = "as root: sudo make test"
STRANGER = 54321
NAMED = "games"


def not_run(what: str) -> None:
    print(f"NOT RUN: {what}")
    pytest.skip(f"NOT RUN: {what}")


# interrupted at each step, then up again


def step(name: str) -> Callable[[RealCounty], bool]:
    """Whether that step of the first start is going on."""

    def going_on(own: RealCounty) -> bool:
        if "prepare" not in own.processes():
            return False
        command = Path(f"/proc/{own.processes().get('prepare', 0)}/cmdline")
        with suppress(OSError):
            return command.read_bytes().rstrip(b"\0").endswith(name.encode())
        return False

    return going_on


KILL_AT: dict[str, Callable[[RealCounty], bool]] = {
    "keys": lambda own: (own.home / "keys" / "fields.json").exists(),
    "initdb": lambda own: (own.cluster.data / "PG_VERSION").exists(),
    "roles": lambda own: own.cluster.running(),
    "database": lambda own: (own.cluster.folder / "whole").exists() and own.cluster.running(),
    "migrate": step("migrate"),
    "demo": step("demo"),
    "ready": lambda own: (own.home / "ready").exists(),
    "links": step("links"),
}
SAMPLE = ("initdb", "migrate", "demo", "links")


def killed_at(own: RealCounty, name: str) -> None:
    starting = own.start("up")
    until(lambda: KILL_AT[name](own) or starting.poll() is not None)
    starting.send_signal(signal.SIGKILL)
    starting.communicate()


def whole(own: RealCounty) -> None:
    """One county, nothing twice and nothing missing, whatever was killed on the way."""
    count = (
        "SELECT (SELECT count(*) FROM county_division), (SELECT count(*) FROM workplan_planversion"
    )
    divisions, plans = own.ask(count + " WHERE state = 'confirmed')")[0]
    assert (divisions, plans) == (1 + 26 + 301, 1)
    posts = own.ask("SELECT count(*), count(DISTINCT (kind, division, title)) FROM county_post")
    assert posts[0][0] == posts[0][1] > 300
    assert own.run("journal", "verify").answer["whole"] is True


def test_killed_at_some_steps_it_goes_on_where_it_was() -> None:
    with real_county() as own:
        for name in SAMPLE:
            killed_at(own, name)
        answer = own.up()
        assert set(answer["links"]) == {"setup", "duty"}, "links are made until somebody sees them"
        whole(own)


@pytest.mark.drill
@pytest.mark.parametrize("name", KILL_AT)
def test_killed_at_this_step_and_everything_with_it(name: str) -> None:
    with real_county() as own:
        killed_at(own, name)
        own.kill_all()
        assert own.up()["demo"] is True
        whole(own)


# no room


@contextmanager
def small_disk(mib: int) -> Iterator[Path]:
    """A file system of that size in memory; needs root."""
    folder = Path(tempfile.mkdtemp(prefix="anlan-small-"))
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=755", "anlan", folder],
        capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        folder.rmdir()
        not_run(f"{ROOT_ONLY} (mount -t tmpfs)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=False, capture_output=True)
        folder.rmdir()


def test_too_small_a_disk_is_refused_before_anything_is_made() -> None:
    with small_disk(300) as folder:
        own = RealCounty(folder / "root")
        own.root.mkdir()
        said = own.run("up")
        assert said.code == 3 and said.error["code"] == "disk-full"
        assert "ANLAN_ROOT" in said.error["mend"] and not (own.home / "keys").exists()


@pytest.mark.drill
def test_a_disk_that_fills_while_it_starts_says_so_and_goes_on_when_there_is_room() -> None:
    with small_disk(620) as folder:
        own = RealCounty(folder / "安 澜")
        own.root.mkdir(mode=0o755)
        try:
            starting = own.start("up")
            until(lambda: own.cluster.running() or starting.poll() is not None)
            with (folder / "filler").open("wb") as filler, suppress(OSError):
                while True:
                    filler.write(b"x" * 1_000_000)
                    filler.flush()
            said = heard(starting)
            assert said.code == 3 and said.error["code"] == "disk-full", said
            (folder / "filler").unlink()
            assert own.up()["demo"] is True
            whole(own)
        finally:
            own.end()


# folders and users


def test_below_a_closed_folder_it_says_which_and_what_to_type() -> None:
    if os.geteuid() != 0:
        not_run(ROOT_ONLY)
    closed = Path(tempfile.mkdtemp(prefix="anlan-closed-"))
    try:
        said = RealCounty(closed / "root").run("up")
        assert said.code == 2 and said.error["code"] == "folder-closed"
        assert str(closed) in said.error["place"] and "ANLAN_ROOT" in said.error["mend"]
    finally:
        shutil.rmtree(closed)


def test_a_county_of_another_user_is_left_alone_by_root_too() -> None:
    if os.geteuid() != 0:
        not_run(ROOT_ONLY)
    with real_county() as own:
        own.home.mkdir(parents=True)
        shutil.chown(own.home, NAMED)
        for word in ("up", "down"):
            (own.home / "run").mkdir(exist_ok=True)
            said = own.run(word)
            assert said.code == 2 and said.error["code"] == "other-user", word
            assert NAMED in said.error["mend"]


@contextmanager
def as_user(user: str, **more: str) -> Iterator[RealCounty]:
    """A county started by an unprivileged user from the checkout below somebody's 0700 home.

    Checkout and packages are bound to places that this user can walk to; root only.
    """
    python = shutil.which("python3", path="/usr/bin") or ""
    same = subprocess.run(
        [python or "false", "-c", "import sys; print(sys.version_info[:2])"], capture_output=True,
        text=True, check=False,
    ).stdout.strip()  # fmt: skip
    if os.geteuid() != 0 or same != str(tuple(sys.version_info[:2])):
        not_run(f"{ROOT_ONLY}, apt-get install python{sys.version_info[0]}.{sys.version_info[1]}")
    stage = Path(tempfile.mkdtemp(prefix="anlan-user-"))
    stage.chmod(0o755)
    home = stage / "家"
    home.mkdir()
    shutil.chown(home, user if user.isalpha() else int(user), "nogroup")
    site = next(p for p in sys.path if p.endswith("site-packages"))
    binds = [(CHECKOUT / "anlan", stage / "c" / "anlan"), (CHECKOUT / "phonebox", stage / "c" / "phonebox"),
             (Path(site), stage / "site")]  # fmt: skip
    lines = []
    for source, target in binds:
        target.mkdir(parents=True)
        lines.append(f'mount --bind "{source}" "{target}"')
    script = stage / "as"
    script.write_text(
        "#!/bin/sh\nset -e\n" + "\n".join(lines) + f'\ncd "{stage}/c"\n'
        f"exec setpriv --reuid {user} --regid nogroup --clear-groups "
        f'env HOME="{home}" PYTHONPATH="{stage}/site" PYTHONDONTWRITEBYTECODE=1 "$@"\n'
    )
    script.chmod(0o755)
    own = RealCounty(home / ".local" / "share" / "anlan", more)
    try:
        yield AsUser(own.root, more, ["unshare", "-m", str(script)], python)
    finally:
        for pid in {p for h in home.glob("**/counties/*") for p in pids.of_county(h)}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        for h in home.glob("**/counties/*"):
            until(lambda own=h: not pids.of_county(own))  # type: ignore[misc]
        shutil.rmtree(stage, ignore_errors=True)


class AsUser(RealCounty):
    """Its commands are typed by that user, with Debian's Python."""

    def __init__(self, root: Path, more: dict[str, str], prefix: list[str], python: str):
        super().__init__(root, more, prefix)
        self.python = python

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        environment = self.own_environment() | more
        environment.pop("ANLAN_ROOT")
        environment |= {k: v for k, v in more.items() if k == "ANLAN_ROOT"}
        return subprocess.Popen(
            [*self.prefix, self.python, "-m", "anlan", *words, "--json"], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
        )  # fmt: skip


@pytest.mark.parametrize("user", [str(STRANGER), pytest.param(NAMED, marks=pytest.mark.drill)])
def test_an_ordinary_user_with_or_without_a_name_starts_it(user: str) -> None:
    """PostgreSQL's initdb wants a name in /etc/passwd; a uid without one gets it for a moment."""
    with as_user(user) as own:
        answer = own.run("up")
        assert answer.code == 0, (answer.out, answer.err)
        assert set(answer.answer["links"]) == {"setup", "duty"}
        home = next(own.root.glob("*/counties/" + CODE))
        uid = (home / "postgres" / "data").stat().st_uid
        assert uid == home.stat().st_uid != 0
        assert own.run("status").code == 0
        assert own.run("down").answer == {"stopped": True}


def test_a_home_that_cannot_be_written_is_named_with_the_way_out() -> None:
    with as_user(str(STRANGER)) as own:
        home = own.root.parents[2]
        home.chmod(0o555)
        shutil.chown(home, "root", "root")
        said = own.run("up")
        assert said.code == 2 and said.error["code"] == "no-write", said
        assert "ANLAN_ROOT" in said.error["mend"]
        other = home.parent / "elsewhere"
        other.mkdir()
        shutil.chown(other, STRANGER)
        said = own.run("county", "list", ANLAN_ROOT=str(other))
        assert said.answer == {"counties": []}


# cut off


def test_it_starts_with_the_network_off() -> None:
    """In a network of its own that has nothing but its loopback."""
    with real_county() as own:
        own.up()
        own.down()
        command = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
        if os.geteuid() != 0:
            command.insert(1, "-r")
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
            not_run("apt-get install iproute2, and as root: unshare -n")
        own.prefix[:] = command
        assert own.up()["county"] == CODE
        assert own.down().answer == {"stopped": True}
        done = subprocess.run(
            [*command, "make", "-s", "setup"], cwd=CHECKOUT, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


# what `make` says before there is any Python of ours


@pytest.fixture
def bare() -> Iterator[Path]:
    """The files that make needs, in a folder with a space and Chinese, and nothing installed."""
    folder = Path(tempfile.mkdtemp(prefix="安 澜 "))
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, folder)
    shutil.copytree(CHECKOUT / "requirements", folder / "requirements")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def make(
    folder: Path, *words: str, lies: str = "", cut_off: bool = False
) -> subprocess.CompletedProcess[str]:
    """lies: what a Python of another machine would say, put in before anything else runs."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ANLAN_", "PYTHON"))}
    if cut_off:
        environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "UV_NO_INDEX": "1",
                        "UV_NO_CACHE": "1", "UV_FIND_LINKS": ""}  # fmt: skip
    if lies:
        (folder / "lies").mkdir(exist_ok=True)
        (folder / "lies" / "sitecustomize.py").write_text(lies)
        environment["PYTHONPATH"] = str(folder / "lies")
    return subprocess.run(
        ["make", "-s", *words], cwd=folder, env=environment, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip


NO_VENV = "import sys; sys.modules['ensurepip'] = None"
TOO_OLD = "import sys; sys.version_info = (3, 9, 2)"
PYTHON = f"PYTHON={sys.executable}"


def test_without_the_venv_module_it_says_which_package_to_install(bare: Path) -> None:
    done = make(bare, ".venv/made.stamp", PYTHON, lies=NO_VENV)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    assert done.returncode != 0 and f"apt-get install {version}" in done.stdout, done
    assert not (bare / ".venv").exists()


def test_with_too_old_a_python_it_says_so(bare: Path) -> None:
    done = make(bare, ".venv/made.stamp", PYTHON, lies=TOO_OLD)
    assert done.returncode != 0 and "apt-get install python3.11" in done.stdout, done
    done = make(bare, ".venv/made.stamp", "PYTHON=")
    assert done.returncode != 0 and "apt-get install python3.11" in done.stdout


def test_an_environment_that_was_interrupted_is_made_anew(bare: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare / ".venv"], check=True)
    done = make(bare, ".venv/made.stamp", PYTHON)
    assert done.returncode == 0, done.stdout + done.stderr
    pip = [bare / ".venv" / "bin" / "python", "-m", "pip", "--version"]
    assert subprocess.run(pip, capture_output=True, check=False).returncode == 0
    before = (bare / ".venv" / "made.stamp").stat().st_mtime
    make(bare, ".venv/made.stamp", PYTHON)
    assert (bare / ".venv" / "made.stamp").stat().st_mtime == before, "twice is once"
    done = make(bare, "setup", PYTHON, cut_off=True)
    assert done.returncode != 0 and "请检查网络" in done.stdout and "make setup" in done.stdout
    assert not (bare / ".venv" / "county.stamp").exists(), "what did not finish is not done"


def test_a_folder_that_cannot_be_written_says_where_to_look() -> None:
    if os.geteuid() != 0:
        not_run(ROOT_ONLY)
    with small_disk(1) as folder:
        for name in ("Makefile", "pyproject.toml"):
            shutil.copy(CHECKOUT / name, folder)
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        done = make(folder, ".venv/made.stamp", PYTHON)
        assert done.returncode != 0 and "ls -ld ." in done.stdout, done


def test_down_before_anything_is_installed_is_no_fault(bare: Path) -> None:
    done = make(bare, "down")
    assert done.returncode == 0 and done.stdout.strip()


def test_help_names_every_target_that_a_person_types(bare: Path) -> None:
    shown = make(bare, "help").stdout
    for target in ("up", "setup", "down", "test", "check", "bench", "drill", "help"):
        assert f"make {target} " in shown
