"""What the board keeps: confirmed leads, and how each place's rows stand."""

import anlan.ground.models
import django.db.models.deletion
from django.db import migrations, models

from anlan.ground.rls import operational, reference


class Migration(migrations.Migration):
    dependencies = [
        ("county", "0020_sign_in"),
        ("workplan", "0004_second_person"),
    ]

    operations = [
        migrations.CreateModel(
            name="BoardState",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("states", models.JSONField()),
                ("figures", models.JSONField()),
                ("computed_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("world", "division"), name="board_state_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Lead",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("year", models.IntegerField()),
                ("row_key", models.CharField(max_length=64)),
                ("target", models.CharField(blank=True, default="", max_length=120)),
                ("document", models.CharField(max_length=200)),
                ("confirmed_by", models.CharField(max_length=200)),
                ("confirmed_person", models.BigIntegerField(null=True)),
                ("confirmed_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(default="", max_length=200)),
                ("ended_why", models.CharField(default="", max_length=200)),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="county.unit",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("world", "year", "row_key", "target"),
                        name="lead_once",
                    )
                ],
            },
        ),
        reference("workplan_lead"),
        operational("workplan_boardstate", delete=True),
    ]
