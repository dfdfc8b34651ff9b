"""One exercise played: take what is new, answer what is due by the exercise's own clock."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from player.door import REQUEST_KEY
from player.script import Message, Reply, Script, households

SEEN_MAX = 100_000


class Way(Protocol):
    """How the player reaches the county: over HTTP, or in a test by a client."""

    def outbox(self, taken: list[int]) -> tuple[datetime, list[Message]]: ...

    def page(self, path: str) -> str | None: ...

    def press(self, path: str, fields: dict[str, str]) -> bool: ...


@dataclass(slots=True)
class Turn:
    """What a turn did, and when the next answer is due by the exercise's clock."""

    taken: int
    answered: int
    next_at: datetime | None


@dataclass(slots=True)
class Player:
    """Plays one exercise."""

    way: Way
    script: Script
    has: list[int] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    waiting: list[Reply] = field(default_factory=list)

    def turn(self) -> Turn:
        """Take the outbox until it is empty, then answer everything that is due."""
        taken = 0
        while True:
            now, found = self.way.outbox(self.has)
            self.has = [message.id for message in found]
            new = [message for message in found if message.id not in self.seen]
            for message in new:
                self._hear(message)
            taken += len(new)
            if not found:
                break
        answered = 0
        while self.waiting and self.waiting[0].at <= now:
            answered += self._say(heapq.heappop(self.waiting))
        return Turn(taken, answered, self.waiting[0].at if self.waiting else None)

    def _hear(self, message: Message) -> None:
        if len(self.seen) < SEEN_MAX:
            self.seen.add(message.id)
        reply = self.script.reply(message)
        if reply is not None:
            heapq.heappush(self.waiting, reply)

    def _say(self, reply: Reply) -> int:
        fields = reply.fields
        if reply.act == "h":
            page = self.way.page(reply.path)
            if page is None:
                return 0
            key = REQUEST_KEY.search(page)
            fields = households(page, reply.seed) | ({"request_key": key[1]} if key else {})
        return int(self.way.press(reply.path, fields))
