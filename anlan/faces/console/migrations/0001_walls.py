"""Wall screens: read before anybody has a scope, as sign-ins are."""

from django.db import migrations, models

import anlan.ground.models
from anlan.ground.rls import identity


class Migration(migrations.Migration):
    initial = True
    dependencies = [("ground", "0001_initial"), ("county", "0002_row_level_security")]

    operations = [
        migrations.CreateModel(
            name="Wall",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("place", models.BigIntegerField()),
                ("link_hash", models.BinaryField(unique=True)),
                ("link_until", models.DateTimeField()),
                ("token_hash", models.BinaryField(null=True, unique=True)),
                ("address", models.CharField(default="", max_length=64)),
                (
                    "made_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("made_by", models.CharField(default="", max_length=100)),
                ("opened_at", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        identity("console_wall"),
    ]
