"""A kind of case as a pack declares it: openings, states, moves, deadlines, objections. Pure data.

Flows in: one entry of a pack's `cases.yaml`, already held against its schema. Flows out: `Kind`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from anlan.engines.ledger.kinds import Field

PAPERS = frozenset({"photo", "file", "signature"})


@dataclass(frozen=True, slots=True)
class Condition:
    """A field of the case has one of these values."""

    field: str
    values: tuple[Any, ...]

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it does; what is not known does not hold."""
        return values.get(self.field) in self.values if self.field in values else False


@dataclass(frozen=True, slots=True)
class Ask:
    """What a move asks for: a typed field, or a photo, a file, a signature.

    when: asked only then. ahead: a date after the day of the act, at most most_days after it.
    """

    field: Field
    when: Condition | None = None
    ahead: bool = False
    most_days: int | None = None

    @property
    def key(self) -> str:
        return self.field.key

    @property
    def is_paper(self) -> bool:
        """Whether a file is asked for."""
        return self.field.kind in PAPERS


@dataclass(frozen=True, slots=True)
class Law:
    """What a step stands on. verified: somebody held it against the text."""

    law: str
    article: str
    verified: bool


@dataclass(frozen=True, slots=True)
class State:
    """end: done or void, empty while the case moves. tasks: may be handed to several units."""

    key: str
    label: str
    end: str = ""
    tasks: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """How a case comes to be. by: person, public, case (from another) or every (a period)."""

    key: str
    label: str
    by: str
    to: str
    right: str = "cases.open"
    asks: tuple[Ask, ...] = ()
    source: str = ""
    link: str = ""
    copies: tuple[str, ...] = ()
    object: str = ""
    where: Condition | None = None
    every: str = ""
    law: Law | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """The form that a move prints: title and paragraphs with closed placeholders."""

    title: str
    text: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """A step from states to a state, and who may make it. See `decisions.may_move`."""

    key: str
    label: str
    sources: tuple[str, ...]
    to: str
    right: str
    posts: tuple[str, ...] = ()
    other_than: tuple[str, ...] = ()
    when: Condition | None = None
    asks: tuple[Ask, ...] = ()
    joint: bool = False
    after_links: tuple[str, ...] = ()
    apart: tuple[str, float] | None = None
    form: Form | None = None
    law: Law | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """What happens so many days after a deadline passed. then: raise or call."""

    after_days: int
    then: str
    chain: str = ""
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A deadline. until: the date field that gives it, else days or a rule value (in days)."""

    key: str
    label: str
    starts: tuple[str, ...]
    ends: tuple[str, ...]
    until: str = ""
    days: int | None = None
    value: str = ""
    working: bool = False
    when: Condition | None = None
    extend_times: int = 0
    extend_days: int = 0
    stops: Mapping[str, str] = field(default_factory=dict)
    missed: tuple[Missed, ...] = ()
    law: Law | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """An objection to a move, or (after) against the decision on another one. back: if upheld."""

    key: str
    label: str
    to: str
    back: str
    days: int | None
    value: str = ""
    working: bool = False
    after: str = ""
    law: Law | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of case. name: pack.case."""

    name: str
    label: str
    about: tuple[str, ...]
    about_needed: bool
    grade: str
    grave: tuple[str, ...]
    states: Mapping[str, State]
    openings: Mapping[str, Opening]
    moves: Mapping[str, Move]
    rules: Mapping[str, Rule]
    objections: Mapping[str, Objection]
    links: Mapping[str, str]

    def field(self, key: str) -> Field | None:
        """The field of the key, in whichever opening or move asks for it."""
        return self.fields.get(key)

    @property
    def fields(self) -> dict[str, Field]:
        """Every field by key, in the order in which the case meets them."""
        found: dict[str, Field] = {}
        steps: list[Opening | Move] = [*self.openings.values(), *self.moves.values()]
        for step in steps:
            for ask in step.asks:
                found.setdefault(ask.key, ask.field)
        return found

    def ended(self, state: str) -> bool:
        """Whether a case in the state moves no more."""
        own = self.states.get(state)
        return own is None or bool(own.end)
