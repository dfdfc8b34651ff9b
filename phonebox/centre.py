"""The SMS centre: takes submits, hands telephones' answers to whoever is bound, until accepted."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from phonebox import pdu
from phonebox.store import Store

log = logging.getLogger("phonebox")

CONNECTIONS_MAX = 16
IDLE_S = 120
DELIVER_S = 10
RETRY_S = 1.0
END_S = 5.0


class Session:
    """One connection of a client."""

    def __init__(self, centre: Centre, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.centre = centre
        self.reader = reader
        self.writer = writer
        self.bound = 0
        self.sequence = 0
        self.replies: dict[int, asyncio.Future[int]] = {}

    async def run(self) -> None:
        try:
            while True:
                head = await asyncio.wait_for(self.reader.readexactly(16), IDLE_S)
                length, command, status, sequence = pdu.HEADER.unpack(head)
                if not 16 <= length <= pdu.PDU_BYTES_MAX:
                    await self.send(pdu.make(pdu.GENERIC_NACK, pdu.INVALID_LENGTH, sequence))
                    return
                body = await asyncio.wait_for(self.reader.readexactly(length - 16), IDLE_S)
                if not await self.handle(command, status, sequence, body):
                    return
        except (asyncio.IncompleteReadError, TimeoutError, ConnectionError):
            return
        finally:
            for waiting in self.replies.values():
                if not waiting.done():
                    waiting.set_result(pdu.SYSTEM_ERROR)
            self.writer.close()
            with contextlib.suppress(OSError):
                await self.writer.wait_closed()

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def handle(self, command: int, status: int, sequence: int, body: bytes) -> bool:
        """Answer one PDU; False ends the session."""
        answer = command | pdu.RESPONSE
        if command in pdu.BINDS:
            return await self._bind(command, sequence, body)
        if command == pdu.ENQUIRE_LINK:
            await self.send(pdu.make(answer, pdu.OK, sequence))
        elif command == pdu.UNBIND:
            await self.send(pdu.make(answer, pdu.OK, sequence))
            return False
        elif command == pdu.SUBMIT_SM:
            await self._submit(sequence, body)
        elif command & pdu.RESPONSE:
            waiting = self.replies.pop(sequence, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(status)
        else:
            await self.send(pdu.make(pdu.GENERIC_NACK, pdu.INVALID_COMMAND, sequence))
        return True

    async def _bind(self, command: int, sequence: int, body: bytes) -> bool:
        try:
            system_id, password = pdu.read_bind(body)
        except pdu.Malformed:
            system_id, password = "", ""
        good = system_id == self.centre.system_id and password == self.centre.password
        status = pdu.OK if good else pdu.BAD_PASSWORD
        name = b"phonebox\0" if good else b""
        await self.send(pdu.make(command | pdu.RESPONSE, status, sequence, name))
        self.bound = command if good else 0
        return good

    async def _submit(self, sequence: int, body: bytes) -> None:
        answer = pdu.SUBMIT_SM | pdu.RESPONSE
        if not self.bound:
            await self.send(pdu.make(answer, pdu.NOT_BOUND, sequence))
            return
        try:
            message = pdu.read_submit(body)
        except (pdu.Malformed, IndexError):
            await self.send(pdu.make(pdu.GENERIC_NACK, pdu.INVALID_LENGTH, sequence))
            return
        ident = self.centre.take(message)
        await self.send(pdu.make(answer, pdu.OK, sequence, ident.encode() + b"\0"))

    async def deliver(self, row: dict[str, object]) -> bool:
        """Hand an answer over; True once the client has said OK to it."""
        self.sequence += 1
        waiting: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.replies[self.sequence] = waiting
        data = pdu.make_deliver(
            self.sequence,
            str(row["phone"]),
            str(row["peer"]),
            str(row["text"]),
            int(str(row["id"])),
        )
        try:
            await self.send(data)
            return await asyncio.wait_for(waiting, DELIVER_S) == pdu.OK
        except (TimeoutError, ConnectionError):
            return False
        finally:
            self.replies.pop(self.sequence, None)


class Centre:
    """Listens for clients and keeps trying to hand over answers."""

    def __init__(self, store: Store, system_id: str, password: str):
        self.store = store
        self.system_id = system_id
        self.password = password
        self.changed: Callable[[], None] = lambda: None
        self.sessions: set[Session] = set()
        self.parts = pdu.Parts()
        self.wake = asyncio.Event()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.arrived: list[Callable[[str, str, str], None]] = []
        self.connected: set[asyncio.Task[None]] = set()

    async def serve(self, host: str, port: int) -> asyncio.Server:
        self.loop = asyncio.get_running_loop()
        return await asyncio.start_server(self._arrives, host, port)

    def _arrives(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A task of ours a connection: the library's own would shout when it is cancelled."""
        task = asyncio.get_running_loop().create_task(self._connected(reader, writer))
        self.connected.add(task)
        task.add_done_callback(self.connected.discard)

    async def end(self, server: asyncio.Server) -> None:
        """Take no more, hang up on everybody and wait for that, END_S at most."""
        server.close()
        for task in self.connected:
            task.cancel()
        if self.connected:
            await asyncio.wait(self.connected, timeout=END_S)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self.sessions) >= CONNECTIONS_MAX:
            writer.close()
            return
        session = Session(self, reader, writer)
        self.sessions.add(session)
        try:
            await session.run()
        finally:
            self.sessions.discard(session)

    def take(self, message: pdu.Submit) -> str:
        """Store a message, or a part of one; returns the message id for the response."""
        text = self.parts.add(message)
        if text is None:
            return f"part-{message.reference or 0}-{(message.part or (0, 0, 0))[2]}"
        ident = self.store.add(message.destination, "in", message.source, text, message.reference)
        self.changed()
        for listener in self.arrived:
            listener(message.destination, message.source, text)
        return str(ident)

    def answer(self, phone: str, peer: str, text: str) -> int:
        """A telephone sends; the loop hands it over."""
        ident = self.store.add(phone, "out", peer, text, None)
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self.wake.set)
        self.changed()
        return ident

    async def hand_over(self) -> None:
        """Hand undelivered answers to a bound client, again and again until it accepts them."""
        while True:
            session = next(
                (s for s in self.sessions if s.bound in (pdu.BIND_TRANSCEIVER, pdu.BIND_RECEIVER)),
                None,
            )
            rows = self.store.undelivered() if session else []
            for row in rows:
                if session and await session.deliver(row):
                    self.store.mark_delivered(row["id"])
                    self.changed()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), RETRY_S)
            self.wake.clear()
