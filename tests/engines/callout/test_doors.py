"""No answer is made inside our own process: the doors through which one comes are counted."""

from __future__ import annotations

import ast
from pathlib import Path

import anlan

ROOT = Path(anlan.__file__).parent
DOORS = {
    "engines/callout/rounds.py:_answer_from",
    "engines/callout/pages.py:answer_for",
    "faces/portal/pages.py:answer",
}


def callers(name: str) -> set[str]:
    """file:function of every call of `actions.NAME` or an alias of it in the package."""
    found: set[str] = set()
    for path in ROOT.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef):
                continue
            for node in ast.walk(function):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr == name
                    and isinstance(node.func.value, ast.Name)
                    and node.func.value.id in ("actions", "callout")
                ):
                    found.add(f"{path.relative_to(ROOT)}:{function.name}")
    return found


def test_answers_come_through_the_sms_the_link_and_an_officers_hand_only() -> None:
    assert callers("answer") == DOORS


def test_answer_rows_are_written_in_one_place() -> None:
    writers = [
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if "Answer.objects.create" in path.read_text(encoding="utf-8")
    ]
    assert writers == ["engines/callout/actions.py"]


def test_messages_come_in_through_the_gateway_only() -> None:
    assert callers("receive_message") == set()
    worker = (ROOT / "faces" / "worker.py").read_text(encoding="utf-8")
    assert worker.count("receive_message(") == 1
