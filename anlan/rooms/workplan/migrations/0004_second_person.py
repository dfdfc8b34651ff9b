"""The database itself holds that nobody confirms a plan that they entered, settled or edited.

What stood before keeps its place: every row is known to indicators under its own address.
"""

from django.db import migrations

from anlan.ground.rls import SCOPED, insert_only, reference

FILLED = """
ALTER TABLE workplan_planrow NO FORCE ROW LEVEL SECURITY;
ALTER TABLE workplan_planversion NO FORCE ROW LEVEL SECURITY;
UPDATE workplan_planrow SET known_table = "table", known_row = "row";
UPDATE workplan_planversion SET confirmed_at = created_at WHERE state IN ('confirmed', 'replaced');
ALTER TABLE workplan_planrow FORCE ROW LEVEL SECURITY;
ALTER TABLE workplan_planversion FORCE ROW LEVEL SECURITY;
"""
SECOND_PERSON = """
CREATE FUNCTION workplan_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND (NEW.entered_person IS DISTINCT FROM OLD.entered_person
      OR NEW.demo <> OLD.demo OR NEW.digest <> OLD.digest) THEN
    RAISE EXCEPTION 'who entered plan %, and what, stays', NEW.id USING ERRCODE = 'check_violation';
  END IF;
  IF NEW.state <> 'confirmed' OR (TG_OP = 'UPDATE' AND (OLD.state = 'confirmed'
      OR (OLD.state = 'replaced' AND OLD.confirmed_at IS NOT NULL))) THEN
    RETURN NEW;
  END IF;
  IF NEW.demo AND EXISTS (SELECT 1 FROM ground_county WHERE demo) THEN
    RETURN NEW;
  END IF;
  IF NEW.confirmed_person IS NULL OR NEW.confirmed_person = NEW.entered_person
      OR EXISTS (SELECT 1 FROM workplan_planchange c
                 WHERE c.plan_id = NEW.id AND c.changed_person = NEW.confirmed_person)
      OR EXISTS (SELECT 1 FROM workplan_plandoubt d
                 WHERE d.plan_id = NEW.id AND d.settled_person = NEW.confirmed_person) THEN
    RAISE EXCEPTION 'plan % needs a second person', NEW.id USING ERRCODE = 'check_violation';
  END IF;
  IF EXISTS (SELECT 1 FROM workplan_plandoubt d
             WHERE d.plan_id = NEW.id AND d.settled_at IS NULL) THEN
    RAISE EXCEPTION 'plan % has open doubts', NEW.id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER second_person BEFORE INSERT OR UPDATE ON workplan_planversion
  FOR EACH ROW EXECUTE FUNCTION workplan_second_person();
"""
UNDONE = """
DROP TRIGGER second_person ON workplan_planversion;
DROP FUNCTION workplan_second_person();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("workplan", "0003_review"),
        ("ground", "0003_row_level_security"),
    ]
    operations = [
        reference("workplan_planoriginal"),
        reference("workplan_plandoubt"),
        insert_only("workplan_planchange", read=SCOPED),
        migrations.RunSQL(FILLED, migrations.RunSQL.noop),
        migrations.RunSQL(SECOND_PERSON, UNDONE),
    ]
