"""Marks of what must be recomputed, and the worlds of exercises: two lines come together."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ground", "0004_fact_marks"), ("ground", "0010_worlds")]
    operations: list[migrations.operations.base.Operation] = []
