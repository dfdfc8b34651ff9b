"""Three tables of who may what, committed: a diff in one of them is looked at (R50, R51, R61).

`ANLAN_GOLDEN=write python -m pytest tests/faces/test_golden.py` writes them anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from anlan.county.rights import table
from anlan.faces.cli.main import COMMANDS
from anlan.ground.actions import REGISTRY
from anlan.ground.live import TOPICS
from anlan.ground.secrets import SealedField
from tests.ground.test_labels import NOT_PERSONAL
from tests.night import CONSOLE, PORTAL

FOLDER = Path(__file__).resolve().parents[1] / "golden"
OURS = "anlan."
TEXT = (models.CharField, models.TextField, models.BinaryField, models.JSONField)
MASKS = {"phone", "name", "all", "address", "text"}
ADMINISTRATORS = ("system_admin", "security_admin", "audit_admin")


def rights_of_addresses() -> list[str]:
    rows = ["process\taddress\tkind\tright\tfields\treason"]
    for name, addresses in (("console", CONSOLE), ("public", PORTAL)):
        for path, view in sorted(addresses.items()):
            access = view.access
            fields = "—" if access.fields is None else " ".join(sorted(access.fields)) or "none"
            row = (name, path, access.kind, access.right or "—", fields, access.reason)
            rows.append("\t".join(row).rstrip())
    return rows


def rights_of_roles() -> list[str]:
    own = table()
    kinds = [*own.posts, *own.administrators]
    rows = ["right\t" + "\t".join(kinds)]
    rows += [
        f"{right}\t" + "\t".join("x" if right in own.of(kind) else "" for kind in kinds)
        for right in own.labels
    ]
    rows += [f"action {d.name}\t{d.right or 'open: ' + d.open_to}" for d in _actions()]
    rows += [
        f"command {c.words}\t{c.right or 'no row of a county'}{c.also and ', ' + c.also}"
        for c in COMMANDS
    ]
    return [*rows, *(f"topic {topic}\t{right}" for topic, right in sorted(TOPICS.items()))]


def _actions() -> list[object]:
    """Every action of the package, whichever modules the tests before happened to import."""
    import importlib

    root = Path(__file__).resolve().parents[2]
    for path in sorted((root / "anlan").rglob("*.py")):
        if re.search(r"^@action\(", path.read_text(encoding="utf-8"), re.M):
            importlib.import_module(".".join(path.relative_to(root).with_suffix("").parts))
    return [REGISTRY[name] for name in sorted(REGISTRY) if name.startswith(OURS)]


def personal_fields() -> list[str]:
    rows = ["field\tpersonal\tpurpose\tbasis\tdays\tmask\tsensitive\tsealed"]
    for model in sorted(apps.get_models(), key=lambda m: m._meta.db_table):
        if not model.__module__.startswith(OURS):
            continue
        labels = getattr(model, "personal", {})
        for field in model._meta.fields:
            if not isinstance(field, TEXT):
                continue
            label = labels.get(field.name)
            sealed = "sealed" if isinstance(field, SealedField) else ""
            said = ("personal", label.purpose, label.basis, str(label.retention_days), label.mask,
                    "sensitive" if label.sensitive else "") if label else ("", "", "", "", "", "")  # fmt: skip
            rows.append("\t".join((f"{model._meta.db_table}.{field.name}", *said, sealed)).rstrip())
    return rows


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("address_right", rights_of_addresses),
        ("role_right", rights_of_roles),
        ("personal_field", personal_fields),
    ],
)
def test_the_table_is_the_committed_one(name: str, made: object) -> None:
    rows = "\n".join(made()) + "\n"  # type: ignore[operator]
    path = FOLDER / f"{name}.tsv"
    if os.environ.get("ANLAN_GOLDEN") == "write":
        path.write_text(rows, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == rows, f"{path.name} changed: look at the diff"


def test_every_action_command_and_topic_declares_its_right() -> None:
    known = set(table().labels)
    for declared in _actions():
        assert (declared.right in known) or (declared.right is None and declared.open_to), declared
    assert all(command.right in known | {""} for command in COMMANDS)
    assert all(command.right for command in COMMANDS if command.needs_county)
    assert all(right in known for right in TOPICS.values())


def test_a_command_holds_the_right_that_it_declares_and_no_other() -> None:
    import re

    folder = Path(__file__).resolve().parents[2] / "anlan/faces/cli"
    sources = [path.read_text() for path in folder.glob("*.py") if path.name != "prepare.py"]
    assert re.findall(r"for_command\([^,]*\)", "".join(sources)) == [], "every right"
    used = set(re.findall(r'\{"([a-z]+\.[a-z]+)"\}', "".join(sources)))
    declared = {right for command in COMMANDS for right in (command.right, command.also) if right}
    assert used == declared


def test_nobody_is_two_administrators_and_none_of_them_reads_or_changes_business() -> None:
    own = table()
    held = [own.administrators[kind] for kind in ADMINISTRATORS]
    assert all(held) and sum(map(len, held)) == len(frozenset().union(*held))
    business = frozenset().union(*own.posts.values())
    assert not business & frozenset().union(*held)
    for path, view in CONSOLE.items():
        if view.access.right == "journal.audit" and view.access.fields is not None:
            assert path == "audit/verify/", "the auditor changes nothing"


def test_every_sealed_field_and_every_label_says_why_how_long_and_how_it_is_masked() -> None:
    for model in apps.get_models():
        if not model.__module__.startswith(OURS):
            continue
        labels = getattr(model, "personal", {})
        names = {field.name for field in model._meta.fields}
        assert set(labels) <= names, model
        for field in model._meta.fields:
            secret = f"{model._meta.label_lower}.{field.name}" in NOT_PERSONAL
            if isinstance(field, SealedField) and not secret:
                assert field.name in labels, f"{model.__name__}.{field.name} has no label"
        for label in labels.values():
            assert label.purpose and label.basis and label.retention_days > 0, model
            assert label.mask in MASKS, (model, label.mask)
