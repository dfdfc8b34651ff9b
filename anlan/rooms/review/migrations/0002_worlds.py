"""Who sees exercises and what is in them; and no row of one world is read in another.

Rule values, the plan and the duty matrix are read by all of the county and carry a world: their
rules named none, so that what was saved in an exercise would have run in the real county.
"""

from pathlib import Path

from django.db import migrations

from anlan.ground.rls import READABLE_WORLDS, announced, operational, standing, within_worlds

FACTS = Path(__file__).resolve().parents[1] / "facts.sql"
SHARED = (
    "policy_value", "ledger_duty", "workplan_planversion", "workplan_planrow", "workplan_planoriginal",
    "workplan_plandoubt", "workplan_planchange", "workplan_lead",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0001_initial"),
        ("ground", "0005_worlds"),
        ("county", "0021_at_a_moment"),
        ("policy", "0002_row_level_security"),
        ("workplan", "0005_board"),
        ("ledger", "0001_initial"),
    ]

    operations = [
        announced("review_exercise", worlds=READABLE_WORLDS),
        operational("review_participation"),
        operational("review_inject", public="SELECT"),
        standing("review_finding"),
        *(within_worlds(table) for table in SHARED),
        migrations.RunSQL(
            FACTS.read_text(encoding="utf-8")
            + "GRANT SELECT ON review_fact_exercise, review_fact_place TO anlan_app;",
            "DROP VIEW review_fact_exercise; DROP VIEW review_fact_place",
        ),
    ]
