"""A letter that an adapter has proved comes in, in the world where it belongs.

Flows in: the peer's row and the bytes. Flows out: the receipt to be signed, a refusal among them;
a `Refusal` is raised only where the bytes are no letter at all.
"""

from __future__ import annotations

from anlan.faces.link import actions, letters, peer_actions
from anlan.faces.link.letters import Receipt
from anlan.faces.link.models import Peer
from anlan.ground import journal
from anlan.ground.errors import Refusal
from anlan.ground.scope import Scope


def letter_in(peer: Peer, content: bytes, place: str) -> Receipt:
    """Take it in; what does not hold is refused in the receipt, with its place and mend."""
    letter = letters.read_letter(content, place)
    real = Scope.for_gateway("link")
    try:
        with real.open():
            world = actions.world_of(letter)
        receipt = actions.take(real.in_world(world), peer.pk, letter)
    except Refusal as refusal:
        journal.denied(real, "link.take", f"{place} {refusal}")
        receipt = actions.answer_of(letter, refusal)
    peer_actions.record_heard(real, peer.pk)
    return receipt


def receipt_in(peer: Peer, receipt: Receipt) -> None:
    """Note what the peer knows now, in the world that the receipt is of."""
    actions.take_receipt(Scope.for_gateway("link", receipt.stream), peer.pk, receipt)
    peer_actions.record_heard(Scope.for_gateway("link"), peer.pk)
