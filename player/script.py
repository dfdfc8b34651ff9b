"""Who answers, when, and what: by a seed, so that the same exercise plays the same way again.

Pure: a person is a number, a message its text. The seed, the person and the try decide; nothing
else does, so that the order in which messages come changes nobody's answer.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LINK = re.compile(r"https?://[^\s/]+(/([afh])/[A-Za-z0-9_-]{20,200})")
SECOND_TRY = 0.5  # of those who did not hear the first ring, so many hear the next
HELP = 0.03
KNOCKS = 0.95  # of those sent to knock, so many do and say so
WHERE = (("sheltered", 0.72), ("relatives", 0.88), ("elsewhere", 0.96), ("refused", 0.98))


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the outbox gives it. silent: a controller wants nobody to answer it."""

    id: int
    person: int
    role: str
    try_no: int
    text: str
    at: datetime
    silent: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Reply:
    """What somebody will do: at the moment, at the path of the link, with these fields."""

    at: datetime
    path: str
    act: str
    fields: dict[str, str] = field(default_factory=dict, compare=False)
    seed: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Script:
    """seed; silent: the share that a ring does not reach; delay_s: fastest and slowest answer."""

    seed: int
    silent: float
    delay_s: tuple[float, float]

    def reply(self, message: Message) -> Reply | None:
        """What comes of a message; None where nobody answers it."""
        found = LINK.search(message.text)
        if found is None or message.silent:
            return None
        path, act = found[1], found[2]
        word = f"{self.seed}-{message.person}-{act}-{message.role}-{message.try_no}"
        made = random.Random(word)  # noqa: S311
        if not self._hears(message, act, made):
            return None
        at = message.at + timedelta(seconds=round(made.uniform(*self.delay_s)))
        return Reply(at, path, act, self._fields(act, made), word)

    def _hears(self, message: Message, act: str, made: random.Random) -> bool:
        if act == "f":
            return made.random() < KNOCKS
        if act == "h":
            return True
        if made.random() >= self.silent:
            return True
        return message.try_no > 1 and made.random() < SECOND_TRY

    @staticmethod
    def _fields(act: str, made: random.Random) -> dict[str, str]:
        if act == "a":
            return {"kind": "help" if made.random() < HELP else "received"}
        if act == "f":
            return {"proof": "推演：演员代答，敲门告知", "place": "推演", "ago": "0"}
        return {}


def households(page: str, seed: str) -> dict[str, str]:
    """The fields of a headcount page: for each household where it is, by the seed."""
    made = random.Random(seed)  # noqa: S311
    found = {}
    for ident in dict.fromkeys(re.findall(r'name="where-(\d+)"', page)):
        drawn = made.random()
        found[f"where-{ident}"] = next((name for name, up in WHERE if drawn < up), "not_yet")
    return found
