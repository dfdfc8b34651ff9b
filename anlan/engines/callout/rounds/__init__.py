"""What is due: calls to move on, messages to send, answers to read. Safe to run many times at once.

calls     calls whose `due_at` has passed → next ring, somebody who knocks, or an alarm
sending   attempts → claimed (counted before sending) → gateway → marked; died twice → unknown
inbox     messages from outside → answers; what nobody understands goes to the desk
closing   call-outs with nothing open and past their day
"""

from __future__ import annotations

from anlan.engines.callout.rounds.calls import advance
from anlan.engines.callout.rounds.closing import close
from anlan.engines.callout.rounds.inbox import leave_rest, newest, read
from anlan.engines.callout.rounds.sending import (
    Gateway,
    Outcome,
    Outgoing,
    claim,
    expire,
    mark,
    real_since,
    sender,
    worlds_that_send,
)

__all__ = [
    "Gateway", "Outcome", "Outgoing", "advance", "claim", "close", "expire", "leave_rest", "mark",
    "newest", "read", "real_since", "sender", "worlds_that_send",
]  # fmt: skip
