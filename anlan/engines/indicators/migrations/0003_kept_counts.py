"""Counts of running periods are kept, so that only what a change marked is counted again."""

import anlan.ground.models
from django.db import migrations, models

from anlan.ground.rls import operational, reference


def scoped() -> list[tuple[str, models.Field]]:
    return [
        ("id", models.BigAutoField(primary_key=True, serialize=False)),
        ("division", models.BigIntegerField()),
        ("world", models.IntegerField(default=0)),
        ("version", models.IntegerField(default=1)),
        (
            "created_at",
            models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
        ),
        ("indicator", models.CharField(max_length=120)),
        ("starts_on", models.DateField(null=True)),
        ("ends_on", models.DateField()),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("indicators", "0002_row_level_security"),
        ("ground", "0004_fact_marks"),
    ]
    operations = [
        migrations.CreateModel(
            name="KeptPeriod",
            fields=[
                *scoped(),
                ("declared_digest", models.CharField(max_length=64)),
                ("computed_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("world", "indicator", "starts_on", "ends_on"),
                        nulls_distinct=False,
                        name="kept_period_once",
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="KeptTally",
            fields=[
                *scoped(),
                ("rows", models.BigIntegerField()),
                ("part", models.DecimalField(decimal_places=10, max_digits=30)),
                ("whole", models.DecimalField(decimal_places=10, max_digits=30)),
                ("present", models.BigIntegerField()),
                ("evidenced", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("world", "indicator", "starts_on", "ends_on", "division"),
                        nulls_distinct=False,
                        name="kept_tally_once",
                    )
                ]
            },
        ),
        reference("indicators_keptperiod", delete=True),
        operational("indicators_kepttally", delete=True),
    ]
