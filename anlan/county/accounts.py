"""All writes of accounts: who may sign in, by which link, since when, and when that ends.

Flows in: the set-up link, the security administrator's page, the command line, the pages on which
people set their own password. Flows out: rows of accounts, links and sign-ins, each with its line.
A password reaches this module in clear and leaves it as an Argon2 hash; no line names it.
"""

from __future__ import annotations

import hashlib
import re
import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.utils.translation import gettext as _

from anlan.county import passwords, sittings
from anlan.county.models import Account, OneTimeLink, Person, Sitting
from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.inputs import shown
from anlan.ground.live import tell
from anlan.ground.models import CountyFact
from anlan.ground.scope import Scope

LINK_LIFE = timedelta(hours=1)
LINK_BYTES = 24
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")
ADMINISTRATORS = {
    "system_admin": "系统管理员",
    "security_admin": "安全管理员",
    "audit_admin": "审计管理员",
}


@dataclass(frozen=True, slots=True)
class Seat:
    """Where somebody signs in: address, browser, and with which second factor."""

    address: str
    browser: str
    factor: str


def _account(account_id: int) -> Account:
    found = Account.objects.select_for_update().filter(pk=account_id).first()
    if found is None:
        raise NotFound("account-unknown", _("没有这个账号"), str(account_id), _("请返回账号列表"))
    return found


def _ref(account: Account | None) -> tuple[str, object]:
    return "county.account", account.pk if account else 0


@action("account.manage", journal="account.make")
def make_account(
    scope: Scope,
    username: str,
    label: str,
    *,
    post_id: int | None = None,
    person_id: int | None = None,
    admin_kind: str = "",
    demo: bool = False,
) -> Account:
    """An account without a password: only a one-time link opens it the first time."""
    name = username.strip().casefold()
    if not USERNAME.fullmatch(name):
        raise Refusal(
            "account-name", _("账号名用 3 到 40 个小写字母、数字、点或短横"), shown(name, 40),
            _("例如 zhangsan 或 chengxi.duty"),
        )  # fmt: skip
    if demo and not CountyFact.objects.filter(demo=True).exists():
        raise Denied("demo-refused", _("演示账号只能在演示县建立"), name)
    if admin_kind and (post_id is not None or person_id is not None):
        raise Refusal("admin-post", _("管理员不兼任岗位"), name, _("请给岗位另建账号"))
    if admin_kind and Account.objects.filter(admin_kind=admin_kind, is_active=True).exists():
        raise Conflict("admin-exists", _("这位管理员已有账号"), admin_kind, _("可以重置它的验证器"))
    if Account.objects.filter(username=name).exists():
        raise Conflict("account-exists", _("账号已存在"), name, _("请换一个账号名"))
    account = Account(
        username=name, label=shown(label, 100), post_id=post_id, person_id=person_id,
        admin_kind=admin_kind, demo=demo,
    )  # fmt: skip
    account.set_unusable_password()
    account.save()
    journal.line(scope, "account.make", _ref(account), why=name, after=[name, label, post_id])
    return account


@action("account.manage", journal="account.disable")
def disable_account(scope: Scope, username: str, why: str = "") -> None:
    """No sign-in any more; open sign-ins and their live wires end with this commit."""
    found = Account.objects.select_for_update().filter(username=username).first()
    if found is None:
        raise NotFound("not-found", _("没有这个账号"), username, _("用 anlan user list 查看账号"))
    if scope.actor.kind == "account" and scope.actor.id == found.pk:
        raise Denied("self", _("不能停用自己的账号"), username, _("请由服务器上的人办理"))
    _disable(scope, found, why, "account.disable")


def _disable(scope: Scope, account: Account, why: str, name: str) -> None:
    account.is_active, account.disabled_at = False, clock.now(0)
    account.save(update_fields=["is_active", "disabled_at"])
    ended = _end_sittings(scope, account, "disabled")
    journal.line(scope, name, _ref(account), why=why, before=True, after=[False, ended])


def _end_sittings(scope: Scope, account: Account, why: str) -> int:
    ended = sittings.end(why, account_id=account.pk)
    tell(scope, "account", 0, account=account.pk)
    return len(ended)


@action("account.manage", journal="account.enable")
def enable_account(scope: Scope, username: str) -> None:
    """Sign-in again, with the password and the second factor of before."""
    found = Account.objects.select_for_update().filter(username=username).first()
    if found is None:
        raise NotFound("not-found", _("没有这个账号"), username, _("用 anlan user list 查看账号"))
    found.is_active, found.disabled_at, found.used_at = True, None, clock.now(0)
    found.save(update_fields=["is_active", "disabled_at", "used_at"])
    journal.line(scope, "account.enable", _ref(found), before=False, after=True)


@action("account.manage", journal="account.reset")
def reset_account(scope: Scope, account_id: int, why: str) -> str:
    """Password, second factor and devices are void from now on; returns a new link's token.

    Only whoever holds the link gets in again, and sets both factors anew.
    """
    account = _account(account_id)
    if not why.strip():
        raise Refusal("why-empty", _("请写明原因"), "", _("例如：手机丢失，已当面核对身份"))
    if scope.actor.kind == "account" and scope.actor.id == account.pk:
        raise Denied("self", _("不能重置自己的账号"), account.username, _("请由服务器上的人办理"))
    _void_factors(account)
    account.set_unusable_password()
    account.save(update_fields=["device_epoch", "totp_step", "password"])
    _end_sittings(scope, account, "reset")
    journal.line(scope, "account.reset", _ref(account), why=why)
    return make_link(scope, "first", account)


def _void_factors(account: Account) -> None:
    """And the tie to the site's own sign-in: it stands for a factor."""
    Authenticator.objects.filter(user=account).delete()
    SocialAccount.objects.filter(user=account).delete()
    account.device_epoch += 1
    account.totp_step = 0


@action("account.manage", journal="account.move")
def move_account(
    scope: Scope, account_id: int, post_id: int, holder_id: int | None, label: str
) -> None:
    """The account works for another post that its person holds now; open sign-ins end.

    holder_id: who holds the post now. A change of holder alone opens nothing: whoever keeps the
    county's posts cannot give themselves rights.
    """
    account = _account(account_id)
    if account.admin_kind or account.person_id is None or account.person_id != holder_id:
        raise Denied(
            "account-post", _("这个岗位现在不是本人任职"), account.username,
            _("请先在县情里交接岗位，再改账号的岗位"),
        )  # fmt: skip
    before = account.post_id
    account.post_id, account.label = post_id, shown(label, 100)
    account.save(update_fields=["post_id", "label"])
    ended = _end_sittings(scope, account, "moved")
    journal.line(scope, "account.move", _ref(account), before=before, after=[post_id, ended])


@action("account.manage", journal="account.end")
def end_sitting(scope: Scope, sitting_id: int) -> None:
    """Sign one browser out."""
    row = Sitting.objects.filter(pk=sitting_id).first()
    if row is None or not sittings.end("ended", id=sitting_id):
        raise NotFound("sitting-unknown", _("这次登录已经结束"), str(sitting_id))
    tell(scope, "account", 0, account=row.account_id)
    journal.line(scope, "account.end", ("county.sitting", sitting_id))


# one-time links


@action("account.manage", journal="account.link")
def make_link(scope: Scope, purpose: str, account: Account | None = None) -> str:
    """A token that opens once within the hour; only its hash is kept, and older ones are void."""
    token = random.token_urlsafe(LINK_BYTES)
    moment = clock.now(0)
    if account is not None and not account.is_active:
        raise Refusal("account-disabled", _("这个账号已停用"), account.username, _("请先启用"))
    OneTimeLink.objects.filter(purpose=purpose, account=account, used_at=None).update(
        used_at=moment
    )
    OneTimeLink.objects.create(
        token_hash=hashlib.sha256(token.encode()).digest(), purpose=purpose, account=account,
        made_at=moment, expires_at=moment + LINK_LIFE,
    )  # fmt: skip
    journal.line(scope, "account.link", _ref(account), why=purpose)
    return token


def link_behind(token: str, purpose: str) -> OneTimeLink:
    """The link that the token opens now; NotFound where it is unknown, used or past its hour."""
    found = (
        OneTimeLink.objects.select_related("account")
        .filter(token_hash=hashlib.sha256(token.encode()).digest(), purpose=purpose, used_at=None)
        .first()
    )
    alive = found is not None and found.expires_at > clock.now(0)
    if found is None or not alive or not (found.account is None or found.account.is_active):
        raise NotFound(
            "link-spent", _("这个链接已用过或已过期"), "",
            _("请安全管理员在账号页重新生成，或在服务器上运行 anlan user link"),
        )  # fmt: skip
    return found


def _spend(scope: Scope, token: str, purpose: str) -> Account | None:
    found = link_behind(token, purpose)
    moment = clock.now(0)
    if not OneTimeLink.objects.filter(pk=found.pk, used_at=None).update(used_at=moment):
        raise NotFound("link-spent", _("这个链接已用过或已过期"))
    journal.line(scope, "account.link.use", _ref(found.account), why=purpose)
    return found.account


@action(None, open_to="whoever holds a one-time link", journal="account.link.use")
def use_link(scope: Scope, token: str, purpose: str) -> Account | None:
    """Spend the link; NotFound where it is unknown, used or older than its hour."""
    return _spend(scope, token, purpose)


@action(None, open_to="whoever holds the one-time link of an account", journal="account.open")
def open_account(scope: Scope, token: str, password: str) -> Account:
    """Spend the link and set the password; whatever second factor there was is void."""
    account = _spend(scope, token, "first")
    if account is None or account.demo:
        raise NotFound("link-spent", _("这个链接已用过或已过期"))
    _set_password(account, password)
    _void_factors(account)
    account.save()
    _end_sittings(scope, account, "reset")
    journal.line(scope, "account.open", _ref(account))
    return account


@action("account.manage", journal="account.setup")
def make_administrators(scope: Scope, token: str, words: Mapping[str, str]) -> list[Account]:
    """Spend the set-up link: three administrators with a password each, all or none."""
    if Account.objects.exclude(admin_kind="").exists():
        raise Conflict(
            "administrators-exist", _("三位管理员已经建立"), "",
            _("忘记口令时，在服务器上运行 anlan user link 账号"),
        )  # fmt: skip
    _spend(scope, token, "setup")
    if len({words[kind] for kind in ADMINISTRATORS}) != len(ADMINISTRATORS):
        raise Refusal("password-same", _("三位管理员的口令不能相同"), "", _("请分别设置"))
    made = []
    for kind, label in ADMINISTRATORS.items():
        account = make_account(scope, kind, label, admin_kind=kind)
        try:
            _set_password(account, words[kind])
        except Refusal as refusal:
            raise Refusal(refusal.code, refusal.message, label, refusal.mend) from None
        account.save()
        made.append(account)
    journal.line(scope, "account.setup", None, after=[account.username for account in made])
    return made


# what people do with their own account


def _set_password(account: Account, password: str) -> None:
    used = [*account.old_passwords, *([account.password] if account.has_usable_password() else [])]
    passwords.check(password, [account.username, account.label], used)
    account.old_passwords = used[-passwords.KEPT :]
    account.set_password(password)
    account.password_at = clock.now(0)


@action(None, open_to="who has just given the old password", journal="account.password")
def change_password(scope: Scope, account_id: int, password: str, keep: int) -> Account:
    """Another password; every other browser of the account is signed out."""
    account = _account(account_id)
    _set_password(account, password)
    account.save()
    others = Sitting.objects.filter(account=account, ended_at=None).exclude(pk=keep)
    others.update(ended_at=clock.now(0), ended_why="password")
    tell(scope, "account", 0, account=account.pk)
    journal.line(scope, "account.password", _ref(account))
    return account


@action(None, open_to="sign-in itself", journal="account.sign_in")
def record_sign_in(scope: Scope, account_id: int, seat: Seat) -> int:
    """Somebody sits down: the row that the session stands on; returns its id."""
    account = _account(account_id)
    if not account.is_active:
        raise Denied("account-disabled", _("这个账号已停用"), account.username)
    moment = clock.now(0)
    account.used_at = moment
    account.save(update_fields=["used_at"])
    row = Sitting.objects.create(
        account=account, factor=seat.factor, began_at=moment, seen_at=moment, confirmed_at=moment,
        address=seat.address, browser=journal.clean(seat.browser, sittings.BROWSER_CHARS_MAX),
    )  # fmt: skip
    journal.line(
        scope, "account.sign_in", _ref(account), why=f"{account.username} {seat.factor or 'bare'}",
        division=0,
    )  # fmt: skip
    return row.pk


@action(None, open_to="who has just given both factors again", journal="account.confirm")
def confirm_sitting(scope: Scope, sitting_id: int) -> None:
    """The person is there: the sign-in begins anew."""
    moment = clock.now(0)
    Sitting.objects.filter(pk=sitting_id, ended_at=None).update(
        began_at=moment, seen_at=moment, confirmed_at=moment
    )
    journal.line(scope, "account.confirm", ("county.sitting", sitting_id), division=0)


@action(None, open_to="who signed in and has just bound it", journal="account.factor")
def record_factor(scope: Scope, account_id: int, sitting_id: int, what: str) -> None:
    """A second factor was bound, or its recovery codes were made anew; the sign-in counts full."""
    if what in ("totp", "passkey"):
        own = Sitting.objects.filter(pk=sitting_id, account_id=account_id)
        own.filter(factor="").update(factor=what)
    journal.line(scope, "account.factor", ("county.account", account_id), why=what, division=0)


@action(None, open_to="whoever signed in", journal="account.sign_out", may_change_nothing=True)
def record_sign_out(scope: Scope, sitting_id: int, why: str = "out") -> None:
    """The sign-in is over."""
    for ident in sittings.end(why, id=sitting_id):
        journal.line(scope, "account.sign_out", ("county.sitting", ident), why=why, division=0)


# what the county is


def real_people() -> bool:
    """Whether anybody here is no demonstration: then the flag 演示 is refused."""
    return Person.objects.filter(demo=False).exists() or Account.objects.filter(demo=False).exists()
