"""From the pasted text to the first SMS in the SMS centre's hand, in seconds.

The pages of the console are posted as a browser posts them (paste, settle the doubts and submit,
approve as another person), in this process with its sessions, rights and templates; the worker and
the telephone box are programs of their own; PostgreSQL is durable. A night's clock starts with the
paste and ends when the first submitted attempt of its call-out stands in the database; what people
need for reading and thinking is not in it.

    python -m bench.night [--nights 25]
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

import psycopg

from bench.county import throw_away_county
from bench.sizes import measured

NIGHTS = 25
WAIT_S_MAX = 60.0
POLL_S = 0.005
TEXT = (
    "垫江县气象台2024年7月10日22时15分发布暴雨橙色预警信号：过去3小时，澄溪、沙坪等乡镇"
    "降雨量已达50毫米以上，预计未来3小时降雨仍将持续，请注意防范。"
)
STEPS = ("paste", "settle and submit", "approve", "first message planned", "first SMS taken")
PLANNED = (
    "SELECT 1 FROM callout_attempt a JOIN callout_call c ON c.id = a.call_id"
    " WHERE c.callout_id = %s LIMIT 1"
)
FIRST = (
    "SELECT 1 FROM callout_attempt a JOIN callout_call c ON c.id = a.call_id"
    " WHERE c.callout_id = %s AND a.state = 'submitted' LIMIT 1"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def programs(home: Path, ports: dict[str, int]) -> list[subprocess.Popen[bytes]]:
    """The telephone box and the worker, as the supervisor starts them."""
    own = {name: value for name, value in os.environ.items() if name != "ANLAN_TEST"}
    own |= {"ANLAN_ROLE": "worker"}
    log = (home / "programs.log").open("ab")
    box = [sys.executable, "-m", "phonebox", "--smpp-port", str(ports["smpp"]), "--http-port",
           str(ports["phonebox"]), "--store", str(home / "box.db")]  # fmt: skip
    worker = [sys.executable, "-m", "anlan.faces.worker"]
    return [subprocess.Popen(command, env=own, stdout=log, stderr=log) for command in (box, worker)]


def client_of(kind: str) -> Any:
    """A signed-in client of the demonstration's account of the post."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.test import Client

    from anlan.county import accounts
    from anlan.county.models import Holding
    from anlan.ground.scope import Scope

    command = Scope.for_command("bench")
    with command.open():
        held = Holding.objects.select_related("post").filter(post__kind=kind, rank=0).first()
    assert held is not None
    account = accounts.make_account(
        command, f"bench-{kind}", kind, post_id=held.post_id, person_id=held.person_id, demo=True
    )
    session = SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    seat = accounts.Seat("127.0.0.1", "bench", "demo")
    session["sitting"] = accounts.record_sign_in(Scope.nobody(), account.pk, seat)
    session.save()
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client


def night(officer: Any, leader: Any, own: psycopg.Connection[Any]) -> list[float]:
    """Seconds from the paste to the end of each of STEPS."""
    started, at = time.perf_counter(), []

    def done() -> None:
        at.append(time.perf_counter() - started)

    draft = _sent_on(officer.post("/warning/paste/", {"text": TEXT}))
    done()
    version = own.execute("SELECT version FROM warning_warning ORDER BY id DESC LIMIT 1").fetchone()
    assert version is not None
    _sent_on(officer.post(f"{draft}revise/", {"version": version[0], "then": "submit"}))
    done()
    approved = leader.post(f"{draft}approve/", {"version": version[0] + 1})
    callout = int(_sent_on(approved).strip("/").rpartition("/")[2])
    done()
    for question in (PLANNED, FIRST):
        while own.execute(question, [callout]).fetchone() is None:
            if time.perf_counter() - started > WAIT_S_MAX:
                raise SystemExit("nothing was sent")
            time.sleep(POLL_S)
        done()
    return at


def _sent_on(answer: Any) -> str:
    if answer.status_code != 302 or not str(answer["Location"]).startswith(
        ("/warning", "/callout")
    ):
        raise SystemExit(f"{answer.status_code}: {answer.content.decode()[:400]}")
    return str(answer["Location"])


def main() -> None:
    with measured(__doc__, nights=(NIGHTS, 8)) as options:
        nights = options.nights
        with throw_away_county("anlan") as cluster:
            from anlan.county import demo
            from anlan.ground.scope import Scope

            demo.make(Scope.for_command("bench"))
            home = Path(cluster.folder).parent
            ports = {"smpp": free_port(), "phonebox": free_port()}
            facts = {"code": "500231", "demo": True, "ports": ports}
            (home / "county.json").write_text(json.dumps(facts))
            running = programs(home, ports)
            try:
                officer, leader = client_of("duty_officer"), client_of("duty_leader")
                with psycopg.connect(cluster.dsn("superuser", "anlan"), autocommit=True) as own:
                    first = night(officer, leader, own)
                    found = [night(officer, leader, own) for _night in range(nights)]
            finally:
                for program in running:
                    program.terminate()
                for program in running:
                    program.wait(15)
        print(f"first after the start (worker and box start too): {first[-1]:.2f} s")
        told([night[-1] for night in found], f"{len(found)} nights")
        before = [0.0] * len(found)
        for number, step in enumerate(STEPS):
            told([n[number] - b for n, b in zip(found, before, strict=True)], f"  {step}")
            before = [n[number] for n in found]


def told(seconds: list[float], what: str) -> None:
    cuts = quantiles(seconds, n=100)
    worst = max(seconds)
    print(f"{what}: p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s, worst {worst:.2f} s")


if __name__ == "__main__":
    main()
