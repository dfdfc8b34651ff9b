"""Divisions, units, posts, people, roster, accounts: whom everything points at.

Flows in: the county's tables by hand or XLSX. Flows out: who holds a post at a moment, and how to
reach them. A duty belongs to a post; who holds it is always asked at a time, so that a change of
post moves every duty with it and last month's record still shows who held it then.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.ground.models import AnlanNow, Standing
from anlan.ground.secrets import Label, SealedField

CONTACT = Label(
    purpose="叫应和联络",
    basis="个人信息保护法第十三条第一款第三项",
    retention_days=730,
    mask="phone",
)


class Division(models.Model):
    """A county, township or village with its code of twelve digits (统计用区划代码)."""

    code = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=20)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    outline = models.BinaryField(null=True)
    label_lat = models.FloatField(null=True)
    label_lon = models.FloatField(null=True)
    population = models.IntegerField(null=True)
    source = models.CharField(max_length=200, default="")
    outline_source = models.CharField(max_length=200, default="", db_default="")
    demo = models.BooleanField(default=False)
    ended_on = models.DateField(null=True)
    version = models.IntegerField(default=1, db_default=1)

    class Meta:
        ordering = ("code",)

    @property
    def division(self) -> int:
        return self.code


class Unit(Standing):
    """An office of the county, or a collective of offices (各乡镇, 县安委会各成员单位)."""

    name = models.CharField(max_length=100)
    kind = models.CharField(
        max_length=10, choices=[("unit", _("单位")), ("collective", _("集合"))], default="unit"
    )
    order = models.IntegerField(default=0)
    ended_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["world", "name"], name="unit_name")]
        ordering = ("order", "id")


class UnitAlias(Standing):
    """Another name under which documents write a unit, from a day to a day (both inclusive)."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=100)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)


class UnitMember(Standing):
    """A unit's membership in a collective, from a day to a day (both inclusive)."""

    collective = models.ForeignKey(Unit, models.CASCADE, related_name="members")
    member = models.ForeignKey(Unit, models.PROTECT, related_name="memberships")
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)


class Person(Standing):
    """Somebody whom the county can call. The number is sealed; it is found by keyed hashes."""

    personal = {"phone": CONTACT, "name": Label("识别", CONTACT.basis, 730, "name")}

    name = models.CharField(max_length=60)
    pinyin = models.CharField(max_length=200, default="")
    initials = models.CharField(max_length=60, default="")
    phone = SealedField(null=True)
    phone_hash = models.BinaryField(null=True)
    phone_tail_hash = models.BinaryField(null=True)
    demo = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["phone_hash"], name="person_phone"),
            models.Index(fields=["phone_tail_hash"], name="person_phone_tail"),
        ]


class Post(Standing):
    """A duty that stays when people change. kind: as in packs/_core/rights.yaml."""

    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="posts")
    kind = models.CharField(max_length=30)
    title = models.CharField(max_length=100)
    order = models.IntegerField(default=0)
    superior = models.ForeignKey("self", models.SET_NULL, null=True, related_name="juniors")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "division"], name="post_kind")]
        ordering = ("division", "order", "id")


class Holding(Standing):
    """Who holds a post from when to when. rank 0 holds it, 1 and on are deputies in order.

    valid_to is exclusive; equal to valid_from it says that a change that was announced was called
    off before it began.
    """

    post = models.ForeignKey(Post, models.CASCADE, related_name="holdings")
    person = models.ForeignKey(Person, models.PROTECT, related_name="holdings")
    rank = models.IntegerField(default=0)
    valid_from = models.DateTimeField(db_default=AnlanNow())
    valid_to = models.DateTimeField(null=True)


class RosterShift(Standing):
    """Who is on duty at a post in a span of time; called before its holder.

    Two shifts of one post never overlap: the database refuses it.
    """

    post = models.ForeignKey(Post, models.CASCADE, related_name="shifts")
    person = models.ForeignKey(Person, models.PROTECT, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["post", "ends_at"], name="shift_post")]


class Change(Standing):
    """What one change did to one row: a clerk who was slower reads it, and a page shows it.

    fields: {name of the field: [before, after]} as a screen shows them; numbers are masked.
    to_version: the version of the row after it.
    """

    personal = {"fields": Label("更正核对", CONTACT.basis, 730, "text")}

    object_kind = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    to_version = models.IntegerField()
    action = models.CharField(max_length=60)
    fields = models.JSONField()
    why = models.CharField(max_length=200, default="")
    actor = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [models.Index(fields=["object_kind", "object_id", "-id"], name="change_of")]


class Transfer(Standing):
    """A workbook that somebody sent in, sealed, between its preview and its confirmation.

    plan_digest: keyed digest of what the preview would change. content goes when it was written,
    thrown away, or a day old.
    """

    personal = {"content": Label("核对后导入", CONTACT.basis, 1, "all")}

    name = models.CharField(max_length=200)
    content = SealedField(null=True)
    plan_digest = models.BinaryField()
    counts = models.JSONField()
    account_id = models.BigIntegerField(null=True)
    state = models.CharField(
        max_length=10,
        choices=[("shown", _("待确认")), ("written", _("已写入")), ("dropped", _("已放弃"))],
        default="shown",
    )
    settled_at = models.DateTimeField(null=True)


class Accounts(BaseUserManager["Account"]):
    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(username=username)


class Account(AbstractBaseUser):
    """Who signs in: a person, or one of the three administrators (三员) who hold no post.

    totp_step: the newest 30 s step whose code was taken, so that no code opens twice.
    device_epoch: raised when the second factor is reset; devices registered before count no more.
    """

    personal = {
        "label": Label("账号识别", "网络安全法第二十四条", 730, "name"),
        "username": Label("账号识别", "网络安全法第二十四条", 730, "name"),
    }

    username = models.CharField(max_length=60, unique=True)
    label = models.CharField(max_length=100, default="")
    person_id = models.BigIntegerField(null=True)
    post_id = models.BigIntegerField(null=True)
    admin_kind = models.CharField(max_length=20, default="", blank=True)
    is_active = models.BooleanField(default=True)
    demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=AnlanNow(), editable=False)
    disabled_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    password_at = models.DateTimeField(null=True)
    old_passwords = models.JSONField(default=list)
    totp_step = models.BigIntegerField(default=0)
    device_epoch = models.IntegerField(default=0)

    USERNAME_FIELD = "username"
    objects = Accounts()

    @property
    def is_staff(self) -> bool:
        return False

    @property
    def is_superuser(self) -> bool:
        return False


class ActingPost(models.Model):
    """A post under which an account may act beside its own (兼任、代理), from when to when."""

    personal = {"label": Label("账号识别", "网络安全法第二十四条", 730, "name")}

    account = models.ForeignKey(Account, models.CASCADE, related_name="acting")
    post_id = models.BigIntegerField()
    label = models.CharField(max_length=100)
    granted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "post_id"], condition=models.Q(ended_at__isnull=True),
                name="acting_once",
            )
        ]  # fmt: skip


class OneTimeLink(models.Model):
    """A link that opens once, within its hour: set-up, or the first sign-in of an account."""

    token_hash = models.BinaryField(unique=True)
    purpose = models.CharField(max_length=20)
    account = models.ForeignKey(Account, models.CASCADE, null=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class UnitLogin(models.Model):
    """The site's own sign-in (统一登录, OpenID Connect): one row, or none where it has none.

    server_url: the issuer. networks: of the intranet, where it lies there. trusts: a
    sign-in that names one of `second` in its amr or acr needs no second factor here.
    """

    personal = {"secret": Label("对接统一登录", "网络安全法第二十一条", 3650, "all")}

    name = models.CharField(max_length=40)
    server_url = models.CharField(max_length=300)
    client_id = models.CharField(max_length=190)
    secret = SealedField(null=True)
    networks = models.CharField(max_length=200, default="", blank=True)
    trusts = models.BooleanField(default=False)
    second = models.JSONField(default=list)
    enabled = models.BooleanField(default=True)
    version = models.IntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="unit_login_once"),
        ]


class Sitting(models.Model):
    """Somebody signed in at one browser: since when, last seen when, with which second factor.

    factor: totp, passkey, recovery, oidc, demo, or empty while none has been given. post_id: the
    added post under which it acts; None: the account's own.
    """

    personal = {"address": Label("安全审计", "网络安全法第二十一条", 400, "address")}

    account = models.ForeignKey(Account, models.CASCADE, related_name="sittings")
    factor = models.CharField(max_length=10, default="")
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    confirmed_at = models.DateTimeField()
    address = models.CharField(max_length=64, default="")
    browser = models.CharField(max_length=120, default="")
    post_id = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_why = models.CharField(max_length=20, default="")

    class Meta:
        indexes = [models.Index(fields=["account", "ended_at"], name="sitting_account")]


class Tries(models.Model):
    """How often something was tried under a key (an account, an address), and until when it rests.

    key: a keyed hash, for a name that was typed may be somebody's password.
    """

    key = models.BinaryField(primary_key=True)
    count = models.IntegerField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
