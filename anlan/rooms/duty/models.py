"""What arrives at the duty desk: events, the sources that told of them, landmarks, web reports.

Flows in: telephone, SMS, the web page, later sensors and CAP, all by `receive_event`. Flows out:
events with their place and kind; figures, reports, tasks and the shift stand in the other modules
of this folder. What somebody said is kept sealed, source by source, whatever is joined.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.ground.models import AnlanNow, Operational, Standing
from anlan.ground.secrets import Label, SealedField

BASIS = "突发事件应对法第六十一条"
SAID = Label("接报核实", BASIS, 730, "text")
CALLER = Label("接报核实", BASIS, 730, "name")
NUMBER = Label("接报核实", BASIS, 730, "phone")
VIA = [
    ("phone", _("电话")),
    ("sms", _("短信")),
    ("web", _("网页")),
    ("sensor", _("感知设备")),
    ("cap", _("预警消息")),
    ("desk", _("当面")),
]
STATES = [("open", _("处置中")), ("stable", _("已稳定")), ("closed", _("已办结")),
          ("joined", _("已并入"))]  # fmt: skip
PLACE_HOW = [
    ("village", _("村社区")),
    ("township", _("乡镇街道")),
    ("landmark", _("地标")),
    ("point", _("经纬度")),
    ("unread", _("没有对上")),
]


class Event(Operational):
    """Something that happened, as one or more sources tell it.

    kind: of packs/duty/events.yaml. place: as it was said; place_how: what it was found by. lat,
    lon: WGS-84 degrees. doubts: what the reader was not sure of. joined: into which event it went.
    reporting_at: since when it has to be reported upwards (首报). stable_at: 灾情稳定.
    """

    personal = {"what": SAID, "place": SAID}

    kind = models.CharField(max_length=60)
    what = models.TextField()
    place = models.CharField(max_length=200)
    place_label = models.CharField(max_length=200, default="")
    place_how = models.CharField(max_length=10, choices=PLACE_HOW, default="unread")
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    doubts = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=STATES, default="open")
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    received_by = models.CharField(max_length=200)
    joined = models.ForeignKey("self", models.PROTECT, null=True, related_name="parts")
    reporting_at = models.DateTimeField(null=True)
    stable_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_why = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [
            models.Index(fields=["world", "state", "-id"], name="duty_event_state"),
            models.Index(fields=["kind", "happened_at"], name="duty_event_same"),
        ]


class Source(Operational):
    """Who told of an event, by which way, in which words; never changed, never lost.

    key: the sender's own name for the message, so that it arrives once. first: the event that it
    opened, which stays when events are joined.
    """

    personal = {"caller": CALLER, "number": NUMBER, "text": SAID}

    event = models.ForeignKey(Event, models.PROTECT, related_name="sources")
    via = models.CharField(max_length=10, choices=VIA)
    key = models.CharField(max_length=100)
    caller = SealedField(null=True)
    number = SealedField(null=True)
    number_hash = models.BinaryField(null=True)
    text = SealedField()
    origin_kind = models.CharField(max_length=40, default="")
    origin_id = models.BigIntegerField(null=True)
    taken_by = models.CharField(max_length=200)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["world", "via", "key"], name="duty_source_once")
        ]


class Landmark(Standing):
    """A place that people name (地标): a bridge, a crossing, a school."""

    name = models.CharField(max_length=100)
    initials = models.CharField(max_length=60, default="")
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    added_by = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["world", "division", "name"],
                condition=models.Q(ended_at__isnull=True),
                name="duty_landmark_once",
            )
        ]


class WebReport(models.Model):
    """What somebody wrote on the public page, stored before it is answered; never changed.

    A round makes a source of it: the source's key is this row's id. form_key: of the form that was
    sent, so that a second press is none.
    """

    personal = {"caller": CALLER, "number": NUMBER, "text": SAID, "place": SAID,
                "address": Label("接报核实", BASIS, 730, "address")}  # fmt: skip

    id = models.BigAutoField(primary_key=True)
    division = models.BigIntegerField()
    world = models.IntegerField(default=0)
    caller = SealedField(null=True)
    number = SealedField(null=True)
    text = SealedField()
    place = SealedField()
    address = models.CharField(max_length=64)
    form_key = models.CharField(max_length=64, unique=True)
    received_at = models.DateTimeField(db_default=AnlanNow())


from anlan.rooms.duty.hall_models import Handover, LogLine, RollCall, Task  # noqa: E402
from anlan.rooms.duty.report_models import Figure, Report  # noqa: E402

__all__ = [
    "Event", "Figure", "Handover", "Landmark", "LogLine", "Report", "RollCall", "Source", "Task",
    "WebReport",
]  # fmt: skip
