"""`/metrics` in Prometheus' text format: whether the county runs, in numbers and without a name.

Flows in: the rounds, the queues, the machine. Flows out: lines for a scraper on this machine, or
for one elsewhere that shows the site's token. While the database is away what needs it is left out
and `anlan_database_up` is 0.
"""

from __future__ import annotations

import hmac
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from anlan.faces.http.counting import counted
from anlan.ground import spool
from anlan.ground.errors import Denied
from anlan.ground.machine import Site, alarms, backup_days, pids, site
from anlan.ground.scope import Scope
from anlan.ground.web import LOOPBACK, public_page

TYPE = "text/plain; version=0.0.4; charset=utf-8"
TOKEN_CHARS_MIN = 20
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")
QUEUES = """
SELECT 'callout', count(*) FILTER (WHERE state = 'due'),
  coalesce(extract(epoch FROM anlan_now(0) - min(not_before) FILTER (WHERE state = 'due')), 0)
  FROM callout_attempt WHERE open
UNION ALL SELECT 'inbox', count(*),
  coalesce(extract(epoch FROM anlan_now(0) - min(received_at)), 0)
  FROM callout_inbound WHERE state = 'new'
"""
ROUNDS = """
SELECT name, extract(epoch FROM clock_timestamp() - last_ok_at), runs, last_ms / 1000.0,
  failed_at IS NOT NULL AND (last_ok_at IS NULL OR failed_at >= last_ok_at) FROM ground_round
"""
Sample = tuple[str, dict[str, str], float]


@public_page("numbers of the machine for a scraper on it, or one with the site's token")
def metrics(request: HttpRequest) -> HttpResponse:
    """Every sample; Denied for whoever comes from elsewhere without the token."""
    if not _may(request):
        raise Denied("no-right", "只限本机，或带上令牌", "/metrics", "设 ANLAN_METRICS_TOKEN")
    own = site()
    samples = [*_machine(own), *_requests(), *_database()]
    return HttpResponse(written(samples), content_type=TYPE)


def _may(request: HttpRequest) -> bool:
    """From this machine and through no proxy, or with the token of the site."""
    token = os.environ.get("ANLAN_METRICS_TOKEN", "")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if len(token) >= TOKEN_CHARS_MIN and hmac.compare_digest(given.encode(), token.encode()):
        return True
    through = any(name in request.META for name in FORWARDED)
    return not through and str(request.META.get("REMOTE_ADDR", "")) in LOOPBACK


HELP = {
    "anlan_database_up": ("gauge", "1 where the database answers"),
    "anlan_database_bytes": ("gauge", "Size of the database"),
    "anlan_round_age_seconds": ("gauge", "Since the last pass of a round that ended well"),
    "anlan_round_runs_total": ("counter", "Passes of a round"),
    "anlan_round_last_seconds": ("gauge", "How long the last pass took"),
    "anlan_round_failing": ("gauge", "1 where the last pass did not end well"),
    "anlan_queue_length": ("gauge", "What waits: messages to send, messages to read"),
    "anlan_queue_oldest_seconds": ("gauge", "How long the oldest has been due"),
    "anlan_spooled_lines": ("gauge", "Journal lines that wait outside the database"),
    "anlan_disk_bytes": ("gauge", "Disk of the county's folder"),
    "anlan_process_pss_bytes": ("gauge", "Memory of a process, shared pages divided"),
    "anlan_alarms": ("gauge", "Alarms that stand"),
    "anlan_backup_age_seconds": ("gauge", "Since the last backup that is still there"),
    "anlan_requests_total": ("counter", "Answers by method, route and status"),
    "anlan_request_seconds_total": ("counter", "Time spent on them"),
}


def written(samples: list[Sample]) -> str:
    """The exposition format: help and type once a name, then its samples."""
    lines: list[str] = []
    for name, (kind, told) in HELP.items():
        own = [sample for sample in samples if sample[0] == name]
        if own:
            lines += [f"# HELP {name} {told}", f"# TYPE {name} {kind}"]
            lines += [f"{name}{_labels(labels)} {value:.17g}" for _name, labels, value in own]
    return "\n".join(lines) + "\n"


def _labels(labels: dict[str, str]) -> str:
    told = [f'{name}="{_escaped(value)}"' for name, value in labels.items()]
    return "{" + ",".join(told) + "}" if told else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _machine(own: Site) -> Iterator[Sample]:
    disk = shutil.disk_usage(own.home)
    yield "anlan_disk_bytes", {"state": "free"}, disk.free
    yield "anlan_disk_bytes", {"state": "used"}, disk.used
    yield "anlan_alarms", {}, len(alarms.current(own.home))
    yield "anlan_spooled_lines", {}, spool.waiting()
    age = backup_days.age_s(own, datetime.now(UTC))
    if age is not None:
        yield "anlan_backup_age_seconds", {}, age
    for pid, name in sorted(pids.of_county(own.home).items()):
        held = _pss_bytes(pid)
        if held is not None:
            yield "anlan_process_pss_bytes", {"process": name, "pid": str(pid)}, held


def _pss_bytes(pid: int) -> int | None:
    """None for a process that has ended or that another account runs."""
    try:
        text = (pids.PROC / str(pid) / "smaps_rollup").read_text()
        return next(int(x.split()[1]) * 1024 for x in text.splitlines() if x.startswith("Pss:"))
    except (OSError, StopIteration, ValueError):
        return None


def _requests() -> Iterator[Sample]:
    for (method, route, status), (number, seconds) in sorted(counted().items()):
        labels = {"method": method, "route": route, "status": str(status)}
        yield "anlan_requests_total", labels, number
        yield "anlan_request_seconds_total", labels, seconds


def _database() -> list[Sample]:
    try:
        with Scope.for_round("metrics").open(), connection.cursor() as cursor:
            return [("anlan_database_up", {}, 1), *_seen(cursor)]
    except Error:
        return [("anlan_database_up", {}, 0)]


def _seen(cursor: Any) -> Iterator[Sample]:
    cursor.execute("SELECT pg_database_size(current_database())")
    yield "anlan_database_bytes", {}, cursor.fetchone()[0]
    cursor.execute(QUEUES)
    for name, length, oldest in cursor.fetchall():
        yield "anlan_queue_length", {"queue": name}, length
        yield "anlan_queue_oldest_seconds", {"queue": name}, max(0.0, float(oldest))
    cursor.execute(ROUNDS)
    for name, age, runs, last_s, failing in cursor.fetchall():
        if age is not None:
            yield "anlan_round_age_seconds", {"round": name}, float(age)
        yield "anlan_round_runs_total", {"round": name}, runs
        yield "anlan_round_last_seconds", {"round": name}, float(last_s)
        yield "anlan_round_failing", {"round": name}, int(failing)


urlpatterns = [path("metrics", metrics, name="metrics")]
