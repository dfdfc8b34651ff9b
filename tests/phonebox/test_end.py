"""The telephone box ends quietly, whoever is still connected to it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

from smpplib.client import Client

END_S_MAX = 20
NEWCOMERS = 20


def free_ports() -> tuple[int, int]:
    doors = [socket.create_server(("127.0.0.1", 0)) for _n in range(2)]
    first, second = (door.getsockname()[1] for door in doors)
    for door in doors:
        door.close()
    return first, second


def test_it_ends_without_a_word_while_clients_are_bound_or_half_connected(tmp_path: Path) -> None:
    smpp, pages = free_ports()
    box = subprocess.Popen(
        [sys.executable, "-m", "phonebox", "--smpp-port", str(smpp), "--http-port", str(pages),
         "--store", str(tmp_path / "box.db")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert str(smpp) in box.stdout.readline()  # type: ignore[union-attr]
        bound = Client("127.0.0.1", smpp, allow_unknown_opt_params=True)
        bound.connect()
        bound.bind_transceiver(system_id="anlan", password="anlan")
        box.send_signal(signal.SIGSTOP)  # so that newcomers and the end come to it at once
        waiting = [socket.create_connection(("127.0.0.1", smpp)) for _n in range(NEWCOMERS)]
        box.send_signal(signal.SIGTERM)
        box.send_signal(signal.SIGCONT)
        _out, said = box.communicate(timeout=END_S_MAX)
        for own in [*waiting, bound._socket]:
            own.close()
        bound._socket = None
    finally:
        box.kill()
        box.wait()
    assert box.returncode == 0 and said == ""
