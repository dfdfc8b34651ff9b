"""How two counties prove themselves to one another: HMAC-SHA256 under the secret that both hold.

Flows in: the sealed key of a peer's row and the parts that are signed. Flows out: a mark, or
whether one holds. Each part goes in with its length, and each use under its own word, so that no
mark of one thing can stand for another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

from anlan.ground.errors import Refusal

KEY_BYTES = 32
NONCE_BYTES = 16


def new_key() -> str:
    """A fresh secret as it is shown once and typed in on the other side."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode().rstrip("=")


def read_key(text: str) -> bytes:
    """The bytes of a typed secret; Refusal where it is none."""
    plain = "".join(text.split())
    try:
        found = base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except ValueError:
        found = b""
    if len(found) != KEY_BYTES:
        raise Refusal("link-key", "联通密钥不对", "", "请把对方生成的密钥整行粘贴进来")
    return found


def nonce() -> str:
    """A number used once, in hexadecimal digits."""
    return os.urandom(NONCE_BYTES).hex()


def mark(key: str, use: str, *parts: str | bytes) -> str:
    """The mark over the parts for one use, in hexadecimal digits."""
    own = hmac.new(read_key(key), b"anlan.link/1/" + use.encode(), hashlib.sha256)
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        own.update(len(content).to_bytes(8, "big") + content)
    return own.hexdigest()


def holds(key: str, said: str, use: str, *parts: str | bytes) -> bool:
    """Whether the mark is the one over these parts."""
    return hmac.compare_digest(mark(key, use, *parts).encode(), said.encode())
