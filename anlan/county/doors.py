"""The doors of sign-in: a password, a code, a one-time link, each tried a bounded number of times.

Flows in: what somebody typed, their address, the device that they signed in from before. Flows
out: the account or nothing; wrong, unknown, locked and disabled look alike and cost one password
hash each. A try is counted before it is looked at, in one statement, so that tries at once do not
slip past the limit. A registered device has a count of its own: whoever guesses from outside locks
the outside, and the duty officer still comes in with both factors.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import struct
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from anlan.county import passkeys
from anlan.county.models import Account
from anlan.county.sittings import BIND_S
from anlan.ground import clock, journal, secrets
from anlan.ground.errors import Refusal
from anlan.ground.scope import Actor, Scope
from anlan.ground.web import address_of

DEVICE_COOKIE = "anlan_device"
DEVICE_S = 180 * 24 * 3600
DEVICE_LAYOUT = struct.Struct(">QIQ8s")
NAME_CHARS_MAX = 60
PASSWORD_CHARS_MAX = 128
CODE_CHARS_MAX = 20
STEP_S = 30
STEPS_AROUND = (-1, 0, 1)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries in a window; with the last of them the key rests. Seconds."""

    name: str
    tries: int
    window_s: int
    rest_s: int


PASSWORD = Limit("password", 5, 30 * 60, 30 * 60)
CODE = Limit("code", 5, 30 * 60, 30 * 60)
ADDRESS = Limit("address", 20, 60, 0)

COUNT = """
INSERT INTO county_tries AS t (key, count, since, until)
VALUES (%(key)s, 1, anlan_now(0), NULL)
ON CONFLICT (key) DO UPDATE SET
  count = CASE WHEN {over} THEN 1 ELSE t.count + 1 END,
  since = CASE WHEN {over} THEN anlan_now(0) ELSE t.since END,
  until = CASE WHEN {over} THEN NULL
    WHEN t.until IS NULL AND %(rest)s > 0 AND t.count + 1 >= %(tries)s
      THEN anlan_now(0) + make_interval(secs => %(rest)s)
    ELSE t.until END
RETURNING count
""".format(
    over="(t.until <= anlan_now(0) OR (t.until IS NULL"
    " AND t.since <= anlan_now(0) - make_interval(secs => %(window)s)))"
)


def count(limit: Limit, key: str) -> int:
    """Count a try under the key and say the how-manieth it is; more than `limit.tries` is over."""
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT,
            {"key": _hashed(limit, key), "tries": limit.tries, "window": limit.window_s,
             "rest": limit.rest_s},
        )  # fmt: skip
        return int(cursor.fetchone()[0])


def forget(limit: Limit, key: str) -> None:
    """It was right: the tries before it count no more."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM county_tries WHERE key = %s", [_hashed(limit, key)])


def _hashed(limit: Limit, key: str) -> bytes:
    return secrets.keyed_hash(f"tries/{limit.name}", key)


def visitor(request: HttpRequest) -> Scope:
    """The scope of somebody who has not signed in."""
    return Scope.nobody(address_of(request), getattr(request, "request_id", ""))


def check_address(request: HttpRequest, device: str = "") -> None:
    """Refuse an address that tries too often; a registered device is counted apart."""
    key = device or _network(address_of(request))
    tried = count(ADDRESS, key)
    if tried == ADDRESS.tries + 1:
        journal.denied(visitor(request), "account.sign_in", "too many tries from this address")
    if tried > ADDRESS.tries:
        raise Refusal(
            "too-many-tries", _("这个地址试得太频繁"), address_of(request), _("请一分钟后再试"), 429
        )


def _network(address: str) -> str:
    """The address, or of IPv6 its /64: a visitor there has as many addresses as they like."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(found) if found.version == 4 else str(ipaddress.ip_network(f"{found}/64", False))


def check_password(request: HttpRequest, username: str, password: str) -> Account | None:
    """The account whose password this is, or nothing, whatever the reason."""
    name = username.strip().casefold()[:NAME_CHARS_MAX]
    account = Account.objects.filter(username=name).first()
    device = device_of(request, account)
    check_address(request, device)
    key = f"{name}/{device}"
    tried = count(PASSWORD, key)
    late = _stood_alone(account)
    shut = account is None or not account.is_active or not account.has_usable_password()
    if shut or late or tried > PASSWORD.tries or len(password) > PASSWORD_CHARS_MAX:
        make_password(password[:PASSWORD_CHARS_MAX])
        good = False
    else:
        good = account is not None and account.check_password(password)
    if good:
        forget(PASSWORD, key)
        return account
    _say_refused(request, account, "password", tried, PASSWORD, key)
    return None


def _stood_alone(account: Account | None) -> bool:
    """Whether a password stood without a second factor for too long: a new link opens it again.

    Asked of an unknown name too, so that it takes as long.
    """
    own = Authenticator.objects.filter(user_id=account.pk if account else 0)
    bound = own.filter(type__in=passkeys.FACTORS).exists()
    now = clock.now(0)
    since = account.password_at if account else None
    return not bound and since is not None and (now - since).total_seconds() > BIND_S


def check_code(request: HttpRequest, account: Account, code: str) -> str:
    """Which second factor the code is: totp, recovery, or empty. Each code opens once."""
    device = device_of(request, account)
    key = f"{account.pk}/{device}"
    tried = count(CODE, key)
    plain = code.replace(" ", "").replace("-", "")
    found = ""
    if tried <= CODE.tries and plain.isascii() and plain.isdigit() and len(plain) <= CODE_CHARS_MAX:
        found = _factor(account, plain)
    if found:
        forget(CODE, key)
    else:
        _say_refused(request, account, "code", tried, CODE, key)
    return found


def check_passkey(request: HttpRequest, account: Account, said: str) -> str:
    """`passkey` where the browser's answer is of one of the account's, else empty.

    Counted with the codes: whoever tries one way has as many tries less the other.
    """
    key = f"{account.pk}/{device_of(request, account)}"
    tried = count(CODE, key)
    if tried <= CODE.tries and passkeys.holds(request, account, said):
        forget(CODE, key)
        return "passkey"
    _say_refused(request, account, "passkey", tried, CODE, key)
    return ""


@transaction.atomic
def _factor(account: Account, code: str) -> str:
    """The rows are locked, so that a recovery code that comes twice at once opens once."""
    own = Authenticator.objects.select_for_update().filter(user=account)
    for row in own.filter(type__in=["totp", "recovery_codes"]).order_by("id"):
        if row.type == "totp" and use_step(account, str(decrypt(row.data["secret"])), code):
            return "totp"
        if row.type == "recovery_codes" and RecoveryCodes(row).validate_code(code):
            return "recovery"
    return ""


def use_step(account: Account, secret: str, code: str) -> bool:
    """Whether the code is of now, by the database's clock, and newer than any taken before."""
    now = int(clock.now(0).timestamp()) // STEP_S
    for step in (now + around for around in STEPS_AROUND):
        if hmac.compare_digest(format_hotp_value(hotp_value(secret, step)), code):
            taken = Account.objects.filter(pk=account.pk, totp_step__lt=step)
            return bool(taken.update(totp_step=step))
    return False


def _say_refused(
    request: HttpRequest, account: Account | None, what: str, tried: int, limit: Limit, key: str
) -> None:
    """A line for each try that was looked at and one for the lock; not for each that bounced off.

    What was typed as a name is never written: it may be a password. Whoever bounces off waits for
    a commit all the same, or the time would tell that the name is locked.
    """
    if tried > limit.tries + 1:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE county_tries SET count = count WHERE key = %s", [_hashed(limit, key)]
            )
        return
    locked = " locked" if tried > limit.tries else ""
    who = account.username if account else "unknown"
    scope = visitor(request)
    actor = Actor("public", account.pk if account else None, who, None, None, scope.actor.address,
                  scope.actor.request_id)  # fmt: skip
    journal.denied(
        Scope(scope.kind, scope.lo, scope.hi, 0, actor), "account.sign_in", f"{what}{locked}"
    )


# devices


def device_of(request: HttpRequest, account: Account | None) -> str:
    """The id of the device that this account registered here before; empty for any other."""
    try:
        payload = secrets.unsign("device", request.COOKIES.get(DEVICE_COOKIE, ""))
        account_id, epoch, until, ident = DEVICE_LAYOUT.unpack(payload)
    except (ValueError, struct.error):
        return ""
    if account is None or (account_id, epoch) != (account.pk, account.device_epoch):
        return ""
    return str(ident.hex()) if until > clock.now(0).timestamp() else ""


def device_token(account: Account) -> str:
    """What a browser keeps after both factors were given in it."""
    until = int(clock.now(0).timestamp()) + DEVICE_S
    return secrets.sign(
        "device", DEVICE_LAYOUT.pack(account.pk, account.device_epoch, until, os.urandom(8))
    )
