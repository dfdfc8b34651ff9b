"""A zone is open once in a world; each call-out that it stands on has a row of its own.

Where two call-outs had opened the same zone twice, the opening that was counted last stays, else
the older one: it takes over what the other stood on and its links, and the other is closed with
its versions.
"""

import anlan.ground.models
import django.db.models.deletion
from django.db import migrations, models

from anlan.ground.rls import operational

GRADES = [("red", "红色"), ("orange", "橙色"), ("yellow", "黄色"), ("blue", "蓝色")]
READ = ("evacuation_opening", "evacuation_basis", "evacuation_order", "callout_callout",
        "callout_link")  # fmt: skip
FREE = "".join(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;" for table in READ)
FORCE = "".join(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;" for table in READ)
FOUND = """
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO evacuation_basis (division, world, version, created_at, opening_id, origin_kind,
  origin_id, callout_id, order_id, title, grade, joined_at, ended_at, link_sent_at)
SELECT o.division, o.world, 1, o.created_at, o.id, o.origin_kind, o.origin_id, o.callout_id,
  o.order_id, coalesce(c.title, ''), coalesce(c.grade, ''), o.opened_at, o.closed_at,
  o.link_sent_at
FROM evacuation_opening o LEFT JOIN callout_callout c ON c.id = o.callout_id;
CREATE TEMPORARY TABLE evacuation_twice ON COMMIT DROP AS
SELECT id, first_value(id) OVER (PARTITION BY world, zone_id
  ORDER BY counted_at DESC NULLS LAST, id) AS kept
FROM evacuation_opening WHERE state = 'open';
DELETE FROM evacuation_twice WHERE id = kept;
UPDATE evacuation_basis b SET opening_id = t.kept FROM evacuation_twice t WHERE b.opening_id = t.id;
UPDATE callout_link l SET object_id = t.kept FROM evacuation_twice t
WHERE l.act = 'headcount' AND l.object_id = t.id;
UPDATE evacuation_opening o SET state = 'closed', closed_at = anlan_now(o.world)
FROM evacuation_twice t WHERE o.id = t.id;
UPDATE evacuation_opening o SET grade = coalesce((SELECT b.grade FROM evacuation_basis b
  WHERE b.opening_id = o.id AND (b.ended_at IS NULL OR o.state = 'closed') AND b.grade <> ''
  ORDER BY array_position(ARRAY['red', 'orange', 'yellow', 'blue'], b.grade::text) LIMIT 1), '');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("callout", "0004_place_of_proof"),
        ("evacuation", "0004_registers"),
    ]

    operations = [
        migrations.RemoveConstraint("opening", "opening_once"),
        migrations.AddField(
            "opening", "grade", models.CharField(choices=GRADES, default="", max_length=10)
        ),
        migrations.CreateModel(
            name="Basis",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("world", models.IntegerField(default=0)),
                ("version", models.IntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=anlan.ground.models.AnlanNow(), editable=False),
                ),
                ("origin_kind", models.CharField(max_length=40)),
                ("origin_id", models.BigIntegerField()),
                ("callout_id", models.BigIntegerField(null=True)),
                ("title", models.CharField(max_length=200)),
                ("grade", models.CharField(choices=GRADES, default="", max_length=10)),
                ("joined_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("link_sent_at", models.DateTimeField(null=True)),
                ("link_person_id", models.BigIntegerField(null=True)),
                (
                    "opening",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bases",
                        to="evacuation.opening",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bases",
                        to="evacuation.order",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at", None)),
                        fields=["origin_kind", "origin_id"],
                        name="basis_standing",
                    ),
                    models.Index(fields=["callout_id"], name="basis_callout"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("opening", "origin_kind", "origin_id", "callout_id"),
                        name="basis_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        operational("evacuation_basis"),
        migrations.RunSQL(FREE + FOUND + FORCE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "opening",
            models.UniqueConstraint(
                condition=models.Q(("state", "open")),
                fields=("world", "zone"),
                name="opening_once",
            ),
        ),
    ]
