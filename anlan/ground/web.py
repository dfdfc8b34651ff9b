"""How a URL declares who may see it, and how a page runs under its reader's scope.

GET runs, template and all, inside one read transaction of `request.scope`; POST runs outside, for
the action opens its own, and then redirects. A URL whose view carries none of these decorators
fails a test.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    JsonResponse,
)
from django.shortcuts import render

from anlan.ground import journal
from anlan.ground.errors import Denied, Refusal
from anlan.ground.scope import Scope

View = Callable[..., HttpResponseBase]
# The public process has a plain page of its own; `select` takes the first that is installed.
REFUSAL_PAGE = (
    ["portal/refusal.html"] if os.environ.get("ANLAN_ROLE") == "public" else ["refusal.html"]
)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Access:
    """What a view declares. right None: public, for the reason given."""

    right: str | None
    reason: str = ""
    kind: str = "page"


def page(right: str) -> Callable[[View], View]:
    """A page for people signed in who hold the right."""
    return _declared(Access(right))


def act(right: str) -> Callable[[View], View]:
    """What a button does: POST only, so that no link or image can press it."""
    return _declared(Access(right, kind="act"))


def json_page(right: str) -> Callable[[View], View]:
    """A JSON answer for people signed in who hold the right; a refusal is JSON too."""
    return _declared(Access(right, kind="json"))


def public_page(reason: str) -> Callable[[View], View]:
    """A page without account. The view opens the scope that its link or form gives it."""

    def declare(view: View) -> View:
        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except Refusal as refusal:
                return refused(request, refusal)

        run.__dict__["access"] = Access(None, reason)
        return run

    return declare


def scope_of(request: HttpRequest) -> Scope:
    """The scope that the sign-in gave this request; nobody's where there is none."""
    found: Scope | None = getattr(request, "scope_", None) or getattr(request, "scope", None)
    return found if isinstance(found, Scope) else Scope.nobody()


def refused(request: HttpRequest, refusal: Refusal, kind: str = "page") -> HttpResponse:
    """The refusal as a page, or as JSON where the view or the caller speaks JSON."""
    if kind == "json" or request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"error": refusal.as_dict()}, status=refusal.status)
    return render(request, REFUSAL_PAGE, {"refusal": refusal}, status=refusal.status)


def _declared(access: Access) -> Callable[[View], View]:
    def declare(view: View) -> View:
        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            scope = scope_of(request)
            if access.kind == "act" and request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            try:
                scope.need(access.right or "")
                if request.method not in SAFE_METHODS:
                    return view(request, *args, **kwargs)
                with scope.open():
                    answer = view(request, *args, **kwargs)
                    render_now = getattr(answer, "render", None)
                    return render_now() if callable(render_now) else answer
            except Refusal as refusal:
                if isinstance(refusal, Denied) and not getattr(refusal, "journalled", False):
                    journal.denied(scope, access.right or "", f"{request.path} {refusal}")
                return refused(request, refusal, access.kind)

        run.__dict__["access"] = access
        return run

    return declare
