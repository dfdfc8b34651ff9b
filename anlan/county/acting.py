"""Under which post somebody acts: posts beside their own, and the one chosen for this sign-in.

Flows in: posts that the security administrator adds to an account whose person stands there (兼任,
副职代理, 值班), and the choice of whoever signed in. Flows out: the post of a sign-in, on which its
scope and every journal line stand. Standing at a post opens nothing by itself, for whoever keeps
the county's posts could give themselves rights; an added post opens nothing while its person does
not stand there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from anlan.county import sittings
from anlan.county.models import Account, ActingPost, Sitting
from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, Denied, NotFound
from anlan.ground.inputs import shown
from anlan.ground.live import tell
from anlan.ground.scope import Scope, asked

POSTS_MAX = 8  # beside the account's own
# A post with whether a person stands there now: holds it, is its deputy, or is on its roster.
# Rights stay with the post: whoever left it signs in to nothing. Asked with every request, so it
# is one question, written out.
SERVED = """
SELECT p.id, p.kind, p.division, now.at, EXISTS (
    SELECT 1 FROM county_holding h WHERE h.post_id = p.id AND h.person_id = %(person)s
      AND h.world = 0 AND h.valid_from <= now.at AND (h.valid_to IS NULL OR h.valid_to > now.at)
  ) OR EXISTS (
    SELECT 1 FROM county_rostershift r WHERE r.post_id = p.id AND r.person_id = %(person)s
      AND r.world = 0 AND r.cancelled_at IS NULL AND r.starts_at <= now.at AND r.ends_at > now.at)
FROM county_post p, (SELECT anlan_now(0) AS at) now
WHERE p.id = %(post)s AND p.ended_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Served:
    """A post, and whether a person stands there at the moment."""

    id: int
    kind: str
    division: int
    at: datetime
    serves: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A post under which the account may act. own: the one it was made for; here: chosen now.

    stands: whether its person stands there at the moment.
    """

    post_id: int
    label: str
    own: bool
    here: bool
    stands: bool


@dataclass(frozen=True, slots=True)
class StoodAt:
    """A post where a person stands or will. how: holder, deputy or roster."""

    post_id: int
    title: str
    division: int
    place: str
    how: str
    person: str


def served(post_id: int | None, person_id: int | None) -> Served | None:
    """The post as it stands now for the person; None where there is none any more."""
    rows = asked(SERVED, {"post": post_id, "person": person_id})
    return Served(*rows[0]) if rows else None


def choices(account: Account, chosen: int | None) -> list[Choice]:
    """The posts of the account, its own first. chosen: the one of this sign-in, None: its own."""
    named = [(account.post_id or 0, account.label, True)]
    named += [(row.post_id, row.label, False) for row in added(account.pk)]
    return [
        Choice(post_id, label, own, own if chosen is None else post_id == chosen,
               (own and account.person_id is None) or _stands(post_id, account.person_id))
        for post_id, label, own in named
    ]  # fmt: skip


def _stands(post_id: int, person_id: int | None) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM county_stands(%s, %s)", [post_id, person_id])
        return bool(cursor.fetchone()[0])


def added(account_id: int) -> list[ActingPost]:
    """The posts that were added to the account, oldest first."""
    return list(ActingPost.objects.filter(account_id=account_id, ended_at=None).order_by("id"))


def stood_at(scope: Scope, account_id: int) -> list[StoodAt]:
    """Where the account's person stands or will, but for the posts that the account already has."""
    account = Account.objects.filter(pk=account_id).first()
    if account is None or account.person_id is None:
        return []
    had = {account.post_id, *(row.post_id for row in added(account_id))}
    with scope.open(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM county_posts_stood_at(%s)", [account.person_id])
        rows = [StoodAt(*row) for row in cursor.fetchall()]
    return [row for row in rows if row.post_id not in had]


@action("account.manage", journal="account.post.add")
def add_post(scope: Scope, account_id: int, post_id: int) -> ActingPost:
    """One more post for the account; Denied where its person does not stand there."""
    account = Account.objects.select_for_update().filter(pk=account_id).first()
    if account is None:
        raise NotFound("account-unknown", _("没有这个账号"), str(account_id), _("请返回账号列表"))
    here = next((one for one in stood_at(scope, account_id) if one.post_id == post_id), None)
    if account.admin_kind or here is None:
        raise Denied(
            "account-post", _("这个岗位现在不是本人任职"), account.username,
            _("请先在县情里登记任职、副职或排班，再加到账号上"),
        )  # fmt: skip
    if len(added(account_id)) >= POSTS_MAX:
        raise Conflict(
            "account-posts", _("一个账号最多兼 %(n)d 个岗位") % {"n": POSTS_MAX}, account.username,
            _("请先去掉不再兼任的"),
        )  # fmt: skip
    row = ActingPost.objects.create(
        account=account, post_id=post_id, label=shown(f"{here.title} {here.person}".strip(), 100),
        granted_at=clock.now(0),
    )  # fmt: skip
    journal.line(
        scope, "account.post.add", ("county.account", account.pk), why=f"{here.title} {here.how}",
        after=post_id,
    )  # fmt: skip
    return row


@action("account.manage", journal="account.post.end")
def end_post(scope: Scope, acting_id: int) -> int:
    """The account acts under that post no more; sign-ins that do end. Returns the account's id."""
    row = ActingPost.objects.select_for_update().filter(pk=acting_id, ended_at=None).first()
    if row is None:
        raise NotFound("post-unknown", _("没有这个岗位"), str(acting_id), _("请返回账号列表"))
    row.ended_at = clock.now(0)
    row.save(update_fields=["ended_at"])
    ended = sittings.end("moved", account_id=row.account_id, post_id=row.post_id)
    tell(scope, "account", 0, account=row.account_id)
    journal.line(
        scope, "account.post.end", ("county.account", row.account_id), why=row.label,
        before=row.post_id, after=ended,
    )  # fmt: skip
    return int(row.account_id)


@action(None, open_to="whoever signed in, for this sign-in only", journal="account.post.choose")
def act_under(scope: Scope, account_id: int, sitting_id: int, post_id: int) -> None:
    """From now on this sign-in acts under the post: its own, or an added one where it stands."""
    account = Account.objects.get(pk=account_id)
    chosen = next((one for one in choices(account, None) if one.post_id == post_id), None)
    if chosen is None:
        raise NotFound("post-unknown", _("没有这个岗位"), str(post_id), _("请从列表里选"))
    if not chosen.stands:
        raise Denied(
            "not-there-now", _("您现在不在这个岗位上"), chosen.label,
            _("到任职或排班的时间再换，或请安全管理员核对"),
        )  # fmt: skip
    Sitting.objects.filter(pk=sitting_id, account_id=account_id, ended_at=None).update(
        post_id=None if chosen.own else post_id
    )
    journal.line(
        scope, "account.post.choose", ("county.account", account_id), why=chosen.label,
        after=post_id, division=0,
    )  # fmt: skip
