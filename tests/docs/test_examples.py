"""What the manual tells people to type can be typed, and what it says to write runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from anlan.faces.cli import main
from anlan.ground.errors import Refusal

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "how-to").glob("*.md"))]
COMMAND = re.compile(r"(?<![\w/.-])(?:\.venv/bin/python -m )?anlan ((?:[a-z]+)(?: [^`\n|]*)?)")
SPAN = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"```[a-z]*\n(.*?)```", re.S)
INDENTED = re.compile(r"(?m)^(?: {4}|\t)(.+)$")
AFTER = re.compile(r"\s*(?:&&|;|，|。|\||\s#\s|\s{2,}).*$")  # what follows a command on its line
NOT_YET = "## 还没有的"


def said(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition(NOT_YET)[0]


def spans(text: str) -> list[str]:
    """What stands as code: in a line, indented, or fenced; a line each."""
    fenced = [line for block in FENCED.findall(text) for line in block.splitlines()]
    return [*SPAN.findall(text), *INDENTED.findall(text), *fenced]


def commands() -> list[tuple[str, str]]:
    """(page, words) of every command of ours that the manual tells people to type."""
    return sorted({
        (page.name, AFTER.sub("", words).strip())
        for page in PAGES for span in spans(said(page)) for words in COMMAND.findall(span)
    })  # fmt: skip


def test_there_are_commands_to_hold() -> None:
    assert len(commands()) > 40


@pytest.mark.parametrize(("page", "words"), commands())
def test_every_command_of_the_manual_is_one(page: str, words: str) -> None:
    """Its words are known and what it needs is given; numbers stand where the manual has words."""
    typed = [re.sub(r"^(第几场|多少|几)$", "1", word) for word in shlex.split(words)]
    if typed[-1:] == ["…"]:
        typed.pop()
    said = ""
    try:
        main.parser().parse_args(typed)
    except Refusal as refusal:
        said = refusal.place
    # A command may be named without what it needs; what is typed must be known.
    assert not said or "arguments are required" in said, f"{page}: anlan {words}: {said}"


def test_every_make_target_of_the_manual_is_one() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"(?m)^([a-z]+):", makefile))
    named = {target for page in PAGES for span in spans(said(page))
            for target in re.findall(r"(?:^|(?<!install)\s)make ([a-z]+)", span)}  # fmt: skip
    assert named <= known and named


def test_every_relative_link_of_the_documents_leads_to_a_file() -> None:
    lost = []
    rooms = (ROOT / "anlan").rglob("README.md")
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *rooms]:
        if "node_modules" in page.parts:
            continue
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:|/", target) and not (page.parent / target).exists():
                lost.append(f"{page.relative_to(ROOT)}: {target}")
    assert lost == []


def example(name: str) -> ModuleType:
    """The Python of a page, run as a module."""
    text = (ROOT / "docs" / "how-to" / name).read_text(encoding="utf-8")
    module = ModuleType(name)
    for code in re.findall(r"```python\n(.*?)```", text, re.S):
        exec(compile(code, name, "exec"), module.__dict__)
    return module


def test_the_channel_of_the_manual_carries_a_night(
    county_db: str, scope_of: Any, tmp_path: Path
) -> None:
    """Its messages lie in the folder, whole; while the folder is away nothing is claimed."""
    import json

    from anlan.engines.callout import actions, rounds
    from anlan.engines.callout.models import Attempt
    from anlan.ground.scope import Scope
    from tests.engines.callout.test_night import launch

    own = Scope.for_round("test")
    folder = tmp_path / "out"
    send = rounds.sender(example("add-a-channel.md").FileGateway(folder))
    actions.open_callout(scope_of("duty_officer"), launch())
    rounds.advance(own)
    assert send(own) == 0, "not ready: nothing is claimed"
    folder.mkdir()
    sent = send(own)
    files = sorted(folder.iterdir())
    assert sent == len(files) > 0 and {file.suffix for file in files} == {".json"}
    told = json.loads(files[0].read_text(encoding="utf-8"))
    with own.open():
        attempt = Attempt.objects.get(id=told["key"])
    assert told["text"] == attempt.text and attempt.gateway_ref == files[0].name
