"""What keeps and what forgets: the state of retention, emptying, sealing again, a journal that stays.

Four functions of the tables' owner, each with one narrow act, under the scope of whoever calls:
`anlan_blank` puts an empty value, `anlan_reseal` the same number of bytes under a newer key where
the old bytes still stand, `anlan_forget_file` takes a file's row away, and the journal's trigger
refuses everybody, the owner and a superuser too, to change a line, or to delete one of the last
184 days (网络安全法: logs are kept for no less than six months).
"""

from django.db import migrations, models

from anlan.ground.rls import APP, reference

BLANK = """
CREATE FUNCTION anlan_blank(tab text, col text, ids bigint[], leaves text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE kind text; bare boolean; alone boolean; put text; done bigint;
BEGIN
  IF anlan_kind() IS DISTINCT FROM 'round' OR leaves NOT IN ('', '（已按期清除）') THEN
    RAISE insufficient_privilege USING MESSAGE = 'only a round empties a field';
  END IF;
  SELECT format_type(a.atttypid, NULL), a.attnotnull,
    EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique
      AND i.indkey[0] = a.attnum AND i.indnkeyatts = 1)
    INTO STRICT kind, bare, alone
    FROM pg_attribute a WHERE a.attrelid = format('public.%I', tab)::regclass AND a.attname = col
      AND a.attnum > 0;
  put := CASE kind
    WHEN 'bytea' THEN CASE WHEN bare THEN '''''::bytea' ELSE 'NULL' END
    WHEN 'jsonb' THEN '''{}''::jsonb'
    WHEN 'text' THEN quote_literal(leaves)
    WHEN 'character varying' THEN
      CASE WHEN alone THEN quote_literal('（已按期清除）-') || ' || id' ELSE quote_literal(leaves) END
  END;
  IF put IS NULL THEN RAISE 'no empty value of type %', kind; END IF;
  EXECUTE format('UPDATE %I SET %I = %s WHERE id = ANY($1)', tab, col, put) USING ids;
  GET DIAGNOSTICS done = ROW_COUNT;
  IF done <> cardinality(ids) THEN
    RAISE insufficient_privilege USING MESSAGE = format('%s of %s rows of %s', done, cardinality(ids), tab);
  END IF;
  RETURN done;
END $$;
"""
RESEAL = """
CREATE FUNCTION anlan_reseal(tab text, col text, ids bigint[], were bytea[], become bytea[])
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE done bigint;
BEGIN
  IF anlan_kind() IS DISTINCT FROM 'round' THEN
    RAISE insufficient_privilege USING MESSAGE = 'only a round seals again';
  END IF;
  EXECUTE format(
    'UPDATE %1$I t SET %2$I = v.become FROM unnest($1, $2, $3) AS v(id, were, become)'
    ' WHERE t.id = v.id AND t.%2$I = v.were AND length(v.become) = length(v.were)'
    ' AND length(v.were) > 30 - 1 AND substr(v.become, 1, 2) > substr(v.were, 1, 2)', tab, col)
    USING ids, were, become;
  GET DIAGNOSTICS done = ROW_COUNT;
  RETURN done;
END $$;
"""
FORGET = """
CREATE POLICY forgotten ON ground_file FOR DELETE TO anlan_owner USING (anlan_kind() = 'round');
CREATE FUNCTION anlan_forget_file(digest text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF anlan_kind() IS DISTINCT FROM 'round' THEN
    RAISE insufficient_privilege USING MESSAGE = 'only a round forgets a file';
  END IF;
  DELETE FROM ground_file WHERE sha256 = digest AND kind IN ('jpeg', 'png');
END $$;
"""
FUNCTIONS = (
    "anlan_blank(text, text, bigint[], text)",
    "anlan_reseal(text, text, bigint[], bytea[], bytea[])",
    "anlan_forget_file(text)",
)
GRANTS = "".join(
    f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {name} TO {APP};"
    for name in FUNCTIONS
)
KEPT = """
CREATE FUNCTION ground_journal_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.at < clock_timestamp() - interval '184 days' THEN RETURN OLD; END IF;
    RAISE insufficient_privilege
      USING MESSAGE = format('journal line %s is kept until %s', OLD.id, OLD.at + interval '184 days');
  END IF;
  RAISE insufficient_privilege USING MESSAGE = 'journal lines are never changed';
END $$;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON ground_journal
  FOR EACH ROW EXECUTE FUNCTION ground_journal_kept();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON ground_journal
  FOR EACH STATEMENT EXECUTE FUNCTION ground_journal_kept();
"""
UNDONE = (
    "DROP TRIGGER kept ON ground_journal; DROP TRIGGER kept_whole ON ground_journal;"
    "DROP FUNCTION ground_journal_kept(); DROP POLICY forgotten ON ground_file;"
    + "".join(f"DROP FUNCTION {name};" for name in FUNCTIONS)
)


class Migration(migrations.Migration):
    dependencies = [("ground", "0005_worlds")]

    operations = [
        migrations.CreateModel(
            name="RetentionState",
            fields=[
                ("name", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("fields", models.CharField(default="", max_length=200)),
                ("purpose", models.CharField(default="", max_length=100)),
                ("basis", models.CharField(default="", max_length=100)),
                ("days", models.IntegerField(default=0)),
                ("kept", models.BigIntegerField(default=0)),
                ("due", models.BigIntegerField(default=0)),
                ("held", models.BigIntegerField(default=0)),
                ("soon", models.BigIntegerField(default=0)),
                ("purged", models.BigIntegerField(default=0)),
                ("purged_at", models.DateTimeField(null=True)),
                ("looked_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "ground_retention"},
        ),
        reference("ground_retention"),
        migrations.RunSQL(BLANK + RESEAL + FORGET + GRANTS + KEPT, UNDONE),
    ]
