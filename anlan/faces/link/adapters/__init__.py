"""Ways over which letters go: a folder an adapter, with its message, its schema and its README.

An adapter sends one text to a peer and gives the receipt back, or None where it comes later.
"""

from __future__ import annotations

from collections.abc import Callable

from anlan.faces.link.adapters import file_drop, http
from anlan.faces.link.letters import Letter, Receipt
from anlan.faces.link.models import Peer
from anlan.ground.outside import Allowed

Send = Callable[[Peer, Letter, Allowed], Receipt | None]

ADAPTERS: dict[str, Send] = {"http": http.send, "file_drop": file_drop.send}

__all__ = ["ADAPTERS", "Send"]
