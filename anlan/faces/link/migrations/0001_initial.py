"""Links to other counties: whom we speak to, what leaves, what came."""

import anlan.ground.models
import anlan.ground.secrets
import django.db.models.deletion
from django.db import migrations, models

from anlan.ground.rls import identity, operational, standing


class Migration(migrations.Migration):
    initial = True

    dependencies = [("ground", "0005_worlds")]

    operations = [
        migrations.CreateModel(
            name="Peer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, unique=True)),
                ("code", models.BigIntegerField(unique=True)),
                (
                    "side",
                    models.CharField(
                        choices=[("upper", "上级"), ("lower", "下级"), ("neighbour", "邻县")],
                        max_length=10,
                    ),
                ),
                (
                    "adapter",
                    models.CharField(
                        choices=[("http", "网络直连"), ("file_drop", "文件交换")], max_length=10
                    ),
                ),
                ("url", models.CharField(blank=True, default="", max_length=500)),
                ("networks", models.CharField(blank=True, default="", max_length=200)),
                ("authority", models.TextField(blank=True, default="")),
                ("exercise", models.BooleanField(default=False)),
                ("key", anlan.ground.secrets.SealedField(null=True)),
                ("paused", models.BooleanField(default=False)),
                ("version", models.IntegerField(default=1)),
                (
                    "made_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("heard_at", models.DateTimeField(null=True)),
                ("next_at", models.DateTimeField(null=True)),
                ("failures", models.IntegerField(default=0)),
                ("error", models.CharField(default="", max_length=500)),
                ("error_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                (
                    "what",
                    models.CharField(
                        choices=[("headcount", "转移人数"), ("orders", "转移指令")], max_length=20
                    ),
                ),
                ("every_s", models.IntegerField(default=1800)),
                (
                    "while_open",
                    models.CharField(
                        choices=[("evacuation", "有片区在转移时")],
                        default="evacuation",
                        max_length=20,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("proposed", "等批准"), ("standing", "在报"), ("ended", "已停止")],
                        default="proposed",
                        max_length=10,
                    ),
                ),
                ("proposed_by", models.CharField(max_length=200)),
                ("proposed_account", models.BigIntegerField(null=True)),
                ("proposed_person", models.BigIntegerField(null=True)),
                ("proposed_at", models.DateTimeField()),
                ("approved_by", models.CharField(default="", max_length=200)),
                ("approved_person", models.BigIntegerField(null=True)),
                ("approved_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(default="", max_length=200)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_why", models.CharField(default="", max_length=200)),
                (
                    "peer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="link.peer",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Outgoing",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("number", models.BigIntegerField()),
                ("kind", models.CharField(max_length=20)),
                ("key", models.CharField(default="", max_length=60)),
                ("letter", models.TextField()),
                ("due_at", models.DateTimeField()),
                ("made_at", models.DateTimeField()),
                ("next_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("tries", models.IntegerField(default=0)),
                ("receipt_at", models.DateTimeField(null=True)),
                ("said", models.CharField(default="", max_length=500)),
                (
                    "peer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outgoing",
                        to="link.peer",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="link.subscription",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Outstream",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("last_number", models.BigIntegerField(default=0)),
                ("known_to", models.BigIntegerField(default=0)),
                ("asked_at", models.DateTimeField(null=True)),
                (
                    "peer",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="link.peer"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("world", "peer"), name="outstream_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Nonce",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("nonce", models.CharField(max_length=32)),
                ("at", models.DateTimeField()),
                (
                    "peer",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, to="link.peer"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("peer", "nonce"), name="nonce_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Instream",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("stream", models.IntegerField()),
                ("whole_to", models.BigIntegerField(default=0)),
                ("highest", models.BigIntegerField(default=0)),
                ("last_said", models.BigIntegerField(default=0)),
                (
                    "peer",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="link.peer"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("peer", "stream"), name="instream_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Incoming",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("stream", models.IntegerField()),
                ("number", models.BigIntegerField()),
                ("kind", models.CharField(max_length=20)),
                ("body", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("as_of", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("times", models.IntegerField(default=1)),
                (
                    "peer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incoming",
                        to="link.peer",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["world", "peer", "kind", "-number"], name="incoming_newest"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("peer", "stream", "number"), name="incoming_number"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "ended"), _negated=True),
                fields=("world", "peer", "what"),
                name="subscription_once",
            ),
        ),
        migrations.AddIndex(
            model_name="outgoing",
            index=models.Index(
                condition=models.Q(("receipt_at", None)),
                fields=["world", "peer", "next_at"],
                name="outgoing_waits",
            ),
        ),
        migrations.AddIndex(
            model_name="outgoing",
            index=models.Index(fields=["world", "subscription", "-id"], name="outgoing_last"),
        ),
        migrations.AddConstraint(
            model_name="outgoing",
            constraint=models.UniqueConstraint(
                fields=("world", "peer", "number"), name="outgoing_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="outgoing",
            constraint=models.UniqueConstraint(
                condition=models.Q(("key", ""), _negated=True),
                fields=("world", "subscription", "key"),
                name="outgoing_key_once",
            ),
        ),
        # The system administrator, who has no place in the county, keeps the list of peers.
        identity("link_peer"),
        identity("link_nonce"),
        standing("link_subscription"),
        operational("link_outstream"),
        operational("link_outgoing"),
        operational("link_instream"),
        operational("link_incoming"),
    ]
