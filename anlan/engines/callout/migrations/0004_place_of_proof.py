"""A note that closes a fallback says where it was."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("callout", "0003_evidence_and_queue"),
    ]

    operations = [
        migrations.AddField(
            model_name="fallback",
            name="place",
            field=models.CharField(default="", max_length=100),
        ),
    ]
