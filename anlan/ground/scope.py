"""Who looks, at which places, in which world: every transaction has exactly one scope.

A scope becomes four settings of the transaction (`set_config(…, true)`), and row-level security,
forced on every table, reads them. Code that forgot to open one sees no rows and can write none.
This module is the only place that sets them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from django.db import connection, transaction
from django.utils.translation import gettext as _

from anlan.ground.errors import Denied
from anlan.ground.places import EVERYWHERE

NOWHERE = (1, 0)
SETTINGS = (
    "SELECT set_config('anlan.lo', %s, true), set_config('anlan.hi', %s, true),"
    " set_config('anlan.world', %s, true), set_config('anlan.kind', %s, true),"
    " set_config('anlan.person', %s, true)"
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. kind: account, round, link, command, public or gateway."""

    kind: str
    id: int | None = None
    label: str = ""
    person_id: int | None = None
    post_id: int | None = None
    address: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """A span of divisions, a world, an actor and the actor's rights.

    kind: post, round, gateway, command, link, public, audit, admin, upper or aid.
    lo, hi: first and last division code, inclusive; lo > hi is nowhere.
    """

    kind: str
    lo: int
    hi: int
    world: int
    actor: Actor
    rights: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def for_round(cls, name: str, world: int = 0) -> Scope:
        """A pass of the loop: everywhere in one world, free of rights since no person asked."""
        return cls("round", *EVERYWHERE, world, Actor("round", label=name))

    @classmethod
    def for_gateway(cls, name: str, world: int = 0) -> Scope:
        """Something that arrived from outside; only under it is a message taken in."""
        return cls("gateway", *EVERYWHERE, world, Actor("gateway", label=name))

    @classmethod
    def for_command(cls, name: str, rights: frozenset[str] | None = None, world: int = 0) -> Scope:
        """A command typed on the machine by its administrator. rights=None: every right."""
        granted = frozenset({"*"}) if rights is None else rights
        return cls("command", *EVERYWHERE, world, Actor("command", label=name), granted)

    @classmethod
    def for_link(cls, lo: int, hi: int, world: int, actor: Actor, act: str) -> Scope:
        """The holder of a signed link: one place, one kind of act."""
        return cls("link", lo, hi, world, actor, frozenset({f"link.{act}"}))

    @classmethod
    def nobody(cls, address: str = "", request_id: str = "") -> Scope:
        """A visitor without account: no place at all."""
        return cls("public", *NOWHERE, 0, Actor("public", address=address, request_id=request_id))

    def may(self, right: str) -> bool:
        """Whether the actor holds the right; a round needs none."""
        return self.kind == "round" or right in self.rights or "*" in self.rights

    def need(self, right: str) -> None:
        """Raises Denied where the actor does not hold the right."""
        if not self.may(right):
            raise Denied(
                "no-right",
                _("您的岗位没有这项权限：%(right)s") % {"right": right},
                place=self.actor.label,
                mend=_("请由有此权限的岗位办理，或请安全管理员调整岗位权限"),
            )

    def narrowed(self, lo: int, hi: int) -> Scope:
        """The same actor, seeing only the part of the span that lies within lo..hi."""
        return replace(self, lo=max(self.lo, lo), hi=min(self.hi, hi))

    def in_world(self, world: int) -> Scope:
        """The same actor in another world."""
        return replace(self, world=world)

    def covers(self, division: int) -> bool:
        """Whether the division lies within the span."""
        return self.lo <= division <= self.hi

    @contextmanager
    def open(self) -> Iterator[Scope]:
        """One transaction under this scope; joins the running one when that is the very same."""
        running = _running.get()
        if running is not None and connection.in_atomic_block:
            if running != self:
                raise RuntimeError(
                    f"a transaction of scope {running.actor.label!r} is open; "
                    f"{self.actor.label!r} needs its own"
                )
            yield self
            return
        with transaction.atomic():
            _apply(self)
            token = _running.set(self)
            try:
                yield self
            finally:
                _running.reset(token)

    @contextmanager
    def in_one_trip(self, also: str = "") -> Iterator[psycopg.Connection[Any]]:
        """One transaction whose statements, BEGIN and COMMIT too, go to the server together.

        For a round at its busiest: the way to the server is paid once (psycopg's own
        `transaction()` would pay it five times, for it waits wherever it is entered or left). No
        transaction may be open. Yields psycopg's connection in pipeline mode; rows are there when
        the block has ended, and then they are committed. An error of any statement is raised at
        the end of the block, which has then changed nothing. also: more settings of this
        transaction, as further columns of a SELECT.
        """
        if connection.in_atomic_block:
            raise RuntimeError("a transaction is open already")
        connection.ensure_connection()
        own: psycopg.Connection[Any] = connection.connection
        with connection.wrap_database_errors, _rolled_back(own), own.pipeline():
            prepared(own, "BEGIN")
            prepared(own, SETTINGS + also, setting_values(self))
            token = _running.set(self)
            try:
                yield own
            finally:
                _running.reset(token)
            prepared(own, "COMMIT")


def prepared(
    own: psycopg.Connection[Any],
    sql: str,
    values: Sequence[Any] | Mapping[str, Any] = (),
    binary: bool = False,
) -> psycopg.Cursor[Any]:
    """Send a statement that the server parses and plans once a connection.

    Django switches this off for its connections (its queries come in too many shapes), so it is
    switched on for this statement alone. In a pipeline its rows are awaited when they are fetched.
    """
    kept, own.prepare_threshold = own.prepare_threshold, 1
    try:
        cursor = psycopg.Cursor(own)
        return cursor.execute(sql, values or None, prepare=True, binary=binary)  # type: ignore[arg-type]
    finally:
        own.prepare_threshold = kept


def asked(sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """Rows of a question that nearly every request asks: planned once a connection, not each time.

    It joins the open transaction, like any query of Django's.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return prepared(connection.connection, sql, values).fetchall()


@contextmanager
def _rolled_back(own: psycopg.Connection[Any]) -> Iterator[None]:
    """A trip that ends in an error leaves no open transaction behind on a connection that lives."""
    try:
        yield
    except BaseException:
        if not own.closed:
            own.rollback()
        raise


def in_one_trip() -> bool:
    """Whether the open transaction is one of `Scope.in_one_trip`: errors come at its end only."""
    return _running.get() is not None and not connection.in_atomic_block


_running: ContextVar[Scope | None] = ContextVar("anlan_scope", default=None)


def current() -> Scope | None:
    """The scope of the running transaction, if one is open."""
    return _running.get()


def _apply(scope: Scope) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS, setting_values(scope))


def setting_values(scope: Scope) -> list[str]:
    """What `SETTINGS` is given: the span, the world, the kind and the person."""
    person = str(scope.actor.person_id or "")
    return [str(scope.lo), str(scope.hi), str(scope.world), scope.kind, person]
