"""Letters that press for what is late (督促函): proposed by a round, sent and answered by people.

Flows in: targets of the plan that are missed or unreported past their day, and have a confirmed
lead. Flows out: what is pressed, since when, and what came of it.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.county.models import Unit
from anlan.ground.models import Operational

STATES = [
    ("proposed", _("待发")), ("sent", _("待签收")), ("acknowledged", _("待答复")),
    ("answered", _("已答复")), ("closed", _("已办结")), ("dropped", _("未发")),
]  # fmt: skip


class Letter(Operational):
    """A letter about one target. step 1: to the lead unit; step 2: to the leader in charge.

    row_key, indicator: the target, whatever number its row bears. facts, articles: what the draft
    stands on, as it was then. due_at: the end of the day by which the unit answers; unsure: whether
    a day in between is unverified (待核). outcome: met, answered, or empty while it is open.
    """

    plan_id = models.BigIntegerField()
    row_key = models.CharField(max_length=64)
    row_number = models.CharField(max_length=20)
    row_name = models.CharField(max_length=300)
    indicator = models.CharField(max_length=120)
    label = models.CharField(max_length=200)
    step = models.IntegerField(default=1)
    before = models.ForeignKey("self", models.PROTECT, null=True, related_name="after")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20)
    since = models.DateField()
    facts = models.JSONField()
    articles = models.JSONField()
    title = models.CharField(max_length=200)
    text = models.TextField()
    demo = models.BooleanField(default=False)

    state = models.CharField(max_length=12, choices=STATES, default="proposed")
    proposed_at = models.DateTimeField()
    number = models.CharField(max_length=40, default="")
    serial = models.IntegerField(null=True)
    year = models.IntegerField(null=True)
    to_post_id = models.BigIntegerField(null=True)
    to_title = models.CharField(max_length=100, default="")
    sent_at = models.DateTimeField(null=True)
    sent_by = models.CharField(max_length=200, default="")
    sent_person = models.BigIntegerField(null=True)
    due_at = models.DateTimeField(null=True)
    unsure = models.BooleanField(default=False)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=200, default="")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=200, default="")
    answer = models.TextField(default="")
    promised_on = models.DateField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, default="")
    closed_why = models.CharField(max_length=200, default="")
    outcome = models.CharField(max_length=12, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["world", "row_key", "indicator", "step"],
                condition=models.Q(state__in=["proposed", "sent", "acknowledged", "answered"]),
                name="letter_open_once",
            ),
            models.UniqueConstraint(fields=["world", "year", "serial"], name="letter_number"),
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="letter_state")]
