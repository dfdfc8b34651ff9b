"""Every column by which a room names another's thing, and why the rest are none.

`faces` knows all rooms, so the list stands here; a test walks the models and fails on a column
that is in neither list.
"""

from __future__ import annotations

from anlan.ground.references import Reference

POST, PERSON = "county.post", "county.person"
REFERENCES = (
    Reference("callout.callout", "origin_id", kind_field="origin_kind"),
    Reference("callout.call", "post_id", POST),
    Reference("callout.call", "superior_post_id", POST),
    Reference("callout.attempt", "person_id", PERSON),
    Reference("callout.answer", "person_id", PERSON),
    Reference("callout.answer", "inbound_id", "callout.inbound"),
    Reference("callout.answer", "link_id", "callout.link"),
    Reference("callout.answer", "account_id", "county.account"),
    Reference("callout.inbound", "person_id", PERSON),
    Reference("callout.fallback", "person_id", PERSON),
    Reference("callout.link", "person_id", PERSON),
    Reference("duty.source", "origin_id", kind_field="origin_kind"),
    Reference("duty.report", "sent_person", PERSON),
    Reference("duty.task", "origin_id", kind_field="origin_kind"),
    Reference("duty.task", "to_post_id", POST),
    Reference("duty.task", "callout_id", "callout.callout"),
    Reference("duty.task", "given_person", PERSON),
    Reference("duty.rollcall", "callout_id", "callout.callout"),
    Reference("duty.logline", "origin_id", kind_field="origin_kind"),
    Reference("duty.handover", "out_account", "county.account"),
    Reference("duty.handover", "out_person", PERSON),
    Reference("duty.handover", "in_account", "county.account"),
    Reference("duty.handover", "in_person", PERSON),
    Reference("command.consultation", "about_id", kind_field="about_kind"),
    Reference("command.consultation", "decided_person", PERSON),
    Reference("warning.warning", "callout_id", "callout.callout"),
    Reference("warning.warning", "lifted_callout_id", "callout.callout"),
    Reference("warning.warning", "drafted_person", PERSON),
    Reference("warning.approval", "person", PERSON),
    Reference("evacuation.opening", "origin_id", kind_field="origin_kind"),
    Reference("evacuation.opening", "callout_id", "callout.callout"),
    Reference("evacuation.basis", "origin_id", kind_field="origin_kind"),
    Reference("evacuation.basis", "callout_id", "callout.callout"),
    Reference("evacuation.basis", "link_person_id", PERSON),
    Reference("evacuation.order", "origin_id", kind_field="origin_kind"),
    Reference("evacuation.order", "callout_id", "callout.callout"),
    Reference("county.change", "object_id", kind_field="object_kind"),
    Reference("county.transfer", "account_id", "county.account"),
    Reference("evacuation.shelter", "keeper_post_id", POST),
    Reference("evacuation.headcount", "person_id", PERSON),
    Reference("review.inject", "post_id", POST),
    Reference("review.inject", "inbound_id", "callout.inbound"),
    Reference("review.finding", "owner_post_id", POST),
    Reference("indicators.zeroreport", "post_id", POST),
    Reference("indicators.zeroreport", "person_id", PERSON),
    Reference("indicators.figurecheck", "person_id", PERSON),
    Reference("workplan.planversion", "entered_person", PERSON),
    Reference("workplan.lead", "confirmed_person", PERSON),
    Reference("workplan.tie", "decided_person", PERSON),
    Reference("oversight.letter", "plan_id", "workplan.planversion"),
    Reference("oversight.letter", "to_post_id", POST),
    Reference("oversight.letter", "sent_person", PERSON),
    Reference("workplan.planversion", "confirmed_person", PERSON),
    Reference("workplan.plandoubt", "settled_person", PERSON),
    Reference("workplan.planchange", "changed_person", PERSON),
    Reference("county.account", "post_id", POST),
    Reference("county.account", "person_id", PERSON),
    Reference("county.actingpost", "post_id", POST),
    Reference("county.sitting", "post_id", POST),
)
# Columns that end like a reference and are none, or may outlive what they name.
NO_REFERENCE = {
    "ground.journalline.actor_id": "a line outlives its account",
    "ground.journalline.object_id": "a line outlives its object",
    "ground.journalline.post_id": "a line outlives its post",
    "ground.journalline.request_id": "names a request, not a row",
    "ground.danglingreference.row_id": "what dangles is the point",
    "ground.danglingreference.target_id": "what dangles is the point",
    "callout.inbound.message_id": "the gateway's own",
    "callout.link.object_id": "a zone's opening, by the link's act; it ends with its call",
    "indicators.frozenmember.object_id": "a frozen figure outlives its records",
}
