"""Exercises of the small county, and the player in this process: its doors are the public pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import psycopg
import pytest

from player.door import Over
from player.play import Player
from player.script import Message, Script


class ClientDoor:
    """What `player.door.Door` does over HTTP, by Django's client under the public role."""

    def __init__(self, token: str, public: Callable[[], None], back: Callable[[], None]):
        from django.test import Client

        self.client, self.token, self.public, self.back = Client(), token, public, back

    def _ask(self, method: str, path: str, fields: dict[str, str] | None, **headers: str) -> Any:
        self.public()
        try:
            ask = self.client.post if method == "POST" else self.client.get
            return ask(path, fields or {}, headers=headers)
        finally:
            self.back()

    def outbox(self, taken: list[int]) -> tuple[datetime, list[Message]]:
        answer = self._ask(
            "POST", "/exercise/outbox", {"taken": ",".join(map(str, taken))},
            Authorization=f"Bearer {self.token}", Accept="application/json",
        )  # fmt: skip
        if answer.status_code != 200:
            raise Over(answer.content.decode())
        told = answer.json()
        return datetime.fromisoformat(told["now"]), [
            Message(r["id"], r["person"], r["role"], r["try"], r["text"],
                    datetime.fromisoformat(r["at"]), r["silent"])
            for r in told["messages"]
        ]  # fmt: skip

    def page(self, path: str) -> str | None:
        answer = self._ask("GET", path, None)
        return answer.content.decode() if answer.status_code == 200 else None

    def press(self, path: str, fields: dict[str, str]) -> bool:
        return self._ask("POST", path, fields).status_code in (200, 302)


@pytest.fixture
def door_of(county_db: str, cluster: Any) -> Iterator[Callable[[str], ClientDoor]]:
    """The public pages served in this process, under the public role while one is asked.

    Both roles keep a connection of their own, so that asking costs no new one.
    """
    from django.conf import settings
    from django.db import connections
    from django.urls import clear_url_caches, set_urlconf

    console = (settings.ROOT_URLCONF, settings.MIDDLEWARE)
    own = connections["default"]
    other = connections.create_connection("default")
    parts = psycopg.conninfo.conninfo_to_dict(cluster.dsn("public", str(own.settings_dict["NAME"])))
    other.settings_dict = own.settings_dict | {
        "USER": parts["user"], "PASSWORD": parts.get("password", ""),
    }  # fmt: skip

    def use(urls: str, middleware: list[str], connection: Any) -> None:
        settings.ROOT_URLCONF, settings.MIDDLEWARE = urls, middleware
        clear_url_caches()
        set_urlconf(None)
        connections["default"] = connection

    def public() -> None:
        use("anlan.faces.portal.urls", settings.PUBLIC_MIDDLEWARE, other)

    def back() -> None:
        use(*console, own)

    yield lambda token: ClientDoor(token, public, back)
    back()
    other.close()


@pytest.fixture
def player_of(door_of: Callable[[str], ClientDoor]) -> Callable[..., Player]:
    """The player of an exercise: player_of(token, seed, silent, (low, high))."""

    def make(
        token: str, seed: int = 1, silent: float = 0.0, delay_s: tuple[float, float] = (5, 5)
    ) -> Player:
        return Player(door_of(token), Script(seed, silent, delay_s))

    return make
