"""Counts what the processes answered, and writes a line for each request: route, status, time.

The route is the pattern and not the address, for an address may hold the token of a link. Several
processes may serve one face: each keeps its counts in a file of its own in the county's run folder,
at most a second old, and `/metrics` adds the files up. They begin at 0 with the county.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from django.http import HttpRequest, HttpResponse

from anlan.ground import logs
from anlan.ground.machine import site
from anlan.ground.machine.processes import COUNTS

log = logging.getLogger("anlan.web")
UNKNOWN = "unknown"
QUIET = ("health", "metrics", "^static/", "^s/")
ROUTES_MAX = 2_000
WRITE_EVERY_S = 1.0
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
Key = tuple[str, str, int]

_turn = threading.Lock()
_counts: defaultdict[Key, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
_written_at = 0.0


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
                number, spent = _counts[key]
                _counts[key] = (number + 1, spent + seconds)
        if time.monotonic() - _written_at > WRITE_EVERY_S:
            write()
        if not route.startswith(QUIET):
            log.info("%s %s %d %d ms", method, route, status, seconds * 1000)


def folder() -> Path:
    return site().home / "run" / COUNTS


def write() -> None:
    """Put this process's counts where `/metrics` finds them; a full disk loses counts only."""
    global _written_at
    with _turn:
        _written_at = time.monotonic()
        told = [[*key, *value] for key, value in _counts.items()]
        path = folder() / f"{os.getpid()}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(".new")
            fresh.write_text(json.dumps(told))
            fresh.replace(path)
        except OSError as error:
            log.warning("counts are not kept: %s", error)


def counted() -> dict[Key, tuple[int, float]]:
    """Method, route, status → how many, and seconds together, over every process."""
    write()
    found: defaultdict[Key, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    for path in folder().glob("*.json"):
        try:
            for method, route, status, number, spent in json.loads(path.read_text()):
                before = found[method, route, status]
                found[method, route, status] = (before[0] + number, before[1] + spent)
        except (OSError, ValueError, TypeError):
            continue
    return dict(found)
