"""What somebody wrote on the public page is emptied when its days are over, and sealed again."""

from django.db import migrations

POLICY = (
    "CREATE POLICY emptied ON duty_webreport FOR UPDATE TO anlan_owner"
    " USING (anlan_kind() = 'round' AND world = anlan_world())"
    " WITH CHECK (anlan_kind() = 'round' AND world = anlan_world());"
)


class Migration(migrations.Migration):
    dependencies = [("duty", "0002_row_level_security"), ("ground", "0006_retention")]
    operations = [migrations.RunSQL(POLICY, "DROP POLICY emptied ON duty_webreport")]
