"""The night of 10 to 11 July 2024 as 推演: nine hours of it in how many seconds.

The demonstration county whole (26 townships, 301 villages, its zones), durable PostgreSQL, the
public pages as the process that a county runs, the player as a program of its own; the clock is
driven as `anlan replay` drives it. Counted from the start of the world to its end.

    python -m bench.replay [--nights 3]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from bench.county import throw_away_county
from bench.night import free_port
from bench.sizes import measured

NIGHTS = 3
READY_S_MAX = 60.0
POLL_S = 0.1
WSGI = "anlan.faces.http.wsgi:application"


def public_pages(home: Path, port: int) -> subprocess.Popen[bytes]:
    """The public process, as the supervisor starts it."""
    from anlan.ground.machine import Site
    from anlan.ground.machine.processes import granian

    own = {name: value for name, value in os.environ.items() if name != "ANLAN_TEST"}
    log = (home / "public.log").open("ab")
    process = subprocess.Popen(
        granian(Site(home, {"public": port}, {}), WSGI, "wsgi", "public", 2),
        env=own | {"ANLAN_ROLE": "public"}, stdout=log, stderr=log,
    )  # fmt: skip
    deadline = time.monotonic() + READY_S_MAX
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
                return process
        except OSError:
            time.sleep(POLL_S)
    process.terminate()
    raise SystemExit((home / "public.log").read_text()[-2000:])


def one(url: str) -> tuple[float, dict[str, Any], Counter[str]]:
    """Seconds of a night, its report, and the turns and processor time that it took."""
    from anlan.faces.cli import driving
    from anlan.rooms.review import nights

    night = nights.shipped()["2024-07-10"]
    turns: Counter[str] = Counter()
    players: list[driving.PlayerProcess] = []

    def player(_space: int, token: str) -> Any:
        process = driving.PlayerProcess(url, token, night, night.seed)
        players.append(process)

        def turn() -> driving.Told:
            turns["turns"] += 1
            return process.turn()

        return turn

    began, busy = time.perf_counter(), time.process_time()
    report = driving.replay(night, "2024-07-10", night.seed, player)
    took = time.perf_counter() - began
    turns["own_ms"] = round((time.process_time() - busy) * 1000)
    for process in players:
        process.end()
    return took, report, turns


def main() -> None:
    with measured(__doc__, nights=(NIGHTS, 1)) as options:
        with throw_away_county("anlan") as cluster:
            from anlan.county import demo
            from anlan.ground.scope import Scope
            from anlan.rooms.evacuation import demo as zones

            demo.make(Scope.for_command("bench"))
            zones.make(Scope.for_command("bench"))
            home, port = Path(cluster.folder).parent, free_port()
            facts = {"code": "500231", "demo": True, "ports": {"public": port}}
            (home / "county.json").write_text(json.dumps(facts))
            os.environ["ANLAN_PUBLIC_URL"] = f"http://localhost:{port}"
            pages = public_pages(home, port)
            try:
                found = [one(f"http://localhost:{port}") for _night in range(options.nights)]
            finally:
                pages.terminate()
                pages.wait(15)
        seconds = [took for took, _report, _turns in found]
        report = found[-1][1]
        print(f"{len(found)} nights of 9 h: median {median(seconds):.1f} s, worst"
              f" {max(seconds):.1f} s, {found[-1][2]['turns']} turns of the player,"
              f" {found[-1][2]['own_ms'] / 1000:.1f} s of processor here")  # fmt: skip
        print(json.dumps({"calls": report["calls"], "headcount": report["headcount"]}))
        same = {json.dumps({k: v for k, v in r.items() if k != "world"}) for _t, r, _n in found}
        if len(same) > 1:
            sys.exit("the same seed gave different nights")


if __name__ == "__main__":
    main()
