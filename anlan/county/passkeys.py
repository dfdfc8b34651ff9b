"""Passkeys (通行密钥): where one may be used, what an account has, whether an answer holds.

Flows in: the address that a browser is at, what its authenticator signed. Flows out: the account's
passkeys, a yes or a no. The ceremony is django-allauth's and python-fido2's. A passkey belongs to a
host name: under an IP address there is none, and one of another name does not open here.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.utils.translation import gettext as _

from anlan.county.models import Account
from anlan.ground import clock, journal
from anlan.ground.actions import action
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.scope import Scope

KIND = "webauthn"
FACTORS = ("totp", KIND)  # what counts as a second factor; recovery codes only stand in for one
PASSKEYS_MAX = 5
NAME_CHARS_MAX = 40
CREDENTIAL_CHARS_MAX = 16 * 1024
# What python-fido2 raises for an answer that no authenticator makes.
BROKEN = (ValidationError, ValueError, TypeError, KeyError, AttributeError, IndexError, OSError)


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as its owner sees it. host: the name under which it opens."""

    id: int
    name: str
    host: str
    created_at: datetime
    last_used_at: datetime | None


def host_of(request: HttpRequest) -> str:
    """The name at which the browser is, without its port."""
    return split_domain_port(request.get_host())[0]


def possible(request: HttpRequest) -> bool:
    """Whether browsers offer passkeys here: a host name over HTTPS, or `localhost` by its name."""
    host = host_of(request)
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return request.is_secure() or host == "localhost"
    return False


def of_account(account: Account) -> list[Passkey]:
    """The account's passkeys, the oldest first."""
    return [_shown(row) for row in _rows(account)]


def usable(request: HttpRequest, account: Account) -> list[Passkey]:
    """Those of them that open at this address."""
    if not possible(request):
        return []
    host = hashlib.sha256(host_of(request).encode()).digest()
    return [
        _shown(row) for row in _rows(account) if row.wrap().authenticator_data.rp_id_hash == host
    ]


def _rows(account: Account) -> list[Authenticator]:
    return list(Authenticator.objects.filter(user=account, type=KIND).order_by("id"))


def _shown(row: Authenticator) -> Passkey:
    made = auth.parse_registration_response(row.data["credential"])
    host = urlsplit(made.response.client_data.origin).hostname or ""
    return Passkey(row.pk, row.data["name"], host, row.created_at, row.last_used_at)


def parsed(said: str) -> dict[str, Any] | None:
    """What a browser sent, as an object; None where it is none, empty, or longer than any is."""
    if len(said) > CREDENTIAL_CHARS_MAX:
        return None
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        return None
    return found if found and isinstance(found, dict) else None


def holds(request: HttpRequest, account: Account, said: str) -> bool:
    """Whether the answer is of a passkey of the account, to the challenge of this session.

    A challenge is good for one answer, right or wrong.
    """
    credential = parsed(said)
    try:
        if credential is None or not possible(request):
            return False
        answer = auth.parse_authentication_response(credential)
        found = auth.complete_authentication(account, credential)
        return _newer(found.pk, answer.response.authenticator_data.counter)
    except BROKEN:
        return False
    finally:
        auth.clear_state()


def _newer(passkey_id: int, counter: int) -> bool:
    """Whether the authenticator's own count went up (WebAuthn 7.2, step 22); 0 says: it has none.

    A count that stands still is of a copy.
    """
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().get(pk=passkey_id)
        known = int(row.data.get("counter", row.wrap().authenticator_data.counter))
        if (counter or known) and counter <= known:
            return False
        row.data["counter"], row.last_used_at = counter, clock.now(0)
        row.save(update_fields=["data", "last_used_at"])
    return True


@action(None, open_to="who has just given both factors again", journal="account.factor")
def remove(scope: Scope, account_id: int, passkey_id: int) -> None:
    """Take a passkey away; the last second factor of an account stays."""
    Account.objects.select_for_update().get(pk=account_id)
    own = Authenticator.objects.filter(user_id=account_id)
    row = own.filter(pk=passkey_id, type=KIND).first()
    if row is None:
        raise NotFound("passkey-unknown", _("没有这个通行密钥"), str(passkey_id), _("请返回重看"))
    if not own.filter(type__in=FACTORS).exclude(pk=passkey_id).exists():
        raise Refusal(
            "factor-last", _("这是最后一个第二因素，不能去掉"), row.data["name"],
            _("请先绑定验证器，或再添加一个通行密钥"),
        )  # fmt: skip
    row.delete()
    journal.line(
        scope, "account.factor", ("county.account", account_id), why="passkey removed", division=0
    )
