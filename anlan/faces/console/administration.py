"""Pages of the system and the audit administrator: how the machine stands, and who did what.

Neither reads business data: the one sees rounds, disk and gateway, the other the journal, whose
lines name objects and hold digests. The security administrator's pages are the county's.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.faces.console import naming
from anlan.ground import clock, journal, watch
from anlan.ground.actions import action
from anlan.ground.machine import site
from anlan.ground.models import JournalLine, RoundRun, Seal
from anlan.ground.scope import Scope
from anlan.ground.web import act, page, scope_of

AUDIT_ROWS = 100
PROBE_S_MAX = 1.0
DISK_WARN_PERCENT = 80


@dataclass(frozen=True, slots=True)
class RoundState:
    """A round as it last ran; late: longer ago than it should be."""

    name: str
    last_at: datetime | None
    last_ms: int
    handled: int
    error: str
    late: bool


@page("system.manage")
def system(request: HttpRequest) -> HttpResponse:
    """Whether everything runs: rounds, gateway, disk, database."""
    rounds = _rounds()
    disk = shutil.disk_usage(site().home)
    percent = round(100 * disk.used / disk.total)
    gateway = _gateway()
    faults = [naming.round_word(row.name) for row in rounds if row.late or row.error]
    faults += [] if gateway["open"] else [str(gateway["address"])]
    faults += [_("磁盘")] if percent >= DISK_WARN_PERCENT else []
    context = {
        "rounds": rounds, "gateway": gateway, "faults": faults, "percent": percent,
        "free_gb": round(disk.free / 1e9, 1), "database": _database(), "now": clock.now(),
    }  # fmt: skip
    return render(request, "console/system.html", context)


def _rounds() -> list[RoundState]:
    return [
        RoundState(
            one.row.name, one.row.last_at, one.row.last_ms, one.row.handled,
            one.row.last_error.split("\n")[0][:200], one.late,
        )
        for one in watch.seen(RoundRun.objects.all())
    ]  # fmt: skip


def _gateway() -> dict[str, object]:
    """Where messages go out, and whether somebody listens there now (one TCP connection)."""
    own = site()
    address = os.environ.get("ANLAN_SMPP", "") or f"127.0.0.1:{own.ports['smpp']}"
    host, _colon, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=PROBE_S_MAX):
            return {"address": address, "open": True}
    except (OSError, ValueError):
        return {"address": address, "open": False}


def _database() -> dict[str, object]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), pg_database_size(current_database()),"
            " current_setting('fsync'), current_setting('synchronous_commit')"
        )
        version, size, fsync, commit = cursor.fetchone()
    return {"version": version, "size_mb": round(size / 1e6), "durable": fsync == "on"
            and commit not in ("off", "local")}  # fmt: skip


# audit


@action("journal.audit", journal="journal.verify")
def verify_journal(scope: Scope) -> journal.Verdict:
    """Read every line and seal again; the asking is a line too, and nothing else changes."""
    found = journal.verify(scope, site().anchors)
    journal.line(scope, "journal.verify", None, division=0, why=found.reason or "whole")
    return found


@page("journal.audit")
def audit(request: HttpRequest) -> HttpResponse:
    """Who did what, from where, with which result; by action, actor, address, request, object."""
    return _audit(request, None)


@act("journal.audit")
def audit_verify(request: HttpRequest) -> HttpResponse:
    """The same page, with what a full verification found."""
    scope = scope_of(request)
    found = verify_journal(scope)
    with scope.open():
        return _audit(request, found)


def _audit(request: HttpRequest, verdict: journal.Verdict | None) -> HttpResponse:
    asked = {name: request.GET.get(name, "").strip()[:80] for name in
             ("action", "actor", "address", "request", "object", "result", "before")}  # fmt: skip
    rows = list(_sought(asked)[:AUDIT_ROWS])
    last = Seal.objects.order_by("-id").first()
    context = {
        "rows": rows, "asked": asked, "verdict": verdict, "seal": last, "now": clock.now(),
        "more": rows[-1].pk if len(rows) == AUDIT_ROWS else None,
    }  # fmt: skip
    return render(request, "console/audit.html", context)


def _sought(asked: dict[str, str]) -> Any:
    rows = JournalLine.objects.order_by("-id")
    if re.fullmatch(r"[a-z._]+", asked["action"]):
        rows = rows.filter(action__startswith=asked["action"])
    elif asked["action"]:
        rows = rows.filter(action__in=naming.actions_named(asked["action"]))
    if asked["actor"]:
        rows = rows.filter(actor__contains=asked["actor"])
    if asked["address"]:
        rows = rows.filter(address=asked["address"])
    if asked["request"]:
        rows = rows.filter(request_id=asked["request"])
    if asked["object"]:
        kind, _space, ident = asked["object"].partition(" ")
        rows = rows.filter(object_kind=kind)
        rows = rows.filter(object_id=ident) if ident else rows
    if asked["result"] in ("done", "denied"):
        rows = rows.filter(result=asked["result"])
    if asked["before"].isdecimal() and len(asked["before"]) < 18:
        rows = rows.filter(id__lt=int(asked["before"]))
    return rows


urlpatterns = [
    path("system/", system, name="system"),
    path("audit/", audit, name="audit"),
    path("audit/verify/", audit_verify, name="audit-verify"),
]
