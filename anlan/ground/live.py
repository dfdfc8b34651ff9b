"""Tells open screens that something changed; they fetch what they may see.

A notification goes out with the commit and names a topic, a place and ids, never a person.
"""

from __future__ import annotations

import json

from django.db import connection

from anlan.ground.scope import Scope

CHANNEL = "anlan_live"
TOPICS = frozenset(
    {
        "callout", "call", "alarm", "desk", "warning", "headcount", "journal", "plan", "county",
        "policy", "indicator",
    }
)  # fmt: skip


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
