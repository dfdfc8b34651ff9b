"""How long messages, addresses of answers and photographs are kept: all of an open call-out."""

from __future__ import annotations

from anlan.ground.retention import GONE, Rule

OPEN = (
    "EXISTS (SELECT 1 FROM callout_call c JOIN callout_callout o ON o.id = c.callout_id"
    " WHERE c.id = t.call_id AND o.ended_at IS NULL)"
)
RULES = (
    Rule(
        "callout.inbound", {"number": "", "text": ""}, "t.received_at",
        "t.state IN ('new', 'desk') OR EXISTS (SELECT 1 FROM callout_answer a"
        " JOIN callout_call c ON c.id = a.call_id JOIN callout_callout o ON o.id = c.callout_id"
        " WHERE a.inbound_id = t.id AND o.ended_at IS NULL)",
        {"number_hash": ""},
    ),
    Rule("callout.answer", {"address": GONE}, "t.happened_at", OPEN),
    Rule(
        "callout.fallback", {"proof": GONE, "proof_file": "", "photo_says": ""},
        "coalesce(t.closed_at, t.given_at)", OPEN,
    ),
)  # fmt: skip
