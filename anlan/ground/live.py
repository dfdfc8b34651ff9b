"""Tells open screens that something changed; they fetch what they may see.

A notification goes out with the commit and names a topic, a place and ids, never a person.
"""

from __future__ import annotations

import json

from django.db import connection

from anlan.ground.scope import Scope

CHANNEL = "anlan_live"
# topic → the right without which a screen does not hear of it.
TOPICS: dict[str, str] = {
    "account": "account.manage",
    "alarm": "callout.read",
    "call": "callout.read",
    "callout": "callout.read",
    "county": "county.read",
    "desk": "callout.read",
    "headcount": "evacuation.read",
    "indicator": "indicator.read",
    "journal": "journal.read",
    "plan": "plan.read",
    "policy": "policy.read",
    "warning": "warning.read",
}


def tell(scope: Scope, topic: str, division: int, **ids: int | str) -> None:
    """Notify the screens of this world that `topic` changed at `division`."""
    if topic not in TOPICS:
        raise ValueError(f"unknown live topic {topic!r}")
    payload = json.dumps(
        {"topic": topic, "world": scope.world, "division": division, **ids},
        separators=(",", ":"),
        sort_keys=True,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])
