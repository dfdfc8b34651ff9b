"""What stands: regulated objects (监管对象), how they stood on a day, and who regulates them.

Flows in: pages and tables of whoever keeps them. Flows out: rows that every sector points at by
kind and id, and facts for indicators. One firm, one building, one site stands once.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from anlan.county.models import Unit
from anlan.ground.models import Standing


class RegulatedObject(Standing):
    """One object: its type, code, name, typed fields and facets.

    fields: values by key, as `decisions.read_value` stores them. state: how it stands today; the
    dated ones are `ObjectState`. merged_into: the object that it turned out to be.
    """

    type = models.CharField(max_length=40)
    code = models.CharField(max_length=60, blank=True, default="")
    name = models.CharField(max_length=200)
    fields = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    facets = ArrayField(models.CharField(max_length=82), default=list)
    state = models.CharField(max_length=40)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    source = models.CharField(max_length=200, default="")
    demo = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["world", "type", "code"],
                condition=models.Q(ended_at__isnull=True) & ~models.Q(code=""),
                name="object_code_once",
            )
        ]
        indexes = [models.Index(fields=["type", "division", "id"], name="object_place")]


class ObjectState(Standing):
    """A state from a day on, with the paper that says so; never changed, only followed."""

    object = models.ForeignKey(RegulatedObject, models.PROTECT, related_name="states")
    state = models.CharField(max_length=40)
    from_on = models.DateField()
    document = models.CharField(max_length=200, default="")
    entered_by = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["object", "from_on", "id"], name="state_day")]


class Duty(Standing):
    """A line of the duty matrix (三管三必须): a unit regulates a type, or a part of it, and why.

    field, value: a choice of the type; both empty: the whole type. unit_name stands here too, since
    a township reads the matrix and not the county's units.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    unit_name = models.CharField(max_length=100)
    type = models.CharField(max_length=40)
    field = models.CharField(max_length=82, blank=True, default="")
    value = models.CharField(max_length=40, blank=True, default="")
    why = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["world", "unit", "type", "field", "value"],
                condition=models.Q(ended_at__isnull=True),
                name="duty_once",
            )
        ]
