"""Every rule of retention; what one room needs of another stands here, for `faces` knows all."""

from __future__ import annotations

from dataclasses import replace

from anlan.county import retention as county
from anlan.engines.callout import retention as callout
from anlan.ground.retention import Rule
from anlan.rooms.duty import retention as duty
from anlan.rooms.evacuation import retention as evacuation

# Where a kept file is named: a photograph that stands in none of them goes.
FILE_COLUMNS = (("callout_fallback", "proof_file"), ("workplan_planversion", "digest"))
CALLED = (
    "EXISTS (SELECT 1 FROM callout_attempt a WHERE a.person_id = t.id AND a.open)"
    " OR EXISTS (SELECT 1 FROM callout_fallback f WHERE f.person_id = t.id AND f.closed_at IS NULL)"
)
TOLD = (
    "EXISTS (SELECT 1 FROM duty_source s JOIN duty_event e ON e.id = s.event_id"
    " LEFT JOIN duty_event j ON j.id = e.joined_id WHERE s.origin_kind = 'callout.inbound'"
    " AND s.origin_id = t.id AND coalesce(j.state, e.state) NOT IN ('closed', 'joined'))"
)
ALSO_HELD = {"county.person": CALLED, "callout.inbound": TOLD}


def _whole(rule: Rule) -> Rule:
    also = ALSO_HELD.get(rule.model)
    return replace(rule, held=f"{rule.held} OR {also}") if also else rule


RULES = tuple(
    _whole(rule) for rule in (*county.RULES, *callout.RULES, *duty.RULES, *evacuation.RULES)
)
NOT_OF_PEOPLE = county.NOT_OF_PEOPLE
