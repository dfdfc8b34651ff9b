"""Two sides of a link: the small county, and a neighbour played by its own letters and receipts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from anlan.faces.link import actions, peer_actions, proof
from anlan.faces.link.letters import STATE, Letter, Receipt
from anlan.faces.link.models import Incoming, Instream, Outgoing, Peer, Subscription
from anlan.ground.scope import Scope
from tests.conftest import COUNTY, VILLAGES

THERE = 500233000000
ROUND, COMMAND, GATEWAY = (
    Scope.for_round("test"), Scope.for_command("test"), Scope.for_gateway("link"),
)  # fmt: skip
VALUES: dict[str, Any] = {
    "name": "忠县", "code": THERE, "side": "neighbour", "adapter": "http",
    "url": "http://zhong.example/in/link", "networks": "", "authority": "", "exercise": False,
}  # fmt: skip
AT = datetime(2024, 7, 10, 14, 20, tzinfo=UTC)
NIGHT = "垫江县气象台2024年7月10日22时15分发布暴雨橙色预警信号，影响澄溪、永安。"
FIGURES = {"to_move": 5, "sheltered": 3, "relatives": 0, "elsewhere": 0, "refused": 1,
           "missing": 0, "not_yet": 1}  # fmt: skip
BODY: dict[str, Any] = {
    "open": True, "zones": 2, "reported": 1, "ordered": 9, "figures": FIGURES,
    "places": [{"name": "忠州街道", "zones": 1, "reported": 1, "figures": FIGURES},
               {"name": "白公街道", "zones": 1, "reported": 0}],
}  # fmt: skip


@dataclass
class Side:
    """The other county: what it holds of the link is the key."""

    peer: Peer
    key: str

    def letter(self, number: int, body: Any = None, **more: Any) -> Letter:
        own = Letter(
            self.peer.code,
            COUNTY,
            0,
            True,
            "headcount",
            number,
            number,
            AT,
            BODY if body is None else body,
        )
        return replace(own, **more)

    def state(self, last: int) -> Letter:
        return self.letter(0, {}, kind=STATE, last=last)

    def receipt(self, number: int, **more: Any) -> Receipt:
        own = Receipt(self.peer.code, COUNTY, 0, number, "taken", number)
        return replace(own, **more)

    def takes(self, receipt: Receipt, world: int = 0) -> int:
        return actions.take_receipt(GATEWAY.in_world(world), self.peer.pk, receipt)

    def says(self, letter: Letter, world: int = 0) -> Receipt:
        return actions.take(GATEWAY.in_world(world), self.peer.pk, letter)


def fresh(peer: Peer) -> Peer:
    with ROUND.open():
        return Peer.objects.get(pk=peer.pk)


def make_side(**more: Any) -> Side:
    row = peer_actions.add_peer(COMMAND, VALUES | more)
    key = proof.new_key()
    peer_actions.take_key(COMMAND, row.pk, row.version, key)
    return Side(fresh(row), key)


def subscribe(side: Side, scope_of: Callable[..., Any], what: str) -> Subscription:
    row = actions.propose(scope_of("duty_officer"), side.peer.pk, what, 1800)
    return actions.approve(scope_of("duty_leader"), row.pk, row.version)


def open_zones(scope_of: Callable[..., Any], world: int = 0) -> list[int]:
    """An evacuation of a zone in the first village of each township; ids of the openings."""
    from anlan.rooms.evacuation import register_actions as register
    from anlan.rooms.evacuation import rounds as evacuation
    from anlan.rooms.evacuation.models import Opening, Zone
    from anlan.rooms.warning import actions as warning

    with ROUND.open():
        there = Zone.objects.exists()
    for village in () if there else (VILLAGES[0], VILLAGES[2]):
        zone = register.add_zone(COMMAND, village, f"片区{village}", "rainstorm", None)
        register.add_household(COMMAND, zone.id, "张三", 3)
        register.add_household(COMMAND, zone.id, "李四", 2)
    officer, leader = (scope_of(k).in_world(world) for k in ("duty_officer", "duty_leader"))
    row = warning.paste(officer, NIGHT)
    settled = {"settled": [doubt["code"] for doubt in row.doubts]}
    row = warning.revise(officer, row.id, row.version, settled)
    row = warning.submit(officer, row.id, row.version)
    warning.approve(leader, row.id, row.version)
    evacuation.open_by_callout(ROUND.in_world(world))
    with ROUND.in_world(world).open():
        return list(Opening.objects.order_by("division").values_list("id", flat=True))


def count(opening_id: int, world: int = 0, **figures: int) -> None:
    """A count of a zone comes in."""
    from anlan.rooms.evacuation import actions as evacuation
    from anlan.rooms.evacuation.decisions import Figures

    evacuation.record_headcount(
        ROUND.in_world(world), opening_id, Figures(to_move=5, **figures), "keyed"
    )


def outbox(world: int = 0) -> list[Outgoing]:
    with ROUND.in_world(world).open():
        return list(Outgoing.objects.order_by("number"))


def inbox(world: int = 0) -> list[Incoming]:
    with ROUND.in_world(world).open():
        return list(Incoming.objects.order_by("number"))


def stream(peer_id: int) -> Instream:
    with ROUND.open():
        return Instream.objects.get(peer=peer_id)
