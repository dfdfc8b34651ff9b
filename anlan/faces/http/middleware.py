"""What stands before every page: a request id, a strict content policy, no caching, a limit."""

from __future__ import annotations

import contextlib
import re
import sys
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from anlan.ground import logs, secrets
from anlan.ground.errors import Refusal
from anlan.ground.web import address_of, refused

RETRY_S = "5"
PUBLIC_PER_MINUTE = 60
WINDOW_S = 60.0
KEYS_MAX = 20_000
UNCOUNTED = ("/health", "/s/")
OUTBOX = "/exercise/outbox"
LINK_PATH = re.compile(r"/[afh]/([A-Za-z0-9_-]{20,200})")


def content_policy() -> str:
    """No inline script or style, nothing from outside; the live wire is on its own port."""
    live = settings.SITE.address("live", "")
    live_ip = live.replace("localhost", "127.0.0.1")
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
        f" connect-src 'self' {live} {live_ip}; font-src 'self'; worker-src 'self' blob:;"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    )


class PublicLimit:
    """The public pages answer an address 60 times a minute, in memory: a flood writes nothing.

    A visitor with a link that we signed is counted by the link and not by the address, for a
    whole village may stand behind one address of the telephone company.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response
        self.counts: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self.turn = threading.Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _uncounted(request) or self.allowed(_visitor_key(request)):
            return self.get_response(request)
        mend = "请一分钟后再试，或打电话给乡镇值班室"
        refusal = Refusal("too-often", "打开得太频繁", "", mend, 429)
        response = refused(request, refusal)
        response["Retry-After"] = str(int(WINDOW_S))
        return response

    def allowed(self, key: str, now: float | None = None) -> bool:
        """Count one more; False over the limit of the running minute (seconds, monotonic)."""
        moment = time.monotonic() if now is None else now
        with self.turn:
            began, count = self.counts.pop(key, (moment, 0))
            if moment - began >= WINDOW_S:
                began, count = moment, 0
            self.counts[key] = (began, count + 1)
            if len(self.counts) > KEYS_MAX:
                self.counts.popitem(last=False)
            return count < PUBLIC_PER_MINUTE


def _uncounted(request: HttpRequest) -> bool:
    """Health and styles; and the player of an exercise, whose token we signed."""
    if request.path != OUTBOX:
        return request.path.startswith(UNCOUNTED)
    with contextlib.suppress(ValueError):
        said = request.headers.get("Authorization", "").removeprefix("Bearer ")
        secrets.unsign("player", said)
        return True
    return False


def _visitor_key(request: HttpRequest) -> str:
    found = LINK_PATH.fullmatch(request.path)
    if found is not None:
        with contextlib.suppress(ValueError):
            secrets.unsign("link", found[1])
            return "link " + found[1]
    return "address " + address_of(request)


class Headers:
    """Sets the headers, and answers 503 with a time to retry while the database is away."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response
        self.policy = content_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = logs.request_id.get() or uuid.uuid4().hex[:16]
        try:
            response = self.get_response(request)
        except (OperationalError, InterfaceError):
            response = database_away(request)
        response["X-Request-ID"] = request.request_id
        response.setdefault("Content-Security-Policy", self.policy)
        response.setdefault("Cache-Control", "no-store")
        response.setdefault("Permissions-Policy", "geolocation=(self), camera=(), microphone=()")
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The database went away inside a view: say so, and when to try again."""
        if isinstance(error, OperationalError | InterfaceError):
            return database_away(request)
        return None


def broken(request: HttpRequest) -> HttpResponse:
    """Our own error: no trace on the screen. It is no address: it takes whatever came, forms too.

    A database that goes away before the view is none of ours: the sign-in is read in the
    middleware, and Django asks for this page there too.
    """
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return database_away(request)
    return render(request, "500.html", status=500)


def database_away(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After; nothing was written."""
    if request.headers.get("Accept", "").startswith("application/json"):
        response: HttpResponse = JsonResponse(
            {"error": {"code": "database-away", "message": "数据库暂时不可用", "place": "",
                       "mend": "稍后会自动恢复，请重试"}}, status=503
        )  # fmt: skip
    else:
        response = render(request, "away.html", status=503)
    response["Retry-After"] = RETRY_S
    return response
