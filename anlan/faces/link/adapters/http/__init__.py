"""Letters over HTTP: both sides sign, and no question is answered twice.

Flows in: a letter for a peer. Flows out: its receipt, proved by the peer's mark over our nonce.
Addresses are held to `ground/outside`: allowed hosts only, checked before they are connected to.
"""

from __future__ import annotations

from anlan.faces.link import letters, proof
from anlan.faces.link.letters import Letter, Receipt
from anlan.faces.link.models import Peer
from anlan.ground import clock, outside
from anlan.ground.errors import Refusal
from anlan.ground.outside import Allowed, Budget

DOOR = "/in/link"
FROM, TO, TIME, NONCE, MARK = (
    "Anlan-Link-From", "Anlan-Link-To", "Anlan-Link-Time", "Anlan-Link-Nonce", "Anlan-Link-Mark",
)  # fmt: skip
ASK, ANSWER = "http.ask", "http.answer"


def send(peer: Peer, letter: Letter, allowed: Allowed) -> Receipt:
    """Send it; Refusal where the peer is not reached, or what answers is not the peer."""
    content = letter.text().encode()
    asked = question(peer.key, letter.sender, letter.receiver, content)
    budget = Budget(bytes_left=letters.LETTER_BYTES_MAX)
    headers = {"Content-Type": "application/json", **asked}
    answer = outside.post(peer.url, allowed, budget, headers, content)
    said = answer.headers.get(MARK.lower(), "")
    if not proof.holds(
        peer.key, said, ANSWER, asked[NONCE], str(answer.status), answer.content
    ):  # fmt: skip
        raise Refusal("link-unproven", f"对方的回答没有对得上的签名（{answer.status}）", peer.url,
                      "请核对网址，并请双方核对联通密钥", 502)  # fmt: skip
    told = letters.read_json(answer.content, peer.name)
    if isinstance(told, dict) and isinstance(told.get("error"), dict) and "state" not in told:
        error = {name: str(text)[:300] for name, text in told["error"].items()}
        raise Refusal(error.get("code", "link-refused"), error.get("message", ""),
                      error.get("place", ""), error.get("mend", ""), 502)  # fmt: skip
    return letters.read_receipt(answer.content, peer.name)


def question(key: str, sender: int, receiver: int, content: bytes) -> dict[str, str]:
    """The headers that prove a question: who, to whom, when, a number used once, and the mark."""
    told = {FROM: str(sender), TO: str(receiver), NONCE: proof.nonce(),
            TIME: str(int(clock.now(0).timestamp()))}  # fmt: skip
    return told | {MARK: question_mark(key, told, content)}


def question_mark(key: str, told: dict[str, str], content: bytes) -> str:
    """The mark over the address, the headers and the content."""
    return proof.mark(key, ASK, DOOR, *(told[name] for name in (FROM, TO, TIME, NONCE)), content)
