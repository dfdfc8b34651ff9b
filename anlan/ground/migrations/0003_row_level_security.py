"""Who may touch request keys, spooled lines, calendar days and dangling references."""

from django.db import migrations

from anlan.ground.rls import GRAM_FUNCTIONS, insert_only, reference

REQUESTS = """
ALTER TABLE ground_request ENABLE ROW LEVEL SECURITY;
ALTER TABLE ground_request FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON ground_request FOR SELECT USING (world = anlan_world());
CREATE POLICY written ON ground_request FOR INSERT WITH CHECK (world = anlan_world());
CREATE POLICY forgotten ON ground_request FOR DELETE
  USING (world = anlan_world() AND anlan_kind() = 'round');
GRANT SELECT, INSERT, DELETE ON ground_request TO anlan_app;
GRANT SELECT, INSERT ON ground_request TO anlan_public;
"""


class Migration(migrations.Migration):
    dependencies = [("ground", "0002_requests_and_spool")]
    operations = [
        migrations.RunSQL(GRAM_FUNCTIONS, migrations.RunSQL.noop),
        migrations.RunSQL(REQUESTS, migrations.RunSQL.noop),
        insert_only("ground_spooled", read="anlan_kind() IN ('round', 'command')"),
        reference("ground_calendar_day"),
        reference("ground_dangling"),
    ]
