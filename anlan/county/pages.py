"""Pages of the county: phone book, places, the first sign-in, and the posts of a demonstration."""

from __future__ import annotations

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.county import actions, queries
from anlan.county.models import Account
from anlan.county.signin import visitor
from anlan.ground import clock
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.models import CountyFact
from anlan.ground.scope import Scope
from anlan.ground.web import act, page, public_page, scope_of

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
ADMINISTRATORS = (("system_admin", "系统管理员"), ("security_admin", "安全管理员"),
                  ("audit_admin", "审计管理员"))  # fmt: skip
ADMIN_KINDS = tuple(kind for kind, _label in ADMINISTRATORS)


@page("phonebook.read")
def phone_book(request: HttpRequest) -> HttpResponse:
    """People by name, pinyin, initials, post or number."""
    sought = request.GET.get("q", "")[:40]
    rows = queries.phone_book(scope_of(request), sought)
    return render(request, "county/phonebook.html", {"rows": rows, "sought": sought})


@act("phonebook.reveal", fields=["why"])
def reveal(request: HttpRequest, person_id: int) -> HttpResponse:
    """The whole number, once, with a journal line."""
    number = actions.reveal_number(scope_of(request), person_id, request.POST.get("why", ""))
    return render(request, "county/number.html", {"number": number})


@page("county.read")
def county_page(request: HttpRequest) -> HttpResponse:
    """Townships with how many villages and posts."""
    scope = scope_of(request)
    towns = queries.places(scope, "township")
    villages = queries.places(scope, "village")
    counts = {town.code: sum(1 for v in villages if v.parent == town.code) for town in towns}
    rows = [(town, counts[town.code]) for town in towns]
    return render(request, "county/county.html", {"rows": rows, "villages": len(villages)})


# the first sign-in


@public_page("a one-time link, valid for an hour, opens the account it was made for", fields=[])
def first_duty(request: HttpRequest, token: str) -> HttpResponse:
    """A demonstration account is signed in at once; a real one sets password and second factor."""
    if request.method != "POST":
        return render(request, "county/first.html", {"kind": "duty"})
    account = actions.use_link(visitor(request), token, "first")
    if account is None:
        raise NotFound("link-spent", _("这个链接已用过或已过期"))
    _sign_in(request, account)
    return redirect("/" if account.demo else "mfa_activate_totp")


def _sign_in(request: HttpRequest, account: Account) -> None:
    logout(request)
    login(request, account, backend=BACKEND)
    if account.demo:
        _must_be_demo()
        request.session["demo_link"] = True
    actions.record_sign_in(visitor(request), account)


@public_page("the one-time set-up link makes the three administrators", fields=ADMIN_KINDS)
def first_setup(request: HttpRequest, token: str) -> HttpResponse:
    """Three administrators, each with a password of their own; each then adds a second factor."""
    if request.method != "POST":
        return render(request, "county/first.html", {"kind": "setup", "admins": ADMINISTRATORS})
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    words = {kind: request.POST.get(kind, "") for kind, _label in ADMINISTRATORS}
    if len(set(words.values())) != len(words):
        raise Refusal("password-same", _("三位管理员的口令不能相同"), "", _("请分别设置"))
    for kind, word in words.items():
        try:
            validate_password(word)
        except ValidationError as error:
            raise Refusal("password-weak", "；".join(error.messages), kind, _("请换一个")) from None
    actions.use_link(visitor(request), token, "setup")
    scope = Scope.for_command("set-up")
    for kind, label in ADMINISTRATORS:
        account = actions.make_account(scope, kind, label, admin_kind=kind)
        account.set_password(words[kind])
        account.save(update_fields=["password"])
    return redirect("/accounts/login/")


# posts of a demonstration


@page("today.read", fields=["account"])
def demo_posts(request: HttpRequest) -> HttpResponse:
    """In a demonstration county a newcomer may take another post to see the other side."""
    _must_be_demo()
    if request.method == "POST":
        account = Account.objects.filter(pk=request.POST.get("account"), demo=True).first()
        if account is None:
            raise NotFound("account-unknown", _("没有这个演示账号"))
        _sign_in(request, account)
        return redirect("/")
    rows = list(Account.objects.filter(demo=True, is_active=True).order_by("id"))
    return render(request, "county/demo.html", {"rows": rows, "now": clock.now()})


def _must_be_demo() -> None:
    """The flag is readable without a scope; it holds no data."""
    if not CountyFact.objects.filter(demo=True).exists():
        raise NotFound("no-demo", _("这里不是演示县"))


urlpatterns = [
    path("phonebook/", phone_book, name="phonebook"),
    path("phonebook/<int:person_id>/", reveal, name="phonebook-reveal"),
    path("county/", county_page, name="county"),
    path("first/duty/<str:token>", first_duty, name="first-duty"),
    path("first/setup/<str:token>", first_setup, name="first-setup"),
    path("demo/", demo_posts, name="demo"),
]
