"""What was made of rows that stand, kept in this process until one of them changes.

Flows in: the tables that something is made of. Flows out: the very thing made before, as long as
the database says, asked in this transaction and under this scope, that the reader sees the same
versions of the same rows. Nothing is kept by time, nothing has to be told that it is out of date,
and any number of processes may keep their own. What stands in no table (today, a language, an
address) belongs into the key beside the stamp.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Generic, TypeVar

from anlan.ground.scope import Scope, asked

T = TypeVar("T")
# A row that is written again has another transaction or place, and one that is gone is not summed.
ROW_VERSION = "hashtextextended(xmin::text || ctid::text, 0)"


def stamp(scope: Scope, tables: Mapping[str, str]) -> str:
    """A digest of every row of the tables that the scope lets through, with the scope's span.

    tables: table → what follows FROM it, written here in the program: nothing, a WHERE, or after
    a `|` another number than the row's version that is to be summed.
    """
    seen: str = stamped(scope, tables)[0]
    return seen


def stamped(scope: Scope, tables: Mapping[str, str], *also: str) -> list[Any]:
    """The stamp, and beside it in the same question what the expressions give."""
    parts = []
    for name, said in tables.items():
        where, _bar, number = said.partition("|")
        parts.append(
            f"(SELECT count(*) || ':' || coalesce(sum({number or ROW_VERSION}), 0)"  # noqa: S608
            f" FROM {name} {where})"
        )
    with scope.open():
        whole = f"concat_ws('/', {', '.join(parts)})"
        ((seen, *more),) = asked(f"SELECT {', '.join([whole, *also])}")
    return [f"{scope.kind}/{scope.lo}/{scope.hi}/{scope.world}/{seen}", *more]


class Kept(Generic[T]):
    """At most `entries_max` things by key, those not asked for longest given up first."""

    def __init__(self, entries_max: int):
        self.entries_max = entries_max
        self.found: OrderedDict[Hashable, T] = OrderedDict()
        self.turn = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was kept under the key, else what `make` gives, which is kept; never to be changed.

        Two readers at once may both make it: neither waits for the other's transaction.
        """
        with self.turn:
            if key in self.found:
                self.found.move_to_end(key)
                return self.found[key]
        made = make()
        with self.turn:
            self.found[key] = made
            while len(self.found) > self.entries_max:
                self.found.popitem(last=False)
        return made
