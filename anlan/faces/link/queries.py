"""Links as they are shown and asked for: how each stands, what waits, what came and its age."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from anlan.faces.link import decisions
from anlan.faces.link.models import Incoming, Instream, Outgoing, Outstream, Peer, Subscription
from anlan.ground import clock
from anlan.ground.errors import NotFound
from anlan.ground.scope import Scope

ROWS_MAX = 100


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link in this world. state: paused, no_key, silent, failing, waiting or well.

    waiting: letters without a receipt; oldest: since when the first of them waits. came: the
    highest number that came; gaps: ranges that are asked for again.
    """

    peer: Peer
    state: str
    last_number: int
    waiting: int
    oldest: datetime | None
    receipt_at: datetime | None
    came: int
    gaps: list[tuple[int, int]]
    since: datetime | None

    @property
    def well(self) -> bool:
        return self.state in ("well", "paused")


@dataclass(frozen=True, slots=True)
class Told:
    """The newest letter of a kind from a peer, with its parts made ready for a table."""

    row: Incoming
    moved: int
    still_there: int
    silent: list[str]

    @property
    def body(self) -> dict[str, Any]:
        return dict(self.row.body)


@dataclass(frozen=True, slots=True)
class PeerShown:
    """A link with what went and what came, the newest first."""

    link: LinkRow
    sent: list[Outgoing]
    came: list[Incoming]


# for the rounds


def standing(scope: Scope) -> list[int]:
    """Subscriptions that two persons agreed on, those of the real world in every world."""
    with scope.open():
        rows = Subscription.objects.filter(state="standing").order_by("id")
        return list(rows.values_list("id", flat=True))


def peers_open(scope: Scope) -> list[Peer]:
    """Peers that we speak to: with a key, not paused."""
    with scope.open():
        return list(Peer.objects.filter(paused=False).exclude(key=None).order_by("id"))


def to_carry(scope: Scope) -> list[Peer]:
    """Peers for which a letter waits, or a sign of life is due, and that are not left alone."""
    with scope.open():
        now, real = clock.now(), clock.now(0)
        waits = set(
            Outgoing.objects.filter(world=scope.world, receipt_at=None, next_at__lte=now)
            .values_list("peer_id", flat=True).distinct()
        )  # fmt: skip
        asked = dict(Outstream.objects.filter(world=scope.world).values_list("peer_id", "asked_at"))
        return [
            peer for peer in peers_open(scope)
            if (peer.next_at is None or peer.next_at <= real)
            and (not scope.world or (peer.exercise and peer.pk in asked))
            and (peer.pk in waits or decisions.beat_due(asked.get(peer.pk), now))
        ]  # fmt: skip


# for the screen


def links(scope: Scope) -> list[LinkRow]:
    """Every link, those first that need somebody."""
    with scope.open():
        found = [_link(scope, peer) for peer in Peer.objects.order_by("side", "name")]
    return sorted(found, key=lambda one: one.well)


def _link(scope: Scope, peer: Peer) -> LinkRow:
    real = clock.now(0)
    own = Outgoing.objects.filter(world=scope.world, peer=peer)
    waits = own.filter(receipt_at=None).aggregate(n=Count("id"), first=Min("made_at"))
    last = own.order_by("-number").values_list("number", flat=True).first()
    done = own.exclude(receipt_at=None).order_by("-receipt_at").first()
    streams = list(Instream.objects.filter(world=scope.world, peer=peer))
    since = decisions.silent_since(peer.heard_at, peer.made_at, real)
    return LinkRow(
        peer, _state(peer, since, waits["n"]), last or 0, waits["n"], waits["first"],
        done.receipt_at if done else None, max((one.highest for one in streams), default=0),
        [gap for one in streams for gap in _gaps(one)], since,
    )  # fmt: skip


def _gaps(stream: Instream) -> list[tuple[int, int]]:
    above = Incoming.objects.filter(
        peer=stream.peer_id, stream=stream.stream, number__gt=stream.whole_to
    ).order_by("number")
    numbers = list(above.values_list("number", flat=True)[:ROWS_MAX])
    return decisions.missing(stream.whole_to, numbers, max(stream.highest, stream.last_said))


def _state(peer: Peer, since: datetime | None, waiting: int) -> str:
    if peer.paused:
        return "paused"
    if peer.key is None:
        return "no_key"
    if since is not None:
        return "silent"
    return "failing" if peer.failures else "waiting" if waiting else "well"


def peer(peer_id: int) -> Peer:
    """One peer; NotFound where there is none."""
    found = Peer.objects.filter(id=peer_id).first()
    if found is None:
        raise NotFound("peer-unknown", _("没有这条联通"), str(peer_id), _("请返回列表"))
    return found


def peer_shown(scope: Scope, peer_id: int) -> PeerShown:
    """One link with its letters in this world."""
    with scope.open():
        row = peer(peer_id)
        sent = Outgoing.objects.filter(world=scope.world, peer=row).order_by("-number")
        came = Incoming.objects.filter(world=scope.world, peer=row).order_by("-id")
        return PeerShown(_link(scope, row), list(sent[:ROWS_MAX]), list(came[:ROWS_MAX]))


def subscriptions(scope: Scope) -> list[Subscription]:
    """Those that wait for a second person first, then those that stand, then what was ended."""
    with scope.open():
        rows = Subscription.objects.select_related("peer").order_by("-id")[:ROWS_MAX]
        order = {"proposed": 0, "standing": 1, "ended": 2}
        return sorted(rows, key=lambda row: order[row.state])


def received(scope: Scope, kind: str) -> list[Told]:
    """The newest letter of the kind from each peer; of an evacuation that is over, that it is."""
    with scope.open():
        rows = (
            Incoming.objects.filter(world=scope.world, kind=kind).select_related("peer")
            .order_by("peer_id", "-stream", "-number").distinct("peer_id")
        )  # fmt: skip
        return [told(row) for row in rows]


def told(row: Incoming) -> Told:
    """A letter's sums, and the places of which nothing was reported."""
    figures = row.body.get("figures", {})
    moved = sum(figures.get(name, 0) for name in ("sheltered", "relatives", "elsewhere"))
    still = sum(figures.get(name, 0) for name in ("refused", "missing", "not_yet"))
    parts = row.body.get("places", []) if row.kind == "headcount" else []
    return Told(row, moved, still, [one["name"] for one in parts if "figures" not in one])


def body_of(row: Outgoing) -> dict[str, Any]:
    """What a letter that went told."""
    return dict(json.loads(row.letter)["body"])
