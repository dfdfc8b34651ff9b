"""The plan is read by the whole county; the county writes it."""

from django.db import migrations

from anlan.ground.rls import reference


class Migration(migrations.Migration):
    dependencies = [("workplan", "0001_initial")]
    operations = [reference("workplan_planversion"), reference("workplan_planrow")]
