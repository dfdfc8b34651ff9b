"""A crowd that answers by itself, from outside the county's program: by seed, with some who do not.

Off until it is switched on. It answers the way people do: with the code that the message asks for,
after some seconds, and some never.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from typing import Any

CODE = re.compile(r"回(\d{4})")


class Crowd:
    """Answers messages that hold a code. no_answer: the share of telephones that stay silent."""

    def __init__(self, answer: Callable[[str, str, str], int], seed: int = 1):
        self.answer = answer
        self.on = False
        self.no_answer = 0.3
        self.delay_s = (5.0, 60.0)
        self.seed = seed
        self.loop: asyncio.AbstractEventLoop | None = None
        self.under_way: set[tuple[str, str]] = set()

    def set(self, on: bool, no_answer: float, delay_s: tuple[float, float], seed: int) -> None:
        """Switch the crowd; what is already under way goes on."""
        self.on, self.no_answer, self.seed = on, min(max(no_answer, 0.0), 1.0), seed
        low, high = sorted((max(delay_s[0], 0.0), min(delay_s[1], 3600.0)))
        self.delay_s = (low, high)

    def silent(self, phone: str) -> bool:
        """Whether this telephone never answers, by the seed."""
        return random.Random(f"{self.seed}-{phone}").random() < self.no_answer  # noqa: S311

    def wake(self, waiting: list[dict[str, Any]]) -> None:
        """Those who got a message before the crowd was switched on answer it now."""
        if self.on and self.loop is not None:
            for row in waiting:
                self.loop.call_soon_threadsafe(self.heard, row["phone"], row["peer"], row["text"])

    def heard(self, phone: str, peer: str, text: str) -> None:
        """A message reached a telephone."""
        found = CODE.search(text)
        if not self.on or found is None or self.silent(phone) or self.loop is None:
            return
        made = random.Random(f"{self.seed}-{phone}-{text[:40]}")  # noqa: S311
        code = found.group(1)
        if (phone, code) not in self.under_way:
            self.under_way.add((phone, code))
            self.loop.call_later(made.uniform(*self.delay_s), self._say, phone, peer, code)

    def _say(self, phone: str, peer: str, code: str) -> None:
        self.under_way.discard((phone, code))
        self.answer(phone, peer, code)
