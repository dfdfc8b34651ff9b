"""What every command gives back, and how it tells its progress."""

from __future__ import annotations

import sys
import time
from typing import Any

Answer = tuple[int, dict[str, Any], str]


class Steps:
    """Progress to standard error, and only to a terminal: which step of how many, and seconds."""

    def __init__(self, total: int = 0):
        self.total = total
        self.number = 0
        self.began = 0.0

    def next(self, what: str) -> None:
        """The step before is done; this one begins."""
        self.end()
        self.number += 1
        self.began = time.monotonic()
        of = f"/{self.total}" if self.total else ""
        _say(f"[{self.number}{of}] {what} …", end="")

    def end(self) -> None:
        """The last step is done."""
        if self.began:
            _say(f" {time.monotonic() - self.began:.1f} 秒")
        self.began = 0.0

    @staticmethod
    def note(text: str) -> None:
        _say(f"\n      {text}", end="")


def _say(text: str, end: str = "\n") -> None:
    if sys.stderr.isatty():
        print(text, end=end, file=sys.stderr, flush=True)
