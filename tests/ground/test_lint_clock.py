"""No decision reads a Python clock: the source is walked, and every exception has its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ANLAN = Path(__file__).resolve().parents[2] / "anlan"
CLOCKS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "timezone.now",
    "timezone.localtime", "timezone.localdate", "time.time", "time.time_ns", "time.localtime",
    "time.gmtime", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.sleep",
    "datetime.fromtimestamp", "datetime.utcfromtimestamp",
}  # fmt: skip
# Where a clock of this machine is right, and why. None of these decides whether a row is due.
EXCEPTIONS = {
    "ground/rounds.py": "how long a pass pauses; what is due is asked of the database",
    "ground/clockwatch.py": "it is this machine's clock that is looked at, beside the database's",
    "ground/logs.py": "log lines carry the machine's own time, in UTC",
    "ground/machine/": "waits for processes that start and stop, before a database is there",
    "faces/cli/": "waits for processes, and prints how long a command took",
    "faces/watchdog.py": "another process and another clock, on purpose: it watches the worker",
    "ground/live.py": "a token of the screen's wire, good for minutes; it decides nothing",
    "county/signin.py": "the age of a session, held in the session itself",
    "county/devices.py": "the age of a device's token",
    "ground/outside.py": "how long one visit to an address may take in all",
    "engines/callout/gateway.py": "how long a socket is waited for",
    "engines/callout/rounds/sending.py": "how long one pass may send before it lets others in",
    "engines/callout/trial.py": "how long the centre's answer to one message is waited for",
    "ground/upkeep.py": "how long a backup took; whether one is due is asked of the database",
    "faces/http/counting.py": "how long an answer took, and how often the counts are written",
    "faces/http/metrics.py": "the age of the last backup, told while the database is away too",
    "faces/http/middleware.py": "how many pages an address may open in a minute",
    "science/": "how long a model ran, for its card",
    "rooms/workplan/reader/": "the wall limit of the reader's own process",
}
NEVER = ("decisions.py", "actions.py", "rounds.py", "queries.py", "models.py", "pages.py")


def calls(source: str) -> Iterator[tuple[int, str]]:
    """(line, name) of every call of a clock, by its last two names or by what was imported."""
    tree = ast.parse(source)
    bare = {
        (alias.asname or alias.name): f"{node.module.rsplit('.', 1)[-1]}.{alias.name}"
        for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in ("auto_now", "auto_now_add"):
            yield node.value.lineno, node.arg
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        short = ".".join(name.split(".")[-2:])
        if short in CLOCKS or bare.get(name) in CLOCKS:
            yield node.lineno, short


def faults(path: Path) -> list[str]:
    place = str(path.relative_to(ANLAN))
    if place != "ground/rounds.py" and path.name not in NEVER:
        if any(place.startswith(start) for start in EXCEPTIONS):
            return []
    elif place == "ground/rounds.py":
        return []
    found = [f"{place}:{line} {name}" for line, name in calls(path.read_text(encoding="utf-8"))]
    return [fault for fault in found if not fault.endswith("auto_now_add")]


@pytest.mark.parametrize(
    "path", sorted(ANLAN.rglob("*.py")), ids=lambda p: str(p.relative_to(ANLAN))
)
def test_only_named_files_read_a_clock_of_this_machine(path: Path) -> None:
    if "migrations" not in path.parts:
        assert faults(path) == []


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\ndatetime.now()",
        "import datetime\ndatetime.datetime.now(tz)",
        "from datetime import date as day\nday.today()"
        if False
        else "import datetime\ndatetime.date.today()",
        "from django.utils import timezone\ntimezone.now()",
        "from django.utils.timezone import now\nnow()",
        "import time\ntime.time()",
        "from time import monotonic as m\nm()",
        "x = DateTimeField(auto_now=True)",
    ],
)
def test_the_lint_sees_a_clock_however_it_is_called(source: str) -> None:
    assert list(calls(source))


def test_the_lint_lets_the_countys_clock_pass() -> None:
    assert list(calls("from anlan.ground import clock\nclock.now()")) == []


def test_every_stored_time_is_aware() -> None:
    from django.apps import apps
    from django.conf import settings
    from django.db import models

    assert settings.USE_TZ
    times = [
        field for model in apps.get_models() for field in model._meta.get_fields()
        if isinstance(field, models.DateTimeField)
    ]  # fmt: skip
    assert len(times) > 20
    naive = [
        str(f) for f in times if f.has_default() and getattr(f.get_default(), "tzinfo", 1) is None
    ]
    assert naive == []
