"""How long people, their changes, accounts and sign-ins are kept, and what still needs them."""

from __future__ import annotations

from anlan.ground.retention import GONE, Rule

HOLDS = (
    "EXISTS (SELECT 1 FROM county_holding h WHERE h.person_id = t.id"
    " AND (h.valid_to IS NULL OR h.valid_to > anlan_now(0)))"
    " OR EXISTS (SELECT 1 FROM county_rostershift s WHERE s.person_id = t.id"
    " AND s.cancelled_at IS NULL AND s.ends_at > anlan_now(0))"
)
RULES = (
    Rule(
        "county.person", {"phone": "", "name": GONE}, "t.ended_at", HOLDS,
        {"pinyin": "", "initials": "", "phone_hash": "", "phone_tail_hash": ""},
    ),
    Rule("county.change", {"fields": ""}, "t.created_at"),
    Rule("county.transfer", {"content": ""}, "coalesce(t.settled_at, t.created_at)"),
    Rule("county.account", {"label": GONE, "username": GONE}, "t.disabled_at", "t.is_active"),
    Rule("county.actingpost", {"label": GONE}, "t.ended_at"),
    Rule("county.sitting", {"address": GONE}, "t.ended_at", beside={"browser": ""}),
)  # fmt: skip
# Of no person: it goes when the security administrator takes it away.
NOT_OF_PEOPLE = ("county.unitlogin.secret",)
