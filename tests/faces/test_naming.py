"""The journal and the page of rounds speak Chinese: every code of the program has its word."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.apps import apps

import anlan
from anlan.faces import worker
from anlan.faces.console import naming
from anlan.ground import journal
from anlan.ground.actions import REGISTRY
from anlan.ground.scope import Scope
from tests.conftest import COUNTY

PACKAGE = Path(anlan.__file__).parent


def written() -> Iterator[tuple[str, str]]:
    """(file, code) of every journal line whose action stands in the source as a word."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("journal.line", "line"):
                code = node.args[1] if len(node.args) > 1 else None
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    yield str(path), code.value


def test_every_journal_line_of_the_source_has_its_word() -> None:
    found = list(written())
    assert len(found) > 60, "the pattern is wrong"
    assert sorted({code for _path, code in found} - set(naming.ACTIONS)) == []


def test_every_declared_action_has_its_word() -> None:
    declared = {one.journal for one in REGISTRY.values() if one.name.startswith("anlan.")}
    rights = naming.table().labels
    assert sorted(code for code in declared if code not in naming.ACTIONS | rights) == []


def test_every_round_has_its_word() -> None:
    names = {entry.name for entry in worker.rounds(None)}  # type: ignore[attr-defined]
    assert sorted(names - set(naming.ROUNDS)) == []


def test_every_kind_of_record_has_its_word() -> None:
    own = {m._meta.label_lower for m in apps.get_models() if m.__module__.startswith("anlan.")}
    assert sorted(own - set(naming.KINDS)) == []


def test_the_journal_is_read_and_searched_in_words(
    county_db: str, client_of: Callable[..., Any]
) -> None:
    client = client_of("duty_officer")
    with Scope.for_round("inbox").open() as scope:
        journal.line(
            scope,
            "callout.answer",
            ("callout.call", 7),
            why="received sms decides",
            division=COUNTY,
        )
        journal.line(
            scope, "callout.stop", ("callout.callout", 8), why="sms 写错了", division=COUNTY
        )
    page = client.get("/journal/").content.decode()
    assert "收到应答" in page and "读收到的短信" in page and "叫应对象 7" in page
    assert "收到 短信 计为应答" in page and "sms 写错了" in page
    assert ">callout.answer<" not in page and ">done<" not in page
    found = client.get("/journal/", {"action": "收到应答"}).content.decode()
    assert "叫应对象 7" in found and "sms 写错了" not in found
    nothing = client.get("/journal/", {"action": "没有这个动作"}).content.decode()
    assert "没有这样的日志" in nothing


def test_an_unknown_code_is_shown_as_it_stands() -> None:
    assert naming.action_word("older.version") == "older.version"
    assert naming.round_word("older") == "older"
    assert naming.why_word("a person said sms") == "a person said sms"
