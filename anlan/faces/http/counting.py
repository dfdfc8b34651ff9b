"""Counts what this process answered, and writes a line for each request: route, status, time.

The route is the pattern and not the address, for an address may hold the token of a link. Counts
are kept in memory for `/metrics` and begin at 0 with the process, as Prometheus expects.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from anlan.ground import logs

log = logging.getLogger("anlan.web")
UNKNOWN = "unknown"
QUIET = ("health", "metrics", "^static/", "^s/")
ROUTES_MAX = 2_000
Key = tuple[str, str, int]

_turn = threading.Lock()
_counts: defaultdict[Key, int] = defaultdict(int)
_seconds: defaultdict[Key, float] = defaultdict(float)


class Counted:
    """The outermost middleware: gives the request its id, counts it, writes its line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token, began = logs.request_id.set(uuid.uuid4().hex[:16]), time.monotonic()
        try:
            response = self.get_response(request)
            self._note(request, response.status_code, time.monotonic() - began)
            return response
        finally:
            logs.request_id.reset(token)

    def _note(self, request: HttpRequest, status: int, seconds: float) -> None:
        match = request.resolver_match
        route = match.route if match is not None else UNKNOWN
        method = request.method if request.method in METHODS else UNKNOWN
        key = (str(method), route, status)
        with _turn:
            if key in _counts or len(_counts) < ROUTES_MAX:
                _counts[key] += 1
                _seconds[key] += seconds
        if not route.startswith(QUIET):
            log.info("%s %s %d %d ms", method, route, status, seconds * 1000)


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def counted() -> dict[Key, tuple[int, float]]:
    """Method, route, status → how many, and seconds together."""
    with _turn:
        return {key: (number, _seconds[key]) for key, number in _counts.items()}
