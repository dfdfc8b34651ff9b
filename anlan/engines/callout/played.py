"""The outbox of a 推演: what would have gone to telephones is handed to its player instead.

Flows in: the player's token (a signature over its world) and the ids of what it has. Flows out:
messages with the person as a number only; no telephone number leaves. A message is handed over
again until the player says that it has it, and counted as sent once. Runs in the public process.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from anlan.ground import clock, journal, secrets, worlds
from anlan.ground.actions import action
from anlan.ground.errors import Denied, Refusal
from anlan.ground.places import EVERYWHERE
from anlan.ground.scope import Actor, Scope

BATCH = 200
LAYOUT = struct.Struct(">i")
REF = "player"

TAKE = """
UPDATE callout_attempt SET state = 'claimed', submits = submits + 1, gateway_ref = %s
WHERE id IN (SELECT id FROM callout_attempt WHERE open AND world = anlan_world()
  AND state = 'due' AND submits < 2 AND not_before <= anlan_now()
  ORDER BY priority, id LIMIT %s FOR UPDATE SKIP LOCKED)
"""
HELD = """
SELECT a.id, a.person_id, c.post_id, a.role, a.try_no, a.text, a.not_before
FROM callout_attempt a JOIN callout_call c ON c.id = a.call_id
WHERE a.open AND a.world = anlan_world() AND a.state = 'claimed' AND a.gateway_ref = %s
ORDER BY a.id LIMIT %s
"""
HAS = """
UPDATE callout_attempt SET state = 'submitted', submitted_at = anlan_now()
WHERE id = ANY(%s) AND world = anlan_world() AND state = 'claimed' AND gateway_ref = %s
"""


@dataclass(frozen=True, slots=True)
class Message:
    """A message for the player. person: an id that says who, and nothing else of them."""

    id: int
    person: int
    post: int
    role: str
    try_no: int
    text: str
    at: datetime


def token(world: int) -> str:
    """What opens the outbox of one 推演."""
    return secrets.sign("player", LAYOUT.pack(world))


def player(text: str, address: str = "") -> Scope:
    """The player's scope: its world, and nothing but its outbox. Denied for a forged token."""
    try:
        world = int(LAYOUT.unpack(secrets.unsign("player", text))[0])
    except (ValueError, struct.error):
        raise Denied("player-token", _("推演的令牌不对"), "", _("由开始推演的程序给出")) from None
    return Scope.for_link(
        *EVERYWHERE, world, Actor("player", label=_("推演演员"), address=address), "outbox"
    )


@action(None, open_to="the player of a 推演, by the token of its world",
        journal="callout.played", may_change_nothing=True)  # fmt: skip
def take_outbox(scope: Scope, taken: Sequence[int]) -> tuple[datetime, list[Message]]:
    """The world's time, and what the player does not have yet. taken: ids that it has."""
    if not worlds.is_open(scope.world) or worlds.kind_of(scope.world) != "tabletop":
        raise Refusal("world-ended", _("这场推演已经结束"), str(scope.world), "", 410)
    with connection.cursor() as cursor:
        cursor.execute(HAS, [list(taken), REF])
        has = cursor.rowcount
        cursor.execute(TAKE, [REF, BATCH])
        cursor.execute(HELD, [REF, BATCH])
        found = [Message(*row) for row in cursor.fetchall()]
    if has:
        journal.line(scope, "callout.played", None, why=f"{has}", division=0)
    return clock.now(), found
