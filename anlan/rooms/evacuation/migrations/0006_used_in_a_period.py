"""The fact of a zone says when it was used, so that a year counts its own uses."""

from pathlib import Path

from django.db import migrations

FACTS = Path(__file__).resolve().parents[1] / "facts.sql"


class Migration(migrations.Migration):
    dependencies = [("evacuation", "0005_once_while_open")]
    operations = [
        migrations.RunSQL(
            "DROP VIEW IF EXISTS evacuation_fact_zone;"
            + FACTS.read_text(encoding="utf-8")
            + "GRANT SELECT ON evacuation_fact_zone TO anlan_app;",
            migrations.RunSQL.noop,
        ),
    ]
