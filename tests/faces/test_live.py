"""The live wire ends with the sign-in that it hangs on (R46, R47)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from anlan.county import accounts
from anlan.county.models import Account, RosterShift
from anlan.faces.http import live
from anlan.ground import clock
from anlan.ground.scope import Scope
from tests.conftest import COUNTY

COMMAND = Scope.for_command("test")
DEAD_S_MAX = 60


@pytest.fixture
def wire(
    county_db: str, cluster: Any, scope_of: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Open a screen of the duty officer and run `act` once it hears; returns what it was sent."""
    own = type(
        "Own", (), {"ports": {"console": 8000}, "dsn": lambda _s, _p: cluster.dsn("app", county_db),
                    "address": lambda _s, _part, path: f"http://localhost:8000{path}"}
    )()  # fmt: skip
    monkeypatch.setattr(live, "site", lambda: own)
    scope = scope_of("duty_officer")

    async def run(sitting: int, act: Callable[[], Any]) -> list[Any]:
        live.hub = live.Hub()
        sent: list[Any] = []
        opened = asyncio.Event()

        async def send(message: Any) -> None:
            sent.append(message)
            if b"hello" in message.get("body", b""):
                opened.set()

        async def receive() -> Any:
            await asyncio.Event().wait()

        token = live.make_token(scope, sitting)
        request = {"type": "http", "path": "/live", "query_string": b"token=" + token.encode(),
                   "headers": []}  # fmt: skip
        stream = asyncio.create_task(live.app(request, receive, send))
        waiting = asyncio.create_task(opened.wait())
        await asyncio.wait({stream, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not stream.done():
            await asyncio.to_thread(act)
            await live.hub.end_dead()
            await asyncio.wait({stream}, timeout=DEAD_S_MAX if live.hub.screens else 5)
        ended = stream.done()
        for task in (stream, *live.hub.tasks):
            task.cancel()
        await asyncio.gather(stream, *live.hub.tasks, return_exceptions=True)
        if live.hub.asker.connection is not None:
            await live.hub.asker.connection.close()
        return [ended, sent]

    return lambda sitting, act: asyncio.run(run(sitting, act))


def seated() -> tuple[Account, int]:
    with COMMAND.open():
        from anlan.county.models import Post

        post = Post.objects.get(kind="duty_officer", division=COUNTY)
        person = post.holdings.get(rank=0, valid_to=None).person_id
    account = accounts.make_account(COMMAND, "wang.duty", "王", post_id=post.pk, person_id=person)
    return account, accounts.record_sign_in(
        Scope.nobody(), account.pk, accounts.Seat("127.0.0.1", "x", "totp")
    )


def quietly(act: Callable[[], Any]) -> Callable[[], Any]:
    """Run in a thread of its own and close its connection, so that the database can go."""

    def run() -> None:
        from django.db import connections

        try:
            act()
        finally:
            connections.close_all()

    return run


def test_a_disabled_account_loses_its_open_screen(wire: Callable[..., Any]) -> None:
    account, sitting = seated()
    ended, sent = wire(
        sitting, quietly(lambda: accounts.disable_account(COMMAND, account.username))
    )
    assert ended
    assert b'"state":"over"' in b"".join(m.get("body", b"") for m in sent)


def test_an_idle_screen_ends_unless_its_person_is_on_a_shift(
    wire: Callable[..., Any], move_clock: Callable[..., None]
) -> None:
    account, sitting = seated()
    ended, _sent = wire(sitting, quietly(lambda: move_clock(31 * 60)))
    assert ended
    again = accounts.record_sign_in(
        Scope.nobody(), account.pk, accounts.Seat("127.0.0.1", "x", "totp")
    )
    with COMMAND.open():
        now = clock.now()
        RosterShift.objects.create(
            division=COUNTY, post_id=account.post_id, person_id=account.person_id,
            starts_at=now, ends_at=now + timedelta(hours=8),
        )  # fmt: skip

    async def standing() -> set[int]:
        asker = live.Asker()
        try:
            return await asker.standing({again, 999_999})
        finally:
            assert asker.connection is not None
            await asker.connection.close()

    move_clock(3600)
    assert asyncio.run(standing()) == {again}
    move_clock(8 * 3600)
    assert asyncio.run(standing()) == set()


def test_a_screen_whose_sign_in_is_over_does_not_open(wire: Callable[..., Any]) -> None:
    _account, sitting = seated()
    accounts.record_sign_out(Scope.nobody(), sitting)
    ended, sent = wire(sitting, lambda: None)
    assert ended and sent[0]["status"] == 403
    ended, sent = wire(999_999, lambda: None)
    assert ended and sent[0]["status"] == 403
