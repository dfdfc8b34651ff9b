"""Sign-in and accounts on screen: allauth's steps, one's own factors, the one-time links, 管理账号.

The security administrator sees accounts, the posts that they are for, and sign-ins; no number, no
warning, nobody's duty. A token is shown once, in the answer to the act that made it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from allauth.account.views import LoginView, LogoutView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.internal import auth as webauthn
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county import access_queries as queries
from anlan.county import accounts, acting, doors, oidc, passkeys, passwords
from anlan.county.doors import visitor
from anlan.county.models import Account
from anlan.county.signin import AccountAdapter, home_of, own_scope, register_device
from anlan.ground import clock
from anlan.ground.errors import Denied, NotFound, Refusal
from anlan.ground.scope import Actor, Scope
from anlan.ground.web import act, address_of, own_path, page, public_page, scope_of

OWN = "whoever signed in, for their own account only"
View = Callable[..., HttpResponseBase]


def own_page(fields: Iterable[str] | None = None) -> Callable[[View], View]:
    """A page for whoever signed in, about themselves; anybody else is sent to sign in."""

    def declare(view: View) -> View:
        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if getattr(request, "standing", None) is None:
                return redirect("account_login")
            return view(request, *args, **kwargs)

        return public_page(OWN, fields=fields)(run)

    return declare


# the steps of sign-in


class Bind(ActivateTOTPView):
    """Set up the app once; the sign-in counts full with its first code."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_mfa_enabled(request.user, ["totp"]):
            return redirect("mfa_index")
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        offered = passkeys.possible(self.request) and not self.request.user.demo
        return super().get_context_data(**kwargs) | {"passkey": offered}

    def form_valid(self, form: Any) -> HttpResponse:
        request = self.request
        scope = own_scope(request)
        with scope.open():
            answer = super().form_valid(form)
            accounts.record_factor(scope, request.user.pk, request.standing.sitting_id, "totp")
        register_device(request, request.user, answer)
        return answer


class SignIn(LoginView):
    """Name and password, or the site's own sign-in where there is one."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"oidc": oidc.offered()}


class SecondStep(AuthenticateView):
    """The second factor: a passkey of this address, the app's code, or a recovery code."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = passkeys.usable(self.request, self.stage.login.user)
        return super().get_context_data(**kwargs) | {"passkeys": own}


class NewRecoveryCodes(GenerateRecoveryCodesView):
    """The old recovery codes are void with the new ones."""

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        request = self.request
        accounts.record_factor(
            own_scope(request), request.user.pk, request.standing.sitting_id, "recovery codes"
        )
        return answer


login_page = public_page("sign-in itself", fields=["login", "password", "next"])(SignIn.as_view())
logout_page = public_page("whoever signed in signs out", fields=["next"])(LogoutView.as_view())
code_page = public_page("the second step of sign-in", fields=["code", "credential"])(
    SecondStep.as_view()
)
bind_page = own_page(fields=["code"])(Bind.as_view())
recovery_page = own_page()(ViewRecoveryCodesView.as_view())
new_recovery_page = own_page(fields=[])(NewRecoveryCodes.as_view())


@own_page()
def own_account(request: HttpRequest) -> HttpResponse:
    """How one signs in: factors, password, the browsers that are signed in."""
    account = request.user
    if not request.standing.factor:
        return redirect("mfa_activate_totp")
    context = {
        "sittings": queries.sittings(account.pk),
        "here": request.standing.sitting_id,
        "bound": is_mfa_enabled(account, ["totp"]),
        "passkeys": passkeys.of_account(account),
        "possible": passkeys.possible(request),
        "oidc": oidc.offered(),
        "tied": oidc.tie(account),
        "now": clock.now(0),
        "home": home_of(account),
    }
    return render(request, "access/own.html", context)


@own_page(fields=["password", "code", "credential", "next"])
def again(request: HttpRequest) -> HttpResponse:
    """The person says again who they are, with both factors; the session gets a new key."""
    account = request.user
    wanted = request.POST.get("next") or request.GET.get("next", "")
    target = own_path(request, wanted, home_of(account))
    demo = request.standing.factor == "demo"
    wrong = request.method == "POST" and not demo and not _both_factors(request)
    if request.method != "POST" or wrong:
        context = {"next": target, "demo": demo, "wrong": wrong} | _offered(request)
        return render(request, "access/again.html", context)
    accounts.confirm_sitting(own_scope(request), request.standing.sitting_id)
    request.session.cycle_key()
    return redirect(target)


def _both_factors(request: HttpRequest) -> bool:
    account = request.user
    known = doors.check_password(request, account.username, request.POST.get("password", ""))
    if known is None or known.pk != account.pk:
        return False
    said = request.POST.get("credential", "")
    if said:
        return bool(doors.check_passkey(request, account, said))
    return bool(doors.check_code(request, account, request.POST.get("code", "")))


def _offered(request: HttpRequest) -> dict[str, Any]:
    """The passkeys that open here, with a new challenge for them."""
    own = passkeys.usable(request, request.user)
    if not own:
        return {"passkeys": []}
    return {
        "passkeys": own,
        "js_data": {"request_options": webauthn.begin_authentication(request.user)},
    }


@own_page(fields=["old", "new1", "new2"])
def password_page(request: HttpRequest) -> HttpResponse:
    """Another password, with the old one; all other browsers are signed out."""
    account = request.user
    if not request.standing.factor or request.standing.factor == "demo":
        raise Denied("password-later", _("请先完成登录；演示账号没有口令"))
    old = passwords.expired(account.password_at, clock.now(0))
    context = {"expired": old, "chars": passwords.CHARS_MIN, "kinds": passwords.asks_kinds()}
    if request.method != "POST":
        return render(request, "access/password.html", context)
    if request.POST.get("new1") != request.POST.get("new2"):
        raise Refusal("password-twice", _("两次输入的口令不一样"), "", _("请返回重新填写"))
    known = doors.check_password(request, account.username, request.POST.get("old", ""))
    if known is None or known.pk != account.pk:
        raise Refusal("password-old", _("原口令不对，或试得太多"), "", _("请返回重新填写"))
    changed = accounts.change_password(
        own_scope(request), account.pk, request.POST.get("new1", ""),
        request.standing.sitting_id,
    )  # fmt: skip
    _keep_session(request, changed)
    return redirect(home_of(account))


def _keep_session(request: HttpRequest, account: Account) -> None:
    from django.contrib.auth import update_session_auth_hash

    update_session_auth_hash(request, account)


# one-time links


def _quiet(answer: HttpResponse) -> HttpResponse:
    """The token of the address goes into no Referer, not even to our own pages."""
    answer["Referrer-Policy"] = "strict-origin"
    return answer


@public_page(
    "a one-time link, valid for an hour, opens the account it was made for",
    fields=["password1", "password2"],
)
def first_duty(request: HttpRequest, token: str) -> HttpResponse:
    """A demonstration account is signed in at once; a real one sets its password, then its app."""
    doors.check_address(request)
    account = accounts.link_behind(token, "first").account
    if account is None:
        raise NotFound("link-spent", _("这个链接已用过或已过期"))
    if request.method != "POST":
        context = {
            "kind": "duty",
            "account": account,
            "chars": passwords.CHARS_MIN,
            "kinds": passwords.asks_kinds(),
        }
        return _quiet(render(request, "county/first.html", context))
    if account.demo:
        must_be_demo()
        accounts.use_link(visitor(request), token, "first")
        sign_in_demo(request, account)
        return redirect("/")
    if request.POST.get("password1") != request.POST.get("password2"):
        raise Refusal("password-twice", _("两次输入的口令不一样"), "", _("请返回重新填写"))
    opened = accounts.open_account(visitor(request), token, request.POST.get("password1", ""))
    _sign_in(request, opened, "")
    return redirect("mfa_activate_totp")


@public_page("the one-time set-up link makes the three administrators",
             fields=list(accounts.ADMINISTRATORS))  # fmt: skip
def first_setup(request: HttpRequest, token: str) -> HttpResponse:
    """Three administrators, each with a password of their own; each then adds a second factor."""
    doors.check_address(request)
    accounts.link_behind(token, "setup")
    if request.method != "POST":
        context = {"kind": "setup", "admins": accounts.ADMINISTRATORS.items(),
                   "chars": passwords.CHARS_MIN,
                   "kinds": passwords.asks_kinds()}  # fmt: skip
        return _quiet(render(request, "county/first.html", context))
    words = {kind: request.POST.get(kind, "") for kind in accounts.ADMINISTRATORS}
    actor = Actor("command", label="set-up", address=address_of(request),
                  request_id=request.request_id)  # fmt: skip
    own = Scope.for_command("set-up", frozenset({"account.manage"}))
    scope = Scope(own.kind, own.lo, own.hi, own.world, actor, own.rights)
    accounts.make_administrators(scope, token, words)
    messages.info(request, _("三个管理员账号已建立，请各自登录并绑定验证器"))
    return redirect("account_login")


def _sign_in(request: HttpRequest, account: Account, factor: str) -> None:
    """Leave whoever was signed in here, and sit down as the account."""
    own = request.session.get("sitting")
    if isinstance(own, int):
        accounts.record_sign_out(visitor(request), own)
    logout(request)
    request.factor_given = factor
    AccountAdapter(request).login(request, account)


def sign_in_demo(request: HttpRequest, account: Account) -> None:
    """Sit down as a demonstration account, whose link or county stands for the second factor."""
    if not account.demo:
        raise NotFound("account-unknown", _("没有这个演示账号"))
    _sign_in(request, account, "demo")


def must_be_demo() -> None:
    """The flag is readable without a scope; it holds no data."""
    from anlan.ground.models import CountyFact

    if not CountyFact.objects.filter(demo=True).exists():
        raise NotFound("no-demo", _("这里不是演示县"))


# 管理账号


@page("account.manage")
def accounts_page(request: HttpRequest) -> HttpResponse:
    """Who may sign in; below it, an account for a post."""
    scope = scope_of(request)
    sought, post = request.GET.get("q", "")[:40].strip(), request.GET.get("post", "")[:40].strip()
    rows = queries.accounts(sought)
    context = {
        "rows": rows, "sought": sought, "post": post,
        "waiting": sum(1 for row in rows if row.state == "waiting"),
        "posts": queries.posts_for_accounts(scope, post) if post else [], "now": clock.now(0),
    }  # fmt: skip
    return render(request, "access/accounts.html", context)


@page("account.manage")
def account_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """One account: what it is for, its factors, its sign-ins, and what may be done."""
    return _account_page(request, account_id, "")


def _account_page(request: HttpRequest, account_id: int, link: str) -> HttpResponse:
    context = {
        "row": queries.account(account_id), "sittings": queries.sittings(account_id),
        "link": link, "now": clock.now(0), "self": request.user.pk == account_id,
        "others": queries.other_posts(scope_of(request), account_id),
        "added": acting.added(account_id),
        "stood_at": acting.stood_at(scope_of(request), account_id),
    }  # fmt: skip
    return render(request, "access/account.html", context)


@act("account.manage", fields=["username", "post_id"])
def make(request: HttpRequest) -> HttpResponse:
    """An account for a post and its holder, and the link with which that person opens it."""
    scope = scope_of(request)
    chosen = request.POST.get("post_id", "")
    with scope.open():
        post = queries.post_for_account(scope, int(chosen) if chosen.isdecimal() else 0)
        label = f"{post.title} {post.person or ''}".strip()
        made = accounts.make_account(
            scope, request.POST.get("username", ""), label, post_id=post.post_id,
            person_id=post.person_id,
        )  # fmt: skip
        token = accounts.make_link(scope, "first", made)
    return _account_page(request, made.pk, _address(request, token))


def _address(request: HttpRequest, token: str) -> str:
    return request.build_absolute_uri(f"/first/duty/{token}")


@act("account.manage", fields=["post_id"])
def move(request: HttpRequest, account_id: int) -> HttpResponse:
    """The account works for another post of its person."""
    scope, chosen = scope_of(request), request.POST.get("post_id", "")
    with scope.open():
        post = queries.post_for_account(scope, int(chosen) if chosen.isdecimal() else 0)
    label = f"{post.title} {post.person or ''}".strip()
    accounts.move_account(scope, account_id, post.post_id, post.person_id, label)
    return redirect(f"/access/{account_id}/")


@act("account.manage", fields=["why"])
def disable(request: HttpRequest, account_id: int) -> HttpResponse:
    """No sign-in any more; what is open ends."""
    username = queries.account(account_id).username
    accounts.disable_account(scope_of(request), username, request.POST.get("why", ""))
    return redirect(f"/access/{account_id}/")


@act("account.manage")
def enable(request: HttpRequest, account_id: int) -> HttpResponse:
    """Sign-in again."""
    accounts.enable_account(scope_of(request), queries.account(account_id).username)
    return redirect(f"/access/{account_id}/")


@act("account.manage", fields=["why"])
def reset(request: HttpRequest, account_id: int) -> HttpResponse:
    """Both factors void; a new link, shown once."""
    token = accounts.reset_account(scope_of(request), account_id, request.POST.get("why", ""))
    return _account_page(request, account_id, _address(request, token))


@act("account.manage")
def end_sitting(request: HttpRequest, sitting_id: int) -> HttpResponse:
    """Sign one browser out."""
    account_id = queries.sitting_account(sitting_id)
    accounts.end_sitting(scope_of(request), sitting_id)
    return redirect(f"/access/{account_id}/")


urlpatterns = [
    path("accounts/", own_account, name="mfa_index"),
    path("accounts/login/", login_page, name="account_login"),
    path("accounts/logout/", logout_page, name="account_logout"),
    path("accounts/again/", again, name="again"),
    path("accounts/password/", password_page, name="password"),
    path("accounts/2fa/authenticate/", code_page, name="mfa_authenticate"),
    path("accounts/2fa/totp/activate/", bind_page, name="mfa_activate_totp"),
    path("accounts/2fa/recovery-codes/", recovery_page, name="mfa_view_recovery_codes"),
    path("accounts/2fa/recovery-codes/generate/", new_recovery_page,
         name="mfa_generate_recovery_codes"),
    path("first/duty/<str:token>", first_duty, name="first-duty"),
    path("first/setup/<str:token>", first_setup, name="first-setup"),
    path("access/", accounts_page, name="access"),
    path("access/make/", make, name="access-make"),
    path("access/<int:account_id>/", account_page, name="access-account"),
    path("access/<int:account_id>/move/", move, name="access-move"),
    path("access/<int:account_id>/disable/", disable, name="access-disable"),
    path("access/<int:account_id>/enable/", enable, name="access-enable"),
    path("access/<int:account_id>/reset/", reset, name="access-reset"),
    path("access/sitting/<int:sitting_id>/end/", end_sitting, name="access-end"),
]  # fmt: skip

__all__ = ["must_be_demo", "sign_in_demo", "urlpatterns"]
