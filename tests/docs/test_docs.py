"""What is written down is what there is: rights, commands, rounds, settings, dependencies, words."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import anlan
from anlan.county import rights
from anlan.faces.cli.main import COMMANDS

ROOT = Path(__file__).resolve().parents[2]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_docs_show_the_one_table_of_rights() -> None:
    assert rights.as_markdown() in text("docs/rights.md")


def test_administrators_hold_disjoint_rights_and_see_no_business() -> None:
    held = list(rights.table().administrators.values())
    assert all(not (a & b) for i, a in enumerate(held) for b in held[i + 1 :])
    business = frozenset().union(*rights.table().posts.values())
    assert all(not (own & business) for own in held)


def test_every_command_is_documented() -> None:
    page = text("docs/how-to/commands.md")
    assert [c.words for c in COMMANDS if f"`anlan {c.words}" not in page] == []


def test_every_round_is_documented() -> None:
    from anlan.faces.worker import rounds

    page = text("docs/how-to/operate.md")
    assert [entry.name for entry in rounds(None) if f"`{entry.name}`" not in page] == []  # type: ignore[attr-defined]


def test_every_setting_of_the_environment_is_documented() -> None:
    page = text("docs/how-to/operate.md")
    own = {"ANLAN_TEST", "ANLAN_ROLE", "ANLAN_CHILD"}  # said by our processes to each other
    systems = {
        "PATH",
        "HOME",
        "XDG_DATA_HOME",
        "XDG_CONFIG_HOME",
        "DJANGO_SETTINGS_MODULE",
        "PHONEBOX_PASSWORD",
    }
    read = re.compile(r"environ(?:\.get\(|\.setdefault\(|\[)\s*\"([A-Z_]+)\"")
    found: set[str] = set()
    for folder in ("anlan", "phonebox"):
        for path in (ROOT / folder).rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            found |= set(re.findall(r"\"(ANLAN_[A-Z_]+)\"", source)) | set(read.findall(source))
    assert {"ANLAN_ROOT", "ANLAN_ALARM", "DATABASE_URL"} <= found
    assert sorted(name for name in found - own - systems if f"`{name}`" not in page) == []


def test_every_make_target_is_documented_and_helped() -> None:
    page, makefile = text("docs/how-to/commands.md"), text("Makefile")
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.M))
    assert targets == {"help", "up", "setup", "down", "test", "check", "bench", "drill", "bundle"}
    assert sorted(name for name in targets if f"`make {name}`" not in page) == []


def test_every_refusal_of_a_start_is_documented() -> None:
    page = text("docs/how-to/operate.md")
    places = [*(ROOT / "anlan" / "ground" / "machine").glob("*.py")]
    places += [ROOT / "anlan" / "faces" / "cli" / "start.py"]
    codes: set[str] = set()
    for path in places:
        source = path.read_text(encoding="utf-8")
        codes |= set(re.findall(r"(?:Refusal|NotRunning)\(\s*\"([a-z-]+)\"", source))
    assert "folder-closed" in codes
    general = {"database", "system"}  # carry the system's own words
    assert sorted(code for code in codes - general if f"`{code}`" not in page) == []


def test_every_process_and_every_file_that_a_county_keeps_is_documented() -> None:
    from anlan.ground.machine.own_server_file import OWN_SERVER
    from anlan.ground.machine.processes import children
    from anlan.ground.machine.site import COPY, DEFAULT_PORTS, Site

    page = text("docs/how-to/operate.md")
    own = Site(Path("/nowhere"), DEFAULT_PORTS, {"demo": True})
    assert [child.name for child in children(own) if child.name not in page] == []
    assert [name for name in (COPY, OWN_SERVER, "trouble.json") if name not in page] == []


def test_the_licence_is_the_whole_apache_text() -> None:
    licence = text("LICENSE")
    assert "Version 2.0, January 2004" in licence and "END OF TERMS AND CONDITIONS" in licence
    assert "Apache-2.0" in text("pyproject.toml") and len(licence) > 11_000


def test_every_direct_dependency_has_its_reason() -> None:
    page = text("docs/dependencies.md").lower()
    project = text("pyproject.toml")
    names = re.findall(r'^  "([A-Za-z0-9-]+)', project.split("[project.scripts]")[0], re.M)
    assert names
    assert [name for name in names if f"| {name.lower()} " not in page] == []


def test_locks_carry_hashes_and_no_address() -> None:
    for name in ("requirements/county.txt", "requirements/dev.txt"):
        lock = text(name)
        assert "--hash=sha256:" in lock
        assert not re.search(r"https?://|--index-url|--find-links", lock)


def test_every_public_function_of_an_actions_module_that_takes_a_scope_is_declared() -> None:
    from anlan.ground.actions import REGISTRY

    bare: list[str] = []
    for module in pkgutil.walk_packages(anlan.__path__, "anlan."):
        if (
            not module.name.endswith((".actions", ".accounts"))
            or module.name == "anlan.ground.actions"
        ):
            continue
        own = importlib.import_module(module.name)
        for name, value in inspect.getmembers(own, inspect.isfunction):
            full = f"{module.name}.{name}"
            takes_scope = "scope" in inspect.signature(value).parameters
            if value.__module__ == module.name and takes_scope and not name.startswith("_"):
                bare += [] if full in REGISTRY else [full]
    assert bare == []


def test_every_right_that_code_names_stands_in_the_table() -> None:
    known = set(rights.table().labels)
    pattern = re.compile(r"(?:@page|@json_page|@action|\.need|\.may)\(\s*\"([a-z_]+\.[a-z_]+)\"")
    named: set[str] = set()
    for path in (ROOT / "anlan").rglob("*.py"):
        named |= set(pattern.findall(path.read_text(encoding="utf-8")))
    assert named - known == set()


def test_every_promise_names_a_test_that_exists() -> None:
    named = re.findall(r"`([a-z_/]+\.py)(?:::(test_\w+))?`", text("docs/promises.md"))
    assert len(named) > 40
    gone = []
    for file, test in named:
        path = ROOT / "tests" / file
        if not path.is_file() or (test and f"def {test}(" not in path.read_text(encoding="utf-8")):
            gone.append(f"{file}::{test}")
    assert gone == []
