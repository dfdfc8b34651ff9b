"""What is kept of a figure: zero reports, base counts, counts of running periods, figures
frozen with their members, checks.

Flows in: the facts of rooms and engines, at a month's end; what posts sign and what an authority
counted. Flows out: figures that do not move, and corrections (更正) that stand beside them.
"""

from __future__ import annotations

from django.db import models

from anlan.ground.models import AnlanNow, Operational, Standing


class ZeroReport(Operational):
    """A post signed that nothing happened in a period (零报告); a taken-back one stays, marked."""

    indicator = models.CharField(max_length=120)
    starts_on = models.DateField()
    ends_on = models.DateField()
    post_id = models.BigIntegerField()
    person_id = models.BigIntegerField(null=True)
    signed_by = models.CharField(max_length=200)
    signed_at = models.DateTimeField()
    signature = models.CharField(max_length=200)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["world", "indicator", "division", "starts_on", "ends_on"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="zero_report_once",
            )
        ]


class BaseCount(Standing):
    """How many there are by an authority's count at a day; the newest day counts."""

    indicator = models.CharField(max_length=120)
    count = models.DecimalField(max_digits=18, decimal_places=4)
    authority = models.CharField(max_length=100)
    counted_on = models.DateField()
    document = models.CharField(max_length=200)
    editor = models.CharField(max_length=200)
    demo = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["indicator", "division"], name="base_indicator")]


class KeptPeriod(Standing):
    """An indicator's counts are kept for a period, under these very words of its pack."""

    indicator = models.CharField(max_length=120)
    declared_digest = models.CharField(max_length=64)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField()
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["world", "indicator", "starts_on", "ends_on"],
                nulls_distinct=False, name="kept_period_once",
            )
        ]  # fmt: skip


class KeptTally(Operational):
    """The counts of one township (or of the county itself) in a kept period; none: no records."""

    indicator = models.CharField(max_length=120)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField()
    rows = models.BigIntegerField()
    part = models.DecimalField(max_digits=30, decimal_places=10)
    whole = models.DecimalField(max_digits=30, decimal_places=10)
    present = models.BigIntegerField()
    evidenced = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["world", "indicator", "starts_on", "ends_on", "division"],
                nulls_distinct=False, name="kept_tally_once",
            )
        ]  # fmt: skip


class FrozenFigure(Operational):
    """A figure as it stood at a month's end: it is never changed."""

    indicator = models.CharField(max_length=120)
    declared_digest = models.CharField(max_length=64)
    label = models.CharField(max_length=200)
    month = models.DateField()
    starts_on = models.DateField(null=True)
    ends_on = models.DateField()
    state = models.CharField(max_length=20)
    value = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    numerator = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    denominator = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    unit = models.CharField(max_length=20)
    reason = models.CharField(max_length=300)
    frozen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["world", "indicator", "division", "month"], name="frozen_once"
            )
        ]


class FrozenMember(Operational):
    """A record behind a frozen figure: whether it counted, and with which weight."""

    indicator = models.CharField(max_length=120)
    month = models.DateField()
    object_kind = models.CharField(max_length=80)
    object_id = models.BigIntegerField()
    label = models.CharField(max_length=200)
    counted = models.BooleanField()
    weight = models.DecimalField(max_digits=20, decimal_places=4)

    class Meta:
        indexes = [models.Index(fields=["indicator", "month", "division"], name="frozen_member")]


class CorrectionDue(Operational):
    """A frozen month that a change touches: the round computes it again and takes this away."""

    indicator = models.CharField(max_length=120)
    month = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["world", "indicator", "month"], name="correction_due_once"
            )
        ]


class Correction(Operational):
    """更正: what a later fact makes of a frozen figure. The frozen one stands beside it."""

    figure = models.ForeignKey(FrozenFigure, models.PROTECT, related_name="corrections")
    number = models.IntegerField()
    state = models.CharField(max_length=20)
    value = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    numerator = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    denominator = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    changes = models.JSONField()
    corrected_at = models.DateTimeField(db_default=AnlanNow())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["figure", "number"], name="correction_number")
        ]


class FigureCheck(Operational):
    """A person held a figure against its records (已核): good for that figure and no other."""

    indicator = models.CharField(max_length=120)
    figure_digest = models.CharField(max_length=64)
    shown = models.CharField(max_length=100)
    note = models.CharField(max_length=200)
    checked_by = models.CharField(max_length=200)
    person_id = models.BigIntegerField(null=True)
    checked_at = models.DateTimeField()
