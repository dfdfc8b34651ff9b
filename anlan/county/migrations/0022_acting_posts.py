"""Posts under which an account may act beside its own, and the one that a sign-in chose."""

from django.db import migrations, models

from anlan.ground.rls import APP, SEARCH, definer, identity

COLUMNS = "post_id bigint, title varchar, division bigint, place varchar, how text, person varchar"
# Where a person stands now, or will by a roster that is not over; the security administrator sees
# it of the one person whose account is open.
STOOD_AT = """
  SELECT p.id, p.title, p.division, d.name, s.how, n.name
  FROM (
    SELECT DISTINCT ON (post_id) post_id, how FROM (
      SELECT post_id, CASE rank WHEN 0 THEN 'holder' ELSE 'deputy' END AS how, rank AS nth
      FROM county_holding WHERE person_id = who AND world = 0 AND valid_from <= anlan_now(0)
        AND (valid_to IS NULL OR valid_to > anlan_now(0))
      UNION ALL
      SELECT post_id, 'roster', 1000 FROM county_rostershift WHERE person_id = who AND world = 0
        AND cancelled_at IS NULL AND ends_at > anlan_now(0)
    ) stands ORDER BY post_id, nth
  ) s
  JOIN county_post p ON p.id = s.post_id AND p.world = 0 AND p.ended_at IS NULL
  JOIN county_division d ON d.code = p.division
  JOIN county_person n ON n.id = who
  WHERE anlan_kind() IN ('security', 'command')
  ORDER BY p.division, p."order", p.id LIMIT 50
"""
FUNCTION = (
    f"CREATE FUNCTION county_posts_stood_at(who bigint) RETURNS TABLE({COLUMNS})"
    " LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp"
    f" AS $body$ #variable_conflict use_column\n BEGIN RETURN QUERY {STOOD_AT}; END $body$;"
    f"ALTER FUNCTION county_posts_stood_at(bigint) OWNER TO {SEARCH};"
    "REVOKE ALL ON FUNCTION county_posts_stood_at(bigint) FROM PUBLIC;"
    f"GRANT EXECUTE ON FUNCTION county_posts_stood_at(bigint) TO {APP};"
)

# Whether a person stands at a post now, for an account that chooses under which post it acts: at
# that moment it has no scope in which it could read posts.
STANDS = """
  SELECT p.id FROM county_post p WHERE p.id = post AND p.world = 0 AND p.ended_at IS NULL AND (
    EXISTS (SELECT 1 FROM county_holding h WHERE h.post_id = p.id AND h.person_id = who
      AND h.world = 0 AND h.valid_from <= anlan_now(0)
      AND (h.valid_to IS NULL OR h.valid_to > anlan_now(0)))
    OR EXISTS (SELECT 1 FROM county_rostershift r WHERE r.post_id = p.id AND r.person_id = who
      AND r.world = 0 AND r.cancelled_at IS NULL AND r.starts_at <= anlan_now(0)
      AND r.ends_at > anlan_now(0)))
"""


class Migration(migrations.Migration):
    dependencies = [("county", "0021_at_a_moment")]

    operations = [
        migrations.AddField("sitting", "post_id", models.BigIntegerField(null=True)),
        migrations.CreateModel(
            name="ActingPost",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("post_id", models.BigIntegerField()),
                ("label", models.CharField(max_length=100)),
                ("granted_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE,
                        related_name="acting",
                        to="county.account",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("account", "post_id"),
                        name="acting_once",
                    )
                ],
            },
        ),
        identity("county_actingpost"),
        definer("county_stands(post bigint, who bigint)", "bigint", STANDS),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION county_posts_stood_at(bigint)"),
    ]
