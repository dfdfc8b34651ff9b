"""What every room stands on: worlds, journal lines and their seals, kept files, rounds that ran.

Flows in: whatever rooms and engines write. Flows out: two abstract shapes, `Operational` (what
happens, in one world) and `Standing` (what is, read from world 0 by every world).
"""

from __future__ import annotations

from django.db import models
from django.db.models.expressions import RawSQL


class AnlanNow(models.Func):
    """`anlan_now()` of the scope's world, as an expression in a query."""

    function = "anlan_now"
    output_field = models.DateTimeField()
    arity = 0


class _Scoped(models.Model):
    """A row with its place, its world and a version that every change raises."""

    id = models.BigAutoField(primary_key=True)
    division = models.BigIntegerField()
    world = models.IntegerField(default=0)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(db_default=AnlanNow(), editable=False)

    class Meta:
        abstract = True


class Operational(_Scoped):
    """What happens: seen in its own world only."""

    class Meta:
        abstract = True


class Standing(_Scoped):
    """What stands: every world reads the rows of world 0 beside its own."""

    class Meta:
        abstract = True


class World(models.Model):
    """The real world (0) or an exercise (演练), each with its own clock.

    anlan_now(world) = anchored_at + offset + (real time − anchored_at) × rate; rate 0: paused.
    driven: a command runs its rounds, so that workers leave it alone.
    """

    id = models.IntegerField(primary_key=True)
    kind = models.CharField(
        max_length=10, choices=[("real", "真实"), ("tabletop", "推演"), ("live", "实叫")]
    )
    name = models.CharField(max_length=100)
    anchored_at = models.DateTimeField()
    offset = models.DurationField()
    rate = models.FloatField(default=1.0)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    driven = models.BooleanField(db_default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rate__gte=0) & models.Q(rate__lte=3600), name="world_rate"
            ),
            models.CheckConstraint(
                condition=~models.Q(id=0) | models.Q(kind="real", rate=1.0), name="world_real"
            ),
        ]


class JournalLine(models.Model):
    """Who did what, when, to what, why and from where; never changed, never deleted."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=RawSQL("clock_timestamp()", []))
    world = models.IntegerField()
    division = models.BigIntegerField()
    actor_kind = models.CharField(max_length=10)
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=200)
    post_id = models.BigIntegerField(null=True)
    address = models.CharField(max_length=64)
    action = models.CharField(max_length=80)
    object_kind = models.CharField(max_length=80)
    object_id = models.CharField(max_length=64)
    why = models.TextField()
    before = models.BinaryField(null=True)
    after = models.BinaryField(null=True)
    result = models.CharField(max_length=10, default="done")
    request_id = models.CharField(max_length=64)

    class Meta:
        db_table = "ground_journal"
        indexes = [
            models.Index(fields=["world", "division", "id"], name="journal_place"),
            models.Index(fields=["object_kind", "object_id"], name="journal_object"),
        ]


class Seal(models.Model):
    """A chained digest over the journal lines that it names (inclusive ranges of ids).

    line_digests: eight bytes a line in the order of ids, so that a broken line can be named.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=RawSQL("clock_timestamp()", []))
    first_line = models.BigIntegerField()
    last_line = models.BigIntegerField()
    lines = models.JSONField()
    count = models.IntegerField()
    line_digests = models.BinaryField()
    previous = models.BinaryField()
    digest = models.BinaryField()

    class Meta:
        db_table = "ground_seal"


class FactMark(models.Model):
    """A published fact changed in the real world: at which township, for which day.

    division: the township, or the county itself; None with day None: all of the fact. Written by
    triggers in the transaction of the change (`marks`), taken by the round that computes again.
    """

    id = models.BigAutoField(primary_key=True)
    fact = models.CharField(max_length=63)
    division = models.BigIntegerField(null=True)
    day = models.DateField(null=True)

    class Meta:
        db_table = "ground_factmark"
        indexes = [models.Index(fields=["fact", "id"], name="factmark_fact")]


class KeptFile(models.Model):
    """A file kept once by its content; the bytes lie in the county's folder under their digest."""

    sha256 = models.CharField(primary_key=True, max_length=64)
    size_bytes = models.BigIntegerField()
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    kept_at = models.DateTimeField(db_default=AnlanNow())

    class Meta:
        db_table = "ground_file"


class SpooledLine(models.Model):
    """A line that came into the journal from the spool; its id lets no line come in twice."""

    id = models.UUIDField(primary_key=True)
    merged_at = models.DateTimeField(db_default=RawSQL("clock_timestamp()", []))

    class Meta:
        db_table = "ground_spooled"


class RequestKey(models.Model):
    """A key under which a caller asked for an action, and what the action answered."""

    id = models.BigAutoField(primary_key=True)
    world = models.IntegerField()
    actor = models.CharField(max_length=100)
    key = models.CharField(max_length=100)
    action = models.CharField(max_length=120)
    number = models.SmallIntegerField()
    digest = models.BinaryField()
    answer = models.JSONField()
    made_at = models.DateTimeField(db_default=AnlanNow())

    class Meta:
        db_table = "ground_request"
        constraints = [
            models.UniqueConstraint(
                fields=["world", "actor", "key", "action", "number"], name="request_once"
            )
        ]


class CalendarDay(models.Model):
    """A day that the county's own notice makes a working day or a holiday; the newest counts."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    working = models.BooleanField()
    name = models.CharField(max_length=60)
    document = models.CharField(max_length=200)
    editor = models.CharField(max_length=200)
    entered_at = models.DateTimeField(db_default=AnlanNow())

    class Meta:
        db_table = "ground_calendar_day"
        indexes = [models.Index(fields=["day", "-id"], name="calendar_day")]


class DanglingReference(models.Model):
    """A row that names a thing by kind and id which is not there; gone_at: mended since."""

    id = models.BigAutoField(primary_key=True)
    world = models.IntegerField()
    owner = models.CharField(max_length=80)
    field = models.CharField(max_length=60)
    row_id = models.BigIntegerField()
    kind = models.CharField(max_length=80)
    target_id = models.BigIntegerField()
    found_at = models.DateTimeField(db_default=AnlanNow())
    gone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ground_dangling"
        constraints = [
            models.UniqueConstraint(
                fields=["world", "owner", "field", "row_id", "target_id"],
                condition=models.Q(gone_at__isnull=True),
                name="dangling_once",
            )
        ]


class RoundRun(models.Model):
    """When a round last ran, how long it took, and what it last failed with.

    every_s: how often it should run, so that its lag can be told. failed_at: of last_error.
    """

    name = models.CharField(primary_key=True, max_length=80)
    last_at = models.DateTimeField(null=True)
    last_ok_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="")
    last_ms = models.IntegerField(default=0)
    handled = models.BigIntegerField(default=0)
    runs = models.BigIntegerField(default=0)
    every_s = models.FloatField(db_default=0)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ground_round"


class RetentionState(models.Model):
    """What stands under a rule of retention, and what is due: counts of rows, never what they hold.

    name: model and days. held: due, but something open needs it. soon: due within a month.
    """

    name = models.CharField(primary_key=True, max_length=80)
    fields = models.CharField(max_length=200, default="")
    purpose = models.CharField(max_length=100, default="")
    basis = models.CharField(max_length=100, default="")
    days = models.IntegerField(default=0)
    kept = models.BigIntegerField(default=0)
    due = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    soon = models.BigIntegerField(default=0)
    purged = models.BigIntegerField(default=0)
    purged_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ground_retention"

    @property
    def model(self) -> str:
        return self.name.partition(" ")[0]


class CountyFact(models.Model):
    """What the county is: its code, its name, and whether it is a demonstration (演示)."""

    code = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=100)
    demo = models.BooleanField(default=False)
    made_at = models.DateTimeField(db_default=RawSQL("clock_timestamp()", []))

    class Meta:
        db_table = "ground_county"


__all__ = [
    "AnlanNow",
    "CalendarDay",
    "CountyFact",
    "DanglingReference",
    "FactMark",
    "JournalLine",
    "KeptFile",
    "Operational",
    "RequestKey",
    "RetentionState",
    "RoundRun",
    "Seal",
    "SpooledLine",
    "Standing",
    "World",
]
