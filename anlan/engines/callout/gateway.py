"""SMPP 3.4 towards the SMS centre: submits in a window, answers taken in as they come.

Flows out: `submit_sm` with the attempt's id as user_message_reference. Flows in: `deliver_sm`,
stored before its response is sent; a message that could not be stored is answered with an error,
so that the centre keeps it and delivers it again.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import uuid
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import smpplib.client
import smpplib.consts
import smpplib.exceptions
from smpplib import smpp

from anlan.engines.callout import messages
from anlan.engines.callout.rounds import Outcome, Outgoing
from anlan.ground.scope import Scope

log = logging.getLogger("anlan.smpp")

RESPONSE_S_MAX = 20.0
CONNECT_S_MAX = 5
READ_S = 10
# Two enquiries without an answer: the centre is silent, whatever the connection says.
HEARD_S_MAX = 25.0
BACKOFF_S_MAX = 10.0
WINDOW = 200
UDH_CONCAT = b"\x05\x00\x03"
UCS2 = 8
STATUS_APP_ERROR = 0x64
LOOPBACK = ("127.0.0.1", "localhost", "::1")

Receive = Callable[[str, str, str], None]


@dataclass(frozen=True, slots=True)
class Centre:
    """Where the SMS centre is and who we are there."""

    host: str
    port: int
    system_id: str
    password: str
    source: str = "12379"

    @classmethod
    def from_environment(cls) -> Centre:
        """ANLAN_SMPP=host:port, ANLAN_SMPP_ID, ANLAN_SMPP_PASSWORD, ANLAN_SMPP_SOURCE."""
        from anlan.ground.machine import site

        host, _colon, port = os.environ.get("ANLAN_SMPP", "").rpartition(":")
        return cls(
            host or "127.0.0.1",
            int(port or site().ports["smpp"]),
            os.environ.get("ANLAN_SMPP_ID", "anlan"),
            os.environ.get("ANLAN_SMPP_PASSWORD", "anlan"),
            os.environ.get("ANLAN_SMPP_SOURCE", "12379"),
        )


@dataclass(slots=True)
class _Waiting:
    """A message of which some parts have no response yet."""

    out: Outgoing
    parts: int
    ref: str = ""
    error: str = ""
    begun: bool = False


@dataclass(slots=True)
class _Window:
    """Parts under way, by sequence number."""

    lock: threading.Condition = field(default_factory=threading.Condition)
    by_sequence: dict[int, _Waiting] = field(default_factory=dict)


class _Client(smpplib.client.Client):
    """smpplib's client with one writer at a time: two threads send on this connection."""

    def __init__(self, host: str, port: int, heard: Callable[[], None]):
        super().__init__(host, port, timeout=READ_S, allow_unknown_opt_params=True)
        self.write_lock = threading.Lock()
        self.heard = heard

    def read_pdu(self) -> smpp.pdu.PDU:
        pdu = super().read_pdu()
        self.heard()
        return pdu

    def send_pdu(self, p: smpp.pdu.PDU) -> bool:
        with self.write_lock:
            return bool(super().send_pdu(p))


class GatewaySilent(Exception):
    """The SMS centre has not said a word for too long: messages do not go out."""


class SmppGateway:
    """One bound transceiver that binds again by itself."""

    def __init__(self, centre: Centre, receive: Receive, demo: bool):
        if demo and centre.host not in LOOPBACK:
            raise ValueError("a demonstration county sends to this machine only")
        self.centre = centre
        self.receive = receive
        self.window = _Window()
        self.client: _Client | None = None
        self.bound = threading.Event()
        self.stopping = threading.Event()
        self.reference = int(time.time()) % 251
        self.heard_at = time.monotonic()
        self.thread = threading.Thread(target=self._run, name="smpp", daemon=True)

    def start(self) -> SmppGateway:
        self.thread.start()
        return self

    def stop(self) -> None:
        self.stopping.set()
        self._drop()

    def ready(self) -> bool:
        return self.bound.is_set()

    def _heard(self) -> None:
        self.heard_at = time.monotonic()

    def look(self, _scope: Scope) -> int:
        """A round that fails while the centre is silent, so that the watchdog sees it from outside.

        GatewaySilent where nothing was heard for HEARD_S_MAX, bound or not: it answers our
        enquiries every READ_S even when nobody sends.
        """
        silent_s = time.monotonic() - self.heard_at
        if silent_s > HEARD_S_MAX:
            state = "bound" if self.ready() else "not bound"
            raise GatewaySilent(f"{self.centre.host}:{self.centre.port} {silent_s:.0f} s, {state}")
        return 0

    # out

    def submit(self, batch: Sequence[Outgoing]) -> list[Outcome]:
        """Send a batch and wait for its responses; what has none in time stays claimed.

        A message of which nothing left this machine is said to have failed: it is tried again.
        """
        send_by = time.monotonic() + RESPONSE_S_MAX
        waiting: list[_Waiting] = []
        outcomes: list[Outcome] = []
        for out in batch:
            if not out.number:
                outcomes.append(Outcome(out.attempt_id, out.lease, "", "no-number"))
                continue
            waiting.append(self._send(out, send_by))
        self._wait_for(waiting)
        for entry in waiting:
            if not entry.begun:
                entry.parts, entry.error = 0, "not-sent"
        done = [w for w in waiting if not w.parts]
        return outcomes + [Outcome(w.out.attempt_id, w.out.lease, w.ref, w.error) for w in done]

    def _send(self, out: Outgoing, send_by: float) -> _Waiting:
        pieces = messages.parts(out.text)
        entry = _Waiting(out, len(pieces))
        self.reference = self.reference % 255 + 1
        for index, piece in enumerate(pieces, start=1):
            udh = b""
            if len(pieces) > 1:
                udh = UDH_CONCAT + bytes((self.reference, len(pieces), index))
            self._send_part(entry, udh + piece.encode("utf-16-be"), bool(udh), send_by)
        return entry

    def _send_part(self, entry: _Waiting, body: bytes, with_udh: bool, send_by: float) -> None:
        client = self.client
        if client is None:
            return
        with self.window.lock:
            while len(self.window.by_sequence) >= WINDOW and self.ready():
                if not self.window.lock.wait(max(0.0, send_by - time.monotonic())):
                    return
            if not self.ready():
                return
            entry.begun = True
            part = smpp.make_pdu(
                "submit_sm", client=client, source_addr_ton=5, source_addr_npi=0,
                source_addr=self.centre.source, dest_addr_ton=1, dest_addr_npi=1,
                destination_addr=entry.out.number, data_coding=UCS2,
                esm_class=0x40 if with_udh else 0, registered_delivery=0, short_message=body,
                user_message_reference=entry.out.attempt_id % 65536,
            )  # fmt: skip
            self.window.by_sequence[part.sequence] = entry
        try:
            client.send_pdu(part)
        except (OSError, smpplib.exceptions.ConnectionError):
            self._drop()

    def _wait_for(self, waiting: list[_Waiting]) -> None:
        deadline = time.monotonic() + RESPONSE_S_MAX
        with self.window.lock:
            while any(entry.parts and entry.begun for entry in waiting) and self.ready():
                left = deadline - time.monotonic()
                if left <= 0 or not self.window.lock.wait(left):
                    break
            over = {id(entry) for entry in waiting}
            kept = {n: e for n, e in self.window.by_sequence.items() if id(e) not in over}
            self.window.by_sequence = kept

    def _responded(self, pdu: smpp.pdu.PDU, **_unused: object) -> None:
        with self.window.lock:
            entry = self.window.by_sequence.pop(pdu.sequence, None)
            if entry is None:
                return
            entry.parts -= 1
            if pdu.status:
                entry.error = f"smpp-{pdu.status:#x}"
            elif not entry.ref:
                entry.ref = text_of(getattr(pdu, "message_id", b""))
            self.window.lock.notify_all()

    # in

    def _delivered(self, pdu: smpp.pdu.PDU) -> int:
        """Store, then answer; an error answer makes the centre keep the message."""
        if pdu.esm_class & 0x3C:
            return int(smpplib.consts.SMPP_ESME_ROK)
        ident = text_of(getattr(pdu, "receipted_message_id", b"") or b"")
        number = text_of(pdu.source_addr)
        text = _body(pdu)
        reference = getattr(pdu, "user_message_reference", None)
        told = f"{number}-{reference}-{zlib.crc32(text.encode()):08x}"
        key = ident or (told if reference else uuid.uuid4().hex)
        try:
            self.receive(key[:70], number, text)
        except Exception:
            log.exception("a message could not be stored; the centre keeps it")
            return STATUS_APP_ERROR
        return int(smpplib.consts.SMPP_ESME_ROK)

    # the connection

    def _run(self) -> None:
        backoff_s = 0.2
        while not self.stopping.is_set():
            try:
                self._session()
                backoff_s = 0.2
            except Exception as error:
                log.warning("SMS centre away, next try in %.1f s: %s", backoff_s, error)
            self._drop()
            self.stopping.wait(backoff_s)
            backoff_s = min(backoff_s * 2, BACKOFF_S_MAX)

    def _session(self) -> None:
        client = _Client(self.centre.host, self.centre.port, self._heard)
        client.set_message_sent_handler(self._responded)
        client.set_message_received_handler(lambda pdu: self._delivered(pdu))
        client.set_error_pdu_handler(self._responded)
        client.connect()
        client.bind_transceiver(system_id=self.centre.system_id, password=self.centre.password)
        self.client = client
        self.bound.set()
        log.info("bound to the SMS centre at %s:%s", self.centre.host, self.centre.port)
        while not self.stopping.is_set():
            client.read_once(auto_send_enquire_link=True)

    def _drop(self) -> None:
        self.bound.clear()
        client, self.client = self.client, None
        if client is not None:
            try:
                client.disconnect()
            except Exception as error:
                log.debug("disconnect: %s", error)
        with self.window.lock:
            self.window.by_sequence.clear()
            self.window.lock.notify_all()


def text_of(value: object) -> str:
    """A field of a PDU without its padding."""
    raw = value if isinstance(value, bytes) else str(value or "").encode()
    return raw.rstrip(b"\0").decode("ascii", "replace")


def _body(pdu: smpp.pdu.PDU) -> str:
    raw = bytes(pdu.short_message or b"") or bytes(getattr(pdu, "message_payload", b"") or b"")
    if pdu.esm_class & 0x40 and raw:
        raw = raw[raw[0] + 1 :]
    if pdu.data_coding == UCS2:
        return raw.decode("utf-16-be", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")
