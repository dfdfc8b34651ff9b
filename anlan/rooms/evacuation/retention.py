"""How long households and what help they need are kept: never while their zone is open."""

from __future__ import annotations

from anlan.ground.retention import Rule

RULES = (
    Rule(
        "evacuation.household", {"head": "", "needs": ""}, "t.ended_at",
        "EXISTS (SELECT 1 FROM evacuation_opening o WHERE o.zone_id = t.zone_id"
        " AND o.state = 'open')",
    ),
)  # fmt: skip
