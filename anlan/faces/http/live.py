"""Server-sent events: one LISTEN connection, many screens, each with its own scope.

A raw ASGI program. A screen comes with a signed token (scope and world, an hour) that its page
gave it, and hears which topics changed at which place; it then asks the console for what it may
see. Nothing personal travels here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import psycopg

from anlan.ground import secrets
from anlan.ground.machine import site

CHANNEL = "anlan_live"
CLIENTS_MAX = 2000
QUEUE_MAX = 200
BEAT_S = 15.0
RETRY_S_MAX = 5.0
TOKEN_S = 12 * 3600
LAYOUT = struct.Struct(">qqiQ")

os.environ.setdefault("ANLAN_KEYS", str(site().keys))


def make_token(lo: int, hi: int, world: int) -> str:
    """What a page gives its screen: the span, the world, and until when."""
    payload = LAYOUT.pack(lo, hi, world, int(time.time()) + TOKEN_S)
    return secrets.sign("live", payload)


def read_token(text: str) -> tuple[int, int, int]:
    """(lo, hi, world); ValueError where it is forged or too old."""
    lo, hi, world, until = LAYOUT.unpack(secrets.unsign("live", text))
    if until < time.time():
        raise ValueError("the token is too old")
    return lo, hi, world


@dataclass(eq=False, slots=True)
class Screen:
    """One open screen."""

    lo: int
    hi: int
    world: int
    queue: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(QUEUE_MAX))

    def hears(self, event: dict[str, Any]) -> bool:
        """Its world, and its place or the whole county's."""
        place = int(event.get("division", 0))
        wide = place % 1_000_000 == 0
        return event.get("world") == self.world and (self.lo <= place <= self.hi or wide)


class Hub:
    """Hears the database and tells the screens."""

    def __init__(self) -> None:
        self.screens: set[Screen] = set()
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        pause_s = 0.2
        while True:
            try:
                dsn = site().dsn("live")
                async with await psycopg.AsyncConnection.connect(
                    dsn, autocommit=True, connect_timeout=5
                ) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self.tell({"topic": "wire", "state": "up"}, everyone=True)
                    pause_s = 0.2
                    async for notice in connection.notifies():
                        self.tell(json.loads(notice.payload))
            except (psycopg.Error, OSError):
                self.tell({"topic": "wire", "state": "down"}, everyone=True)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, RETRY_S_MAX)

    def tell(self, event: dict[str, Any], everyone: bool = False) -> None:
        """Queue the event for whoever hears it; a screen that does not read drops the oldest."""
        text = json.dumps(event, separators=(",", ":"))
        for screen in self.screens:
            if everyone or screen.hears(event):
                if screen.queue.full():
                    with contextlib.suppress(asyncio.QueueEmpty):
                        screen.queue.get_nowait()
                screen.queue.put_nowait(text)


hub = Hub()
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """GET /live?token=… → text/event-stream."""
    if scope["type"] != "http":
        return
    hub.start()
    if scope["path"] == "/health":
        await _plain(send, 200, b"ok")
        return
    try:
        query = parse_qs(scope.get("query_string", b"").decode())
        screen = Screen(*read_token(query["token"][0]))
    except (KeyError, ValueError, struct.error, IndexError):
        await _plain(send, 403, b"token")
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
        while not gone.done():
            try:
                text = await asyncio.wait_for(screen.queue.get(), BEAT_S)
                await _body(send, f"data: {text}\n\n".encode())
            except TimeoutError:
                await _body(send, b'data: {"topic":"beat"}\n\n')
    except (OSError, RuntimeError):
        return
    finally:
        hub.screens.discard(screen)
        gone.cancel()


def _cors(scope: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """Only the console's own page may read the stream."""
    port = site().ports["console"]
    allowed = {f"http://localhost:{port}", f"http://127.0.0.1:{port}"}
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


async def _plain(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
