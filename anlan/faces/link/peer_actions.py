"""Whom we speak to: the system administrator's list of links, their keys, and how each is doing.

Flows in: name, code, adapter, address, the key that both sides hold. Flows out: rows of peers. The
administrator says how a peer is reached; what leaves to it is for two persons of the county to say
(`actions`).
"""

from __future__ import annotations

import ssl
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from anlan.faces.link import decisions, proof
from anlan.faces.link.models import Peer
from anlan.ground import clock, journal, outside
from anlan.ground.actions import action
from anlan.ground.errors import Conflict, NotFound, Refusal
from anlan.ground.models import CountyFact
from anlan.ground.scope import Scope

PEERS_MAX = 64
FIELDS = ("name", "code", "side", "adapter", "url", "networks", "authority", "exercise")
CODE_DIGITS = 12
DOOR = "/in/link"


@action("system.manage", journal="link.peer.add")
def add_peer(scope: Scope, values: dict[str, Any]) -> Peer:
    """A new link; nothing goes over it before both sides have the key."""
    if Peer.objects.count() >= PEERS_MAX:
        raise Refusal(
            "peers-many", _("联通最多 %(n)d 条") % {"n": PEERS_MAX}, "", _("请停用不用的")
        )
    row = Peer(**_checked(values), next_at=clock.now(0))
    _save(row)
    journal.line(scope, "link.peer.add", row, after=values, division=0, why=row.name)
    return row


@action("system.manage", journal="link.peer.change")
def change_peer(scope: Scope, peer_id: int, version: int, values: dict[str, Any]) -> Peer:
    """Change how it is reached; it is tried again at once."""
    row = _row(peer_id, version)
    before = {name: getattr(row, name) for name in FIELDS}
    for name, value in _checked(values).items():
        setattr(row, name, value)
    _fresh(row)
    _save(row)
    journal.line(scope, "link.peer.change", row, before=before, after=values, division=0,
                 why=row.name)  # fmt: skip
    return row


@action("system.manage", journal="link.peer.pause")
def pause_peer(scope: Scope, peer_id: int, version: int, paused: bool) -> Peer:
    """Stop or resume speaking to it; what waits goes on waiting."""
    row = _row(peer_id, version)
    row.paused = paused
    _fresh(row)
    row.save()
    journal.line(scope, "link.peer.pause", row, after=paused, division=0, why=row.name)
    return row


@action("system.manage", journal="link.peer.ask")
def ask_now(scope: Scope, peer_id: int, version: int) -> Peer:
    """Try it at the next pass, however often it failed."""
    row = _row(peer_id, version)
    _fresh(row)
    row.save()
    journal.line(scope, "link.peer.ask", row, division=0, why=row.name)
    return row


@action("system.manage", journal="link.peer.key")
def make_key(scope: Scope, peer_id: int, version: int) -> str:
    """A new secret, shown once, to be typed in on the other side; the one before ends."""
    key = proof.new_key()
    _keep_key(scope, peer_id, version, key)
    return key


@action("system.manage", journal="link.peer.key")
def take_key(scope: Scope, peer_id: int, version: int, key: str) -> None:
    """The secret that the other side made."""
    proof.read_key(key)
    _keep_key(scope, peer_id, version, "".join(key.split()))


def _keep_key(scope: Scope, peer_id: int, version: int, key: str) -> None:
    row = _row(peer_id, version)
    row.key = key  # type: ignore[assignment]
    _fresh(row)
    row.save()
    journal.line(scope, "link.peer.key", row, division=0, why=row.name)


def _fresh(row: Peer) -> None:
    row.failures, row.next_at, row.version = 0, clock.now(0), row.version + 1


def _row(peer_id: int, version: int) -> Peer:
    row = Peer.objects.select_for_update().filter(id=peer_id).first()
    if row is None:
        raise NotFound("peer-unknown", _("没有这条联通"), str(peer_id), _("请返回列表"))
    if row.version != version:
        raise Conflict("changed-meanwhile", _("这条联通已被修改"), row.name, _("请看新内容后再办"))
    return row


def _save(row: Peer) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Conflict(
            "peer-name", _("已有同名或同代码的联通"), f"{row.name} {row.code}", _("请核对")
        ) from None


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """The values as they are kept; Refusal where one of them would open a way it must not."""
    found = {name: values[name] for name in FIELDS}
    own = CountyFact.objects.values_list("code", flat=True).first()
    if len(str(found["code"])) != CODE_DIGITS or found["code"] == own:
        raise Refusal("peer-code", _("对方的区划代码应为十二位，且不是本县"), str(found["code"]),
                      _("例如 500233000000"))  # fmt: skip
    outside.networks(found["networks"])
    if found["authority"]:
        _check_authority(found["authority"])
    if found["adapter"] != "http":
        return found | {"url": "", "networks": "", "authority": ""}
    outside.split(found["url"])
    return found


def _check_authority(text: str) -> None:
    try:
        ssl.create_default_context().load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        raise Refusal(
            "peer-authority", _("证书读不出"), "", _("请粘贴 PEM 格式的机构证书")
        ) from None


# What the rounds write: how speaking went. A line is written where the state changes.


@action(None, open_to="the rounds of a link and a peer that proved itself", may_change_nothing=True,
        journal="link.peer.heard")  # fmt: skip
def record_heard(scope: Scope, peer_id: int) -> None:
    """Something came that is proved to be the peer's own."""
    row = Peer.objects.select_for_update().get(id=peer_id)
    if row.failures:
        journal.line(scope, "link.peer.heard", row, division=0, why=row.name)
    row.heard_at, row.failures, row.next_at = clock.now(0), 0, clock.now(0)
    row.save(update_fields=["heard_at", "failures", "next_at"])


@action(None, open_to="the rounds of a link", may_change_nothing=True, journal="link.peer.failed")
def record_failure(scope: Scope, peer_id: int, said: str) -> None:
    """It was not reached, or what came was not its own: left alone for a while."""
    row = Peer.objects.select_for_update().get(id=peer_id)
    if not row.failures:
        journal.line(scope, "link.peer.failed", row, division=0, why=f"{row.name} {said}")
    row.failures += 1
    row.error, row.error_at = said[:500], clock.now(0)
    row.next_at = clock.now(0) + decisions.back_off(row.failures)
    row.save(update_fields=["failures", "error", "error_at", "next_at"])
