"""Packs from strangers (R41): none runs code, reads a file, or takes the program with it."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anlan.engines.indicators import declare
from anlan.ground.policy import check, packs
from tests.packs.test_check import pack

CANARY = "CANARY-7f3a"
HEAD = "label: 包\ntier: bronze\n"


def billion() -> str:
    """Nine levels of nine: 81 aliases that stand for 387 million words."""
    lines = ["a0: &a0 [哈, 哈, 哈, 哈, 哈, 哈, 哈, 哈, 哈]"]
    for n in range(1, 9):
        lines.append(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]")
    return "\n".join(lines)


TEXTS: dict[str, str] = {
    "a tag that makes an object": "x: !!python/object/apply:os.system ['touch {canary}']",
    "a tag that makes a module": "x: !!python/module:os",
    "a new object": "x: !!python/object/new:subprocess.Popen [[touch, '{canary}']]",
    "a tag of its own": "x: !include {secret}",
    "a plain tag": "x: !!binary aGVsbG8=",
    "a billion laughs": billion(),
    "a hundred and one aliases": "a: &a 词\nb: [" + ", ".join(["*a"] * 101) + "]",
    "an alias to itself": "a: &a [*a]",
    "a merge": "a: &a {b: 1}\nc:\n  <<: *a",
    "a deep nest": "x: " + "[" * 5000 + "]" * 5000,
    "a deep map": "\n".join("  " * n + "a:" for n in range(60)),
    "a key twice": HEAD + "label: 另一个\n",
    "a list as a key": "? [a, b]\n: 1",
    "two documents": HEAD + "---\nlabel: 二\n",
    "not a map": "- 一\n- 二",
    "a number of a million digits": "x: " + "9" * 900_000,
    "not a number": HEAD + "quality: {done: [], todo: [], exempt: {a: .nan}}",
    "an endless number": HEAD + "quality: .inf",
    "an unfinished quote": 'x: "abc',
    "a broken escape": 'x: "\\q"',
    "a turned word": HEAD + "quality: {done: ['\u202e文字'], todo: []}",
    "a nul": 'label: "a\\0b"',
    "a template": HEAD + "quality: {done: ['{{ 7*7 }} 包'], todo: ['{% load x %} 包']}",
    "an attribute of a placeholder": HEAD + "quality: {done: ['{text.__class__} 包'], todo: []}",
    "sql for a label": HEAD + "sql: \"'; DROP TABLE county_post; --\"",
    "a regular expression": HEAD + "pattern: '(a+)+$'",
    "a year that is none": "2024-99-99: 1",
    "an odd moment": "x: 2024-01-01T00:00:00+99:99",
    "too large": "x: " + "字" * 400_000,
}  # fmt: skip


@pytest.fixture(autouse=True)
def bounded() -> Any:
    """Whatever a pack does, it does within seconds and within a gigabyte more."""
    started = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert time.monotonic() - started < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000


@pytest.mark.parametrize("kind", TEXTS)
def test_a_hostile_file_is_one_fault_with_its_mend(tmp_path: Path, kind: str) -> None:
    canary, secret = tmp_path / "touched", tmp_path / "secret"
    secret.write_text(CANARY)
    text = TEXTS[kind].replace("{canary}", str(canary)).replace("{secret}", str(secret))
    faults = check.check(pack(tmp_path, pack=text)).faults
    assert faults and all(fault.mend for fault in faults)
    assert not canary.exists()
    assert CANARY not in repr(faults)


def linked(own: Path, secret: Path) -> None:
    (own / "texts.yaml").symlink_to(secret)


def hard_way_out(own: Path, secret: Path) -> None:
    (own / "indicators.yaml").symlink_to("../../../../../../etc/passwd")


def endless_link(own: Path, secret: Path) -> None:
    (own / "texts.yaml").symlink_to(own / "texts.yaml")


def pipe(own: Path, secret: Path) -> None:
    os.mkfifo(own / "texts.yaml")


def folder_for_a_file(own: Path, secret: Path) -> None:
    (own / "texts.yaml").mkdir()


def program(own: Path, secret: Path) -> None:
    (own / "run.py").write_text("import os")


def own_sql(own: Path, secret: Path) -> None:
    (own / "facts.sql").write_text("DROP TABLE county_post;")


def hidden_file(own: Path, secret: Path) -> None:
    (own / ".env.yaml").write_text("a: 1")


def latin(own: Path, secret: Path) -> None:
    (own / "texts.yaml").write_bytes(b"label: \xff\xfe")


FILES: list[Callable[[Path, Path], None]] = [
    linked, hard_way_out, endless_link, pipe, folder_for_a_file, program, own_sql, hidden_file,
    latin,
]  # fmt: skip


@pytest.mark.parametrize("spoil", FILES, ids=lambda f: f.__name__)
def test_nothing_but_its_own_plain_files_is_read(tmp_path: Path, spoil: Any) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"kinds: {CANARY}")
    own = pack(tmp_path)
    spoil(own, secret)
    faults = check.check(own).faults
    assert faults and all(fault.mend for fault in faults)
    assert CANARY not in repr(faults) and "root:" not in repr(faults)


@pytest.mark.parametrize("name", ["..", "UPPER", "a b", "包", "a-b", "x" * 60])
def test_a_pack_has_a_plain_name(tmp_path: Path, name: str) -> None:
    own = tmp_path / "in"
    own.mkdir()
    if name == "..":
        (own / "link").symlink_to(tmp_path)
    else:
        (own / name).mkdir()
    assert check.check(own).faults


@pytest.mark.parametrize("kind", ["a billion laughs", "a tag that makes an object", "a nul"])
def test_a_hostile_pack_is_off_and_the_others_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A pack that cannot be read stops neither start-up nor the plan."""
    import shutil

    root = tmp_path / "packs"
    shutil.copytree(packs.PACKS, root)
    pack(root, name="stranger", indicators=TEXTS[kind])
    monkeypatch.setattr(packs, "PACKS", root)
    packs.section.cache_clear()
    monkeypatch.setattr(packs.folders, "__defaults__", (root,))
    monkeypatch.setattr(packs.section.__wrapped__, "__defaults__", (root,))
    packs.section.cache_clear()
    names = set(declare.declared())
    assert {"warning.reached_in_time", "warning.zones_used"} <= names
    assert not any(name.startswith("stranger.") for name in names)
    assert [fault.file for fault in packs.off(root)] == ["stranger/indicators.yaml"]
    packs.section.cache_clear()


def test_mutant_the_plain_loader_runs_the_code_of_a_pack(tmp_path: Path) -> None:
    """The test of the test: with an unsafe loader the canary is touched."""
    import yaml

    canary = tmp_path / "touched"
    text = TEXTS["a tag that makes an object"].replace("{canary}", str(canary))
    yaml.load(text, Loader=yaml.UnsafeLoader)
    assert canary.exists()
