"""Shelters, zones, households, and what was counted in them on a night.

Flows in: lists of villages, an order with its call-out, counts by page, SMS or sheet. Flows out:
totals that add up at village, township and county. Names, numbers and needs are sealed.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.engines.callout.models import GRADES
from anlan.ground.models import Operational, Standing
from anlan.ground.secrets import Label, SealedField

BASIS = "突发事件应对法第六十七条第六项"
NAMED = Label("转移清点到户", BASIS, 365, "name", sensitive=True)
NEEDS = Label("转移时需要的帮助", BASIS, 365, "text", sensitive=True)
RISKS = [("high", _("高")), ("middle", _("中")), ("low", _("低"))]
WHERE = [
    ("sheltered", _("已安置")),
    ("relatives", _("投亲")),
    ("elsewhere", _("自行离开")),
    ("refused", _("不愿转移")),
    ("missing", _("联系不上")),
    ("not_yet", _("未转移")),
]


class Shelter(Standing):
    """A place to go (避难场所), with how many it holds and who keeps it."""

    name = models.CharField(max_length=100)
    capacity = models.IntegerField()
    keeper_post_id = models.BigIntegerField(null=True)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    demo = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)


class Zone(Standing):
    """An evacuation zone (转移片区) of about twelve households in a village."""

    name = models.CharField(max_length=100)
    hazard = models.CharField(max_length=30)
    risk = models.CharField(max_length=10, choices=RISKS, default="high")
    shelter = models.ForeignKey(Shelter, models.SET_NULL, null=True)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    demo = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)


class Household(Standing):
    """Who lives there, what help they need, and who fetches them."""

    personal = {"head": NAMED, "needs": NEEDS}

    zone = models.ForeignKey(Zone, models.PROTECT, related_name="households")
    head = SealedField()
    people = models.IntegerField()
    needs = SealedField(null=True)
    helper = models.ForeignKey("self", models.SET_NULL, null=True, related_name="helped")
    order = models.IntegerField(default=0)
    demo = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)


class Order(Operational):
    """An order to move (转移指令): of which authority, under which article, on whose yes.

    Given once for one warning, before any zone is opened by it.
    """

    origin_kind = models.CharField(max_length=40)
    origin_id = models.BigIntegerField()
    callout_id = models.BigIntegerField()
    authority = models.CharField(max_length=100)
    articles = models.CharField(max_length=200)
    text = models.TextField()
    divisions = models.JSONField()
    approved_by = models.CharField(max_length=200)
    given_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["world", "origin_kind", "origin_id"], name="order_once")
        ]


class Opening(Operational):
    """A zone that is open: how many are to move, and what is counted last.

    Open once in a world at a time, however many warnings there are. origin, callout and order are
    of what opened it; all that it stands on are its `bases`. grade: the highest of those that
    still stand.
    """

    zone = models.ForeignKey(Zone, models.PROTECT, related_name="openings")
    origin_kind = models.CharField(max_length=40)
    origin_id = models.BigIntegerField()
    callout_id = models.BigIntegerField(null=True)
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="openings")
    state = models.CharField(max_length=10, default="open")
    grade = models.CharField(max_length=10, default="", choices=GRADES)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    to_move = models.IntegerField()
    sheltered = models.IntegerField(default=0)
    relatives = models.IntegerField(default=0)
    elsewhere = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    missing = models.IntegerField(default=0)
    not_yet = models.IntegerField()
    link_sent_at = models.DateTimeField(null=True)
    counted_at = models.DateTimeField(null=True)
    counts = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["world", "zone"], name="opening_once", condition=models.Q(state="open")
            ),
            models.CheckConstraint(
                condition=models.Q(
                    to_move=models.F("sheltered")
                    + models.F("relatives")
                    + models.F("elsewhere")
                    + models.F("refused")
                    + models.F("missing")
                    + models.F("not_yet")
                ),
                name="opening_adds_up",
            ),
        ]


class Basis(Operational):
    """What an opening stands on (启用依据): a warning with its call-out and its order.

    A second call-out over the same places adds its own; the zone is sent home when none stands.
    link_person: who got the link of the count through this call-out.
    """

    opening = models.ForeignKey(Opening, models.CASCADE, related_name="bases", db_index=False)
    origin_kind = models.CharField(max_length=40)
    origin_id = models.BigIntegerField()
    callout_id = models.BigIntegerField(null=True)
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="bases")
    title = models.CharField(max_length=200)
    grade = models.CharField(max_length=10, default="", choices=GRADES)
    joined_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    link_sent_at = models.DateTimeField(null=True)
    link_person_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["opening", "origin_kind", "origin_id", "callout_id"],
                name="basis_once",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(
                fields=["origin_kind", "origin_id"],
                name="basis_standing",
                condition=models.Q(ended_at=None),
            ),
            models.Index(fields=["callout_id"], name="basis_callout"),
        ]


class Headcount(Operational):
    """One version of a zone's count: who said so, how, and when it was so."""

    opening = models.ForeignKey(Opening, models.CASCADE, related_name="headcounts")
    number = models.IntegerField()
    figures = models.JSONField()
    households = models.JSONField(default=dict)
    via = models.CharField(max_length=10)
    person_id = models.BigIntegerField(null=True)
    keyed_by = models.CharField(max_length=200, default="")
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["opening", "number"], name="headcount_number")
        ]
