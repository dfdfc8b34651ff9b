"""Who holds a post is asked at a moment; two shifts of one workbook may change places.

A handover that was announced has an end in the future: its holder still holds the post, and the
next one does not yet. What may not overlap is held against the rows as they are at the end.
"""

from importlib import import_module

from django.db import migrations

from anlan.ground.rls import APP, SEARCH, definer

before = import_module("anlan.county.migrations.0020_sign_in")

ON_SHIFT = """
  SELECT id FROM county_rostershift WHERE person_id = who AND world = 0
  AND starts_at <= moment AND ends_at > moment AND cancelled_at IS NULL
"""
CHOSEN = """
  SELECT p.id, p.title, p.division, d.name, p.kind, h.person_id, n.name
  FROM county_post p JOIN county_division d ON d.code = p.division
  LEFT JOIN county_holding h ON h.post_id = p.id AND h.rank = 0 AND h.world = 0
    AND h.valid_from <= anlan_now(0) AND (h.valid_to IS NULL OR h.valid_to > anlan_now(0))
  LEFT JOIN county_person n ON n.id = h.person_id
  WHERE p.world = 0 AND p.ended_at IS NULL AND anlan_kind() IN ('security', 'command')
"""


def posts(signature: str, condition: str, *, anew: bool = True) -> list[migrations.RunSQL]:
    """The posts of 0020, their holder asked for at the moment."""
    name = signature.partition("(")[0]
    kinds = signature.partition("(")[2].rstrip(")").split()[-1]
    made = migrations.RunSQL(
        f"CREATE FUNCTION {signature} RETURNS TABLE({before.COLUMNS}) LANGUAGE plpgsql STABLE "
        "SECURITY DEFINER SET search_path = public, pg_temp "
        f"AS $body$ #variable_conflict use_column\n BEGIN RETURN QUERY {CHOSEN} {condition}; END $body$;"
        f"ALTER FUNCTION {signature} OWNER TO {SEARCH};"
        f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC;"
        f"GRANT EXECUTE ON FUNCTION {signature} TO {APP};",
        f"DROP FUNCTION {name}({kinds})",
    )
    return [migrations.RunSQL(f"DROP FUNCTION {name}({kinds})", ""), made] if anew else [made]


ONCE = {
    "county_holding": ("holding_once", """EXCLUDE USING gist
  (post_id WITH =, world WITH =, rank WITH =, tstzrange(valid_from, valid_to) WITH &&)""", ""),
    "county_rostershift": ("shift_once", """EXCLUDE USING gist
  (post_id WITH =, world WITH =, tstzrange(starts_at, ends_at) WITH &&)""",
                           "WHERE (cancelled_at IS NULL)"),
    "county_unitalias": ("alias_once", """EXCLUDE USING gist
  (world WITH =, name WITH =, daterange(valid_from, valid_to, '[]') WITH &&)""", ""),
    "county_unitmember": ("member_once", """EXCLUDE USING gist
  (world WITH =, collective_id WITH =, member_id WITH =,
   daterange(valid_from, valid_to, '[]') WITH &&)""", ""),
}  # fmt: skip


def once(deferrable: str) -> str:
    """The same rules again, each to be held at once or at the end."""
    return "".join(
        f"ALTER TABLE {table} DROP CONSTRAINT {name};"
        f"ALTER TABLE {table} ADD CONSTRAINT {name} {rule} {where} {deferrable};"
        for table, (name, rule, where) in ONCE.items()
    )


class Migration(migrations.Migration):
    dependencies = [("county", "0004_rules_of_what_people_edit"), ("county", "0020_sign_in")]

    operations = [
        migrations.RunSQL("DROP FUNCTION county_on_shift(bigint, timestamptz)", ""),
        definer("county_on_shift(who bigint, moment timestamptz)", "bigint", ON_SHIFT),
        *posts("county_posts_for_accounts(sought text)", before.SOUGHT),
        *posts("county_post_for_account(wanted bigint)", "AND p.id = wanted"),
        *posts("county_posts_of_person(who bigint)",
               'AND h.person_id = who ORDER BY p.division, p."order", p.id LIMIT 50', anew=False),
        migrations.RunSQL(once("DEFERRABLE INITIALLY IMMEDIATE"), once("")),
    ]  # fmt: skip
