"""The public door over HTTP: the outbox with its token, the pages of links without any."""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from player.script import Message

WAIT_S = 20
# The door is on this machine, behind the site's proxy as it were: without this a county under HTTPS
# would send the player to its public name.
AS_PROXY = {"X-Forwarded-Proto": "https"}
ANSWER_BYTES_MAX = 2_000_000
REQUEST_KEY = re.compile(r'name="request_key" value="([0-9a-f]{8,64})"')


class Over(Exception):
    """The exercise has ended, or the token opens nothing."""


class Away(Exception):
    """The door did not answer, or not with what was asked for; it is tried again."""


@dataclass(slots=True)
class Door:
    """One connection to the public pages; made again when it was closed."""

    url: str
    token: str
    connection: http.client.HTTPConnection | None = field(default=None)

    def outbox(self, taken: list[int]) -> tuple[datetime, list[Message]]:
        """(the exercise's time, new messages); taken: ids that need not be given again."""
        body = {"taken": ",".join(map(str, taken))}
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        status, text = self._ask("POST", "/exercise/outbox", body, headers)
        if status in (401, 403, 410):
            raise Over(text[:200])
        if status != 200:
            raise Away(f"{status} {text[:200]}")
        told: dict[str, Any] = json.loads(text)
        return datetime.fromisoformat(told["now"]), [
            Message(
                row["id"], row["person"], row["role"], row["try"], row["text"],
                datetime.fromisoformat(row["at"]), bool(row["silent"]),
            )
            for row in told["messages"]
        ]  # fmt: skip

    def page(self, path: str) -> str | None:
        """The page of a link; None where it no longer opens."""
        status, text = self._ask("GET", path, None, {})
        return text if status == 200 else None

    def press(self, path: str, fields: dict[str, str]) -> bool:
        """Send the form of a link's page; False where it is refused."""
        status, _text = self._ask("POST", path, fields, {})
        return status in (200, 302, 303)

    def _ask(
        self, method: str, path: str, body: dict[str, str] | None, headers: dict[str, str]
    ) -> tuple[int, str]:
        sent = urlencode(body).encode() if body is not None else None
        if sent is not None:
            headers = headers | {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            return self._once(method, path, sent, headers)
        except (OSError, http.client.HTTPException):
            self.close()
        try:  # the server may have closed an idle connection: once more on a new one
            return self._once(method, path, sent, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Away(f"{type(error).__name__}: {error}") from error

    def _once(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, str]:
        if self.connection is None:
            place = urlsplit(self.url)
            secure = place.scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            self.connection = kind(place.netloc, timeout=WAIT_S)
        self.connection.request(method, path, body, headers | AS_PROXY)
        answer = self.connection.getresponse()
        return answer.status, answer.read(ANSWER_BYTES_MAX).decode(errors="replace")

    def close(self) -> None:
        """Hang up."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
