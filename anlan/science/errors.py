"""What a model says when it cannot answer: each error names the value, the place and the mend."""

from __future__ import annotations


class ScienceError(ValueError):
    """A model refused its input or stopped. code: stable, English, hyphenated."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


class BadInput(ScienceError):
    """A value outside its declared range, a shape that does not fit, a unit that cannot be."""


class BadTerrain(ScienceError):
    """A terrain that cannot be routed over: holes, nodata in the place of numbers, mixed units."""


class RunStopped(ScienceError):
    """A run that could not go on: not finite, too deep, out of balance, too long."""
