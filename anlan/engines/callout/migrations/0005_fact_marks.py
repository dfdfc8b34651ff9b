"""What the fact of a call reads, and where a changed row stands in it."""

from django.db import migrations

from anlan.ground.marks import Reads, marks

CALL = Reads(
    "callout_call",
    ("division", "world", "callout_id", "level", "started_at", "answered_at", "answered_role",
     "state", "post_title"),
    "SELECT c.division, c.world, o.opened_at AS moment FROM changed c"
    " JOIN callout_callout o ON o.id = c.callout_id",
)  # fmt: skip
CALLOUT = Reads(
    "callout_callout",
    ("world", "kind", "grade", "opened_at", "minutes"),
    "SELECT k.division, k.world, c.opened_at AS moment FROM changed c"
    " JOIN callout_call k ON k.callout_id = c.id",
)
FALLBACK = Reads(
    "callout_fallback",
    ("world", "call_id", "closed_at"),
    "SELECT k.division, k.world, o.opened_at AS moment FROM changed c"
    " JOIN callout_call k ON k.id = c.call_id JOIN callout_callout o ON o.id = k.callout_id",
)


class Migration(migrations.Migration):
    dependencies = [("callout", "0004_place_of_proof"), ("ground", "0004_fact_marks")]
    operations = [marks("callout_fact_call", CALL, CALLOUT, FALLBACK)]
