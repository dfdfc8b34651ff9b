"""What the program says when it cannot do what was asked.

Every error that a person can meet is a `Refusal`: it names what is wrong, where, and what to do
next. Faces turn it into a page, a JSON object (`contracts.md`, "A refusal") or an exit code; the
rooms only raise it.
"""

from __future__ import annotations


class Refusal(Exception):
    """The answer is no, with its place and its mend.

    code: stable, English, hyphenated. message, place, mend: for the officer, in Chinese.
    status: the HTTP status a face answers with.
    """

    status = 400

    def __init__(self, code: str, message: str, place: str = "", mend: str = "", status: int = 0):
        super().__init__(message)
        self.code = code
        self.message = str(message)
        self.place = str(place)
        self.mend = str(mend)
        if status:
            self.status = status

    def as_dict(self) -> dict[str, str]:
        """The shape of a refusal under `--json` and in JSON answers."""
        return {
            "code": self.code,
            "message": self.message,
            "place": self.place,
            "mend": self.mend,
        }

    def __str__(self) -> str:
        parts = [self.message, self.place, self.mend]
        return " · ".join(part for part in parts if part)


class Denied(Refusal):
    """The person may not do this; the refusal is journalled."""

    status = 403


class NotFound(Refusal):
    """No such thing within this scope: what is out of scope looks exactly like what is not."""

    status = 404


class Conflict(Refusal):
    """Somebody else was faster, or the same key came with another body."""

    status = 409


class NotRunning(Refusal):
    """A part that this needs is not running (exit code 3)."""

    status = 503
