"""The fact of a place says when it was drilled, so that a year counts its own exercises; a changed
exercise marks what must be counted again."""

from pathlib import Path

from django.db import migrations

from anlan.ground.marks import Reads, marks

FACTS = Path(__file__).resolve().parents[1] / "facts.sql"
EXERCISE = Reads(
    "review_exercise",
    ("division", "world", "kind", "form", "people", "replay", "ended_at", "name", "recorded_at"),
    "SELECT division, world, ended_at AS moment FROM changed",
)


class Migration(migrations.Migration):
    dependencies = [("review", "0003_more_worlds"), ("ground", "0004_fact_marks")]
    operations = [
        migrations.RunSQL(
            "DROP VIEW IF EXISTS review_fact_exercise, review_fact_place;"
            + FACTS.read_text(encoding="utf-8")
            + "GRANT SELECT ON review_fact_exercise, review_fact_place TO anlan_app;",
            migrations.RunSQL.noop,
        ),
        marks("review_fact_exercise", EXERCISE),
    ]
