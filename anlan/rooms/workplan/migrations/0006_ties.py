"""Which row an indicator answers is found by what both say; what a person decides is kept.

The two columns of addresses leave the models and stay in the table, so that the release before
this one still runs beside it; nothing reads them any more.
"""

import anlan.ground.models
from django.db import migrations, models

from anlan.ground.rls import reference


class Migration(migrations.Migration):
    dependencies = [("workplan", "0005_board")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name="planrow", name="known_table"),
                migrations.RemoveField(model_name="planrow", name="known_row"),
            ],
        ),
        migrations.CreateModel(
            name="Tie",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("year", models.IntegerField(null=True)),
                ("indicator", models.CharField(max_length=120)),
                ("promise_key", models.CharField(max_length=64)),
                ("row_key", models.CharField(blank=True, default="", max_length=64)),
                ("row_said", models.CharField(default="", max_length=400)),
                ("why", models.CharField(max_length=200)),
                ("decided_by", models.CharField(max_length=200)),
                ("decided_person", models.BigIntegerField(null=True)),
                ("decided_at", models.DateTimeField()),
            ],
            options={
                "ordering": ("id",),
                "indexes": [models.Index(fields=["indicator", "promise_key"], name="tie_promise")],
            },
        ),
        reference("workplan_tie"),
    ]
