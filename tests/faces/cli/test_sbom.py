"""The bill of materials names what is locked and installed, and says where they differ (R64)."""

from __future__ import annotations

import argparse
import json
from importlib import metadata
from pathlib import Path

import pytest

from anlan.faces.cli import sbom
from anlan.ground.errors import Refusal


def made(path: Path) -> tuple[int, dict[str, object], dict[str, object]]:
    code, answer, _text = sbom.sbom(argparse.Namespace(file=str(path)))
    return code, answer, json.loads(path.read_text(encoding="utf-8"))


def test_every_component_has_its_version_address_and_digest(tmp_path: Path) -> None:
    _code, answer, bill = made(tmp_path / "a.json")
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    parts = {one["purl"]: one for one in bill["components"]}
    assert len(parts) == len(bill["components"]) == answer["python"] + answer["front"]
    for name in ("django", "django-allauth", "psycopg", "pyjwt", "fido2"):
        one = parts[f"pkg:pypi/{name}@{metadata.version(name)}"]
        assert one["hashes"] and all(len(h["content"]) == 64 for h in one["hashes"])
    assert (
        "BSD"
        in parts[f"pkg:pypi/django@{metadata.version('django')}"]["licenses"][0]["license"]["name"]
    )
    npm = [one for purl, one in parts.items() if purl.startswith("pkg:npm/")]
    assert npm and all(len(one["hashes"][0]["content"]) == 128 for one in npm if "hashes" in one)
    assert not any("pytest" in purl for purl in parts), "test tools are not installed with it"


def test_the_same_locks_make_the_same_bill(tmp_path: Path) -> None:
    made(tmp_path / "a.json")
    made(tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_another_version_than_the_locked_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "county.txt"
    lock.write_text("django==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    monkeypatch.setattr(sbom, "LOCK", lock)
    code, answer, _bill = made(tmp_path / "a.json")
    assert code == 1 and answer["different"] == [f"django {metadata.version('django')} (1.0)"]


def test_no_lock_and_no_place_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refusal) as found:
        sbom.sbom(argparse.Namespace(file=str(tmp_path / "no" / "a.json")))
    assert found.value.code == "sbom-write"
    monkeypatch.setattr(sbom, "LOCK", tmp_path / "missing.txt")
    with pytest.raises(Refusal) as found:
        sbom.sbom(argparse.Namespace(file=str(tmp_path / "a.json")))
    assert found.value.code == "sbom-lock"
