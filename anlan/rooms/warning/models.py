"""A bulletin as it came, the warning drafted from it, and who approved which version of it.

Flows in: pasted text, the county's places. Flows out: a launch for the call-out.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.ground.models import Operational

STATES = [
    ("draft", _("草稿")),
    ("submitted", _("待审批")),
    ("approved", _("已批准")),
    ("released", _("已发出")),
    ("lifted", _("已解除")),
    ("withdrawn", _("已撤回")),
]


class Bulletin(Operational):
    """The text exactly as it was pasted, and what the reader made of it."""

    text = models.TextField()
    reading = models.JSONField()
    pasted_by = models.CharField(max_length=200)
    received_at = models.DateTimeField()


class Warning(Operational):
    """A warning with all that 突发事件应对法 art. 64 asks for."""

    bulletin = models.ForeignKey(Bulletin, models.PROTECT, null=True)
    kind = models.CharField(max_length=30)
    kind_label = models.CharField(max_length=30)
    grade = models.CharField(max_length=10)
    starts_at = models.DateTimeField()
    area = models.CharField(max_length=300)
    divisions = models.JSONField()
    caution = models.TextField()
    measures = models.TextField()
    measures_law = models.CharField(max_length=100)
    issuer = models.CharField(max_length=100)
    signal_issuer = models.CharField(max_length=100)
    sms = models.TextField()
    doubts = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=STATES, default="draft")
    drafted_by = models.CharField(max_length=200)
    drafted_account = models.BigIntegerField(null=True)
    drafted_person = models.BigIntegerField(null=True)
    submitted_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    callout_id = models.BigIntegerField(null=True)
    lifted_callout_id = models.BigIntegerField(null=True)
    override_why = models.TextField(default="")
    review_due_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["world", "state", "-id"], name="warning_state")]


class Approval(Operational):
    """A second person's yes to one version of a warning, or to its all-clear."""

    warning = models.ForeignKey(Warning, models.CASCADE, related_name="approvals")
    act = models.CharField(max_length=10)
    of_version = models.IntegerField()
    approved_by = models.CharField(max_length=200)
    account = models.BigIntegerField(null=True)
    person = models.BigIntegerField(null=True)
    approved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["warning", "act", "of_version"], name="approval_once")
        ]
