"""What the board keeps: leads that a person confirmed, and how each place's rows stand.

Flows in: confirmations, and figures computed by a round. Flows out: who answers for a row, and a
board that is read in one query however many indicators there are.
"""

from __future__ import annotations

from django.db import models

from anlan.county.models import Unit
from anlan.ground.models import Operational, Standing


class Lead(Standing):
    """A lead unit (牵头单位) that a person confirmed, for a whole row or for one target of it.

    row_key: what the row says, so that a new version of the plan keeps the lead of a row that did
    not change and drops that of one that did. target: an indicator's name; empty: the whole row.
    """

    year = models.IntegerField()
    row_key = models.CharField(max_length=64)
    target = models.CharField(max_length=120, default="", blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    document = models.CharField(max_length=200)
    confirmed_by = models.CharField(max_length=200)
    confirmed_person = models.BigIntegerField(null=True)
    confirmed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, default="")
    ended_why = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["world", "year", "row_key", "target"],
                condition=models.Q(ended_at__isnull=True),
                name="lead_once",
            )
        ]


class BoardState(Operational):
    """How the rows of one place stand, as last computed.

    states: row as `4/40` → state; figures: row → its figures in short. Only rows that an indicator
    answers stand here.
    """

    states = models.JSONField()
    figures = models.JSONField()
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["world", "division"], name="board_state_once")
        ]
