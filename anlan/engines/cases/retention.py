"""How long what somebody reported at the door is kept: all of it until its case has ended."""

from __future__ import annotations

from anlan.ground.retention import GONE, Rule

RULES = (
    Rule(
        "cases.doorreport",
        {"caller": "", "number": "", "text": "", "place": "", "address": GONE},
        "(SELECT c.ended_at FROM cases_case c WHERE c.door_id = t.id)",
        "NOT EXISTS (SELECT 1 FROM cases_case c WHERE c.door_id = t.id AND c.ended)",
    ),
)  # fmt: skip
