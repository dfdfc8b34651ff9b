"""Versions with their original, doubts, edits; one that runs a year, a file once."""

import anlan.ground.models
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("workplan", "0002_row_level_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="PlanChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("to_version", models.IntegerField()),
                ("fields", models.JSONField()),
                ("why", models.CharField(max_length=200)),
                ("changed_by", models.CharField(max_length=200)),
                ("changed_person", models.BigIntegerField(null=True)),
            ],
            options={
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="PlanDoubt",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("number", models.IntegerField()),
                ("code", models.CharField(max_length=40)),
                ("table", models.IntegerField(null=True)),
                ("row", models.IntegerField(null=True)),
                ("point", models.IntegerField(null=True)),
                ("message", models.TextField()),
                ("subject", models.CharField(default="", max_length=200)),
                ("proposal", models.JSONField()),
                ("choice", models.CharField(default="", max_length=10)),
                ("outcome", models.CharField(default="", max_length=300)),
                ("why", models.CharField(default="", max_length=200)),
                ("settled_by", models.CharField(default="", max_length=200)),
                ("settled_person", models.BigIntegerField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("number",),
            },
        ),
        migrations.CreateModel(
            name="PlanOriginal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("blocks", models.JSONField()),
                ("cut", models.IntegerField(default=0)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="planrow",
            name="known_row",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="planrow",
            name="known_table",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="planrow",
            name="lead_state",
            field=models.CharField(default="proposed", max_length=10),
        ),
        migrations.AddField(
            model_name="planrow",
            name="note",
            field=models.TextField(default=""),
        ),
        migrations.AddField(
            model_name="planrow",
            name="units_text",
            field=models.TextField(default=""),
        ),
        migrations.AddField(
            model_name="planversion",
            name="confirmed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="planversion",
            name="confirmed_person",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="planversion",
            name="file_name",
            field=models.CharField(default="", max_length=200),
        ),
        migrations.AddField(
            model_name="planversion",
            name="replaces",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaced_by",
                to="workplan.planversion",
            ),
        ),
        migrations.AddField(
            model_name="planversion",
            name="withdrawn_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="planversion",
            name="withdrawn_by",
            field=models.CharField(default="", max_length=200),
        ),
        migrations.AddField(
            model_name="planversion",
            name="withdrawn_why",
            field=models.CharField(default="", max_length=200),
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "confirmed")),
                fields=("world", "year"),
                name="plan_one_runs",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "undone"), _negated=True),
                fields=("world", "digest"),
                name="plan_file_once",
            ),
        ),
        migrations.AddField(
            model_name="planchange",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="changes",
                to="workplan.planversion",
            ),
        ),
        migrations.AddField(
            model_name="planchange",
            name="row",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="changes",
                to="workplan.planrow",
            ),
        ),
        migrations.AddField(
            model_name="plandoubt",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="doubt_rows",
                to="workplan.planversion",
            ),
        ),
        migrations.AddField(
            model_name="planchange",
            name="doubt",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="changes",
                to="workplan.plandoubt",
            ),
        ),
        migrations.AddField(
            model_name="planoriginal",
            name="plan",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="original",
                to="workplan.planversion",
            ),
        ),
        migrations.AddConstraint(
            model_name="plandoubt",
            constraint=models.UniqueConstraint(fields=("plan", "number"), name="doubt_once"),
        ),
        migrations.AddConstraint(
            model_name="planchange",
            constraint=models.UniqueConstraint(
                fields=("row", "to_version"), name="plan_change_once"
            ),
        ),
    ]
