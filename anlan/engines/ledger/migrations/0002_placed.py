"""The duty matrix is read by whoever has a place: an administrator has none (三员分立)."""

from django.db import migrations

from anlan.ground.rls import placed


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [placed("ledger_duty")]
