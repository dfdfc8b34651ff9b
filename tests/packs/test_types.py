"""`types.yaml`: what a schema cannot say is found with its key and its mend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from anlan.ground.policy import check, check_types, packs

FIELD = {"label": "名", "kind": "text"}
TYPE: dict[str, Any] = {"label": "渔船", "states": {"used": "在用"}, "fields": {"length": {
    "label": "船长", "kind": "number", "unit": "米"}}}  # fmt: skip


def found(tmp_path: Path, data: dict[str, Any]) -> list[tuple[str, str]]:
    folder = tmp_path / "boats"
    folder.mkdir()
    (folder / "pack.yaml").write_text("label: 渔船\ntier: bronze\nquality: {done: [], todo: []}\n")
    (folder / "types.yaml").write_text(yaml.safe_dump(data, allow_unicode=True))
    return [(fault.key, fault.what) for fault in check.check(folder).faults if fault.mend]


def test_a_pack_declares_a_type_and_a_facet_of_a_shared_one(tmp_path: Path) -> None:
    facet = {"of": "enterprise", "label": "渔业", "fields": {"boats": {
        "label": "船数", "kind": "whole", "unit": "艘"}}}  # fmt: skip
    assert found(tmp_path, {"types": {"boat": TYPE}, "facets": {"fishing": facet}}) == []


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"facets": {"f": {"of": "spaceship", "label": "面", "fields": {"a": FIELD}}}}, "facets.f.of"),
        ({"types": {"enterprise": TYPE}}, "types.enterprise"),
        ({"types": {"b": TYPE | {"fields": {"o": {"label": "主", "kind": "object", "of": "x"}}}}},
         "types.b.fields.o.of"),
        ({"types": {"b": TYPE | {"fields": {"n": {"label": "数", "kind": "whole", "unit": "个",
          "at_least": 5, "at_most": 1}}}}}, "types.b.fields.n.at_most"),
        ({"types": {"b": TYPE | {"derived": {"r": {"label": "比", "op": "ratio", "of": ["length"]}}}}},
         "types.b.derived.r.of"),
        ({"types": {"b": TYPE | {"derived": {"r": {"label": "龄", "op": "years_since",
          "of": ["length"]}}}}}, "types.b.derived.r.of.0"),
        ({"types": {"b": TYPE | {"derived": {"length": {"label": "和", "op": "sum",
          "of": ["length", "length"]}}}}}, "types.b.derived.length"),
        ({"types": {"b": TYPE | {"fields": {"n": {"label": "数", "kind": "whole"}}}}},
         "types.b.fields.n"),
        ({"types": {"b": TYPE | {"fields": {"c": {"label": "选", "kind": "choice"}}}}},
         "types.b.fields.c"),
        ({"types": {"b": TYPE | {"sql": "select 1"}}}, "types.b.sql"),
        ({"types": {"b": TYPE | {"states": {}}}}, "types.b.states"),
        ({"types": {"b": TYPE | {"fields": {"x": {"label": "{code}", "kind": "text"}}}}},
         "types.b.fields.x.label"),
    ],
)  # fmt: skip
def test_each_fault_has_its_key(tmp_path: Path, data: dict[str, Any], key: str) -> None:
    assert key in [own for own, _what in found(tmp_path, data)]


def test_the_shared_types_are_whole() -> None:
    assert set(check_types.shared()) == {
        "enterprise", "building", "site", "project", "credential", "training", "delivery",
        "equipment",
    }  # fmt: skip
    document = packs.read_document(packs.PACKS / "_core" / "types.yaml")
    assert list(check_types.faults(document.data, core=True)) == []


def test_a_facet_shows_on_the_objects_that_have_it(
    county_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pack's side of a firm: offered, kept apart, and not lost while the pack is off."""
    from anlan.engines.ledger import actions
    from anlan.engines.ledger.actions import Entry
    from anlan.engines.ledger.types import type_of
    from anlan.ground.scope import Scope
    from tests.conftest import VILLAGES

    side = {"facets": {"station": {"of": "enterprise", "label": "加气站", "fields": {
        "tanks": {"label": "储罐", "kind": "whole", "unit": "个", "needed": True}}}}}  # fmt: skip
    real = packs.section
    on = [True]

    def section(pack: str, name: str, *rest: Any) -> Any:
        return side if on[0] and (pack, name) == ("warning", "types") else real(pack, name, *rest)

    monkeypatch.setattr(packs, "section", section)
    command = Scope.for_command("test")
    assert type_of("enterprise").facets == {"warning.station": "加气站"}
    plain = Entry(VILLAGES[0], "甲", "", {"industry": "gas"})
    row = actions.add_object(command, "enterprise", plain)
    sided = Entry(VILLAGES[0], "甲", "", {"industry": "gas", "warning.station.tanks": "4"},
                  ("warning.station",))  # fmt: skip
    row = actions.edit_object(command, row.id, row.version, sided)
    assert row.fields["warning.station.tanks"] == 4
    on[0] = False
    row = actions.edit_object(command, row.id, row.version, Entry(VILLAGES[0], "乙", "",
                                                                  {"industry": "gas"}))  # fmt: skip
    assert row.fields["warning.station.tanks"] == 4
