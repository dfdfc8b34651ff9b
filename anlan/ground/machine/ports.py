"""Ports on this machine: which are free, and one chooser at a time.

Two counties that start at the same moment must not choose the same port. The chooser holds an
abstract socket of the machine (no file, whoever the user is; it goes with its process) until its
own programs listen.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

LOOPBACK = "127.0.0.1"
CHOOSER = "\0anlan-ports"
CHOOSER_WAIT_S_MAX = 60.0
POLL_S = 0.1
STEP = 10
PORT_MAX = 65000


def free(port: int) -> bool:
    """Whether nobody listens on the port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def next_free(port: int, taken: set[int]) -> int:
    """The next one in steps of ten that is free and not in `taken`; StopIteration beyond 65000."""
    return next(p for p in range(port + STEP, PORT_MAX, STEP) if p not in taken and free(p))


@contextmanager
def chooser() -> Iterator[None]:
    """Hold the machine's one right to choose ports; goes on without it after a minute."""
    with socket.socket(socket.AF_UNIX) as own:
        deadline = time.monotonic() + CHOOSER_WAIT_S_MAX
        while time.monotonic() < deadline:
            try:
                own.bind(CHOOSER)
                break
            except OSError:
                time.sleep(POLL_S)
        yield
