"""How long what somebody reported is kept: never under an event that is open, or a task."""

from __future__ import annotations

from anlan.ground.retention import GONE, Rule

# An event that was joined to another is as open as that one.
SINCE = (
    "(SELECT coalesce(e.closed_at, j.closed_at) FROM duty_event e"
    " LEFT JOIN duty_event j ON j.id = e.joined_id WHERE e.id = {event})"
)
OPEN = (
    "EXISTS (SELECT 1 FROM duty_event e LEFT JOIN duty_event j ON j.id = e.joined_id"
    " WHERE e.id = {event} AND coalesce(j.state, e.state) NOT IN ('closed', 'joined'))"
)
TASKS = (
    "EXISTS (SELECT 1 FROM duty_task k WHERE k.origin_kind = 'duty.event' AND k.origin_id = t.id"
    " AND k.state <> 'closed')"
)
FROM_WEB = (
    "NOT EXISTS (SELECT 1 FROM duty_source s WHERE s.via = 'web' AND s.key = t.id::text"
    " AND s.world = t.world) OR EXISTS (SELECT 1 FROM duty_source s JOIN duty_event e"
    " ON e.id = s.event_id LEFT JOIN duty_event j ON j.id = e.joined_id WHERE s.via = 'web'"
    " AND s.key = t.id::text AND s.world = t.world"
    " AND coalesce(j.state, e.state) NOT IN ('closed', 'joined'))"
)
RULES = (
    Rule(
        "duty.event", {"what": GONE, "place": GONE}, SINCE.format(event="t.id"),
        f"{OPEN.format(event='t.id')} OR {TASKS}",
    ),
    Rule(
        "duty.source", {"caller": "", "number": "", "text": ""}, SINCE.format(event="t.event_id"),
        OPEN.format(event="t.event_id"), {"number_hash": ""},
    ),
    Rule("duty.task", {"text": GONE, "answer": GONE}, "t.closed_at", "t.state <> 'closed'"),
    Rule(
        "duty.webreport",
        {"caller": "", "number": "", "text": "", "place": "", "address": GONE},
        "t.received_at", FROM_WEB,
    ),
)  # fmt: skip
