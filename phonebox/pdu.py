"""SMPP 3.4 on the wire, as far as an SMS centre needs it: headers, strings, the PDUs it speaks.

Source: Short Message Peer-to-Peer Protocol Specification v3.4, sections 4 and 5.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

HEADER = struct.Struct(">IIII")
PDU_BYTES_MAX = 70_000

GENERIC_NACK = 0x80000000
BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER = 0x1, 0x2, 0x9
SUBMIT_SM, DELIVER_SM, UNBIND, ENQUIRE_LINK = 0x4, 0x5, 0x6, 0x15
RESPONSE = 0x80000000
BINDS = frozenset({BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER})

OK, INVALID_LENGTH, INVALID_COMMAND = 0x0, 0x2, 0x3
NOT_BOUND, SYSTEM_ERROR, BIND_FAILED, BAD_PASSWORD = 0x4, 0x8, 0xD, 0xE

TLV_USER_REFERENCE, TLV_PAYLOAD, TLV_RECEIPTED = 0x0204, 0x0424, 0x001E
UCS2, UDHI = 8, 0x40
CONCAT_8BIT = 0


class Malformed(Exception):
    """Bytes that are no PDU of this protocol."""


@dataclass(slots=True)
class Reader:
    """Reads fields from a PDU's body in order."""

    body: bytes
    at: int = 0

    def byte(self) -> int:
        if self.at >= len(self.body):
            raise Malformed("body ends early")
        self.at += 1
        return self.body[self.at - 1]

    def text(self, limit: int) -> str:
        end = self.body.find(b"\0", self.at)
        if end < 0 or end - self.at >= limit:
            raise Malformed("string without end")
        value = self.body[self.at : end].decode("latin-1")
        self.at = end + 1
        return value

    def take(self, length: int) -> bytes:
        if self.at + length > len(self.body):
            raise Malformed("body ends early")
        self.at += length
        return self.body[self.at - length : self.at]

    def options(self) -> dict[int, bytes]:
        """The optional parameters (TLV) at the end."""
        found: dict[int, bytes] = {}
        while self.at < len(self.body):
            tag, length = struct.unpack(">HH", self.take(4))
            found[tag] = self.take(length)
        return found


@dataclass(frozen=True, slots=True)
class Submit:
    """A submit_sm as the centre understands it."""

    source: str
    destination: str
    text: str
    reference: int | None
    receipt: bool
    part: tuple[int, int, int] | None


@dataclass(slots=True)
class Parts:
    """Puts the parts of long messages together, by destination and reference."""

    waiting: dict[tuple[str, int], dict[int, str]] = field(default_factory=dict)
    messages_max: int = 10_000

    def add(self, message: Submit) -> str | None:
        """The whole text once its last part is here; None before."""
        if message.part is None:
            return message.text
        reference, total, number = message.part
        key = (message.destination, reference)
        if len(self.waiting) > self.messages_max:
            self.waiting.pop(next(iter(self.waiting)))
        have = self.waiting.setdefault(key, {})
        have[number] = message.text
        if len(have) < total:
            return None
        del self.waiting[key]
        return "".join(have[n] for n in sorted(have))


def read_bind(body: bytes) -> tuple[str, str]:
    """(system_id, password) of a bind."""
    reader = Reader(body)
    return reader.text(16), reader.text(9)


def read_submit(body: bytes) -> Submit:
    """A submit_sm (or deliver_sm: the same fields)."""
    reader = Reader(body)
    reader.text(6)
    reader.take(2)
    source = reader.text(21)
    reader.take(2)
    destination = reader.text(21)
    esm_class = reader.byte()
    reader.take(2)
    reader.text(17)
    reader.text(17)
    receipt = bool(reader.byte() & 0x1)
    reader.byte()
    coding = reader.byte()
    reader.byte()
    raw = reader.take(reader.byte())
    options = reader.options()
    raw = raw or options.get(TLV_PAYLOAD, b"")
    part = None
    if esm_class & UDHI and raw:
        part, raw = _header(raw)
    reference = options.get(TLV_USER_REFERENCE)
    return Submit(
        source, destination, decode(raw, coding),
        int.from_bytes(reference, "big") if reference else None, receipt, part,
    )  # fmt: skip


def _header(raw: bytes) -> tuple[tuple[int, int, int] | None, bytes]:
    """The concatenation element of a user data header (3GPP TS 23.040, 9.2.3.24.1)."""
    length = raw[0]
    header, rest = raw[1 : 1 + length], raw[1 + length :]
    at = 0
    while at + 2 <= len(header):
        element, size = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + size]
        if element == CONCAT_8BIT and len(value) == 3 and value[1] and value[2]:
            return (value[0], value[1], value[2]), rest
        at += 2 + size
    return None, rest


def decode(raw: bytes, coding: int) -> str:
    """Text of a short message."""
    return raw.decode("utf-16-be" if coding == UCS2 else "latin-1", "replace")


def make(command: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    """A PDU with its header."""
    return HEADER.pack(HEADER.size + len(body), command, status, sequence) + body


def make_deliver(
    sequence: int,
    source: str,
    destination: str,
    text: str,
    reference: int,
    *,
    receipt: bool = False,
) -> bytes:
    """A deliver_sm: an answer from a telephone, or a delivery receipt."""
    raw = text.encode("latin-1" if receipt else "utf-16-be")
    options = struct.pack(">HHH", TLV_USER_REFERENCE, 2, reference % 65536)
    short = raw if len(raw) <= 254 else b""
    if not short:
        options += struct.pack(">HH", TLV_PAYLOAD, len(raw)) + raw
    body = (
        b"\0" + bytes((1, 1)) + source.encode("latin-1") + b"\0"
        + bytes((5, 0)) + destination.encode("latin-1") + b"\0"
        + bytes((0x04 if receipt else 0, 0, 0)) + b"\0\0"
        + bytes((0, 0, 0 if receipt else UCS2, 0, len(short))) + short + options
    )  # fmt: skip
    return make(DELIVER_SM, OK, sequence, body)
