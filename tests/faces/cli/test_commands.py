"""Every command, with and without `--json`, where nothing is made, stopped, or asked wrongly.

Generated from the one list of commands: a new command is walked as soon as it stands there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from anlan.faces.cli.main import COMMANDS, Command

CODES = (0, 1, 2, 3)
STARTING = ("up", "county new")
READS_ITS_FILE_FIRST = ("plan import", "county import", "replay")
BAD = {"file": "没有 这个.txt", "code": "12ab", "username": "nobody-here", "name": "甲县",
       "world": "3"}  # fmt: skip
QUIET_IN_JSON = (
    "with --json nothing but one object goes to standard output, and nothing to the other"
)


def words_of(command: Command, values: dict[str, str]) -> list[str]:
    if command.words == "county export":  # the one that writes a file, of one kind
        values = values | {"file": "没有县.xlsx"}
    given = [values.get(name, "x") for name, _o in command.arguments if not name.startswith("-")]
    return [*command.words.split(), *given]


def run(root: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    drop = ("ANLAN_", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(drop)}
    return subprocess.run(
        [sys.executable, "-m", "anlan", *words], capture_output=True, text=True, timeout=120,
        cwd=root,  # what a command writes by its bare name, it writes here
        env=kept | {"ANLAN_ROOT": str(root)} | more, check=False,
    )  # fmt: skip


def check(done: subprocess.CompletedProcess[str], as_json: bool) -> dict[str, object]:
    """The contract of the command line, whatever the answer."""
    assert done.returncode in CODES, done.stderr
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    if not as_json:
        assert (done.stdout + done.stderr).strip()
        return {}
    assert done.stderr == "", QUIET_IN_JSON
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict) and done.stdout.count("\n") == 1
    if done.returncode in (2, 3):
        assert list(answer) == ["error"]
        assert set(answer["error"]) == {"code", "message", "place", "mend"}
        assert answer["error"]["message"] and answer["error"]["code"]
        assert answer["error"]["mend"], "each refusal says what to type"
    else:
        assert "error" not in answer
    return answer


@pytest.fixture
def nothing() -> Iterator[Path]:
    """A machine without any county."""
    root = Path(tempfile.mkdtemp(prefix="anlan-none-"))
    yield root
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def stopped(nothing: Path) -> Path:
    """A county that was made and does not run."""
    home = nothing / "counties" / "500231"
    (home / "keys").mkdir(parents=True)
    (home / "postgres").mkdir()
    (home / "run").mkdir()
    (home / "county.json").write_text('{"code": "500231", "name": "垫江县", "demo": true}')
    (home / "ready").write_text("")
    return nothing


@pytest.mark.parametrize("as_json", [False, True], ids=["words", "json"])
@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if c.words not in STARTING], ids=lambda c: c.words
)
def test_where_no_county_is(command: Command, as_json: bool, nothing: Path) -> None:
    done = run(nothing, *words_of(command, BAD), *(["--json"] if as_json else []))
    answer = check(done, as_json)
    if as_json and command.needs_county:
        assert done.returncode == (2 if command.words in READS_ITS_FILE_FIRST else 3)
        assert answer["error"]


@pytest.mark.parametrize("as_json", [False, True], ids=["words", "json"])
@pytest.mark.parametrize("command", [c for c in COMMANDS if c.needs_county], ids=lambda c: c.words)
def test_where_the_county_is_stopped(command: Command, as_json: bool, stopped: Path) -> None:
    file = stopped / "plan.txt"
    file.write_text("垫江县人民政府")
    words = words_of(command, BAD | {"file": str(file)})
    done = run(stopped, *words, *(["--json"] if as_json else []))
    answer = check(done, as_json)
    assert done.returncode == 3
    assert not as_json or answer["error"]["code"] == "not-running"  # type: ignore[index]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.words)
def test_with_an_argument_too_many(command: Command, nothing: Path) -> None:
    done = run(nothing, *words_of(command, BAD), "--no-such-thing", "--json")
    answer = check(done, True)
    assert done.returncode == 2
    assert answer["error"]["code"] == "usage"  # type: ignore[index]


def must_be_given(command: Command) -> bool:
    named = [options for name, options in command.arguments if not name.startswith("-")]
    return any(options.get("nargs") != "?" for options in named)


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if must_be_given(c)], ids=lambda c: c.words
)
def test_with_an_argument_too_few(command: Command, nothing: Path) -> None:
    done = run(nothing, *command.words.split(), "--json")
    assert check(done, True)["error"]["code"] == "usage"  # type: ignore[index]
    assert done.returncode == 2


@pytest.mark.parametrize("words", [[], ["nonsense"], ["county"], ["county", "nonsense"]])
def test_half_a_command_is_a_refusal_too(words: list[str], nothing: Path) -> None:
    done = run(nothing, *words, "--json")
    assert check(done, True)["error"]["code"] == "usage"  # type: ignore[index]
    assert run(nothing, *words).returncode == 2


def test_json_may_stand_before_or_after(nothing: Path) -> None:
    before, after = (
        run(nothing, "--json", "county", "list"),
        run(nothing, "county", "list", "--json"),
    )
    assert check(before, True) == check(after, True) == {"counties": []}


def test_help_is_no_refusal(nothing: Path) -> None:
    done = run(nothing, "--help")
    assert done.returncode == 0 and "county" in done.stdout


def test_what_nobody_foresaw_is_in_words_and_the_whole_of_it_in_a_file(stopped: Path) -> None:
    (stopped / "counties" / "500231" / "county.json").write_text('{"ports": {"console": []}}')
    (stopped / "current").mkdir()
    done = run(stopped, "doctor", "--json")
    answer = check(done, True)
    assert done.returncode == 3 and answer["error"]["code"] == "unexpected"  # type: ignore[index]
    fault = Path(str(answer["error"]["place"]))  # type: ignore[index]
    assert "Traceback" in fault.read_text()
    fault.unlink()


def test_a_database_that_does_not_answer_is_a_part_that_is_not_running(stopped: Path) -> None:
    home = stopped / "counties" / "500231"
    roles = ("owner", "app", "public", "watchdog")
    (home / "own_server.json").write_text(
        json.dumps({"url": "host=127.0.0.1 port=1 dbname=x"} | dict.fromkeys(roles, "x"))
    )
    for words in (["status"], ["user", "list"], ["journal", "verify"], ["plan", "status"]):
        done = run(stopped, *words, "--json")
        assert done.returncode == 3, done.stdout
        assert check(done, True)["error"]["code"] == "database-away"  # type: ignore[index]
