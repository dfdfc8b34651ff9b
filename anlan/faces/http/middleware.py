"""Headers that every answer carries: a request id, a strict content policy, no caching of pages."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

RETRY_S = "5"


def content_policy() -> str:
    """No inline script or style, nothing from outside; the live wire is on its own port."""
    live = settings.SITE.address("live", "")
    live_ip = live.replace("localhost", "127.0.0.1")
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
        f" connect-src 'self' {live} {live_ip}; font-src 'self'; worker-src 'self' blob:;"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    )


class Headers:
    """Sets the headers, and answers 503 with a time to retry while the database is away."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response
        self.policy = content_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = uuid.uuid4().hex[:16]
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
