"""What came in, as it came; the warnings drafted from it; who approved which version of them.

Flows in: pasted text, CAP messages of declared sources, the county's places. Flows out: a launch
for the call-out.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.ground.models import AnlanNow, Operational

STATES = [
    ("draft", _("草稿")),
    ("submitted", _("待审批")),
    ("approved", _("已批准")),
    ("released", _("已发出")),
    ("lifted", _("已解除")),
    ("changed", _("已变更")),
    ("withdrawn", _("已撤回")),
]


ACTS = [("issue", _("发布")), ("change", _("变更")), ("lift", _("解除"))]
WAYS = [("poll", _("我们去取")), ("push", _("对方推送"))]
FATES = [
    ("held", _("等人定")),
    ("drafted", _("已起草")),
    ("refused", _("不采用")),
    ("set_aside", _("不办")),
]


class Source(models.Model):
    """Who may send CAP messages: an address that we ask, or somebody who holds a token.

    hosts: `host:port` pairs that redirects and links of its index may lead to; networks: of the
    county's intranet, where it lies there; senders: the CAP senders that it speaks for;
    certificate: PEM, where its messages are declared signed. token_hash: keyed. failures: in a
    row; rests_until: the breaker is open until then.
    """

    name = models.CharField(max_length=100, unique=True)
    way = models.CharField(max_length=5, choices=WAYS)
    url = models.CharField(max_length=500, default="", blank=True)
    hosts = models.JSONField(default=list)
    networks = models.CharField(max_length=200, default="", blank=True)
    senders = models.JSONField(default=list)
    certificate = models.TextField(default="", blank=True)
    token_hash = models.BinaryField(null=True, unique=True)
    every_s = models.IntegerField(default=60)
    paused = models.BooleanField(default=False)
    version = models.IntegerField(default=1)
    made_at = models.DateTimeField(db_default=AnlanNow(), editable=False)
    changed_at = models.DateTimeField(db_default=AnlanNow())
    next_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    ok_at = models.DateTimeField(null=True)
    etag = models.CharField(max_length=300, default="")
    modified = models.CharField(max_length=100, default="")
    failures = models.IntegerField(default=0)
    rests_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, default="")
    error_at = models.DateTimeField(null=True)
    took = models.BigIntegerField(default=0)


class Received(Operational):
    """A CAP message as it came, and what became of it.

    first: the one message that bears its identifier; later ones with the same identifier are
    refused. entry: digest of the index entry that led to it. reasons: why it is where it is.
    """

    source = models.ForeignKey(Source, models.PROTECT, null=True)
    way = models.CharField(max_length=5)
    link = models.CharField(max_length=500, default="")
    entry = models.CharField(max_length=64, default="")
    digest = models.CharField(max_length=64)
    content = models.BinaryField()
    first = models.BooleanField(default=False)
    identifier = models.CharField(max_length=200, default="")
    sender = models.CharField(max_length=200, default="")
    sent_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=20, default="")
    kind = models.CharField(max_length=20, default="")
    headline = models.CharField(max_length=300, default="")
    words = models.TextField(default="")
    references = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=FATES)
    reasons = models.JSONField(default=list)
    received_at = models.DateTimeField()
    received_by = models.CharField(max_length=200, default="")
    handled_at = models.DateTimeField(null=True)
    handled_by = models.CharField(max_length=200, default="")
    handled_why = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [
            models.Index(fields=["world", "state", "-id"], name="received_state"),
            models.Index(fields=["world", "digest"], name="received_digest"),
            models.Index(fields=["source", "entry"], name="received_entry"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["world", "sender", "identifier"], condition=models.Q(first=True),
                name="received_once",
            )
        ]  # fmt: skip


class Bulletin(Operational):
    """The text exactly as it was pasted, and what the reader made of it."""

    text = models.TextField()
    reading = models.JSONField()
    pasted_by = models.CharField(max_length=200)
    received_at = models.DateTimeField()


class Warning(Operational):
    """A warning with all that 突发事件应对法 art. 64 asks for.

    act: issue, or change or lift of the released warning that it follows. item: its number where
    one text holds several.
    """

    bulletin = models.ForeignKey(Bulletin, models.PROTECT, null=True)
    received = models.ForeignKey(Received, models.PROTECT, null=True, related_name="warnings")
    act = models.CharField(max_length=10, choices=ACTS, default="issue", db_default="issue")
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="followers")
    item = models.IntegerField(default=1, db_default=1)
    kind = models.CharField(max_length=30)
    kind_label = models.CharField(max_length=30)
    grade = models.CharField(max_length=10)
    starts_at = models.DateTimeField()
    area = models.CharField(max_length=300)
    divisions = models.JSONField()
    caution = models.TextField()
    measures = models.TextField()
    measures_law = models.CharField(max_length=100)
    issuer = models.CharField(max_length=100)
    signal_issuer = models.CharField(max_length=100)
    sms = models.TextField()
    doubts = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=STATES, default="draft")
    drafted_by = models.CharField(max_length=200)
    drafted_account = models.BigIntegerField(null=True)
    drafted_person = models.BigIntegerField(null=True)
    submitted_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    callout_id = models.BigIntegerField(null=True)
    lifted_callout_id = models.BigIntegerField(null=True)
    override_why = models.TextField(default="")
    review_due_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["world", "state", "-id"], name="warning_state")]


class Approval(Operational):
    """A second person's yes to one version of a warning, or to its all-clear."""

    warning = models.ForeignKey(Warning, models.CASCADE, related_name="approvals")
    act = models.CharField(max_length=10)
    of_version = models.IntegerField()
    approved_by = models.CharField(max_length=200)
    account = models.BigIntegerField(null=True)
    person = models.BigIntegerField(null=True)
    approved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["warning", "act", "of_version"], name="approval_once")
        ]
