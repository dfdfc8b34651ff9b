"""What each table of the county is; who searches people; nobody holds a post twice at a time."""

from django.db import migrations

from anlan.ground.rls import FOUND_IN_SPAN, definer, identity, reference, standing

EXTENSIONS = "CREATE EXTENSION IF NOT EXISTS btree_gist; CREATE EXTENSION IF NOT EXISTS pg_trgm;"

ONE_HOLDER = """
ALTER TABLE county_holding ADD CONSTRAINT holding_once EXCLUDE USING gist
  (post_id WITH =, world WITH =, rank WITH =, tstzrange(valid_from, valid_to) WITH &&);
CREATE INDEX person_sought ON county_person
  USING gin ((lower(name) || ' ' || pinyin || ' ' || replace(pinyin, ' ', '') || ' ' || initials)
  gin_trgm_ops);
"""

PEOPLE_FOUND = f"""
  SELECT id FROM county_person WHERE {FOUND_IN_SPAN}
  AND (lower(name) || ' ' || pinyin || ' ' || replace(pinyin, ' ', '') || ' ' || initials)
    LIKE '%' || replace(replace(sought, '%', ''), '_', '') || '%'
  UNION SELECT h.person_id FROM county_holding h JOIN county_post p ON p.id = h.post_id
  WHERE h.division BETWEEN anlan_lo() AND anlan_hi() AND h.world IN (0, anlan_world())
  AND p.title LIKE '%' || replace(replace(sought, '%', ''), '_', '') || '%'
"""  # noqa: S608


class Migration(migrations.Migration):
    dependencies = [
        ("county", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("sessions", "0001_initial"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [
        migrations.RunSQL(EXTENSIONS, migrations.RunSQL.noop),
        reference("county_division", public="select"),
        standing("county_unit"),
        standing("county_unitalias"),
        standing("county_unitmember"),
        standing("county_person"),
        standing("county_post"),
        standing("county_holding"),
        standing("county_rostershift"),
        identity("county_account"),
        identity("county_onetimelink"),
        migrations.RunSQL(ONE_HOLDER, migrations.RunSQL.noop),
        definer("county_people_found(sought text)", "bigint", PEOPLE_FOUND),
        *[
            identity(table)
            for table in (
                "auth_group",
                "auth_group_permissions",
                "auth_permission",
                "django_content_type",
                "django_session",
                "account_emailaddress",
                "account_emailconfirmation",
                "mfa_authenticator",
            )
        ],
    ]
