"""Every code with which the call-out says why has its words on the screen."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import anlan.engines.callout as callout
from anlan.faces.console.tree import reason_word

FOLDER = Path(callout.__file__).parent
ROLES = ("first", "deputy", "superior", "fallback")


def texts(node: ast.AST) -> Iterator[str]:
    """Every text in an expression; `answered-{role}` once for each role."""
    if isinstance(node, ast.JoinedStr):
        first = node.values[0]
        assert isinstance(first, ast.Constant), ast.unparse(node)
        yield from (f"{first.value}{role}" for role in ROLES)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*texts(node.body), *texts(node.orelse))
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from texts(value)
    elif isinstance(node, ast.Subscript):
        yield from texts(node.value)


def pairs(node: ast.Assign) -> Iterator[tuple[ast.AST, ast.AST]]:
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            yield from zip(target.elts, node.value.elts, strict=True)
        else:
            yield target, node.value


def codes_of(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            yield from (code for key in node.keywords if key.arg == "reason"
                        for code in texts(key.value))  # fmt: skip
            if called == "Decision":
                yield from texts(node.args[3])
            if called == "_start_below":
                yield from texts(node.args[2])
        elif isinstance(node, ast.Assign):
            for target, value in pairs(node):
                if ast.unparse(target).rpartition(".")[2] == "reason":
                    yield from texts(value)
        elif isinstance(node, ast.FunctionDef) and node.name.endswith("_reason"):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and inner.value is not None:
                    yield from texts(inner.value)


def codes() -> set[str]:
    found: set[str] = set()
    for path in FOLDER.rglob("*.py"):
        if "migrations" not in path.parts:
            found |= set(codes_of(ast.parse(path.read_text(encoding="utf-8"))))
    return found - {""}


def test_the_walk_finds_the_codes_it_must() -> None:
    """The control: a walk that finds nothing would pass everything."""
    assert codes() >= {
        "first-ring", "again", "deputy", "superior", "vacant-post", "nobody-answered",
        "fallback-not-closed", "superior-reached", "answered-first", "all-clear", "stopped",
    }  # fmt: skip


def test_every_reason_has_its_words() -> None:
    assert [code for code in sorted(codes()) if reason_word(code) == code] == []


def test_a_code_without_words_is_caught() -> None:
    grown = ast.parse('Decision(Next.WAIT, None, "", "moon-too-bright", None)')
    assert [code for code in codes_of(grown) if reason_word(code) == code] == ["moon-too-bright"]
