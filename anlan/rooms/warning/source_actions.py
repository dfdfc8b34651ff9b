"""Who may send CAP messages: the system administrator's list of sources, and how each is doing."""

from __future__ import annotations

import secrets as random
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from anlan.ground import clock, journal, outside, secrets
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.scope import Scope
from anlan.rooms.warning.cap.signature import read_certificate
from anlan.rooms.warning.models import Source

SOURCES_MAX = 16
SENDERS_MAX = 50
HOSTS_MAX = 10
EVERY_S_MIN, EVERY_S_MAX = 30, 3600
TOKEN_BYTES = 32
FAILURES_MAX = 5
REST = timedelta(minutes=15)
FIELDS = ("name", "way", "url", "hosts", "networks", "senders", "certificate", "every_s")


@action("system.manage", journal="warning.source.add")
def add_source(scope: Scope, values: dict[str, Any]) -> Source:
    """A new source; one that pushes still needs a token (`new_token`)."""
    if Source.objects.count() >= SOURCES_MAX:
        raise Refusal(
            "sources-many", _("来源最多 %(n)d 个") % {"n": SOURCES_MAX}, "", _("请停用不用的来源")
        )
    row = Source(**_checked(values), next_at=clock.now())
    _save(row)
    journal.line(scope, "warning.source.add", row, after=values, division=0, why=row.name)
    return row


@action("system.manage", journal="warning.source.change")
def change_source(scope: Scope, source_id: int, version: int, values: dict[str, Any]) -> Source:
    """Change what it is; what was learnt of its address is forgotten."""
    row = _row(source_id, version)
    before = {name: getattr(row, name) for name in FIELDS}
    for name, value in _checked(values).items():
        setattr(row, name, value)
    row.etag = row.modified = ""
    row.failures, row.rests_until, row.next_at = 0, None, clock.now()
    row.changed_at, row.version = clock.now(), row.version + 1
    _save(row)
    journal.line(scope, "warning.source.change", row, before=before, after=values, division=0,
                 why=row.name)  # fmt: skip
    return row


@action("system.manage", journal="warning.source.pause")
def pause_source(scope: Scope, source_id: int, version: int, paused: bool) -> Source:
    """Stop or resume asking it, and taking what it pushes."""
    row = _row(source_id, version)
    row.paused, row.version = paused, row.version + 1
    row.failures, row.rests_until, row.next_at = 0, None, clock.now()
    row.save()
    journal.line(scope, "warning.source.pause", row, after=paused, division=0, why=row.name)
    return row


@action("system.manage", journal="warning.source.ask")
def ask_now(scope: Scope, source_id: int) -> Source:
    """Ask at the next pass, whatever the breaker says."""
    row = _row(source_id, None)
    row.failures, row.rests_until, row.next_at = 0, None, clock.now()
    row.save()
    journal.line(scope, "warning.source.ask", row, division=0, why=row.name)
    return row


@action("system.manage", journal="warning.source.token")
def new_token(scope: Scope, source_id: int, version: int) -> str:
    """A new token for pushing; the one before is worth nothing from now on. Shown once."""
    row = _row(source_id, version)
    if row.way != "push":
        raise Refusal("source-way", _("只有推送的来源用令牌"), row.name, _("请把方式改为推送"))
    token = random.token_urlsafe(TOKEN_BYTES)
    row.token_hash, row.version = secrets.keyed_hash("cap.token", token), row.version + 1
    row.save(update_fields=["token_hash", "version"])
    journal.line(scope, "warning.source.token", row, division=0, why=row.name)
    return token


def _row(source_id: int, version: int | None) -> Source:
    row = Source.objects.select_for_update().filter(id=source_id).first()
    if row is None:
        raise NotFound("source-unknown", _("没有这个来源"), str(source_id), _("请返回列表"))
    if version is not None and row.version != version:
        raise Conflict("changed-meanwhile", _("这个来源已被修改"), row.name, _("请看新内容后再办"))
    return row


def _save(row: Source) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Conflict("source-name", _("已有同名的来源"), row.name, _("请换一个名称")) from None


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """The values as they are kept; Refusal where one of them would open a way it must not."""
    found = {name: values[name] for name in FIELDS}
    senders = list(dict.fromkeys(found["senders"]))
    if not senders or len(senders) > SENDERS_MAX:
        raise Refusal("source-senders", _("请写明这个来源代表哪些发布者（CAP 的 sender）"), "",
                      _("每行一个，与消息里的 sender 一字不差"))  # fmt: skip
    if found["certificate"]:
        try:
            read_certificate(found["certificate"])
        except ValueError:
            raise Refusal(
                "source-certificate", _("证书读不出"), "", _("请粘贴 PEM 格式的证书")
            ) from None
    outside.networks(found["networks"])
    if not EVERY_S_MIN <= int(found["every_s"]) <= EVERY_S_MAX:
        raise Refusal("source-every", _("间隔应为 30 到 3600 秒"), str(found["every_s"]))
    if found["way"] == "poll":
        found["hosts"] = _hosts(found["url"], found["hosts"])
    else:
        found["url"], found["hosts"] = "", []
    return found | {"senders": senders}


def _hosts(url: str, others: list[str]) -> list[str]:
    _parts, own = outside.split(url)
    hosts = [own]
    for other in others[:HOSTS_MAX]:
        hosts.append(outside.split(f"http://{other}/")[1] if "://" not in other else
                     outside.split(other)[1])  # fmt: skip
    return list(dict.fromkeys(hosts))


# What the rounds write: how asking went. A line is written where the state changes, not each time.


@action(None, open_to="the round that asks sources", journal="warning.source.claim",
        may_change_nothing=True)  # fmt: skip
def claim_due(scope: Scope, most: int) -> list[Source]:
    """Sources whose time has come, taken for this pass; another worker does not take them too."""
    now = clock.now()
    rows = list(
        Source.objects.select_for_update(skip_locked=True)
        .filter(way="poll", paused=False, next_at__lte=now)
        .exclude(rests_until__gt=now)
        .order_by("next_at")[:most]
    )
    for row in rows:
        row.asked_at, row.next_at = now, now + timedelta(seconds=row.every_s)
        row.save(update_fields=["asked_at", "next_at"])
    return rows


@action(None, open_to="the round that asks sources", journal="warning.source.answered",
        may_change_nothing=True)  # fmt: skip
def record_answer(scope: Scope, source_id: int, etag: str, modified: str) -> None:
    """It answered: what it said of its version, and the breaker closes."""
    row = Source.objects.select_for_update().get(id=source_id)
    if row.failures:
        journal.line(scope, "warning.source.answered", row, division=0, why=row.name)
    row.etag, row.modified = _kept(etag, 300), _kept(modified, 100)
    row.ok_at, row.failures, row.rests_until = clock.now(), 0, None
    row.save(update_fields=["etag", "modified", "ok_at", "failures", "rests_until"])


def _kept(text: str, limit: int) -> str:
    """A header as it can be sent back: plain characters, else nothing."""
    return text if text.isascii() and text.isprintable() and len(text) <= limit else ""


@action(None, open_to="the round that asks sources", journal="warning.source.failed",
        may_change_nothing=True)  # fmt: skip
def record_failure(scope: Scope, source_id: int, said: str) -> None:
    """It did not answer well; with the fifth time in a row it rests, and the others go on."""
    row = Source.objects.select_for_update().get(id=source_id)
    row.failures += 1
    row.error, row.error_at = said[:500], clock.now()
    if row.failures >= FAILURES_MAX:
        row.rests_until = clock.now() + REST
    if row.failures in (1, FAILURES_MAX):
        journal.line(scope, "warning.source.failed", row, division=0, why=f"{row.name} {said}")
    row.save(update_fields=["failures", "error", "error_at", "rests_until"])
