"""The plan in versions, its rows with what they promise, its doubts, and every edit of a row.

Flows in: a document, read. Flows out: rows for the board, each with its targets; figures come from
the indicators that name the row. The database itself holds that nobody confirms what they entered
(`migrations/0004`).
"""

from __future__ import annotations

from django.db import models

from anlan.ground.models import Standing

# Doubts that are settled by a choice: which unit is meant, which row an indicator answers.
UNIT_ASKED, ROW_ASKED = "unit-unknown", "indicator-row"
# Which of the confirmed versions runs: the newest year, then the newest confirmation.
RUNS_FIRST = (models.F("year").desc(nulls_last=True), "-confirmed_at", "-id")


class PlanVersion(Standing):
    """One reading of a document; entered by one person, confirmed by another."""

    title = models.CharField(max_length=200)
    year = models.IntegerField(null=True)
    document = models.JSONField()
    points = models.JSONField()
    doubts = models.JSONField()
    digest = models.CharField(max_length=64)
    file_name = models.CharField(max_length=200, default="")
    state = models.CharField(max_length=10, default="entered")
    entered_by = models.CharField(max_length=200)
    entered_person = models.BigIntegerField(null=True)
    confirmed_by = models.CharField(max_length=200, default="")
    confirmed_person = models.BigIntegerField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    replaces = models.ForeignKey("self", models.PROTECT, null=True, related_name="replaced_by")
    withdrawn_by = models.CharField(max_length=200, default="")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField(max_length=200, default="")
    demo = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["world", "year"], condition=models.Q(state="confirmed"),
                nulls_distinct=False, name="plan_one_runs",
            ),
            models.UniqueConstraint(
                fields=["world", "digest"], condition=~models.Q(state="undone"),
                name="plan_file_once",
            ),
        ]  # fmt: skip


class PlanOriginal(Standing):
    """The document of a version as it was read: paragraphs and cells with places and marks."""

    plan = models.OneToOneField(PlanVersion, models.CASCADE, related_name="original")
    blocks = models.JSONField()
    cut = models.IntegerField(default=0)


class PlanRow(Standing):
    """A row of a version's tables.

    lead_state: proposed (拟: the first named), written (牵头 stands in the document) or settled
    by a person. Which indicators answer the row is no field of it: see `ties`.
    """

    plan = models.ForeignKey(PlanVersion, models.CASCADE, related_name="rows")
    table = models.IntegerField()
    table_title = models.CharField(max_length=100)
    row = models.IntegerField()
    name = models.CharField(max_length=300)
    text = models.TextField()
    units = models.JSONField()
    units_text = models.TextField(default="")
    lead_state = models.CharField(max_length=10, default="proposed")
    note = models.TextField(default="")
    quantities = models.JSONField()
    deadline = models.CharField(max_length=20)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "table", "row"], name="row_once")]
        ordering = ("table", "row")


class PlanDoubt(Standing):
    """What the reader was not sure of, what it proposes, and what a person settled.

    subject: the unit as written, where the county does not know it, or the indicator that looks
    for its row. choice: accepted or edited.
    """

    plan = models.ForeignKey(PlanVersion, models.CASCADE, related_name="doubt_rows")
    number = models.IntegerField()
    code = models.CharField(max_length=40)
    table = models.IntegerField(null=True)
    row = models.IntegerField(null=True)
    point = models.IntegerField(null=True)
    message = models.TextField()
    subject = models.CharField(max_length=200, default="")
    proposal = models.JSONField()
    choice = models.CharField(max_length=10, default="")
    outcome = models.CharField(max_length=300, default="")
    why = models.CharField(max_length=200, default="")
    settled_by = models.CharField(max_length=200, default="")
    settled_person = models.BigIntegerField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="doubt_once")]
        ordering = ("number",)

    @property
    def asks(self) -> bool:
        """Whether it is settled by a choice among candidates, not by an edit of a row."""
        return self.code in (UNIT_ASKED, ROW_ASKED)


class PlanChange(Standing):
    """One edit of a row: fields: {field: [before, after]}; rows are only ever added here."""

    plan = models.ForeignKey(PlanVersion, models.CASCADE, related_name="changes")
    row = models.ForeignKey(PlanRow, models.CASCADE, related_name="changes")
    doubt = models.ForeignKey(PlanDoubt, models.PROTECT, null=True, related_name="changes")
    to_version = models.IntegerField()
    fields = models.JSONField()
    why = models.CharField(max_length=200)
    changed_by = models.CharField(max_length=200)
    changed_person = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["row", "to_version"], name="plan_change_once")
        ]
        ordering = ("id",)


from anlan.rooms.workplan.board_models import BoardState, Lead  # noqa: E402
from anlan.rooms.workplan.tie_models import Tie  # noqa: E402

__all__ = [
    "BoardState",
    "Lead",
    "PlanChange",
    "PlanDoubt",
    "PlanOriginal",
    "PlanRow",
    "PlanVersion",
    "Tie",
]
