"""Sign-in: who the request is, what scope and rights that gives, and when it ends.

allauth leads through password and second factor; `doors` bounds what may be tried; this module
opens the sign-in that the session stands on and turns its account's post into a `Scope`. An
administrator (三员) has no place at all. What a sign-in is worth is asked of the database with
every request (`sittings`): an idle one is over, or rests while its person is on a duty shift.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from anlan.county import accounts, doors, passkeys, passwords, sittings
from anlan.county.acting import Served, served
from anlan.county.doors import visitor
from anlan.county.models import Account, Holding
from anlan.county.rights import table
from anlan.ground import secrets, worlds
from anlan.ground.errors import Denied
from anlan.ground.places import span
from anlan.ground.scope import NOWHERE, Actor, Scope
from anlan.ground.web import SAFE_METHODS, address_of, page_before

CONFIRM_S = 10 * 60  # what is done to one's own factors asks again after this long
# "/in/": doors of programs, which prove themselves by a token.
FREE_PATHS = ("/accounts/", "/static/", "/first/", "/health", "/metrics", "/language/", "/wall/",
              "/in/", "/help/")  # fmt: skip
AGAIN, PASSWORD, BIND = "/accounts/again/", "/accounts/password/", "/accounts/2fa/totp/activate/"
SCOPE_KIND = {"audit_admin": "audit", "system_admin": "admin", "security_admin": "security"}
HOMES = {"audit_admin": "/audit/", "system_admin": "/system/", "security_admin": "/access/"}
READING = ".read"


class AccountAdapter(DefaultAccountAdapter):
    """allauth's questions about accounts, answered by the county's rules."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": gettext_lazy("账号或口令不对，或暂时不能登录"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up by themselves."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Account | None:
        return doors.check_password(
            request, credentials.get("username", ""), credentials.get("password", "")
        )

    def login(self, request: HttpRequest, user: Any) -> None:
        """A new session key, and the row that the session stands on."""
        super().login(request, user)
        seat = accounts.Seat(
            address_of(request), request.headers.get("User-Agent", ""),
            getattr(request, "factor_given", ""),
        )  # fmt: skip
        request.session["sitting"] = accounts.record_sign_in(visitor(request), user.pk, seat)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """A browser in which both factors were given is a registered device from now on."""
        response = super().post_login(request, user, **kwargs)
        if getattr(request, "factor_given", ""):
            register_device(request, user, response)
        return response

    def logout(self, request: HttpRequest) -> None:
        sitting = request.session.get("sitting")
        if isinstance(sitting, int):
            accounts.record_sign_out(visitor(request), sitting)
        super().logout(request)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return home_of(request.user)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """The next page says what is; no message congratulates."""

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        own = sittings.standing(context.request.session.get("sitting"))
        return own is None or own.confirmed_s > CONFIRM_S

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        return [{"id": "again", "description": "", "url": AGAIN}]


class FactorAdapter(DefaultMFAAdapter):
    """Seeds of second factors are sealed under the county's key; the label is the account's."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": gettext_lazy("验证码不对、已用过，或试得太多"),
        "passkey-broken": gettext_lazy("没有添加成功，请再试一次"),
    }

    def encrypt(self, text: str) -> str:
        return secrets.seal(text, "second-factor").hex()

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.unseal(bytes.fromhex(encrypted_text), "second-factor")

    def get_totp_issuer(self) -> str:
        return str(_("安澜"))

    def is_mfa_enabled(self, user: Any, types: Any = None) -> bool:
        """Not asked for in the request that the site's own sign-in ended with two factors."""
        if getattr(context.request, "factor_given", "") == "oidc":
            return False
        return super().is_mfa_enabled(user, types)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": passkeys.host_of(context.request), "name": str(_("安澜"))}

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        own = super().get_public_key_credential_user_entity(user)
        return own | {"display_name": user.label or user.username}

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        return str(_("通行密钥 %(n)d") % {"n": len(passkeys.of_account(user)) + 1})


class SecondFactorForm(AuthenticateForm):
    """The code after the password: of the app, or a recovery code."""

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        factor = doors.check_code(context.request, self.user, code)
        if not factor:
            raise FactorAdapter(context.request).validation_error("incorrect_code")
        context.request.factor_given = factor
        return code

    def save(self) -> None:
        """The sign-in that follows is what is kept."""


class PasskeyForm(forms.Form):
    """A passkey after the password."""

    credential = forms.CharField(max_length=passkeys.CREDENTIAL_CHARS_MAX)

    def __init__(self, *args: Any, user: Account, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_credential(self) -> str:
        said = str(self.cleaned_data["credential"])
        factor = doors.check_passkey(context.request, self.user, said)
        if not factor:
            raise forms.ValidationError(_("通行密钥没有认出来，请再试一次，或用验证码"))
        context.request.factor_given = factor
        return said

    def save(self) -> None:
        """The sign-in that follows is what is kept."""


class NewPasskeyForm(AddWebAuthnForm):
    """A new passkey and what its owner calls it."""

    name = forms.CharField(required=False, max_length=passkeys.NAME_CHARS_MAX)
    credential = forms.CharField(max_length=passkeys.CREDENTIAL_CHARS_MAX)

    def clean_credential(self) -> dict[str, Any]:
        found = passkeys.parsed(str(self.cleaned_data["credential"]))
        if found is None:
            raise FactorAdapter(context.request).validation_error("passkey-broken")
        return found

    def clean(self) -> dict[str, Any]:
        try:
            return dict(super().clean())
        except passkeys.BROKEN:
            raise FactorAdapter(context.request).validation_error("passkey-broken") from None


class BindForm(ActivateTOTPForm):
    """The first code of a new app shows that it was set up; it opens nothing a second time."""

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"]).replace(" ", "")
        key = f"bind/{self.user.pk}"
        tried = doors.count(doors.CODE, key)
        if tried > doors.CODE.tries or not doors.use_step(self.user, self.secret, code):
            raise FactorAdapter(context.request).validation_error("incorrect_code")
        doors.forget(doors.CODE, key)
        return code


class SealedSerializer:
    """Sessions at rest: sealed, for one may hold a factor's seed while it is being bound."""

    def dumps(self, obj: Any) -> bytes:
        return secrets.seal(json.dumps(obj, separators=(",", ":")), "session")

    def loads(self, data: bytes) -> Any:
        return json.loads(secrets.unseal(data, "session"))


def own_scope(request: HttpRequest) -> Scope:
    """The visitor's scope, with the account's name on its lines."""
    account = request.user
    own = visitor(request)
    actor = Actor("account", account.pk, account.label or account.username, account.person_id,
                  account.post_id, own.actor.address, own.actor.request_id)  # fmt: skip
    return Scope(own.kind, own.lo, own.hi, own.world, actor)


def register_device(request: HttpRequest, account: Account, response: HttpResponse) -> None:
    """Both factors were given in this browser: its tries are counted apart from now on."""
    if not doors.device_of(request, account):
        response.set_cookie(
            doors.DEVICE_COOKIE, doors.device_token(account), max_age=doors.DEVICE_S,
            path="/accounts/", httponly=True, samesite="Strict", secure=settings.HTTPS,
        )  # fmt: skip


def home_of(account: Any) -> str:
    """Where the account begins: administrators have a page each, everybody else has today."""
    return HOMES.get(getattr(account, "admin_kind", ""), "/")


def scope_for(
    account: Account, address: str = "", request_id: str = "", world: int = 0,
    own: sittings.Standing | None = None,
) -> Scope:  # fmt: skip
    """The scope of an account: its acting post's span and rights, or an administrator's none.

    own: the sign-in, which may act under a post that was added to the account.
    """
    post_id, label = account.post_id, account.label or account.username
    if own is not None and own.post_id is not None:
        post_id, label = own.post_id, own.post_label or label
    actor = Actor(
        "account", account.pk, label, account.person_id, post_id, address, request_id,
    )  # fmt: skip
    if account.admin_kind:
        kind = SCOPE_KIND[account.admin_kind]
        return Scope(kind, *NOWHERE, 0, actor, table().of(account.admin_kind))
    with Scope.for_round("sign-in", world).open():
        post = served(post_id, account.person_id)
        if post is not None and account.person_id is None:
            actor = replace(actor, person_id=_first_holder(account, post))
            if actor.person_id is not None:
                post = served(post_id, actor.person_id)
    if post is None or not (post.serves or actor.person_id is None):
        return Scope("post", *NOWHERE, world, actor)
    return Scope("post", *span(post.division), world, actor, table().of(post.kind))


def _first_holder(account: Account, post: Served) -> int | None:
    """Whose account it is that was made for a vacant post: the first who held it since, if any."""
    since = Q(valid_to=None) | Q(valid_to__gt=account.created_at) & Q(valid_to__gt=F("valid_from"))
    held = Holding.objects.filter(since, post_id=post.id, rank=0, world=0, valid_from__lte=post.at)
    first = held.order_by("valid_from", "id").values_list("person_id", flat=True).first()
    return None if first is None else int(first)


def _world_of(request: HttpRequest) -> int:
    """Where the reader's screens stand: an open exercise that they entered, else what is real."""
    world = request.session.get("world", 0)
    if world and not worlds.is_open(world):
        request.session.pop("world", None)
        return 0
    return int(world)


def reading_only(scope: Scope) -> Scope:
    """The same scope with its rights to look and none to act."""
    return replace(scope, rights=frozenset(r for r in scope.rights if r.endswith(READING)))


class ScopeMiddleware:
    """Sets `request.scope`; asks for the second factor; ends sign-ins that are over."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = getattr(request, "request_id", uuid.uuid4().hex[:16])
        request.scope = visitor(request)
        request.standing = None
        account = request.user
        if not account.is_authenticated:
            return self._public(request)
        own = sittings.standing(request.session.get("sitting"))
        if own is None or own.account_id != account.pk or own.state == "dead":
            return self._over(request, own)
        request.standing = own
        if own.factor:
            request.scope = scope_for(
                account, address_of(request), request.request_id, _world_of(request), own
            )
        if own.state == "resting":
            request.scope = reading_only(request.scope)
        if request.path.startswith(FREE_PATHS):
            return self.get_response(request)
        if not own.factor:
            return self._ask(request, BIND)
        if passwords.expired(account.password_at, own.now):
            return self._ask(request, PASSWORD)
        if own.state == "resting":
            return self._resting(request)
        if "X-Refresh" not in request.headers:
            sittings.touch(own)
        if request.path == "/" and account.admin_kind:
            return redirect(home_of(account))
        return self.get_response(request)

    def _over(self, request: HttpRequest, own: sittings.Standing | None) -> HttpResponse:
        if own is not None:
            accounts.record_sign_out(visitor(request), own.sitting_id, "idle")
        logout(request)
        return self._public(request)

    def _resting(self, request: HttpRequest) -> HttpResponse:
        """The screen lives on and may be read; whoever acts says again who they are."""
        if request.method in SAFE_METHODS:
            return self.get_response(request)
        if _wants_json(request):
            return _json_refusal("again", _("请再次验证身份"), AGAIN)
        return redirect(f"{AGAIN}?{urlencode({'next': page_before(request)})}")

    def _ask(self, request: HttpRequest, path: str) -> HttpResponse:
        if _wants_json(request):
            return _json_refusal("sign-in-unfinished", _("登录还没有完成"), path)
        return redirect(path)

    def _public(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(FREE_PATHS):
            return self.get_response(request)
        if _wants_json(request):
            return _json_refusal("signed-out", _("请先登录"), settings.LOGIN_PATH)
        wanted = request.get_full_path() if request.method in SAFE_METHODS else "/"
        return redirect(f"{settings.LOGIN_PATH}?{urlencode({'next': wanted})}")


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _json_refusal(code: str, message: str, place: str) -> HttpResponse:
    refusal = Denied(code, message, place, _("请打开这个地址"))
    return JsonResponse({"error": refusal.as_dict()}, status=401)
