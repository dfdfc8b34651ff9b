"""What a person decided about a promise of a pack and a row of a plan: once, and remembered."""

from __future__ import annotations

from django.db import models

from anlan.ground.models import Standing


class Tie(Standing):
    """This indicator's promise is that row, or no row of that year's plan (row_key empty).

    promise_key: what the pack says of the row; row_key: what the row says. Rows are only ever
    added here: the newest that applies counts (`ties.matches`).
    """

    year = models.IntegerField(null=True)
    indicator = models.CharField(max_length=120)
    promise_key = models.CharField(max_length=64)
    row_key = models.CharField(max_length=64, default="", blank=True)
    row_said = models.CharField(max_length=400, default="")
    why = models.CharField(max_length=200)
    decided_by = models.CharField(max_length=200)
    decided_person = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["indicator", "promise_key"], name="tie_promise")]
        ordering = ("id",)
