"""Marks of what must be computed again: whoever changes a record adds one, a round takes it."""

from django.db import migrations, models

SECURED = """
ALTER TABLE ground_factmark ENABLE ROW LEVEL SECURITY;
ALTER TABLE ground_factmark FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON ground_factmark FOR SELECT USING (anlan_world() IS NOT NULL);
CREATE POLICY written ON ground_factmark FOR INSERT WITH CHECK (true);
CREATE POLICY taken ON ground_factmark FOR DELETE USING (anlan_kind() = 'round');
GRANT SELECT, INSERT, DELETE ON ground_factmark TO anlan_app;
GRANT INSERT ON ground_factmark TO anlan_public;
"""


class Migration(migrations.Migration):
    dependencies = [("ground", "0003_row_level_security")]
    operations = [
        migrations.CreateModel(
            name="FactMark",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("fact", models.CharField(max_length=63)),
                ("division", models.BigIntegerField(null=True)),
                ("day", models.DateField(null=True)),
            ],
            options={
                "db_table": "ground_factmark",
                "indexes": [models.Index(fields=["fact", "id"], name="factmark_fact")],
            },
        ),
        migrations.RunSQL(SECURED, migrations.RunSQL.noop),
    ]
