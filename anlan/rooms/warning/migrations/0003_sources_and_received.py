"""Where messages come from, what came, and what a draft does to the warning before it."""

import anlan.ground.models
import django.db.models.deletion
from django.db import migrations, models

from anlan.ground.rls import identity, operational


class Migration(migrations.Migration):
    dependencies = [
        ("warning", "0002_row_level_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="Received",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("way", models.CharField(max_length=5)),
                ("link", models.CharField(default="", max_length=500)),
                ("entry", models.CharField(default="", max_length=64)),
                ("digest", models.CharField(max_length=64)),
                ("content", models.BinaryField()),
                ("first", models.BooleanField(default=False)),
                ("identifier", models.CharField(default="", max_length=200)),
                ("sender", models.CharField(default="", max_length=200)),
                ("sent_at", models.DateTimeField(null=True)),
                ("status", models.CharField(default="", max_length=20)),
                ("kind", models.CharField(default="", max_length=20)),
                ("headline", models.CharField(default="", max_length=300)),
                ("words", models.TextField(default="")),
                ("references", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("held", "等人定"),
                            ("drafted", "已起草"),
                            ("refused", "不采用"),
                            ("set_aside", "不办"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reasons", models.JSONField(default=list)),
                ("received_at", models.DateTimeField()),
                ("received_by", models.CharField(default="", max_length=200)),
                ("handled_at", models.DateTimeField(null=True)),
                ("handled_by", models.CharField(default="", max_length=200)),
                ("handled_why", models.CharField(default="", max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
                (
                    "way",
                    models.CharField(
                        choices=[("poll", "我们去取"), ("push", "对方推送")], max_length=5
                    ),
                ),
                ("url", models.CharField(blank=True, default="", max_length=500)),
                ("hosts", models.JSONField(default=list)),
                ("networks", models.CharField(blank=True, default="", max_length=200)),
                ("senders", models.JSONField(default=list)),
                ("certificate", models.TextField(blank=True, default="")),
                ("token_hash", models.BinaryField(null=True, unique=True)),
                ("every_s", models.IntegerField(default=60)),
                ("paused", models.BooleanField(default=False)),
                ("version", models.IntegerField(default=1)),
                (
                    "made_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("changed_at", models.DateTimeField(db_default=anlan.ground.models.AnlanNow())),
                ("next_at", models.DateTimeField(null=True)),
                ("asked_at", models.DateTimeField(null=True)),
                ("ok_at", models.DateTimeField(null=True)),
                ("etag", models.CharField(default="", max_length=300)),
                ("modified", models.CharField(default="", max_length=100)),
                ("failures", models.IntegerField(default=0)),
                ("rests_until", models.DateTimeField(null=True)),
                ("error", models.CharField(default="", max_length=500)),
                ("error_at", models.DateTimeField(null=True)),
                ("took", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            model_name="warning",
            name="act",
            field=models.CharField(
                choices=[("issue", "发布"), ("change", "变更"), ("lift", "解除")],
                db_default="issue",
                default="issue",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="warning",
            name="follows",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="followers",
                to="warning.warning",
            ),
        ),
        migrations.AddField(
            model_name="warning",
            name="item",
            field=models.IntegerField(db_default=1, default=1),
        ),
        migrations.AlterField(
            model_name="warning",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "草稿"),
                    ("submitted", "待审批"),
                    ("approved", "已批准"),
                    ("released", "已发出"),
                    ("lifted", "已解除"),
                    ("changed", "已变更"),
                    ("withdrawn", "已撤回"),
                ],
                default="draft",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="warning",
            name="received",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="warnings",
                to="warning.received",
            ),
        ),
        migrations.AddField(
            model_name="received",
            name="source",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="warning.source"
            ),
        ),
        migrations.AddIndex(
            model_name="received",
            index=models.Index(fields=["world", "state", "-id"], name="received_state"),
        ),
        migrations.AddIndex(
            model_name="received",
            index=models.Index(fields=["world", "digest"], name="received_digest"),
        ),
        migrations.AddIndex(
            model_name="received",
            index=models.Index(fields=["source", "entry"], name="received_entry"),
        ),
        migrations.AddConstraint(
            model_name="received",
            constraint=models.UniqueConstraint(
                condition=models.Q(("first", True)),
                fields=("world", "sender", "identifier"),
                name="received_once",
            ),
        ),
        # The system administrator, who has no place in the county, keeps the list of sources.
        identity("warning_source"),
        operational("warning_received"),
    ]
