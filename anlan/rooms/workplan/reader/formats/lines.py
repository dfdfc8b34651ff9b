"""Characters of a page and the lines that they make, by their boxes.

Units are PDF points (1/72 inch), y upward.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from itertools import pairwise


@dataclass(slots=True)
class Char:
    """One character and its box."""

    text: str
    left: float
    bottom: float
    right: float
    top: float

    @property
    def middle(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2

    @property
    def size(self) -> float:
        return max(self.top - self.bottom, self.right - self.left, 1.0)


@dataclass(slots=True)
class TextLine:
    """Characters of one line from left to right."""

    chars: list[Char]

    @property
    def left(self) -> float:
        return self.chars[0].left

    @property
    def right(self) -> float:
        return self.chars[-1].right

    @property
    def y(self) -> float:
        return statistics.fmean(char.middle[1] for char in self.chars)

    @property
    def em(self) -> float:
        return statistics.median(char.size for char in self.chars)

    def text(self) -> str:
        """With spaces between words of letters."""
        parts = [self.chars[0].text]
        for left, right in pairwise(self.chars):
            gap, em = right.left - left.right, self.em
            if gap > 0.3 * em and (left.text.isascii() and right.text.isascii()):
                parts.append(" ")
            parts.append(right.text)
        return "".join(parts)
