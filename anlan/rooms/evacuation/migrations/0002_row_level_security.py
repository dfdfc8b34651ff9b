"""What each table of an evacuation is, and what a headcount link may touch."""

from django.db import migrations

from anlan.ground.rls import operational, standing


class Migration(migrations.Migration):
    dependencies = [("evacuation", "0001_initial")]
    operations = [
        standing("evacuation_shelter", public="SELECT"),
        standing("evacuation_zone", public="SELECT"),
        standing("evacuation_household", public="SELECT"),
        operational("evacuation_opening", public="SELECT, UPDATE"),
        operational("evacuation_headcount", public="SELECT, INSERT"),
    ]
