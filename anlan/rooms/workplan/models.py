"""The plan in versions, and its rows with what they promise.

Flows in: a document, read. Flows out: rows for the board, each with its targets; figures come from
the indicators that name the row.
"""

from __future__ import annotations

from django.db import models

from anlan.ground.models import Standing


class PlanVersion(Standing):
    """One reading of a document; entered by one person, confirmed by another."""

    title = models.CharField(max_length=200)
    year = models.IntegerField(null=True)
    document = models.JSONField()
    points = models.JSONField()
    doubts = models.JSONField()
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=10, default="entered")
    entered_by = models.CharField(max_length=200)
    entered_person = models.BigIntegerField(null=True)
    confirmed_by = models.CharField(max_length=200, default="")
    demo = models.BooleanField(default=False)


class PlanRow(Standing):
    """A row of a version's tables."""

    plan = models.ForeignKey(PlanVersion, models.CASCADE, related_name="rows")
    table = models.IntegerField()
    table_title = models.CharField(max_length=100)
    row = models.IntegerField()
    name = models.CharField(max_length=300)
    text = models.TextField()
    units = models.JSONField()
    quantities = models.JSONField()
    deadline = models.CharField(max_length=20)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "table", "row"], name="row_once")]
        ordering = ("table", "row")


from anlan.rooms.workplan.board_models import BoardState, Lead  # noqa: E402

__all__ = ["BoardState", "Lead", "PlanRow", "PlanVersion"]
