"""The door for another county's letters: `POST /in/link`, answered after the commit and signed.

Whoever has no valid mark learns nothing but that, and is counted by address. What is proved is
held against the clock and the nonces seen, so that a recorded question is worth nothing.
"""

from __future__ import annotations

import json
from datetime import timedelta

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import override

from anlan.county import doors
from anlan.faces.link import letters, proof, receiving
from anlan.faces.link.adapters.http import ANSWER, ASK, DOOR, FROM, MARK, NONCE, TIME, TO
from anlan.faces.link.models import Nonce, Peer
from anlan.ground import clock, journal
from anlan.ground.errors import Denied, Refusal
from anlan.ground.inputs import IN_CHINESE
from anlan.ground.scope import Scope
from anlan.ground.web import machine_page

WINDOW = timedelta(minutes=5)
PER_MINUTE_MAX = 600
ONE_MINUTE = timedelta(minutes=1)
FORGET_ROWS_MAX = 10_000
ONCE = "INSERT INTO link_nonce (peer_id, nonce, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


@machine_page("another county proves itself by a mark under the key that both hold")
def door(request: HttpRequest) -> HttpResponse:
    """A letter comes in; a receipt goes out."""
    length = request.headers.get("Content-Length", "")
    if not length.isdigit() or len(length) > 9 or int(length) > letters.LETTER_BYTES_MAX:
        limit = letters.LETTER_BYTES_MAX // 1024
        raise Refusal("letter-large", f"超过 {limit} KB，或没有写长度", length[:20], "", 413)
    told = {name: request.headers.get(name, "") for name in (FROM, TO, TIME, NONCE, MARK)}
    peer = _proved(told, request.body)
    if peer is None:
        doors.check_address(request)
        raise Denied("link-mark", "签名不对，或没有这条联通", "", "请双方系统管理员核对联通密钥")
    with override(IN_CHINESE):
        status, text = _answer(peer, told, request.body)
    content = text.encode()
    mark = proof.mark(peer.key, ANSWER, told[NONCE], str(status), content)
    return HttpResponse(
        content, status=status, content_type="application/json", headers={MARK: mark}
    )


def _proved(told: dict[str, str], content: bytes) -> Peer | None:
    """The peer whose mark this is."""
    try:
        letters.hold(told, "http", "headers")
    except Refusal:
        return None
    peer = Peer.objects.filter(code=int(told[FROM]), paused=False).exclude(key=None).first()
    signed = (told[name] for name in (FROM, TO, TIME, NONCE))
    if peer is None or not proof.holds(peer.key, told[MARK], ASK, DOOR, *signed, content):
        return None
    return peer


def _answer(peer: Peer, told: dict[str, str], content: bytes) -> tuple[int, str]:
    """(status, text) of what a proved peer is told."""
    scope = Scope.for_gateway("link")
    try:
        _fresh(scope, peer, told)
        receipt = receiving.letter_in(peer, content, peer.name)
    except Refusal as refusal:
        journal.denied(scope, "link.take", f"{peer.name} {refusal}")
        return refusal.status, json.dumps({"error": refusal.as_dict()}, ensure_ascii=False)
    return 200, receipt.text()


def _fresh(scope: Scope, peer: Peer, told: dict[str, str]) -> None:
    """Refusal for a question that is old, was asked before, or is one too many."""
    with scope.open():
        now = clock.now(0)
        off_s = int(told[TIME]) - now.timestamp()
        if abs(off_s) > WINDOW.total_seconds():
            raise Refusal("link-clock", f"双方时钟相差 {abs(off_s):.0f} 秒", told[TIME],
                          "请双方校准时钟", 403)  # fmt: skip
        recent = Nonce.objects.filter(peer=peer, at__gt=now - ONE_MINUTE).count()
        if recent >= PER_MINUTE_MAX:
            raise Refusal("link-often", "一分钟内来得太多", peer.name, "请过一会儿再发", 429)
        with connection.cursor() as cursor:
            cursor.execute(ONCE, [peer.pk, told[NONCE], now])
            first = cursor.rowcount == 1
        if not first:
            raise Refusal("link-replayed", "这一问已经问过", told[NONCE], "请重新签名再问", 409)


def forget_old(scope: Scope) -> int:
    """Nonces that are too old to be replayed are deleted; returns how many."""
    with scope.open():
        old = Nonce.objects.filter(at__lt=clock.now(0) - 3 * WINDOW).order_by("id")
        ids = list(old.values_list("id", flat=True)[:FORGET_ROWS_MAX])
        return int(Nonce.objects.filter(id__in=ids).delete()[0])


urlpatterns = [path(DOOR.strip("/"), door, name="link-door")]
