"""What a schema cannot say of `types.yaml`: what a field points at is there, and fits.

Flows in: the file as data. Flows out: (key, what is wrong, the mend). Pure but for the shared
types, which every pack may point at and give a facet.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from anlan.ground.policy import packs

Found = tuple[list[object], str, str]
NUMBER_KINDS = frozenset({"whole", "number", "money"})
DAYS = frozenset({"date"})
# How many fields an operation takes, at least and at most, and of which kinds.
OPERATIONS: dict[str, tuple[int, int, frozenset[str]]] = {
    "ratio": (2, 2, NUMBER_KINDS), "difference": (2, 2, NUMBER_KINDS), "sum": (2, 6, NUMBER_KINDS),
    "days_left": (1, 1, DAYS), "years_since": (1, 1, DAYS),
}  # fmt: skip


@lru_cache(maxsize=1)
def shared() -> dict[str, Any]:
    """The types of `_core`, by name."""
    return dict(packs.read(packs.PACKS / "_core" / "types.yaml")["types"])


def faults(data: dict[str, Any], core: bool) -> Iterator[Found]:
    """Every fault of one file. core: it is the shared file itself."""
    own = data.get("types", {})
    known = set(own) if core else {*shared(), *own}
    for name in sorted(set(own) & set(shared())) if not core else ():
        yield ["types", name], f"这个类型已经有了：{name}", "换一个名称，或改为给它加一面（facets）"
    for name, entry in data.get("facets", {}).items():
        if entry["of"] not in known:
            yield ["facets", name, "of"], f"没有这种类型：{entry['of']}", _only(known)
    for section in ("types", "facets"):
        for name, entry in data.get(section, {}).items():
            yield from _fields([section, name, "fields"], entry["fields"], known)
    for name, entry in own.items():
        for made, derived in entry.get("derived", {}).items():
            yield from _derived(["types", name, "derived", made], derived, entry["fields"])
            if made in entry["fields"]:
                yield ["types", name, "derived", made], "和一个字段同名", "换一个名称"


def _fields(path: list[object], fields: dict[str, Any], known: set[str]) -> Iterator[Found]:
    for name, field in fields.items():
        if "of" in field and field["of"] not in known:
            yield [*path, name, "of"], f"没有这种类型：{field['of']}", _only(known)
        low, high = field.get("at_least"), field.get("at_most")
        if low is not None and high is not None and high < low:
            yield [*path, name, "at_most"], "上限小于下限", "对调"


def _derived(
    path: list[object], derived: dict[str, Any], fields: dict[str, Any]
) -> Iterator[Found]:
    least, most, kinds = OPERATIONS[derived["op"]]
    if not least <= len(derived["of"]) <= most:
        yield [*path, "of"], f"{derived['op']} 要 {least} 到 {most} 个字段", "增减字段"
    for at, name in enumerate(derived["of"]):
        if fields.get(name, {}).get("kind") not in kinds:
            yield [*path, "of", at], f"没有这个字段，或类型不对：{name}", \
                f"只许 {'、'.join(sorted(kinds))} 类型的字段"  # fmt: skip


def _only(known: set[str]) -> str:
    return f"只许 {'、'.join(sorted(known))}"
