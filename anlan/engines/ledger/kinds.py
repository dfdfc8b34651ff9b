"""A kind of regulated object: its typed fields, derived ones, states and facets. Pure data."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Field:
    """One typed field. key: as stored (`staff`, or `gas.station_kind` of a facet)."""

    key: str
    label: str
    kind: str
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    decimals: int = 2
    chars: int = 100
    options: dict[str, str] = field(default_factory=dict)
    of: str = ""
    needed: bool = False
    help: str = ""
    facet: str = ""

    @property
    def input(self) -> str:
        """The field's name in a form, where a point would not do."""
        return "f_" + self.key.replace(".", "__")

    @property
    def head(self) -> str:
        """The field's name in a table: with its unit."""
        return f"{self.label}（{self.unit}）" if self.unit else self.label


@dataclass(frozen=True, slots=True)
class Derived:
    """A field computed from others when it is read. op: see `decisions.derive`."""

    key: str
    label: str
    op: str
    of: tuple[str, ...]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ObjectType:
    """A kind of regulated object, with the facets that packs gave it."""

    name: str
    label: str
    symbol: str
    code_label: str
    code_form: str
    code_needed: bool
    states: dict[str, str]
    fields: tuple[Field, ...]
    derived: tuple[Derived, ...]
    facets: dict[str, str]

    def own_fields(self, facets: tuple[str, ...] = ()) -> tuple[Field, ...]:
        """The fields of an object that has these facets."""
        return tuple(one for one in self.fields if not one.facet or one.facet in facets)

    def field(self, key: str) -> Field | None:
        """The field stored under the key."""
        return next((one for one in self.fields if one.key == key), None)

    @property
    def first_state(self) -> str:
        """The state in which an object begins: the first declared."""
        return next(iter(self.states))
