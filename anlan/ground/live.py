"""Tells open screens that something changed; they fetch what they may see.

A notification goes out with the commit and names a topic, a place and ids, never a person. A
screen's token says what it may hear; the page that it stands on gives it one.
"""

from __future__ import annotations

import json
import struct
import time

from django.db import connection

from anlan.ground import secrets
from anlan.ground.scope import Scope

CHANNEL = "anlan_live"
# topic → the right without which a screen does not hear of it.
TOPICS: dict[str, str] = {
    "account": "account.manage",
    "alarm": "callout.read",
    "call": "callout.read",
    "callout": "callout.read",
    "case": "cases.read",
    "county": "county.read",
    "consult": "consult.read",
    "desk": "callout.read",
    "duty": "duty.read",
    "exercise": "exercise.read",
    "headcount": "evacuation.read",
    "indicator": "indicator.read",
    "journal": "journal.read",
    "ledger": "ledger.read",
    "link": "link.read",
    "letter": "oversight.read",
    "plan": "plan.read",
    "policy": "policy.read",
    "warning": "warning.read",
}
TOPIC_BITS = {topic: 1 << place for place, topic in enumerate(sorted(TOPICS))}
TOKEN_S = 12 * 3600
LAYOUT = struct.Struct(">qqiQQI")


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


def make_token(scope: Scope, sitting: int) -> str:
    """What a page gives its screen: the span, the world, the topics it may hear, the sign-in."""
    topics = sum(TOPIC_BITS[topic] for topic, right in TOPICS.items() if scope.may(right))
    until = int(time.time()) + TOKEN_S
    return secrets.sign(
        "live", LAYOUT.pack(scope.lo, scope.hi, scope.world, until, sitting, topics)
    )


def read_token(text: str) -> tuple[int, int, int, int, int]:
    """(lo, hi, world, sitting, topics); ValueError where it is forged or too old."""
    lo, hi, world, until, sitting, topics = LAYOUT.unpack(secrets.unsign("live", text))
    if until < time.time():
        raise ValueError("the token is too old")
    return lo, hi, world, sitting, topics
