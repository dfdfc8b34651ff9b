"""What each table of the call-out is, what the public role may touch, and the published facts."""

from pathlib import Path

from django.db import migrations

from anlan.ground.rls import announced, operational

FACTS = Path(__file__).resolve().parents[1] / "facts.sql"
ANSWERING = "SELECT, UPDATE"


class Migration(migrations.Migration):
    dependencies = [("callout", "0001_initial")]

    operations = [
        announced("callout_callout", public="SELECT"),
        operational("callout_call", public=ANSWERING),
        operational("callout_attempt", public=ANSWERING),
        operational("callout_answer", public="SELECT, INSERT"),
        operational("callout_inbound"),
        operational("callout_fallback", public=ANSWERING),
        operational("callout_link", public="SELECT"),
        operational("callout_alarm", public="SELECT, INSERT, UPDATE"),
        migrations.RunSQL(
            FACTS.read_text(encoding="utf-8") + "GRANT SELECT ON callout_fact_call TO anlan_app;",
            "DROP VIEW callout_fact_call",
        ),
    ]
