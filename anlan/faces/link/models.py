"""Links (联通) to other counties and the city: to whom, what leaves, what came, and what is known.

Flows in: an administrator's row of whom we speak to, a subscription that two persons approved,
letters from the other side. Flows out: numbered letters that were stored before they were sent,
their receipts, and what the other county counted. No name of a person stands in any of it.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.ground.models import AnlanNow, Operational, Standing
from anlan.ground.secrets import SealedField

SIDES = [("upper", _("上级")), ("lower", _("下级")), ("neighbour", _("邻县"))]
ADAPTERS = [("http", _("网络直连")), ("file_drop", _("文件交换"))]
SUBJECTS = [("headcount", _("转移人数")), ("orders", _("转移指令"))]
OPEN_WHILE = [("evacuation", _("有片区在转移时"))]
STATES = [("proposed", _("等批准")), ("standing", _("在报")), ("ended", _("已停止"))]


class Peer(models.Model):
    """Another county or the city: how it is reached and how both prove themselves.

    code: its division code, twelve digits. key: the secret that both sides hold, base64. exercise:
    it takes part in exercises, so that letters of one may go there. networks: of the intranet it
    lies in. authority: PEM of the authority that signed its certificate, where it is no public one.
    heard_at: the last letter or receipt that was proved to be its own.
    """

    name = models.CharField(max_length=100, unique=True)
    code = models.BigIntegerField(unique=True)
    side = models.CharField(max_length=10, choices=SIDES)
    adapter = models.CharField(max_length=10, choices=ADAPTERS)
    url = models.CharField(max_length=500, default="", blank=True)
    networks = models.CharField(max_length=200, default="", blank=True)
    authority = models.TextField(default="", blank=True)
    exercise = models.BooleanField(default=False)
    key = SealedField(null=True)
    paused = models.BooleanField(default=False)
    version = models.IntegerField(default=1)
    made_at = models.DateTimeField(db_default=AnlanNow(), editable=False)
    heard_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    error = models.CharField(max_length=500, default="")
    error_at = models.DateTimeField(null=True)


class Subscription(Standing):
    """What leaves to whom, how often, while what is open; approved by a second person, once."""

    peer = models.ForeignKey(Peer, models.PROTECT, related_name="subscriptions")
    what = models.CharField(max_length=20, choices=SUBJECTS)
    every_s = models.IntegerField(default=1800)
    while_open = models.CharField(max_length=20, choices=OPEN_WHILE, default="evacuation")
    state = models.CharField(max_length=10, choices=STATES, default="proposed")
    proposed_by = models.CharField(max_length=200)
    proposed_account = models.BigIntegerField(null=True)
    proposed_person = models.BigIntegerField(null=True)
    proposed_at = models.DateTimeField()
    approved_by = models.CharField(max_length=200, default="")
    approved_person = models.BigIntegerField(null=True)
    approved_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, default="")
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["world", "peer", "what"],
                name="subscription_once",
                condition=~models.Q(state="ended"),
            )
        ]


class Outstream(Operational):
    """The counter of what we send to a peer out of one world. asked_at: last sign of life."""

    peer = models.ForeignKey(Peer, models.PROTECT)
    last_number = models.BigIntegerField(default=0)
    known_to = models.BigIntegerField(default=0)
    asked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["world", "peer"], name="outstream_once")]


class Outgoing(Operational):
    """A numbered letter to a peer, kept word for word until there is a receipt, and after.

    key: what of the subscription's subject it tells, where that leaves only once. due_at: the turn
    that it was made for. next_at: when it is sent (again).
    """

    peer = models.ForeignKey(Peer, models.PROTECT, related_name="outgoing")
    subscription = models.ForeignKey(Subscription, models.PROTECT, null=True)
    number = models.BigIntegerField()
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=60, default="")
    letter = models.TextField()
    due_at = models.DateTimeField()
    made_at = models.DateTimeField()
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    receipt_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=500, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["world", "peer", "number"], name="outgoing_number"),
            models.UniqueConstraint(
                fields=["world", "subscription", "key"],
                name="outgoing_key_once",
                condition=~models.Q(key=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["world", "peer", "next_at"],
                name="outgoing_waits",
                condition=models.Q(receipt_at=None),
            ),
            models.Index(fields=["world", "subscription", "-id"], name="outgoing_last"),
        ]


class Instream(Operational):
    """What is known of a peer's letters out of one of its worlds.

    stream: that world's number there, 0 for the real one. whole_to: every number up to it is here.
    highest: of those here. last_said: the highest that the other side says it has sent.
    """

    peer = models.ForeignKey(Peer, models.PROTECT)
    stream = models.IntegerField()
    whole_to = models.BigIntegerField(default=0)
    highest = models.BigIntegerField(default=0)
    last_said = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["peer", "stream"], name="instream_once")]


class Incoming(Operational):
    """A letter that came, once, however often it was sent. digest: of its words."""

    peer = models.ForeignKey(Peer, models.PROTECT, related_name="incoming")
    stream = models.IntegerField()
    number = models.BigIntegerField()
    kind = models.CharField(max_length=20)
    body = models.JSONField()
    digest = models.CharField(max_length=64)
    as_of = models.DateTimeField()
    received_at = models.DateTimeField()
    times = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["peer", "stream", "number"], name="incoming_number")
        ]
        indexes = [
            models.Index(fields=["world", "peer", "kind", "-number"], name="incoming_newest")
        ]


class Nonce(models.Model):
    """A number used once by a peer in a signed question, kept as long as it could be replayed."""

    peer = models.ForeignKey(Peer, models.CASCADE, db_index=False)
    nonce = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["peer", "nonce"], name="nonce_once")]
