"""Letters that press, seen within the span and in their own world."""

import anlan.ground.models
import django.db.models.deletion
from django.db import migrations, models

from anlan.ground.rls import operational


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("county", "0020_sign_in"),
    ]

    operations = [
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("plan_id", models.BigIntegerField()),
                ("row_key", models.CharField(max_length=64)),
                ("row_number", models.CharField(max_length=20)),
                ("row_name", models.CharField(max_length=300)),
                ("indicator", models.CharField(max_length=120)),
                ("label", models.CharField(max_length=200)),
                ("step", models.IntegerField(default=1)),
                ("reason", models.CharField(max_length=20)),
                ("since", models.DateField()),
                ("facts", models.JSONField()),
                ("articles", models.JSONField()),
                ("title", models.CharField(max_length=200)),
                ("text", models.TextField()),
                ("demo", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "待发"),
                            ("sent", "待签收"),
                            ("acknowledged", "待答复"),
                            ("answered", "已答复"),
                            ("closed", "已办结"),
                            ("dropped", "未发"),
                        ],
                        default="proposed",
                        max_length=12,
                    ),
                ),
                ("proposed_at", models.DateTimeField()),
                ("number", models.CharField(default="", max_length=40)),
                ("serial", models.IntegerField(null=True)),
                ("year", models.IntegerField(null=True)),
                ("to_post_id", models.BigIntegerField(null=True)),
                ("to_title", models.CharField(default="", max_length=100)),
                ("sent_at", models.DateTimeField(null=True)),
                ("sent_by", models.CharField(default="", max_length=200)),
                ("sent_person", models.BigIntegerField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("unsure", models.BooleanField(default=False)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("acknowledged_by", models.CharField(default="", max_length=200)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.CharField(default="", max_length=200)),
                ("answer", models.TextField(default="")),
                ("promised_on", models.DateField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.CharField(default="", max_length=200)),
                ("closed_why", models.CharField(default="", max_length=200)),
                ("outcome", models.CharField(default="", max_length=12)),
                (
                    "before",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="after",
                        to="oversight.letter",
                    ),
                ),
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
                "indexes": [models.Index(fields=["state", "due_at"], name="letter_state")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("state__in", ["proposed", "sent", "acknowledged", "answered"])
                        ),
                        fields=("world", "row_key", "indicator", "step"),
                        name="letter_open_once",
                    ),
                    models.UniqueConstraint(
                        fields=("world", "year", "serial"), name="letter_number"
                    ),
                ],
            },
        ),
        operational("oversight_letter"),
    ]
