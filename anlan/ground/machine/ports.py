"""Ports on this machine: which are free, and who holds them.

Web servers bind with SO_REUSEPORT, so that two counties on one port would answer for each other
and neither would notice. A county's supervisor therefore holds each port by an abstract socket of
the machine with the port in its name: it belongs to one process whoever the user is, leaves no
file, is there while a child restarts, and goes with its process. Ports flow in; what is held, or
nothing, flows out.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable

LOOPBACK = "127.0.0.1"
NAME = "\0anlan-port-{}"
STEP = 10
PORT_MAX = 65000


def free(port: int) -> bool:
    """Whether no county holds the port of 127.0.0.1 and nobody listens on it."""
    return not held(port) and bindable(port)


def held(port: int) -> bool:
    """Whether a county holds the port; asking takes nothing from anybody."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(NAME.format(port))
        except OSError:
            return False
    return True


def bindable(port: int) -> bool:
    """Whether nobody listens on the port, whichever options they gave."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def hold(wanted: Iterable[int]) -> list[socket.socket] | None:
    """Hold all of the ports until the sockets are closed; None, and none held, where one is taken.

    In the order of their numbers, so that of two that want the same one gets all of them.
    """
    ours: list[socket.socket] = []
    for port in sorted(set(wanted)):
        ours.append(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        try:
            ours[-1].bind(NAME.format(port))
        except OSError:
            release(ours)
            return None
    return ours


def release(ours: list[socket.socket]) -> None:
    """Let go of what `hold` gave."""
    for own in ours:
        own.close()


def next_free(port: int, taken: set[int]) -> int:
    """The next one in steps of ten that is free and not in `taken`; StopIteration beyond 65000."""
    return next(p for p in range(port + STEP, PORT_MAX, STEP) if p not in taken and free(p))
