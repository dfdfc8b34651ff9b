"""What packs declare of cases, compiled: kinds by name, and the version that a case keeps.

Flows in: `packs/*/cases.yaml`, held against its schema. Flows out: `Kind`. A case keeps the entry
under which it was opened (`Grammar`), so that it stays readable and moves by its own rules when the
pack has changed since. A pack that cannot be read is off: nothing new is opened by it.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from anlan.engines.cases.kinds import (
    Ask,
    Condition,
    Form,
    Kind,
    Law,
    Missed,
    Move,
    Objection,
    Opening,
    Rule,
    State,
)
from anlan.engines.ledger.types import field_of, label_of
from anlan.ground.errors import NotFound
from anlan.ground.policy import packs
from anlan.ground.policy.packs import PackFault

Entry = dict[str, Any]


def entries() -> dict[str, Entry]:
    """Every entry of every pack that can be read, by `pack.case`."""
    found: dict[str, Entry] = {}
    for folder in packs.folders():
        try:
            own = packs.section(folder.name, "cases")
        except PackFault:
            continue  # the pack is off, and the page of rule values says why
        found |= {f"{folder.name}.{name}": entry for name, entry in own.items()}
    return found


def all_kinds() -> dict[str, Kind]:
    """Every kind of case as packs declare it today."""
    return {name: compiled(name, entry) for name, entry in entries().items()}


def kind_of(name: str) -> Kind:
    """The kind as it is declared today; NotFound for an unknown one."""
    entry = entries().get(name)
    if entry is None:
        raise NotFound("case-kind", _("没有这一类事项"), name, _("请从“我的事”里选择"))
    return compiled(name, entry)


def digest(entry: Entry) -> str:
    """What was declared, in 64 characters."""
    return hashlib.sha256(written(entry).encode()).hexdigest()


def written(entry: Entry) -> str:
    """The entry as kept beside its cases."""
    return json.dumps(entry, sort_keys=False, ensure_ascii=False, default=str)


def kept(name: str, content: str) -> Kind:
    """The kind as a case keeps it. content: as `written` made it."""
    return _kept(name, content, get_language())


@lru_cache(maxsize=256)
def _kept(name: str, content: str, _language: str | None) -> Kind:
    return compiled(name, json.loads(content))


def compiled(name: str, entry: Entry) -> Kind:
    """The entry as a `Kind`."""
    about = entry["about"]
    return Kind(
        name, label_of(entry), tuple(about["types"]), bool(about.get("needed")),
        entry.get("grade", ""), tuple(entry.get("grave", ())),
        {key: State(key, label_of(said), said.get("end", ""), bool(said.get("tasks")))
         for key, said in entry["states"].items()},
        {key: _opening(key, said) for key, said in entry["opens"].items()},
        {key: _move(key, said) for key, said in entry["moves"].items()},
        {key: _rule(key, said) for key, said in entry.get("deadlines", {}).items()},
        {key: Objection(key, label_of(said), said["to"], said["back"], said.get("days"),
                        said.get("value", ""), said["counted"] == "working",
                        said.get("after", ""), _law(said))
         for key, said in entry.get("objections", {}).items()},
        dict(entry.get("links", {})),
    )  # fmt: skip


def _opening(key: str, said: Entry) -> Opening:
    return Opening(
        key, label_of(said), said["by"], said["to"], said.get("right", "cases.open"), _asks(said),
        said.get("from", ""), said.get("link", ""), tuple(said.get("copies", ())),
        said.get("object", ""), _condition(said.get("where")), said.get("every", ""), _law(said),
    )  # fmt: skip


def _move(key: str, said: Entry) -> Move:
    apart, form = said.get("apart"), said.get("paper")
    return Move(
        key, label_of(said), tuple(said["from"]), said["to"], said["right"],
        tuple(said.get("posts", ())), tuple(said.get("other_than", ())),
        _condition(said.get("when")), _asks(said), bool(said.get("joint")),
        tuple(said.get("after_links", ())), (apart["type"], apart["metres"]) if apart else None,
        Form(form["title"], tuple(form["text"])) if form else None, _law(said),
    )  # fmt: skip


def _rule(key: str, said: Entry) -> Rule:
    extend = said.get("extend", {})
    missed = tuple(
        Missed(one["after_days"], one["then"], one.get("chain", ""), one.get("minutes", 0))
        for one in said.get("missed", ())
    )
    return Rule(
        key, label_of(said), tuple(said["starts"]), tuple(said["ends"]), said.get("until", ""),
        said.get("days"), said.get("value", ""), said.get("counted") == "working",
        _condition(said.get("when")), extend.get("times", 0), extend.get("most_days", 0),
        dict(said.get("stops", {})), missed, _law(said),
    )  # fmt: skip


def _asks(said: Entry) -> tuple[Ask, ...]:
    return tuple(
        Ask(field_of(key, one), _condition(one.get("when")), bool(one.get("ahead")),
            one.get("most_days"))
        for key, one in said.get("asks", {}).items()
    )  # fmt: skip


def _condition(said: Entry | None) -> Condition | None:
    if said is None:
        return None
    return Condition(said["field"], tuple(said["in"]) if "in" in said else (said["is"],))


def _law(said: Entry) -> Law | None:
    own = said.get("law")
    return Law(own["law"], own["article"], own["status"] == "verified") if own else None
