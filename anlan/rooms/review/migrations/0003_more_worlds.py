"""Ties of the plan and periods that figures were kept for stay in their world too."""

from django.db import migrations

from anlan.ground.rls import within_worlds


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0002_worlds"),
        ("workplan", "0006_ties"),
        ("indicators", "0003_kept_counts"),
    ]
    operations = [within_worlds("workplan_tie"), within_worlds("indicators_keptperiod", own=True)]
