"""What the fact of a zone reads, and where a changed row stands in it."""

from django.db import migrations

from anlan.ground.marks import Reads, marks

OF_ZONE = (
    "SELECT z.division, z.world, z.created_at AS moment FROM changed c"
    " JOIN evacuation_zone z ON z.id = c.zone_id"
)
ZONE = Reads(
    "evacuation_zone",
    ("division", "world", "risk", "hazard", "created_at", "name", "shelter_id", "ended_at"),
    "SELECT division, world, created_at AS moment FROM changed",
)
HOUSEHOLD = Reads(
    "evacuation_household", ("world", "zone_id", "ended_at", "needs", "helper_id"), OF_ZONE
)
OPENING = Reads("evacuation_opening", ("world", "zone_id", "counts", "opened_at"), OF_ZONE)


class Migration(migrations.Migration):
    dependencies = [("evacuation", "0006_used_in_a_period"), ("ground", "0004_fact_marks")]
    operations = [marks("evacuation_fact_zone", ZONE, HOUSEHOLD, OPENING)]
