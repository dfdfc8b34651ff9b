"""The site's own sign-in on screen: its settings, the button, the way there and back, the tie."""

from __future__ import annotations

import re
from typing import Any

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from anlan.county import doors, oidc
from anlan.county.access_pages import own_page
from anlan.county.signin import AGAIN, CONFIRM_S, home_of, own_scope
from anlan.ground.errors import NotFound, Refusal
from anlan.ground.web import own_path, page, public_page, scope_of

OWN = "/accounts/"
SET = ("version", "name", "server_url", "client_id", "secret", "networks", "trusts", "second",
       "enabled")  # fmt: skip


def _leave(request: HttpRequest, answer: HttpResponseBase) -> HttpResponse:
    """A page that leads to the server: our content policy lets no form lead anybody outside."""
    return render(request, "access/leave.html", {"to": answer["Location"], "own": oidc.offered()})


@public_page("the first step of sign-in, at the site's own server", fields=["next"])
def start(request: HttpRequest) -> HttpResponse:
    """To the server, from the button of the sign-in page."""
    if request.method != "POST":
        return redirect("account_login")
    doors.check_address(request)
    wanted = own_path(request, request.POST.get("next", ""), "/")
    return _leave(request, oidc.begin(request, AuthProcess.LOGIN, wanted))


@public_page("the site's own server sends people back here")
def callback(request: HttpRequest) -> HttpResponseBase:
    """Back from the server: the code is exchanged, the token checked, the account found."""
    doors.check_address(request)
    own = oidc.offered()
    if own is None:
        raise NotFound("oidc-off", _("没有设统一登录"), "", _("请用账号和口令登录"))
    client = oidc.Client(request, oidc.provider_id(own))
    try:
        return OAuth2CallbackView.adapter_view(client)(request)
    except (SocialApp.DoesNotExist, KeyError, ValueError, TypeError) as error:
        raise Refusal(
            "oidc-failed", _("统一登录没有成功"), type(error).__name__,
            _("请再试一次；不行就用账号和口令登录"), 502,
        ) from error  # fmt: skip


@own_page(fields=[])
def link(request: HttpRequest) -> HttpResponse:
    """Tie one's own account: to the server and back, while both factors are fresh."""
    if request.method != "POST":
        return redirect(OWN)
    if not request.standing.factor or request.standing.confirmed_s > CONFIRM_S:
        return redirect(f"{AGAIN}?{urlencode({'next': OWN})}")
    return _leave(request, oidc.begin(request, AuthProcess.CONNECT, OWN))


@own_page(fields=[])
def unlink(request: HttpRequest) -> HttpResponse:
    """Untie it."""
    if request.method == "POST":
        oidc.end_tie(own_scope(request), request.user.pk)
    return redirect(OWN)


@page("account.manage", fields=SET)
def settings_page(request: HttpRequest) -> HttpResponse:
    """What the site's own sign-in is, and what it is believed."""
    if request.method == "POST":
        said = request.POST
        version = said.get("version", "0")
        oidc.save(
            scope_of(request), int(version) if version.isdecimal() else -1, _values(said),
            said.get("secret", "").strip(),
        )  # fmt: skip
        return redirect("access-oidc")
    own = oidc.row()
    context = {"own": own, "second": "、".join(own.second) if own else "",
               "back": request.build_absolute_uri("/accounts/oidc/callback/"),
               "home": home_of(request.user)}  # fmt: skip
    return render(request, "access/oidc.html", context)


def _values(said: Any) -> dict[str, Any]:
    words = re.split(r"[\s,，、]+", said.get("second", "").strip())
    return {
        "name": said.get("name", "").strip()[:40],
        "server_url": said.get("server_url", "").strip().rstrip("/")[:300],
        "client_id": said.get("client_id", "").strip()[:190],
        "networks": said.get("networks", "").strip()[:200],
        "trusts": said.get("trusts") == "1",
        "second": [word for word in words if word],
        "enabled": said.get("enabled") == "1",
    }


urlpatterns = [
    path("accounts/oidc/", start, name="oidc-start"),
    path("accounts/oidc/callback/", callback, name="oidc-callback"),
    path("accounts/oidc/tie/", link, name="oidc-tie"),
    path("accounts/oidc/untie/", unlink, name="oidc-untie"),
    path("access/oidc/", settings_page, name="access-oidc"),
]
