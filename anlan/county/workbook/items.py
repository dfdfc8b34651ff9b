"""The county's records as a plan compares them: what each is before, and what it would be after.

Flows in: rows under the reader's scope. Flows out: items by kind; a reference is the item itself,
so that a new post may name a new unit before either has an id. What a reference points at outside
the scope stays a number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import F, Q

from anlan.county.models import (
    Division,
    Holding,
    Person,
    Post,
    RosterShift,
    Unit,
    UnitAlias,
    UnitMember,
)
from anlan.ground import clock

MODELS: dict[str, type[models.Model]] = {
    "county.division": Division, "county.unit": Unit, "county.unitalias": UnitAlias,
    "county.unitmember": UnitMember, "county.person": Person, "county.post": Post,
    "county.holding": Holding, "county.rostershift": RosterShift,
}  # fmt: skip
FIELDS: dict[str, tuple[str, ...]] = {
    "county.division": ("name", "kind", "population", "label_lat", "label_lon", "source"),
    "county.unit": ("division", "name", "kind", "order", "ended_on"),
    "county.unitalias": ("unit_id", "name", "valid_from", "valid_to"),
    "county.unitmember": ("collective_id", "member_id", "valid_from", "valid_to"),
    "county.person": ("division", "name", "pinyin", "phone", "ended_at"),
    "county.post": ("division", "kind", "title", "unit_id", "superior_id", "order", "ended_at"),
    "county.holding": ("post_id", "person_id", "rank", "valid_from", "valid_to"),
    "county.rostershift": ("post_id", "person_id", "starts_at", "ends_at", "cancelled_at"),
}
REFERENCES = {
    "unit_id": "county.unit", "collective_id": "county.unit", "member_id": "county.unit",
    "superior_id": "county.post", "post_id": "county.post", "person_id": "county.person",
}  # fmt: skip
# The field whose filling ends a record.
ENDING = {
    "county.unit": "ended_on", "county.unitalias": "valid_to", "county.unitmember": "valid_to",
    "county.person": "ended_at", "county.post": "ended_at", "county.holding": "valid_to",
    "county.rostershift": "cancelled_at",
}  # fmt: skip
ORDER = tuple(MODELS)
NEW, CHANGED, ENDED, UNCHANGED = "new", "changed", "ended", "unchanged"


@dataclass(eq=False, slots=True)
class Item:
    """A record. row: its row in the sheet, 0 where the file does not name it; id None: new."""

    kind: str
    id: int | None
    after: dict[str, Any]
    version: int = 0
    row: int = 0
    before: dict[str, Any] = field(default_factory=dict)

    @property
    def op(self) -> str:
        """new, changed, ended or unchanged."""
        if self.id is None:
            return NEW
        changed = self.changed
        if not changed:
            return UNCHANGED
        ending = ENDING.get(self.kind, "")
        return ENDED if ending in changed and self.after[ending] is not None else CHANGED

    @property
    def changed(self) -> list[str]:
        """The fields that would become different."""
        if self.id is None:
            return list(self.after)
        return [name for name, value in self.after.items() if self.before.get(name) != value]

    @property
    def living(self) -> bool:
        """Neither ended before nor by this file."""
        ending = ENDING.get(self.kind)
        return ending is None or self.after.get(ending) is None


Snapshot = dict[str, list[Item]]


def load() -> Snapshot:
    """Every record of the open scope, references tied to one another."""
    found: Snapshot = {}
    by_id: dict[str, dict[int, Item]] = {}
    for kind in ORDER:
        rows = _rows(kind)
        names = FIELDS[kind]
        key = "code" if kind == "county.division" else "id"
        items = [
            Item(kind, row[0], dict(zip(names, row[2:], strict=True)), row[1])
            for row in rows.values_list(key, "version", *names)
        ]
        found[kind] = items
        by_id[kind] = {item.id: item for item in items if item.id is not None}
    for kind in ORDER:
        _tie(found[kind], [name for name in FIELDS[kind] if name in REFERENCES], by_id)
    return found


def _tie(items: list[Item], names: list[str], by_id: dict[str, dict[int, Item]]) -> None:
    for item in items:
        for name in names:
            key = item.after[name]
            if key is not None:
                item.after[name] = by_id[REFERENCES[name]].get(key, key)
        item.before = dict(item.after)


def _rows(kind: str) -> models.QuerySet[Any]:
    """What may still matter: holdings that were called off and shifts long past do not."""
    rows = MODELS[kind]._default_manager.all()
    moment = clock.now()
    narrow: dict[str, Callable[[], models.QuerySet[Any]]] = {
        "county.division": lambda: rows.filter(ended_on=None),
        "county.holding": lambda: rows.filter(Q(valid_to=None) | Q(valid_to__gt=F("valid_from"))),
        "county.rostershift": lambda: rows.filter(cancelled_at=None, ends_at__gt=moment),
    }
    chosen = narrow.get(kind, lambda: rows)()
    return chosen.order_by("code" if kind == "county.division" else "id")
