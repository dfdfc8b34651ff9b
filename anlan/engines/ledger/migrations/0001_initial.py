"""Regulated objects, their dated states, the duty matrix; how a search finds them."""

from pathlib import Path

import anlan.ground.models
import django.contrib.postgres.fields
import django.core.serializers.json
import django.db.models.deletion
from django.db import migrations, models


from anlan.ground.rls import FOUND_IN_SPAN, definer, reference, standing

FACTS = Path(__file__).resolve().parents[1] / "facts.sql"
INDEXES = """
CREATE INDEX object_sought ON ledger_regulatedobject
  USING gin (anlan_grams(name || ' ' || code)) WHERE ended_at IS NULL;
CREATE INDEX object_fields ON ledger_regulatedobject
  USING gin (fields jsonb_path_ops) WHERE ended_at IS NULL;
"""
SOUGHT = f"""
  SELECT id FROM ledger_regulatedobject WHERE ended_at IS NULL AND {FOUND_IN_SPAN}
  AND anlan_grams(name || ' ' || code) @> anlan_sought(sought)
  AND position(lower(sought) IN lower(name || ' ' || code)) > 0
"""  # noqa: S608
FILTERED = f"""
  SELECT id FROM ledger_regulatedobject WHERE ended_at IS NULL AND {FOUND_IN_SPAN}
  AND fields @> wanted
"""  # noqa: S608


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("county", "0021_at_a_moment"),
        ("ground", "0003_row_level_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="RegulatedObject",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("type", models.CharField(max_length=40)),
                ("code", models.CharField(blank=True, default="", max_length=60)),
                ("name", models.CharField(max_length=200)),
                (
                    "fields",
                    models.JSONField(
                        default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder
                    ),
                ),
                (
                    "facets",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=82), default=list, size=None
                    ),
                ),
                ("state", models.CharField(max_length=40)),
                ("lat", models.FloatField(null=True)),
                ("lon", models.FloatField(null=True)),
                ("source", models.CharField(default="", max_length=200)),
                ("demo", models.BooleanField(default=False)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "merged_into",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="ledger.regulatedobject",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ObjectState",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("state", models.CharField(max_length=40)),
                ("from_on", models.DateField()),
                ("document", models.CharField(default="", max_length=200)),
                ("entered_by", models.CharField(max_length=200)),
                (
                    "object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="states",
                        to="ledger.regulatedobject",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Duty",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("unit_name", models.CharField(max_length=100)),
                ("type", models.CharField(max_length=40)),
                ("field", models.CharField(blank=True, default="", max_length=82)),
                ("value", models.CharField(blank=True, default="", max_length=40)),
                ("why", models.CharField(max_length=200)),
                ("ended_at", models.DateTimeField(null=True)),
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
                        fields=("world", "unit", "type", "field", "value"),
                        name="duty_once",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="regulatedobject",
            index=models.Index(fields=["type", "division", "id"], name="object_place"),
        ),
        migrations.AddConstraint(
            model_name="regulatedobject",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("ended_at__isnull", True), models.Q(("code", ""), _negated=True)
                ),
                fields=("world", "type", "code"),
                name="object_code_once",
            ),
        ),
        migrations.AddIndex(
            model_name="objectstate",
            index=models.Index(fields=["object", "from_on", "id"], name="state_day"),
        ),
        standing("ledger_regulatedobject"),
        standing("ledger_objectstate"),
        reference("ledger_duty"),
        migrations.RunSQL(INDEXES, migrations.RunSQL.noop),
        definer("ledger_objects_sought(sought text)", "bigint", SOUGHT),
        definer("ledger_objects_filtered(wanted jsonb)", "bigint", FILTERED),
        migrations.RunSQL(
            FACTS.read_text(encoding="utf-8") + "GRANT SELECT ON ledger_fact_object TO anlan_app;",
            "DROP VIEW ledger_fact_object",
        ),
    ]
