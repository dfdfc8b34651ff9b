"""Who reads changes and workbooks; what may not overlap; people found by several words."""

from django.db import migrations

from anlan.ground.rls import definer, operational, standing

NO_TWO = """
ALTER TABLE county_rostershift ADD CONSTRAINT shift_once EXCLUDE USING gist
  (post_id WITH =, world WITH =, tstzrange(starts_at, ends_at) WITH &&)
  WHERE (cancelled_at IS NULL);
ALTER TABLE county_unitalias ADD CONSTRAINT alias_once EXCLUDE USING gist
  (world WITH =, name WITH =, daterange(valid_from, valid_to, '[]') WITH &&);
ALTER TABLE county_unitmember ADD CONSTRAINT member_once EXCLUDE USING gist
  (world WITH =, collective_id WITH =, member_id WITH =,
   daterange(valid_from, valid_to, '[]') WITH &&);
"""
NO_TWO_UNDONE = """
ALTER TABLE county_rostershift DROP CONSTRAINT shift_once;
ALTER TABLE county_unitalias DROP CONSTRAINT alias_once;
ALTER TABLE county_unitmember DROP CONSTRAINT member_once;
"""

IN_SPAN = "{0}.division + 0 BETWEEN anlan_lo() AND anlan_hi() AND {0}.world IN (0, anlan_world())"
# Every word must hit: the person, a post held at the moment (title, unit, alias, place), or the
# place itself, whose people are those of its span.
PEOPLE_SOUGHT = f"""
  WITH word AS (
    SELECT n, '%' || replace(replace(replace(t, '\\', ''), '%', ''), '_', '') || '%' AS form
    FROM unnest(words) WITH ORDINALITY AS given(t, n)),
  place AS (
    SELECT word.n, code, code + CASE WHEN code % 1000000 = 0 THEN 999999
      WHEN code % 1000 = 0 THEN 999 ELSE 0 END AS last
    FROM word JOIN county_division ON name LIKE form),
  post AS (
    SELECT word.n, p.id FROM word JOIN county_post p ON lower(p.title) LIKE form
    UNION SELECT word.n, p.id FROM word JOIN county_unit u ON lower(u.name) LIKE form
      JOIN county_post p ON p.unit_id = u.id
    UNION SELECT word.n, p.id FROM word JOIN county_unitalias a ON lower(a.name) LIKE form
      JOIN county_post p ON p.unit_id = a.unit_id
    UNION SELECT n, p.id FROM place JOIN county_post p ON p.division BETWEEN code AND last),
  hit AS (
    SELECT word.n, person.id FROM word JOIN county_person person
      ON (lower(name) || ' ' || pinyin || ' ' || replace(pinyin, ' ', '') || ' ' || initials)
        LIKE form
      WHERE {IN_SPAN.format("person")}
    UNION SELECT post.n, h.person_id FROM post JOIN county_holding h ON h.post_id = post.id
      WHERE h.valid_from <= moment AND (h.valid_to IS NULL OR h.valid_to > moment)
        AND {IN_SPAN.format("h")}
    UNION SELECT n, person.id FROM place JOIN county_person person
      ON person.division BETWEEN code AND last WHERE {IN_SPAN.format("person")})
  SELECT hit.id FROM hit GROUP BY hit.id HAVING count(*) = cardinality(words)
"""  # noqa: S608


class Migration(migrations.Migration):
    dependencies = [("county", "0003_what_people_edit")]

    operations = [
        standing("county_change"),
        operational("county_transfer"),
        migrations.RunSQL(NO_TWO, NO_TWO_UNDONE),
        definer("county_people_sought(words text[], moment timestamptz)", "bigint", PEOPLE_SOUGHT),
    ]
