"""Sign-in: who the request is, what scope and rights that gives, and when it ends.

allauth checks password and second factor; this module turns the account's acting post into a
`Scope`. An administrator (三员) has no place at all. A session ends after its idle time or twelve
hours, and at the next request of an account that was disabled.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from anlan.county.models import Account, Post
from anlan.county.rights import table
from anlan.ground import journal
from anlan.ground.places import span
from anlan.ground.scope import NOWHERE, Actor, Scope

IDLE_S = 30 * 60
IDLE_ADMIN_S = 15 * 60
ABSOLUTE_S = 12 * 3600
FREE_PATHS = ("/accounts/", "/static/", "/first/", "/health")
SCOPE_KIND = {"audit_admin": "audit", "system_admin": "admin", "security_admin": "admin"}


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def address_of(request: HttpRequest) -> str:
    """The address that the request came from."""
    return str(request.META.get("REMOTE_ADDR", ""))


def visitor(request: HttpRequest) -> Scope:
    """The scope of somebody who has not signed in."""
    return Scope.nobody(address_of(request), getattr(request, "request_id", ""))


def scope_for(account: Account, address: str = "", request_id: str = "", world: int = 0) -> Scope:
    """The scope of an account: its acting post's span and rights, or an administrator's none."""
    actor = Actor(
        "account", account.pk, account.label or account.username, account.person_id,
        account.post_id, address, request_id,
    )  # fmt: skip
    if account.admin_kind:
        kind = SCOPE_KIND[account.admin_kind]
        return Scope(kind, *NOWHERE, world, actor, table().of(account.admin_kind))
    finder = Scope.for_round("sign-in", world)
    with finder.open():
        post = Post.objects.filter(pk=account.post_id, ended_at=None).first()
    if post is None:
        return Scope("post", *NOWHERE, world, actor)
    return Scope("post", *span(post.division), world, actor, table().of(post.kind))


class ScopeMiddleware:
    """Sets `request.scope`; asks for the second factor; ends sessions that are too old."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = getattr(request, "request_id", uuid.uuid4().hex[:16])
        request.scope = visitor(request)
        account = request.user
        if not account.is_authenticated:
            return self._public(request)
        if not account.is_active or _too_old(request, bool(account.admin_kind)):
            logout(request)
            request.scope = visitor(request)
            return self._public(request)
        if not _has_second_factor(request) and not request.path.startswith(FREE_PATHS):
            return redirect("mfa_activate_totp")
        request.scope = scope_for(account, address_of(request), request.request_id)
        return self.get_response(request)

    def _public(self, request: HttpRequest) -> HttpResponse:
        match = request.path
        if match.startswith(FREE_PATHS):
            return self.get_response(request)
        if request.headers.get("Accept", "").startswith("application/json"):
            return self.get_response(request)
        return redirect(f"/accounts/login/?next={request.path}")


def _too_old(request: HttpRequest, admin: bool) -> bool:
    """Whether the session idled too long or stands twelve hours; a live request moves it on."""
    now = time.time()
    began = request.session.setdefault("began", now)
    seen = request.session.get("seen", now)
    if now - began > ABSOLUTE_S or now - seen > (IDLE_ADMIN_S if admin else IDLE_S):
        return True
    if now - seen > 30 or "seen" not in request.session:
        request.session["seen"] = now
    return False


def _has_second_factor(request: HttpRequest) -> bool:
    """Every account has one; a demonstration account was opened by its one-time link instead."""
    if request.session.get("demo_link"):
        return True
    if request.session.get("second_factor"):
        return True
    from allauth.mfa.models import Authenticator

    found = Authenticator.objects.filter(user_id=request.user.pk, type="totp").exists()
    if found:
        request.session["second_factor"] = True
    return found


def journal_denied_sign_in(request: HttpRequest, username: str) -> None:
    """A line for a sign-in that was refused."""
    journal.denied(visitor(request), "account.sign_in", username)
