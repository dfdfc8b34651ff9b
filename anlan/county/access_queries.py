"""What the account pages ask: accounts with their state, sign-ins, posts without their duty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from anlan.county.models import Account, Sitting
from anlan.county.passkeys import FACTORS
from anlan.county.sittings import BIND_S, states
from anlan.ground import clock
from anlan.ground.errors import NotFound
from anlan.ground.scope import Scope

ACCOUNT_ROWS, SITTING_ROWS = 200, 20


@dataclass(frozen=True, slots=True)
class AccountRow:
    """state: waiting (not opened yet), bare (no second factor yet), late (none within its hour),
    ready, disabled or demo.
    """

    id: int
    username: str
    label: str
    admin_kind: str
    state: str
    used_at: datetime | None
    created_at: datetime
    open_sittings: int


@dataclass(frozen=True, slots=True)
class SittingRow:
    """A sign-in. state: live, resting, dead."""

    id: int
    state: str
    factor: str
    began_at: datetime
    seen_at: datetime
    address: str
    browser: str
    ended_at: datetime | None
    ended_why: str


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post as the security administrator sees it."""

    post_id: int
    title: str
    division: int
    place: str
    kind: str
    person_id: int | None
    person: str | None


def accounts(sought: str = "", only: int | None = None) -> list[AccountRow]:
    """Accounts by name or label, administrators first."""
    found = Account.objects.order_by("-admin_kind", "username")
    if only is not None:
        found = found.filter(pk=only)
    if sought:
        found = found.filter(Q(username__contains=sought.casefold()) | Q(label__contains=sought))
    chosen = list(found[:ACCOUNT_ROWS])
    ids = [account.pk for account in chosen]
    bound = set(
        Authenticator.objects.filter(user_id__in=ids, type__in=FACTORS).values_list(
            "user_id", flat=True
        )
    )
    opened: dict[int, int] = {}
    open_ids = Sitting.objects.filter(account_id__in=ids, ended_at=None).values_list(
        "id", flat=True
    )
    for one in states(list(open_ids)).values():
        if one.state != "dead":
            opened[one.account_id] = opened.get(one.account_id, 0) + 1
    return [
        AccountRow(
            account.pk, account.username, account.label, account.admin_kind,
            _state(account, account.pk in bound), account.used_at, account.created_at,
            opened.get(account.pk, 0),
        )
        for account in chosen
    ]  # fmt: skip


def _state(account: Account, bound: bool) -> str:
    if not account.is_active:
        return "disabled"
    if account.demo:
        return "demo"
    if not account.has_usable_password():
        return "waiting"
    if bound:
        return "ready"
    since = account.password_at
    late = since is not None and (clock.now(0) - since).total_seconds() > BIND_S
    return "late" if late else "bare"


def account(account_id: int) -> AccountRow:
    """One account; NotFound where there is none."""
    found = accounts(only=account_id)
    if not found:
        raise NotFound("account-unknown", _("没有这个账号"), str(account_id), _("请返回账号列表"))
    return found[0]


def sittings(account_id: int) -> list[SittingRow]:
    """The newest sign-ins of an account."""
    rows = list(Sitting.objects.filter(account_id=account_id).order_by("-id")[:SITTING_ROWS])
    worth = states([row.pk for row in rows])
    return [
        SittingRow(
            row.pk, worth[row.pk].state, row.factor, row.began_at, row.seen_at, row.address,
            row.browser, row.ended_at, row.ended_why,
        )
        for row in rows
    ]  # fmt: skip


def sitting_account(sitting_id: int) -> int:
    """Whose sign-in it is; NotFound where there is none."""
    found = Sitting.objects.filter(pk=sitting_id).values_list("account_id", flat=True).first()
    if found is None:
        raise NotFound("sitting-unknown", _("这次登录已经结束"), str(sitting_id))
    return int(found)


def posts_for_accounts(scope: Scope, sought: str) -> list[PostRow]:
    """Posts by title, place or holder, at most 50; the function shows them to no other kind."""
    with scope.open(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM county_posts_for_accounts(%s)", [sought])
        return [PostRow(*row) for row in cursor.fetchall()]


def other_posts(scope: Scope, account_id: int) -> list[PostRow]:
    """The posts that the account's person holds now beside the one that it works for."""
    own = Account.objects.filter(pk=account_id).values_list("person_id", "post_id").first()
    if own is None or own[0] is None:
        return []
    with scope.open(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM county_posts_of_person(%s)", [own[0]])
        rows = [PostRow(*row) for row in cursor.fetchall()]
    return [row for row in rows if row.post_id != own[1]]


def post_for_account(scope: Scope, post_id: int) -> PostRow:
    """The post; NotFound where there is none."""
    with scope.open(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM county_post_for_account(%s)", [post_id])
        row = cursor.fetchone()
    if row is None:
        raise NotFound("post-unknown", _("没有这个岗位"), str(post_id), _("请重新查找岗位"))
    return PostRow(*row)
