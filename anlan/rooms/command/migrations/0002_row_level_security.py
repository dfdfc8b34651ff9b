"""A consultation is seen within the span and in its own world."""

from django.db import migrations

from anlan.ground.rls import operational


class Migration(migrations.Migration):
    dependencies = [("command", "0001_initial")]
    operations = [operational("command_consultation"), operational("command_opinion")]
