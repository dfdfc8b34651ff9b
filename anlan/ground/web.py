"""How a URL declares who may see it and what it takes, and how a page runs under a scope.

GET runs, template and all, inside one read transaction of `request.scope`; POST runs outside, for
the action opens its own, and then redirects. A URL whose view carries none of these decorators
fails a test. What a POST may carry is declared as `fields`; anything else is refused by name.
A field is written `name` (once at most), `name*` (any number of times) or `name-#` (once for each
number, as `people-12`).
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    JsonResponse,
)
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from anlan.ground import journal
from anlan.ground.errors import Conflict, Denied, Refusal
from anlan.ground.inputs import shown
from anlan.ground.scope import Scope

View = Callable[..., HttpResponseBase]
# The public process has a plain page of its own; `select` takes the first that is installed.
REFUSAL_PAGE = (
    ["portal/refusal.html"] if os.environ.get("ANLAN_ROLE") == "public" else ["refusal.html"]
)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", ""})
LOOPBACK = frozenset({"127.0.0.1", "::1"})
SHOWN_WORLD = "shown_world"
FREE_FIELDS = frozenset({"csrfmiddlewaretoken", "request_key", SHOWN_WORLD})
FIELD_NAME_CHARS_MAX = 60
NUMBERED = re.compile(r"-[0-9]{1,18}\Z")


ANY_WORLD = "*"


@dataclass(frozen=True, slots=True)
class Access:
    """What a view declares. right None: public, for the reason given.

    fields: what a POST may carry; None: the address takes no POST. world: the part of the address
    that says in which world it runs; empty: where the reader's screens stand; ANY_WORLD: it only
    leads from one to another, whatever the page showed.
    """

    right: str | None
    reason: str = ""
    kind: str = "page"
    fields: frozenset[str] | None = None
    world: str = ""


def page(
    right: str, *, fields: Iterable[str] | None = None, world: str = ""
) -> Callable[[View], View]:
    """A page for people signed in who hold the right; with `fields` it takes a POST too."""
    return _declared(Access(right, fields=_named(fields), world=world))


def act(right: str, *, fields: Iterable[str] = (), world: str = "") -> Callable[[View], View]:
    """What a button does: POST only, so that no link or image can press it."""
    return _declared(Access(right, kind="act", fields=frozenset(fields), world=world))


def json_page(right: str, *, fields: Iterable[str] | None = None) -> Callable[[View], View]:
    """A JSON answer for people signed in who hold the right; a refusal is JSON too."""
    return _declared(Access(right, kind="json", fields=_named(fields)))


def public_page(reason: str, *, fields: Iterable[str] | None = None) -> Callable[[View], View]:
    """A page without account. The view opens the scope that its link or form gives it."""
    access = Access(None, reason, fields=_named(fields))

    def declare(view: View) -> View:
        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not _takes(request, access):
                return HttpResponseNotAllowed(_methods(access))
            try:
                check_fields(request, access)
                return view(request, *args, **kwargs)
            except Refusal as refusal:
                return refused(request, refusal)

        run.__dict__["access"] = access
        return run

    return declare


def machine_page(reason: str) -> Callable[[View], View]:
    """A door for programs: POST only, any body, no cookie; the view asks for a token. JSON out."""
    access = Access(None, reason, kind="machine")

    def declare(view: View) -> View:
        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            try:
                return view(request, *args, **kwargs)
            except Refusal as refusal:
                return refused(request, refusal, "json")

        run.__dict__["access"] = access
        run.__dict__["csrf_exempt"] = True
        return run

    return declare


def _named(fields: Iterable[str] | None) -> frozenset[str] | None:
    return None if fields is None else frozenset(fields)


def _methods(access: Access) -> list[str]:
    if access.kind == "act":
        return ["POST"]
    return ["GET", "HEAD", "OPTIONS", *(["POST"] if access.fields is not None else [])]


def _takes(request: HttpRequest, access: Access) -> bool:
    return request.method in _methods(access)


def check_fields(request: HttpRequest, access: Access) -> None:
    """Refuse a write that carries a field nobody declared, one given twice, or a NUL anywhere."""
    for name, values in request.GET.lists():
        if "\0" in name or any("\0" in value for value in values):
            raise _strange("field-nul", _("地址里有不可用的字符"), name)
    if request.method in SAFE_METHODS:
        return
    if request.content_type not in FORM_TYPES:
        raise Refusal(
            "write-form", _("这里只接受表单"), request.content_type[:FIELD_NAME_CHARS_MAX],
            _("请在页面上填写后提交"), 415,
        )  # fmt: skip
    for name, values in [*request.POST.lists(), *request.FILES.lists()]:
        if name in FREE_FIELDS:
            continue
        _check_field(name, values, access.fields or frozenset())


def _check_field(name: str, values: list[Any], declared: frozenset[str]) -> None:
    plain = not name.endswith(("*", "-#"))
    if not (plain and f"{name}*" in declared):
        if not plain or (name not in declared and NUMBERED.sub("-#", name) not in declared):
            raise _strange("field-unknown", _("这里没有这个字段"), name)
        if len(values) > 1:
            raise _strange("field-twice", _("这个字段只能填一次"), name)
    if any(isinstance(value, str) and "\0" in value for value in values):
        raise _strange("field-nul", _("内容里有不可用的字符"), name)


def _strange(code: str, message: str, name: str) -> Refusal:
    place = shown(name, FIELD_NAME_CHARS_MAX).replace("\n", " ")
    return Refusal(code, message, place, _("请在页面上填写后提交，不要改动表单"))


def address_of(request: HttpRequest) -> str:
    """The address that the request came from.

    Behind the site's proxy (`ANLAN_HOSTS`) it is the last one that the proxy wrote down: what
    stands before that in the header was sent by the visitor and may be anything.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    if not settings.SECURE_PROXY_SSL_HEADER or direct not in LOOPBACK:
        return direct
    said = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(said))
    except ValueError:
        return direct


def own_path(request: HttpRequest, wanted: str, otherwise: str = "/") -> str:
    """The wanted path where it is one of ours; no address from outside sends anybody away."""
    local = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, {request.get_host()})
    return wanted if local else otherwise


def page_before(request: HttpRequest, otherwise: str = "/") -> str:
    """The path of our own page that the button stood on."""
    host = f"{request.scheme}://{request.get_host()}"
    came = str(request.META.get("HTTP_REFERER", ""))
    wanted = came.removeprefix(host) if came.startswith(host + "/") else otherwise
    return own_path(request, wanted, otherwise)


def scope_of(request: HttpRequest) -> Scope:
    """The scope that the sign-in gave this request; nobody's where there is none."""
    found: Scope | None = getattr(request, "scope_", None) or getattr(request, "scope", None)
    return found if isinstance(found, Scope) else Scope.nobody()


def refused(request: HttpRequest, refusal: Refusal, kind: str = "page") -> HttpResponse:
    """The refusal as a page, or as JSON where the view or the caller speaks JSON."""
    if kind == "json" or request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"error": refusal.as_dict()}, status=refusal.status)
    return render(request, REFUSAL_PAGE, {"refusal": refusal}, status=refusal.status)


WORLD_MAX, NO_WORLD = 2**31 - 1, -1


def _in_its_world(request: HttpRequest, access: Access, parts: dict[str, Any]) -> Scope:
    """The reader's scope, in the world that the address names where it names one."""
    scope = scope_of(request)
    if access.world not in ("", ANY_WORLD):
        asked = int(parts[access.world])
        scope = scope.in_world(asked if 0 <= asked <= WORLD_MAX else NO_WORLD)
        request.scope = scope  # type: ignore[attr-defined]
    return scope


def _check_world(request: HttpRequest, access: Access, scope: Scope) -> None:
    """A form acts in the world that its page showed, or not at all.

    Whoever enters an exercise in another window must not send a real warning from a page that
    still looks like the exercise, or the other way round.
    """
    if request.method in SAFE_METHODS or access.world == ANY_WORLD:
        return
    said = request.POST.get(SHOWN_WORLD)
    if said is not None and said != str(scope.world):
        raise Conflict(
            "other-world", _("这一页和您现在所在的世界不同，没有办"),
            _("演练") if said != "0" else _("真实"), _("请重新打开这一页，看清是不是演练再办"),
        )  # fmt: skip


def _declared(access: Access) -> Callable[[View], View]:
    def declare(view: View) -> View:
        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            scope = _in_its_world(request, access, kwargs)
            if not _takes(request, access):
                return HttpResponseNotAllowed(_methods(access))
            try:
                scope.need(access.right or "")
                check_fields(request, access)
                _check_world(request, access, scope)
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
