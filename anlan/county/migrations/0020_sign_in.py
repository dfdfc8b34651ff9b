"""Sign-ins as rows, counted tries, and what the security administrator may ask of posts."""

from django.db import migrations, models

import anlan.ground.models
from anlan.ground.rls import APP, SEARCH, definer, identity

ON_SHIFT = """
  SELECT id FROM county_rostershift WHERE person_id = who AND world = 0
  AND starts_at <= moment AND ends_at > moment
"""

COLUMNS = (
    "post_id bigint, title varchar, division bigint, place varchar, kind varchar,"
    " person_id bigint, person varchar"
)
CHOSEN = """
  SELECT p.id, p.title, p.division, d.name, p.kind, h.person_id, n.name
  FROM county_post p JOIN county_division d ON d.code = p.division
  LEFT JOIN county_holding h ON h.post_id = p.id AND h.rank = 0 AND h.valid_to IS NULL
    AND h.world = 0
  LEFT JOIN county_person n ON n.id = h.person_id
  WHERE p.world = 0 AND p.ended_at IS NULL AND anlan_kind() IN ('security', 'command')
"""
SOUGHT = """
  AND (strpos(p.title, sought) > 0 OR strpos(n.name, sought) > 0 OR strpos(d.name, sought) > 0)
  ORDER BY p.division, p."order", p.id LIMIT 50
"""


def posts(signature: str, condition: str) -> migrations.RunSQL:
    """Posts with their holder for whoever makes accounts: no number, no duty, nobody else."""
    return migrations.RunSQL(
        f"CREATE FUNCTION {signature} RETURNS TABLE({COLUMNS}) LANGUAGE plpgsql STABLE "
        "SECURITY DEFINER SET search_path = public, pg_temp "
        f"AS $body$ #variable_conflict use_column\n BEGIN RETURN QUERY {CHOSEN} {condition}; END $body$;"
        f"ALTER FUNCTION {signature} OWNER TO {SEARCH};"
        f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC;"
        f"GRANT EXECUTE ON FUNCTION {signature} TO {APP};",
        reverse_sql=f"DROP FUNCTION {signature}",
    )


ONE_COUNTY = "CREATE UNIQUE INDEX ground_one_county ON ground_county ((true));"


class Migration(migrations.Migration):
    dependencies = [("county", "0002_row_level_security"), ("ground", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="account",
            name="created_at",
            field=models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
        ),
        migrations.AddField("account", "used_at", models.DateTimeField(null=True)),
        migrations.AddField("account", "password_at", models.DateTimeField(null=True)),
        migrations.AddField("account", "old_passwords", models.JSONField(default=list)),
        migrations.AddField("account", "totp_step", models.BigIntegerField(default=0)),
        migrations.AddField("account", "device_epoch", models.IntegerField(default=0)),
        migrations.CreateModel(
            name="Sitting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("factor", models.CharField(default="", max_length=10)),
                ("began_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField()),
                ("address", models.CharField(default="", max_length=64)),
                ("browser", models.CharField(default="", max_length=120)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_why", models.CharField(default="", max_length=20)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE,
                        related_name="sittings",
                        to="county.account",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "ended_at"], name="sitting_account"),
                ],
            },
        ),
        identity("county_sitting"),
        migrations.CreateModel(
            name="Tries",
            fields=[
                ("key", models.BinaryField(primary_key=True, serialize=False)),
                ("count", models.IntegerField()),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
            ],
        ),
        identity("county_tries"),
        definer("county_on_shift(who bigint, moment timestamptz)", "bigint", ON_SHIFT),
        posts("county_posts_for_accounts(sought text)", SOUGHT),
        posts("county_post_for_account(wanted bigint)", "AND p.id = wanted"),
        migrations.RunSQL(ONE_COUNTY, "DROP INDEX ground_one_county"),
    ]
