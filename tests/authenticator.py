"""An authenticator with passkeys for tests: W3C Web Authentication, written from the standard.

It keeps keys (ES256), signs what an authenticator signs, and can be told to cheat.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class Authenticator:
    """One device with one key. counts: whether it has a signature counter (synced ones have none)."""

    origin: str
    counts: bool = True
    counter: int = 0
    ident: bytes = field(default_factory=lambda: os.urandom(32))
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def _client(self, kind: str, challenge: str, origin: str = "") -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin or self.origin,
                           "crossOrigin": False}).encode()  # fmt: skip

    def _data(self, host: str, flags: int, rest: bytes = b"") -> bytes:
        self.counter += self.counts
        return (
            hashlib.sha256(host.encode()).digest() + struct.pack(">BI", flags, self.counter) + rest
        )

    def create(self, options: dict[str, Any]) -> str:
        """`navigator.credentials.create` with attestation none, as JSON."""
        wanted = options["creation_options"]["publicKey"]
        point = self.key.public_key().public_numbers()
        cose = cbor.encode({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"),
                            -3: point.y.to_bytes(32, "big")})  # fmt: skip
        rest = bytes(16) + struct.pack(">H", len(self.ident)) + self.ident + cose
        data = self._data(wanted["rp"]["id"], PRESENT | VERIFIED | ATTESTED, rest)
        said = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        response = {"clientDataJSON": text(self._client("webauthn.create", wanted["challenge"])),
                    "attestationObject": text(said)}  # fmt: skip
        return self._credential(response)

    def get(self, options: dict[str, Any], origin: str = "", host: str = "") -> str:
        """`navigator.credentials.get`, as JSON. origin, host: of the site that really asked."""
        wanted = options["request_options"]["publicKey"]
        client = self._client("webauthn.get", wanted["challenge"], origin)
        data = self._data(host or wanted["rpId"], PRESENT | VERIFIED)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential({"clientDataJSON": text(client), "authenticatorData": text(data),
                                 "signature": text(signed)})  # fmt: skip

    def _credential(self, response: dict[str, str]) -> str:
        return json.dumps({"id": text(self.ident), "rawId": text(self.ident), "type": "public-key",
                           "response": response, "clientExtensionResults": {}})  # fmt: skip
