"""What hostile XML and a hanging source cost: refusals by time and memory, other sources' delay.

Every bomb of the tests is refused in one child, whose time and peak memory are told. Then a good
source is asked many times, alone and beside sources that drip a byte now and then, in turn.

    python -m bench.feeds [--quick]
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import os
import statistics
import struct
import subprocess
import sys
import threading
import time
from typing import Any

from bench.county import throw_away_county

SLOW = 4
BUDGET_S = 10.0


def bombs() -> None:
    """The corpus in one child: the slowest refusal and the peak of memory."""
    from tests.rooms.warning.cap.bombs import bombs as corpus
    from tests.rooms.warning.cap.test_bombs import CHILD

    made = list(corpus("http://127.0.0.1:9/", "/nowhere"))
    fed = b"".join(struct.pack(">I", len(content)) + content for _n, content, _c in made)
    run = subprocess.run([sys.executable, "-c", CHILD], input=fed, capture_output=True, check=True)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    slowest = max(zip(answers, made, strict=True), key=lambda pair: pair[0]["cpu_s"])
    print(
        f"{len(made)} bombs refused, slowest {slowest[0]['cpu_s'] * 1000:.0f} ms of processor"
        f" ({slowest[1][0]}), peak memory of the child {answers[-1]['kb'] / 1024:.0f} MB"
    )


def visits(cluster: Any, times: int) -> None:
    """Seconds for one visit of a good source, alone and beside SLOW that hang."""
    from anlan.ground.outside import Allowed, Budget
    from anlan.ground.scope import Scope
    from anlan.rooms.warning import source_actions
    from anlan.rooms.warning.models import Source
    from anlan.rooms.warning.rounds import visit
    from tests import small_county
    from tests.ground.test_outside import Server

    small_county.make()
    index = b'<feed xmlns="http://www.w3.org/2005/Atom"></feed>'
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(index)}\r\n\r\n".encode()
    good = Server("127.0.0.1", lambda own, _asked: own.sendall(head + index))
    stop = threading.Event()

    def drip(own: Any, _asked: bytes) -> None:
        own.sendall(b"HTTP/1.1 200 OK\r\n")
        while not stop.wait(0.1):
            own.sendall(b"X: y\r\n")

    slow = Server("127.0.0.1", drip)

    def add(name: str, server: Server) -> Source:
        values = {"name": name, "way": "poll", "url": f"http://feed.example:{server.port}/",
                  "hosts": [], "networks": "", "senders": ["x"], "certificate": "",
                  "every_s": 60}  # fmt: skip
        return source_actions.add_source(Scope.for_command("bench"), values)

    net = (ipaddress.ip_network("127.0.0.1/32"),)
    scope = Scope.for_round("bench")

    def ask(source: Source) -> float:
        where = Allowed(frozenset(source.hosts), net, lambda _host, _port: ["127.0.0.1"])
        began = time.monotonic()
        visit(scope, source, where, Budget(BUDGET_S))
        return time.monotonic() - began

    own = add("good", good)
    others = [add(f"slow {n}", slow) for n in range(SLOW)]
    taken: dict[str, list[float]] = {"alone": [], "beside": []}
    cut: list[float] = []

    def hang(source: Source) -> None:
        from django.db import connections

        cut.append(ask(source))
        connections.close_all()

    ask(own)
    while len(taken["beside"]) < times:
        taken["alone"] += [ask(own) for _n in range(10)]
        threads = [threading.Thread(target=hang, args=(source,)) for source in others]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        taken["beside"] += [ask(own) for _n in range(10)]
        for thread in threads:
            thread.join()
    stop.set()
    alone, beside = (statistics.median(taken[name]) * 1000 for name in ("alone", "beside"))
    print(
        f"a visit of a good source: alone {alone:.1f} ms, beside {SLOW} that drip {beside:.1f} ms"
        f" ({beside / alone:.2f} times), median of {len(taken['alone'])} each, in turn;"
        f" those that drip were cut after {max(cut):.1f} s at most"
    )
    assert cluster


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.feeds")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}")
    bombs()
    with throw_away_county() as cluster:
        visits(cluster, 10 if options.quick else 50)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
