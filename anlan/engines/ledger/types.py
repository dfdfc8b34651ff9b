"""What packs declare of regulated objects: types, their fields and states, facets of other packs.

Flows in: `packs/_core/types.yaml` and `packs/*/types.yaml`, already held against their schema.
Flows out: `ObjectType` with every field that an object of it may have. A pack that cannot be read
is off: its facets are not offered, and what was entered under them stays with the object.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from anlan.engines.ledger.kinds import Derived, Field, ObjectType
from anlan.ground.errors import NotFound
from anlan.ground.policy import packs
from anlan.ground.policy.packs import PackFault

CORE = "_core"


def all_types() -> dict[str, ObjectType]:
    """Every type by name, `_core` first, with its facets."""
    sections = list(_sections())
    facets = [
        (f"{pack}.{name}", entry)
        for pack, data in sections for name, entry in data.get("facets", {}).items()
    ]  # fmt: skip
    return {
        name: _type(name, entry, facets)
        for _pack, data in sections for name, entry in data.get("types", {}).items()
    }  # fmt: skip


def type_of(name: str) -> ObjectType:
    """The type; NotFound for an unknown one."""
    found = all_types().get(name)
    if found is None:
        raise NotFound("type-unknown", _("没有这种监管对象"), name, _("请从台账首页选择"))
    return found


def _sections() -> Iterator[tuple[str, dict[str, Any]]]:
    for pack in (CORE, *(folder.name for folder in packs.folders())):
        try:
            yield pack, packs.section(pack, "types")
        except PackFault:
            continue  # the pack is off, and the page of rule values says why


def _type(name: str, entry: dict[str, Any], facets: list[tuple[str, Any]]) -> ObjectType:
    code = entry.get("code", {"label": "编号", "form": "free"})
    own = {facet: said for facet, said in facets if said["of"] == name}
    fields = [field_of(key, said) for key, said in entry["fields"].items()]
    for facet, said in own.items():
        fields += [field_of(f"{facet}.{key}", one, facet) for key, one in said["fields"].items()]
    derived = [
        Derived(key, label_of(said), said["op"], tuple(said["of"]), said.get("unit", ""))
        for key, said in entry.get("derived", {}).items()
    ]
    return ObjectType(
        name, label_of(entry), entry.get("symbol", "other"), code["label"], code["form"],
        bool(code.get("needed")), dict(entry["states"]), tuple(fields), tuple(derived),
        {facet: label_of(said) for facet, said in own.items()},
    )  # fmt: skip


def field_of(key: str, said: dict[str, Any], facet: str = "") -> Field:
    """A typed field as a pack declares it."""
    return Field(
        key, label_of(said), said["kind"],
        "元" if said["kind"] == "money" else said.get("unit", ""),
        said.get("at_least"), said.get("at_most"), int(said.get("decimals", 2)),
        int(said.get("chars", 1000 if said["kind"] == "note" else 100)),
        dict(said.get("options", {})), said.get("of", ""), bool(said.get("needed")),
        said.get("help", ""), facet,
    )  # fmt: skip


def label_of(said: dict[str, Any]) -> str:
    """The label in the reader's language: Chinese, or English where the pack gives it."""
    english = (get_language() or "").startswith("en")
    return str(said.get("label_en") if english and said.get("label_en") else said["label"])
