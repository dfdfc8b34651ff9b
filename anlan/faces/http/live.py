"""Server-sent events: one LISTEN connection, many screens, each with its own scope.

A raw ASGI program. A screen comes with a signed token (span, world, topics, sign-in) that its page
gave it, and hears which topics changed at which place; it then asks the console for what it may
see. Nothing personal travels here. When the sign-in is over, so is the screen.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import psycopg

from anlan.county.sittings import STATES
from anlan.ground.live import CHANNEL, TOPIC_BITS, make_token, read_token
from anlan.ground.machine import site
from anlan.ground.machine.site import MARK_HEADER

CLIENTS_MAX = 2000
QUEUE_MAX = 200
BEAT_S = 15.0
RETRY_S_MAX = 5.0
CHECK_S = 15.0
OVER = '{"topic":"wire","state":"over"}'
CONNECT_S_MAX = 5
WALL_BASE = 1 << 40  # as `console/walls.py`, which imports Django and is not imported here
WALLS = """
SELECT w.base + w.id FROM (SELECT %s::bigint AS base, id FROM console_wall WHERE ended_at IS NULL) w
WHERE w.base + w.id = ANY(%s)
"""

__all__ = ["TOPIC_BITS", "app", "make_token", "read_token"]

os.environ.setdefault("ANLAN_KEYS", str(site().keys))


@dataclass(eq=False, slots=True)
class Screen:
    """One open screen."""

    lo: int
    hi: int
    world: int
    sitting: int
    topics: int
    over: bool = False
    queue: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(QUEUE_MAX))

    def hears(self, event: dict[str, Any]) -> bool:
        """Its world, a topic that it may hear, and its place or the whole county's."""
        if not self.topics & TOPIC_BITS.get(str(event.get("topic")), 0):
            return False
        place = int(event.get("division", 0))
        wide = place % 1_000_000 == 0
        return event.get("world") == self.world and (self.lo <= place <= self.hi or wide)


class Hub:
    """Hears the database, tells the screens, and ends those whose sign-in is over."""

    def __init__(self) -> None:
        self.screens: set[Screen] = set()
        self.tasks: list[asyncio.Task[None]] = []
        self.changed = asyncio.Event()
        self.asker = Asker()

    def start(self) -> None:
        if not self.tasks or any(task.done() for task in self.tasks):
            for task in self.tasks:
                task.cancel()
            self.tasks = [
                asyncio.create_task(self._listen()), asyncio.create_task(self._watch())
            ]  # fmt: skip

    async def _watch(self) -> None:
        """Ask every CHECK_S, and at once where an account changed, which sign-ins still stand."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.changed.wait(), CHECK_S)
            self.changed.clear()
            with contextlib.suppress(psycopg.Error, OSError):
                await self.end_dead()

    async def end_dead(self) -> None:
        """End the screens whose sign-in is over; while the database is away nothing is told."""
        asked = {screen.sitting for screen in self.screens}
        if not asked:
            return
        alive = await self.asker.standing(asked)
        for screen in [one for one in self.screens if one.sitting not in alive]:
            screen.over = True
            self._queue(screen, OVER)

    async def _listen(self) -> None:
        pause_s = 0.2
        while True:
            try:
                dsn = site().dsn("live")
                async with await psycopg.AsyncConnection.connect(
                    dsn, autocommit=True, connect_timeout=CONNECT_S_MAX
                ) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self.tell({"topic": "wire", "state": "up"}, everyone=True)
                    pause_s = 0.2
                    async for notice in connection.notifies():
                        event = json.loads(notice.payload)
                        if event.get("topic") == "account":
                            self.changed.set()
                        self.tell(event)
            except (psycopg.Error, OSError):
                self.tell({"topic": "wire", "state": "down"}, everyone=True)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, RETRY_S_MAX)

    def tell(self, event: dict[str, Any], everyone: bool = False) -> None:
        """Queue the event for whoever hears it; a screen that does not read drops the oldest."""
        text = json.dumps(event, separators=(",", ":"))
        for screen in self.screens:
            if everyone or screen.hears(event):
                self._queue(screen, text)

    def _queue(self, screen: Screen, text: str) -> None:
        if screen.queue.full():
            with contextlib.suppress(asyncio.QueueEmpty):
                screen.queue.get_nowait()
        screen.queue.put_nowait(text)


class Asker:
    """One connection over which sign-ins are asked, one question at a time."""

    def __init__(self) -> None:
        self.connection: psycopg.AsyncConnection[Any] | None = None
        self.turn = asyncio.Lock()

    async def standing(self, asked: set[int]) -> set[int]:
        """Which of the sign-ins and walls still may read (live, or resting on a duty shift)."""
        async with self.turn:
            if self.connection is None or self.connection.closed:
                self.connection = await psycopg.AsyncConnection.connect(
                    site().dsn("live"), autocommit=True, connect_timeout=CONNECT_S_MAX
                )
            try:
                rows = await self.connection.execute(STATES, [list(asked)])
                people = {row[0] for row in await rows.fetchall() if row[5] != "dead"}
                rows = await self.connection.execute(WALLS, [WALL_BASE, list(asked)])
                return people | {row[0] for row in await rows.fetchall()}
            except psycopg.Error:
                await self.connection.close()
                raise


hub = Hub()
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """GET /live?token=… → text/event-stream."""
    if scope["type"] != "http":
        return
    hub.start()
    if scope["path"] == "/health":
        await _plain(send, 200, b"ok", (MARK_HEADER.lower().encode(), site().mark.encode()))
        return
    try:
        query = parse_qs(scope.get("query_string", b"").decode())
        screen = Screen(*read_token(query["token"][0]))
        alive = await hub.asker.standing({screen.sitting})
    except (KeyError, ValueError, struct.error, IndexError):
        await _plain(send, 403, b"token")
        return
    except (psycopg.Error, OSError):
        await _plain(send, 503, b"database")
        return
    if screen.sitting not in alive:
        await _plain(send, 403, b"signed out")
        return
    if len(hub.screens) >= CLIENTS_MAX:
        await _plain(send, 503, b"too many screens")
        return
    await _stream(scope, screen, receive, send)


async def _stream(scope: dict[str, Any], screen: Screen, receive: Receive, send: Send) -> None:
    headers = [
        (b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"), *_cors(scope),
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    hub.screens.add(screen)
    gone = asyncio.create_task(_until_gone(receive))
    try:
        await _body(send, b'retry: 2000\ndata: {"topic":"hello"}\n\n')
        while not gone.done() and not screen.over:
            try:
                text = await asyncio.wait_for(screen.queue.get(), BEAT_S)
                await _body(send, f"data: {text}\n\n".encode())
            except TimeoutError:
                await _body(send, b'data: {"topic":"beat"}\n\n')
        if screen.over:
            await _body(send, f"data: {OVER}\n\n".encode())
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    except (OSError, RuntimeError):
        return
    finally:
        hub.screens.discard(screen)
        gone.cancel()


def _cors(scope: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """Only the console's own page may read the stream."""
    port = site().ports["console"]
    allowed = {f"http://localhost:{port}", f"http://127.0.0.1:{port}"}
    allowed |= {site().address("console", "")}
    allowed |= {f"https://{name}" for name in os.environ.get("ANLAN_HOSTS", "").split(",") if name}
    origin = next((v.decode() for k, v in scope["headers"] if k == b"origin"), "")
    if origin not in allowed:
        return []
    return [(b"access-control-allow-origin", origin.encode()), (b"vary", b"origin")]


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def _plain(send: Send, status: int, body: bytes, *more: tuple[bytes, bytes]) -> None:
    headers = [(b"content-type", b"text/plain"), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
