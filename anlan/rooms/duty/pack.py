"""What the pack `duty` says: kinds of events, figures, families with their clocks."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from anlan.ground.errors import Refusal
from anlan.ground.policy import packs

OTHER = "other"


def section(name: str) -> dict[str, Any]:
    """kinds, figures or families of `packs/duty/events.yaml`."""
    found: dict[str, Any] = packs.section("duty", "events")[name]
    return found


def classes() -> list[dict[str, Any]]:
    """Classes of accidents, the gravest first."""
    found: list[dict[str, Any]] = packs.section("duty", "events")["accident_classes"]
    return found


def kind(name: str) -> dict[str, Any]:
    """A kind of event; that of 其他 for one that no pack knows any more."""
    kinds = section("kinds")
    found: dict[str, Any] = kinds.get(name) or kinds[OTHER]
    return found


def family(name: str) -> dict[str, Any]:
    """The family of a kind, with its clocks."""
    found: dict[str, Any] = section("families")[kind(name)["family"]]
    return found


def figure(name: str) -> dict[str, Any]:
    """A figure by name; Refusal for an unknown one."""
    found: dict[str, Any] | None = section("figures").get(name)
    if found is None:
        raise Refusal("figure-unknown", _("没有这个指标"), name[:60], _("请从页面上选"))
    return found


def check_kind(name: str) -> str:
    """The kind, or 其他 where none is said; Refusal for an unknown one."""
    if name and name not in section("kinds"):
        raise Refusal("kind-unknown", _("没有这种事件"), name[:60], _("请从页面上选"))
    return name or OTHER
