"""What moves: cases, each step of them with its evidence, and the deadlines that run beside.

Flows in: acts of people, the public's reports, periods that come round. Flows out: rows that every
pack's facts read. A case keeps the version of its pack's entry under which it was opened.
"""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.county.models import Unit
from anlan.engines.ledger.models import RegulatedObject
from anlan.ground.models import AnlanNow, Operational
from anlan.ground.secrets import Label, SealedField

STEP_KINDS = [
    ("open", _("立件")), ("move", _("办理")), ("stop", _("停止计时")), ("resume", _("恢复计时")),
    ("ask", _("申请")), ("decide", _("决定")), ("task", _("交办")), ("task_done", _("办结交办")),
    ("lapse", _("到期")), ("link", _("关联")),
]  # fmt: skip


class Grammar(models.Model):
    """An entry of a pack as it was when cases were opened by it; never changed."""

    digest = models.CharField(primary_key=True, max_length=64)
    type = models.CharField(max_length=82)
    content = models.TextField()
    kept_at = models.DateTimeField(db_default=AnlanNow())


BASIS = "安全生产法第七十三条"
TOLD = Label("举报核查", BASIS, 730, "text")


class DoorReport(models.Model):
    """What somebody reported on the public page, stored before it is answered; never changed.

    A round makes a case of it. Who reported stays sealed here; each look at it is in the journal.
    """

    personal = {
        "caller": Label("举报核查", BASIS, 730, "name"),
        "number": Label("举报核查", BASIS, 730, "phone"), "text": TOLD, "place": TOLD,
        "address": Label("举报核查", BASIS, 730, "address"),
    }  # fmt: skip

    id = models.BigAutoField(primary_key=True)
    division = models.BigIntegerField()
    world = models.IntegerField(default=0)
    type = models.CharField(max_length=82)
    opening = models.CharField(max_length=40)
    caller = SealedField(null=True)
    number = SealedField(null=True)
    text = SealedField()
    place = SealedField()
    address = models.CharField(max_length=64)
    form_key = models.CharField(max_length=64, unique=True)
    received_at = models.DateTimeField(db_default=AnlanNow())


class Case(Operational):
    """One case. values: what its steps said, by field. grade: the value of the kind's grade field.

    level: township, or county once it was raised. objected: an objection waits for its decision.
    period_key: of a case that comes round; once a period and object.
    """

    type = models.CharField(max_length=82)
    grammar = models.ForeignKey(Grammar, models.PROTECT, related_name="+")
    opening = models.CharField(max_length=40)
    state = models.CharField(max_length=40)
    ended = models.BooleanField(default=False)
    outcome = models.CharField(max_length=10, default="")
    grade = models.CharField(max_length=40, default="")
    title = models.CharField(max_length=200)
    object = models.ForeignKey(RegulatedObject, models.PROTECT, null=True, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    place = models.CharField(max_length=200, default="")
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    values = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    level = models.CharField(max_length=10, default="township")
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    period_key = models.CharField(max_length=60, default="")
    demo = models.BooleanField(default=False)
    door = models.OneToOneField(DoorReport, models.PROTECT, null=True, related_name="case")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["world", "type", "period_key"], condition=~models.Q(period_key=""),
                name="case_period_once",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["ended", "type", "division", "id"], name="case_open"),
            models.Index(fields=["object"], name="case_object"),
        ]

    @property
    def number(self) -> str:
        """As papers and telephone calls name it."""
        return f"{self.opened_at.year}-{self.id:05d}"


class Step(Operational):
    """Something that was done to a case; never changed. happened_at: as the person says it."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=10, choices=STEP_KINDS)
    key = models.CharField(max_length=40, default="")
    from_state = models.CharField(max_length=40, default="")
    to_state = models.CharField(max_length=40, default="")
    values = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    words = models.CharField(max_length=500, default="")
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    person_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["case", "id"], name="step_case")]


class Paper(Operational):
    """A file that a step was given: a photo with its time and place, a file, a signed sheet.

    says: what the photo itself has of time and place, which anybody can write.
    """

    step = models.ForeignKey(Step, models.PROTECT, related_name="papers")
    key = models.CharField(max_length=40)
    kind = models.CharField(max_length=10)
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    taken_at = models.DateTimeField(null=True)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    says = models.JSONField(default=dict)


class Deadline(Operational):
    """A deadline of a case. due_at: the end of its last day, None while the clock stands.

    stops: [from, until] days. fell_at: when the round saw that due_at was past. in_time: closed by
    the last day; None before it fell. unsure: a day in between is unverified (待核).
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="deadlines")
    key = models.CharField(max_length=40)
    grade = models.CharField(max_length=40, default="")
    start_on = models.DateField()
    days = models.IntegerField()
    working = models.BooleanField(default=False)
    stops = models.JSONField(default=list)
    extended = models.IntegerField(default=0)
    first_due_on = models.DateField()
    due_at = models.DateTimeField(null=True)
    unsure = models.BooleanField(default=False)
    ended_on = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)
    fell_at = models.DateTimeField(null=True)
    in_time = models.BooleanField(null=True)
    missed_done = models.IntegerField(default=0)
    next_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(fell_at=None), name="deadline_due"),
            models.Index(
                fields=["next_at"], condition=~models.Q(next_at=None), name="deadline_next"
            ),
            models.Index(fields=["case", "key"], name="deadline_case"),
        ]  # fmt: skip


class Request(Operational):
    """An extension or an objection that one person asks for and another decides.

    kind: extend or object; key: the deadline, or the objection. to_on: the day asked for.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="requests")
    kind = models.CharField(max_length=10)
    key = models.CharField(max_length=40)
    to_on = models.DateField(null=True)
    why = models.CharField(max_length=500)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    asked_person = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, default="asked")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, default="")
    decided_person = models.BigIntegerField(null=True)
    decided_why = models.CharField(max_length=500, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind", "key"], condition=models.Q(state="asked"),
                name="request_open_once",
            )
        ]  # fmt: skip


class Task(Operational):
    """A part of a case that a unit does while others do theirs; all end before a joint closing."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="tasks")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    unit_name = models.CharField(max_length=100)
    text = models.CharField(max_length=500)
    due_on = models.DateField()
    given_by = models.CharField(max_length=200)
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=200, default="")
    result = models.CharField(max_length=500, default="")


class Link(Operational):
    """A case that came of another, or goes with it (一案双罚). kind: as the later case says."""

    source = models.ForeignKey(Case, models.PROTECT, related_name="led_to")
    case = models.ForeignKey(Case, models.PROTECT, related_name="came_of")
    kind = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "case"], name="case_link_once")
        ]  # fmt: skip
