"""An exercise's clock can stand still; rows of one world are seen in no other, whoever reads.

Some tables that all of the county reads carry a world too: their rule named none, so that a rule
value saved in an exercise ran in the real county as well.
"""

from django.db import migrations, models

from anlan.ground.rls import within_worlds


class Migration(migrations.Migration):
    dependencies = [("ground", "0004_fact_marks")]

    operations = [
        migrations.AddField("world", "driven", models.BooleanField(db_default=False)),
        migrations.RemoveConstraint("world", "world_rate"),
        migrations.AddConstraint(
            "world",
            models.CheckConstraint(
                condition=models.Q(("rate__gte", 0), ("rate__lte", 3600)), name="world_rate"
            ),
        ),
        within_worlds("ground_dangling", own=True),
    ]
