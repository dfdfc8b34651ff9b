"""Exercises of the small county, started by a command."""

from __future__ import annotations

from typing import Any

from anlan.ground.scope import Scope
from anlan.rooms.review import actions
from anlan.rooms.review.models import Exercise

COMMAND = Scope.for_command("test")


def started(kind: str = "tabletop", scope: Scope = COMMAND, **changes: Any) -> Exercise:
    """An exercise of the kind, with what the test wants otherwise."""
    fields: dict[str, Any] = {"kind": kind, "name": "防汛演练", "form": "comprehensive",
                              "topics": ("moving",), "rate": 1.0}  # fmt: skip
    return actions.start(scope, actions.Plan(**(fields | changes)))
