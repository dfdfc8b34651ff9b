"""A consultation (会商研判): who met, on what inputs, what each said, what was decided.

Flows in: what the county knows at that moment, frozen with kind, id and version. Flows out: a
decision, the orders that follow it (tasks of the duty hall that name it as origin), minutes.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.ground.models import Operational

STATES = [
    ("open", _("在准备")),
    ("frozen", _("会商中")),
    ("decided", _("已决定")),
    ("dropped", _("已取消")),
]


class Consultation(Operational):
    """inputs: rows {kind, id, version, label, words, at}; nothing of them changes once frozen."""

    title = models.CharField(max_length=200)
    about_kind = models.CharField(max_length=40, default="")
    about_id = models.BigIntegerField(null=True)
    chair = models.CharField(max_length=100)
    attendees = models.TextField(default="")
    state = models.CharField(max_length=10, choices=STATES, default="open")
    called_at = models.DateTimeField()
    called_by = models.CharField(max_length=200)
    inputs = models.JSONField(default=list)
    frozen_at = models.DateTimeField(null=True)
    frozen_by = models.CharField(max_length=200, default="")
    decision = models.TextField(default="")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, default="")
    decided_person = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["world", "state", "-id"], name="consultation_state")]


class Opinion(Operational):
    """What one unit or person said; kept as said, none is edited."""

    consultation = models.ForeignKey(Consultation, models.PROTECT, related_name="opinions")
    who = models.CharField(max_length=100)
    text = models.TextField()
    said_at = models.DateTimeField()
    keyed_by = models.CharField(max_length=200)
