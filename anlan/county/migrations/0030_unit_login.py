"""The site's own sign-in, and who may touch the tables of its ties."""

from django.db import migrations, models

from anlan.ground.rls import identity
from anlan.ground.secrets import SealedField


class Migration(migrations.Migration):
    dependencies = [
        ("county", "0022_acting_posts"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]

    operations = [
        migrations.CreateModel(
            name="UnitLogin",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                ("server_url", models.CharField(max_length=300)),
                ("client_id", models.CharField(max_length=190)),
                ("secret", SealedField(null=True)),
                ("networks", models.CharField(blank=True, default="", max_length=200)),
                ("trusts", models.BooleanField(default=False)),
                ("second", models.JSONField(default=list)),
                ("enabled", models.BooleanField(default=True)),
                ("version", models.IntegerField(default=1)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="unit_login_once")
                ],
            },
        ),
        identity("county_unitlogin"),
        identity("socialaccount_socialaccount"),
        identity("socialaccount_socialapp"),
        identity("socialaccount_socialtoken"),
    ]
