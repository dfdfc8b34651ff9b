"""Orders to move (转移指令): given and ended, each once, with places and people, without a name.

Who approved it and the words of it stay in the county: both may name somebody.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from anlan.county import queries as county
from anlan.faces.link.letters import hold, moment
from anlan.faces.link.models import Outgoing, Subscription
from anlan.faces.link.subjects.draft import Draft
from anlan.ground.scope import Scope
from anlan.rooms.evacuation import queries as evacuation
from anlan.rooms.evacuation.models import Opening, Order

PLACES_MAX = 100


def drafts(scope: Scope, own: Subscription, _last: Outgoing | None, now: datetime) -> list[Draft]:
    """Orders that stand, or came, since the subscription was approved, and have not been told."""
    told = set(
        Outgoing.objects.filter(subscription=own, world=scope.world)
        .exclude(key="").values_list("key", flat=True)
    )  # fmt: skip
    found: list[Draft] = []
    for row in reversed(evacuation.orders(scope, only_open=False)):
        given, ended = f"given-{row.id}", f"ended-{row.id}"
        if row.ended_at is None or own.approved_at is None or row.given_at >= own.approved_at:
            found += [] if given in told else [Draft(_body(scope, row, False), now, given)]
        known = given in told or any(one.key == given for one in found)
        if row.ended_at is not None and known and ended not in told:
            found.append(Draft(_body(scope, row, True), now, ended))
    return found


def _body(scope: Scope, row: Order, ended: bool) -> dict[str, Any]:
    names = county.place_names(scope, row.divisions)
    zones = list(Opening.objects.filter(bases__order=row).distinct())
    told: dict[str, Any] = {
        "order": row.id, "authority": row.authority, "articles": row.articles,
        "places": [names[code] for code in sorted(names)][:PLACES_MAX], "zones": len(zones),
        "to_move": sum(zone.to_move for zone in zones), "given_at": row.given_at.isoformat(),
    }  # fmt: skip
    if ended and row.ended_at is not None:
        told["ended_at"] = row.ended_at.isoformat()
    return told


def check(told: dict[str, Any], place: str) -> None:
    """Held against the schema; its times are moments."""
    hold(told, "orders", place)
    for name in ("given_at", "ended_at"):
        if name in told:
            moment(told[name], f"{place} {name}")
