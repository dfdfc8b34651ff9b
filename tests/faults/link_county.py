"""A county of its own for the wire's faults: its database, keys and folder, one process to kill.

`python -m tests.faults.link_county make|run` with what it needs in the environment. The process
serves the console's own WSGI program and runs the rounds of the links; that it may reach this
machine is the only thing that differs from a real worker, for no row may say so (R38).
"""

from __future__ import annotations

import ipaddress
import json
import os
import socketserver
import sys
import threading
import time
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

PASS_S = 0.05
RECIPE = "LINK_COUNTY"


def begin() -> dict[str, Any]:
    """Django against the county's database, as in `tests/conftest`."""
    told = dict(json.loads(os.environ[RECIPE]))
    import django

    django.setup()
    from django.db import connections

    connections["default"].settings_dict.update(told["database"], CONN_MAX_AGE=None)
    return told


def moved(code: int) -> None:
    """The small county's places, under another county's code."""
    import tests.conftest as places

    by = code - places.COUNTY
    places.COUNTY += by
    places.TOWNSHIPS = tuple(one + by for one in places.TOWNSHIPS)  # type: ignore[assignment]
    places.VILLAGES = tuple(one + by for one in places.VILLAGES)  # type: ignore[assignment]


def make(told: dict[str, Any]) -> None:
    """A small county, its peer, a subscription of two persons, two open zones, one of them counted."""
    moved(told["code"])
    from anlan.faces.link import peer_actions
    from tests import small_county
    from tests.faces.link import sides
    from tests.small_county import scope_of

    small_county.make()
    peer = sides.VALUES | {"name": told["peer_name"], "code": told["peer"], "url": told["url"]}
    row = peer_actions.add_peer(sides.COMMAND, peer)
    peer_actions.take_key(sides.COMMAND, row.pk, row.version, told["key"])
    sides.subscribe(sides.Side(row, told["key"]), scope_of, "headcount")
    first, _second = sides.open_zones(scope_of)
    sides.count(first, sheltered=told["sheltered"], not_yet=5 - told["sheltered"])


def run(told: dict[str, Any]) -> None:
    """The door and the rounds, until the process is killed."""
    spoil(told.get("mutant", ""))
    from anlan.faces.http.wsgi import application
    from anlan.faces.link import queries, rounds
    from anlan.ground.outside import Allowed
    from anlan.ground.scope import Scope

    def allowed(peer: Any) -> Allowed:
        own = rounds.allowed_of(peer)
        net = (ipaddress.ip_network("127.0.0.1/32"),)
        return Allowed(own.hosts, net, lambda _host, _port: ["127.0.0.1"])

    door = make_server("127.0.0.1", told["port"], application, Threaded, Quiet)
    threading.Thread(target=door.serve_forever, daemon=True).start()
    scope = Scope.for_round("link")
    while True:
        rounds.compose(scope)
        for peer in queries.to_carry(scope):
            rounds.carry(scope, peer, allowed(peer))
        time.sleep(PASS_S)


class Threaded(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """The test's output is its own."""


def spoil(mutant: str) -> None:
    """A broken twin: `number` looks at no letter's number, `receipt` waits for no receipt."""
    from anlan.faces.link import actions, rounds

    if mutant == "number":
        keep = actions._keep

        def careless(scope: Any, peer: Any, stream: Any, letter: Any) -> str:
            from dataclasses import replace

            from anlan.faces.link.models import Incoming

            free = Incoming.objects.filter(peer=peer).count() + 1_000_000
            keep(scope, peer, stream, replace(letter, number=free))
            return "taken"

        actions._keep = careless  # type: ignore[assignment]
    if mutant == "receipt":
        claim = actions.claim

        def hasty(scope: Any, peer_id: int) -> Any:
            from anlan.faces.link.models import Outgoing
            from anlan.ground import clock

            rows = claim(scope, peer_id)
            with scope.open():
                ids = [row.pk for row in rows]
                Outgoing.objects.filter(pk__in=ids).update(receipt_at=clock.now())
            return rows

        rounds.actions.claim = hasty  # type: ignore[assignment]


if __name__ == "__main__":
    {"make": make, "run": run}[sys.argv[1]](begin())
