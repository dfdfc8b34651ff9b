"""An authenticator app for tests: RFC 6238, written from the standard and not from our program."""

from __future__ import annotations

import base64
import hmac
import struct


def totp(secret: str, at_s: float) -> str:
    """Six digits for the 30 s step that holds the moment (seconds since 1970)."""
    key = base64.b32decode(secret.strip().upper())
    mac = hmac.digest(key, struct.pack(">Q", int(at_s) // 30), "sha1")
    start = mac[-1] & 15
    number = struct.unpack(">I", mac[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
