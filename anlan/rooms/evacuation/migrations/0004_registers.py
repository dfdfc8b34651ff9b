"""Shelters, zones and households may end; a zone that has ended is no fact any more."""

from pathlib import Path

from django.db import migrations, models

FACTS = Path(__file__).resolve().parents[1] / "facts.sql"


def ends(model: str) -> migrations.AddField:
    return migrations.AddField(model, "ended_at", models.DateTimeField(null=True))


class Migration(migrations.Migration):
    dependencies = [("evacuation", "0003_orders")]
    operations = [
        ends("shelter"),
        ends("zone"),
        ends("household"),
        migrations.AlterField(
            "zone",
            "risk",
            models.CharField(
                choices=[("high", "高"), ("middle", "中"), ("low", "低")],
                default="high",
                max_length=10,
            ),
        ),
        migrations.RunSQL(
            "DROP VIEW IF EXISTS evacuation_fact_zone;"
            + FACTS.read_text(encoding="utf-8")
            + "GRANT SELECT ON evacuation_fact_zone TO anlan_app;",
            "DROP VIEW evacuation_fact_zone",
        ),
    ]
