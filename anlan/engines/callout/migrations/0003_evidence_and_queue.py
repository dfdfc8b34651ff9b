"""Answers carry their evidence from outside; attempts are claimed without writing to an index."""

import django.db.models.deletion
from django.db import migrations, models

# Answers of before this migration carry none, so what is there is not checked again.
EVIDENCE = """
ALTER TABLE callout_answer ADD CONSTRAINT answer_has_evidence CHECK (
  (via = 'sms' AND inbound_id IS NOT NULL AND person_id IS NOT NULL
    AND link_id IS NULL AND account_id IS NULL)
  OR (via = 'link' AND link_id IS NOT NULL AND person_id IS NOT NULL AND address <> ''
    AND inbound_id IS NULL AND account_id IS NULL)
  OR (via = 'keyed' AND account_id IS NOT NULL AND address <> ''
    AND inbound_id IS NULL AND link_id IS NULL)) NOT VALID
"""

# Who may write which answer: a link is used in the public process only, which has a role of its
# own; a message is read by a round; a hand is somebody signed in. A message is taken in by the
# gateway only and never changed afterwards; nor is an answer or a link. A call is answered where
# an answer that decides it stands, and nowhere else.
OUTSIDE = """
ALTER TABLE callout_answer
  ADD CONSTRAINT answer_message FOREIGN KEY (inbound_id, person_id)
    REFERENCES callout_inbound (id, person_id) DEFERRABLE INITIALLY DEFERRED,
  ADD CONSTRAINT answer_link FOREIGN KEY (link_id, call_id, person_id)
    REFERENCES callout_link (id, call_id, person_id) DEFERRABLE INITIALLY DEFERRED,
  ADD CONSTRAINT answer_account FOREIGN KEY (account_id)
    REFERENCES county_account (id) DEFERRABLE INITIALLY DEFERRED;
CREATE POLICY evidence ON callout_answer AS RESTRICTIVE FOR INSERT WITH CHECK (
  CASE via
    WHEN 'link' THEN current_user = 'anlan_public'
    WHEN 'sms' THEN current_user = 'anlan_app' AND anlan_kind() = 'round'
    WHEN 'keyed' THEN current_user = 'anlan_app' AND anlan_kind() = 'post'
    ELSE false
  END);
CREATE POLICY arrives ON callout_inbound AS RESTRICTIVE FOR INSERT
  WITH CHECK (current_user = 'anlan_app' AND anlan_kind() = 'gateway');
REVOKE UPDATE ON callout_answer, callout_inbound, callout_link FROM anlan_app;
GRANT UPDATE (state, taken_by, why, version) ON callout_inbound TO anlan_app;
CREATE FUNCTION callout_answered_needs_answer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM callout_answer a WHERE a.call_id = NEW.id AND a.counts) THEN
    RAISE EXCEPTION 'call % is %, and no answer decides it', NEW.id, NEW.state
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER answered_needs_answer
  AFTER INSERT OR UPDATE OF state ON callout_call DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.state IN ('answered', 'help'))
  EXECUTE FUNCTION callout_answered_needs_answer();
"""
OUTSIDE_UNDONE = """
DROP TRIGGER answered_needs_answer ON callout_call;
DROP FUNCTION callout_answered_needs_answer();
GRANT UPDATE ON callout_answer, callout_inbound, callout_link TO anlan_app;
DROP POLICY arrives ON callout_inbound;
DROP POLICY evidence ON callout_answer;
ALTER TABLE callout_answer DROP CONSTRAINT answer_message, DROP CONSTRAINT answer_link,
  DROP CONSTRAINT answer_account;
"""

# Room on the pages, so that a claimed row stays on its own; links of a batch take their numbers
# before they are written, for the number is signed.
QUEUE = """
ALTER TABLE callout_attempt SET (fillfactor = 50);
GRANT USAGE ON SEQUENCE callout_link_id_seq TO anlan_app;
"""
QUEUE_UNDONE = """
ALTER TABLE callout_attempt RESET (fillfactor);
REVOKE USAGE ON SEQUENCE callout_link_id_seq FROM anlan_app;
"""

PRIORITIES = """
DO $$ DECLARE w integer; BEGIN
  FOR w IN SELECT id FROM ground_world LOOP
    PERFORM set_config('anlan.lo', '0', true), set_config('anlan.hi', '999999999999', true),
      set_config('anlan.world', w::text, true);
    UPDATE callout_call c SET priority = array_position(
        ARRAY['red', 'orange', 'yellow', 'blue'], o.grade::text) - 1
      FROM callout_callout o WHERE o.id = c.callout_id;
  END LOOP;
  PERFORM set_config('anlan.lo', '', true), set_config('anlan.hi', '', true),
    set_config('anlan.world', '', true);
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("callout", "0002_row_level_security"),
        ("county", "0001_initial"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="attempt",
            name="attempt_due",
        ),
        migrations.RemoveIndex(
            model_name="call",
            name="call_due",
        ),
        migrations.RemoveIndex(
            model_name="call",
            name="call_state",
        ),
        migrations.AddField(
            model_name="answer",
            name="account_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="answer",
            name="address",
            field=models.CharField(default="", max_length=64),
        ),
        migrations.AddField(
            model_name="answer",
            name="inbound_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="answer",
            name="link_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="attempt",
            name="open",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Q(("state__in", ["due", "claimed"])),
                output_field=models.BooleanField(),
            ),
        ),
        migrations.AddField(
            model_name="call",
            name="priority",
            field=models.SmallIntegerField(db_default=3),
        ),
        migrations.AddField(
            model_name="fallback",
            name="photo_says",
            field=models.JSONField(default=dict),
        ),
        migrations.AlterField(
            model_name="call",
            name="callout",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="calls",
                to="callout.callout",
            ),
        ),
        migrations.AlterField(
            model_name="link",
            name="call",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="links",
                to="callout.call",
            ),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(
                condition=models.Q(("open", True)), fields=["priority", "id"], name="attempt_due"
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["priority", "due_at"],
                name="call_due",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["callout", "level", "division"],
                name="call_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("inbound_id__isnull", False)),
                fields=("inbound_id",),
                name="answer_one_a_message",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddConstraint(
                    model_name="answer",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("account_id", None),
                                ("inbound_id__isnull", False),
                                ("link_id", None),
                                ("person_id__isnull", False),
                                ("via", "sms"),
                            ),
                            models.Q(
                                ("account_id", None),
                                ("inbound_id", None),
                                ("link_id__isnull", False),
                                ("person_id__isnull", False),
                                ("via", "link"),
                                models.Q(("address", ""), _negated=True),
                            ),
                            models.Q(
                                ("account_id__isnull", False),
                                ("inbound_id", None),
                                ("link_id", None),
                                ("via", "keyed"),
                                models.Q(("address", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="answer_has_evidence",
                    ),
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    EVIDENCE, "ALTER TABLE callout_answer DROP CONSTRAINT answer_has_evidence"
                )
            ],
        ),
        migrations.AddConstraint(
            model_name="inbound",
            constraint=models.UniqueConstraint(
                fields=("id", "person_id"), name="inbound_of_person"
            ),
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.UniqueConstraint(
                fields=("id", "call", "person_id"), name="link_of_person"
            ),
        ),
        migrations.RunSQL(OUTSIDE, OUTSIDE_UNDONE),
        migrations.RunSQL(QUEUE, QUEUE_UNDONE),
        migrations.RunSQL(PRIORITIES, migrations.RunSQL.noop),
    ]
