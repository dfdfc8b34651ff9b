"""Frozen months that a change touches are due to be computed again, each once."""

import anlan.ground.models
from django.db import migrations, models

from anlan.ground.rls import operational


class Migration(migrations.Migration):
    dependencies = [("indicators", "0003_kept_counts")]
    operations = [
        migrations.CreateModel(
            name="CorrectionDue",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("indicator", models.CharField(max_length=120)),
                ("month", models.DateField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("world", "indicator", "month"), name="correction_due_once"
                    )
                ]
            },
        ),
        operational("indicators_correctiondue", delete=True),
    ]
