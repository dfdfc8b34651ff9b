"""Figures of an event, version by version, and its reports upwards (首报、续报、终报).

Flows in: what a person keyed, with source and time. Flows out: reports that say which version of
each figure they carried and what changed since the last.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.ground.models import Operational

KINDS = [("first", _("首报")), ("follow", _("续报")), ("final", _("终报"))]
STATES = [
    ("due", _("待报")),
    ("drafted", _("待签发")),
    ("sent", _("已报")),
    ("dropped", _("不再需要")),
]


class Figure(Operational):
    """One version of one figure. name: of packs/duty/events.yaml, with its unit there.

    value: a count, or yuan, or hectares. happened_at: as of when it was so (截至).
    """

    event = models.ForeignKey("duty.Event", models.PROTECT, related_name="figures")
    name = models.CharField(max_length=60)
    number = models.IntegerField()
    value = models.DecimalField(max_digits=18, decimal_places=2)
    source = models.CharField(max_length=200)
    source_row = models.ForeignKey("duty.Source", models.PROTECT, null=True, related_name="+")
    happened_at = models.DateTimeField()
    keyed_at = models.DateTimeField()
    keyed_by = models.CharField(max_length=200)
    why = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "name", "number"], name="duty_figure_number")
        ]


class Report(Operational):
    """A report that is due, drafted or sent.

    due_value: the rule value of the clock; due_runs: whether the program may hold anybody to it
    (a value that is 待核 only proposes). law: the articles. figures: what it carried, each with
    version, source and time; changes: against the report before.
    """

    event = models.ForeignKey("duty.Event", models.PROTECT, related_name="reports")
    kind = models.CharField(max_length=10, choices=KINDS)
    number = models.IntegerField()
    state = models.CharField(max_length=10, choices=STATES, default="due")
    reason = models.CharField(max_length=20)
    law = models.CharField(max_length=200)
    due_at = models.DateTimeField()
    due_value = models.CharField(max_length=60)
    due_runs = models.BooleanField()
    limit_at = models.DateTimeField(null=True)
    to = models.JSONField(default=list)
    level = models.CharField(max_length=100, default="")
    level_law = models.CharField(max_length=100, default="")
    title = models.CharField(max_length=200, default="")
    text = models.TextField(default="")
    figures = models.JSONField(default=list)
    changes = models.JSONField(default=list)
    as_of = models.DateTimeField(null=True)
    drafted_by = models.CharField(max_length=200, default="")
    drafted_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    sent_by = models.CharField(max_length=200, default="")
    sent_person = models.BigIntegerField(null=True)
    sent_via = models.CharField(max_length=60, default="")
    told_late_at = models.DateTimeField(null=True)
    dropped_why = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "number"], name="duty_report_number"),
            models.UniqueConstraint(
                fields=["event"],
                condition=models.Q(state__in=["due", "drafted"]),
                name="duty_report_open_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="duty_report_due",
                condition=models.Q(state__in=["due", "drafted"]),
            )
        ]  # fmt: skip
