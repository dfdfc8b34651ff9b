"""What is due on the links: letters are made, carried, collected, and silence is told.

Flows in: subscriptions that stand, letters that wait, files that came. Flows out: letters with
numbers, receipts, alarms of the machine. A peer that hangs costs its own ten seconds in a thread of
its own; no other waits for it.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections
from django.utils.translation import gettext as _

from anlan.faces.link import actions, decisions, letters, peer_actions, queries, receiving
from anlan.faces.link.adapters import ADAPTERS, file_drop
from anlan.faces.link.adapters.http.door import forget_old
from anlan.faces.link.letters import Letter
from anlan.faces.link.models import Peer
from anlan.ground import clock, journal, outside
from anlan.ground.errors import Refusal
from anlan.ground.machine import alarms, site
from anlan.ground.outside import Allowed
from anlan.ground.scope import Scope

log = logging.getLogger("anlan.link")
AT_ONCE = 8


def compose(scope: Scope) -> int:
    """Every standing subscription of this world makes what it owes now."""
    return sum(actions.compose(scope, ident) for ident in queries.standing(scope))


def allowed_of(peer: Peer) -> Allowed:
    """Where the row lets us go: the host and port of its own URL."""
    hosts = frozenset({outside.split(peer.url)[1]}) if peer.url else frozenset()
    return Allowed(hosts, outside.networks(peer.networks), authority=peer.authority)


class Carrier:
    """The round: hands each peer that something waits for to a thread of its own."""

    def __init__(self, allowed=allowed_of) -> None:  # type: ignore[no-untyped-def]
        self.allowed = allowed
        self.pool = ThreadPoolExecutor(AT_ONCE, "link")
        self.turn = threading.Lock()
        self.running: set[tuple[int, int]] = set()

    def __call__(self, scope: Scope) -> int:
        """One pass; the count is 0, so that a peer that is away is not asked in a hot loop."""
        for peer in queries.to_carry(scope):
            with self.turn:
                if (peer.pk, scope.world) in self.running:
                    continue
                self.running.add((peer.pk, scope.world))
            self.pool.submit(self._visit, scope, peer)
        return 0

    def _visit(self, scope: Scope, peer: Peer) -> None:
        try:
            carry(scope, peer, self.allowed(peer))
        except Exception:
            log.exception("peer %s: carrying letters failed", peer.pk)
        finally:
            connections.close_all()
            with self.turn:
                self.running.discard((peer.pk, scope.world))


def carry(scope: Scope, peer: Peer, allowed: Allowed) -> int:
    """Send what waits for a peer, then a sign of life where one is due; returns how many went."""
    gone, held = 0, actions.claim(scope, peer.pk)
    try:
        for row in held:
            _one(peer, letters.read_letter(row.letter.encode(), "outbox"), allowed)
            gone += 1
        alive = actions.beat(scope, peer.pk)
        if alive is not None:
            _one(peer, alive, allowed)
            gone += 1
    except Refusal as refusal:
        actions.release(scope, [row.pk for row in held[gone:]])
        peer_actions.record_failure(scope.in_world(0), peer.pk, str(refusal))
    return gone


def greet(peer: Peer, allowed: Allowed) -> tuple[bool, str]:
    """(whether it went well, in words) of a sign of life that is sent now."""
    scope = Scope.for_round("link.send")
    try:
        alive = actions.beat(scope, peer.pk, now_or_never=True)
        receipt = ADAPTERS[peer.adapter](peer, alive, allowed) if alive is not None else None
        if receipt is None:
            return True, f"已放到 {file_drop.folder(peer) / 'out'}，等对方的回执文件"
        receiving.receipt_in(peer, receipt)
    except Refusal as refusal:
        return False, str(refusal)
    gaps = "、".join(f"{low}–{high}" for low, high in receipt.missing)
    if receipt.state == "refused":
        return False, " · ".join(receipt.error.values())
    return True, f"对方收到第 {receipt.highest} 号" + (
        f"，缺 {gaps}，会再送" if gaps else "，没有缺号"
    )


def _one(peer: Peer, letter: Letter, allowed: Allowed) -> None:
    receipt = ADAPTERS[peer.adapter](peer, letter, allowed)
    if receipt is not None:
        receiving.receipt_in(peer, receipt)


def collect(scope: Scope) -> int:
    """Files that other counties laid down; nonces that are too old are forgotten."""
    forget_old(scope)
    found = [peer for peer in queries.peers_open(scope) if peer.adapter == "file_drop"]
    return sum(file_drop.collect(peer) for peer in found)


def watch(scope: Scope) -> int:
    """Tell of each peer that has been silent for too long, and of its coming back. Returns 0."""
    with scope.open():
        now = clock.now(0)
        texts = {}
        for peer in queries.peers_open(scope):
            since = decisions.silent_since(peer.heard_at, peer.made_at, now)
            if since is not None:
                said = {"name": peer.name, "at": clock.local(since).strftime("%m-%d %H:%M")}
                texts[str(peer.code)] = _("和%(name)s的联通从 %(at)s 起没有回音") % said
        new, ended = alarms.put(site().home, "link", texts)
        for alarm in new:
            journal.line(scope, "link.silent", None, why=alarm.text, result="alarm")
        for alarm in ended:
            journal.line(scope, "link.back", None, why=alarm.name)
    return 0
