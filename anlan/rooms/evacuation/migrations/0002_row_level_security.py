"""What each table of an evacuation is, and what a headcount link may touch."""

from pathlib import Path

from django.db import migrations

from anlan.ground.rls import operational, standing

FACTS = Path(__file__).resolve().parents[1] / "facts.sql"


class Migration(migrations.Migration):
    dependencies = [("evacuation", "0001_initial")]
    operations = [
        standing("evacuation_shelter", public="SELECT"),
        standing("evacuation_zone", public="SELECT"),
        standing("evacuation_household", public="SELECT"),
        operational("evacuation_opening", public="SELECT, UPDATE"),
        operational("evacuation_headcount", public="SELECT, INSERT"),
        migrations.RunSQL(
            FACTS.read_text(encoding="utf-8")
            + "GRANT SELECT ON evacuation_fact_zone TO anlan_app;",
            "DROP VIEW evacuation_fact_zone",
        ),
    ]
