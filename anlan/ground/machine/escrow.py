"""The county's keys in escrow (托管): sealed with a passphrase, or to a key that is kept offline.

Flows in: the content of the key file. Flows out: an envelope in JSON that opens with the passphrase
or the offline key alone, so that it may lie in a backup. scrypt (RFC 7914) and AES-256-GCM; to an
offline key X25519 with a fresh pair for each envelope, HKDF-SHA256 and AES-256-GCM.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from anlan.ground import secrets
from anlan.ground.errors import Refusal
from anlan.ground.machine.site import Site

SCHEMA = "anlan.escrow/1"
ENVELOPE = "escrow.json"
PASSPHRASE_CHARS_MIN = 16
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**16, 8, 1  # 64 MiB for a guess
SCRYPT_N_MAX = 2**20
SALT_BYTES, NONCE_BYTES, KEY_BYTES = 16, 12, 32
ENVELOPE_BYTES_MAX = 1_000_000
Envelope = dict[str, Any]


def with_passphrase(content: bytes, county: str, numbers: list[int], passphrase: str) -> Envelope:
    """Sealed so that the passphrase opens it; Refusal where that is too short to keep a secret."""
    if len(passphrase) < PASSPHRASE_CHARS_MIN:
        raise Refusal(
            "passphrase-short", f"口令至少 {PASSPHRASE_CHARS_MIN} 个字符",
            f"现在 {len(passphrase)} 个", "用几个不相关的词，写在纸上锁起来",
        )  # fmt: skip
    salt = os.urandom(SALT_BYTES)
    head = _head("passphrase", county, numbers) | {"salt": _text(salt), "n": SCRYPT_N}
    return _sealed(head, _stretched(passphrase, salt, SCRYPT_N), content)


def to_offline(content: bytes, county: str, numbers: list[int], public: bytes) -> Envelope:
    """Sealed so that only the private part of the offline key opens it; public: its PEM."""
    try:
        theirs = serialization.load_pem_public_key(public)
    except (ValueError, UnsupportedAlgorithm):
        theirs = None
    if not isinstance(theirs, X25519PublicKey):
        raise Refusal("offline-key", "这不是离线公钥", "", "用 anlan keys offline 生成的 .pub 文件")
    fresh = X25519PrivateKey.generate()
    ours = fresh.public_key().public_bytes_raw()
    head = _head("offline", county, numbers) | {
        "public": public.decode("ascii"), "fresh": _text(ours)
    }  # fmt: skip
    return _sealed(head, _agreed(fresh.exchange(theirs), ours), content)


def open_with_passphrase(envelope: Envelope, passphrase: str) -> bytes:
    """The content of the key file; Refusal where the passphrase is not the one."""
    _of_kind(envelope, "passphrase", "用 --offline-key 文件 打开")
    n = int(envelope["n"])
    if not 2 <= n <= SCRYPT_N_MAX:
        raise _broken()
    return _opened(envelope, _stretched(passphrase, _bytes(envelope["salt"]), n), "口令不对")


def open_with_offline(envelope: Envelope, private: bytes) -> bytes:
    """The content of the key file; private: the offline key's PEM."""
    _of_kind(envelope, "offline", "用 --passphrase-file 文件 打开")
    try:
        own = serialization.load_pem_private_key(private, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        own = None
    if not isinstance(own, X25519PrivateKey):
        raise Refusal("offline-key", "这不是离线私钥", "", "用 anlan keys offline 生成的文件")
    ours = _bytes(envelope["fresh"])
    shared = own.exchange(X25519PublicKey.from_public_bytes(ours))
    return _opened(envelope, _agreed(shared, ours), "离线私钥不对")


def make_offline() -> tuple[bytes, bytes]:
    """A new offline key: (private PEM, public PEM)."""
    own = X25519PrivateKey.generate()
    private = own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = own.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public


def read(path: Path) -> Envelope | None:
    """The envelope of a file, None where there is none; Refusal where it is something else."""
    if not path.exists():
        return None
    try:
        if path.stat().st_size > ENVELOPE_BYTES_MAX:
            raise ValueError("too large")
        found = json.loads(path.read_text())
        if found["schema"] != SCHEMA or not isinstance(found["numbers"], list):
            raise ValueError("another file")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _broken(str(path)) from error
    return dict(found)


def state(own: Site) -> str:
    """none, behind (a key that is in use is missing in it) or whole."""
    envelope = read(own.keys / ENVELOPE)
    if envelope is None:
        return "none"
    missing = set(secrets.load(own.keys).by_number) - {int(n) for n in envelope["numbers"]}
    return "behind" if missing else "whole"


def _head(kind: str, county: str, numbers: list[int]) -> Envelope:
    return {"schema": SCHEMA, "kind": kind, "county": county, "numbers": sorted(numbers)}


def _sealed(head: Envelope, key: bytes, content: bytes) -> Envelope:
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, content, _bound(head))
    return head | {"nonce": _text(nonce), "sealed": _text(sealed)}


def _opened(envelope: Envelope, key: bytes, wrong: str) -> bytes:
    try:
        nonce, sealed = _bytes(envelope["nonce"]), _bytes(envelope["sealed"])
        return AESGCM(key).decrypt(nonce, sealed, _bound(envelope))
    except InvalidTag as error:
        raise Refusal(
            "escrow-closed", f"{wrong}，打不开托管的密钥", "", "核对后再来一次；什么都没有改"
        ) from error


def _bound(envelope: Envelope) -> bytes:
    """All that an envelope says beside its content is bound to it."""
    head = {k: v for k, v in envelope.items() if k not in ("nonce", "sealed")}
    return json.dumps(head, sort_keys=True, ensure_ascii=False).encode()


def _of_kind(envelope: Envelope, kind: str, mend: str) -> None:
    if envelope.get("kind") != kind:
        raise Refusal("escrow-kind", "托管的方式不是这一种", str(envelope.get("kind", "")), mend)


def _stretched(passphrase: str, salt: bytes, n: int) -> bytes:
    return Scrypt(salt, KEY_BYTES, n, SCRYPT_R, SCRYPT_P).derive(passphrase.encode())


def _agreed(shared: bytes, fresh: bytes) -> bytes:
    return HKDF(hashes.SHA256(), KEY_BYTES, fresh, b"anlan/escrow").derive(shared)


def _broken(place: str = "") -> Refusal:
    return Refusal("escrow-broken", "托管文件读不懂", place, "换一份备份里的 escrow.json")


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except ValueError as error:
        raise _broken() from error
