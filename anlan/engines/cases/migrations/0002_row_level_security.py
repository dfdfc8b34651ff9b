"""Who reads and writes cases: the span, in its own world; entries of packs are only ever added."""

from pathlib import Path

from django.db import migrations

from anlan.ground.marks import Reads, marks
from anlan.ground.rls import HERE, SCOPED, SOMEWHERE, SPAN, insert_only, operational

FACTS = Path(__file__).resolve().parents[1] / "facts.sql"
VIEWS = ("cases_fact_case", "cases_fact_deadline")
CASE = Reads(
    "cases_case",
    ("division", "world", "type", "opening", "state", "grade", "ended", "outcome", "object_id",
     "level", "ended_at", "opened_at", "title"),
    "SELECT division, world, opened_at AS moment FROM changed",
)  # fmt: skip
OF_DEADLINES = (
    "SELECT d.division, d.world, d.due_at - interval '1 second' AS moment FROM changed c"
    " JOIN cases_deadline d ON d.case_id = c.id WHERE d.fell_at IS NOT NULL"
)
CASE_OF_DEADLINE = Reads("cases_case", ("type", "opening", "outcome", "title"), OF_DEADLINES)
DEADLINE = Reads(
    "cases_deadline",
    ("division", "world", "key", "grade", "due_at", "fell_at", "in_time", "extended", "ended_on"),
    "SELECT division, world, due_at - interval '1 second' AS moment FROM changed"
    " WHERE fell_at IS NOT NULL",
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial"), ("ground", "0004_fact_marks")]

    operations = [
        insert_only("cases_grammar", read=f"{SCOPED} AND {SOMEWHERE}"),
        insert_only("cases_doorreport", read=f"{SPAN} AND {HERE}", public=True),
        operational("cases_case"),
        operational("cases_step"),
        operational("cases_paper"),
        operational("cases_deadline"),
        operational("cases_request"),
        operational("cases_task"),
        operational("cases_link"),
        migrations.RunSQL(
            FACTS.read_text(encoding="utf-8")
            + "".join(f"GRANT SELECT ON {name} TO anlan_app;" for name in VIEWS),
            "".join(f"DROP VIEW {name};" for name in VIEWS),
        ),
        marks("cases_fact_case", CASE),
        marks("cases_fact_deadline", CASE_OF_DEADLINE, DEADLINE),
    ]
