"""The county's own values: what it saved on its page, with editor and document."""

from __future__ import annotations

from django.db import models

from anlan.ground.models import Standing


class SavedValue(Standing):
    """A rule value that the county runs on, from a moment on; the newest one counts."""

    name = models.CharField(max_length=100)
    value = models.JSONField()
    document = models.CharField(max_length=200, default="")
    editor = models.CharField(max_length=200)
    demo = models.BooleanField(default=False)
    valid_from = models.DateTimeField()

    class Meta:
        db_table = "policy_value"
        indexes = [models.Index(fields=["name", "valid_from"], name="policy_value_name")]
