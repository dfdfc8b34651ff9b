"""Reads of the ledger, under the reader's scope: lists, one object, blind spots, duplicates.

A search by text and a filter by field run in definer functions that keep their index; what they
find is read again under the policy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.expressions import RawSQL

from anlan.county.lists import Page, names_of, one, paged
from anlan.county.models import Change, Unit
from anlan.engines.ledger import decisions
from anlan.engines.ledger.decisions import DutyRule, StateSpan
from anlan.engines.ledger.kinds import Field, ObjectType
from anlan.engines.ledger.models import Duty, ObjectState, RegulatedObject
from anlan.engines.ledger.types import all_types, type_of
from anlan.ground import clock
from anlan.ground.places import span
from anlan.ground.scope import Scope

DUPLICATES_MAX = 50
NAMES_READ_MAX = 20_000
CHOICES_MAX = 500
CHANGES_MAX = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list asks for. filters: choices and yes-or-no by key; blind: unregulated only."""

    sought: str = ""
    division: int | None = None
    state: str = ""
    filters: Mapping[str, Any] | None = None
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """One value as a page shows it."""

    label: str
    text: str
    href: str = ""
    derived: bool = False


@dataclass(frozen=True, slots=True)
class ObjectShown:
    """One object as it stands, or stood on a day, with who regulates it and what changed."""

    row: RegulatedObject
    kind: ObjectType
    place: str
    values: list[Shown]
    state: str
    state_span: ObjectState | None
    states: list[tuple[ObjectState, str]]
    regulators: list[DutyRule]
    changes: list[Change]
    pointing: list[RegulatedObject]
    merged: list[RegulatedObject]


def counts(scope: Scope) -> dict[str, int]:
    """How many objects in use, by type."""
    with scope.open():
        found = RegulatedObject.objects.filter(ended_at=None).values("type")
        return {row["type"]: row["n"] for row in found.annotate(n=Count("id")).order_by()}


def rules(scope: Scope) -> list[DutyRule]:
    """The duty matrix as it runs."""
    with scope.open():
        rows = Duty.objects.filter(ended_at=None).order_by("type", "id")
        return [DutyRule(r.id, r.unit_name, r.type, r.field, r.value, r.why) for r in rows]


def duty_rows(scope: Scope) -> list[tuple[Duty, str, str]]:
    """(line, the type, the part of it) of the duty matrix."""
    with scope.open():
        kinds = all_types()
        rows = Duty.objects.filter(ended_at=None).order_by("type", "id")
        return [(row, *_duty_words(row, kinds)) for row in rows]


def _duty_words(row: Duty, kinds: Mapping[str, ObjectType]) -> tuple[str, str]:
    kind = kinds.get(row.type)
    if kind is None:
        return row.type, row.value
    field = kind.field(row.field) if row.field else None
    return kind.label, f"{field.label}：{field.options.get(row.value, row.value)}" if field else ""


def objects(scope: Scope, kind: ObjectType, wanted: Wanted) -> QuerySet[RegulatedObject]:
    """Objects of a type in use, as wanted, by name."""
    found = RegulatedObject.objects.filter(type=kind.name, ended_at=None)
    if wanted.division is not None:
        found = found.filter(division__range=span(wanted.division))
    if wanted.state:
        found = found.filter(state=wanted.state)
    if wanted.sought:
        found = found.filter(
            id__in=RawSQL("SELECT ledger_objects_sought(%s)", [wanted.sought[:60]])
        )
    if wanted.filters:
        asked = json.dumps(dict(wanted.filters), ensure_ascii=False)
        found = found.filter(id__in=RawSQL("SELECT ledger_objects_filtered(%s::jsonb)", [asked]))
    if wanted.blind:
        found = _unregulated(found, kind, rules(scope))
    return found.order_by("name", "id")


def _unregulated(
    found: QuerySet[RegulatedObject], kind: ObjectType, lines: Sequence[DutyRule]
) -> QuerySet[RegulatedObject]:
    """Without those that some line of the matrix covers."""
    for rule in lines:
        if rule.type != kind.name:
            continue
        if not rule.field:
            return found.none()
        found = found.exclude(fields__contains={rule.field: rule.value})
    return found


def page(
    scope: Scope, kind: ObjectType, wanted: Wanted, number: int
) -> tuple[Page, dict[int, str]]:
    """A page of the list, and the names of its places."""
    with scope.open():
        found = paged(objects(scope, kind, wanted), number)
        return found, names_of(row.division for row in found.rows)


def blind_spots(scope: Scope) -> list[tuple[ObjectType, int]]:
    """Types with objects that no unit regulates, and how many."""
    with scope.open():
        lines = rules(scope)
        held = counts(scope)
        found = [
            (kind, objects(scope, kind, Wanted(blind=True)).count() if lines else held[name])
            for name, kind in all_types().items() if held.get(name)
        ]  # fmt: skip
        return [(kind, n) for kind, n in found if n]


def shown(scope: Scope, object_id: int, day: date | None = None) -> ObjectShown:
    """One object; day: how it stood then (its state; values are those of today)."""
    with scope.open():
        row = one(RegulatedObject, object_id)
        kind = type_of(row.type)
        today = clock.local(clock.now()).date()
        states = list(row.states.order_by("-from_on", "-id"))
        spans = [StateSpan(s.id, s.state, s.from_on) for s in states]
        at = decisions.state_on(spans, day or today)
        own = next((s for s in states if at is not None and s.id == at.id), None)
        return ObjectShown(
            row, kind, names_of([row.division]).get(row.division, str(row.division)),
            list(_values(row, kind, today)),
            kind.states.get(own.state, own.state) if own else "", own,
            [(s, kind.states.get(s.state, s.state)) for s in states],
            decisions.regulators(row.type, row.fields, rules(scope)),
            list(Change.objects.filter(object_kind="ledger.regulatedobject", object_id=row.id)
                 .order_by("-id")[:CHANGES_MAX]),
            pointing_at(row), list(row.merged.all()[:DUPLICATES_MAX]),
        )  # fmt: skip


def _values(row: RegulatedObject, kind: ObjectType, today: date) -> list[Shown]:
    names = _named(kind.fields, [row])
    told = [
        Shown(field.head, text_of(field, row.fields.get(field.key), names),
              _href(field, row.fields.get(field.key)))
        for field in kind.own_fields(tuple(row.facets))
    ]  # fmt: skip
    for derived in kind.derived:
        value = decisions.derive(derived, row.fields, today)
        label = f"{derived.label}（{derived.unit}）" if derived.unit else derived.label
        told.append(Shown(label, "" if value is None else _number(value), derived=True))
    return told


def _number(value: Decimal) -> str:
    return f"{value.quantize(Decimal('0.01')).normalize():f}"


def _href(field: Field, value: Any) -> str:
    return f"/ledger/of/{value}/" if field.kind == "object" and value else ""


def text_of(field: Field, value: Any, names: Mapping[tuple[str, int], str] | None = None) -> str:
    """A stored value in an officer's words."""
    if value is None:
        return ""
    if field.kind == "choice":
        return field.options.get(str(value), str(value))
    if field.kind == "yes_no":
        return "是" if value else "否"
    if field.kind in ("unit", "object"):
        return (names or {}).get((field.kind, int(value)), str(value))
    return str(value)


def _named(fields: Sequence[Field], rows: Sequence[RegulatedObject]) -> dict[tuple[str, int], str]:
    """Names of what the rows point at, by (kind, id), in two questions."""
    wanted: dict[str, set[int]] = {"unit": set(), "object": set()}
    for field in fields:
        if field.kind in wanted:
            wanted[field.kind] |= {
                int(row.fields[field.key]) for row in rows if row.fields.get(field.key)
            }
    units = Unit.objects.filter(pk__in=wanted["unit"]).values_list("id", "name")
    others = RegulatedObject.objects.filter(pk__in=wanted["object"]).values_list("id", "name")
    return {("unit", key): name for key, name in units} | {
        ("object", key): name for key, name in others
    }


def pointing_at(row: RegulatedObject) -> list[RegulatedObject]:
    """Objects in use one of whose fields names this one."""
    keys = {f.key for kind in all_types().values() for f in kind.fields if f.of == row.type}
    ids: set[int] = set()
    for key in sorted(keys):
        asked = json.dumps({key: row.id})
        found = RegulatedObject.objects.filter(
            id__in=RawSQL("SELECT ledger_objects_filtered(%s::jsonb)", [asked])
        )
        ids |= set(found.values_list("id", flat=True)[:CHOICES_MAX])
    return list(RegulatedObject.objects.filter(pk__in=ids).order_by("type", "name")[:CHOICES_MAX])


def object_choices(scope: Scope, type_name: str) -> list[tuple[str, str]]:
    """Objects of a type to choose from, by name, at most CHOICES_MAX."""
    with scope.open():
        found = RegulatedObject.objects.filter(type=type_name, ended_at=None).order_by("name")
        return [(str(row.id), row.name) for row in found[:CHOICES_MAX]]


def duplicates(scope: Scope, kind: ObjectType) -> list[tuple[RegulatedObject, RegulatedObject]]:
    """Pairs that look like one object: the same name without its legal form, no two codes.

    Of at most NAMES_READ_MAX objects of the type, newest first, at most DUPLICATES_MAX pairs.
    """
    with scope.open():
        seen: dict[str, RegulatedObject] = {}
        pairs = []
        rows = RegulatedObject.objects.filter(type=kind.name, ended_at=None).order_by("-id")
        for row in rows[:NAMES_READ_MAX]:
            key = decisions.same_name(row.name)
            if key in seen and not (row.code and seen[key].code and row.code != seen[key].code):
                pairs.append((row, seen[key]))
            seen.setdefault(key, row)
            if len(pairs) >= DUPLICATES_MAX:
                break
        return pairs


def table(
    scope: Scope, kind: ObjectType, wanted: Wanted, rows_max: int
) -> tuple[list[RegulatedObject], dict[tuple[str, int], str]]:
    """Rows for a file, and the names of what they point at."""
    with scope.open():
        rows = list(objects(scope, kind, wanted)[:rows_max])
        return rows, _named(kind.fields, rows)


def duty(scope: Scope, duty_id: int) -> Duty:
    """A line of the matrix."""
    with scope.open():
        row: Duty = one(Duty, duty_id)
        return row
