"""The one table of rights, post kind × right, as `packs/_core/rights.yaml` has it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

TABLE = Path(__file__).resolve().parents[1] / "packs" / "_core" / "rights.yaml"


@dataclass(frozen=True, slots=True)
class Table:
    """labels: right → Chinese; posts and administrators: kind → its rights."""

    labels: dict[str, str]
    posts: dict[str, frozenset[str]]
    post_labels: dict[str, str]
    administrators: dict[str, frozenset[str]]

    def of(self, kind: str) -> frozenset[str]:
        """The rights of a post kind or of an administrator; none for what is unknown."""
        return self.posts.get(kind) or self.administrators.get(kind) or frozenset()


@lru_cache(maxsize=1)
def table() -> Table:
    """The shipped table; ValueError where it names a right that it does not label."""
    read = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    labels: dict[str, str] = read["rights"]
    posts = {kind: frozenset(entry["rights"]) for kind, entry in read["posts"].items()}
    administrators = {
        kind: frozenset(entry["rights"]) for kind, entry in read["administrators"].items()
    }
    for kind, rights in (posts | administrators).items():
        unknown = rights - set(labels)
        if unknown:
            raise ValueError(f"rights.yaml: {kind} names unknown rights {sorted(unknown)}")
    named = {kind: entry["label"] for kind, entry in read["posts"].items()}
    named |= {kind: entry["label"] for kind, entry in read["administrators"].items()}
    return Table(labels, posts, named, administrators)


def as_markdown() -> str:
    """The table as the docs show it."""
    own = table()
    kinds = [*own.posts, *own.administrators]
    heads = "| 权限 | " + " | ".join(own.post_labels[kind] for kind in kinds) + " |"
    rule = "| --- |" + " :-: |" * len(kinds)
    rows = [
        f"| {label} `{right}` | "
        + " | ".join("●" if right in own.of(kind) else "" for kind in kinds)
        + " |"
        for right, label in own.labels.items()
    ]
    return "\n".join([heads, rule, *rows]) + "\n"
