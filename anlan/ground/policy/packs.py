"""Reads packs: folders of YAML and nothing else, by a loader that runs no code.

Flows in: `anlan/packs`. Flows out: plain dictionaries, and faults with file, line and mend.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

PACKS = Path(__file__).resolve().parents[2] / "packs"
FILE_BYTES_MAX = 1_000_000
ALIASES_MAX = 100
DEPTH_MAX = 32


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a pack, where, and how to put it right."""

    file: str
    line: int
    key: str
    what: str
    mend: str


class PackFault(Exception):
    """A pack cannot be read."""

    def __init__(self, fault: Fault):
        super().__init__(f"{fault.file}:{fault.line} {fault.key}: {fault.what}. {fault.mend}")
        self.fault = fault


class _Loader(yaml.SafeLoader):
    """Safe YAML with its tags refused, aliases counted and depth limited."""

    def __init__(self, stream: str):
        super().__init__(stream)
        self.aliases_seen = 0
        self.depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            self.aliases_seen += 1
            if self.aliases_seen > ALIASES_MAX:
                raise yaml.YAMLError(f"more than {ALIASES_MAX} aliases")
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise yaml.YAMLError(f"nested deeper than {DEPTH_MAX}")
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [key.value for key, _value in node.value]
        doubled = {key for key in keys if isinstance(key, str) and keys.count(key) > 1}
        if doubled:
            raise yaml.constructor.ConstructorError(
                None, None, f"key given twice: {sorted(doubled)[0]}", node.start_mark
            )
        return super().construct_mapping(node, deep)


def read(path: Path) -> Any:
    """The content of one YAML file; PackFault where it is too large, unsafe or broken."""
    name = str(path.relative_to(path.parents[1])) if len(path.parents) > 1 else path.name
    if path.stat().st_size > FILE_BYTES_MAX:
        raise PackFault(Fault(name, 0, "", "file over 1 MB", "split it"))
    try:
        text = path.read_text(encoding="utf-8")
        loader = _Loader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        what = getattr(error, "problem", None) or str(error)
        raise PackFault(Fault(name, line, "", str(what), "plain YAML without tags")) from error


def folders(root: Path = PACKS) -> list[Path]:
    """The packs: every folder whose name does not begin with an underscore."""
    return sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("_"))


@lru_cache(maxsize=8)
def laws(root: Path = PACKS) -> dict[str, dict[str, Any]]:
    """Dated law values by name, from `_law/*.yaml`."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((root / "_law").glob("*.yaml")):
        content = read(path) or {}
        for name, entry in content.items():
            found[f"{path.stem}.{name}"] = entry
    return found


@lru_cache(maxsize=32)
def section(pack: str, name: str, root: Path = PACKS) -> dict[str, Any]:
    """One file of a pack (`chains`, `texts`, `indicators`, …); empty where it has none."""
    path = root / pack / f"{name}.yaml"
    return (read(path) or {}) if path.exists() else {}
