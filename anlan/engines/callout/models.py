"""A call-out, its calls, their attempts, and what came back.

Flows in: a launch (who, what, which chain). Flows out: attempts for the gateway, answers, tasks for
somebody who knocks, alarms. Every deadline is a row's `due_at`.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.ground.models import AnlanNow, Operational
from anlan.ground.secrets import Label, SealedField

GRADES = [("red", _("红色")), ("orange", _("橙色")), ("yellow", _("黄色")), ("blue", _("蓝色"))]
CALL_STATES = [
    ("waiting", _("待叫")),
    ("ringing", _("叫应中")),
    ("answered", _("已应答")),
    ("help", _("需支援")),
    ("fallback", _("兜底中")),
    ("reached_by_fallback", _("兜底到达")),
    ("nobody", _("无人应答")),
    ("stopped", _("已停止")),
]
MESSAGE = Label("应答核对", "突发事件应对法第六十四条", 730, "text")
FROM = Label("应答凭据", "突发事件应对法第六十四条", 730, "address")


class Callout(Operational):
    """One act of calling a list of posts about one thing."""

    kind = models.CharField(max_length=20)
    origin_kind = models.CharField(max_length=40)
    origin_id = models.BigIntegerField()
    chain = models.CharField(max_length=60)
    grade = models.CharField(max_length=10, choices=GRADES)
    title = models.CharField(max_length=200)
    text = models.TextField()
    divisions = models.JSONField()
    key = models.CharField(max_length=100)
    body_digest = models.BinaryField()
    follows = models.ForeignKey("self", models.PROTECT, null=True)
    minutes = models.IntegerField()
    wait_minutes = models.IntegerField()
    state = models.CharField(max_length=10, default="open")
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["world", "key"], name="callout_once")]
        indexes = [models.Index(fields=["world", "state", "-id"], name="callout_state")]


class Call(Operational):
    """One post to be reached. `reason` says why it stands where it stands."""

    callout = models.ForeignKey(Callout, models.CASCADE, related_name="calls", db_index=False)
    level = models.SmallIntegerField()
    priority = models.SmallIntegerField(db_default=3)
    post_id = models.BigIntegerField()
    post_title = models.CharField(max_length=100)
    superior_post_id = models.BigIntegerField(null=True)
    fallback_kind = models.CharField(max_length=30, default="")
    code = models.CharField(max_length=6)
    state = models.CharField(max_length=20, choices=CALL_STATES, default="waiting")
    reason = models.CharField(max_length=100, default="")
    rings = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.BigIntegerField(null=True)
    answered_role = models.CharField(max_length=20, default="")
    answered_via = models.CharField(max_length=10, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["callout", "post_id"], name="call_once")]
        indexes = [
            models.Index(
                fields=["priority", "due_at"],
                name="call_due",
                condition=models.Q(due_at__isnull=False),
            ),
            models.Index(
                fields=["callout", "level", "division"],
                name="call_waiting",
                condition=models.Q(state="waiting"),
            ),
            models.Index(fields=["code"], name="call_code"),
        ]


class Attempt(Operational):
    """One person, one channel, one try; submitted at most twice, whatever dies in between.

    open: still to be sent. It does not change when a row is claimed, so that a claim writes to no
    index (the table keeps room on its pages for it).
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="attempts", db_index=False)
    person_id = models.BigIntegerField()
    role = models.CharField(max_length=10)
    channel = models.CharField(max_length=10, default="sms")
    try_no = models.SmallIntegerField()
    priority = models.SmallIntegerField()
    text = models.TextField()
    state = models.CharField(max_length=10, default="due")
    open = models.GeneratedField(
        expression=models.Q(state__in=["due", "claimed"]),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    not_before = models.DateTimeField()
    submits = models.SmallIntegerField(default=0)
    retries = models.SmallIntegerField(default=0)
    lease = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    gateway_ref = models.CharField(max_length=70, default="")
    submitted_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=100, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["call", "person_id", "channel", "try_no"], name="attempt_once"
            ),
            models.CheckConstraint(
                condition=models.Q(submits__lte=2), name="attempt_submitted_at_most_twice"
            ),
        ]
        indexes = [
            models.Index(
                fields=["priority", "id"], name="attempt_due", condition=models.Q(open=True)
            ),
        ]


class Answer(Operational):
    """What somebody said to a call; every one is kept, the first one decides.

    Each carries its evidence from outside: the message that came in, the link that was used and
    from which address, or the account that keyed it in. The database refuses one without.
    """

    personal = {"address": FROM}

    call = models.ForeignKey(Call, models.CASCADE, related_name="answers")
    person_id = models.BigIntegerField(null=True)
    role = models.CharField(max_length=20, default="")
    kind = models.CharField(max_length=10)
    via = models.CharField(max_length=10)
    counts = models.BooleanField()
    happened_at = models.DateTimeField()
    inbound_id = models.BigIntegerField(null=True)
    link_id = models.BigIntegerField(null=True)
    account_id = models.BigIntegerField(null=True)
    address = models.CharField(max_length=64, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["inbound_id"],
                name="answer_one_a_message",
                condition=models.Q(inbound_id__isnull=False),
            ),
            models.CheckConstraint(
                name="answer_has_evidence",
                condition=models.Q(
                    via="sms",
                    inbound_id__isnull=False,
                    link_id=None,
                    account_id=None,
                    person_id__isnull=False,
                )
                | models.Q(
                    via="link",
                    link_id__isnull=False,
                    inbound_id=None,
                    account_id=None,
                    person_id__isnull=False,
                )
                & ~models.Q(address="")
                | models.Q(via="keyed", account_id__isnull=False, inbound_id=None, link_id=None)
                & ~models.Q(address=""),
            ),
        ]


class Inbound(Operational):
    """A message from outside, stored before it is acknowledged; never refused."""

    personal = {"number": MESSAGE, "text": MESSAGE}

    gateway = models.CharField(max_length=40)
    message_id = models.CharField(max_length=70)
    number = SealedField()
    number_hash = models.BinaryField()
    person_id = models.BigIntegerField(null=True)
    post_title = models.CharField(max_length=100, default="")
    text = SealedField()
    state = models.CharField(max_length=10, default="new")
    taken_by = models.CharField(max_length=40, default="")
    why = models.CharField(max_length=200, default="")
    received_at = models.DateTimeField(db_default=AnlanNow())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "message_id"], name="inbound_once"),
            models.UniqueConstraint(fields=["id", "person_id"], name="inbound_of_person"),
        ]
        indexes = [models.Index(fields=["id"], name="inbound_new", condition=models.Q(state="new"))]


PROOF = Label("兜底凭据", "突发事件应对法第六十四条", 730, "text")


class Fallback(Operational):
    """Somebody named goes there: knock, gong. Closed with time and proof.

    place: where it was, in words. lat, lon: where the telephone says it is, WGS-84 degrees.
    photo_says: place and time that the photo itself carries (EXIF), kept as it came and never
    taken for the truth.
    """

    personal = {"proof": PROOF, "proof_file": PROOF, "photo_says": PROOF}

    call = models.OneToOneField(Call, models.CASCADE, related_name="fallback")
    step = models.CharField(max_length=40)
    person_id = models.BigIntegerField()
    post_title = models.CharField(max_length=100)
    given_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    happened_at = models.DateTimeField(null=True)
    proof = models.TextField(default="")
    proof_file = models.CharField(max_length=64, default="")
    photo_says = models.JSONField(default=dict)
    place = models.CharField(max_length=100, default="")
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)


class Link(Operational):
    """A signed link: one person, one call, one kind of act."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="links", db_index=False)
    person_id = models.BigIntegerField()
    role = models.CharField(max_length=20, default="")
    act = models.CharField(max_length=20)
    object_id = models.BigIntegerField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "call", "person_id"], name="link_of_person")
        ]


class Alarm(Operational):
    """What a duty officer must see: a vacant post, nobody reached, help asked for."""

    kind = models.CharField(max_length=20)
    call = models.ForeignKey(Call, models.CASCADE, related_name="alarms")
    text = models.CharField(max_length=200)
    raised_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    seen_by = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "kind"], name="alarm_once")]
