"""`anlan sbom`: every component that is installed with the program, for whoever looks for holes.

Flows in: the two locks (`requirements/county.txt`, the front end's `package-lock.json`) and what is
installed. Flows out: a bill of materials, CycloneDX 1.6 as JSON, the same for the same locks.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
from importlib import metadata
from pathlib import Path
from typing import Any

from anlan.faces.cli.answers import Answer
from anlan.ground.errors import Refusal

ROOT = Path(__file__).resolve().parents[3]
LOCK = ROOT / "requirements" / "county.txt"
FRONT_LOCK = ROOT / "anlan" / "faces" / "console" / "front" / "package-lock.json"
PINNED = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")
LICENCE_CHARS_MAX = 100
Component = dict[str, Any]


def sbom(options: argparse.Namespace) -> Answer:
    """Write the bill; exit 1 where what is installed is not what the lock says."""
    for path in (LOCK, FRONT_LOCK):
        if not path.is_file():
            raise Refusal("sbom-lock", "没有锁定的清单", str(path), "在源码目录里运行")
    python, strange = _python(LOCK.read_text(encoding="utf-8"))
    front = _front(json.loads(FRONT_LOCK.read_text(encoding="utf-8")))
    target = Path(options.file)
    try:
        target.write_text(
            json.dumps(_bill([*python, *front]), ensure_ascii=False, indent=1), encoding="utf-8"
        )
    except OSError as error:
        raise Refusal("sbom-write", "写不进去", str(target), str(error)) from error
    answer = {"schema": "anlan.sbom/1", "file": str(target), "python": len(python),
              "front": len(front), "different": strange}  # fmt: skip
    lines = [f"{len(python)} 个 Python 组件、{len(front)} 个界面组件，写到 {target}"]
    lines += [f"和锁定的不一样：{one}" for one in strange]
    return (1 if strange else 0), answer, "\n".join(lines)


def _bill(components: list[Component]) -> dict[str, Any]:
    own = {"type": "application", "name": "anlan", "version": metadata.version("anlan"),
           "bom-ref": "anlan"}  # fmt: skip
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"component": own},
        "components": sorted(components, key=lambda one: str(one["purl"])),
    }  # fmt: skip


def _python(lock: str) -> tuple[list[Component], list[str]]:
    """Locked packages that are installed here, and where the versions differ.

    A lock is of every platform and Python: a package may stand in it in two versions, and what is
    not installed is of another platform.
    """
    found, strange = [], []
    for name, versions in _locked(lock).items():
        try:
            here = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        if here.version not in versions:
            strange.append(f"{name} {here.version} ({', '.join(versions)})")
        one = _component("pypi", name, here.version, _licence(here.metadata))
        digests = versions.get(here.version, [])
        found.append(one | {"hashes": [{"alg": "SHA-256", "content": d} for d in digests]})
    return found, strange


def _locked(lock: str) -> dict[str, dict[str, list[str]]]:
    """Package → version → digests of its files."""
    found: dict[str, dict[str, list[str]]] = {}
    for piece in re.split(r"\n(?=\S)", lock):
        pinned = PINNED.match(piece)
        if pinned is not None:
            digests = re.findall(r"--hash=sha256:([0-9a-f]{64})", piece)
            found.setdefault(pinned[1].lower(), {})[pinned[2]] = digests
    return found


def _licence(told: Any) -> str:
    """The SPDX expression; else the classifier's or the short name that the package gives."""
    kinds = [text.rpartition("::")[2].strip() for text in told.get_all("Classifier") or []
             if text.startswith("License ::")]  # fmt: skip
    said = told.get("License-Expression") or (kinds[0] if kinds else told.get("License") or "")
    return str(said).strip().split("\n")[0][:LICENCE_CHARS_MAX]


def _front(lock: dict[str, Any]) -> list[Component]:
    """Packages from which the screen is built; one that lies in two places is one."""
    found: dict[str, Component] = {}
    for path, told in lock["packages"].items():
        name = path.rpartition("node_modules/")[2]
        if not name:
            continue
        one = _component("npm", name, told["version"], str(told.get("license", "")))
        way, _dash, digest = str(told.get("integrity", "")).partition("-")
        if way == "sha512":
            content = base64.b64decode(digest).hex()
            one["hashes"] = [{"alg": "SHA-512", "content": content}]
        found[one["purl"]] = one
    return list(found.values())


def _component(kind: str, name: str, version: str, licence: str) -> Component:
    address = f"pkg:{kind}/{name.replace('@', '%40')}@{version}"
    one: Component = {"type": "library", "name": name, "version": version, "purl": address,
                      "bom-ref": address}  # fmt: skip
    return one | ({"licenses": [{"license": {"name": licence}}]} if licence else {})
