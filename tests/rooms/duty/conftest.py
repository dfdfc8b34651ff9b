"""The desk of the small county: an event with its rows, and clients of the posts at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anlan.ground.scope import Scope

ROUND = Scope.for_round("test")


class Seat:
    """A post's screen that signs in anew for each request: the clock moves past every idle limit."""

    def __init__(self, client_of: Callable[..., Any], kind: str):
        self.client_of, self.kind = client_of, kind

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._sure(self.client_of(self.kind).get(*args, **kwargs))

    def post(self, *args: Any, **kwargs: Any) -> Any:
        return self._sure(self.client_of(self.kind).post(*args, **kwargs))

    @staticmethod
    def _sure(answer: Any) -> Any:
        """A redirect to the sign-in page is no success."""
        assert not getattr(answer, "url", "").startswith("/accounts/"), answer.url
        return answer


@pytest.fixture
def officer(client_of: Callable[..., Any]) -> Any:
    return Seat(client_of, "duty_officer")


@pytest.fixture
def leader(client_of: Callable[..., Any]) -> Any:
    return Seat(client_of, "duty_leader")


@pytest.fixture
def take(officer: Any) -> Callable[..., Any]:
    """Keys a telephone report through the page; returns the event that it made."""
    from anlan.rooms.duty.models import Event

    def key_in(what: str = "滑坡堵了路，3人被困", place: str = "甲村三组", **fields: str) -> Any:
        answer = officer.post("/desk/new/", {"what": what, "place": place} | fields)
        assert answer.status_code == 302, answer.content.decode()
        with ROUND.open():
            return Event.objects.get(id=int(answer.url.rstrip("/").rsplit("/", 1)[1]))

    return key_in
