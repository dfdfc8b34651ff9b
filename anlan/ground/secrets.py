"""Personal data at rest: sealed fields, keyed equality search, masks and labels.

Keys lie in a folder outside the database (`ANLAN_KEYS`, mode 0600), so a dump or a write-ahead
log alone shows nobody. Fields are sealed with AES-256-GCM under a key that the value names, so
that a new key can be added while the old one still reads. Equality search compares a keyed HMAC.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import models

KEY_BYTES = 32
NONCE_BYTES = 12
SIGNATURE_BYTES = 16
KEY_FILE = "fields.json"


@dataclass(frozen=True, slots=True)
class Label:
    """Why a personal field is kept (个人信息保护法): purpose, basis, days, and how it is masked."""

    purpose: str
    basis: str
    retention_days: int
    mask: str
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Keys:
    """The county's keys: the current one seals, all of them open."""

    current: int
    by_number: dict[int, bytes]

    @property
    def newest(self) -> bytes:
        return self.by_number[self.current]

    @property
    def root(self) -> bytes:
        """The key under which hashes and signatures are derived; it outlives rotation."""
        return self.by_number[min(self.by_number)]

    def content(self) -> bytes:
        """As it is written to the key file."""
        told = {str(n): base64.b64encode(key).decode() for n, key in self.by_number.items()}
        return json.dumps({"current": self.current, "keys": told}).encode()

    def first(self) -> bytes:
        """The key file as it was before any rotation; Django's own secret is derived from it."""
        return Keys(min(self.by_number), {min(self.by_number): self.root}).content()

    def rotated(self) -> Keys:
        """With one more key, which seals from now on."""
        number = max(self.by_number) + 1
        return Keys(number, self.by_number | {number: os.urandom(KEY_BYTES)})


def make_keys(folder: Path) -> Path:
    """Write a first key file into the folder, unless one is there; returns its path."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / KEY_FILE
    if path.exists():
        return path
    return write_keys(folder, Keys(1, {1: os.urandom(KEY_BYTES)}))


def write_keys(folder: Path, own: Keys) -> Path:
    """Write the key file whole, for its owner only: the old one or the new one, never half."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / KEY_FILE
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(own.content())
        handle.flush()
        os.fsync(handle.fileno())
    fresh.rename(path)
    return path


def parse_keys(content: bytes) -> Keys:
    """Keys out of the content of a key file; ValueError where it is none."""
    try:
        stored = json.loads(content)
        by_number = {int(n): base64.b64decode(k, validate=True) for n, k in stored["keys"].items()}
        found = Keys(int(stored["current"]), by_number)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no key file") from error
    if found.current not in by_number or any(len(k) != KEY_BYTES for k in by_number.values()):
        raise ValueError("no key file")
    return found


def load(folder: Path) -> Keys:
    """The keys of a folder."""
    return parse_keys((folder / KEY_FILE).read_bytes())


@lru_cache(maxsize=4)
def _load(folder: str, _written_ns: int, _inode: int) -> Keys:
    return load(Path(folder))


def keys() -> Keys:
    """The county's keys, from the folder that `ANLAN_KEYS` names.

    Read again whenever the file was written anew: a new key is on the disk before the first value
    is sealed under it, so every process opens what another one sealed.
    """
    folder = os.environ["ANLAN_KEYS"]
    place = os.stat(os.path.join(folder, KEY_FILE))
    return _load(folder, place.st_mtime_ns, place.st_ino)


def seal(text: str, purpose: str) -> bytes:
    """Key number (2 bytes), nonce, ciphertext with tag; the purpose is bound to it."""
    return sealer(purpose)(text)


def sealer(purpose: str) -> Callable[[str], bytes]:
    """`seal` for many values of one purpose: key and cipher are looked up once."""
    own = keys()
    cipher, bound = _cipher(own.newest), purpose.encode()
    number = own.current.to_bytes(2, "big")

    def seal_one(text: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return number + nonce + cipher.encrypt(nonce, text.encode(), bound)

    return seal_one


def unseal(sealed: bytes, purpose: str) -> str:
    """The text again; ValueError where key, purpose or bytes do not fit."""
    return opener(purpose)(sealed)


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def opener(purpose: str) -> Callable[[bytes], str]:
    """`unseal` for many values of one purpose: keys and ciphers are made once."""
    ciphers = {number: _cipher(key) for number, key in keys().by_number.items()}
    bound = purpose.encode()

    def open_one(sealed: bytes) -> str:
        number = int.from_bytes(sealed[:2], "big")
        if number not in ciphers:  # a key that was added after this opener was made
            ciphers.update((n, _cipher(key)) for n, key in keys().by_number.items())
        cipher = ciphers.get(number)
        if cipher is None:
            raise ValueError("sealed under a key that this county does not have")
        start = 2 + NONCE_BYTES
        try:
            return cipher.decrypt(sealed[2:start], sealed[start:], bound).decode()
        except InvalidTag:
            raise ValueError("sealed field does not open: changed, or of another purpose") from None

    return open_one


def signer(purpose: str) -> Callable[[bytes], str]:
    """`sign` for many payloads of one purpose."""
    key = _derived("sign/" + purpose)

    def sign_one(payload: bytes) -> str:
        mark = hmac.digest(key, payload, hashlib.sha256)[:SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(payload + mark).decode().rstrip("=")

    return sign_one


def _derived(purpose: str) -> bytes:
    return _derived_of(keys().root, purpose)


@lru_cache(maxsize=64)
def _derived_of(root: bytes, purpose: str) -> bytes:
    return hmac.digest(root, b"anlan/" + purpose.encode(), hashlib.sha256)


def keyed_hash(purpose: str, value: str) -> bytes:
    """Equal for equal values of one purpose and meaningless without the key (32 bytes)."""
    return hmac.digest(_derived("hash/" + purpose), value.encode(), hashlib.sha256)


def digest(purpose: str, content: bytes) -> bytes:
    """A keyed digest of content (32 bytes), for journal lines about personal data."""
    return hmac.digest(_derived("digest/" + purpose), content, hashlib.sha256)


def sign(purpose: str, payload: bytes) -> str:
    """Payload and signature as URL-safe text."""
    return signer(purpose)(payload)


def unsign(purpose: str, text: str) -> bytes:
    """The payload of `sign`; ValueError where the signature does not hold."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise ValueError("not a signed text") from None
    payload, mark = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    expected = hmac.digest(_derived("sign/" + purpose), payload, hashlib.sha256)
    if len(raw) < SIGNATURE_BYTES or not hmac.compare_digest(mark, expected[:SIGNATURE_BYTES]):
        raise ValueError("the signature does not hold")
    return payload


def mask_phone(number: str) -> str:
    """138****5678: the first three and the last four stay."""
    return number[:3] + "*" * max(len(number) - 7, 1) + number[-4:] if len(number) >= 7 else "****"


def mask_name(name: str) -> str:
    """王**: the family name stays."""
    return name[:1] + "*" * max(len(name) - 1, 1)


class SealedField(models.BinaryField):
    """Text in Python, AES-256-GCM bytes in the database; not searchable, by design."""

    description = "sealed text"

    @property
    def purpose(self) -> str:
        return f"{self.model._meta.db_table}.{self.attname}"

    def get_db_prep_value(self, value, connection, prepared=False):  # type: ignore[no-untyped-def]
        sealed = None if value is None else seal(str(value), self.purpose)
        return super().get_db_prep_value(sealed, connection, prepared)

    def from_db_value(self, value, expression, connection):  # type: ignore[no-untyped-def]
        """Empty bytes: what stood there went when its retention was over."""
        if value is None:
            return None
        return unseal(bytes(value), self.purpose) if len(value) else ""

    def value_to_string(self, obj):  # type: ignore[no-untyped-def]
        return ""

    def to_python(self, value):  # type: ignore[no-untyped-def]
        return value
