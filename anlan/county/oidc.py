"""The site's own sign-in (统一登录): OpenID Connect in the place of the password, for ties only.

Flows in: the security administrator's row, what the site's server signed. Flows out: a sign-in of
an account that its person tied before, or a refusal; never a new account. The protocol is
django-allauth's. Every request to the server goes by `ground/outside`; an id token counts only with
its signature, and of what it says nothing but its kind of sign-in is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets as random
from typing import Any

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from requests.adapters import BaseAdapter

from anlan.county import passkeys
from anlan.county.doors import visitor
from anlan.county.models import Account, UnitLogin
from anlan.county.signin import CONFIRM_S, own_scope
from anlan.ground import journal, outside
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal
from anlan.ground.scope import Scope
from anlan.ground.web import refused

SECOND_MAX, SECOND_CHARS_MAX = 10, 100
UID_CHARS_MAX = 190
KEPT = ("nonce", "amr", "acr")
FIELDS = ("name", "server_url", "client_id", "networks", "trusts", "second", "enabled")


def row() -> UnitLogin | None:
    """The site's own sign-in as it is set; None where there is none."""
    return UnitLogin.objects.first()


def offered() -> UnitLogin | None:
    """The same, where it is switched on."""
    return UnitLogin.objects.filter(enabled=True).first()


def provider_id(own: UnitLogin) -> str:
    """Under which name ties are kept: another server or program is another name, and no old tie."""
    said = f"{own.server_url} {own.client_id}"
    return "oidc-" + hashlib.sha256(said.encode()).hexdigest()[:16]


def tie(account: Account) -> SocialAccount | None:
    """The account's tie to the server that is set now."""
    own = row()
    found = SocialAccount.objects.filter(user=account)
    return found.filter(provider=provider_id(own)).first() if own else None


def allowed(own: UnitLogin) -> outside.Allowed:
    """Where the server may be asked: at its own host, nowhere else."""
    _parts, place = outside.split(own.server_url)
    return outside.Allowed(frozenset({place}), outside.networks(own.networks))


# the writes


@action("account.manage", journal="account.oidc.save")
def save(scope: Scope, version: int, values: dict[str, Any], secret: str) -> UnitLogin:
    """Set it, or change it. version: 0 where there is none; secret: empty keeps the one before.

    Another server or another program name leaves all ties behind.
    """
    own = UnitLogin.objects.select_for_update().first() or UnitLogin(id=1, version=0)
    if own.version != version:
        raise Conflict("changed-meanwhile", _("统一登录已被修改"), own.name, _("请看新内容后再办"))
    before = [getattr(own, name) for name in FIELDS]
    for name in FIELDS:
        setattr(own, name, values[name])
    own.secret = secret or own.secret
    _check(own)
    own.version += 1
    own.save()
    journal.line(
        scope, "account.oidc.save", ("county.unitlogin", 1), before=before,
        after=[getattr(own, name) for name in FIELDS], why=own.name, division=0,
    )  # fmt: skip
    return own


def _check(own: UnitLogin) -> None:
    """Refusal where one of the values would open a way that it must not."""
    if not own.name.strip() or not own.client_id.strip() or not own.secret:
        raise Refusal(
            "oidc-empty", _("名称、程序编号、程序口令都要填"), own.name, _("向统一登录的管理员要")
        )
    if not own.server_url.startswith("https://") or "?" in own.server_url:
        raise Refusal(
            "oidc-url",
            _("地址要以 https:// 开头"),
            own.server_url,
            _("填 issuer，例如 https://sso.example.gov.cn"),
        )
    allowed(own)
    words = own.second
    if len(words) > SECOND_MAX or any(len(word) > SECOND_CHARS_MAX for word in words):
        raise Refusal("oidc-second", _("amr、acr 的值太多或太长"), "", _("最多 10 个"))
    if own.trusts and not words:
        raise Refusal(
            "oidc-second",
            _("写明哪些 amr、acr 的值算第二因素"),
            "",
            _("例如 mfa、otp、hwk；向统一登录的管理员核对"),
        )


@action(None, open_to="who has just given both factors again", journal="account.oidc.tie")
def make_tie(scope: Scope, account_id: int, provider: str, uid: str) -> None:
    """Tie an account to a person of the site's server."""
    if not uid or len(uid) > UID_CHARS_MAX:
        raise Refusal("oidc-uid", _("统一登录没有说是谁"), "", _("请找统一登录的管理员"))
    found = SocialAccount.objects.filter(provider=provider, uid=uid).first()
    if found is not None and found.user_id != account_id:
        raise Conflict(
            "oidc-other", _("这个统一登录账号已关联别的账号"), "", _("请先在那个账号里解除")
        )
    SocialAccount.objects.filter(provider=provider, user_id=account_id).delete()
    SocialAccount.objects.create(provider=provider, uid=uid, user_id=account_id)
    journal.line(scope, "account.oidc.tie", ("county.account", account_id), after=uid, division=0)


@action(None, open_to="whoever signed in, for their own account", journal="account.oidc.untie")
def end_tie(scope: Scope, account_id: int) -> None:
    """The account is signed in to by its password again."""
    gone, _kinds = SocialAccount.objects.filter(user_id=account_id).delete()
    if not gone:
        raise NotFound("oidc-none", _("没有关联统一登录"), "")
    journal.line(scope, "account.oidc.untie", ("county.account", account_id), division=0)


@action(None, open_to="sign-in itself", journal="account.oidc.use")
def record_use(scope: Scope, account_id: int, second: bool) -> None:
    """The site's server said who it is; second: and that two factors were given there."""
    why = "two factors" if second else "password only"
    journal.line(scope, "account.oidc.use", ("county.account", account_id), why=why, division=0)


# allauth's questions


class Provider(OpenIDConnectProvider):
    """Of what the server says about a person only who and how they signed in is looked at."""

    def get_oauth2_adapter(self, request: HttpRequest) -> Client:
        return Client(request, self.app.provider_id)

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {name: data["id_token"][name] for name in KEPT if name in data["id_token"]}

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[Any]:
        return []


class Client(OpenIDConnectOAuth2Adapter):
    """The way to the server: an id token is asked for, and counts with its signature only."""

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return request.build_absolute_uri(reverse("oidc-callback"))

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any
    ) -> Any:
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("no id token")
        return super().complete_login(request, app, token, **kwargs)

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        self.did_fetch_access_token = False  # allauth would spare itself the signature
        return dict(super()._decode_id_token(app, id_token))


class _ByOutside(BaseAdapter):
    """What `requests` sends goes through the one way out."""

    def __init__(self, to: outside.Allowed) -> None:
        super().__init__()
        self.to, self.budget = to, outside.Budget()

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else body
        names = ("Authorization", "Content-Type", "Content-Length", "Accept")
        headers = {name: request.headers[name] for name in names if name in request.headers}
        try:
            answer = outside.send(
                request.method, request.url, self.to, self.budget, headers, content
            )
        except Refusal as refusal:
            raise requests.ConnectionError(f"{refusal.message} {refusal.place}") from None
        made = requests.Response()
        made.status_code, made.url, made.request = answer.status, answer.url, request
        made.headers.update(answer.headers)
        made.headers.setdefault("content-type", "")
        made._content, made.encoding = answer.content, "utf-8"
        return made

    def close(self) -> None:
        """Nothing is kept open."""


class Adapter(DefaultSocialAccountAdapter):
    """allauth's questions about the site's own sign-in, answered by the county's row."""

    def list_apps(
        self, request: HttpRequest, provider: Any = None, client_id: Any = None
    ) -> list[SocialApp]:
        own = offered()
        if own is None or provider not in (None, provider_id(own), Provider.id):
            return []
        settings = {"server_url": own.server_url, "fetch_userinfo": False, "scope": ["openid"],
                    "oauth_pkce_enabled": True}  # fmt: skip
        app = SocialApp(
            provider=Provider.id, provider_id=provider_id(own), name=own.name,
            client_id=own.client_id, secret=own.secret, settings=settings,
        )  # fmt: skip
        return [app]

    def get_provider(self, request: HttpRequest, provider: Any, client_id: Any = None) -> Provider:
        return Provider(request, app=self.get_app(request, provider, client_id))

    def get_requests_session(self) -> requests.Session:
        own = offered()
        if own is None:
            raise NotFound("oidc-off", _("没有设统一登录"), "", _("请用账号和口令登录"))
        session = requests.Session()
        session.trust_env, session.max_redirects = False, 0
        for scheme in ("https://", "http://"):
            session.mount(scheme, _ByOutside(allowed(own)))
        return session

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: Any) -> Any:
        return sociallogin.user

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Nobody gets an account by it."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """The server said who it is: tie, or sign in whoever was tied; all else is refused."""
        try:
            _check_nonce(sociallogin)
            if sociallogin.state.get("process") == AuthProcess.CONNECT:
                raise ImmediateHttpResponse(_tied(request, sociallogin))
            _accept(request, sociallogin)
        except Refusal as refusal:
            raise ImmediateHttpResponse(refused(request, refusal)) from None

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None,
        extra_context: Any = None,
    ) -> None:  # fmt: skip
        """Cancelled there, not reachable, or what came back does not hold."""
        journal.denied(visitor(request), "account.oidc.use", f"{error} {exception or ''}")
        refusal = Denied(
            "oidc-failed", _("统一登录没有成功"), "", _("请再试一次；不行就用账号和口令登录")
        )
        raise ImmediateHttpResponse(refused(request, refusal))


def begin(request: HttpRequest, process: str, next_url: str) -> HttpResponseBase:
    """The way to the server, with a state, a nonce and a verifier that this session keeps."""
    own = offered()
    if own is None:
        raise NotFound("oidc-off", _("没有设统一登录"), "", _("请用账号和口令登录"))
    provider = Adapter(request).get_provider(request, provider_id(own))
    nonce = random.token_urlsafe(16)
    try:
        return provider.redirect(
            request, process, next_url=next_url, auth_params={"nonce": nonce}, nonce=nonce
        )
    except (requests.RequestException, OAuth2Error, KeyError, ValueError) as error:
        raise Refusal(
            "oidc-away", _("统一登录的服务器没有回答"), str(error)[:200],
            _("请用账号和口令登录，并告诉安全管理员"), 502,
        ) from error  # fmt: skip


def _check_nonce(said: SocialLogin) -> None:
    given = str(said.account.extra_data.get("nonce", ""))
    if not hmac.compare_digest(given.encode(), str(said.state.get("nonce", "-")).encode()):
        raise Denied("oidc-nonce", _("这次统一登录不是从这里开始的"), "", _("请从登录页重新开始"))


def _tied(request: HttpRequest, said: SocialLogin) -> HttpResponseBase:
    """Whoever began it is signed in here, and tied by that."""
    own = request.standing
    if own is None or own.factor in ("", "demo") or own.confirmed_s > CONFIRM_S:
        raise Denied("oidc-again", _("请先登录，并再次验证身份"), "", _("在“我的登录”里重新开始"))
    make_tie(own_scope(request), request.user.pk, said.account.provider, said.account.uid)
    return redirect("mfa_index")


def _accept(request: HttpRequest, said: SocialLogin) -> None:
    """Only a tied account that works and has a second factor of its own goes on."""
    account = said.user if said.is_existing else None
    bound = (
        account is not None
        and Authenticator.objects.filter(user=account, type__in=passkeys.FACTORS).exists()
    )
    if account is None or not account.is_active or account.demo or not bound:
        journal.denied(visitor(request), "account.oidc.use", "no account is tied to it")
        raise Denied(
            "oidc-no-account", _("这个统一登录账号没有关联可用的账号"), "",
            _("请先用账号和口令登录，在“我的登录”里关联"),
        )  # fmt: skip
    second = _second(said.account.extra_data)
    record_use(visitor(request), account.pk, second)
    if second:
        request.factor_given = "oidc"


def _second(claims: dict[str, Any]) -> bool:
    """Whether the site chose to believe the server, and the server names a second factor."""
    own = offered()
    if own is None or not own.trusts:
        return False
    amr, acr = claims.get("amr", []), claims.get("acr", "")
    given = [*(amr if isinstance(amr, list) else []), acr]
    return any(isinstance(word, str) and word in own.second for word in given)
