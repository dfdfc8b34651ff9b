"""What every write has in common: a scope, a right, one transaction, a journal line.

`@action` registers the function, so that a test can walk all of them, and holds it to the rule:
a body that changes something and writes no journal line is an error of ours, and a refusal of a
right is journalled in a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.db.utils import ProgrammingError
from django.utils.translation import gettext as _
from psycopg.errors import InsufficientPrivilege

from anlan.ground import journal, repeats
from anlan.ground.errors import Denied
from anlan.ground.scope import Scope, current

P = ParamSpec("P")
R = TypeVar("R")
Body = Callable[Concatenate[Scope, P], R]


@dataclass(frozen=True, slots=True)
class Declared:
    """An action as the registry knows it. right None: open_to says to whom, and why."""

    name: str
    right: str | None
    journal: str
    open_to: str


REGISTRY: dict[str, Declared] = {}


def action(
    right: str | None, *, journal: str = "", open_to: str = "", may_change_nothing: bool = False
) -> Callable[[Body[P, R]], Body[P, R]]:
    """Declare a write. right: needed by the scope; None only with `open_to`, which says why.

    may_change_nothing: the action may find that nothing is to do, and then writes no line.
    """
    if right is None and not open_to:
        raise TypeError("an action without a right must say to whom it is open, and why")

    def declare(body: Body[P, R]) -> Body[P, R]:
        name = f"{body.__module__}.{body.__qualname__}"
        REGISTRY[name] = Declared(name, right, journal or right or name, open_to)

        @wraps(body)
        def run(scope: Scope, /, *args: P.args, **kwargs: P.kwargs) -> R:
            try:
                if right is not None:
                    scope.need(right)
                with scope.open():
                    return repeats.once(
                        scope,
                        name,
                        lambda: _journalled(body, scope, may_change_nothing, *args, **kwargs),
                    )
            except ProgrammingError as error:
                if not isinstance(error.__cause__, InsufficientPrivilege) or current() is not None:
                    raise
                refusal = _outside()
                _deny(scope, REGISTRY[name].journal, refusal)
                raise refusal from error
            except Denied as refusal:
                _deny(scope, REGISTRY[name].journal, refusal)
                raise

        run.__dict__["declared"] = REGISTRY[name]
        return run

    return declare


def _journalled(
    body: Body[P, R], scope: Scope, may_change_nothing: bool, *args: P.args, **kwargs: P.kwargs
) -> R:
    before = journal.lines_written()
    result = body(scope, *args, **kwargs)
    if journal.lines_written() == before and not may_change_nothing:
        raise RuntimeError(f"{body.__module__}.{body.__qualname__} wrote no journal line")
    return result


def _outside() -> Denied:
    """The database's own refusal, said as one: the rows lie outside the scope."""
    return Denied(
        "out-of-scope", _("这不在您的范围内"), "", _("请由这个范围的岗位办理")
    )  # fmt: skip


def _deny(scope: Scope, name: str, refusal: Denied) -> None:
    """Once, by the outermost action, after its transaction has been rolled back."""
    if current() is None and not getattr(refusal, "journalled", False):
        journal.denied(scope, name, str(refusal))
        refusal.journalled = True  # type: ignore[attr-defined]
