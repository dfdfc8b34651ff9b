"""Bulletins and warnings are read by whoever is concerned; the county writes them."""

from django.db import migrations

from anlan.ground.rls import announced, operational


class Migration(migrations.Migration):
    dependencies = [("warning", "0001_initial")]
    operations = [
        operational("warning_bulletin"),
        announced("warning_warning"),
        operational("warning_approval"),
    ]
