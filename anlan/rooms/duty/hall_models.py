"""The hall: tasks and leaders' instructions, roll-calls, the shift's log, handovers.

Flows in: what officers and leaders say. Flows out: call-outs (by the engine), and what is open when
a shift ends.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.ground.models import Operational
from anlan.ground.secrets import Label

ORDERED = Label("交办和答复", "突发事件应对法第六十一条", 730, "text")
TASK_KINDS = [("task", _("交办")), ("instruction", _("批示"))]
TASK_STATES = [("open", _("待答复")), ("answered", _("已答复")), ("closed", _("已办结"))]


class Task(Operational):
    """Something that a post was told to do, with a clock, until it is answered.

    division: of the post. said_by: the leader whose instruction (批示) it is, with said_at.
    origin: what it came of (an event, a consultation). callout_id: the call-out that told the post.
    """

    personal = {"text": ORDERED, "answer": ORDERED}

    kind = models.CharField(max_length=12, choices=TASK_KINDS)
    text = models.TextField()
    said_by = models.CharField(max_length=100, default="")
    said_at = models.DateTimeField()
    origin_kind = models.CharField(max_length=40, default="")
    origin_id = models.BigIntegerField(null=True)
    to_post_id = models.BigIntegerField()
    to_title = models.CharField(max_length=100)
    minutes = models.IntegerField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=TASK_STATES, default="open")
    callout_id = models.BigIntegerField(null=True)
    given_by = models.CharField(max_length=200)
    given_person = models.BigIntegerField(null=True)
    answer = models.TextField(default="")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=200, default="")
    answered_via = models.CharField(max_length=10, default="")
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, default="")
    told_late_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="duty_task_due",
                         condition=models.Q(state="open")),
            models.Index(fields=["origin_kind", "origin_id"], name="duty_task_origin"),
        ]  # fmt: skip


class RollCall(Operational):
    """Who answered a roll-call (点名) stands in its call-out; this says what was asked."""

    text = models.CharField(max_length=200)
    minutes = models.IntegerField()
    callout_id = models.BigIntegerField(null=True)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)


class LogLine(Operational):
    """A line of the shift's log: written by hand, or by what the hall did. Never changed."""

    at = models.DateTimeField()
    text = models.CharField(max_length=500)
    by_hand = models.BooleanField()
    who = models.CharField(max_length=200)
    origin_kind = models.CharField(max_length=40, default="")
    origin_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["world", "-id"], name="duty_log_new")]


class Handover(Operational):
    """A shift handed over: what was open, signed by who goes and by who comes.

    items: what is open, each with kind, id, version, words and time, as the outgoing officer signed
    it. news: what changed between the two signatures, as the incoming officer signed it.
    """

    state = models.CharField(
        max_length=10,
        choices=[("offered", _("等接班人签字")), ("signed", _("已交接")),
                 ("withdrawn", _("已撤回"))],
        default="offered",
    )  # fmt: skip
    items = models.JSONField()
    news = models.JSONField(default=list)
    note = models.TextField(default="")
    out_at = models.DateTimeField()
    out_by = models.CharField(max_length=200)
    out_account = models.BigIntegerField(null=True)
    out_person = models.BigIntegerField(null=True)
    in_at = models.DateTimeField(null=True)
    in_by = models.CharField(max_length=200, default="")
    in_account = models.BigIntegerField(null=True)
    in_person = models.BigIntegerField(null=True)
    in_note = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["world", "division"], condition=models.Q(state="offered"),
                name="duty_handover_open_once",
            )
        ]  # fmt: skip
