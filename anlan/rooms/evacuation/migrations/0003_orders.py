"""An order to move, with its authority, stands before the zones that it opens."""

import anlan.ground.models
import django.db.models.deletion
from django.db import migrations, models

from anlan.ground.rls import operational


class Migration(migrations.Migration):
    dependencies = [
        ("evacuation", "0002_row_level_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("origin_kind", models.CharField(max_length=40)),
                ("origin_id", models.BigIntegerField()),
                ("callout_id", models.BigIntegerField()),
                ("authority", models.CharField(max_length=100)),
                ("articles", models.CharField(max_length=200)),
                ("text", models.TextField()),
                ("divisions", models.JSONField()),
                ("approved_by", models.CharField(max_length=200)),
                ("given_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("world", "origin_kind", "origin_id"), name="order_once"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="opening",
            name="order",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="openings",
                to="evacuation.order",
            ),
        ),
        operational("evacuation_order"),
    ]
