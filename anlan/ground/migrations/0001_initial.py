"""Clock, scope functions, journal and seals: what every later migration may call."""

import django.db.models.expressions
from django.db import migrations, models

from anlan.ground.models import AnlanNow
from anlan.ground.rls import SCOPE_FUNCTIONS, insert_only, reference

CLOCK_FUNCTION = """
CREATE FUNCTION anlan_now(of_world integer DEFAULT NULL) RETURNS timestamptz
  LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN w.rate = 1 THEN clock_timestamp() + w."offset"
    ELSE w.anchored_at + w."offset" + (clock_timestamp() - w.anchored_at) * w.rate END
  FROM ground_world w WHERE w.id = coalesce(of_world, anlan_world(), 0) $$;
"""

REAL_WORLD = """
INSERT INTO ground_world (id, kind, name, anchored_at, "offset", rate, started_at)
  VALUES (0, 'real', '真实', clock_timestamp(), interval '0', 1, clock_timestamp());
ALTER TABLE ground_world ENABLE ROW LEVEL SECURITY;
ALTER TABLE ground_world FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON ground_world FOR SELECT USING (true);
CREATE POLICY owned ON ground_world TO anlan_owner USING (true) WITH CHECK (true);
CREATE POLICY exercises ON ground_world TO anlan_app USING (id > 0) WITH CHECK (id > 0);
GRANT SELECT, INSERT, UPDATE ON ground_world TO anlan_app;
GRANT SELECT ON ground_world TO anlan_public, anlan_watchdog, anlan_search;
"""

LINE_DIGEST = """
CREATE FUNCTION ground_line_digest(line ground_journal) RETURNS bytea
  LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT sha256(convert_to(jsonb_build_array(line.id, extract(epoch FROM line.at)::text,
    line.world, line.division, line.actor_kind, line.actor_id, line.actor, line.post_id,
    line.address, line.action, line.object_kind, line.object_id, line.why,
    encode(line.before, 'hex'), encode(line.after, 'hex'), line.result, line.request_id)::text,
    'UTF8')) $$;
"""

JOURNAL_READ = (
    "anlan_kind() IN ('audit', 'round', 'command')"
    " OR (division BETWEEN anlan_lo() AND anlan_hi() AND world = anlan_world())"
)
SEAL_READ = "anlan_kind() IN ('audit', 'round', 'command', 'post')"

COUNTY = """
ALTER TABLE ground_county ENABLE ROW LEVEL SECURITY;
ALTER TABLE ground_county FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON ground_county FOR SELECT USING (true);
CREATE POLICY writable ON ground_county FOR INSERT WITH CHECK (anlan_kind() = 'command');
GRANT SELECT, INSERT ON ground_county TO anlan_app;
GRANT SELECT ON ground_county TO anlan_public, anlan_watchdog;
"""


def clock_time() -> django.db.models.expressions.RawSQL:
    return django.db.models.expressions.RawSQL("clock_timestamp()", [])


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.RunSQL(SCOPE_FUNCTIONS, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="World",
            fields=[
                ("id", models.IntegerField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("real", "真实"), ("tabletop", "推演"), ("live", "实叫")],
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("anchored_at", models.DateTimeField()),
                ("offset", models.DurationField()),
                ("rate", models.FloatField(default=1.0)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("rate__gt", 0), ("rate__lte", 3600)),
                        name="world_rate",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("id", 0), _negated=True),
                            models.Q(("kind", "real"), ("rate", 1.0)),
                            _connector="OR",
                        ),
                        name="world_real",
                    ),
                ],
            },
        ),
        migrations.RunSQL(REAL_WORLD, migrations.RunSQL.noop),
        migrations.RunSQL(CLOCK_FUNCTION, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="JournalLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_default=clock_time())),
                ("world", models.IntegerField()),
                ("division", models.BigIntegerField()),
                ("actor_kind", models.CharField(max_length=10)),
                ("actor_id", models.BigIntegerField(null=True)),
                ("actor", models.CharField(max_length=200)),
                ("post_id", models.BigIntegerField(null=True)),
                ("address", models.CharField(max_length=64)),
                ("action", models.CharField(max_length=80)),
                ("object_kind", models.CharField(max_length=80)),
                ("object_id", models.CharField(max_length=64)),
                ("why", models.TextField()),
                ("before", models.BinaryField(null=True)),
                ("after", models.BinaryField(null=True)),
                ("result", models.CharField(default="done", max_length=10)),
                ("request_id", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "ground_journal",
                "indexes": [
                    models.Index(fields=["world", "division", "id"], name="journal_place"),
                    models.Index(fields=["object_kind", "object_id"], name="journal_object"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_default=clock_time())),
                ("first_line", models.BigIntegerField()),
                ("last_line", models.BigIntegerField()),
                ("lines", models.JSONField()),
                ("count", models.IntegerField()),
                ("line_digests", models.BinaryField()),
                ("previous", models.BinaryField()),
                ("digest", models.BinaryField()),
            ],
            options={"db_table": "ground_seal"},
        ),
        migrations.RunSQL(
            "ALTER TABLE ground_journal ALTER COLUMN result SET DEFAULT 'done';"
            "CREATE INDEX ground_seal_at ON ground_seal (at);",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(LINE_DIGEST, "DROP FUNCTION ground_line_digest(ground_journal)"),
        insert_only("ground_journal", read=JOURNAL_READ, public=True),
        insert_only("ground_seal", read=SEAL_READ),
        migrations.CreateModel(
            name="KeptFile",
            fields=[
                (
                    "sha256",
                    models.CharField(max_length=64, primary_key=True, serialize=False),
                ),
                ("size_bytes", models.BigIntegerField()),
                ("kind", models.CharField(max_length=20)),
                ("name", models.CharField(max_length=200)),
                ("kept_at", models.DateTimeField(db_default=AnlanNow())),
            ],
            options={"db_table": "ground_file"},
        ),
        insert_only("ground_file", read="anlan_world() IS NOT NULL", public=True),
        migrations.CreateModel(
            name="RoundRun",
            fields=[
                ("name", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("last_at", models.DateTimeField(null=True)),
                ("last_ok_at", models.DateTimeField(null=True)),
                ("last_error", models.TextField(default="")),
                ("last_ms", models.IntegerField(default=0)),
                ("handled", models.BigIntegerField(default=0)),
                ("runs", models.BigIntegerField(default=0)),
            ],
            options={"db_table": "ground_round"},
        ),
        reference("ground_round"),
        migrations.RunSQL(
            "CREATE POLICY watched ON ground_round FOR SELECT TO anlan_watchdog USING (true);"
            "GRANT SELECT ON ground_round TO anlan_watchdog;",
            migrations.RunSQL.noop,
        ),
        migrations.CreateModel(
            name="CountyFact",
            fields=[
                ("code", models.BigIntegerField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                ("demo", models.BooleanField(default=False)),
                ("made_at", models.DateTimeField(db_default=clock_time())),
            ],
            options={"db_table": "ground_county"},
        ),
        migrations.RunSQL(COUNTY, migrations.RunSQL.noop),
    ]
